/** From the items of one chart's list to its versions. */

import { YAMLException } from "js-yaml";
import type { Item } from "./along.ts";
import { readItem } from "./block_reader.ts";
import type { ChartVersion } from "./chart.ts";
import {
  type Budget,
  EntryError,
  MAX_ENTRY_CHARACTERS,
  readEntry,
  readItemEntry,
  tooLarge,
} from "./entry.ts";
import type { ChartText } from "./scanner.ts";
import { readJson } from "./json_scanner.ts";
import { Problems } from "./problems.ts";
import type { Turn } from "../turn.ts";
import { keepShape } from "./shapes.ts";
import { timeOf } from "./time.ts";
import { isMap, MAX_DEPTH, parseYaml, scalarText, type YamlMap, type YamlNode } from "./yaml.ts";

/** Most characters of an item's text, which has comments and indentation as well. */
const MAX_ITEM = 4 * MAX_ENTRY_CHARACTERS;
/** Characters that are read before it is looked whether a turn is due. */
const LOOK_EVERY = 32_768;
/** What may be an anchor or an alias, with which an item does not make sense alone. */
const ANCHOR_OR_ALIAS = /(?:^|[\s[{,:])[&*][^\s,[\]{}]/;
/** How deep an item lies in an index. */
const ITEM_DEPTH = 2;

/**
 * An empty array. V8 learns that arrays from a literal live long, and puts the next ones where only
 * a full collection looks, with all that they hold; it does not learn it of a copy.
 */
function youngArray<T>(): T[] {
  return NO_ITEMS.slice() as T[];
}
const NO_ITEMS: readonly unknown[] = [];

/** The versions of one chart, as its items come. */
export class ChartReader {
  readonly problems = new Problems();
  /** What the next item may be read along. */
  like: Item | undefined;
  /** The item that came last, and whether one before it has all that tools write. */
  last: YamlNode | undefined;
  sawWhole = false;
  /** Each version once; where an entry of it stands, here and in the list. */
  readonly versions = youngArray<ChartVersion>();
  readonly #positions: number[] = [];
  readonly #indexes = new Map<string, number>();
  #position = 0;
  readonly #report = (reason: string) => this.#tell(this.#position, reason);

  static {
    keepShape(new ChartReader(""));
  }

  constructor(readonly name: string) {}

  /** Passes the next item, which cannot be used. */
  skip({ message }: EntryError): void {
    this.last = undefined;
    this.#tell(this.#position++, message);
  }

  /** Takes the next item, of which all text counts for `budget`. */
  add(node: YamlNode, budget: Budget): void {
    this.#add(node, () => readEntry(node, budget, this.#report));
  }

  /** Takes the next item, which was read along another. */
  addItem(item: Item): void {
    this.like = item;
    this.#add(item.value, () => readItemEntry(item, this.#report));
  }

  #add(node: YamlNode, read: () => ChartVersion) {
    this.sawWhole ||= isWhole(this.last);
    this.last = node;
    try {
      this.#list(read(), this.#position);
    } catch (error) {
      if (!(error instanceof EntryError)) throw error;
      this.#report(error.message);
    }
    this.#position++;
  }

  /** Of two entries with the same version the one made later counts, or else the first. */
  #list(entry: ChartVersion, position: number) {
    const { versions } = this;
    const index = this.#indexes.get(entry.version);
    if (index === undefined) {
      this.#indexes.set(entry.version, versions.length);
      versions.push(entry);
      this.#positions.push(position);
      return;
    }
    const later = madeAt(entry) > madeAt(versions[index]!);
    const other = later ? this.#positions[index]! : position;
    const reason = "the version is listed more than once; the one made last counts";
    this.#tell(other, reason, entry.version);
    if (!later) return;
    versions[index] = entry;
    this.#positions[index] = position;
  }

  #tell(position: number, reason: string, version = versionOf(this.last)) {
    this.problems.add({ chart: this.name, ...(version && { version }), position, reason });
  }
}

function versionOf(node: YamlNode | undefined): string | undefined {
  return isMap(node) ? scalarText(node.version) : undefined;
}

/**
 * Reads a chart by itself. `undefined` if that cannot be: an anchor or an alias, which may concern
 * other charts, or an error, which `js-yaml` shall explain. `like`: an item of a chart before it.
 */
export async function readChart(
  chart: ChartText,
  like: Item | undefined,
  turn: Turn,
): Promise<ChartReader | undefined> {
  const { text, codes, items: offsets } = chart;
  const source = codes && { text, codes };
  const reader = new ChartReader(chart.name);
  let looked = 0;
  reader.like = like;
  for (let i = 0; i < offsets.length; i += 2) {
    const from = offsets[i]!, to = offsets[i + 1]!;
    if (to - from > MAX_ITEM) {
      reader.skip(tooLarge());
      continue;
    }
    const isShort = to - from <= MAX_ENTRY_CHARACTERS;
    const item = source && isShort ? readItem(source, from, to, reader.like) : undefined;
    if (item !== undefined) {
      reader.addItem(item);
    } else {
      const node = readAlone(text.slice(from, to), source === undefined);
      if (node === undefined) return undefined;
      reader.like = undefined;
      reader.add(node, { left: Infinity });
    }
    if (to - looked < LOOK_EVERY) continue;
    looked = to;
    const due = turn();
    if (due !== undefined) await due;
  }
  return reader;
}

/** Reads the list of a chart that was read with others; all its items count for `budget`. */
export function readList(name: string, list: YamlNode[], budget: Budget): ChartReader {
  const reader = new ChartReader(name);
  for (const node of list) reader.add(node, budget);
  return reader;
}

function readAlone(text: string, isJson: boolean): YamlNode | undefined {
  const node = isJson ? readJson(text) : undefined;
  if (node !== undefined) return node;
  if (!isJson && ANCHOR_OR_ALIAS.test(text)) return undefined;
  try {
    const documents = parseYaml(text, MAX_DEPTH - ITEM_DEPTH);
    if (documents.length !== 1) return undefined;
    const [document] = documents;
    if (isJson) return document;
    return Array.isArray(document) && document.length === 1 ? document[0] : undefined;
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error;
    return undefined;
  }
}

function madeAt({ created }: ChartVersion): number {
  return created === undefined ? -Infinity : timeOf(created);
}

/** What every tool writes for a version, in the order in which sorted fields come. */
export const REQUIRED_FIELDS = ["name", "urls", "version"];

/** Whether an item has what every tool writes, in the order in which they write it. */
export function isWhole(item: YamlNode | undefined): boolean {
  return isMap(item) && REQUIRED_FIELDS.every((field) => item[field]) && isSorted(item);
}

/** Whether the fields of an item stand in the order in which tools write them. */
export function isSorted(item: YamlMap): boolean {
  const keys = Object.keys(item);
  return keys.every((key, i) => i === 0 || keys[i - 1]! < key);
}
