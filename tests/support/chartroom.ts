/** Chartroom in this process, over a database in memory or a file, with a clock of the test's own. */

import { createApp } from "../../routes/app.ts";
import { type Config, loadConfig } from "../../src/config.ts";
import { createServices, type Services, type Surroundings } from "../../src/services.ts";
import type { HttpLimits } from "../../src/sources/watch.ts";
import { assertInContract } from "./contract.ts";
import { answerTo, watchLog } from "./leaks.ts";

// deno-lint-ignore no-explicit-any -- answers are JSON, looked at field by field
export type Body = any;

export interface Answer {
  status: number;
  headers: Headers;
  body: Body;
}

export interface Chartroom {
  services: Services;
  /** Milliseconds of the epoch, until a test moves it. */
  clock: { now: number };
  log: { event: string; fields?: Readonly<Record<string, unknown>> | undefined }[];
  /** Sends a request, from an address if one is given; a body that is no text is sent as JSON. */
  call(
    method: string,
    path: string,
    body?: unknown,
    headers?: HeadersInit,
    from?: string,
  ): Promise<Answer>;
  /** Registers a repository and waits for its first sync. */
  register(url: string, more?: Record<string, unknown>): Promise<string>;
  /** Asks for a sync, waits for it, and tells the event of it. */
  sync(repoId: string, more?: Record<string, unknown>): Promise<Body>;
  close(): Promise<void>;
}

export interface Options {
  environment?: Record<string, string>;
  config?: Partial<Config>;
  httpLimits?: HttpLimits;
  randomBytes?: Surroundings["randomBytes"];
  network?: Surroundings["network"];
}

export const START = Date.parse("2026-01-01T00:00:00Z");

export async function startChartroom(options: Options = {}): Promise<Chartroom> {
  const clock = { now: START };
  const log: Chartroom["log"] = [];
  const config = loadConfig({
    CHARTROOM_KV: ":memory:",
    CHARTROOM_ALLOW_UPSTREAM: "127.0.0.1",
    ...options.environment,
  });
  const services = await createServices({ ...config, ...options.config }, {
    log: watchLog(log),
    clock: () => clock.now,
    random: () => 0,
    ...(options.httpLimits && { httpLimits: options.httpLimits }),
    ...(options.randomBytes && { randomBytes: options.randomBytes }),
    ...(options.network && { network: options.network }),
  });
  const app = createApp(services);
  let names = 0;

  async function call(
    method: string,
    path: string,
    body?: unknown,
    headers?: HeadersInit,
    from?: string,
  ): Promise<Answer> {
    const init: RequestInit = { method, headers: new Headers(headers) };
    if (body !== undefined) {
      init.body = typeof body === "string" ? body : JSON.stringify(body);
      if (!new Headers(headers).has("content-type")) {
        (init.headers as Headers).set("content-type", "application/json");
      }
    }
    const info = from === undefined ? undefined : peer(from);
    const response = answerTo(`${method} ${path}`, await app.request(path, init, info));
    const text = await response.text();
    const { status } = response;
    const type = (init.headers as Headers).get("content-type") ?? "";
    const asked = init.body ? { type, text: init.body as string } : undefined;
    assertInContract({ method, path, status, headers: response.headers, text, asked });
    const isJson = /[/+]json\b/.test(response.headers.get("content-type") ?? "");
    return {
      status,
      headers: response.headers,
      body: isJson && text !== "" ? JSON.parse(text) : text,
    };
  }

  return {
    services,
    clock,
    log,
    call,
    async register(url, more = {}) {
      const { workspace, ...fields } = more;
      const path = workspace ? `/v1/workspaces/${workspace}/repos` : "/v1/repos";
      const { status, body } = await call("POST", path, {
        name: `repo ${++names}`,
        url,
        ...fields,
      });
      if (status !== 200) throw new Error(`cannot register: ${JSON.stringify(body)}`);
      await services.syncer.idle();
      return body.repo_id;
    },
    async sync(repoId, more = {}) {
      clock.now += 1;
      const { status, body } = await call("POST", `/v1/repos/${repoId}/action`, {
        action: "index",
        ...more,
      });
      if (status !== 200) throw new Error(`cannot sync: ${JSON.stringify(body)}`);
      await services.syncer.idle();
      const events = await call("GET", `/v1/repos/${repoId}/events?limit=1`);
      return events.body.items[0];
    },
    close: () => services.close(),
  };
}

/** What Deno tells a handler of a connection from an address. */
export function peer(hostname: string) {
  return { remoteAddr: { transport: "tcp", hostname, port: 50_000 } };
}

/** Runs a test with a Chartroom and an upstream, and ends both. */
export async function withChartroom(
  test: (chartroom: Chartroom, upstream: Upstream) => Promise<void>,
  options: Options = {},
): Promise<void> {
  const upstream = startUpstream();
  const chartroom = await startChartroom(options);
  try {
    await test(chartroom, upstream);
  } finally {
    await chartroom.close();
    await upstream.close();
  }
}

import { startUpstream, type Upstream } from "./upstream.ts";
