/** Which apps of a catalog a query takes, and how many there would be with other choices. */

import { parseConstraint, satisfies } from "../helm/constraint.ts";
import { appId, categoryId } from "../helm/ids.ts";
import { parseVersion } from "../helm/version.ts";
import type { Repo } from "../store/repos.ts";
import type { Catalog, TextColumn, TextListColumn } from "./catalog.ts";
import { lowerCase } from "./text.ts";

/** All given conditions must hold. Of the texts of one condition any may; parts are in any case. */
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
  /** By app, lower-cased; present if the query asks for parts of it. */
  descriptions?: readonly string[];
}

interface Condition {
  /** That is counted without this condition. */
  facet?: Facet;
  holds: (number: number) => boolean;
}

/** How many apps have each value. */
export type Counts = ReadonlyMap<Facet, Map<string, number>>;

/** Maps to count in. */
export function createCounts(facets: readonly Facet[]): Counts {
  return new Map(facets.map((facet) => [facet, new Map()]));
}

/**
 * The numbers of the apps that pass, in the order of `numbers`. An app that fails the conditions of
 * one facet alone is counted for that facet; one that passes, for all of them.
 */
export function selectApps(
  place: Place,
  filter: AppFilter,
  numbers: Uint32Array,
  counts: Counts,
): Uint32Array {
  const conditions = conditionsOf(place, filter);
  if (conditions.length === 0 && counts.size === 0) return numbers;
  const count = counter(place, counts);
  const passed = new Uint32Array(numbers.length);
  let length = 0;
  for (const number of numbers) {
    const failed = failure(conditions, number);
    if (failed === undefined) passed[length++] = number;
    if (failed !== "more") count(number, failed);
  }
  return passed.slice(0, length);
}

/** The facet whose conditions alone an app fails; `more` if it fails others. */
function failure(conditions: readonly Condition[], number: number): Facet | "more" | undefined {
  let failed: Facet | undefined;
  for (const { facet, holds } of conditions) {
    if (holds(number)) continue;
    if (facet === undefined || (failed !== undefined && failed !== facet)) return "more";
    failed = facet;
  }
  return failed;
}

function conditionsOf({ repo, catalog, ...place }: Place, filter: AppFilter): Condition[] {
  const conditions: Condition[] = [];
  const add = (holds: Condition["holds"], facet?: Facet) =>
    conditions.push({ holds, ...(facet && { facet }) });
  if (!place.asked) add(() => false, "repo");
  if (place.scores !== undefined) {
    const { scores } = place;
    add((number) => scores[number]! > 0);
  }
  const { appIds, names, nameContains = [], keywordContains, descriptionContains } = filter;
  if (appIds) {
    const keys = new Set(appIds);
    const keyOf = (number: number) => catalog.keys.slice(10 * number, 10 * number + 10);
    add((number) => keys.has(appId(repo.id, keyOf(number))));
  }
  if (names) add((number) => names.includes(catalog.names[number]!));
  for (const parts of nameContains) {
    const lower = parts.map(lowerCase);
    add((number) => lower.some((part) => catalog.lowerNames[number]!.includes(part)));
  }
  if (keywordContains) add(someOf(catalog.keywords, containing(keywordContains)), "keyword");
  if (descriptionContains) {
    const contains = containing(descriptionContains);
    add((number) => contains(place.descriptions![number]!));
  }
  const { categoryIds, types, deprecated, kubeVersion, appVersions, updatedSince } = filter;
  if (categoryIds) {
    add(that(catalog.category, (name) => categoryIds.includes(categoryId(name))), "category");
  }
  if (types) add(that(catalog.type, (type) => types.includes(type)), "type");
  if (deprecated !== undefined) {
    add((number) => Boolean(catalog.deprecated[number]) === deprecated, "deprecated");
  }
  if (kubeVersion) add(that(catalog.kubeVersion, admits(kubeVersion)));
  if (appVersions) add(that(catalog.appVersion, (version) => appVersions.includes(version)));
  if (filter.appVersionContains) {
    const contains = containing(filter.appVersionContains);
    add(that(catalog.appVersion, (version) => contains(lowerCase(version))));
  }
  if (updatedSince !== undefined) add((number) => catalog.updated[number]! >= updatedSince);
  return conditions;
}

/** Whether a lower-cased text contains one of the parts. */
function containing(parts: readonly string[]): (lower: string) => boolean {
  const lower = parts.map(lowerCase);
  return (text) => lower.some((part) => text.includes(part));
}

/** A condition on a column, worked out once for each of its texts. */
function that({ values, of }: TextColumn, test: (text: string) => boolean): Condition["holds"] {
  const holds = values.map(test);
  return (number) => holds[of[number]!]!;
}

function someOf({ values, of, starts }: TextListColumn, test: (text: string) => boolean) {
  const holds = values.map(test);
  return (number: number) => {
    for (let at = starts[number]!; at < starts[number + 1]!; at++) if (holds[of[at]!]) return true;
    return false;
  };
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

/** Counts an app: for one facet, or for all. */
function counter({ repo, catalog }: Place, counts: Counts) {
  const byFacet: Record<Facet, (number: number) => Iterable<string>> = {
    category: (number) => [catalog.category.values[catalog.category.of[number]!]!],
    repo: () => [repo.id],
    keyword: (number) => textsOf(catalog.keywords, number),
    deprecated: (number) => [String(Boolean(catalog.deprecated[number]))],
    type: (number) => [catalog.type.values[catalog.type.of[number]!]!],
  };
  const counted = [...counts].map(([facet, map]) => ({ facet, map, values: byFacet[facet] }));
  return (number: number, only: Facet | undefined) => {
    for (const { facet, map, values } of counted) {
      if (only !== undefined && only !== facet) continue;
      for (const value of values(number)) map.set(value, (map.get(value) ?? 0) + 1);
    }
  };
}

function* textsOf({ values, of, starts }: TextListColumn, number: number) {
  for (let at = starts[number]!; at < starts[number + 1]!; at++) yield values[of[at]!]!;
}
