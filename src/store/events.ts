/** What happened at each sync: the last {@link MAX_EVENTS} of a repository. */

import type { IndexErrorReason } from "../helm/index_error.ts";
import { keys } from "./keys.ts";
import { deleteRows, type Kv } from "./kv.ts";

/** Kept per repository. */
const MAX_EVENTS = 100;
/** Old events go in batches of this many syncs, so that a sync need not count rows. */
const TRIM_EVERY = 20;
/** Most names of one kind that an event lists; the count beside them is exact. */
const MAX_NAMES = 50;
/** Most characters of a name in an event: one KV value holds all of them, at two bytes each. */
const MAX_NAME = 100;

/** Something that changed: how many, and the first of them by name. */
export interface Changed {
  count: number;
  names: string[];
}

/** What a sync changed. Versions are named `chart@version`. */
export interface ChangeSet {
  appsAdded: Changed;
  appsRemoved: Changed;
  versionsAdded: Changed;
  versionsRemoved: Changed;
  versionsRepublished: Changed;
}

export interface SyncEvent {
  id: string;
  /** Absent for the end of a sync. */
  kind?: "republished";
  /** Milliseconds of the epoch. */
  finishedAt: number;
  state: "successful" | "failed";
  reason?: IndexErrorReason;
  message?: string;
  /** The generation that is served after this sync; 0 if there is none. */
  generation: number;
  durationMs: number;
  bytes: number;
  /** Absent if nothing was changed. */
  changes?: ChangeSet;
}

export function changed(): Changed {
  return { count: 0, names: [] };
}

/** Counts names, and keeps as many of them as an event lists. */
export function note(changed: Changed, names: Iterable<string>) {
  for (const name of names) {
    changed.count++;
    if (changed.names.length < MAX_NAMES) changed.names.push(name.slice(0, MAX_NAME));
  }
}

/** Adds an event to a commit. */
export function addEvent(op: Deno.AtomicOperation, repoId: string, event: SyncEvent) {
  return op.set(keys.event(repoId, event.finishedAt), event);
}

/** Adds what a sync found to its commit. */
export function addRepublished(op: Deno.AtomicOperation, repoId: string, event: SyncEvent) {
  return op.set(keys.republished(repoId, event.finishedAt), event);
}

/** Those after a time in milliseconds of the epoch, newest first. */
export async function listEvents(kv: Kv, repoId: string, after?: number): Promise<SyncEvent[]> {
  const all = { prefix: keys.events(repoId) };
  const selector = after === undefined ? all : { ...all, end: keys.event(repoId, after) };
  const entries = await kv.list<SyncEvent>(selector, MAX_EVENTS);
  return entries.map(({ value }) => value);
}

/** The ends of the last `count` syncs, newest first. */
export async function listSyncs(kv: Kv, repoId: string, count: number): Promise<SyncEvent[]> {
  // Each may have an event of another kind beside it.
  const entries = await kv.list<SyncEvent>({ prefix: keys.events(repoId) }, 2 * count);
  return entries.map(({ value }) => value).filter(({ kind }) => kind === undefined).slice(0, count);
}

/** Deletes what is over {@link MAX_EVENTS}, now and then. `syncs` counts the repository's syncs. */
export async function trimEvents(kv: Kv, repoId: string, syncs: number): Promise<void> {
  if (syncs % TRIM_EVERY !== 0) return;
  const entries = await kv.list({ prefix: keys.events(repoId) });
  const old = entries.slice(MAX_EVENTS);
  if (old.length > 0) await kv.commit((op) => deleteRows(op, old));
}
