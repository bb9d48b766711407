/** Events of a repository: `/repos/{repo}/events`, one of them, and a stream of them. */

import { type Context, Hono } from "hono";
import { describeError } from "../src/log.ts";
import { Refused } from "../src/refused.ts";
import type { Services } from "../src/services.ts";
import { listEvents } from "../src/store/events.ts";
import { readStatuses } from "../src/store/sync_status.ts";
import { findSync, type News, type Watch, watchSyncs } from "../src/sync/watch.ts";
import { type Env, requireRepo } from "./support/authenticate.ts";
import { parsePaging, slice } from "./support/paging.ts";
import { eventView, standingView } from "./support/repo_view.ts";

/** Streams of one process at once; each asks the database twice a second. */
const MAX_STREAMS = 200;
/** How long a stream has nothing to tell before it says that it is there. */
const HEARTBEAT_MS = 15_000;
/** How often that is looked at. */
const LOOK_MS = 1_000;

export function events(services: Services) {
  const repo = (c: Context<Env>) => requireRepo(c, services, c.req.param("repo")!, "read");
  let streams = 0;

  return new Hono<Env>()
    .get("/", async (c) => {
      const { id } = await repo(c);
      const events = await listEvents(services.kv, id);
      const items = slice(events, parsePaging((name) => c.req.query(name)));
      return c.json({
        items: items.map((event) => eventView(id, event)),
        total_count: events.length,
      });
    })
    .get("/stream", async (c) => {
      const { id } = await repo(c);
      const sync = c.req.query("sync");
      const after = await startOf(c, services, id, sync);
      if (after === "over") return c.body(null, 204);
      if (streams >= MAX_STREAMS) {
        throw new Refused("unavailable", `${MAX_STREAMS} streams are open; try again later`);
      }
      c.header("Content-Type", "text/event-stream");
      // nginx would collect what is to be seen at once.
      c.header("X-Accel-Buffering", "no");
      // The answer to HEAD is that to GET with a body that nobody reads.
      if (c.req.raw.method === "HEAD") return c.body(null);
      streams++;
      const watch = { repoId: id, after, sync };
      return c.body(openStream(services, watch, c.req.raw.signal, () => streams--));
    })
    .get("/:event", async (c) => {
      const { id } = await repo(c);
      const found = await findSync(services, id, c.req.param("event"));
      if (found === undefined) throw eventNotFound(c.req.param("event"));
      return c.json(
        "event" in found ? eventView(id, found.event) : {
          repo_id: id,
          repo_event_id: c.req.param("event"),
          type: "sync",
          status: "syncing",
          sync: standingView(found.standing),
        },
      );
    });
}

/**
 * Server-sent events of what a watch tells, each when there is room for it. Ends with the watch, with
 * the client, and with the service; then `onEnd` is called.
 */
function openStream(
  { kv, syncer, clock, log }: Services,
  watch: Omit<Watch, "signal">,
  client: AbortSignal,
  onEnd: () => void,
): ReadableStream<Uint8Array> {
  const left = new AbortController();
  const ends = [client, syncer.closing];
  const news = watchSyncs({ kv, syncer, clock }, { ...watch, signal: left.signal });
  let out: ReadableStreamDefaultController<Uint8Array>;
  let spoke = clock();
  const say = (text: string) => {
    spoke = clock();
    out.enqueue(new TextEncoder().encode(text));
  };
  const heartbeat = setInterval(() => {
    // A client that has not taken what was said last needs no more.
    const isHeard = out.desiredSize === 0;
    if (isHeard && Math.abs(clock() - spoke) >= HEARTBEAT_MS) say(": still here\n\n");
  }, LOOK_MS);
  // At once, although the watch may be waiting for the database.
  const end = () => {
    if (left.signal.aborted) return;
    left.abort();
    news.return().catch(() => {});
    clearInterval(heartbeat);
    for (const signal of ends) signal.removeEventListener("abort", close);
    onEnd();
  };
  const close = () => {
    end();
    out.close();
  };
  return new ReadableStream({
    start(controller) {
      out = controller;
      for (const signal of ends) signal.addEventListener("abort", close);
      if (ends.some(({ aborted }) => aborted)) close();
    },
    async pull() {
      const next = await news.next().catch((error) => {
        log("stream failed", { repo: watch.repoId, ...describeError(error) });
      });
      if (left.signal.aborted) return;
      if (next?.value === undefined) close();
      else say(messageOf(watch.repoId, next.value));
    },
    cancel: end,
    // Nothing is read from the watch before somebody wants it.
  }, { highWaterMark: 0 });
}

/** A message of a stream. Its id is what the client sends as `Last-Event-ID` when it comes back. */
function messageOf(repoId: string, news: News): string {
  const [event, data] = news.kind === "standing"
    ? ["progress", standingView(news.standing)]
    : [news.event.kind ?? "result", eventView(repoId, news.event)];
  return `event: ${event}\nid: ${news.resume}\ndata: ${JSON.stringify(data)}\n\n`;
}

/**
 * The time after which events are told: that of the last one which the client has, or else now. For
 * a client that waits for one sync, it is before that; `over` if it has been told of it.
 */
async function startOf(
  c: Context,
  services: Services,
  repoId: string,
  sync: string | undefined,
): Promise<number | "over"> {
  const last = /^\d+$/.exec(c.req.header("last-event-id") ?? "")?.[0];
  // What is later than all that has ended is not of this repository.
  const notAfter = (time: number) => Math.min(Number(last ?? Infinity), time);
  if (sync === undefined) {
    const [status] = await readStatuses(services.kv, [repoId]);
    return notAfter(status?.lastAttempt ?? 0);
  }
  const found = await findSync(services, repoId, sync);
  if (found === undefined) throw eventNotFound(sync);
  if ("standing" in found) return notAfter(found.lastEnd);
  const { finishedAt } = found.event;
  return last !== undefined && Number(last) >= finishedAt ? "over" : notAfter(finishedAt - 1);
}

function eventNotFound(id: string): Refused {
  return new Refused("not_found", `there is no event ${id.slice(0, 40)}`, "repo_event_id");
}
