/** Leases: a repository is synced by one process at a time. */

import { keys } from "./keys.ts";
import type { Entry, Kv } from "./kv.ts";

/** How long a lease holds without being renewed. A dead process's repositories wait this long. */
export const LEASE_MS = 15_000;

export interface LeaseRow {
  owner: string;
  until: number;
}

/** A lease that this process holds. `versionstamp` changes when it is renewed. */
export interface Lease {
  repoId: string;
  owner: string;
  versionstamp: string;
}

/** Takes the lease, or tells until when somebody else has it. */
export async function acquireLease(
  kv: Kv,
  repoId: string,
  owner: string,
  now: number,
): Promise<Lease | { busyUntil: number }> {
  const entry = await kv.get<LeaseRow>(keys.lease(repoId));
  if (isHeld(entry.value, now)) return { busyUntil: entry.value.until };
  const lease = await write(kv, { repoId, owner }, entry.versionstamp, now);
  return lease ?? { busyUntil: now + LEASE_MS };
}

/** Whether somebody has the lease: what a row says of itself counts. */
export function isHeld(row: LeaseRow | null, now: number): row is LeaseRow {
  return row !== null && row.until > now;
}

/** Adds the taking of a lease that was not held when it was read. */
export function takeLease(
  op: Deno.AtomicOperation,
  { key, versionstamp }: Pick<Entry<LeaseRow>, "key" | "versionstamp">,
  owner: string,
  now: number,
): Deno.AtomicOperation {
  const row: LeaseRow = { owner, until: now + LEASE_MS };
  return op.check({ key, versionstamp }).set(key, row);
}

/** Holds on to a lease; `undefined` if it was lost. */
export function renewLease(kv: Kv, lease: Lease, now: number): Promise<Lease | undefined> {
  return write(kv, lease, lease.versionstamp, now);
}

/** Gives a lease back, unless somebody else has it by now. */
export async function releaseLease(kv: Kv, lease: Lease): Promise<void> {
  await kv.commit((op) => endLease(op.check(leaseCheck(lease)), lease));
}

/** Adds the end of a lease, and of what was told under it. */
export function endLease(op: Deno.AtomicOperation, { repoId }: Lease): Deno.AtomicOperation {
  return op.delete(keys.lease(repoId)).delete(keys.progress(repoId));
}

/** Makes a commit fail if the lease is not held any more. */
export function leaseCheck({ repoId, versionstamp }: Lease): Deno.AtomicCheck {
  return { key: keys.lease(repoId), versionstamp };
}

/** A lease that is held and renewed while work goes on. */
export interface Held {
  /** As it is now: a renewal changes it. */
  readonly lease: Lease;
  /** Renews it at once; `false` if it was lost. */
  renew(): Promise<boolean>;
}

/** The lease was lost while work that needs it was going on. */
export class LeaseLost extends Error {
  override readonly name = "LeaseLost";
}

/** Commits under a lease. Throws {@link LeaseLost}, and writes nothing, if somebody else has it. */
export async function commitUnder(
  kv: Kv,
  held: Held,
  build: (op: Deno.AtomicOperation) => Deno.AtomicOperation,
): Promise<void> {
  for (;;) {
    if (await kv.commit((op) => build(op.check(leaseCheck(held.lease))))) return;
    if (!await held.renew()) throw new LeaseLost(`the lease of ${held.lease.repoId} was lost`);
  }
}

/** The repositories that some process is working on. */
export async function leasedRepos(kv: Kv, now: number): Promise<Set<string>> {
  const entries = await kv.list<LeaseRow>({ prefix: keys.leases });
  return new Set(
    entries.filter(({ value }) => isHeld(value, now)).map(({ key }) => key.at(-1) as string),
  );
}

async function write(
  kv: Kv,
  { repoId, owner }: { repoId: string; owner: string },
  versionstamp: string | null,
  now: number,
): Promise<Lease | undefined> {
  const entry = { key: keys.lease(repoId), versionstamp };
  const written = await kv.commit((op) => takeLease(op, entry, owner, now));
  return written === undefined ? undefined : { repoId, owner, versionstamp: written };
}
