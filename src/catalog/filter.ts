/** Which apps of a catalog a query takes, and how many there would be with other choices. */

import { parseConstraint, satisfies } from "../helm/constraint.ts";
import { categoryId, parseAppId } from "../helm/ids.ts";
import { compareText, parseVersion } from "../helm/version.ts";
import type { Repo } from "../store/repos.ts";
import { type Catalog, numberOf, type TextColumn, type TextListColumn } from "./catalog.ts";
import { countWhile } from "./sorted.ts";
import { lowerCase, type TextRows } from "./text.ts";

/** All given conditions must hold. Of the texts of one condition any may; parts are lower-cased. */
export interface AppFilter {
  appIds?: readonly string[];
  names?: readonly string[];
  /** Each of these is a condition: part of the name. */
  nameContains?: readonly (readonly string[])[];
  /** Part of one of the chart's keywords. */
  keywordContains?: readonly string[];
  descriptionContains?: readonly string[];
  categoryIds?: readonly string[];
  types?: readonly string[];
  deprecated?: boolean;
  /** A version of Kubernetes that the chart must admit. */
  kubeVersion?: string;
  appVersions?: readonly string[];
  appVersionContains?: readonly string[];
  /** Milliseconds of the epoch: the newest version was made then or later. */
  updatedSince?: number;
}

/** By what apps can be counted. */
export const FACETS = ["category", "repo", "keyword", "deprecated", "type"] as const;
export type Facet = typeof FACETS[number];

/** The apps of a repository, with what a query needs of them. */
export interface Place {
  repo: Repo;
  catalog: Catalog;
  /** Whether the repository is asked for; the others are there to be counted. */
  asked: boolean;
  /** By app; present if the query has a text. */
  scores?: Float32Array;
  /** By app, lower-cased; present if the query asks for parts of them. */
  descriptions?: TextRows;
}

/** By an app's number, 1 if it passes. */
type Marks = Uint8Array;

interface Condition {
  /** That is counted without this condition. */
  facet?: Facet;
  /** Takes the marks of apps for which it does not hold. */
  apply: (marks: Marks) => void;
}

/** How many apps have each value. */
export type Counts = ReadonlyMap<Facet, Map<string, number>>;

/** Maps to count in. */
export function createCounts(facets: readonly Facet[]): Counts {
  return new Map(facets.map((facet) => [facet, new Map()]));
}

const NONE = new Uint32Array();
/** Room that each call uses again: to make an array costs more than to fill it. */
let marksRoom = new Uint8Array(1_024), room = new Uint32Array(1_024);

/**
 * The numbers of the apps that pass, in the order of `numbers`, which are all. For a facet, those
 * are counted that pass the conditions of all others.
 */
export function selectApps(
  place: Place,
  filter: AppFilter,
  numbers: Uint32Array,
  counts: Counts,
): Uint32Array {
  const conditions = conditionsOf(place, filter);
  const { scores } = place;
  if (conditions.length === 0 && counts.size === 0) {
    return scores === undefined ? numbers : collectScored(numbers, scores);
  }
  if (scores !== undefined) conditions.push({ apply: (marks) => clearZeros(marks, scores) });
  for (const [facet, values] of counts) {
    const others = conditions.filter((condition) => condition.facet !== facet);
    countValues(place, facet, marksOf(place, others), values);
  }
  const marks = marksOf(place, conditions);
  return marks.includes(1) ? collect(numbers, marks) : NONE;
}

/** The numbers of marked apps. */
function collect(numbers: Uint32Array, marks: Marks): Uint32Array {
  const passed = roomFor(numbers.length);
  let length = 0;
  for (let i = 0; i < numbers.length; i++) {
    passed[length] = numbers[i]!;
    length += marks[numbers[i]!]!;
  }
  return passed.slice(0, length);
}

/** The numbers of apps with a score. */
function collectScored(numbers: Uint32Array, scores: Float32Array): Uint32Array {
  const passed = roomFor(numbers.length);
  let length = 0;
  for (let i = 0; i < numbers.length; i++) {
    if (scores[numbers[i]!]! > 0) passed[length++] = numbers[i]!;
  }
  return passed.slice(0, length);
}

function roomFor(length: number): Uint32Array {
  if (room.length < length) room = new Uint32Array(length);
  return room;
}

function clearZeros(marks: Marks, scores: Float32Array) {
  for (let i = 0; i < marks.length; i++) if (scores[i] === 0) marks[i] = 0;
}

/** Of use until the next call. */
function marksOf({ catalog: { count } }: Place, conditions: readonly Condition[]): Marks {
  if (marksRoom.length < count) marksRoom = new Uint8Array(count);
  const marks = marksRoom.subarray(0, count);
  marks.fill(1);
  for (const { apply } of conditions) apply(marks);
  return marks;
}

function conditionsOf({ catalog, ...place }: Place, filter: AppFilter): Condition[] {
  const conditions: Condition[] = [];
  const add = (apply: Condition["apply"], facet?: Facet) =>
    conditions.push({ apply, ...(facet && { facet }) });
  if (!place.asked) add((marks) => marks.fill(0), "repo");
  const { appIds, names, nameContains = [], keywordContains, descriptionContains } = filter;
  if (appIds) add(only(numbersOfApps(catalog, appIds)));
  if (names) add(only(numbersOfNames(catalog, names)));
  for (const parts of nameContains) add(only(rowsWith(catalog.lowerNames, parts)));
  if (keywordContains) add(someOf(catalog.keywords, containing(keywordContains)), "keyword");
  if (descriptionContains) add(only(rowsWith(place.descriptions!, descriptionContains)));
  const { categoryIds, types, deprecated, kubeVersion, appVersions, appVersionContains } = filter;
  if (categoryIds) {
    add(that(catalog.category, (name) => categoryIds.includes(categoryId(name))), "category");
  }
  if (types) add(that(catalog.type, (type) => types.includes(type)), "type");
  if (deprecated !== undefined) add(that(catalog.deprecated, is(String(deprecated))), "deprecated");
  if (kubeVersion) add(that(catalog.kubeVersion, admits(kubeVersion)));
  if (appVersions) add(that(catalog.appVersion, (version) => appVersions.includes(version)));
  if (appVersionContains) {
    const contains = containing(appVersionContains);
    add(that(catalog.appVersion, (version) => contains(lowerCase(version))));
  }
  const { updatedSince } = filter;
  if (updatedSince !== undefined) {
    const { updated } = catalog;
    add((marks) => {
      for (let i = 0; i < marks.length; i++) if (updated[i]! < updatedSince) marks[i] = 0;
    });
  }
  return conditions;
}

function numbersOfApps(catalog: Catalog, ids: readonly string[]): number[] {
  return ids.flatMap((id) => {
    const app = parseAppId(id);
    const number = app?.repoId === catalog.repoId ? numberOf(catalog, app.key) : -1;
    return number < 0 ? [] : [number];
  });
}

function numbersOfNames({ names: all }: Catalog, names: readonly string[]): number[] {
  return names
    .map((name) => countWhile(all.length, (number) => compareText(all[number]!, name) < 0))
    .filter((number, i) => all[number] === names[i]);
}

/** The numbers of the rows that contain one of the parts. */
function rowsWith({ text, starts }: TextRows, parts: readonly string[]): number[] {
  const found: number[] = [];
  for (const part of parts) {
    for (let at = text.indexOf(part); at >= 0;) {
      const row = rowAt(starts, at);
      const end = starts[row + 1]!;
      // What reaches over the border between two rows is in neither.
      if (at + part.length < end) found.push(row);
      at = text.indexOf(part, at + part.length < end ? end : at + 1);
    }
  }
  return found;
}

/** The row in which a character stands. */
function rowAt(starts: Uint32Array, at: number): number {
  return countWhile(starts.length - 1, (row) => starts[row]! <= at) - 1;
}

/** Leaves the marks of these apps alone. */
function only(numbers: readonly number[]): Condition["apply"] {
  return (marks) => {
    const kept = numbers.filter((number) => marks[number] === 1);
    marks.fill(0);
    for (const number of kept) marks[number] = 1;
  };
}

/** A condition on a column, worked out once for each of its texts. */
function that({ values, of }: TextColumn, test: (text: string) => boolean): Condition["apply"] {
  const holds = Uint8Array.from(values, (value) => Number(test(value)));
  return (marks) => {
    for (let i = 0; i < marks.length; i++) marks[i]! &= holds[of[i]!]!;
  };
}

function someOf(
  { values, of, starts }: TextListColumn,
  test: (text: string) => boolean,
): Condition["apply"] {
  const holds = Uint8Array.from(values, (value) => Number(test(value)));
  return (marks) => {
    for (let i = 0; i < marks.length; i++) {
      let some = 0;
      for (let at = starts[i]!; at < starts[i + 1]!; at++) some |= holds[of[at]!]!;
      marks[i]! &= some;
    }
  };
}

function is(wanted: string): (text: string) => boolean {
  return (text) => text === wanted;
}

/** Whether a lower-cased text contains one of the parts, which are too. */
function containing(parts: readonly string[]): (lower: string) => boolean {
  return (lower) => parts.some((part) => lower.includes(part));
}

/** Whether a chart's `kubeVersion` admits a version, as Helm checks it: what cannot be read does not. */
function admits(kubeVersion: string): (constraint: string) => boolean {
  const version = parseVersion(kubeVersion);
  return (constraint) => {
    if (constraint === "") return true;
    try {
      return version !== undefined && satisfies(version, parseConstraint(constraint));
    } catch {
      return false;
    }
  };
}

/** Adds to the counts of a facet's values what the marked apps have. */
function countValues(
  { repo, catalog }: Place,
  facet: Facet,
  marks: Marks,
  counts: Map<string, number>,
): void {
  const add = (value: string, count: number) => {
    if (count > 0) counts.set(value, (counts.get(value) ?? 0) + count);
  };
  if (facet === "repo") return add(repo.id, marks.reduce((sum, mark) => sum + mark, 0));
  const column: TextColumn & Partial<TextListColumn> = {
    category: catalog.category,
    keyword: catalog.keywords,
    deprecated: catalog.deprecated,
    type: catalog.type,
  }[facet];
  const { values, of, starts } = column;
  const found = new Uint32Array(values.length);
  for (let i = 0; i < marks.length; i++) {
    if (marks[i] === 0) continue;
    const end = starts ? starts[i + 1]! : i + 1;
    for (let at = starts ? starts[i]! : i; at < end; at++) found[of[at]!]!++;
  }
  values.forEach((value, id) => add(value, found[id]!));
}
