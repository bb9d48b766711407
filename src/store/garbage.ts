/**
 * Garbage: segments that no generation refers to. They stay for a while, since a reader may still
 * hold the generation that did. A sync announces what it is about to write, and to drop, before it
 * does, so what a dying process leaves behind goes too.
 */

import { readCatalog, readPointer, referencesOf } from "./generations.ts";
import { keys, until } from "./keys.ts";
import { type Kv, MAX_PART_BYTES } from "./kv.ts";
import { deleteAll, deleteSegments, splitHashes } from "./segments.ts";

/** How long segments outlive their generation. */
export const GARBAGE_DELAY_MS = 600_000;

const HASH_BYTES = 32;
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

/** The repositories whose garbage may be swept now. */
export async function listSweepable(kv: Kv, now: number, limit: number): Promise<string[]> {
  const rows = await kv.list(until(keys.garbages, now), limit);
  return [...new Set(rows.map(({ key }) => key[2] as string))];
}

/**
 * Sweeps the garbage of a repository that is due. Only for the holder of the repository's lease:
 * a sync under way may be about to refer to what is garbage now.
 */
export async function sweep(kv: Kv, repoId: string, now: number): Promise<void> {
  const rows = (await kv.list<Uint8Array | null>(until(keys.garbages, now)))
    .filter(({ key }) => key[2] === repoId);
  const pointer = await readPointer(kv, repoId);
  if (pointer.value === null && rows.some(({ value }) => value === null)) {
    await deleteAll(kv, keys.segments(repoId));
    await deleteAll(kv, keys.events(repoId));
  } else {
    const used = pointer.value === null
      ? new Set<string>()
      : referencesOf(pointer.value, await readCatalog(kv, repoId, pointer.value));
    const hashes = rows.flatMap(({ value }) => value === null ? [] : splitHashes(value));
    await deleteSegments(kv, repoId, hashes.filter((hash) => !used.has(hash)));
  }
  await kv.commit((op) => rows.reduce((op, { key }) => op.delete(key), op));
}
