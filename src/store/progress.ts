/** How far a sync has come: a row that the process at it writes now and then, for the others. */

import { keys } from "./keys.ts";
import type { Kv } from "./kv.ts";
import { isHeld, type Lease, leaseCheck, type LeaseRow } from "./leases.ts";
import type { SyncStatus } from "./sync_status.ts";

/** How far a sync has come, for who watches it. */
export interface Progress {
  /** Of the event that the sync will leave behind. */
  id: string;
  phase: "download" | "store";
  /** Decoded bytes that have come. */
  bytes: number;
  /** Decoded bytes in all, where the upstream says so. */
  totalBytes?: number;
  /** Charts that were read. */
  charts: number;
}

/** Writes it, if the lease is still held as it is given; the row goes with the lease. */
export async function writeProgress(kv: Kv, lease: Lease, progress: Progress): Promise<void> {
  await kv.commit((op) => op.check(leaseCheck(lease)).set(keys.progress(lease.repoId), progress));
}

/**
 * How a repository stands: its status, whether some process is at work on it, and how far a sync has
 * come. `undefined` if there is no such repository.
 */
export async function readStanding(
  kv: Kv,
  repoId: string,
  now: number,
): Promise<{ status: SyncStatus; leased: boolean; progress: Progress | null } | undefined> {
  const [status, lease, progress] = await kv.getMany<[SyncStatus, LeaseRow, Progress]>([
    keys.sync(repoId),
    keys.lease(repoId),
    keys.progress(repoId),
  ]);
  if (status.value === null) return undefined;
  return { status: status.value, leased: isHeld(lease.value, now), progress: progress.value };
}

/** How far syncs have come, as far as that was written, in the order of the repositories. */
export async function readProgress(kv: Kv, repoIds: string[]): Promise<(Progress | null)[]> {
  const entries = await kv.getMany<Progress[]>(repoIds.map(keys.progress));
  return entries.map(({ value }) => value);
}
