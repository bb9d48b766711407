/** Rows that are looked up by the hash of what somebody shows, again and again. */

import { countedLru } from "../counted_lru.ts";
import { StoreUnavailable } from "../store/kv.ts";

/** Rows that are remembered; the others are looked up. */
const MAX_KNOWN = 10_000;
/** For how long a row that was looked up is not looked up again: it may be deleted elsewhere. */
export const FRESH_MS = 1_000;
/** For how long a known row still counts while the database does not answer. */
const GRACE_MS = 600_000;

export interface Known<T> {
  /** The row, as it was a moment ago. */
  look(hash: string): Promise<T | undefined>;
  /** It is looked up the next time. */
  forget(hash: string): void;
}

export function createKnown<T>(
  find: (hash: string) => Promise<T | undefined>,
  clock: () => number,
): Known<T> {
  const known = countedLru<{ row: T; readAt: number }>(MAX_KNOWN);
  /** Counts what was forgotten: a look-up that began before must not bring it back. */
  let forgotten = 0;

  return {
    async look(hash) {
      const now = clock(), before = known.get(hash);
      const age = before === undefined ? Infinity : now - before.readAt;
      if (age < FRESH_MS) return before!.row;
      try {
        const since = forgotten, row = await find(hash);
        if (row === undefined) known.delete(hash);
        else if (since === forgotten) known.set(hash, { row, readAt: now });
        return row;
      } catch (error) {
        if (error instanceof StoreUnavailable && age < GRACE_MS) return before!.row;
        throw error;
      }
    },
    forget(hash) {
      forgotten++;
      known.delete(hash);
    },
  };
}
