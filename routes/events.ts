/** Events of a repository: `/repos/{repo}/events`, one of them, and a stream of them. */

import { type Context, Hono } from "hono";
import { Refused } from "../src/refused.ts";
import type { Services } from "../src/services.ts";
import { listEvents } from "../src/store/events.ts";
import { readStatuses } from "../src/store/sync_status.ts";
import { findSync } from "../src/sync/watch.ts";
import { AtOnce } from "./support/at_once.ts";
import { type Env, requireRepo, stillSees } from "./support/authenticate.ts";
import { parseConditions } from "./support/conditions.ts";
import { openStream } from "./support/event_stream.ts";
import { callerOf } from "./support/limits.ts";
import { parsePaging, slice } from "./support/paging.ts";
import { eventView, standingView } from "./support/repo_view.ts";

/** Streams of one process at once, and of one caller; each asks the database twice a second. */
const AT_ONCE = { all: 200, each: 20 };
/** Of these, those of callers who are not known, and of one address: they must not take all. */
const UNKNOWN_AT_ONCE = { all: 50, each: 5 };

export function events(services: Services) {
  const repo = (c: Context<Env>) => requireRepo(c, services, c.req.param("repo")!, "read");
  const streams = new AtOnce("streams open", AT_ONCE);
  const unknown = new AtOnce("streams open without a token", UNKNOWN_AT_ONCE);

  return new Hono<Env>()
    .get("/", async (c) => {
      const { id } = await repo(c);
      // As in KubeSphere they have to be well-formed, and say nothing.
      parseConditions(c.req.query("conditions") ?? "");
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
      const isKnown = c.get("identity").kind !== "anonymous";
      const leave = (isKnown ? streams : unknown).enter(callerOf(c));
      c.header("Content-Type", "text/event-stream");
      // nginx would collect what is to be seen at once.
      c.header("X-Accel-Buffering", "no");
      // The answer to HEAD is that to GET with a body that nobody reads.
      if (c.req.raw.method === "HEAD") {
        leave();
        return c.body(null);
      }
      const watch = { repoId: id, after, sync };
      const isAllowed = () => stillSees(c, services, id);
      return c.body(openStream(services, watch, c.req.raw.signal, { isAllowed, onEnd: leave }));
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
