/**
 * The due index: a row per repository that waits for a sync, in the order of time. It is the queue
 * of all triggers; a `SyncStatus` names its repository's row, and both change in one commit.
 */

import { keys, until } from "./keys.ts";
import type { Kv } from "./kv.ts";
import type { SyncStatus } from "./sync_status.ts";

/** Adds the move of a repository's due row from one time to another; `null` is no row. */
export function moveDue(
  op: Deno.AtomicOperation,
  repoId: string,
  from: number | null,
  to: number | null,
): Deno.AtomicOperation {
  if (from !== null) op.delete(keys.due(from, repoId));
  if (to !== null) op.set(keys.due(to, repoId), null);
  return op;
}

/** The repositories that are due, the longest waiting first. */
export async function listDue(kv: Kv, now: number, limit: number): Promise<string[]> {
  const rows = await kv.list(until(keys.dues, now), limit);
  return rows.map(({ key }) => key[2] as string);
}

/**
 * Makes a repository due now, even while it is being synced: what is published after a download
 * began needs another one. `force` lets the next sync pass the shrink guard.
 */
export async function requestSync(
  kv: Kv,
  repoId: string,
  now: number,
  { force = false } = {},
): Promise<"requested" | "absent"> {
  for (;;) {
    const entry = await kv.get<SyncStatus>(keys.sync(repoId));
    if (entry.value === null) return "absent";
    const { nextDue: before } = entry.value;
    // A sync under way knows by the due time that it was asked for again, so it always changes.
    const nextDue = before !== null && before <= now ? before - 1 : now;
    const status = { ...entry.value, nextDue, force: force || entry.value.force };
    const written = await kv.commit((op) =>
      moveDue(op, repoId, before, nextDue).check(entry).set(entry.key, status)
    );
    if (written !== undefined) return "requested";
  }
}
