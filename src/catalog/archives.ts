/**
 * Charts' archives: fetched when somebody asks, checked, and kept as they came, bounded by bytes.
 * However many ask for one, it is fetched once; so many are fetched at once, in all and for each
 * repository, so that one with a slow upstream does not hold up the others.
 */

import { LRUCache } from "lru-cache";
import { unlessAborted } from "../aborted.ts";
import { readArchive } from "../helm/archive.ts";
import { ArchiveError } from "../helm/archive_error.ts";
import type { ChartVersion } from "../helm/chart.ts";
import { describeError, type Log } from "../log.ts";
import { Refused } from "../refused.ts";
import type { Repo } from "../store/repos.ts";
import { Queue } from "../sync/queue.ts";
import { takeTurns } from "../turn.ts";
import {
  type Archive,
  type ArchiveOwner,
  digestOf,
  type FetchDeps,
  fetchFirst,
  requireUrls,
  titleOf,
} from "./fetch_archive.ts";
import type { CacheCounts } from "./hot_index.ts";

/** Archives that are fetched, and that are looked through, at once: in all and of one repository. */
const FETCHES = { total: 6, perHost: 2, perWorkspace: 4 };
const LOOKS = { total: 4, perHost: 2, perWorkspace: 3 };
/** Those that may wait for either, themselves included: in all and of one repository. */
const MAX_WAITING = { total: 400, perRepo: 40 };
/** Bytes of archives in answers that are on their way, beside what is kept. */
const MAX_LENT_BYTES = 128 * 1_048_576;
/** Failures of one repository are logged once in that time. */
const LOG_EVERY_MS = 60_000;
const MAX_LOGGED = 1_000;
/** Beside an archive's bytes: what is kept with them. */
const ENTRY_BYTES = 500;

export interface Archives {
  /**
   * A version's archive. Throws a `Refused` if there is none or it cannot be had; or the signal's
   * reason. What nobody waits for any more is not fetched to its end.
   */
  get(owner: ArchiveOwner, signal: AbortSignal): Promise<Archive>;
  /**
   * Names of an archive's files, each with where its file stands among all of them: that of the
   * last one where a name comes twice. All of the archive is looked through; throws a `Refused`
   * if it cannot be used.
   */
  names(
    owner: ArchiveOwner,
    archive: Archive,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, number>>;
  /**
   * Counts an archive as held by an answer, until what it gives is called. Throws a `Refused` if
   * answers hold too much: a client may take its time to read.
   */
  lend(archive: Archive): () => void;
  counts(): CacheCounts;
  /** Ends what is under way. */
  close(): void;
}

export interface ArchivesDeps extends FetchDeps {
  /** For archives that are kept. */
  maxBytes: number;
  clock: () => number;
  log: Log;
}

/** Work that is done once for all that wait for its result. */
interface Job {
  repoId: string;
  run: (signal: AbortSignal) => Promise<unknown>;
  result: PromiseWithResolvers<unknown>;
  stop: AbortController;
  waiting: number;
}

export function createArchives(deps: ArchivesDeps): Archives {
  const { maxBytes } = deps;
  const counts = { hits: 0, misses: 0, evictions: 0 };
  const kept = new LRUCache<string, Archive>({
    maxSize: Math.ceil(maxBytes),
    sizeCalculation: ({ bytes }) => ENTRY_BYTES + bytes.length,
    dispose(_archive, _key, reason) {
      if (reason === "evict") counts.evictions++;
    },
  });
  const jobs = new Map<string, Job>();
  const work = async (key: string) => {
    const job = jobs.get(key);
    // Nobody waits for it any more.
    if (job === undefined) return;
    await job.run(job.stop.signal).then(job.result.resolve, job.result.reject);
  };
  // What is here already does not wait for what is on its way.
  const fetches = new Queue(FETCHES, work), looks = new Queue(LOOKS, work);
  /** Archives that answers hold, with how many. */
  const lent = new Map<Archive, number>();
  let lentBytes = 0;
  const logFailure = createFailureLog(deps);

  /** What `run` gives, for all that ask for `key` meanwhile. */
  async function once<T>(
    queue: Queue,
    key: string,
    { repo, chart }: ArchiveOwner,
    signal: AbortSignal,
    run: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    let job = jobs.get(key);
    if (job === undefined) {
      const ofRepo = jobs.values().filter(({ repoId }) => repoId === repo.id);
      const isFull = [...ofRepo].length >= MAX_WAITING.perRepo;
      if (isFull || jobs.size >= MAX_WAITING.total) {
        throw new Refused("unavailable", "too many archives are being fetched; try again later");
      }
      job = {
        repoId: repo.id,
        run,
        result: Promise.withResolvers(),
        stop: new AbortController(),
        waiting: 0,
      };
      job.result.promise.catch((error) => logFailure(repo, chart, error));
      jobs.set(key, job);
      queue.add(key, { host: repo.id, workspace: repo.workspace });
    }
    job.waiting++;
    try {
      return await unlessAborted(job.result.promise as Promise<T>, signal);
    } finally {
      if (--job.waiting === 0) {
        if (jobs.get(key) === job) jobs.delete(key);
        job.stop.abort();
      }
    }
  }

  return {
    async get(owner, signal) {
      requireUrls(owner.chart);
      const key = keyOf(owner);
      const known = kept.get(key);
      if (known !== undefined) {
        counts.hits++;
        return known;
      }
      return await once(fetches, key, owner, signal, async (signal) => {
        counts.misses++;
        const archive = await fetchFirst(deps, owner, signal);
        kept.set(key, archive);
        return archive;
      });
    },
    names: (owner, { bytes, sha256 }, signal) =>
      once(
        looks,
        `names ${keyOf(owner)} ${sha256}`,
        owner,
        signal,
        (signal) => namesOf(owner.chart, bytes, signal),
      ),
    lend(archive) {
      const { length } = archive.bytes, holders = lent.get(archive) ?? 0;
      if (holders === 0 && lentBytes + length > MAX_LENT_BYTES) {
        throw new Refused("unavailable", "too many archives are being read; try again later");
      }
      if (holders === 0) lentBytes += length;
      lent.set(archive, holders + 1);
      return () => {
        const left = lent.get(archive)! - 1;
        if (left > 0) return void lent.set(archive, left);
        lent.delete(archive);
        lentBytes -= length;
      };
    },
    counts: () => ({
      ...counts,
      entries: kept.size,
      bytes: kept.calculatedSize,
      max_bytes: maxBytes,
    }),
    close() {
      fetches.clear();
      looks.clear();
      const reason = new Refused("unavailable", "Chartroom is stopping");
      for (const { stop, result } of jobs.values()) {
        stop.abort(reason);
        result.reject(reason);
      }
    },
  };
}

/**
 * Under which an archive is kept. The repository belongs to it: a digest can be written into any
 * index, and would else open what another workspace has fetched. Without a digest, whatever could
 * be another archive has another key.
 */
function keyOf({ repo, generation, chart }: ArchiveOwner): string {
  const digest = digestOf(chart);
  if (digest !== undefined) return `${repo.id} ${digest}`;
  return JSON.stringify([repo.id, repo.revision, generation, chart.urls]);
}

async function namesOf(
  chart: ChartVersion,
  bytes: Uint8Array,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, number>> {
  const names = new Map<string, number>();
  let number = 0;
  try {
    for await (const { name } of readArchive(bytes, takeTurns())) {
      signal.throwIfAborted();
      names.set(name, number++);
    }
  } catch (error) {
    if (!(error instanceof ArchiveError)) throw error;
    const message = `the archive of ${titleOf(chart)} cannot be used: ${error.message}`;
    throw new Refused("archive_unusable", message, undefined, { reason: error.reason });
  }
  return names;
}

/** Logs failures, but not each one of those of a repository. */
function createFailureLog({ clock, log }: ArchivesDeps) {
  const lastTold = new LRUCache<string, number>({ max: MAX_LOGGED });
  return (repo: Repo, chart: ChartVersion, error: unknown) => {
    // Nobody waited for it any more, or all ends.
    if ((error as Error).name === "AbortError") return;
    if (error instanceof Refused && error.code === "unavailable") return;
    if (clock() - (lastTold.get(repo.id) ?? -Infinity) < LOG_EVERY_MS) return;
    lastTold.set(repo.id, clock());
    const said = error instanceof Refused
      ? { code: error.code, ...error.extra, message: error.message }
      : describeError(error);
    log("archive failed", { repo: repo.id, chart: titleOf(chart), ...said });
  };
}
