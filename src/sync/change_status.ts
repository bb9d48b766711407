/** What a change of a repository means for its syncs. */

import { withAsked } from "../store/due.ts";
import type { Repo } from "../store/repos.ts";
import type { SyncStatus } from "../store/sync_status.ts";

/**
 * The status after a change of what is downloaded. A sync under way downloads what does not count
 * any more: the next one takes its place. `moved`: another upstream is asked from now on.
 */
export function askedAnew(before: SyncStatus, moved: boolean, now: number): SyncStatus {
  const { begun, notBefore, ...rest } = before;
  const status = { ...rest, ...(!moved && notBefore !== undefined && { notBefore }) };
  const ask = { id: crypto.randomUUID(), force: false, by: "caller", now } as const;
  if (begun === undefined) return withAsked(status, ask);
  if (status.asked !== undefined) return withAsked({ ...status, begun }, ask);
  return withAsked(status, { ...ask, id: begun.id, force: begun.force });
}

/** The status after a change that needs no download; `undefined` if it stays. */
export function statusAfter(
  repo: Repo,
  before: Repo,
  status: SyncStatus,
  now: number,
): SyncStatus | undefined {
  if (repo.suspended && !before.suspended) return suspended(status);
  if (repo.suspended) return undefined;
  if (before.suspended) return resumed(status, now);
  if (repo.period.seconds === before.period.seconds) return undefined;
  // What waits for its turn, or is tried again after a failure, stays as it is.
  const queued = status.nextDue !== null && status.nextDue <= now;
  if (queued || status.asked !== undefined || status.state !== "successful") return undefined;
  // Nor is what was announced forgotten.
  const again = status.awaiting ? status.nextDue : null;
  if (repo.period.seconds === 0) return { ...status, nextDue: again };
  const next = (status.lastAttempt ?? now) + repo.period.seconds * 1_000;
  return { ...status, nextDue: Math.max(now, Math.min(next, again ?? next)) };
}

/** A caller's sync still goes on; what a webhook asked for waits, and what the period wants goes. */
function suspended({ awaiting: _, ...status }: SyncStatus): SyncStatus {
  const goesOn = status.asked?.by === "caller" || status.begun !== undefined;
  return goesOn ? status : { ...status, nextDue: null };
}

/** A sync follows at once, or when the upstream wants to be called again. */
function resumed(status: SyncStatus, now: number): SyncStatus {
  const { begun, nextDue, notBefore = 0 } = status;
  if (begun === undefined) {
    return { ...status, nextDue: Math.min(nextDue ?? Infinity, Math.max(now, notBefore)) };
  }
  // What is under way began before what was ignored meanwhile.
  return withAsked(status, { id: crypto.randomUUID(), force: false, by: "caller", now });
}
