/** From an app's versions to a list of them, and to the one that is wanted. */

import { createdAt, type KeptVersion } from "../helm/chart.ts";
import { parseConstraint, resolve, satisfies } from "../helm/constraint.ts";
import { isPrerelease, parseVersion } from "../helm/version.ts";
import type { CatalogEntry } from "../store/generations.ts";
import { contains } from "./text.ts";

/** `sequence`: as Helm orders them. `stable_first`: newest first, pre-releases behind all others. */
export const VERSION_ORDERS = ["sequence", "create_time", "stable_first"] as const;
export type VersionOrder = typeof VERSION_ORDERS[number];

/** All given conditions must hold. */
export interface VersionQuery {
  /** Part of the version, or of the version of what it packages, in any case. */
  keyword?: string;
  /** In Helm's language. */
  constraint?: string;
  prerelease?: boolean;
  deprecated?: boolean;
  order: VersionOrder;
  reverse: boolean;
}

/**
 * Lists versions that are given newest first, oldest first unless it is `stable_first`. Throws a
 * `ConstraintError` for a constraint that cannot be read.
 */
export function listVersions(
  versions: readonly KeptVersion[],
  { keyword, constraint, prerelease, deprecated, order, reverse }: VersionQuery,
): KeptVersion[] {
  const wanted = constraint === undefined ? undefined : parseConstraint(constraint);
  const found = versions.filter(({ chart }) => {
    const version = parseVersion(chart.version);
    return (!keyword || contains(chart.version, keyword) ||
      contains(chart.appVersion ?? "", keyword)) &&
      (wanted === undefined || (version !== undefined && satisfies(version, wanted))) &&
      (prerelease === undefined || isPrerelease(chart.version) === prerelease) &&
      (deprecated === undefined || Boolean(chart.deprecated) === deprecated);
  });
  if (order === "stable_first") {
    const rank = ({ chart }: KeptVersion) => Number(isPrerelease(chart.version));
    found.sort((a, b) => rank(a) - rank(b));
  } else {
    found.reverse();
    if (order === "create_time") found.sort((a, b) => createdAt(a) - createdAt(b));
  }
  return reverse ? found.reverse() : found;
}

/**
 * The version to take, of those given newest first: what Helm resolves a constraint to, or else the
 * newest stable one, as the catalog has it; with `prerelease`, the newest of all. `undefined` if
 * there is none. Throws a `ConstraintError` for a constraint that cannot be read.
 */
export function latestVersion(
  versions: readonly KeptVersion[],
  entry: CatalogEntry,
  { constraint, prerelease }: Pick<VersionQuery, "constraint" | "prerelease">,
): KeptVersion | undefined {
  const textOf = ({ chart }: KeptVersion) => chart.version;
  if (constraint !== undefined) return resolve(versions, constraint, textOf);
  if (!entry.installable) return undefined;
  const latest = entry.latest.chart.version;
  return versions.find(({ chart }) =>
    prerelease ? parseVersion(chart.version) !== undefined : chart.version === latest
  );
}
