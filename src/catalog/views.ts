/** Apps, versions and categories as KubeSphere's API writes them, with a few keys more. */

import { createdText, type Json, type KeptVersion, type Maintainer } from "../helm/chart.ts";
import { appId, categoryId, versionId } from "../helm/ids.ts";
import { NO_TIME, printTime } from "../helm/time.ts";
import type { CatalogEntry } from "../store/generations.ts";
import type { Repo } from "../store/repos.ts";
import type { Category } from "./categories.ts";

/** An app of a repository. */
export interface App {
  repo: Repo;
  entry: CatalogEntry;
}

/** An app of a list. */
export function appView({ repo, entry }: App) {
  const { latest, installable } = entry;
  const { description, icon, keywords, deprecated } = latest.chart;
  const createTime = printTime(entry.created);
  return {
    app_id: appId(repo.id, entry.key),
    app_version_types: "helm",
    category_set: categorySet(entry.category),
    create_time: createTime,
    ...filled({ description, icon, keywords: jsonList(keywords) }),
    latest_app_version: installable ? versionView({ repo, entry }, latest) : {},
    name: entry.name,
    ...filled({ owner: repo.creator }),
    status: "active",
    status_time: createTime,
    update_time: printTime(entry.updated),
    cluster_total: 0,
    repo_id: repo.id,
    version_total: entry.versionCount,
    deprecated: deprecated ?? false,
    ...filled({ category: entry.category }),
  };
}

/** A version of an app. `name` is what KubeSphere shows: the version, and what it packages. */
export function versionView({ repo, entry }: App, version: KeptVersion) {
  const { chart } = version;
  const time = printTime(createdText(version));
  const { description, home, icon, keywords, maintainers, sources, appVersion, digest } = chart;
  return {
    active: true,
    app_id: appId(repo.id, entry.key),
    create_time: time,
    ...filled({
      description,
      home,
      icon,
      keywords: jsonList(keywords),
      maintainers: jsonList(maintainers?.map(pickMaintainer)),
    }),
    name: appVersion ? `${chart.version} [${appVersion}]` : chart.version,
    ...filled({ owner: repo.creator }),
    package_name: `${chart.name}-${chart.version}.tgz`,
    ...filled({ sources: jsonList(sources) }),
    status: "active",
    status_time: time,
    update_time: time,
    version_id: versionId(repo.id, entry.name, chart.version),
    version: chart.version,
    deprecated: chart.deprecated ?? false,
    urls: chart.urls ?? [],
    ...filled({
      app_version: appVersion,
      digest,
      kube_version: chart.kubeVersion,
      type: chart.type,
    }),
  };
}

/** Of a dependency, what Helm looks at; the reader of indexes has seen to their types. */
const DEPENDENCY_FIELDS = ["name", "version", "repository", "alias", "condition", "tags"];

/**
 * A version by itself, with what would be too much in a list. As large as an entry of an index may be,
 * which is bounded when it is read.
 */
export function versionDetailView(app: App, version: KeptVersion) {
  const { dependencies = [], annotations = {} } = version.chart;
  return {
    ...versionView(app, version),
    ...(dependencies.length > 0 && { dependencies: dependencies.map(pickDependency) }),
    ...(Object.keys(annotations).length > 0 && { annotations }),
  };
}

/** A category of a list. */
export function categoryView({ id, name, apps }: Category) {
  return { category_id: id, create_time: NO_TIME, locale: "{}", name, app_total: apps };
}

/** As in KubeSphere none, if the chart names none. */
function categorySet(name: string | undefined) {
  if (name === undefined) return [];
  const id = categoryId(name);
  return [{ category_id: id, create_time: NO_TIME, locale: "{}", name, status: "enabled" }];
}

/** KubeSphere leaves out what is empty. */
function filled<T extends Record<string, string | undefined>>(fields: T): Partial<T> {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined && value !== ""),
  ) as Partial<T>;
}

/** KubeSphere writes a list inside of a string. */
function jsonList(items: readonly unknown[] | undefined): string | undefined {
  return items === undefined || items.length === 0 ? undefined : JSON.stringify(items);
}

function pickDependency(dependency: Json): { [field: string]: Json } {
  const found = dependency as { [field: string]: Json };
  return Object.fromEntries(
    DEPENDENCY_FIELDS.filter((field) => (found[field] as string | Json[] | undefined)?.length)
      .map((field) => [field, found[field]!]),
  );
}

function pickMaintainer({ name, email, url }: Maintainer): Maintainer {
  return { ...(name && { name }), ...(email && { email }), ...(url && { url }) };
}
