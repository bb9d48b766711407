/** The one commit that ends a sync: pointer, status, due row, event and lease, or none of them. */

import { moveDue } from "./due.ts";
import { addEvent, type SyncEvent, trimEvents } from "./events.ts";
import { scheduleSweep } from "./garbage.ts";
import type { Pointer } from "./generations.ts";
import { keys } from "./keys.ts";
import type { Entry, Kv } from "./kv.ts";
import { type Lease, leaseCheck } from "./leases.ts";
import type { Repo } from "./repos.ts";
import { writeSegments } from "./segments.ts";
import type { SyncStatus } from "./sync_status.ts";

export interface SyncResult {
  status: SyncStatus;
  event: SyncEvent;
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
  { status, event, pointer }: SyncResult,
): Promise<boolean> {
  const { repoId } = lease;
  const written = await kv.commit((op) => {
    op.check(repo).check(old).check(leaseCheck(lease))
      .delete(keys.lease(repoId))
      .set(keys.sync(repoId), status);
    if (pointer !== undefined) op.set(keys.index(repoId), pointer);
    moveDue(op, repoId, old.value?.nextDue ?? null, status.nextDue);
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
