/** Follows the syncs of a repository, whichever process does them. */

import { listEvents, type SyncEvent } from "../store/events.ts";
import { type Kv, StoreUnavailable } from "../store/kv.ts";
import { type Progress, readStanding } from "../store/progress.ts";
import type { SyncStatus } from "../store/sync_status.ts";
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

/** `resume` is the time after which a watch tells what this one has not told yet. */
export type News = StandingNews | EventNews;

interface StandingNews {
  kind: "standing";
  standing: Standing;
  resume: number;
}

interface EventNews {
  kind: "event";
  event: SyncEvent;
  resume: number;
}

export interface Watch {
  repoId: string;
  /** What ended after this is told, in milliseconds of the epoch. */
  after: number;
  /** Ends with this sync, or when it will not come any more. */
  sync?: string | undefined;
  /** Ends it. */
  signal: AbortSignal;
}

interface WatchDeps {
  kv: Kv;
  syncer: Syncer;
  clock: () => number;
}

/**
 * Tells how the syncs of a repository stand, and each that has ended, oldest first. Ends when the
 * repository is gone. While nobody takes what it tells, it asks for nothing.
 */
export async function* watchSyncs(
  deps: WatchDeps,
  { repoId, after, sync, signal }: Watch,
): AsyncGenerator<News, void, void> {
  let told = "", resume = after, syncs = -1;
  let bell = Promise.withResolvers<void>();
  const ring = () => bell.resolve();
  const forget = deps.syncer.onNews(repoId, ring);
  signal.addEventListener("abort", ring);
  try {
    while (!signal.aborted) {
      bell = Promise.withResolvers();
      const found = await look(deps, repoId).catch(unlessUnavailable);
      if (found === "gone") return;
      if (found !== undefined && found.syncs !== syncs) {
        const events = await listEvents(deps.kv, repoId, resume).catch(unlessUnavailable);
        let isOver = false;
        for (const news of inOrder(events ?? [])) {
          resume = news.resume;
          isOver ||= news.event.id === sync;
          yield news;
          if (isOver && resume === news.event.finishedAt) return;
        }
        if (events !== undefined) syncs = found.syncs;
        // They ended after the standing was read.
        if (events?.length) continue;
      }
      if (found !== undefined && found.syncs === syncs) {
        const { asked, begun, standing } = found;
        if (sync !== undefined && asked?.id !== sync && begun?.id !== sync) return;
        const text = JSON.stringify(standing);
        if (text !== told) yield { kind: "standing", standing, resume };
        told = text;
      }
      const timer = setTimeout(ring, POLL_MS);
      if (!signal.aborted) await bell.promise;
      clearTimeout(timer);
    }
  } finally {
    forget();
    signal.removeEventListener("abort", ring);
  }
}

/**
 * Events, newest first, as news, oldest first. Who has one of two that ended at the same time is
 * told both once more, rather than one of them never.
 */
function inOrder(events: SyncEvent[]): EventNews[] {
  const news = events.map((event, i): EventNews => {
    const isLast = events[i - 1]?.finishedAt !== event.finishedAt;
    return { kind: "event", event, resume: isLast ? event.finishedAt : event.finishedAt - 1 };
  });
  return news.reverse();
}

/**
 * What a caller who waits for a sync can be told of it. `lastEnd` is when the last one ended before
 * it, 0 if none did.
 */
export type FoundSync = { event: SyncEvent } | { standing: Standing; lastEnd: number } | undefined;

/** A sync by the id of its event: as it ended, or as it stands. */
export async function findSync(deps: WatchDeps, repoId: string, id: string): Promise<FoundSync> {
  // In this order, what ends between the two reads is found by one of them.
  const found = await look(deps, repoId);
  if (found === "gone") return undefined;
  const { asked, begun, standing, lastEnd } = found;
  if (standing.id === id) return { standing, lastEnd };
  if (asked?.id === id || begun?.id === id) {
    return { standing: { state: "queued", id, nextDue: standing.nextDue }, lastEnd };
  }
  const event = (await listEvents(deps.kv, repoId)).find((event) => event.id === id);
  return event && { event };
}

async function look({ kv, syncer, clock }: WatchDeps, repoId: string) {
  const now = clock();
  const found = await readStanding(kv, repoId, now);
  if (found === undefined) return "gone";
  const { status, leased, progress } = found;
  const { asked, begun, syncs, lastAttempt: lastEnd = 0 } = status;
  const standing = standingOf(status, leased, [syncer.progress(repoId), progress], now);
  return { asked, begun, syncs, lastEnd, standing };
}

/** How a sync stands. Some of what was told of its progress may be of a sync before. */
export function standingOf(
  { asked, begun, nextDue }: SyncStatus,
  leased: boolean,
  told: readonly (Readonly<Progress> | null | undefined)[],
  now: number,
): Standing {
  if (leased && begun !== undefined) {
    const { id } = begun;
    return { state: "running", nextDue, ...told.find((progress) => progress?.id === id), id };
  }
  const state = asked !== undefined || nextDue !== null && nextDue <= now ? "queued" : "idle";
  const id = (begun ?? asked)?.id;
  return { state, nextDue, ...(id !== undefined && { id }) };
}

/** Who follows for a while sees it later. */
function unlessUnavailable(error: unknown): undefined {
  if (!(error instanceof StoreUnavailable)) throw error;
}
