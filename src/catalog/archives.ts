/**
 * Charts' archives: fetched when somebody asks, checked, and kept as they came, bounded by bytes.
 * However many ask for one, it is fetched once; so many are fetched at once, in all and for each
 * repository, so that one with a slow upstream does not hold up the others.
 */

import { LRUCache } from "lru-cache";
import { unlessAborted } from "../aborted.ts";
import { type Secrets, SecretUnreadable } from "../access/secrets.ts";
import { readArchive } from "../helm/archive.ts";
import { ArchiveError } from "../helm/archive_error.ts";
import type { ChartVersion } from "../helm/chart.ts";
import { IndexError } from "../helm/index_error.ts";
import { describeError, type Log } from "../log.ts";
import { Refused } from "../refused.ts";
import type { FetchArchive } from "../sources/source.ts";
import type { Repo } from "../store/repos.ts";
import { Queue } from "../sync/queue.ts";
import { accessOf, open } from "../sync/sealed.ts";
import { takeTurns } from "../turn.ts";
import type { CacheCounts } from "./hot_index.ts";

/** The longest archive. */
const MAX_ARCHIVE_BYTES = 20 * 1_048_576;
/** Archives that are fetched, and that are looked through, at once: in all and of one repository. */
const FETCHES = { total: 6, perHost: 2 }, LOOKS = { total: 4, perHost: 2 };
/** Those that may wait for either, themselves included: in all and of one repository. */
const MAX_WAITING = { total: 400, perRepo: 40 };
/** Bytes of archives in answers that are on their way, beside what is kept. */
const MAX_LENT_BYTES = 128 * 1_048_576;
/** Of the URLs that an index gives, those that are tried. */
const MAX_URLS = 3;
/** Failures of one repository are logged once in that time. */
const LOG_EVERY_MS = 60_000;
const MAX_LOGGED = 1_000;
/** Beside an archive's bytes: what is kept with them. */
const ENTRY_BYTES = 500;

/** Whose archive is asked for. */
export interface ArchiveOwner {
  repo: Repo;
  /** The generation that `chart` is of. */
  generation: number;
  chart: ChartVersion;
}

export interface Archive {
  bytes: Uint8Array<ArrayBuffer>;
  /** In hexadecimal digits. */
  sha256: string;
}

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

export interface ArchivesDeps {
  fetchArchive: FetchArchive;
  secrets: Secrets;
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
      queue.add(key, repo.id);
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

/** The SHA-256 that an index gives, in lower-case digits; `undefined` if it gives none. */
export function digestOf({ name, version, digest }: ChartVersion): string | undefined {
  if (!digest) return undefined;
  const [, digits] = /^(?:sha256:)?([0-9a-f]{64})$/i.exec(digest.trim()) ?? [];
  if (digits !== undefined) return digits.toLowerCase();
  const expected = "the index should give a SHA-256 of 64 hexadecimal digits as its digest";
  throw unavailable({ name, version }, "digest", expected);
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

function requireUrls(chart: ChartVersion): void {
  if (chart.urls?.[0]) return;
  throw new Refused("no_archive", `the index gives no URL of the archive of ${titleOf(chart)}`);
}

/** From the first of the version's URLs that gives what it should, or else the first one's error. */
async function fetchFirst(
  { fetchArchive, secrets }: ArchivesDeps,
  { repo, chart }: ArchiveOwner,
  signal: AbortSignal,
): Promise<Archive> {
  let first: Refused | undefined;
  try {
    const access = { url: repo.url, ...accessOf(await open(secrets, repo)) };
    for (const reference of chart.urls!.slice(0, MAX_URLS)) {
      const request = { ...access, reference, maxBytes: MAX_ARCHIVE_BYTES, signal };
      try {
        return await checked(chart, await fetchArchive(request));
      } catch (error) {
        first ??= asRefused(chart, error, signal);
      }
    }
  } catch (error) {
    throw asRefused(chart, error, signal);
  }
  throw first;
}

async function checked(chart: ChartVersion, bytes: Uint8Array<ArrayBuffer>): Promise<Archive> {
  const wanted = digestOf(chart);
  const sha256 = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
  if (wanted === undefined || wanted === sha256) return { bytes, sha256 };
  throw unavailable(chart, "digest", `the index says sha256:${wanted}, but it is ${sha256}`);
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

/** What a download's error is to the caller. Throws what is none of the upstream's. */
function asRefused(chart: ChartVersion, error: unknown, signal: AbortSignal): Refused {
  signal.throwIfAborted();
  if (error instanceof Refused) return error;
  if (error instanceof IndexError) return unavailable(chart, error.reason, error.message);
  if (error instanceof SecretUnreadable) {
    return unavailable(chart, "credential_unreadable", error.message);
  }
  throw error;
}

type Titled = Pick<ChartVersion, "name" | "version">;

function unavailable(chart: Titled, reason: string, because: string): Refused {
  const message = `the archive of ${titleOf(chart)} cannot be had: ${because}`;
  return new Refused("archive_unavailable", message, undefined, { reason });
}

function titleOf({ name, version }: Titled): string {
  return `${name.slice(0, 100)} ${version.slice(0, 100)}`;
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
