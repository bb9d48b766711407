/** Follows the syncs of a repository, whichever process does them. */

import { listEvents, type SyncEvent } from "../store/events.ts";
import { type Kv, StoreUnavailable } from "../store/kv.ts";
import { type Progress, readStanding } from "../store/progress.ts";
import type { AskedSync } from "../store/sync_status.ts";
import type { Syncer } from "./syncer.ts";

/** How often the database is asked; a sync of this process tells when it begins and ends. */
const POLL_MS = 500;

/** Where a repository's sync stands. */
export interface Standing extends Partial<Omit<Progress, "id">> {
  state: "idle" | "queued" | "running";
  /** Of the event that the sync will leave behind, where that is known. */
  id?: string;
  /** Milliseconds of the epoch; `null` for never. */
  nextDue: number | null;
}

/** `at` is when it ended, in milliseconds of the epoch; a later watch can begin after it. */
export type News =
  | { kind: "standing"; standing: Standing }
  | { kind: "event"; at: number; event: SyncEvent };

interface WatchDeps {
  kv: Kv;
  syncer: Syncer;
  clock: () => number;
}

/**
 * Tells how the syncs of a repository stand and end, those first that ended `after` a time. Ends
 * when the signal is aborted, the service stops, or the repository is gone.
 */
export async function* watchSyncs(
  deps: WatchDeps,
  repoId: string,
  after: number,
  signal: AbortSignal,
): AsyncGenerator<News> {
  const { syncer } = deps;
  const stop = AbortSignal.any([signal, syncer.closing]);
  let told = "", since = after, syncs = -1;
  let wake = Promise.withResolvers<void>();
  const forget = syncer.onNews(repoId, () => wake.resolve());
  stop.addEventListener("abort", () => wake.resolve());
  try {
    while (!stop.aborted) {
      wake = Promise.withResolvers();
      const found = await look(deps, repoId).catch(unlessUnavailable);
      if (found === "gone") return;
      if (found !== undefined && found.syncs !== syncs) {
        const events = await listEvents(deps.kv, repoId, since).catch(unlessUnavailable);
        for (const event of events?.reverse() ?? []) {
          since = event.finishedAt;
          yield { kind: "event", at: since, event };
        }
        if (events !== undefined) syncs = found.syncs;
      }
      const text = JSON.stringify(found?.standing);
      if (found !== undefined && text !== told) {
        yield { kind: "standing", standing: found.standing };
      }
      told = text;
      const timer = setTimeout(wake.resolve, POLL_MS);
      if (!stop.aborted) await wake.promise;
      clearTimeout(timer);
    }
  } finally {
    forget();
  }
}

/** What a caller who waits for a sync can be told of it. */
export type FoundSync = { event: SyncEvent } | { standing: Standing } | undefined;

/** A sync by the id of its event: as it ended, or as it stands. */
export async function findSync(deps: WatchDeps, repoId: string, id: string): Promise<FoundSync> {
  // In this order, what ends between the two reads is found by the second.
  const found = await look(deps, repoId);
  const event = (await listEvents(deps.kv, repoId)).find((event) => event.id === id);
  if (event !== undefined) return { event };
  if (found === "gone") return undefined;
  const { asked, begun, standing } = found;
  if (standing.id === id) return { standing };
  const isKnown = asked?.id === id || begun?.id === id;
  return isKnown ? { standing: { state: "queued", id, nextDue: standing.nextDue } } : undefined;
}

async function look({ kv, syncer, clock }: WatchDeps, repoId: string) {
  const now = clock();
  const found = await readStanding(kv, repoId, now);
  if (found === undefined) return "gone";
  const { status: { asked, begun, nextDue, syncs }, running } = found;
  const standing = (): Standing => {
    if (running) {
      const progress = syncer.progress(repoId) ?? found.progress;
      const known = progress?.id === begun?.id ? progress : undefined;
      return { state: "running", nextDue, ...known ?? idOf(begun) };
    }
    const queued = asked !== undefined || nextDue !== null && nextDue <= now;
    return { state: queued ? "queued" : "idle", nextDue, ...idOf(begun ?? asked) };
  };
  return { asked, begun, syncs, standing: standing() };
}

function idOf(sync: Pick<AskedSync, "id"> | undefined): { id?: string } {
  return sync === undefined ? {} : { id: sync.id };
}

/** Who follows for a while sees it later. */
function unlessUnavailable(error: unknown): undefined {
  if (!(error instanceof StoreUnavailable)) throw error;
}
