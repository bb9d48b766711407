/** Events of a repository: `/repos/{repo}/events`, one of them, and a stream of them. */

import { type Context, Hono } from "hono";
import { streamSSE } from "hono/streaming";
import { Refused } from "../src/refused.ts";
import type { Services } from "../src/services.ts";
import { listEvents } from "../src/store/events.ts";
import { readStatuses } from "../src/store/sync_status.ts";
import { findSync, watchSyncs } from "../src/sync/watch.ts";
import { type Env, requireRepo } from "./support/authenticate.ts";
import { parsePaging, slice } from "./support/paging.ts";
import { eventView, standingView } from "./support/repo_view.ts";

/** Streams of one process at once; each asks the database twice a second. */
const MAX_STREAMS = 200;
/** How often a stream that has nothing to tell says that it is there. */
const HEARTBEAT_MS = 15_000;

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
      streams++;
      return streamSSE(c, async (stream) => {
        const left = new AbortController();
        stream.onAbort(() => left.abort());
        const heartbeat = setInterval(() => stream.write(": still here\n\n"), HEARTBEAT_MS);
        try {
          for await (const news of watchSyncs(services, id, after, left.signal)) {
            if (news.kind === "standing") {
              const data = JSON.stringify(standingView(news.standing));
              await stream.writeSSE({ event: "progress", data });
            } else {
              const { event, at } = news;
              const data = JSON.stringify(eventView(id, event));
              const kind = event.kind ?? "result";
              await stream.writeSSE({ event: kind, id: String(at), data });
              if (event.id === sync) return;
            }
          }
        } finally {
          clearInterval(heartbeat);
          streams--;
        }
      });
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
 * The time after which events are told: that of the last one which the client has, or now. For a
 * client that waits for one sync, it is before that; `over` if it has been told of it.
 */
async function startOf(
  c: Context,
  services: Services,
  repoId: string,
  sync: string | undefined,
): Promise<number | "over"> {
  const last = /^\d{1,15}$/.exec(c.req.header("last-event-id") ?? "")?.[0];
  if (sync === undefined) {
    if (last !== undefined) return Number(last);
    const [status] = await readStatuses(services.kv, [repoId]);
    return status?.lastAttempt ?? 0;
  }
  const found = await findSync(services, repoId, sync);
  if (found === undefined) throw eventNotFound(sync);
  if ("standing" in found) return last === undefined ? services.clock() - 1 : Number(last);
  const { finishedAt } = found.event;
  return last !== undefined && Number(last) >= finishedAt ? "over" : finishedAt - 1;
}

function eventNotFound(id: string): Refused {
  return new Refused("not_found", `there is no event ${id.slice(0, 40)}`, "repo_event_id");
}
