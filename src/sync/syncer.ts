/** Runs what is due, a bounded number at once, whatever made it due. */

import { describeError } from "../log.ts";
import { listDue } from "../store/due.ts";
import { listGarbage } from "../store/garbage.ts";
import { type Progress, sweepRepo, type SyncDeps, syncRepo } from "./sync_repo.ts";

/** Most repositories that one tick takes from the due index. */
const BATCH = 500;
/** A tick ends before the next minute's begins. */
const TICK_MS = 50_000;
/** How soon a repository that somebody else has is looked at again, at the latest. */
const BUSY_MS = 1_000;

export interface Syncer {
  /** Syncs a repository, if it is due, as soon as there is room. */
  start(repoId: string): void;
  /** Works the due index, and sweeps garbage. Never throws. */
  tick(): Promise<void>;
  /** How far a sync of this process has come. */
  progress(repoId: string): Progress | undefined;
  /** Ends when no sync is under way or waits in this process. */
  idle(): Promise<void>;
  /** Stops what is under way and gives its leases back; what was due stays due. */
  close(): Promise<void>;
}

/** A syncer of this process. `concurrency`: most repositories synced at once. */
export function createSyncer(
  deps: Omit<SyncDeps, "onProgress">,
  concurrency: number,
): Syncer {
  const running = new Map<string, Promise<void>>();
  const progress = new Map<string, Progress>();
  const waiting = new Set<string>();
  const later = new Map<string, ReturnType<typeof setTimeout>>();
  const stop = new AbortController();
  let sweeping = Promise.resolve();
  const syncDeps: SyncDeps = { ...deps, onProgress: (repoId, at) => progress.set(repoId, at) };

  function start(repoId: string) {
    if (stop.signal.aborted) return;
    waiting.add(repoId);
    startWaiting();
  }

  function startWaiting() {
    for (const repoId of waiting) {
      if (running.size >= concurrency) return;
      // One that runs stays waiting: what asked for it may have come after its download began.
      if (running.has(repoId)) continue;
      waiting.delete(repoId);
      running.set(repoId, run(repoId));
    }
  }

  async function run(repoId: string) {
    try {
      const outcome = await syncRepo(syncDeps, repoId, stop.signal);
      if (outcome.kind === "again") waiting.add(repoId);
      if (outcome.kind === "busy") startLater(repoId, outcome.busyUntil);
    } catch (error) {
      if (!stop.signal.aborted) {
        deps.log("sync interrupted", { repo: repoId, ...describeError(error) });
      }
    } finally {
      running.delete(repoId);
      progress.delete(repoId);
      if (stop.signal.aborted) waiting.clear();
      else startWaiting();
    }
  }

  /** Another process is at it, or died while it was: then its lease runs out. */
  function startLater(repoId: string, busyUntil: number) {
    if (later.has(repoId)) return;
    const wait = Math.max(0, busyUntil - deps.clock()) + 1;
    const again = () => {
      later.delete(repoId);
      start(repoId);
    };
    later.set(repoId, setTimeout(again, Math.min(wait, BUSY_MS)));
  }

  async function idle() {
    while (running.size > 0) await Promise.all(running.values());
  }

  async function work() {
    for (const repoId of await listDue(deps.kv, deps.clock(), BATCH)) start(repoId);
    sweeping = sweepAll();
    await sweeping;
    await idle();
  }

  /** What goes wrong with one repository is no reason to leave the others. */
  async function sweepAll() {
    for (const [repoId, rows] of await listGarbage(deps.kv, deps.clock())) {
      if (stop.signal.aborted) return;
      await sweepRepo(syncDeps, repoId, rows, stop.signal).catch((error) =>
        deps.log("sweep failed", { repo: repoId, ...describeError(error) })
      );
    }
  }

  return {
    start,
    idle,
    progress: (repoId) => progress.get(repoId),
    async tick() {
      let deadline: ReturnType<typeof setTimeout> | undefined;
      const timeUp = new Promise<void>((resolve) => deadline = setTimeout(resolve, TICK_MS));
      const done = work().catch((error) => deps.log("tick failed", describeError(error)));
      await Promise.race([done, timeUp]);
      clearTimeout(deadline);
    },
    async close() {
      stop.abort(new DOMException("Chartroom is stopping", "AbortError"));
      for (const timer of later.values()) clearTimeout(timer);
      await idle();
      // What went wrong with it is in the log of its tick.
      await sweeping.catch(() => {});
    },
  };
}
