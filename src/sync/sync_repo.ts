/** One sync of one repository, from its source to a commit. */

import { type Secrets, SecretUnreadable } from "../access/secrets.ts";
import { IndexError } from "../helm/index_error.ts";
import { describeError, type Log } from "../log.ts";
import type { FetchIndex } from "../sources/source.ts";
import type { SyncEvent } from "../store/events.ts";
import { type GarbageRow, sweep } from "../store/garbage.ts";
import type { Pointer } from "../store/generations.ts";
import { type Entry, type Kv, StoreUnavailable } from "../store/kv.ts";
import { acquireLease } from "../store/leases.ts";
import { type Progress, writeProgress } from "../store/progress.ts";
import { readRepoAndStatus, type Repo } from "../store/repos.ts";
import {
  type Beginning,
  beginSync,
  commitSync,
  type SyncResult,
  writeAhead,
} from "../store/sync_commit.ts";
import type { SyncStatus } from "../store/sync_status.ts";
import { buildGeneration, type Built } from "./build_generation.ts";
import { type HeldLease, holdLease } from "./lease_work.ts";
import { nextStatus } from "./next_status.ts";
import { accessOf, open } from "./sealed.ts";

/** How often the progress of a sync is written for other processes. */
const PROGRESS_MS = 1_000;

export interface SyncDeps {
  kv: Kv;
  fetchIndex: FetchIndex;
  secrets: Secrets;
  maxIndexBytes: number;
  /** Milliseconds of the epoch. */
  clock: () => number;
  /** From 0 to 1. */
  random: () => number;
  /** Names this process in leases. */
  owner: string;
  log: Log;
  /** Called when a sync begins, with what is kept up to date while it goes on. */
  onBegin: (repoId: string, progress: Readonly<Progress>) => void;
  /** Called when a new generation is committed. */
  onCommit: (repo: Repo, pointer: Pointer) => void;
}

/**
 * When the repository is due once more, `null` if that is never, as far as this process has to
 * care; or until when another process is at it.
 */
export type SyncOutcome = { dueAt: number | null } | { busyUntil: number };

/** What came of a sync before it is committed. */
interface Product {
  built?: Built;
  error?: IndexError;
  bytes: number;
}

/** Syncs a repository if it is due. Throws if the store does not answer or `signal` is aborted. */
export async function syncRepo(
  deps: SyncDeps,
  repoId: string,
  signal: AbortSignal,
): Promise<SyncOutcome> {
  const { kv, owner, clock } = deps;
  const beginning = await beginSync(kv, repoId, owner, clock(), crypto.randomUUID());
  if (!("lease" in beginning)) return beginning;
  return await holdLease(kv, beginning.lease, clock, signal, async (held) => {
    const { begun } = beginning.status.value;
    const progress: Progress = { id: begun.id, phase: "download", bytes: 0, charts: 0 };
    deps.onBegin(repoId, progress);
    const work = () => produce(deps, beginning, held.signal, progress);
    const product = await reported(kv, held, progress, work);
    return await settle(deps, held, beginning, product);
  });
}

/** Deletes what no generation of a repository refers to any more, unless it is being synced. */
export async function sweepRepo(
  { kv, owner, clock }: SyncDeps,
  repoId: string,
  rows: readonly GarbageRow[],
  signal: AbortSignal,
): Promise<void> {
  const lease = await acquireLease(kv, repoId, owner, clock());
  if ("busyUntil" in lease) return;
  await holdLease(kv, lease, clock, signal, (held) => sweep(kv, held, repoId, rows));
}

/** Lets other processes see how far work has come that takes its time. */
async function reported<T>(
  kv: Kv,
  held: HeldLease,
  progress: Progress,
  work: () => Promise<T>,
): Promise<T> {
  let writing = false;
  const report = async () => {
    if (writing) return;
    writing = true;
    // Who watches from elsewhere sees it next time.
    await writeProgress(kv, held.lease, progress).catch(() => {});
    writing = false;
  };
  const timer = setInterval(report, PROGRESS_MS);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}

async function produce(
  deps: SyncDeps,
  beginning: Beginning,
  signal: AbortSignal,
  progress: Progress,
): Promise<Product> {
  try {
    const built = await build(deps, beginning, signal, progress);
    return { bytes: progress.bytes, ...(built && { built }) };
  } catch (error) {
    if (signal.aborted || error instanceof StoreUnavailable) throw error;
    return { bytes: progress.bytes, error: asIndexError(deps, beginning.repo.value, error) };
  }
}

async function build(
  { kv, fetchIndex, secrets, maxIndexBytes, clock }: SyncDeps,
  { repo: { value: repo }, status: { value: { begun } }, pointer }: Beginning,
  signal: AbortSignal,
  progress: Progress,
): Promise<Built | undefined> {
  const answer = await fetchIndex({
    url: repo.url,
    ...accessOf(await open(secrets, repo)),
    ...(pointer?.revision === repo.revision && { validators: pointer.validators }),
    maxBytes: maxIndexBytes,
    signal,
    onBytes: (total) => progress.bytes = total,
  });
  if (answer.kind === "unchanged") return undefined;
  if (answer.totalBytes !== undefined) progress.totalBytes = answer.totalBytes;
  try {
    const download = {
      revision: repo.revision,
      ...answer,
      onChart: () => progress.charts++,
    };
    const built = await buildGeneration(kv, repo.id, pointer, download, clock(), begun.force);
    progress.phase = "store";
    await writeAhead(kv, repo.id, built.fresh, built.dropped, clock());
    return built;
  } finally {
    await answer.leave();
  }
}

function asIndexError({ log }: SyncDeps, repo: Repo, error: unknown): IndexError {
  if (error instanceof IndexError) return error;
  if (error instanceof SecretUnreadable) {
    return new IndexError("credential_unreadable", error.message);
  }
  log("sync failed from within", { repo: repo.id, ...describeError(error) });
  return new IndexError("internal", "Chartroom failed on this index; its log says more");
}

/** Commits what came of a sync, again if something else changed the repository meanwhile. */
async function settle(
  deps: SyncDeps,
  held: HeldLease,
  beginning: Beginning,
  product: Product,
): Promise<SyncOutcome> {
  const { id, revision } = beginning.repo.value;
  let repo: Entry<Repo> = beginning.repo, current: Entry<SyncStatus> = beginning.status;
  for (;;) {
    if (held.signal.aborted) return { dueAt: null };
    if (repo.value === null || current.value === null) return { dueAt: null };
    // What was downloaded is not what is asked for now.
    if (repo.value.revision !== revision) return { dueAt: current.value.nextDue };
    const result = resultOf(deps, beginning, product, repo.value, current.value);
    if (await commitSync(deps.kv, held.lease, repo, current, result)) {
      held.settle();
      const { pointer, event: { changes } } = result;
      if (pointer !== undefined && changes !== undefined) deps.onCommit(repo.value, pointer);
      logEvent(deps.log, id, result.event);
      return { dueAt: result.status.nextDue };
    }
    if (!await held.renew()) return { dueAt: null };
    [repo, current] = await readRepoAndStatus(deps.kv, id);
  }
}

function logEvent(log: Log, repo: string, event: SyncEvent) {
  const { state, reason, message, generation, durationMs, bytes } = event;
  log("synced", { repo, state, reason, message, generation, durationMs, bytes });
}

function resultOf(
  { clock, random }: SyncDeps,
  { status: { value: { begun } }, pointer: old }: Beginning,
  { built, error, bytes }: Product,
  repo: Repo,
  current: SyncStatus,
): SyncResult {
  // Events of a repository are told apart by their time.
  const finishedAt = Math.max(clock(), (current.lastAttempt ?? 0) + 1);
  const status = nextStatus({
    current,
    repo,
    startedAt: begun.startedAt,
    finishedAt,
    bytes,
    changed: built?.changes !== undefined,
    random: random(),
    ...(error && { error }),
    ...(built?.problems !== undefined && { problems: built.problems }),
  });
  const event: SyncEvent = {
    id: begun.id,
    finishedAt,
    state: error === undefined ? "successful" : "failed",
    ...(error && { reason: error.reason, message: status.message! }),
    generation: (built?.pointer ?? old)?.generation ?? 0,
    // Clocks are set back now and then.
    durationMs: Math.max(0, finishedAt - begun.startedAt),
    bytes,
    ...(built?.changes && { changes: built.changes }),
  };
  const republished = republishedEvent(event);
  return {
    status,
    event,
    ...(republished && { republished }),
    ...(built?.pointer && { pointer: built.pointer }),
  };
}

/** A version that is published anew under its old name deserves a look: it may be an attack. */
function republishedEvent({ changes, ...event }: SyncEvent): SyncEvent | undefined {
  const count = changes?.versionsRepublished.count ?? 0;
  if (count === 0) return undefined;
  const [first] = changes!.versionsRepublished.names;
  const message = `${first}${count === 1 ? " was" : ` and ${count - 1} more were`} published ` +
    "anew, with another digest";
  const none = { count: 0, names: [] };
  return {
    ...event,
    id: crypto.randomUUID(),
    kind: "republished",
    message,
    changes: {
      appsAdded: none,
      appsRemoved: none,
      versionsAdded: none,
      versionsRemoved: none,
      versionsRepublished: changes!.versionsRepublished,
    },
  };
}
