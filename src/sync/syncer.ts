/** Runs what is due, a bounded number at once, whatever made it due. */

import { describeError } from "../log.ts";
import { duePages, forgetDeliveries } from "../store/due.ts";
import { listGarbage } from "../store/garbage.ts";
import type { Progress } from "../store/progress.ts";
import type { Repo } from "../store/repos.ts";
import { type Place, Queue } from "./queue.ts";
import { sweepRepo, type SyncDeps, syncRepo } from "./sync_repo.ts";

/** How many repositories are taken from the due index at once. */
const PAGE = 500;
/** A tick ends before the next minute's begins. */
const TICK_MS = 50_000;
/** Most downloads from one host at once, so that a hundred repositories there are no attack. */
const MAX_PER_HOST = 4;
/** How soon a repository that somebody else has is looked at again, at the latest. */
const BUSY_MS = 1_000;
/** What is due later than this is for a later tick. */
const SOON_MS = 15_000;

export interface Syncer {
  /** Syncs a repository, if it is due, before what waits; or else at a time, if that is near. */
  start(repo: Pick<Repo, "id" | keyof Place>, at?: number): void;
  /**
   * Works the due index, and sweeps garbage, until both are done or `deadline` is aborted; then what
   * has not begun stays due, for a later tick of any process. Never throws.
   */
  tick(deadline?: AbortSignal): Promise<void>;
  /** How far a sync of this process has come. */
  progress(repoId: string): Readonly<Progress> | undefined;
  /** Calls when a sync of this process begins or ends, until what it answers is called. */
  onNews(repoId: string, listener: () => void): () => void;
  /** Aborted when the syncer is closed. */
  closing: AbortSignal;
  /** Ends when no sync is under way or waits in this process. */
  idle(): Promise<void>;
  /** Stops what is under way and gives its leases back; what was due stays due. */
  close(): Promise<void>;
}

/** A syncer of this process. `concurrency`: most repositories synced at once. */
export function createSyncer(
  deps: Omit<SyncDeps, "onBegin">,
  concurrency: number,
): Syncer {
  const { kv, clock, log } = deps;
  const progress = new Map<string, Readonly<Progress>>();
  const listeners = new Map<string, Set<() => void>>();
  const later = new Map<string, { at: number; timer: ReturnType<typeof setTimeout> }>();
  const stop = new AbortController();
  // However many repositories a workspace has, it leaves places for the others.
  const perWorkspace = Math.max(1, Math.floor(concurrency / 2));
  const queue = new Queue({ total: concurrency, perHost: MAX_PER_HOST, perWorkspace }, run);
  let sweeping = Promise.resolve();
  const syncDeps: SyncDeps = {
    ...deps,
    onBegin(repoId, at) {
      progress.set(repoId, at);
      tellNews(repoId);
    },
  };

  function startAt(repoId: string, place: Place, at: number) {
    if (stop.signal.aborted) return;
    const wait = at - clock();
    if (wait <= 0) queue.add(repoId, place);
    else if (wait <= SOON_MS) startLater(repoId, place, at, wait);
  }

  function startLater(repoId: string, place: Place, at: number, wait: number) {
    const other = later.get(repoId);
    if (other !== undefined && other.at <= at) return;
    clearTimeout(other?.timer);
    const begin = () => {
      later.delete(repoId);
      queue.add(repoId, place);
    };
    later.set(repoId, { at, timer: setTimeout(begin, wait) });
  }

  async function run(repoId: string, place: Place) {
    try {
      const outcome = await syncRepo(syncDeps, repoId, stop.signal);
      if ("busyUntil" in outcome) {
        // The other one may be done sooner, or may have died: then its lease runs out.
        startAt(repoId, place, Math.min(outcome.busyUntil, clock() + BUSY_MS));
      } else if (outcome.dueAt !== null) {
        startAt(repoId, place, outcome.dueAt);
      }
    } catch (error) {
      if (!stop.signal.aborted) {
        log("sync interrupted", { repo: repoId, ...describeError(error) });
      }
    } finally {
      progress.delete(repoId);
      tellNews(repoId);
    }
  }

  function tellNews(repoId: string) {
    for (const listener of listeners.get(repoId) ?? []) listener();
  }

  async function work(deadline: AbortSignal) {
    for await (const page of duePages(kv, clock() + SOON_MS, PAGE)) {
      if (stop.signal.aborted || deadline.aborted) break;
      for (const { id, at, ...place } of page) startAt(id, place, at);
      await queue.room();
    }
    sweeping = sweepAll();
    await sweeping;
    await forgetDeliveries(kv, clock(), AbortSignal.any([stop.signal, deadline]));
    await queue.idle();
  }

  /** What goes wrong with one repository is no reason to leave the others. */
  async function sweepAll() {
    for (const [repoId, rows] of await listGarbage(kv, clock())) {
      if (stop.signal.aborted) return;
      await sweepRepo(syncDeps, repoId, rows, stop.signal).catch((error) =>
        log("sweep failed", { repo: repoId, ...describeError(error) })
      );
    }
  }

  return {
    start({ id, host, workspace }, at) {
      if (at !== undefined) startAt(id, { host, workspace }, at);
      else if (!stop.signal.aborted) queue.add(id, { host, workspace }, true);
    },
    progress: (repoId) => progress.get(repoId),
    onNews(repoId, listener) {
      const all = listeners.get(repoId) ?? new Set();
      listeners.set(repoId, all.add(listener));
      return () => {
        all.delete(listener);
        if (all.size === 0 && listeners.get(repoId) === all) listeners.delete(repoId);
      };
    },
    closing: stop.signal,
    idle: () => queue.idle(),
    async tick(deadline = AbortSignal.timeout(TICK_MS)) {
      const timeUp = new Promise<void>((resolve) => {
        if (deadline.aborted) resolve();
        deadline.addEventListener("abort", () => resolve());
      });
      const done = work(deadline).catch((error) => {
        if (!stop.signal.aborted) log("tick failed", describeError(error));
      });
      await Promise.race([done, timeUp]);
      if (deadline.aborted) queue.clear();
    },
    async close() {
      stop.abort(new DOMException("Chartroom is stopping", "AbortError"));
      queue.clear();
      for (const { timer } of later.values()) clearTimeout(timer);
      await queue.idle();
      // What went wrong with it is in the log of its tick.
      await sweeping.catch(() => {});
    },
  };
}
