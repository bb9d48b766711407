/** Tries to be let in: what does not work is counted, by where it comes from. */

import { createHash } from "node:crypto";
import { countedLru } from "../counted_lru.ts";
import { RateLimited, Refused } from "../refused.ts";
import { createRateLimit, type RateLimit } from "./rate_limit.ts";

/** Credentials that do not work, from one address. */
const FAILURES = { name: "logins", perSecond: 1 / 6, burst: 10 };
/** Deliveries to one repository that are not proven, wherever they come from. */
const UNPROVEN = { name: "deliveries", perSecond: 10, burst: 100 };
/** What is known to have worked. */
const MAX_KNOWN = 10_000;

/** What is shown. */
export interface Shown {
  /** Where it comes from; `""` if that is not known, and then it is not counted there. */
  address: string;
  /** Credentials, or which webhook is called. */
  text: string;
  /** For which webhook they are, if they are for one. */
  webhook?: string;
}

export interface Attempts {
  /**
   * Calls `look`, which throws a `Refused` if what is shown lets nobody in. Where too
   * much did not work lately, throws a `RateLimited` without looking; but for who got in with the
   * same from the same address, so that a neighbour stays in. Those that come at the same time are all
   * looked at, and may leave a bucket owing.
   */
  attempt<T>(shown: Shown, look: () => Promise<T>): Promise<T>;
  /** Takes what was given out just now for something that has worked there. */
  admit(shown: Shown): void;
}

export function createAttempts(clock: () => number): Attempts {
  const byAddress = createRateLimit(FAILURES, clock);
  const byWebhook = createRateLimit(UNPROVEN, clock);
  const worked = countedLru<true>(MAX_KNOWN);

  return {
    async attempt({ address, text, webhook }, look) {
      const buckets: [RateLimit, string][] = [];
      if (address !== "") buckets.push([byAddress, address]);
      if (webhook !== undefined) buckets.push([byWebhook, webhook]);
      const key = keyOf(address, text);
      if (!worked.has(key)) { for (const [limit, key] of buckets) refuseIfEmpty(limit, key); }
      try {
        const found = await look();
        worked.set(key, true);
        return found;
      } catch (error) {
        if (error instanceof Refused) {
          // A sender of webhooks shares its address with others, who must not have it shut out.
          if (error.code !== "unavailable" && webhook === undefined) worked.delete(key);
          for (const [limit, key] of buckets) limit.charge(key);
        }
        throw error;
      }
    },
    admit({ address, text }) {
      worked.set(keyOf(address, text), true);
    },
  };
}

function keyOf(address: string, text: string): string {
  return createHash("sha256").update(`${address} ${text}`).digest("base64");
}

function refuseIfEmpty(limit: RateLimit, key: string) {
  const waitMs = limit.wait(key);
  if (waitMs === 0) return;
  throw new RateLimited("too much that was shown here did not work; wait", waitMs, limit.rate);
}
