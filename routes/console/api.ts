/** The API as the console asks it: in this process, with what the browser showed of who asks. */

import type { InferResponseType } from "hono/client";
import { createClient } from "../client.ts";
import type { ConsoleContext } from "./page.ts";

/** What of a page's request says who asks, from where, and that no other site does. */
const PASSED = [
  "authorization",
  "cookie",
  "origin",
  "sec-fetch-site",
  "user-agent",
  "x-forwarded-for",
];

/** Answers a request as the server does. `info`: where it comes from. */
export type Send = (request: Request, info: unknown) => Response | Promise<Response>;

/** The typed client: what is refused is thrown as a `ChartroomError`. */
export type Api = ReturnType<typeof createClient>;

/** A repository, as the API tells of it. */
export type Repo = InferResponseType<Api["repos"][":repo"]["$get"], 200>;

/**
 * The API for who sent a request. `origin`: where it is to a browser. `base`: of a workspace,
 * `/workspaces/team`, or `""`.
 */
export function apiOf(
  c: ConsoleContext,
  send: Send,
  { origin, base }: { origin: string; base: string },
): Api {
  const headers = new Headers();
  for (const name of PASSED) {
    const value = c.req.header(name);
    if (value !== undefined) headers.set(name, value);
  }
  return createClient(`${origin}/v1${base}`, {
    async fetch(input: RequestInfo | URL, init?: RequestInit) {
      const request = new Request(input, { ...init, signal: c.req.raw.signal });
      for (const [name, value] of headers) request.headers.set(name, value);
      // What changes something is recorded there.
      const draft = c.get("audit");
      if (draft !== undefined && request.method !== "GET") draft.isElsewhere = true;
      return await send(request, c.env);
    },
  });
}
