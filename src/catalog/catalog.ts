/**
 * A generation's apps as they stay in memory: columns for all that lists filter and sort by, and the
 * records themselves as they are stored, compressed. An app is a number here, in the order of names.
 */

import { timeOf } from "../helm/time.ts";
import type { CatalogEntry } from "../store/generations.ts";
import { blocksOf, inflateBlock } from "../store/segments.ts";
import { takeTurns } from "../turn.ts";
import { ARRAY_BYTES, POINTER_BYTES, textBytes } from "./sizes.ts";
import { countWhile } from "./sorted.ts";
import { lowerCase, type TextRows, textRows } from "./text.ts";

/** Characters of an app's key, which is all of it that its id has beside its repository's. */
const KEY_LENGTH = 10;

/** V8's sizes in bytes, measured: of a catalog's own objects, and of a name in a list that grew. */
const CATALOG_BYTES = 1_000;
const GROWN_POINTER_BYTES = 10;

/** Some of a catalog's records. */
export interface RecordBlock {
  /** As they are stored. */
  bytes: Uint8Array;
  /** The number of its first app. */
  first: number;
  count: number;
}

/** One text for each app, written down once however many have it. */
export interface TextColumn {
  /** Distinct; the first is the empty one. */
  values: readonly string[];
  /** By app, an index into {@link values}. */
  of: Uint32Array;
}

/** Several texts for each app: those of app `i` stand from `starts[i]` to `starts[i + 1]`. */
export interface TextListColumn extends TextColumn {
  starts: Uint32Array;
}

export interface Catalog {
  readonly repoId: string;
  readonly generation: number;
  readonly count: number;
  /** Ordered by code point. */
  readonly names: readonly string[];
  readonly lowerNames: TextRows;
  /** Keys of all apps, one behind the other. */
  readonly keys: string;
  /** Milliseconds of the epoch. */
  readonly created: Float64Array;
  readonly updated: Float64Array;
  /** How many versions each has. */
  readonly versions: Uint32Array;
  /** Numbers of apps, oldest first; ties by number. */
  readonly byCreated: Uint32Array;
  readonly byUpdated: Uint32Array;
  readonly byName: Uint32Array;
  /** `true` or `false`, as the newest version has it. */
  readonly deprecated: TextColumn;
  readonly category: TextColumn;
  readonly type: TextColumn;
  readonly appVersion: TextColumn;
  readonly kubeVersion: TextColumn;
  /** Lower-cased. */
  readonly keywords: TextListColumn;
  readonly blocks: readonly RecordBlock[];
  /** What it takes in memory, within a tenth. */
  readonly bytes: number;
}

/** What a chart is that does not say what it is, by Helm's rules. */
const DEFAULT_TYPE = "application";

/** Puts a catalog together from its segments as they are stored, in turns. */
export async function buildCatalog(
  repoId: string,
  generation: number,
  stored: readonly Uint8Array[],
): Promise<Catalog> {
  const turn = takeTurns();
  const blocks: RecordBlock[] = [];
  const names: string[] = [], keys: string[] = [];
  const created: number[] = [], updated: number[] = [], versions: number[] = [];
  const texts = new Texts();
  const category = new ColumnBuilder(texts), type = new ColumnBuilder(texts);
  const appVersion = new ColumnBuilder(texts), kubeVersion = new ColumnBuilder(texts);
  const keywords = new ColumnBuilder(texts), deprecated = new ColumnBuilder(texts);
  const starts = [0];
  for (const bytes of stored.flatMap(blocksOf)) {
    const entries: CatalogEntry[] = JSON.parse(inflateBlock(bytes));
    blocks.push({ bytes, first: names.length, count: entries.length });
    for (const entry of entries) {
      const { chart } = entry.latest;
      names.push(texts.own(entry.name));
      keys.push(entry.key);
      created.push(timeOf(entry.created));
      updated.push(timeOf(entry.updated));
      versions.push(entry.versionCount);
      deprecated.add(String(chart.deprecated ?? false));
      category.add(entry.category ?? "");
      type.add(chart.type || DEFAULT_TYPE);
      appVersion.add(chart.appVersion ?? "");
      kubeVersion.add(chart.kubeVersion ?? "");
      for (const keyword of new Set(chart.keywords?.map(lowerCase))) keywords.add(keyword);
      starts.push(keywords.length);
      const due = turn();
      if (due !== undefined) await due;
    }
    await turn();
  }
  const count = names.length;
  const createdAt = Float64Array.from(created), updatedAt = Float64Array.from(updated);
  const catalog = {
    repoId,
    generation,
    count,
    names,
    lowerNames: textRows(names.map(lowerCase)),
    keys: keys.join(""),
    created: createdAt,
    updated: updatedAt,
    versions: Uint32Array.from(versions),
    byCreated: numbersBy(createdAt),
    byUpdated: numbersBy(updatedAt),
    byName: Uint32Array.from({ length: count }, (_, i) => i),
    deprecated: deprecated.end(),
    category: category.end(),
    type: type.end(),
    appVersion: appVersion.end(),
    kubeVersion: kubeVersion.end(),
    keywords: { ...keywords.end(), starts: Uint32Array.from(starts) },
    blocks,
  };
  return { ...catalog, bytes: bytesOf(catalog, texts.bytes) };
}

/** The number of the app that has a key; -1 if there is none. */
export function numberOf({ keys }: Catalog, key: string): number {
  if (key.length !== KEY_LENGTH) return -1;
  for (let at = keys.indexOf(key); at >= 0; at = keys.indexOf(key, at + 1)) {
    if (at % KEY_LENGTH === 0) return at / KEY_LENGTH;
  }
  return -1;
}

/** The block that has an app's record. */
export function blockOf({ blocks }: Catalog, number: number): RecordBlock {
  return blocks[countWhile(blocks.length, (place) => blocks[place]!.first <= number) - 1]!;
}

/** Numbers ordered by what a column says of them; ties by number. */
function numbersBy(column: Float64Array): Uint32Array {
  return Uint32Array.from(column.keys()).sort((a, b) => column[a]! - column[b]! || a - b);
}

/** Texts of one catalog, each kept once, and as little of them as is needed. */
class Texts {
  readonly #known = new Map<string, string>();
  bytes = 0;

  share(text: string): string {
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    const own = this.own(text);
    this.#known.set(own, own);
    return own;
  }

  own(text: string): string {
    this.bytes += textBytes(text);
    return text;
  }
}

class ColumnBuilder {
  readonly #texts: Texts;
  readonly #ids = new Map<string, number>([["", 0]]);
  readonly #of: number[] = [];

  constructor(texts: Texts) {
    this.#texts = texts;
  }

  get length(): number {
    return this.#of.length;
  }

  add(text: string) {
    let id = this.#ids.get(text);
    if (id === undefined) {
      id = this.#ids.size;
      this.#ids.set(this.#texts.share(text), id);
    }
    this.#of.push(id);
  }

  end(): TextColumn {
    return { values: [...this.#ids.keys()], of: Uint32Array.from(this.#of) };
  }
}

function bytesOf(catalog: Omit<Catalog, "bytes">, texts: number): number {
  const columns = [
    catalog.category,
    catalog.type,
    catalog.appVersion,
    catalog.kubeVersion,
    catalog.deprecated,
  ];
  const arrays = [
    catalog.created,
    catalog.updated,
    catalog.versions,
    catalog.byCreated,
    catalog.byUpdated,
    catalog.byName,
    catalog.keywords.starts,
    catalog.lowerNames.starts,
    ...[...columns, catalog.keywords].map(({ of }) => of),
    ...catalog.blocks.map(({ bytes }) => bytes),
  ];
  const values = [...columns, catalog.keywords].reduce((sum, { values }) => sum + values.length, 0);
  return CATALOG_BYTES + texts + catalog.keys.length + values * POINTER_BYTES +
    textBytes(catalog.lowerNames.text) + catalog.count * GROWN_POINTER_BYTES +
    arrays.reduce((sum, { byteLength }) => sum + ARRAY_BYTES + byteLength, 0);
}
