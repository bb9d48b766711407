/** The query of a list of apps, from its parameters: normalised, so that it can name its answer. */

import type { Context } from "hono";
import { type AppFilter, type Facet, FACETS } from "../../src/catalog/filter.ts";
import { APP_ORDERS, type AppOrder, type AppQuery } from "../../src/catalog/query.ts";
import { lowerCase } from "../../src/catalog/text.ts";
import { parseVersion } from "../../src/helm/version.ts";
import { invalid } from "../../src/refused.ts";
import {
  alternatives,
  CONDITIONS,
  type Conditions,
  isTrue,
  readConditions,
  readFlag,
  readMoment,
  readOrder,
} from "./conditions.ts";

/** Values of one condition; those that are part of a text are searched for one after the other. */
const MAX_VALUES = 100, MAX_PARTS = 20;
/** Characters of a search; it is a line of text. */
const MAX_TEXT = 200;

/** What is asked of apps, but for the page. */
export interface AppsQuery extends AppQuery {
  /** Absent: all that can be seen. */
  repoIds?: string[];
  /** What is searched for by words. */
  text?: string;
  /** Whether apps of one name are one entry of the list. */
  grouped: boolean;
  /** Whether no app can be found, since none has the status that is asked for. */
  none: boolean;
}

/** Reads the query. Throws a `Refused` that names what is wrong with it. */
export function readAppsQuery(c: Context): AppsQuery {
  const { exact, fuzzy } = readConditions(c.req.query("conditions"), CONDITIONS.apps);
  const text = c.req.query("q")?.trim();
  if (text && text.length > MAX_TEXT) throw invalid("q", `at most ${MAX_TEXT} characters`);
  return {
    // An empty condition is no repository: a script whose variable is not set shall not get all.
    ...(exact.has("repo_id") && { repoIds: sorted(exact.get("repo_id")) }),
    ...(text && { text }),
    filter: readFilter(exact, fuzzy),
    order: readAppOrder(c.req.query("orderBy"), text),
    reverse: isTrue(c.req.query("reverse")),
    facets: readFacets(c.req.query("facets")),
    grouped: readGroup(c.req.query("group")),
    none: !isActive(exact.get("status")),
  };
}

/** Every app of a repository is `active`; an empty condition asks for nothing. */
export function isActive(status: string | undefined): boolean {
  return !status || status.split("|").includes("active");
}

function readFilter(exact: Conditions["exact"], fuzzy: Conditions["fuzzy"]): AppFilter {
  const any = (key: string) => upTo(MAX_VALUES, key, sorted(exact.get(key)));
  const part = (values: Conditions["exact"], key: string) =>
    upTo(MAX_PARTS, key, sorted(lowerCase(values.get(key) ?? "")));
  const parts = [part(exact, "keyword"), part(fuzzy, "name")].filter((part) => part !== undefined);
  return defined({
    appIds: any("app_id"),
    names: any("name"),
    nameContains: parts.length === 0 ? undefined : parts,
    keywordContains: part(fuzzy, "keyword"),
    descriptionContains: part(fuzzy, "description"),
    categoryIds: any("category_id"),
    types: any("type"),
    deprecated: exact.get("deprecated")
      ? readFlag("deprecated", exact.get("deprecated"))
      : undefined,
    kubeVersion: readKubeVersion(exact.get("kube_version")),
    appVersions: any("app_version"),
    appVersionContains: part(fuzzy, "app_version"),
    updatedSince: readMoment("has_update_since", exact.get("has_update_since")),
  });
}

function readKubeVersion(text: string | undefined): string | undefined {
  if (!text) return undefined;
  if (parseVersion(text) === undefined) throw invalid("kube_version", "a version such as 1.31.2");
  return text;
}

function readAppOrder(text: string | undefined, search: string | undefined): AppOrder {
  if (search) return text ? readOrder(text, APP_ORDERS) : "relevance";
  return readOrder(text, APP_ORDERS.filter((order) => order !== "relevance"));
}

function readFacets(text: string | undefined): Facet[] {
  const names = new Set(text?.split(",").map((name) => name.trim()).filter(Boolean));
  for (const name of names) {
    if (!(FACETS as readonly string[]).includes(name)) {
      throw invalid("facets", `a comma list of ${FACETS.join(", ")}`);
    }
  }
  return FACETS.filter((facet) => names.has(facet));
}

function readGroup(text: string | undefined): boolean {
  if (!text) return false;
  if (text !== "name") throw invalid("group", "name");
  return true;
}

function upTo(most: number, key: string, texts: string[]): string[] | undefined {
  if (texts.length > most) throw invalid(key, `at most ${most} values`);
  return texts.length === 0 ? undefined : texts;
}

function sorted(value: string | undefined): string[] {
  return [...alternatives(value)].sort();
}

function defined(filter: { [K in keyof AppFilter]: AppFilter[K] | undefined }): AppFilter {
  return Object.fromEntries(
    Object.entries(filter).filter(([, value]) => value !== undefined),
  );
}
