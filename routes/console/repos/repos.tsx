/** The list of repositories, and what can be done with one of them from there. */

import { Hono } from "hono";
import { fieldsOf } from "../form_data.ts";
import { safePath, show } from "../opened.tsx";
import type { ConsoleContext, ConsoleEnv } from "../page.ts";
import { repoDelete } from "./delete.tsx";
import { repoForm } from "../repo_form/repo_form.tsx";
import { RepoList, type Sort, SORTS, STATES } from "./list.tsx";
import { hrefWith, pageNumber } from "../parts/parts.tsx";

/** Repositories on a page. */
const LIMIT = 25;
/** Syncs that are drawn of each. */
const RECENT = 20;

const ORDERS = {
  name: "name",
  created: "create_time",
  updated: "update_time",
  status: "status",
} as const;

/** Mounted below `/repos`. */
export function repos() {
  return new Hono<ConsoleEnv>()
    .get("/", list)
    .route("/", repoForm())
    .route("/", repoDelete())
    .post("/:repo/sync", async (c) => {
      const { next, force } = await fieldsOf(c);
      const json = { action: "index" as const, ...(force === "true" && { force: true }) };
      const param = { repo: c.req.param("repo") };
      await c.get("page").api.repos[":repo"].action.$post({ param, json });
      return c.redirect(doneAt(c, next, "sync"), 303);
    })
    .post("/:repo/suspend", async (c) => {
      const { next, suspended } = await fieldsOf(c);
      const json = { suspended: suspended === "true" };
      const param = { repo: c.req.param("repo") };
      await c.get("page").api.repos[":repo"].$patch({ param, json });
      return c.redirect(doneAt(c, next, json.suspended ? "suspended" : "resumed"), 303);
    });
}

async function list(c: ConsoleContext) {
  const page = c.get("page"), { url, api, words } = page;
  const query = {
    q: (url.searchParams.get("q") ?? "").trim(),
    state: STATES.find((state) => state === url.searchParams.get("state")) ?? ("" as const),
    sort: SORTS.find((sort) => sort === url.searchParams.get("sort")) ?? ("name" as const),
  };
  const found = await (await api.repos.$get({
    query: {
      ...conditionsOf(query),
      ...orderOf(query.sort),
      limit: `${LIMIT}`,
      page: `${pageNumber(url)}`,
      recent: `${RECENT}`,
    },
  })).json();
  const last = Math.max(1, Math.ceil(found.total_count / LIMIT));
  // What stood there was deleted.
  if (pageNumber(url) > last) return c.redirect(hrefWith(url, { page: `${last}` }), 302);
  const content = <RepoList page={page} {...query} {...found} limit={LIMIT} recent={RECENT} />;
  return await show(c, words.repos.title, content);
}

function conditionsOf({ q, state }: { q: string; state: string }) {
  // A comma ends a condition: what stands between them is looked for, the longest of it.
  const [part] = q.split(",").map((part) => part.trim()).toSorted((a, b) => b.length - a.length);
  const conditions = [part && `keyword~${part}`, state && `status=${state}`].filter(Boolean);
  return conditions.length === 0 ? {} : { conditions: conditions.join(",") };
}

function orderOf(sort: Sort) {
  const isReverse = sort.startsWith("-");
  const orderBy = ORDERS[sort.replace("-", "") as keyof typeof ORDERS];
  return { orderBy, ...(isReverse && { reverse: "true" as const }) };
}

/** Where a form came from, which is told what was done. */
function doneAt(c: ConsoleContext, next: string | undefined, done: string): string {
  const { base, url } = c.get("page");
  const path = next === undefined ? `${base}/repos` : safePath(next);
  return hrefWith(new URL(path, url), { done });
}
