/** Work on a repository that only one process may do at a time. */

import type { Kv } from "../store/kv.ts";
import { type Held, type Lease, LEASE_MS, releaseLease, renewLease } from "../store/leases.ts";

/** Renewals per lease time; one or two of them may fail without harm. */
const RENEWALS = 4;

/** A lease that is renewed while work goes on. */
export interface HeldLease extends Held {
  /** Aborted when the lease is lost, or when the caller's signal is. */
  readonly signal: AbortSignal;
  /** To be called when the lease was given back with a commit. */
  settle(): void;
}

/** Does `work` under a lease that was taken, and gives it back. */
export async function holdLease<T>(
  kv: Kv,
  taken: Lease,
  clock: () => number,
  signal: AbortSignal,
  work: (held: HeldLease) => Promise<T>,
): Promise<T> {
  let lease = taken, settled = false;
  let renewing: Promise<boolean> | undefined;
  const lost = new AbortController();
  const renewOnce = async () => {
    const renewed = await renewLease(kv, lease, clock());
    if (renewed !== undefined) lease = renewed;
    else if (!settled) lost.abort(new DOMException("the lease was lost", "AbortError"));
    return renewed !== undefined;
  };
  const renew = () => renewing ??= renewOnce().finally(() => renewing = undefined);
  // While the database does not answer, the lease runs on.
  const timer = setInterval(() => renew().catch(() => {}), LEASE_MS / RENEWALS);
  try {
    return await work({
      get lease() {
        return lease;
      },
      signal: AbortSignal.any([signal, lost.signal]),
      renew,
      settle: () => settled = true,
    });
  } finally {
    clearInterval(timer);
    // A lease that cannot be given back runs out.
    if (!settled) await releaseLease(kv, lease).catch(() => {});
  }
}
