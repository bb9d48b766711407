/**
 * Garbage: segments that no generation refers to. They stay for a while, since a reader may still
 * hold the generation that did. A sync announces what it is about to write, and to drop, before it
 * does, so what a dying process leaves behind goes too.
 */

import { readCatalog, readPointer, referencesOf } from "./generations.ts";
import { keys, until } from "./keys.ts";
import { deleteRows, type Kv, MAX_PART_BYTES } from "./kv.ts";
import { commitUnder, type Held } from "./leases.ts";
import { deleteAll, splitHashes } from "./segments.ts";

/** How long segments outlive their generation. */
export const GARBAGE_DELAY_MS = 600_000;

const HASH_BYTES = 32;
/** Most rows that are looked at in one go; a commit ends at 1,000 mutations, measured. */
const MAX_ROWS = 500;
const HASHES_PER_ROW = Math.floor(MAX_PART_BYTES / HASH_BYTES);

/**
 * Lets the given segments be looked at later. What a generation refers to by then stays, so this
 * may come before the commit that adds or drops them, and should: if that does not come, no harm.
 */
export async function scheduleSweep(
  kv: Kv,
  repoId: string,
  hashes: string[],
  now: number,
): Promise<void> {
  for (let i = 0; i < hashes.length; i += HASHES_PER_ROW) {
    const row = Uint8Array.fromHex(hashes.slice(i, i + HASHES_PER_ROW).join(""));
    const key = keys.garbage(now + GARBAGE_DELAY_MS, repoId, crypto.randomUUID());
    await kv.commit((op) => op.set(key, row));
  }
}

/** Adds a row that lets all of a deleted repository's segments and events be swept later. */
export function scheduleSweepOfAll(op: Deno.AtomicOperation, repoId: string, now: number) {
  return op.set(keys.garbage(now + GARBAGE_DELAY_MS, repoId, "all"), null);
}

/** What a sweep of a repository has to look at. */
export type GarbageRow = Deno.KvEntry<Uint8Array | null>;

/** Garbage whose time has come, by repository. */
export async function listGarbage(kv: Kv, now: number): Promise<Map<string, GarbageRow[]>> {
  const rows = await kv.list<Uint8Array | null>(until(keys.garbages, now), MAX_ROWS);
  return Map.groupBy(rows, ({ key }) => key[2] as string);
}

/**
 * Sweeps the garbage of a repository. Every deletion is under the repository's lease: a sync of
 * somebody else may be about to refer to what is garbage now.
 */
export async function sweep(
  kv: Kv,
  held: Held,
  repoId: string,
  rows: readonly GarbageRow[],
): Promise<void> {
  const pointer = await readPointer(kv, repoId);
  if (pointer === null && rows.some(({ value }) => value === null)) {
    await deleteAll(kv, held, keys.segments(repoId));
    await deleteAll(kv, held, keys.events(repoId));
  } else {
    const used = pointer === null
      ? new Set<string>()
      : referencesOf(pointer, await readCatalog(kv, repoId, pointer));
    const hashes = new Set(rows.flatMap(({ value }) => value === null ? [] : splitHashes(value)));
    for (const hash of hashes.difference(used)) {
      await deleteAll(kv, held, keys.segment(repoId, hash));
    }
  }
  await commitUnder(kv, held, (op) => deleteRows(op, rows));
}
