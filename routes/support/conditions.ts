/** KubeSphere's `conditions` parameter: `key=value,key~value`, and the parameters beside it. */

import { isTime, timeOf } from "../../src/helm/time.ts";
import { invalid, Refused } from "../../src/refused.ts";

/** The keys that each list knows. */
export const CONDITIONS = {
  repos: {
    exact: ["keyword", "workspace", "status", "name", "repo_id"],
    fuzzy: ["keyword", "name", "description"],
  },
  apps: {
    exact: [
      "repo_id",
      "app_id",
      "keyword",
      "name",
      "status",
      "category_id",
      "deprecated",
      "type",
      "kube_version",
      "app_version",
      "has_update_since",
    ],
    fuzzy: ["keyword", "name", "description", "app_version"],
  },
  categories: { exact: ["keyword", "name", "category_id", "status"], fuzzy: ["name"] },
  versions: { exact: ["keyword", "status", "prerelease", "deprecated"], fuzzy: [] },
  audit: { exact: ["action", "name", "workspace", "repo_id", "outcome"], fuzzy: [] },
};

/** What lists of repositories can be ordered by. */
export const REPO_ORDERS = ["create_time", "update_time", "name", "status"] as const;

/** `=` and `~` conditions by key. Of several with one key the last counts. */
export interface Conditions {
  exact: ReadonlyMap<string, string>;
  fuzzy: ReadonlyMap<string, string>;
}

/** Reads the grammar, whatever the keys. Throws a `Refused` for a key that it forbids. */
export function parseConditions(text: string): Conditions {
  const exact = new Map<string, string>(), fuzzy = new Map<string, string>();
  for (const item of text.split(",")) {
    if (item === "") continue;
    const [, key, operator, value] = /^([^~=]*)([~=]?)(.*)$/s.exec(item)!;
    if (/[\t\n\f\r (){}[\]]/.test(key!)) {
      throw new Refused(
        "invalid_conditions",
        `conditions: ${JSON.stringify(key)} is no key, expected \`key=value\` or \`key~value\``,
        "conditions",
      );
    }
    (operator === "~" ? fuzzy : exact).set(key!, value!);
  }
  return { exact, fuzzy };
}

/** Reads conditions and refuses keys that the list does not know. */
export function readConditions(
  text: string | undefined,
  known: { exact: readonly string[]; fuzzy: readonly string[] },
): Conditions {
  const conditions = parseConditions(text ?? "");
  for (const kind of ["exact", "fuzzy"] as const) {
    const operator = kind === "exact" ? "=" : "~";
    for (const [key, value] of conditions[kind]) {
      if (known[kind].includes(key) || (key === "" && value === "")) continue;
      const keys = [
        ...known.exact.map((name) => `${name}=`),
        ...known.fuzzy.map((name) => `${name}~`),
      ].join(", ");
      throw new Refused(
        "invalid_conditions",
        `conditions: ${JSON.stringify(key + operator)} is unknown, expected one of ${keys}`,
        key || "conditions",
      );
    }
  }
  return conditions;
}

/** The parts of a value in which `|` means "or". */
export function alternatives(value: string | undefined): Set<string> {
  return new Set(value?.split("|").filter(Boolean));
}

/** What Go's `strconv.ParseBool` takes for true. */
export function isTrue(text: string | undefined): boolean {
  return text !== undefined && ["1", "t", "T", "true", "TRUE", "True"].includes(text);
}

/** Reads a parameter that decides over what is done, and so must not be mistyped. */
export function readFlag(name: string, text: string | undefined): boolean {
  if (text === undefined || ["0", "f", "F", "false", "FALSE", "False"].includes(text)) return false;
  if (isTrue(text)) return true;
  throw new Refused("invalid_field", `${name}: expected true or false`, name);
}

/** Reads a day, or a moment of it: milliseconds of the epoch, with a fraction. */
export function readMoment(name: string, text: string | undefined): number | undefined {
  if (!text) return undefined;
  const time = /^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00Z` : text;
  if (!isTime(time)) throw invalid(name, "a day or a time such as 2026-01-31");
  return timeOf(time);
}

/** Reads `orderBy`; the first of `orders` is the default. */
export function readOrder<T extends string>(text: string | undefined, orders: readonly T[]): T {
  if (!text) return orders[0]!;
  const order = orders.find((known) => known === text);
  if (order !== undefined) return order;
  const expected = `expected one of ${orders.join(", ")}`;
  throw new Refused("invalid_field", `orderBy: ${expected}`, "orderBy");
}
