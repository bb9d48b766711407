/** The audit log: who did what when, from where, and how it ended. Newest first. */

import { keys } from "./keys.ts";
import type { Kv } from "./kv.ts";

/** How long an entry is kept and shown. */
export const RETENTION_MS = 90 * 86_400_000;

/** What is recorded. It has no field for what a caller sent: no value, query, path or header. */
export interface AuditEntry {
  who: { kind: string; name: string; subject?: string; tokenId?: string };
  /** A stable word, such as `repository.create`; `none` where no route was met. */
  action: string;
  /** The method, and the pattern of the route that was met. */
  route: string;
  /** Empty: what is done concerns none, or nobody knows which. */
  workspace: string;
  /** What it is done with, if that is there. */
  resource?: { id: string; name: string };
  /** Names of the fields that were sent. */
  fields: string[];
  /** Empty: unknown. */
  address: string;
  userAgent: string;
  /** How it ended; absent as long as it has not, or as nobody knows. */
  ended?: { status: number; code?: string; durationMs: number };
  /** Entries that were left out before this one. */
  omitted?: number;
}

/** Where an entry is. Time is in milliseconds of the epoch. */
export interface AuditPlace {
  time: number;
  id: string;
}

/** Which entries are meant; both ends belong to it. Times are milliseconds of the epoch. */
export interface AuditRange {
  since?: number | undefined;
  until?: number | undefined;
  /** Older ones than this one. */
  after?: AuditPlace | undefined;
}

/** Writes an entry, in the place of what is there. The database drops it when its time is over. */
export async function putAudit(kv: Kv, { time, id }: AuditPlace, entry: AuditEntry): Promise<void> {
  await kv.commit((op) => op.set(keys.audit(time, id), entry, { expireIn: RETENTION_MS }));
}

/** Takes an entry back. */
export async function deleteAudit(kv: Kv, { time, id }: AuditPlace): Promise<void> {
  await kv.commit((op) => op.delete(keys.audit(time, id)));
}

/** The newest entries of a range, at most `limit`. What is over 90 days old is not shown. */
export async function listAudit(
  kv: Kv,
  { since = -Infinity, until, after }: AuditRange,
  now: number,
  limit: number,
): Promise<(AuditEntry & AuditPlace)[]> {
  const oldest = Math.max(since, now - RETENTION_MS);
  const newest = Math.min(until ?? Infinity, after?.time ?? Infinity);
  if (newest < oldest) return [];
  const start = after !== undefined && after.time === newest
    // The key that comes next to that one's.
    ? [...keys.audit(after.time, after.id), ""]
    : [...keys.audits, newest === Infinity ? 0 : Number.MAX_SAFE_INTEGER - newest];
  const end = [...keys.audits, Number.MAX_SAFE_INTEGER - oldest + 1];
  const rows = await kv.list<AuditEntry>({ start, end }, limit);
  return rows.map(({ key, value }) => ({
    ...value,
    time: Number.MAX_SAFE_INTEGER - (key[1] as number),
    id: key[2] as string,
  }));
}
