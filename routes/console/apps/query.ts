/** What a list of apps shows: read from its address, and asked of the API. */

import { type Facet, FACETS } from "../../../src/catalog/filter.ts";
import { hrefWith, pageNumber } from "../parts/parts.tsx";
import { DAY_MS, dayOf } from "../parts/text.ts";

/** Apps, or names, of one page. */
export const APPS_OF_PAGE = 24;
export const SORTS = ["relevance", "updated", "name", "created"] as const;
export type Sort = typeof SORTS[number];
/** Days back to which the newest version of an app may have been made. */
export const SINCE = ["", "7", "30", "365"] as const;
/** Characters of a search that the API takes. */
export const MAX_SEARCH = 200;

const ORDERS = {
  relevance: { orderBy: "relevance" },
  updated: { orderBy: "update_time", reverse: "true" },
  name: { orderBy: "name" },
  created: { orderBy: "create_time", reverse: "true" },
} as const;
const KEYS = {
  category: "category_id=",
  repo: "repo_id=",
  keyword: "keyword~",
  type: "type=",
  deprecated: "deprecated=",
} as const satisfies Record<Facet, string>;

/** What is asked for. */
export interface Asked {
  q: string;
  /** The whole name of an app. */
  name: string;
  /** What was chosen of each facet; any of its values will do. */
  chosen: Readonly<Record<Facet, readonly string[]>>;
  /** A version of Kubernetes that charts must admit; as it was typed. */
  kube: string;
  since: typeof SINCE[number];
  /** The order that is in effect. */
  sort: Sort;
  isList: boolean;
  isGrouped: boolean;
  /** From 1. */
  number: number;
}

/** Reads an address. What cannot be meant counts as absent. */
export function readAsked(url: URL): Asked {
  const text = (name: string) => url.searchParams.get(name)?.trim() ?? "";
  const q = text("q").slice(0, MAX_SEARCH);
  const asked = SORTS.find((sort) => sort === text("sort"));
  const unasked = q === "" ? "updated" : "relevance";
  return {
    q,
    name: isValue(text("name")) ? text("name") : "",
    chosen: Object.fromEntries(
      FACETS.map((facet) => [facet, [...new Set(url.searchParams.getAll(facet))].filter(isValue)]),
    ) as Record<Facet, string[]>,
    kube: text("kube"),
    since: SINCE.find((days) => days === text("since")) ?? "",
    sort: asked === undefined || asked === "relevance" ? unasked : asked,
    isList: text("view") === "list",
    isGrouped: text("group") === "name",
    number: pageNumber(url),
  };
}

/** Whether conditions of the API can ask for a text: in them, these two have a meaning. */
export function isValue(text: string): boolean {
  return text !== "" && !/[,|]/.test(text);
}

/** Whether anything but a search narrows the list down. */
export function isFiltered({ name, chosen, kube, since }: Asked): boolean {
  return name !== "" || kube !== "" || since !== "" ||
    Object.values(chosen).some((values) => values.length > 0);
}

/** The conditions of the API. `now`: milliseconds of the epoch. */
export function conditionsOf({ name, chosen, kube, since }: Asked, now: number): string {
  const conditions = FACETS.flatMap((facet) => {
    const values = chosen[facet];
    // Both are all.
    if (values.length === 0 || facet === "deprecated" && values.length > 1) return [];
    return [KEYS[facet] + values.join("|")];
  });
  if (name !== "") conditions.push(`name=${name}`);
  // While somebody types `1.31`, it is `1.` for a moment; what is no version, the API refuses.
  const version = kube.replace(/\.+$/, "");
  if (version !== "") conditions.push(`kube_version=${version.replaceAll(",", " ")}`);
  if (since !== "") {
    const day = dayOf(now - Number(since) * DAY_MS);
    conditions.push(`has_update_since=${day}`);
  }
  return conditions.join(",");
}

/** The query of the API's list, but for how much of it. */
export function queryOf(asked: Asked, now: number) {
  const conditions = conditionsOf(asked, now);
  return {
    ...(asked.q && { q: asked.q }),
    ...(conditions && { conditions }),
    ...ORDERS[asked.sort],
    ...(asked.isGrouped && { group: "name" as const }),
  };
}

/** The same address with a value of a parameter less. */
export function hrefWithout(url: URL, name: string, value: string): string {
  const query = new URLSearchParams(url.search);
  query.delete(name, value);
  query.delete("page");
  return `${url.pathname}${query.size === 0 ? "" : `?${query}`}`;
}

/** The same address without all that narrows the list down, but for the search. */
export function hrefUnfiltered(url: URL): string {
  const names = [...FACETS, "name", "kube", "since", "page"];
  return hrefWith(url, Object.fromEntries(names.map((name) => [name, null])));
}
