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
 * How a repository stands: its status, whether some process is syncing it, and how far one of them
 * has come. `undefined` if there is no such repository.
 */
export async function readStanding(
  kv: Kv,
  repoId: string,
  now: number,
): Promise<{ status: SyncStatus; running: boolean; progress: Progress | null } | undefined> {
  const [status, lease, progress] = await kv.getMany<[SyncStatus, LeaseRow, Progress]>([
    keys.sync(repoId),
    keys.lease(repoId),
    keys.progress(repoId),
  ]);
  if (status.value === null) return undefined;
  const running = status.value.begun !== undefined && isHeld(lease.value, now);
  return { status: status.value, running, progress: progress.value };
}
