/** How far a sync has come: a row that the process at it writes now and then, for the others. */

import { keys } from "./keys.ts";
import type { Kv } from "./kv.ts";
import { isHeld, type LeaseRow } from "./leases.ts";
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

/** A row that nobody writes any more goes after this. */
const EXPIRE_MS = 600_000;

export async function writeProgress(kv: Kv, repoId: string, progress: Progress): Promise<void> {
  await kv.commit((op) => op.set(keys.progress(repoId), progress, { expireIn: EXPIRE_MS }));
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
