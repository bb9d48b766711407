/**
 * Catalogs and versions in memory. A read asks KV at most once a second whether a repository has a
 * newer generation; while KV does not answer, what is in memory is served.
 */

import { LRUCache } from "lru-cache";
import type { KeptVersion } from "../helm/chart.ts";
import {
  type CatalogEntry,
  GenerationGone,
  readCatalog,
  readPointer,
  readVersions,
} from "../store/generations.ts";
import { type Kv, StoreUnavailable } from "../store/kv.ts";
import { soon } from "./soon.ts";

/** How long a generation is taken for the current one without asking. */
export const CHECK_EVERY_MS = 1_000;
/** Bytes in memory for a character of the JSON that a value was read from, roughly. */
const BYTES_PER_CHARACTER = 2;
/** A generation may be replaced while it is read; more often than this it is not. */
const MAX_LOADS = 3;

/** A generation's apps, in memory. */
export interface Catalog {
  generation: number;
  entries: readonly CatalogEntry[];
  byKey: ReadonlyMap<string, CatalogEntry>;
}

export interface HotIndex {
  /** The current catalog of a repository; `undefined` if it was never synced. */
  catalog(repoId: string): Promise<Catalog | undefined>;
  /** An app's versions, newest first. */
  versions(repoId: string, entry: CatalogEntry): Promise<readonly KeptVersion[]>;
  /** The repository has a new generation, which the next read shall see. */
  refresh(repoId: string): void;
}

/** What is in memory, with its size in bytes. */
interface Hot<T> {
  value: T;
  size: number;
}
type HotCatalog = Hot<Catalog | undefined>;
type HotVersions = Hot<readonly KeptVersion[]>;

/** A hot index that holds at most about `maxBytes`. */
export function createHotIndex(kv: Kv, clock: () => number, maxBytes: number): HotIndex {
  const hot = new LRUCache<string, HotCatalog | HotVersions>({
    maxSize: maxBytes,
    sizeCalculation: ({ size }) => size,
  });
  /** `news`: this process has committed something that was not read since. */
  const checked = new Map<string, { at: number; strong: boolean; news: boolean }>();
  const loading = new Map<string, Promise<HotCatalog | HotVersions>>();

  /** Lets all that want a value while it is loaded have that one. */
  function once<T extends HotCatalog | HotVersions>(key: string, load: () => Promise<T>) {
    const other = loading.get(key);
    if (other !== undefined) return other as Promise<T>;
    const mine = load().finally(() => {
      if (loading.get(key) === mine) loading.delete(key);
    });
    loading.set(key, mine);
    return mine;
  }

  async function bringUpToDate(repoId: string, known: HotCatalog | undefined) {
    const check = checked.get(repoId);
    const at = clock();
    try {
      const current = await load(kv, repoId, known, check?.strong ? "strong" : "eventual");
      // Unless it was refreshed meanwhile.
      if (checked.get(repoId) === check) {
        hot.set(repoId, current);
        checked.set(repoId, { at, strong: false, news: false });
      }
      return current;
    } catch (error) {
      if (known === undefined || !(error instanceof StoreUnavailable)) throw error;
      // Not every request shall wait for a database that does not answer.
      if (checked.get(repoId) === check) {
        checked.set(repoId, { at: clock(), strong: true, news: check?.news ?? false });
      }
      return known;
    }
  }

  return {
    async catalog(repoId) {
      const known = hot.get(repoId) as HotCatalog | undefined;
      const check = checked.get(repoId);
      const isFresh = check && !check.news && clock() - check.at < CHECK_EVERY_MS;
      if (known && isFresh) return known.value;
      const current = once(repoId, () => bringUpToDate(repoId, known));
      const mustWait = known === undefined || check === undefined || check.news;
      return (mustWait ? await current : await soon(current, known)).value;
    },
    async versions(repoId, entry) {
      const key = `${repoId}/${entry.key}/${entry.segments.join()}`;
      const known = hot.get(key) as HotVersions | undefined;
      if (known !== undefined) return known.value;
      const loaded = await once(key, async () => {
        const versions = await readVersions(kv, repoId, entry);
        const value: HotVersions = withSize(versions, versions);
        hot.set(key, value);
        return value;
      });
      return loaded.value;
    },
    refresh(repoId) {
      checked.set(repoId, { at: clock(), strong: true, news: true });
      loading.delete(repoId);
    },
  };
}

async function load(
  kv: Kv,
  repoId: string,
  known: HotCatalog | undefined,
  consistency: Deno.KvConsistencyLevel,
): Promise<HotCatalog> {
  for (let attempt = 1;; attempt++) {
    const pointer = await readPointer(kv, repoId, consistency);
    if (pointer === null) return { value: undefined, size: 1 };
    // An eventual read may answer with what was before; a generation never goes back.
    if (known?.value && known.value.generation >= pointer.generation) return known;
    try {
      const entries = await readCatalog(kv, repoId, pointer);
      const byKey = new Map(entries.map((entry) => [entry.key, entry]));
      return withSize({ generation: pointer.generation, entries, byKey }, entries);
    } catch (error) {
      // The pointer was replaced, and its segments swept, between the two reads.
      if (!(error instanceof GenerationGone) || attempt === MAX_LOADS) throw error;
    }
  }
}

function withSize<T>(value: T, of: unknown): Hot<T> {
  return { value, size: 1 + JSON.stringify(of).length * BYTES_PER_CHARACTER };
}
