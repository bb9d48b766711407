/** The one place that opens Deno KV, knows its limits and retries what it reports as locked. */

import { dirname } from "node:path";

/** Most bytes of a value that is a top-level `Uint8Array`; 65,536 is the limit, measured. */
export const MAX_PART_BYTES = 64_000;
/** Most bytes of keys and values in one commit; 819,200 is the limit, measured. */
export const MAX_COMMIT_BYTES = 780_000;
/** Most rows that one commit sets; 1,000 is the limit, measured. */
export const MAX_ROWS_PER_COMMIT = 500;
/** Most keys of one `getMany`, measured. */
const MAX_KEYS_PER_GET = 10;
/** Most rows that `list` reads in one go. */
const MAX_BATCH = 500;

/** On a SQLite file another process's write makes a commit throw; it was not applied. */
const LOCKED = /database is locked|database table is locked/;
const MAX_ATTEMPTS = 40;
const MIN_PAUSE_MS = 2;
const MAX_PAUSE_MS = 250;

/** KV did not answer. What can be answered from memory still can. */
export class StoreUnavailable extends Error {
  override readonly name = "StoreUnavailable";
}

/** Where the database is: a file, memory, a KV Connect URL, or what the platform attaches. */
export type KvLocation =
  | { kind: "file"; path: string }
  | { kind: "memory" }
  | { kind: "remote"; url: string }
  | { kind: "attached" };

export type Entry<T> = { key: Deno.KvKey; value: T | null; versionstamp: string | null };
type Build = (operation: Deno.AtomicOperation) => Deno.AtomicOperation;

/** Deno KV, with its errors sorted out. Only `src/store` calls it; others hand it on. */
export interface Kv {
  get<T>(key: Deno.KvKey, consistency?: Deno.KvConsistencyLevel): Promise<Entry<T>>;
  /** Any number of keys; those of one call are a snapshot if there are at most ten. */
  getMany<T extends readonly unknown[]>(
    keys: readonly [...{ [K in keyof T]: Deno.KvKey }],
  ): Promise<{ [K in keyof T]: Entry<T[K]> }>;
  list<T>(selector: Deno.KvListSelector, limit?: number): Promise<Deno.KvEntry<T>[]>;
  /** Commits what `build` adds and tells its versionstamp; `undefined` if a check failed. */
  commit(build: Build): Promise<string | undefined>;
  close(): void;
}

/** Opens the database and makes the folder of a file if it is not there. */
export async function openKv(location: KvLocation): Promise<Kv> {
  if (location.kind === "file") await Deno.mkdir(dirname(location.path), { recursive: true });
  const db = await retryLocked(() => Deno.openKv(pathOf(location)));
  return {
    get: (key, consistency = "strong") => guarded(() => db.get(key, { consistency })),
    async getMany(keys) {
      const batches: Promise<Entry<unknown>[]>[] = [];
      for (let i = 0; i < keys.length; i += MAX_KEYS_PER_GET) {
        const batch = keys.slice(i, i + MAX_KEYS_PER_GET);
        batches.push(guarded(() => db.getMany(batch)));
      }
      return (await Promise.all(batches)).flat() as never;
    },
    list: <T>(selector: Deno.KvListSelector, limit?: number) =>
      guarded(() => {
        const options = { batchSize: Math.min(limit ?? MAX_BATCH, MAX_BATCH) };
        return Array.fromAsync(
          db.list<T>(selector, limit === undefined ? options : { ...options, limit }),
        );
      }),
    commit: (build) =>
      guarded(async () => {
        const result = await build(db.atomic()).commit();
        return result.ok ? result.versionstamp : undefined;
      }),
    close: () => db.close(),
  };
}

/** Adds the deletion of rows that were read. */
export function deleteRows(
  op: Deno.AtomicOperation,
  rows: readonly Pick<Deno.KvEntry<unknown>, "key">[],
): Deno.AtomicOperation {
  for (const { key } of rows) op.delete(key);
  return op;
}

function pathOf(location: KvLocation): string | undefined {
  switch (location.kind) {
    case "file":
      return location.path;
    case "memory":
      return ":memory:";
    case "remote":
      return location.url;
    case "attached":
      return undefined;
  }
}

/** A `TypeError` of a limit is our own mistake; all else means that the database is out of reach. */
async function guarded<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await retryLocked(call);
  } catch (error) {
    if (error instanceof TypeError && /too (large|many)/i.test(error.message)) throw error;
    throw new StoreUnavailable("the database does not answer", { cause: error });
  }
}

async function retryLocked<T>(call: () => Promise<T>): Promise<T> {
  for (let attempt = 1;; attempt++) {
    try {
      return await call();
    } catch (error) {
      if (attempt === MAX_ATTEMPTS || !LOCKED.test(String(error))) throw error;
      const most = Math.min(MAX_PAUSE_MS, MIN_PAUSE_MS * 2 ** attempt);
      await new Promise((resolve) => setTimeout(resolve, Math.random() * most));
    }
  }
}
