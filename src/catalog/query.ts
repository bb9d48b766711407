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
import { Heap } from "./heap.ts";

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
}

/** Apps of one repository in the order of the list. */
interface Sorted {
  place: Place;
  numbers: Uint32Array;
  valueOf: (number: number) => number;
}

/** Finds the apps that pass. */
export function findApps(places: readonly Place[], query: AppQuery): Found {
  const counts = createCounts(query.facets);
  let total = 0;
  const lists: Sorted[] = [];
  for (const place of places) {
    const numbers = selectApps(place, query.filter, numbersOf(place, query.order), counts);
    if (numbers.length === 0) continue;
    total += numbers.length;
    lists.push({ place, numbers, valueOf: valuesOf(place, query.order) });
  }
  return { total, counts, rows: (after) => merged(lists, query.reverse, after) };
}

/** Where the list goes on behind a row. */
export function positionOf({ place, number, value }: Row): Position {
  return { value, name: place.catalog.names[number]!, repoId: place.repo.id };
}

/** All apps of a place in an order. */
function numbersOf({ catalog, scores }: Place, order: AppOrder): Uint32Array {
  if (order === "create_time") return catalog.byCreated;
  if (order === "update_time") return catalog.byUpdated;
  if (order !== "relevance" || scores === undefined) return catalog.byName;
  return catalog.byName.filter((number) => scores[number]! > 0)
    .sort((a, b) => scores[b]! - scores[a]! || a - b);
}

function valuesOf({ catalog, scores }: Place, order: AppOrder): (number: number) => number {
  if (order === "create_time") return (number) => catalog.created[number]!;
  if (order === "update_time") return (number) => catalog.updated[number]!;
  if (order === "relevance" && scores) return (number) => -scores[number]!;
  return () => 0;
}

/** Where a list has come to. */
interface Head extends Row {
  list: Sorted;
  at: number;
}

function* merged(lists: readonly Sorted[], reverse: boolean, after?: Position): Generator<Row> {
  const sign = reverse ? -1 : 1;
  const heads: Head[] = [];
  for (const list of lists) {
    const at = reverse ? list.numbers.length - 1 : 0;
    const head = { list, place: list.place, at, number: 0, value: 0 };
    if (moveTo(head, after === undefined ? at : placeAfter(list, after, reverse))) heads.push(head);
  }
  const heap = new Heap(heads, (a, b) => sign * compareRows(a, b));
  for (let head = heap.top; head !== undefined; head = heap.top) {
    yield { place: head.place, number: head.number, value: head.value };
    if (moveTo(head, head.at + sign)) heap.sinkTop();
    else heap.pop();
  }
}

/** Moves a head along its list; `false` if that has ended. */
function moveTo(head: Head, at: number): boolean {
  const { numbers, valueOf } = head.list;
  if (at < 0 || at >= numbers.length) return false;
  head.at = at;
  head.number = numbers[at]!;
  head.value = valueOf(head.number);
  return true;
}

/** The place in a list of its first row behind a position. */
function placeAfter(list: Sorted, position: Position, reverse: boolean): number {
  const { place, numbers, valueOf } = list;
  let low = 0, high = numbers.length;
  while (low < high) {
    const middle = (low + high) >> 1, number = numbers[middle]!;
    const row = {
      value: valueOf(number),
      name: place.catalog.names[number]!,
      repoId: place.repo.id,
    };
    const order = comparePositions(row, position);
    if (reverse ? order < 0 : order <= 0) low = middle + 1;
    else high = middle;
  }
  return reverse ? low - 1 : low;
}

/** Whether a row comes behind a position in its list. */
export function isBehind(row: Row, position: Position, reverse: boolean): boolean {
  const order = comparePositions(positionOf(row), position);
  return reverse ? order < 0 : order > 0;
}

function compareRows(a: Row, b: Row): number {
  return a.value - b.value ||
    compareText(a.place.catalog.names[a.number]!, b.place.catalog.names[b.number]!) ||
    compareText(a.place.repo.id, b.place.repo.id);
}

function comparePositions(a: Position, b: Position): number {
  return a.value - b.value || compareText(a.name, b.name) || compareText(a.repoId, b.repoId);
}

/** Apps of one name, in all repositories that have them; the first by the list's order leads. */
export interface Group {
  name: string;
  rows: Row[];
}

/** Puts apps of one name together, in the order of the first of each. */
export function groupRows(rows: Iterable<Row>): Group[] {
  const groups = new Map<string, Group>();
  for (const row of rows) {
    const name = row.place.catalog.names[row.number]!;
    const group = groups.get(name);
    if (group === undefined) groups.set(name, { name, rows: [row] });
    else group.rows.push(row);
  }
  return [...groups.values()];
}
