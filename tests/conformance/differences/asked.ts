/** What a list must have, worked out from all that there is: for where KubeSphere's is another. */

import { isDeepStrictEqual } from "node:util";
import type { Body } from "../../support/chartroom.ts";
import type { Exchange } from "../replay.ts";
import { partsOf } from "./request.ts";

type Holds = (item: Body, value: string) => boolean;

const is = (field: string): Holds => (item, value) => item[field] === value;
const has = (field: string): Holds => (item, value) => isPart(value, item[field]);

/** By list and condition, whether an item has a value that is asked for. */
const CONDITIONS: Readonly<Record<string, Readonly<Record<string, Holds>>>> = {
  "/repos": {
    "repo_id=": is("repo_id"),
    "name=": is("name"),
    "status=": (repo, value) => value === "active" || repo.status === value,
    "keyword=": has("name"),
    "name~": has("name"),
    "description~": has("description"),
    "keyword~": (repo, value) => isPart(value, repo.name) || isPart(value, repo.description),
  },
  "/apps": {
    "repo_id=": is("repo_id"),
    "app_id=": is("app_id"),
    "name=": is("name"),
    "status=": is("status"),
    "category_id=": (app, value) => categoryOf(app).category_id === value,
    "keyword=": has("name"),
    "name~": has("name"),
    "description~": has("description"),
    "keyword~": (app, value) =>
      JSON.parse(app.keywords ?? "[]").some((word: string) => isPart(value, word)),
  },
  "/categories": { "name=": is("name"), "keyword=": has("name"), "name~": has("name") },
  "/versions": {
    "keyword=": has("name"),
    "status=": is("status"),
    "deprecated=": is("deprecated"),
  },
};

/** By list and order, what is compared before the names. */
const ORDERS: Readonly<Record<string, Readonly<Record<string, (item: Body) => number>>>> = {
  "/repos": {
    create_time: ({ create_time }) => Date.parse(create_time),
    update_time: ({ sync }) => Date.parse(sync.last_attempt ?? 0),
    name: () => 0,
    status: ({ status }) => ["failed", "successful", "syncing"].indexOf(status),
  },
  "/apps": {
    create_time: ({ create_time }) => Date.parse(create_time),
    update_time: ({ update_time }) => Date.parse(update_time),
    name: () => 0,
    status: () => 0,
  },
  "/categories": { create_time: () => 0, name: () => 0 },
};

/** Whether a list is asked for with a condition that it does not have. */
export function hasUnknownCondition(exchange: Exchange): boolean {
  const { path, query } = partsOf(exchange);
  const [list = ""] = /\/[^/]+$/.exec(path) ?? [];
  return conditionsOf(query, CONDITIONS[list] ?? {}) === undefined;
}

/** Whether a list is asked for in an order that it does not have. */
export function hasUnknownOrder(exchange: Exchange): boolean {
  const { path, query } = partsOf(exchange);
  return !((query.get("orderBy") ?? "create_time") in (ORDERS[path] ?? {}));
}

/** Whether our answer is the list that was asked for: these items, in this order, and their number. */
export function isAsked(exchange: Exchange): boolean {
  const { path, query } = partsOf(exchange);
  const list = path.replace(/\/$/, "");
  const order = ORDERS[list]?.[query.get("orderBy") || "create_time"];
  const wanted = conditionsOf(query, CONDITIONS[list] ?? {});
  if (order === undefined || wanted === undefined || exchange.ours.status !== 200) return false;
  const found = allOf(exchange, list).filter((item) => wanted.every((holds) => holds(item)))
    .sort((a, b) =>
      order(a) - order(b) || compare(a.name, b.name) || compare(a.repo_id, b.repo_id)
    );
  if (["1", "true"].includes(query.get("reverse") ?? "")) found.reverse();
  const { items = [], total_count } = exchange.ours.body;
  return total_count === found.length && sameItems(items, pageOf(found, query));
}

/** Whether items are these; of categories, an app has no more than id and name. */
function sameItems(items: Body[], wanted: Body[]): boolean {
  return items.length === wanted.length &&
    wanted.every((item, i) =>
      same(Object.keys(item).map((key) => items[i][key]), Object.values(item))
    );
}

function allOf({ here: { repos, apps } }: Exchange, list: string): Body[] {
  if (list !== "/categories") return [...list === "/repos" ? repos : apps];
  const groups = Map.groupBy(apps.map(categoryOf), ({ category_id }) => category_id);
  return [...groups.values()].map((of) => ({ ...of[0], app_total: of.length }));
}

function categoryOf({ category_set: [category] }: Body): Body {
  const { category_id = "ctg-uncategorized", name = "uncategorized" } = category ?? {};
  return { category_id, name };
}

/** The conditions as tests of an item, or `undefined` where one is not known. */
function conditionsOf(query: URLSearchParams, known: Readonly<Record<string, Holds>>) {
  const wanted: ((item: Body) => boolean)[] = [];
  for (const text of (query.get("conditions") ?? "").split(",")) {
    const [, key = "", value = ""] = /^([^=~]*[=~])(.*)$/s.exec(text) ?? [];
    if (["", "="].includes(text)) continue;
    const holds = known[key];
    if (holds === undefined) return undefined;
    wanted.push((item) => value.split("|").some((one) => holds(item, one)));
  }
  return wanted;
}

function pageOf(items: Body[], query: URLSearchParams): Body[] {
  const [, ...given] = /^limit=(-?\d+),page=(\d+)$/.exec(query.get("paging") ?? "") ?? [];
  const [limitText, page] = query.get("paging") ? given : [query.get("limit"), query.get("page")];
  const limit = Number(limitText || 10);
  const start = Number(query.get("start") || (Number(page || 1) - 1) * limit);
  return limit === -1 ? items : items.slice(start, start + limit);
}

function isPart(part: string, text = ""): boolean {
  return text.toLowerCase().includes(part.toLowerCase());
}

/** By code points. */
function compare(a: string, b: string): number {
  const [x, y] = [a, b].map((text) => Array.from(text ?? "", (it) => it.codePointAt(0)!));
  const at = x!.findIndex((point, i) => point !== y![i]);
  return at < 0 ? x!.length - y!.length : x![at]! - (y![at] ?? -1);
}

export function same(a: unknown, b: unknown): boolean {
  return isDeepStrictEqual(a, b);
}
