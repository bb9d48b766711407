/** Token buckets: how much somebody may have at once, and for how long that goes on. */

import { countedLru } from "../counted_lru.ts";

/** Buckets that are known. One that is dropped is full again, as it would be seconds later anyway. */
const MAX_BUCKETS = 10_000;

/** What a bucket holds. */
export interface Rate {
  /** What callers are told of it. */
  readonly name: string;
  /** Units that come in a second. */
  readonly perSecond: number;
  /** Units in a full bucket. */
  readonly burst: number;
}

/** Buckets by key, each full at first. */
export interface RateLimit {
  readonly rate: Rate;
  /**
   * Takes units from a bucket. 0 if they were there; or else the milliseconds after which they will
   * be, and nothing is taken. More than a full bucket holds counts as a full one.
   */
  take(key: string, units: number): number;
  /** The milliseconds after which a bucket has a unit; 0 if it has one. */
  wait(key: string): number;
  /** Takes a unit, from an empty bucket too: it can owe as much as a full one holds. */
  charge(key: string): void;
}

/** Buckets of one rate. `clock` gives milliseconds. */
export function createRateLimit(rate: Rate, clock: () => number): RateLimit {
  /** When each bucket will be full; of a full one, nothing is known. */
  const fullAt = countedLru<number>(MAX_BUCKETS);
  const msPerUnit = 1_000 / rate.perSecond, capacityMs = rate.burst * msPerUnit;

  /** Milliseconds until a bucket is full. A clock that was set back makes nobody wait for longer. */
  function missing(key: string, now: number): number {
    return Math.min(Math.max((fullAt.get(key) ?? now) - now, 0), 2 * capacityMs);
  }

  function waitFor(missingMs: number): number {
    return Math.max(0, Math.ceil(missingMs - capacityMs));
  }

  return {
    rate,
    take(key, units) {
      const now = clock(), missingMs = missing(key, now);
      const after = missingMs + Math.min(units * msPerUnit, capacityMs);
      // A remainder of the arithmetic is no unit.
      if (after > capacityMs + 1e-6) return Math.max(1, waitFor(after));
      fullAt.set(key, now + after);
      return 0;
    },
    wait: (key) => waitFor(missing(key, clock()) + msPerUnit - 1e-6),
    charge(key) {
      const now = clock();
      fullAt.set(key, now + Math.min(missing(key, now) + msPerUnit, 2 * capacityMs));
    },
  };
}

/** No limit at all. */
export const UNLIMITED: RateLimit = {
  rate: { name: "none", perSecond: Infinity, burst: Infinity },
  take: () => 0,
  wait: () => 0,
  charge: () => {},
};
