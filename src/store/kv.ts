/** The one place that opens Deno KV, knows its limits, and bounds how long it may take. */

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

/**
 * What a commit to a SQLite file throws while another process writes: at once, or when SQLite has
 * waited for 5 s. It was not applied.
 */
const LOCKED = /database is locked|database table is locked/;
/** What a call throws that a handle did not take, since it is closed. */
const CLOSED = /bad resource id|database is closed/i;
const MIN_PAUSE_MS = 2;
const MAX_PAUSE_MS = 250;
/** How long closing waits for what is under way. */
const CLOSE_MS = 1_000;

/** How long the database may take; milliseconds. */
export interface KvLimits {
  /** What is locked, or closed, is not tried again after this. */
  retryMs: number;
  /** A call that has not ended by then has failed for its caller, whatever comes of it. */
  callMs: number;
  /** The same, once the database was found silent: one call at a time tries whether it still is. */
  trialMs: number;
}

export const KV_LIMITS: KvLimits = { retryMs: 4_000, callMs: 10_000, trialMs: 250 };

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
    consistency?: Deno.KvConsistencyLevel,
  ): Promise<{ [K in keyof T]: Entry<T[K]> }>;
  list<T>(selector: Deno.KvListSelector, limit?: number): Promise<Deno.KvEntry<T>[]>;
  /**
   * Commits what `build` adds and tells its versionstamp; `undefined` if a check failed. What
   * throws {@link StoreUnavailable} may have been applied, or be applied later.
   */
  commit(build: Build): Promise<string | undefined>;
  /** Ends when the database is closed, or soon if it does not answer. */
  close(): Promise<void>;
}

/** Opens the database and makes the folder of a file if it is not there. */
export async function openKv(location: KvLocation, limits: KvLimits = KV_LIMITS): Promise<Kv> {
  // What it holds is for nobody else on the machine.
  const folder = { recursive: true, mode: 0o700 };
  if (location.kind === "file") await Deno.mkdir(dirname(location.path), folder);
  const writing = await Handle.open(location, limits);
  // A handle on a file does one thing after another: a commit that waits would hold up every read.
  const reading = location.kind === "file" ? await Handle.open(location, limits) : writing;
  return {
    get: (key, consistency = "strong") => reading.call((db) => db.get(key, { consistency })),
    async getMany(keys, consistency = "strong") {
      const batches: Promise<Entry<unknown>[]>[] = [];
      for (let i = 0; i < keys.length; i += MAX_KEYS_PER_GET) {
        const batch = keys.slice(i, i + MAX_KEYS_PER_GET);
        batches.push(reading.call((db) => db.getMany(batch, { consistency })));
      }
      return (await Promise.all(batches)).flat() as never;
    },
    list: <T>(selector: Deno.KvListSelector, limit?: number) =>
      reading.call((db) => {
        const options = { batchSize: Math.min(limit ?? MAX_BATCH, MAX_BATCH) };
        return Array.fromAsync(
          db.list<T>(selector, limit === undefined ? options : { ...options, limit }),
        );
      }),
    commit: (build) =>
      writing.call(async (db) => {
        const result = await build(db.atomic()).commit();
        return result.ok ? result.versionstamp : undefined;
      }),
    async close() {
      await Promise.all([writing.close(), reading.close()]);
    },
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

/** A handle of the database that is opened anew when it breaks. */
class Handle {
  readonly #location: KvLocation;
  readonly #limits: KvLimits;
  #db: Deno.Kv;
  #reopening: Promise<void> | undefined;
  #closed = false;
  /** Whether the database took too long, and has answered nothing since. */
  #silent = false;
  /** The one call that tries a silent database. */
  #trial: Promise<void> | undefined;

  private constructor(db: Deno.Kv, location: KvLocation, limits: KvLimits) {
    this.#db = db;
    this.#location = location;
    this.#limits = limits;
  }

  static async open(location: KvLocation, limits: KvLimits): Promise<Handle> {
    const db = await retry(() => Deno.openKv(pathOf(location)), isLocked, limits.retryMs);
    return new Handle(db, location, limits);
  }

  /** Throws {@link StoreUnavailable} if the database fails or does not answer in time. */
  async call<T>(work: (db: Deno.Kv) => Promise<T>): Promise<T> {
    const { callMs, trialMs } = this.#limits;
    try {
      if (this.#trial !== undefined) {
        await within(trialMs, this.#trial);
        if (this.#silent) throw new Late("another call was not answered");
      }
      const answer = within(callMs, this.#insist(work));
      if (!this.#silent) return await answer;
      const ended = () => void (this.#trial = undefined);
      this.#trial = answer.then(ended, ended);
      return await within(trialMs, answer);
    } catch (error) {
      if (isOurMistake(error)) throw error;
      if (error instanceof Late || isLocked(error)) this.#silent = true;
      throw new StoreUnavailable(`the database does not answer (${error})`, { cause: error });
    }
  }

  /** Ends when the handle is closed, or soon: one that does not answer closes when it does. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const db = this.#db;
    // Deno closes a handle when it has nothing to do any more, and blocks everything else until then.
    const idle = db.get([""]).catch(() => {});
    await within(CLOSE_MS, idle.then(() => closeQuietly(db))).catch(() => {});
  }

  /** Calls again while the database is locked, and on a new handle if this one is broken. */
  #insist<T>(work: (db: Deno.Kv) => Promise<T>): Promise<T> {
    let broken: Deno.Kv | undefined;
    const attempt = async () => {
      const before = broken;
      broken = undefined;
      if (before !== undefined) await this.#replace(before);
      if (this.#closed) throw new Error("it was closed");
      const db = this.#db;
      try {
        const answer = await work(db);
        this.#silent = false;
        return answer;
      } catch (error) {
        if (this.#canReopen() && CLOSED.test(String(error))) broken = db;
        throw error;
      }
    };
    const again = (error: unknown) => broken !== undefined || isLocked(error);
    return retry(attempt, again, this.#limits.retryMs);
  }

  /** What is in memory is lost with its handle: an empty database must not pass for it. */
  #canReopen(): boolean {
    return !this.#closed && this.#location.kind !== "memory";
  }

  /** Opens a handle in the place of one that is broken, once for all calls that want it. */
  async #replace(broken: Deno.Kv) {
    if (this.#db !== broken) return;
    this.#reopening ??= this.#reopen().finally(() => this.#reopening = undefined);
    await this.#reopening;
  }

  async #reopen() {
    // Nor must a new file pass for one that is gone.
    if (this.#location.kind === "file") await Deno.stat(this.#location.path);
    const db = await Deno.openKv(pathOf(this.#location));
    if (this.#closed) db.close();
    else this.#db = db;
  }
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

function closeQuietly(db: Deno.Kv) {
  try {
    db.close();
  } catch {
    // It was closed already, which is what broke it.
  }
}

/** A `TypeError` of a limit is our own mistake; all else means that the database is out of reach. */
function isOurMistake(error: unknown): boolean {
  return error instanceof TypeError && /too (large|many)/i.test(error.message);
}

function isLocked(error: unknown): boolean {
  return LOCKED.test(String(error));
}

/** The database is taking too long. */
class Late extends Error {}

/** What is promised, if it comes in time. */
async function within<T>(ms: number, promise: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Late(`nothing came for ${ms / 1_000} s`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Calls until it works, throws what `again` does not want to see, or begins too late. */
async function retry<T>(
  call: () => Promise<T>,
  again: (error: unknown) => boolean,
  retryMs: number,
): Promise<T> {
  const begun = performance.now();
  for (let attempt = 1;; attempt++) {
    try {
      return await call();
    } catch (error) {
      if (!again(error) || performance.now() - begun >= retryMs) throw error;
      const most = Math.min(MAX_PAUSE_MS, MIN_PAUSE_MS * 2 ** attempt);
      await new Promise((resolve) => setTimeout(resolve, Math.random() * most));
    }
  }
}
