/** How the syncs of a repository went. */

import { keys } from "./keys.ts";
import type { Kv } from "./kv.ts";
import type { IndexErrorReason } from "../helm/index_error.ts";

/** KubeSphere's states: `syncing` until a first sync has ended. */
export type SyncState = "syncing" | "successful" | "failed";

/** A sync that was asked for and has not begun: the next one, whatever else makes it due. */
export interface AskedSync {
  /** Of the event that it will leave behind. */
  id: string;
  /** Whether it may pass the shrink guard. */
  force: boolean;
  /** A webhook waits for its turn; a caller does not. */
  by: "caller" | "webhook";
}

/** A sync that began. */
export interface BegunSync extends Pick<AskedSync, "id" | "force"> {
  startedAt: number;
  /** How many times it began: more than once if a process died of it, or could not store it. */
  tries: number;
}

/** Times are milliseconds of the epoch. */
export interface SyncStatus {
  /** How the last sync that ended went. */
  state: SyncState;
  reason?: IndexErrorReason;
  /** For people; never with a credential. */
  message?: string;
  /** Failed syncs since the last successful one. */
  failures: number;
  lastAttempt?: number;
  lastSuccess?: number;
  /** When the next sync is due: the time of the due row, or `null` if there is none. */
  nextDue: number | null;
  asked?: AskedSync;
  /** Under way as long as the repository is leased; else it died, and the next takes its place. */
  begun?: BegunSync;
  /** When the last sync that ended began. */
  lastStart?: number;
  /** Until when the upstream asked not to be called. */
  notBefore?: number;
  /** Somebody announced something new, and this many syncs since have not found it. */
  awaiting?: number;
  /** Of the last sync that ended. */
  durationMs?: number;
  /** Decoded bytes of the last index that was downloaded. */
  bytes?: number;
  /** Problems of the current generation. */
  problems: number;
  /** How many syncs have ended. */
  syncs: number;
}

export const NEVER_SYNCED: SyncStatus = {
  state: "syncing",
  failures: 0,
  nextDue: null,
  problems: 0,
  syncs: 0,
};

/** For more repositories than this, one range is read rather than single rows. */
const MANY = 50;

/** The statuses of the given repositories, in their order; `undefined` where there is none. */
export async function readStatuses(kv: Kv, ids: string[]): Promise<(SyncStatus | undefined)[]> {
  if (ids.length > MANY) {
    const all = await kv.list<SyncStatus>({ prefix: keys.syncs });
    const statuses = new Map(all.map(({ key, value }) => [key[1], value]));
    return ids.map((id) => statuses.get(id));
  }
  const entries = await kv.getMany<SyncStatus[]>(ids.map(keys.sync));
  return entries.map(({ value }) => value ?? undefined);
}
