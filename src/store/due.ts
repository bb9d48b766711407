/**
 * The due index: a row per repository that waits for a sync, in the order of time. It is the queue
 * of all triggers; a `SyncStatus` names its repository's row, and both change in one commit.
 */

import { isDeepStrictEqual } from "node:util";
import { keys, until } from "./keys.ts";
import { deleteRows, type Kv } from "./kv.ts";
import type { Repo } from "./repos.ts";
import type { AskedSync, SyncStatus } from "./sync_status.ts";

/** Least time from the start of a repository's sync to one that a webhook asks for. */
export const WEBHOOK_SPACING_MS = 10_000;
/** How long a delivery is known, so that it is not taken for a new one when it is sent again. */
const DELIVERY_MS = 86_400_000;

/** A commit checks ten rows at most. */
const FORGET_AT_ONCE = 10;

interface DeliveryRow {
  id: string;
  until: number;
}

/** A sync to be asked for. */
export interface Ask extends AskedSync {
  /** Milliseconds of the epoch. */
  now: number;
  /** What the webhook's sender calls its message: one that is known is not asked for again. */
  delivery?: string;
}

/** `id` is that of the sync which will do what was asked for, or which did when it was `known`. */
export type Asked = { kind: "asked"; id: string; dueAt: number } | { kind: "known"; id: string };

/** Adds the move of a repository's due row from one time to another; `null` is no row. */
export function moveDue(
  op: Deno.AtomicOperation,
  repoId: string,
  from: number | null,
  to: number | null,
): Deno.AtomicOperation {
  if (from === to) return op;
  if (from !== null) op.delete(keys.due(from, repoId));
  if (to !== null) op.set(keys.due(to, repoId), null);
  return op;
}

/** A repository that is due at a time, in milliseconds of the epoch. */
export type Due = Pick<Repo, "id" | "host" | "workspace"> & { at: number };

/** The repositories that are due by a time, the longest waiting first, in pages of at most `size`. */
export async function* duePages(kv: Kv, by: number, size: number): AsyncGenerator<Due[]> {
  let selector = until(keys.dues, by);
  for (;;) {
    const rows = await kv.list(selector, size);
    const repos = await kv.getMany<Repo[]>(rows.map(({ key }) => keys.repo(key[2] as string)));
    yield repos.flatMap(({ value }, i) => {
      if (value === null) return [];
      const { id, host, workspace } = value;
      return { id, host, workspace, at: rows[i]!.key[1] as number };
    });
    const last = rows[size - 1];
    if (last === undefined) return;
    // What comes next in the order of keys.
    selector = { ...selector, start: [...last.key, 0] };
  }
}

/**
 * Asks for a sync of a repository, even while one is under way: what is published after a download
 * began needs another one. What is asked for before it begins is done by one sync.
 */
export async function requestSync(kv: Kv, repoId: string, ask: Ask): Promise<Asked | "absent"> {
  const delivery = ask.delivery === undefined ? undefined : await hashOf(ask.delivery);
  for (;;) {
    const [entry, sent] = await kv.getMany<[SyncStatus, DeliveryRow]>([
      keys.sync(repoId),
      keys.delivery(repoId, delivery ?? ""),
    ]);
    if (entry.value === null) return "absent";
    if (sent.value !== null && sent.value.until > ask.now) {
      return { kind: "known", id: sent.value.id };
    }
    const status = withAsked(entry.value, ask);
    const { id } = status.asked;
    // A hundred that ask at once need not write one after the other.
    const joins = isDeepStrictEqual(entry.value, status);
    if (joins && delivery === undefined) return { kind: "asked", id, dueAt: status.nextDue };
    const written = await kv.commit((op) => {
      op.check(entry);
      if (!joins) {
        moveDue(op, repoId, entry.value!.nextDue, status.nextDue).set(entry.key, status);
      }
      if (delivery === undefined) return op;
      const until = ask.now + DELIVERY_MS;
      const row: DeliveryRow = { id, until };
      return op.check(sent).set(sent.key, row).set(keys.deliveryEnd(until, repoId, delivery), null);
    });
    if (written !== undefined) return { kind: "asked", id, dueAt: status.nextDue };
  }
}

/** Forgets deliveries whose time has come, until the signal is aborted. */
export async function forgetDeliveries(kv: Kv, now: number, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const ends = await kv.list(until(keys.deliveryEnds, now), FORGET_AT_ONCE);
    const rows = await kv.getMany<DeliveryRow[]>(
      ends.map(({ key }) => keys.delivery(key[2] as string, key[3] as string)),
    );
    // One that came again since stays for another day.
    const over = rows.filter(({ value }) => value !== null && value.until <= now);
    await kv.commit((op) => {
      for (const row of over) op.check(row);
      return deleteRows(deleteRows(op, over), ends);
    });
    if (ends.length < FORGET_AT_ONCE) return;
  }
}

/** The status of a repository for which a sync was asked for. */
export function withAsked(
  status: SyncStatus,
  { now, ...ask }: Ask,
): SyncStatus & { asked: AskedSync; nextDue: number } {
  const { asked, begun, lastStart = -Infinity, notBefore = -Infinity } = status;
  const wanted = ask.by === "caller"
    ? now
    // What the upstream asks for at the end of one under way is added then.
    : Math.max(now, (begun?.startedAt ?? lastStart) + WEBHOOK_SPACING_MS, begun ? 0 : notBefore);
  // The due time of a sync that began says nothing of the one after it.
  const before = asked === undefined && begun !== undefined ? null : status.nextDue;
  return {
    ...status,
    asked: {
      id: asked?.id ?? ask.id,
      force: ask.force || (asked?.force ?? false),
      by: asked?.by === "caller" ? "caller" : ask.by,
    },
    nextDue: Math.min(before ?? Infinity, wanted),
    ...(ask.by === "webhook" && { awaiting: 0 }),
  };
}

async function hashOf(text: string): Promise<string> {
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return new Uint8Array(hash).toHex();
}
