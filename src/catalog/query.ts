/** From catalogs to the apps of a list: filtered and sorted. */

import { createdAt, type KeptVersion } from "../helm/chart.ts";
import { appId } from "../helm/ids.ts";
import { timeOf } from "../helm/time.ts";
import { compareText } from "../helm/version.ts";
import type { CatalogEntry } from "../store/generations.ts";
import type { Repo } from "../store/repos.ts";
import { contains } from "./text.ts";

/** An app of a repository. */
export interface App {
  repo: Repo;
  entry: CatalogEntry;
}

/** All given conditions must hold; an empty one always does. */
export interface AppFilter {
  appIds?: ReadonlySet<string>;
  name?: string;
  /** Part of the name, in any case. */
  nameContains?: string;
  /** Part of one of the chart's keywords. */
  keywordContains?: string;
  descriptionContains?: string;
}

export type AppOrder = "create_time" | "update_time" | "name" | "status";

/** The apps that pass a filter, in the order in which they came. */
export function filterApps(apps: readonly App[], filter: AppFilter): App[] {
  const { appIds, name, nameContains, keywordContains, descriptionContains } = filter;
  return apps.filter(({ repo, entry }) => {
    const { keywords = [], description = "" } = entry.latest.chart;
    return (!appIds?.size || appIds.has(appId(repo.id, entry.key))) &&
      (!name || entry.name === name) &&
      (!nameContains || contains(entry.name, nameContains)) &&
      (!keywordContains || keywords.some((keyword) => contains(keyword, keywordContains))) &&
      (!descriptionContains || contains(description, descriptionContains));
  });
}

/** Sorts apps; ties go by name, then by repository. Every app has the same status. */
export function sortApps(apps: readonly App[], order: AppOrder, reverse: boolean): App[] {
  const keyed = apps.map((app) => ({ app, time: sortTime(app.entry, order) }));
  keyed.sort((a, b) =>
    a.time - b.time || compareText(a.app.entry.name, b.app.entry.name) ||
    compareText(a.app.repo.id, b.app.repo.id)
  );
  if (reverse) keyed.reverse();
  return keyed.map(({ app }) => app);
}

function sortTime(entry: CatalogEntry, order: AppOrder): number {
  if (order === "create_time") return timeOf(entry.created);
  return order === "update_time" ? timeOf(entry.updated) : 0;
}

export type VersionOrder = "sequence" | "create_time";

/** Versions of one app, given newest first, whose version or appVersion contains `keyword`. */
export function listVersions(
  versions: readonly KeptVersion[],
  { keyword, order, reverse }: { keyword: string; order: VersionOrder; reverse: boolean },
): KeptVersion[] {
  const found = versions.filter(({ chart }) =>
    !keyword || contains(chart.version, keyword) || contains(chart.appVersion ?? "", keyword)
  ).reverse();
  if (order === "create_time") found.sort((a, b) => createdAt(a) - createdAt(b));
  return reverse ? found.reverse() : found;
}
