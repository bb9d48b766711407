/** Several isolates of Chartroom over one database, behind one edge cache, with one clock. */

import { setImmediate } from "node:timers";
import { createApp } from "../../routes/app.ts";
import { loadConfig } from "../../src/config.ts";
import { createServices, type Services } from "../../src/services.ts";
import { type Schedule, TIMEOUT_MS } from "../../src/sources/purge.ts";
import type { Kv } from "../../src/store/kv.ts";
import { START } from "./chartroom.ts";
import { createEdge, type Edge } from "./edge.ts";
import { watchAnswer, watchLog } from "./leaks.ts";
import { startUpstream, type Upstream } from "./upstream.ts";

/** Requests wait a little longer than this for the database. */
const SLOW_MS = 200;

/** Where the fleet is, for requests. */
export const HOST = "http://localhost";

export interface Isolate {
  services: Services;
  /** Asks it past the edge. */
  fetch: (request: Request) => Response | Promise<Response>;
}

export interface Fleet {
  /** Milliseconds of the epoch. {@link Fleet.pass} moves it, so that timers run in time. */
  clock: { now: number };
  edge: Edge;
  upstream: Upstream;
  isolates: readonly Isolate[];
  log: { event: string; fields?: Readonly<Record<string, unknown>> | undefined }[];
  /** What the edge was told and took, oldest first. */
  purges: { at: number; tags: string[] }[];
  /** Whether the edge takes no purge. */
  purgesFail: boolean;
  /** Isolates that fail on whatever the edge asks of them. */
  down: Set<number>;
  /** When the database was last so slow that isolates may have answered with what they had. */
  slowAt: number;
  /** Called between an isolate's answer and the edge. */
  onTheWay: (isolate: number) => Promise<void> | void;
  /** Asks an isolate past the edge for what its caller may do; throws unless the answer is a 200. */
  command(isolate: number, method: string, path: string, body?: unknown): Promise<unknown>;
  /** Asks for a sync, and waits for it and for the first purge. */
  sync(isolate: number, repoId: string): Promise<void>;
  /** Ends when no revalidation and no purge is under way. */
  settle(): Promise<void>;
  /** Lets time pass; timers run at their times. */
  pass(ms: number): Promise<void>;
  /** Ends an isolate, and begins another in its place, which has nothing in memory. */
  restart(isolate: number): Promise<void>;
}

export interface FleetOptions {
  isolates: number;
  /** The administrator's; without one, everybody is the administrator. */
  token?: string;
  /** What is different in one isolate. */
  environmentOf?: (isolate: number) => Record<string, string>;
}

interface Timer {
  at: number;
  run: () => void;
  /** Whether it bounds a call that is under way. */
  isLimit: boolean;
}

/** Runs a test with a fleet, and ends it. */
export async function withFleet(
  { isolates: count, token, environmentOf = () => ({}) }: FleetOptions,
  test: (fleet: Fleet) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  const upstream = startUpstream(), clock = { now: START };
  const timers = new Set<Timer>(), isLimit = limits();
  const isolates: Isolate[] = [];
  const origins = Array.from({ length: count }, (_, i) => async (request: Request) => {
    if (fleet.down.has(i)) throw new Error(`isolate ${i} is down`);
    const response = await isolates[i]!.fetch(request);
    await fleet.onTheWay(i);
    return response;
  });
  const authorization = token === undefined ? undefined : `Bearer ${token}`;
  const fleet: Fleet = {
    clock,
    upstream,
    isolates,
    edge: createEdge(origins, () => clock.now),
    log: [],
    purges: [],
    purgesFail: false,
    down: new Set(),
    slowAt: -Infinity,
    onTheWay() {},
    async command(isolate, method, path, body) {
      const headers = new Headers({ "content-type": "application/json" });
      if (authorization !== undefined) headers.set("authorization", authorization);
      const sent = body === undefined ? null : JSON.stringify(body);
      const request = new Request(`${HOST}${path}`, { method, headers, body: sent });
      const response = await isolates[isolate]!.fetch(request);
      const text = await response.text();
      if (response.status !== 200) throw new Error(`${method} ${path}: ${text}`);
      return JSON.parse(text);
    },
    async sync(isolate, repoId) {
      await fleet.command(isolate, "POST", `/v1/repos/${repoId}/action`, { action: "index" });
      await isolates[isolate]!.services.syncer.idle();
      await fleet.settle();
    },
    async settle() {
      do {
        await fleet.edge.idle();
        await new Promise((resolve) => setImmediate(resolve));
      } while ([...timers].some(({ isLimit }) => isLimit));
    },
    async pass(ms) {
      const until = clock.now + ms;
      for (;;) {
        await fleet.settle();
        const [next] = [...timers].sort((a, b) => a.at - b.at);
        if (next === undefined || next.at > until) break;
        timers.delete(next);
        clock.now = Math.max(clock.now, next.at);
        next.run();
      }
      clock.now = until;
    },
    async restart(isolate) {
      await isolates[isolate]?.services.close();
      isolates[isolate] = await start(isolate);
    },
  };
  upstream.serve("/purge", async (request) => {
    const { tags } = await request.json();
    if (fleet.purgesFail) return new Response("no", { status: 500 });
    fleet.edge.purge(tags);
    fleet.purges.push({ at: clock.now, tags });
    return new Response(null, { status: 204 });
  });

  const schedule: Schedule = (run, ms) => {
    const timer = { at: clock.now + ms, run, isLimit: isLimit(run, ms) };
    timers.add(timer);
    return () => timers.delete(timer);
  };

  async function start(isolate: number): Promise<Isolate> {
    const config = loadConfig({
      CHARTROOM_KV: `${folder}/kv.sqlite`,
      CHARTROOM_ALLOW_UPSTREAM: "127.0.0.1",
      CHARTROOM_PURGE_URL: `${upstream.url}/purge`,
      CHARTROOM_ANONYMOUS_READ: "true",
      // All callers have one address, or one token; what counts them is passed by nevertheless.
      CHARTROOM_RATE_LIMIT: "1000000",
      ...(token !== undefined && { CHARTROOM_ADMIN_TOKEN: token }),
      ...environmentOf(isolate),
    });
    const services = await createServices(config, {
      log: watchLog(fleet.log),
      clock: () => clock.now,
      random: () => 0,
      schedule,
    });
    watch(services.kv, () => fleet.slowAt = clock.now);
    return { services, fetch: createApp(services).fetch };
  }

  try {
    // One after another: the first makes the key of the others.
    for (let i = 0; i < count; i++) await fleet.restart(i);
    await test(fleet);
  } finally {
    await fleet.settle();
    for (const { services } of isolates) await services.close();
    for (const { url, headers, body } of fleet.edge.entries()) {
      watchAnswer({ statusText: "", headers }, new TextDecoder().decode(body), `GET ${url}`);
    }
    await upstream.close();
    await Deno.remove(folder, { recursive: true });
  }
}

/** Tells when a read takes longer than a request may wait for it, which a busy machine can make it. */
function watch(kv: Kv, isSlow: () => void) {
  const timed = async <T>(read: Promise<T>): Promise<T> => {
    const begun = performance.now();
    try {
      return await read;
    } finally {
      if (performance.now() - begun > SLOW_MS) isSlow();
    }
  };
  const { get, getMany, list } = kv;
  kv.get = (...of) => timed(get(...of));
  kv.getMany = (...of) => timed(getMany(...of));
  kv.list = (...of) => timed(list(...of));
}

/** Tells which timers of purgers bound a call; the others are of a function that comes again. */
function limits(): (run: () => void, ms: number) => boolean {
  const others = new WeakSet<() => void>();
  return (run, ms) => {
    if (ms === TIMEOUT_MS && !others.has(run)) return true;
    others.add(run);
    return false;
  };
}
