/** The commits that begin and end a sync: all rows that they touch, or none of them. */

import { moveDue } from "./due.ts";
import { addEvent, addRepublished, type SyncEvent, trimEvents } from "./events.ts";
import { scheduleSweep } from "./garbage.ts";
import { asPointer, type Pointer } from "./generations.ts";
import { keys } from "./keys.ts";
import type { Entry, Kv } from "./kv.ts";
import { endLease, isHeld, type Lease, leaseCheck, type LeaseRow, takeLease } from "./leases.ts";
import type { Repo } from "./repos.ts";
import { writeSegments } from "./segments.ts";
import type { BegunSync, SyncStatus } from "./sync_status.ts";

/** So much longer is the wait after each death but the first, up to a bound. */
const DEATH_STEP_MS = 60_000;
const MAX_DEATH_WAIT_MS = 600_000;

/** A sync that began: what there was at that moment, with its lease. */
export interface Beginning {
  lease: Lease;
  repo: Entry<Repo> & { value: Repo };
  status: Entry<SyncStatus> & { value: SyncStatus & { begun: BegunSync } };
  pointer: Pointer | null;
}

/**
 * Begins a sync of a repository that is due, as the one that was asked for; `id` is for one that
 * nobody asked for. Tells until when another process is at it, or that it is not due.
 */
export async function beginSync(
  kv: Kv,
  repoId: string,
  owner: string,
  now: number,
  id: string,
): Promise<Beginning | { dueAt: number | null } | { busyUntil: number }> {
  for (;;) {
    const [repo, status, lease, pointer] = await kv.getMany<[Repo, SyncStatus, LeaseRow, Pointer]>(
      [keys.repo(repoId), keys.sync(repoId), keys.lease(repoId), keys.index(repoId)],
    );
    if (repo.value === null || status.value === null) return { dueAt: null };
    const { nextDue } = status.value;
    if (nextDue === null || nextDue > now) return { dueAt: nextDue };
    if (isHeld(lease.value, now)) return { busyUntil: lease.value.until };
    const again = againAt(status.value);
    if (again > now) return { dueAt: again };
    const value = withBegun(status.value, now, id);
    const versionstamp = await kv.commit((op) =>
      takeLease(op.check(status).set(status.key, value), lease, owner, now)
    );
    // Somebody else may have begun it, or asked for it.
    if (versionstamp === undefined) continue;
    return {
      lease: { repoId, owner, versionstamp },
      repo: { ...repo, value: repo.value },
      status: { ...status, value, versionstamp },
      pointer: asPointer(pointer.value),
    };
  }
}

/** When a sync that died may begin once more: at once after its first death, later after others. */
function againAt({ asked, begun: died }: SyncStatus): number {
  if (died === undefined || asked?.by === "caller") return 0;
  return died.startedAt + Math.min((died.tries - 1) * DEATH_STEP_MS, MAX_DEATH_WAIT_MS);
}

function withBegun(status: SyncStatus, now: number, id: string) {
  const { asked, begun: died, ...rest } = status;
  const { id: begunId, force } = died ?? asked ?? { id, force: false };
  return {
    ...rest,
    // Asked for after the one that died began: it is still to come.
    ...(died && asked && { asked }),
    begun: { id: begunId, force, startedAt: now, tries: (died?.tries ?? 0) + 1 },
  };
}

export interface SyncResult {
  status: SyncStatus;
  event: SyncEvent;
  /** Tells of versions that were published anew, if there are any. */
  republished?: SyncEvent;
  /** Absent if what was kept stays. */
  pointer?: Pointer;
}

/**
 * Commits a result over what was read before; `false` if that has changed, or if the lease was
 * lost. The lease is given back with it.
 */
export async function commitSync(
  kv: Kv,
  lease: Lease,
  repo: Entry<Repo>,
  old: Entry<SyncStatus>,
  { status, event, republished, pointer }: SyncResult,
): Promise<boolean> {
  const { repoId } = lease;
  const written = await kv.commit((op) => {
    endLease(op.check(repo).check(old).check(leaseCheck(lease)), lease)
      .set(keys.sync(repoId), status);
    if (pointer !== undefined) op.set(keys.index(repoId), pointer);
    // Without changes, it is the same generation with other validators.
    if (event.changes !== undefined) op.set(keys.indexesChange, true);
    moveDue(op, repoId, old.value?.nextDue ?? null, status.nextDue);
    if (republished !== undefined) addRepublished(op, repoId, republished);
    return addEvent(op, repoId, event);
  });
  // What is left over now goes with the next trim.
  if (written !== undefined) await trimEvents(kv, repoId, status.syncs).catch(() => {});
  return written !== undefined;
}

/**
 * Writes segments that the next commit will refer to, and announces them and those that it will
 * drop to the sweep.
 */
export async function writeAhead(
  kv: Kv,
  repoId: string,
  fresh: Map<string, Uint8Array>,
  dropped: string[],
  now: number,
): Promise<void> {
  await scheduleSweep(kv, repoId, [...fresh.keys(), ...dropped], now);
  await writeSegments(kv, repoId, fresh);
}
