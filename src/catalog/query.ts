/** From catalogs to the apps of a list: filtered, sorted, a page of them at a time. */

import { compareText } from "../helm/version.ts";
import {
  type AppFilter,
  type Counts,
  createCounts,
  type Facet,
  type Place,
  selectApps,
} from "./filter.ts";
import type { Catalog } from "./catalog.ts";
import { Heap } from "./heap.ts";
import { countWhile } from "./sorted.ts";

/** `relevance` is for a query with a text. Every app has the same status, so that goes by name. */
export const APP_ORDERS = ["create_time", "update_time", "name", "status", "relevance"] as const;
export type AppOrder = typeof APP_ORDERS[number];

/** What a list shall have. */
export interface AppQuery {
  filter: AppFilter;
  order: AppOrder;
  reverse: boolean;
  facets: readonly Facet[];
}

/** An app that was found. */
export interface Row {
  place: Place;
  number: number;
  /** What it is sorted by; ties go by name, then by repository. */
  value: number;
}

/** Where a list goes on: behind this row, whether that is still there or not. */
export interface Position {
  value: number;
  name: string;
  repoId: string;
}

/** What a query finds. */
export interface Found {
  total: number;
  counts: Counts;
  /** The rows in their order, behind a position if one is given. Each call begins anew. */
  rows(after?: Position): Generator<Row>;
  /** The same, with apps of one name put together. */
  groups(after?: Position): { total: number; groups: Generator<Group> };
}

/** Apps of one name, in all repositories that have them, in the list's order. */
export interface Group {
  name: string;
  rows: Row[];
}

/** Apps of one repository that were found. */
interface FoundHere {
  place: Place;
  /** In the order of the list, unless that goes by relevance: then by number. */
  numbers: Uint32Array;
  /** By number, what the list goes by; absent if that is the name alone. */
  values: Float64Array | Float32Array | undefined;
}

/** Finds the apps that pass. */
export function findApps(places: readonly Place[], query: AppQuery): Found {
  const counts = createCounts(query.facets);
  const byRelevance = query.order === "relevance";
  let total = 0;
  const found: FoundHere[] = [];
  for (const place of places) {
    const numbers = selectApps(place, query.filter, numbersOf(place.catalog, query.order), counts);
    if (numbers.length === 0) continue;
    total += numbers.length;
    found.push({ place, numbers, values: valuesOf(place, query.order) });
  }
  return {
    total,
    counts,
    rows: (after) => merged(found, byRelevance, query.reverse, after),
    groups: (after) => grouped(found, query.reverse, after),
  };
}

/** Where the list goes on behind a row. */
export function positionOf({ place, number, value }: Row): Position {
  return { value, name: place.catalog.names[number]!, repoId: place.repo.id };
}

/** All apps of a catalog in an order, as far as that is known before. */
function numbersOf(catalog: Catalog, order: AppOrder): Uint32Array {
  if (order === "create_time") return catalog.byCreated;
  return order === "update_time" ? catalog.byUpdated : catalog.byName;
}

function valuesOf({ catalog, scores }: Place, order: AppOrder): FoundHere["values"] {
  if (order === "create_time") return catalog.created;
  if (order === "update_time") return catalog.updated;
  return order === "relevance" ? scores : undefined;
}

/** What an app is sorted by: the best score comes first. */
function valueOf({ place, values }: FoundHere, number: number): number {
  if (values === undefined) return 0;
  return values === place.scores ? -values[number]! : values[number]!;
}

/** How far one repository's part of a list has come. */
class Head implements Row {
  readonly place: Place;
  number = 0;
  value = 0;
  readonly #found: FoundHere;
  readonly #step: 1 | -1;
  #numbers: Uint32Array;
  #at = 0;
  /** Whether only the first is known: most repositories have none that anybody sees. */
  #unsorted: boolean;

  constructor(found: FoundHere, unsorted: boolean, reverse: boolean) {
    this.place = found.place;
    this.#found = found;
    this.#numbers = found.numbers;
    this.#step = reverse ? -1 : 1;
    this.#unsorted = unsorted;
  }

  /** Goes to the first row, or the first behind a position; `false` if there is none. */
  begin(after: Position | undefined): boolean {
    const reverse = this.#step < 0;
    if (!this.#unsorted) {
      if (after !== undefined) return this.#moveTo(placeAfter(this.#found, after, reverse));
      return this.#moveTo(reverse ? this.#numbers.length - 1 : 0);
    }
    const { place } = this.#found;
    if (after !== undefined) {
      this.#numbers = this.#numbers.filter((number) =>
        isBehind({ place, number, value: valueOf(this.#found, number) }, after, reverse)
      );
    }
    if (this.#numbers.length === 0) return false;
    let first = this.#numbers[0]!;
    for (let i = 1; i < this.#numbers.length; i++) {
      if (this.#compare(this.#numbers[i]!, first) < 0) first = this.#numbers[i]!;
    }
    this.#take(first);
    return true;
  }

  /** Goes to the next row; `false` if there is none. */
  next(): boolean {
    if (!this.#unsorted) return this.#moveTo(this.#at + this.#step);
    this.#unsorted = false;
    this.#numbers = this.#numbers.toSorted((a, b) => this.#step * this.#compare(a, b));
    return this.#moveTo(this.#step < 0 ? this.#numbers.length - 2 : 1);
  }

  /** In the list's order; ties go by number, and so by name. */
  #compare(a: number, b: number): number {
    return this.#step * (valueOf(this.#found, a) - valueOf(this.#found, b) || a - b);
  }

  #moveTo(at: number): boolean {
    if (at < 0 || at >= this.#numbers.length) return false;
    this.#at = at;
    this.#take(this.#numbers[at]!);
    return true;
  }

  #take(number: number) {
    this.number = number;
    this.value = valueOf(this.#found, number);
  }
}

function* merged(
  found: readonly FoundHere[],
  unsorted: boolean,
  reverse: boolean,
  after: Position | undefined,
): Generator<Row> {
  const sign = reverse ? -1 : 1;
  const heads = found.map((here) => new Head(here, unsorted, reverse))
    .filter((head) => head.begin(after));
  const heap = new Heap(heads, (a, b) => sign * compareRows(a, b));
  for (let head = heap.top; head !== undefined; head = heap.top) {
    yield { place: head.place, number: head.number, value: head.value };
    if (head.next()) heap.sinkTop();
    else heap.pop();
  }
}

function grouped(
  found: readonly FoundHere[],
  reverse: boolean,
  after: Position | undefined,
): { total: number; groups: Generator<Group> } {
  const sign = reverse ? -1 : 1;
  const byName = new Map<string, Group>();
  for (const here of found) {
    const { place } = here;
    for (const number of here.numbers) {
      const name = place.catalog.names[number]!;
      const row = { place, number, value: valueOf(here, number) };
      const group = byName.get(name);
      if (group === undefined) byName.set(name, { name, rows: [row] });
      else group.rows.push(row);
    }
  }
  const groups = [...byName.values()];
  for (const { rows } of groups) rows.sort((a, b) => sign * compareRows(a, b));
  const wanted = after === undefined
    ? groups
    : groups.filter(({ rows }) => isBehind(rows[0]!, after, reverse));
  const heap = new Heap(wanted, (a, b) => sign * compareRows(a.rows[0]!, b.rows[0]!));
  return { total: byName.size, groups: taken(heap) };
}

function* taken<T>(heap: Heap<T>): Generator<T> {
  for (let next = heap.pop(); next !== undefined; next = heap.pop()) yield next;
}

/** The place in sorted numbers of the first one behind a position. */
function placeAfter(found: FoundHere, position: Position, reverse: boolean): number {
  const { place, numbers } = found;
  const before = countWhile(numbers.length, (at) => {
    const number = numbers[at]!, row = { place, number, value: valueOf(found, number) };
    const order = comparePositions(positionOf(row), position);
    return reverse ? order < 0 : order <= 0;
  });
  return reverse ? before - 1 : before;
}

/** Whether a row comes behind a position in its list. */
function isBehind(row: Row, position: Position, reverse: boolean): boolean {
  const order = comparePositions(positionOf(row), position);
  return reverse ? order < 0 : order > 0;
}

function compareRows(a: Row, b: Row): number {
  return a.value - b.value ||
    compareNames(a.place.catalog.names[a.number]!, b.place.catalog.names[b.number]!) ||
    compareNames(a.place.repo.id, b.place.repo.id);
}

function comparePositions(a: Position, b: Position): number {
  return a.value - b.value || compareNames(a.name, b.name) || compareNames(a.repoId, b.repoId);
}

/** As `compareText`, for texts that often are the same. */
function compareNames(a: string, b: string): number {
  return a === b ? 0 : compareText(a, b);
}
