/** Answers that are not kept: made anew each time, of what is kept itself. */

import { createHash } from "node:crypto";
import type { Recipe } from "./answers.ts";
import { isNotModified } from "./conditional.ts";
import { cacheHeaders, NO_STORE } from "./edge_cache.ts";
import { streamOf } from "./stream.ts";

/** An answer whose body follows from its recipe's query and a name. */
export interface Derived {
  /** Of what it is made of, if that can be told before it is opened. */
  name?: string | undefined;
  open(signal: AbortSignal): Promise<Opened>;
  /** That every answer has, that of a 304 too: a cache takes them for those of what it has. */
  headers?: Readonly<Record<string, string>>;
  /** Whether it is still right a moment later. */
  keep: boolean;
}

interface Opened {
  name: string;
  body: AsyncIterable<string> | Uint8Array<ArrayBuffer>;
  /** Beside those of {@link Derived}; JSON is the type of what names none. */
  headers?: Readonly<Record<string, string>>;
  /** Called once, when the body has ended in whatever way, or is not wanted. */
  release?: () => void;
}

/** Answers a request, without opening what the client has. */
export async function giveDerived(
  request: Request,
  { kind, query, isPublic, origin }: Recipe,
  { name, open, headers: always, keep }: Derived,
): Promise<Response> {
  const headersOf = (name: string) => ({
    ...always,
    ...(keep ? cacheHeaders(kind, isPublic, origin) : NO_STORE),
    ETag: etagOf([kind, query, name]),
  });
  const notModified = (name: string) => {
    const headers = headersOf(name);
    if (!keep || !isNotModified(request.headers, { etag: headers.ETag })) return undefined;
    return new Response(null, { status: 304, headers });
  };
  const known = name === undefined ? undefined : notModified(name);
  if (known !== undefined) return known;
  const opened = await open(request.signal);
  const same = notModified(opened.name);
  if (same !== undefined || request.method === "HEAD") opened.release?.();
  if (same !== undefined) return same;
  const type = { "Content-Type": "application/json" };
  const headers = { ...type, ...opened.headers, ...headersOf(opened.name) };
  if (request.method === "HEAD") return new Response(null, { headers });
  const { body, release } = opened;
  return new Response(body instanceof Uint8Array ? body : streamOf(body, release), { headers });
}

function etagOf(parts: readonly unknown[]): string {
  return `"${createHash("sha256").update(JSON.stringify(parts)).digest("base64url")}"`;
}
