/**
 * Charts' archives: fetched when somebody asks, checked, and kept as they came, bounded by bytes.
 * However many ask for one, it is fetched once; so many are fetched at once, in all and for each
 * repository, so that one with a slow upstream does not hold up the others.
 */

import { LRUCache } from "lru-cache";
import type { ChartVersion } from "../helm/chart.ts";
import type { Log } from "../log.ts";
import { Refused } from "../refused.ts";
import { createFailureLog } from "./failure_log.ts";
import {
  type Archive,
  type ArchiveOwner,
  digestOf,
  type FetchDeps,
  fetchFirst,
  requireUrls,
} from "./fetch_archive.ts";
import type { CacheCounts } from "./hot_index.ts";
import { contentsIn, type FileFacts, namesIn, type Readme, readmeIn } from "./look_through.ts";
import { createSharedWork } from "./shared_work.ts";

/** Archives that are fetched, and that are looked through, at once: in all and of one repository. */
const FETCHES = { total: 6, perHost: 2, perWorkspace: 4 };
const LOOKS = { total: 4, perHost: 2, perWorkspace: 3 };
/** Those that may wait for either, themselves included: in all and of one repository. */
const MAX_WAITING = { total: 400, perRepo: 40 };
/** Bytes of archives in answers that are on their way, beside what is kept. */
const MAX_LENT_BYTES = 128 * 1_048_576;
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
  /** What is told of all files, by name; throws as {@link Archives.names} does. */
  contents(
    owner: ArchiveOwner,
    archive: Archive,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, FileFacts>>;
  /** An archive's README, if it has one; throws as {@link Archives.names} does. */
  readme(owner: ArchiveOwner, archive: Archive, signal: AbortSignal): Promise<Readme | undefined>;
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
  const work = createSharedWork({ what: "archives", maxWaiting: MAX_WAITING });
  // What is here already does not wait for what is on its way.
  const fetches = work.lane(FETCHES), looks = work.lane(LOOKS);
  const logged = createFailureLog("archive failed", deps);
  /** Archives that answers hold, with how many. */
  const lent = new Map<Archive, number>();
  let lentBytes = 0;

  /** What `look` finds in an archive; `what` tells it from what else is looked for. */
  function lookAt<T>(
    what: string,
    owner: ArchiveOwner,
    { bytes, sha256 }: Archive,
    signal: AbortSignal,
    look: (chart: ChartVersion, bytes: Uint8Array, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const { repo, chart } = owner;
    return looks({
      key: `${what} ${keyOf(owner)} ${sha256}`,
      repo,
      signal,
      run: (signal) => logged(repo, chart, look(chart, bytes, signal)),
    });
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
      const { repo, chart } = owner;
      const run = async (signal: AbortSignal) => {
        counts.misses++;
        const archive = await logged(repo, chart, fetchFirst(deps, owner, signal));
        kept.set(key, archive);
        return archive;
      };
      return await fetches({ key, repo, signal, run });
    },
    names: (owner, archive, signal) => lookAt("names", owner, archive, signal, namesIn),
    contents: (owner, archive, signal) => lookAt("contents", owner, archive, signal, contentsIn),
    readme: (owner, archive, signal) => lookAt("readme", owner, archive, signal, readmeIn),
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
    close: () => work.close(),
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
