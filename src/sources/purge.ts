/** Has an edge cache drop what it keeps of something that has changed. */

import { setImmediate } from "node:timers";
import type { Log } from "../log.ts";

/**
 * Has what the edge keeps under these tags dropped: now, and once more when every process has
 * noticed the change. Never throws, never waits.
 */
export type Purge = (tags: readonly string[]) => void;

export interface Purger {
  purge: Purge;
  /** Tells the edge what is still to be told, once, and stops. Ends within {@link CLOSE_MS}. */
  close(): Promise<void>;
  /** Ends when nothing is under way but what waits for a time. */
  idle(): Promise<void>;
}

/** Runs something after so many milliseconds, unless the function that it returns is called. */
export type Schedule = (run: () => void, ms: number) => () => void;

export interface PurgerDeps {
  log: Log;
  clock: () => number;
  /** Without it timers, which do not keep the process alive. */
  schedule?: Schedule;
}

/**
 * When every process has noticed a change, in milliseconds: a catalogue is looked after once a
 * second, and a replica of the database may be as late. What one of them answered before that may
 * come to the edge after the first purge.
 */
export const SETTLE_MS = 3_000;
/** Most tags in one call, as Deno Deploy documents it. */
export const MAX_TAGS = 500;
/** Most tags that wait; more become {@link ALL}. */
export const MAX_WAITING = 5_000;
/** Longest wait for an answer, in milliseconds. */
export const TIMEOUT_MS = 5_000;
/** Longest that `close` takes, in milliseconds: a process has 4 s for all of its end. */
export const CLOSE_MS = 1_000;
/** For how long a purge that fails is tried after it was asked for, in milliseconds. */
export const GIVE_UP_MS = 600_000;
/** The first and the longest wait for the next try, in milliseconds. */
const FIRST_RETRY_MS = 500, MAX_RETRY_MS = 30_000;
/** The tag of everything. */
const ALL = "*";

/** A tag that waits for its next call. Times are in epoch milliseconds. */
interface Waiting {
  readonly askedAt: number;
  dueAt: number;
}

/** A purger that calls `url`, which is the operator's and needs no egress policy. */
export function createPurger(url: string | undefined, deps: PurgerDeps): Purger {
  if (url === undefined) {
    return { purge() {}, close: () => Promise.resolve(), idle: () => Promise.resolve() };
  }
  const { log, clock, schedule = startTimer } = deps;
  const waiting = new Map<string, Waiting>();
  const ending = new AbortController();
  let closed = false;
  let working: Promise<void> | undefined;
  let cancel = () => {};
  let failures = 0, retryAt = 0;

  /** Begins what is due, or sees to it that it begins in time. */
  function plan() {
    cancel();
    if (closed || working !== undefined || waiting.size === 0) return;
    const dueAt = Math.min(...[...waiting.values()].map((tag) => tag.dueAt));
    const wait = Math.max(dueAt, retryAt) - clock();
    if (wait > 0) cancel = schedule(plan, wait);
    else working = work();
  }

  async function work() {
    // What is asked for in this turn of the event loop goes along.
    await new Promise((resolve) => setImmediate(resolve));
    for (;;) {
      // At the end there is no time to wait for: all is due, and for the last time.
      const now = closed ? Infinity : clock();
      const due = [...waiting].filter(([, { dueAt }]) => dueAt <= now);
      // What waits with the tag of everything came after it.
      const batch = due.slice(0, due[0]?.[0] === ALL ? 1 : MAX_TAGS);
      if (batch.length === 0) break;
      const error = await call(url!, batch.map(([tag]) => tag), schedule, ending.signal);
      if (error !== undefined) {
        fail(error, batch.length, now === Infinity);
        break;
      }
      if (failures > 0) log("purge works again");
      failures = 0;
      for (const [tag, told] of batch) {
        told.dueAt = told.askedAt + SETTLE_MS;
        // It may have been asked for again meanwhile.
        if (told.dueAt <= now && waiting.get(tag) === told) waiting.delete(tag);
      }
    }
    working = undefined;
    plan();
  }

  function fail(error: string, count: number, isLast: boolean) {
    if (failures === 0) log("purge failed", { count, error });
    const wait = Math.min(FIRST_RETRY_MS * 2 ** failures, MAX_RETRY_MS);
    retryAt = isLast ? Infinity : clock() + wait;
    failures++;
    const before = waiting.size;
    for (const [tag, { askedAt }] of waiting) {
      if (askedAt + GIVE_UP_MS < retryAt) waiting.delete(tag);
    }
    const lost = before - waiting.size;
    if (lost > 0) log("purge given up", { count: lost, error });
  }

  return {
    purge(tags) {
      if (closed) return;
      const now = clock();
      for (const tag of tags) waiting.set(tag, { askedAt: now, dueAt: now });
      if (waiting.size > MAX_WAITING) {
        waiting.clear();
        waiting.set(ALL, { askedAt: now, dueAt: now });
      }
      plan();
    },
    async close() {
      closed = true;
      const stop = schedule(() => ending.abort(new Error("Chartroom is stopping")), CLOSE_MS);
      await working;
      await work();
      stop();
    },
    async idle() {
      while (working !== undefined) await working;
    },
  };
}

/** Why it did not work, without the URL, whose query may be a secret; `undefined` if it did. */
async function call(url: string, tags: string[], schedule: Schedule, ending: AbortSignal) {
  const late = new AbortController();
  const lateness = new Error(`no answer in ${TIMEOUT_MS / 1_000} s`);
  const stop = schedule(() => late.abort(lateness), TIMEOUT_MS);
  const signal = AbortSignal.any([late.signal, ending]);
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ tags }),
      redirect: "manual",
      signal,
    });
    await response.body?.cancel().catch(() => {});
    return response.ok ? undefined : `status ${response.status}`;
  } catch (error) {
    if (signal.aborted) return String(signal.reason.message);
    const { name, cause } = error as Error;
    return /client error \(\w+\): (.*)/s.exec(String(cause))?.[1] ?? name;
  } finally {
    stop();
  }
}

function startTimer(run: () => void, ms: number): () => void {
  const timer = setTimeout(run, ms);
  Deno.unrefTimer(timer);
  return () => clearTimeout(timer);
}
