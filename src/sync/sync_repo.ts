/** One sync of one repository, from its source to a commit. */

import { type Secrets, SecretUnreadable } from "../access/secrets.ts";
import { IndexError } from "../helm/index_error.ts";
import { describeError, type Log } from "../log.ts";
import type { Credential, FetchIndex } from "../sources/source.ts";
import type { SyncEvent } from "../store/events.ts";
import { type GarbageRow, sweep } from "../store/garbage.ts";
import { type Pointer, readPointer } from "../store/generations.ts";
import { type Kv, StoreUnavailable } from "../store/kv.ts";
import { readRepoAndStatus, type Repo } from "../store/repos.ts";
import { commitSync, type SyncResult, writeAhead } from "../store/sync_commit.ts";
import type { SyncStatus } from "../store/sync_status.ts";
import { buildGeneration, type Built } from "./build_generation.ts";
import { type HeldLease, withLease } from "./lease_work.ts";
import { nextStatus } from "./next_status.ts";

/** How far a sync has come, for who watches it. */
export interface Progress {
  phase: "download" | "store";
  /** Decoded bytes that have come. */
  bytes: number;
}

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
  onProgress: (repoId: string, progress: Progress) => void;
  /** Called when a new generation is committed. */
  onCommit: (repoId: string) => void;
}

/**
 * `again`: the repository is due once more, since it was changed or asked for meanwhile.
 * `idle`: it is not due, or is no more. `busyUntil`: another process is at it.
 */
export type SyncOutcome =
  | { kind: "done" | "again" | "idle" | "lost" }
  | { kind: "busy"; busyUntil: number };

interface Snapshot {
  repo: Repo;
  status: SyncStatus;
  pointer: Pointer | null;
  startedAt: number;
}

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
  const outcome = await withLease(kv, repoId, owner, clock, signal, async (held) => {
    const startedAt = clock();
    const [repo, status] = await readRepoAndStatus(kv, repoId);
    if (repo.value === null || status.value === null) return "idle";
    if (status.value.nextDue === null || status.value.nextDue > startedAt) return "idle";
    const pointer = await readPointer(kv, repoId);
    const snapshot = { repo: repo.value, status: status.value, pointer, startedAt };
    const product = await produce(deps, snapshot, held.signal);
    return await settle(deps, held, snapshot, product);
  });
  return typeof outcome === "string" ? { kind: outcome } : { kind: "busy", ...outcome };
}

/** Deletes what no generation of a repository refers to any more, unless it is being synced. */
export async function sweepRepo(
  { kv, owner, clock }: SyncDeps,
  repoId: string,
  rows: readonly GarbageRow[],
  signal: AbortSignal,
): Promise<void> {
  await withLease(kv, repoId, owner, clock, signal, (held) => sweep(kv, held, repoId, rows));
}

/** The credential of a repository, opened. */
export async function openCredential(
  secrets: Secrets,
  repo: Pick<Repo, "id" | "credential">,
): Promise<Credential | undefined> {
  if (repo.credential === undefined) return undefined;
  const place = { repoId: repo.id, field: "credential" } as const;
  return JSON.parse(await secrets.open(place, repo.credential));
}

async function produce(deps: SyncDeps, snapshot: Snapshot, signal: AbortSignal): Promise<Product> {
  const product: Product = { bytes: 0 };
  try {
    const built = await build(deps, snapshot, signal, product);
    return built === undefined ? product : { ...product, built };
  } catch (error) {
    if (signal.aborted || error instanceof StoreUnavailable) throw error;
    return { ...product, error: asIndexError(deps, snapshot.repo, error) };
  }
}

async function build(
  { kv, fetchIndex, secrets, maxIndexBytes, clock, onProgress }: SyncDeps,
  { repo, status, pointer }: Snapshot,
  signal: AbortSignal,
  product: Product,
): Promise<Built | undefined> {
  const progress = (phase: Progress["phase"]) =>
    onProgress(repo.id, { phase, bytes: product.bytes });
  progress("download");
  const credential = await openCredential(secrets, repo);
  const answer = await fetchIndex({
    url: repo.url,
    ...(credential && { credential }),
    ...(pointer?.url === repo.url && { validators: pointer.validators }),
    maxBytes: maxIndexBytes,
    signal,
    onBytes(total) {
      product.bytes = total;
      progress("download");
    },
  });
  if (answer.kind === "unchanged") return undefined;
  try {
    const download = { url: repo.url, ...answer };
    const built = await buildGeneration(kv, repo.id, pointer, download, clock(), status.force);
    progress("store");
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
  snapshot: Snapshot,
  product: Product,
): Promise<"done" | "again" | "idle" | "lost"> {
  const { id, revision } = snapshot.repo;
  for (;;) {
    if (held.signal.aborted) return "lost";
    const [repo, current] = await readRepoAndStatus(deps.kv, id);
    if (repo.value === null || current.value === null) return "idle";
    if (repo.value.revision !== revision) return "again";
    const result = resultOf(deps, snapshot, product, repo.value, current.value);
    if (!await commitSync(deps.kv, held.lease, repo, current, result)) {
      if (await held.renew()) continue;
      return "lost";
    }
    held.settle();
    const { status, event, pointer } = result;
    if (pointer !== undefined) deps.onCommit(id);
    const { state, reason, message, generation, durationMs, bytes } = event;
    deps.log("synced", { repo: id, state, reason, message, generation, durationMs, bytes });
    return status.nextDue !== null && status.nextDue <= event.finishedAt ? "again" : "done";
  }
}

function resultOf(
  { clock, random }: SyncDeps,
  { status: begun, pointer: old, startedAt }: Snapshot,
  { built, error, bytes }: Product,
  repo: Repo,
  current: SyncStatus,
): SyncResult {
  // Events of a repository are told apart by their time.
  const finishedAt = Math.max(clock(), (current.lastAttempt ?? 0) + 1);
  const status = nextStatus({
    begun,
    current,
    periodSeconds: repo.period.seconds,
    startedAt,
    finishedAt,
    bytes,
    random: random(),
    ...(error && { error }),
    ...(built?.problems !== undefined && { problems: built.problems }),
  });
  const event: SyncEvent = {
    id: crypto.randomUUID(),
    finishedAt,
    state: error === undefined ? "successful" : "failed",
    ...(error && { reason: error.reason, message: status.message! }),
    generation: (built?.pointer ?? old)?.generation ?? 0,
    durationMs: finishedAt - startedAt,
    bytes,
    ...(built?.changes && { changes: built.changes }),
  };
  return { status, event, ...(built?.pointer && { pointer: built.pointer }) };
}
