/** A page of a list of apps, as it goes over the wire. */

import type { Facet } from "../../src/catalog/filter.ts";
import type { HotIndex } from "../../src/catalog/hot_index.ts";
import {
  type Found,
  type Group,
  type Position,
  positionOf,
  type Row,
} from "../../src/catalog/query.ts";
import type { Scope } from "../../src/catalog/scope.ts";
import { appView } from "../../src/catalog/views.ts";
import { categoryId } from "../../src/helm/ids.ts";
import { takeTurns } from "../../src/turn.ts";
import type { Made } from "./answers.ts";
import type { AppsQuery } from "./app_query.ts";
import { readCursor, writeCursor } from "./cursor.ts";
import { type Paging, takePage, walkPage } from "./paging.ts";

/** Values of a facet that are told, those of most apps. */
const MAX_VALUES = 100;
/** Apps of a group that are told; how many there are is told too. */
const MAX_GROUP = 20;
/** Apps of an answer that is kept; a longer one is made while it goes out. */
const MAX_KEPT = 1_000;
/** Apps that such a one is made of at a time. */
const PIECE = 50;

/** Which part of a list is asked for. */
export interface Page extends Paging {
  /** Absent: `offset` counts. */
  after?: Position | undefined;
}

/** Reads where a page begins. A cursor, an empty one too, takes the place of an offset. */
export function pageAfter(paging: Paging, cursor: string | undefined, query: AppsQuery): Page {
  if (cursor === undefined) return paging;
  const position = readCursor<[number, string, string]>(cursor, query, [
    "number",
    "string",
    "string",
  ]);
  const [value, name, repoId] = position ?? [];
  return {
    limit: paging.limit,
    offset: 0,
    ...(position && { after: { value: value!, name: name!, repoId: repoId! } }),
  };
}

/** What lists are written from. */
interface Parts {
  hot: HotIndex;
  scope: Scope;
  query: AppsQuery;
  page: Page;
}

/** Writes a page of what was found. `more`: members of the answer beside it. */
export function pageOfApps(parts: Parts, found: Found, more: Record<string, unknown> = {}): Made {
  const facets = found.counts.size === 0 ? {} : { facets: facetsView(parts.scope, found) };
  return parts.query.grouped
    ? groupsOf(parts, found, { ...facets, ...more })
    : appsOf(parts, found, { ...facets, ...more });
}

function appsOf({ hot, query, page }: Parts, found: Found, members: Record<string, unknown>): Made {
  const { total } = found;
  return listOf({
    apps: page.limit === -1 ? total : Math.min(total, page.limit),
    walk: () => walkPage(found.rows(page.after), total, page),
    weigh: () => 1,
    view: (row) => rowView(hot, row),
    rest: (last, more) => ({ total_count: total, ...nextCursor(query, last, more), ...members }),
  });
}

function groupsOf(
  { hot, query, page }: Parts,
  found: Found,
  members: Record<string, unknown>,
): Made {
  const { total, groups } = found.groups(page.after);
  const { page: shown, more } = takePage(groups, total, page);
  const weigh = ({ rows }: Group) => Math.min(rows.length, MAX_GROUP);
  return listOf({
    apps: shown.reduce((sum, group) => sum + weigh(group), 0),
    walk: function* () {
      yield* shown;
      return more;
    },
    weigh,
    view: ({ name, rows }) => {
      const apps = rows.slice(0, MAX_GROUP).map((row) => rowView(hot, row));
      return { name, count: rows.length, apps };
    },
    rest: (last, more) => ({
      total_count: total,
      ...nextCursor(query, last?.rows[0], more),
      ...members,
    }),
  });
}

/** A list, and what stands beside its items. */
interface List<T> {
  /** Most apps that it may have. */
  apps: number;
  /** Goes over the items, each time anew, and tells at the end whether there are more behind them. */
  walk: () => Generator<T, boolean>;
  /** How many apps an item is. */
  weigh: (item: T) => number;
  view: (item: T) => unknown;
  rest: (last: T | undefined, more: boolean) => Record<string, unknown>;
}

function listOf<T>(list: List<T>): Made {
  return list.apps <= MAX_KEPT
    ? { body: [...piecesOf(list)].join("") }
    : { body: () => inTurns(piecesOf(list)) };
}

function* piecesOf<T>({ walk, weigh, view, rest }: List<T>): Generator<string> {
  const items = walk();
  let last: T | undefined, step = items.next();
  yield '{"items":[';
  for (let separator = ""; !step.done; separator = ",") {
    const piece: unknown[] = [];
    for (let apps = 0; apps < PIECE && !step.done; step = items.next()) {
      last = step.value;
      apps += weigh(last);
      piece.push(view(last));
    }
    yield separator + JSON.stringify(piece).slice(1, -1);
  }
  yield `],${JSON.stringify(rest(last, step.value)).slice(1)}`;
}

/** A long list, while it is read. */
async function* inTurns(pieces: Iterable<string>) {
  const turn = takeTurns();
  for (const piece of pieces) {
    yield piece;
    await turn();
  }
}

function nextCursor(query: AppsQuery, last: Row | undefined, more: boolean) {
  if (last === undefined || !more) return {};
  const { value, name, repoId } = positionOf(last);
  return { next_cursor: writeCursor(query, [value, name, repoId]) };
}

function rowView(hot: HotIndex, { place: { repo, catalog }, number }: Row) {
  const [entry] = hot.entries(catalog, [number]);
  return appView({ repo, entry: entry! });
}

/** The values of each facet with how many apps have them, those of most first. */
function facetsView({ byId }: Scope, { counts }: Found) {
  const more: Partial<Record<Facet, (value: string) => Record<string, string>>> = {
    category: (value) => ({ category_id: categoryId(value) }),
    repo: (value) => ({ name: byId.get(value)!.repo.name }),
  };
  return Object.fromEntries([...counts].map(([facet, values]) => [
    facet,
    [...values]
      .sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
      .slice(0, MAX_VALUES)
      .map(([value, count]) => ({ value, ...more[facet]?.(value), count })),
  ]));
}
