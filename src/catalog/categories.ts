/**
 * Categories of apps. Nobody makes them: a chart names its own in an annotation, and what names none
 * is uncategorized.
 */

import { categoryId } from "../helm/ids.ts";
import { compareText } from "../helm/version.ts";
import type { Place } from "./filter.ts";
import { findApps } from "./query.ts";

/** What KubeSphere calls apps whose chart names no category. */
const UNCATEGORIZED = "uncategorized";

/** A category has no time of its own: the first order is that of their names. */
export const CATEGORY_ORDERS = ["create_time", "name", "app_total"] as const;

export interface Category {
  id: string;
  name: string;
  /** Apps that have it. */
  apps: number;
}

/** The categories that apps of these places have, by name. */
export function countCategories(places: readonly Place[]): Category[] {
  const query = { filter: {}, order: "name", reverse: false, facets: ["category"] } as const;
  const counts = findApps(places, query).counts.get("category")!;
  return [...counts]
    .map(([name, apps]) => ({ id: categoryId(name), name: name || UNCATEGORIZED, apps }))
    .sort((a, b) => compareText(a.name, b.name) || compareText(a.id, b.id));
}

/** Sorts categories; ties go by name, in either direction. */
export function sortCategories(
  categories: readonly Category[],
  order: typeof CATEGORY_ORDERS[number],
  reverse: boolean,
): Category[] {
  const sign = reverse ? -1 : 1;
  if (order === "app_total") return categories.toSorted((a, b) => sign * (a.apps - b.apps));
  return order === "name" && reverse ? categories.toReversed() : [...categories];
}
