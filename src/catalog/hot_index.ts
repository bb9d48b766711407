/**
 * Catalogs in memory, and what is derived from them: bounded by bytes, loaded once however many ask
 * for it. What is dropped from here stays whole for a request that has it in hand.
 */

import { LRUCache } from "lru-cache";
import type { KeptVersion } from "../helm/chart.ts";
import {
  type CatalogEntry,
  type Pointer,
  readCatalogSegments,
  readVersions,
} from "../store/generations.ts";
import { type Kv, StoreUnavailable } from "../store/kv.ts";
import { inflateBlock, splitItems } from "../store/segments.ts";
import { takeTurns } from "../turn.ts";
import { blockOf, buildCatalog, type Catalog, type RecordBlock } from "./catalog.ts";
import { indexApps, type SearchIndex } from "./search.ts";
import { ARRAY_BYTES, jsonBytes, textBytes } from "./sizes.ts";
import { soon } from "./soon.ts";
import { lowerCase, type TextRows, textRows } from "./text.ts";
import { createVocabulary, type Vocabulary } from "./vocabulary.ts";

/** Of the budget, for records that are unpacked: who asks for a page often asks for the next. */
const UNPACKED_SHARE = 1 / 8;
/** Catalogs that are loaded at once. */
const LOADS_AT_ONCE = 16;
/** V8's sizes in bytes, measured: of what is kept under a key, and of a piece of a text. */
const ENTRY_BYTES = 170;
const PIECE_BYTES = 40;

/** What became of reads, and what is in memory. */
export interface CacheCounts {
  hits: number;
  misses: number;
  evictions: number;
  entries: number;
  bytes: number;
  max_bytes: number;
}

export interface HotIndex {
  /** The catalog of a generation if it is in memory. */
  peek(repoId: string, pointer: Pointer): Catalog | undefined;
  /**
   * The catalogs of generations, in their order. One that the database does not give in time is an
   * older one. Throws `GenerationGone` if a newer one has replaced it long ago.
   */
  catalogs(of: readonly (readonly [repoId: string, pointer: Pointer])[]): Promise<Catalog[]>;
  /** For search by words; at once if it is in memory. */
  searchIndex(catalog: Catalog): SearchIndex | Promise<SearchIndex>;
  /** The same of many. */
  searchIndexes(catalogs: readonly Catalog[]): Promise<readonly SearchIndex[]>;
  /** Lower-cased, by app; at once if they are in memory. */
  descriptions(catalog: Catalog): TextRows | Promise<TextRows>;
  /** Records of apps by their numbers. */
  entries(catalog: Catalog, numbers: readonly number[]): CatalogEntry[];
  /** An app's versions, newest first. Throws as `catalogs` does. */
  versions(repoId: string, entry: CatalogEntry): Promise<readonly KeptVersion[]>;
  /** Shared by all search indexes. */
  readonly vocabulary: Vocabulary;
  counts(): CacheCounts;
}

/** What is in memory, with its size in bytes. */
interface Hot<T> {
  value: T;
  size: number;
}

/** A hot index that holds at most about `maxBytes`. */
export function createHotIndex(kv: Kv, maxBytes: number): HotIndex {
  const counts = { hits: 0, misses: 0, evictions: 0 };
  /** What was given for a list of things, as long as nothing has left: a thousand look-ups are one. */
  let together = new WeakMap<object, unknown>();
  const sized = {
    sizeCalculation: ({ size }: Hot<unknown>) => ENTRY_BYTES + Math.ceil(size),
    dispose(_value: unknown, _key: unknown, reason: LRUCache.DisposeReason) {
      if (reason === "evict") counts.evictions++;
    },
  };
  const hot = new LRUCache<string, Hot<unknown>>({
    ...sized,
    dispose(...left) {
      together = new WeakMap();
      sized.dispose(...left);
    },
    maxSize: Math.ceil(maxBytes * (1 - UNPACKED_SHARE)),
  });
  const unpacked = new LRUCache<RecordBlock, Hot<string[]>>({
    ...sized,
    maxSize: Math.ceil(maxBytes * UNPACKED_SHARE),
  });
  const loading = new Map<string, Promise<Hot<unknown>>>();
  const vocabulary = createVocabulary();

  /** What is in memory under a key, or else what `load` gives: once for all that ask meanwhile. */
  function getOrLoad<T>(key: string, load: () => Promise<Hot<T>>): T | Promise<T> {
    const known = hot.get(key) as Hot<T> | undefined;
    if (known === undefined) return loadOnce(key, key, load).then(({ value }) => value);
    counts.hits++;
    return known.value;
  }

  function loadOnce<T>(what: string, key: string, load: () => Promise<Hot<T>>): Promise<Hot<T>> {
    let current = loading.get(what) as Promise<Hot<T>> | undefined;
    if (current === undefined) {
      counts.misses++;
      current = load().then((loaded) => {
        hot.set(key, loaded);
        return loaded;
      }).finally(() => loading.delete(what));
      loading.set(what, current);
    }
    return current;
  }

  function isHot(key: string, value: unknown): boolean {
    return hot.peek(key)?.value === value;
  }

  function peek(repoId: string, pointer: Pointer): Catalog | undefined {
    const known = hot.get(repoId) as Hot<Catalog> | undefined;
    if (known === undefined || known.value.generation < pointer.generation) return undefined;
    counts.hits++;
    return known.value;
  }

  /** Loads a catalog that is not in memory, or is there as an older one. */
  async function catalogOf(repoId: string, pointer: Pointer): Promise<Catalog> {
    const known = hot.get(repoId) as Hot<Catalog> | undefined;
    const { generation } = pointer;
    const current = loadOnce(`${repoId}@${generation}`, repoId, async () => {
      const stored = await readCatalogSegments(kv, repoId, pointer);
      const value = await buildCatalog(repoId, generation, stored);
      const there = hot.peek(repoId) as Hot<Catalog> | undefined;
      if (there === undefined) return { value, size: value.bytes };
      // What was asked for earlier may come later.
      if (there.value.generation >= generation) return there;
      for (const key of derivedKeys(there.value)) hot.delete(key);
      return { value, size: value.bytes };
    });
    if (known === undefined) return (await current).value;
    try {
      return (await soon(current, known)).value;
    } catch (error) {
      if (error instanceof StoreUnavailable) return known.value;
      throw error;
    }
  }

  function itemsOf(block: RecordBlock): string[] {
    const known = unpacked.get(block);
    if (known !== undefined) return known.value;
    const text = inflateBlock(block.bytes);
    const items = splitItems(text, block.count);
    unpacked.set(block, { value: items, size: textBytes(text) + items.length * PIECE_BYTES });
    return items;
  }

  function entryOf(catalog: Catalog, number: number): CatalogEntry {
    const block = blockOf(catalog, number);
    return JSON.parse(itemsOf(block)[number - block.first]!);
  }

  return {
    vocabulary,
    peek,
    async catalogs(of) {
      const known = together.get(of) as Catalog[] | undefined;
      counts.hits += known?.length ?? 0;
      if (known !== undefined) return known;
      const found = of.map(([repoId, pointer]) => peek(repoId, pointer));
      const missing = [...found.keys()].filter((i) => found[i] === undefined);
      for (let from = 0; from < missing.length; from += LOADS_AT_ONCE) {
        const batch = missing.slice(from, from + LOADS_AT_ONCE);
        await Promise.all(batch.map(async (i) => found[i] = await catalogOf(...of[i]!)));
      }
      // What came instead of one that was late is not to be found again, nor what found no room.
      const isKept = found.every((catalog, i) =>
        catalog!.generation >= of[i]![1].generation && isHot(catalog!.repoId, catalog)
      );
      if (isKept) together.set(of, found);
      return found as Catalog[];
    },
    searchIndex(catalog) {
      return getOrLoad(derivedKeys(catalog)[0], async () => {
        const value = await indexApps(vocabulary, searchables(catalog), takeTurns());
        return { value, size: value.bytes };
      });
    },
    async searchIndexes(catalogs) {
      const known = together.get(catalogs) as SearchIndex[] | undefined;
      counts.hits += known?.length ?? 0;
      if (known !== undefined) return known;
      const indexes: SearchIndex[] = [];
      for (const catalog of catalogs) {
        const index = this.searchIndex(catalog);
        indexes.push(index instanceof Promise ? await index : index);
      }
      const isKept = indexes.every((index, i) => isHot(derivedKeys(catalogs[i]!)[0], index));
      if (isKept) together.set(catalogs, indexes);
      return indexes;
    },
    descriptions(catalog) {
      return getOrLoad(derivedKeys(catalog)[1], async () => {
        const turn = takeTurns();
        const texts: string[] = [];
        for (const { description } of searchables(catalog)) {
          texts.push(lowerCase(description));
          await turn();
        }
        const value = textRows(texts);
        return { value, size: ARRAY_BYTES + textBytes(value.text) + value.starts.byteLength };
      });
    },
    entries: (catalog, numbers) => numbers.map((number) => entryOf(catalog, number)),
    async versions(repoId, entry) {
      const key = `versions/${repoId}/${entry.key}/${entry.segments.join()}`;
      return await getOrLoad(key, async () => {
        const versions = await readVersions(kv, repoId, entry);
        return { value: versions, size: jsonBytes(versions) };
      });
    },
    counts: () => ({
      ...counts,
      entries: hot.size + unpacked.size,
      bytes: hot.calculatedSize + unpacked.calculatedSize,
      max_bytes: maxBytes,
    }),
  };
}

/** Under which its search index and its descriptions are kept. */
function derivedKeys({ repoId, generation }: Catalog): readonly [string, string] {
  return [`search/${repoId}@${generation}`, `descriptions/${repoId}@${generation}`];
}

/** What search looks at in a catalog's apps, in their order. */
function* searchables({ blocks }: Catalog) {
  for (const { bytes } of blocks) {
    const entries: CatalogEntry[] = JSON.parse(inflateBlock(bytes));
    for (const { name, latest: { chart } } of entries) {
      const { keywords = [], description = "", maintainers = [] } = chart;
      const names = maintainers.flatMap(({ name, email }) => [name, email]);
      yield {
        name,
        keywords,
        description,
        maintainers: names.filter((text) => text !== undefined),
      };
    }
  }
}
