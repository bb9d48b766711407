/** Apps: `/apps`, and what is new of them. */

import { type Context, Hono } from "hono";
import { readPlaces, type Source } from "../src/catalog/places.ts";
import { findApps, type Found } from "../src/catalog/query.ts";
import type { Scope } from "../src/catalog/scope.ts";
import { appView } from "../src/catalog/views.ts";
import { parseAppId } from "../src/helm/ids.ts";
import type { Services } from "../src/services.ts";
import { readStatuses } from "../src/store/sync_status.ts";
import type { Answers, Recipe } from "./support/answers.ts";
import { draftOfApp } from "./support/app_draft.ts";
import { pageAfter, pageOfApps } from "./support/app_page.ts";
import { type AppsQuery, readAppsQuery } from "./support/app_query.ts";
import { type Env, scopeOf, sourceIn, workspaceOf } from "./support/authenticate.ts";
import { feedOfNews, newsAfter, pageOfNews } from "./support/news_page.ts";
import { parsePaging } from "./support/paging.ts";
import { drawnFrom, drawnFromAll } from "./support/recipe.ts";
import { icon } from "./icon.ts";
import { versions } from "./versions.ts";

export function apps(services: Services, answers: Answers) {
  return new Hono<Env>()
    .get("/", (c) => answers.give(c, () => listOfApps(c, services)))
    .get("/changes", (c) => answers.give(c, () => changes(c, services)))
    .get("/changes.atom", (c) => answers.give(c, () => feed(c, services)))
    .get("/:app", (c) =>
      answers.give(c, async () => {
        const { appId, read, ...draft } = await draftOfApp(c, services);
        return {
          ...draft,
          kind: "app",
          query: appId,
          async make() {
            const { app, current } = await read();
            return { body: JSON.stringify(appView(app)), keep: current };
          },
        };
      }))
    .get("/:app/icon", (c) => answers.give(c, () => icon(c, services)))
    .route("/:app/versions", versions(services, answers));
}

async function listOfApps(c: Context<Env>, services: Services): Promise<Recipe> {
  const { hot } = services;
  const query = readAppsQuery(c);
  const page = pageAfter(parsePaging((name) => c.req.query(name)), c.req.query("cursor"), query);
  const { scope, sources, drawn } = await select(c, services, query);
  return {
    ...drawn,
    kind: "apps",
    query: [query, page],
    async make() {
      const { found, keep } = await find(services, sources, query);
      const parts = { hot, scope, query, page };
      // Tells a repository without apps from one that was not synced yet.
      const [only] = sources.length === 1 && !sources[0]!.pointer?.apps ? sources : [];
      if (only === undefined) return { ...pageOfApps(parts, found), keep };
      const [status] = await readStatuses(services.kv, [only.repo.id]);
      const sync = status?.state ?? "syncing";
      return { ...pageOfApps(parts, found, { sync }), keep: false };
    },
  };
}

async function changes(c: Context<Env>, services: Services): Promise<Recipe> {
  const query = newestFirst(readAppsQuery(c));
  const page = newsAfter(parsePaging((name) => c.req.query(name)), c.req.query("cursor"), query);
  const { sources, drawn } = await select(c, services, query);
  return {
    ...drawn,
    // A name that is changed shows here, and does not make a generation.
    lastModified: undefined,
    kind: "changes",
    query: [query, page],
    async make() {
      const { found, keep } = await find(services, sources, query);
      return { ...await pageOfNews(services.hot, found, query, page), keep };
    },
  };
}

async function feed(c: Context<Env>, services: Services): Promise<Recipe> {
  const query = newestFirst(readAppsQuery(c));
  const { scope, sources, drawn } = await select(c, services, query);
  const url = new URL(c.req.url);
  const self = new URL(url.pathname + url.search, services.config.publicUrl ?? url);
  const of = query.repoIds?.map((id) => scope.byId.get(id)!.repo.name).join(", ") ||
    workspaceOf(c);
  return {
    ...drawn,
    lastModified: undefined,
    kind: "feed",
    query: [query, self.href],
    async make() {
      const { found, keep } = await find(services, sources, query);
      const title = `New chart versions${of ? ` of ${of}` : ""}`;
      return { ...await feedOfNews(services.hot, found, title, self), keep };
    },
  };
}

/** The repositories that a query is about, and what that makes its answer. */
async function select(c: Context<Env>, services: Services, query: AppsQuery) {
  const scope = await scopeOf(c, services);
  const asked = query.repoIds?.map((id) => sourceIn(scope, id));
  // Repositories are counted without regard to which are asked for.
  if (query.facets.includes("repo") || asked === undefined) {
    const sources = withApps(scope, query);
    return { scope, sources, drawn: drawnFromAll(c, scope) };
  }
  return { scope, sources: asked, drawn: drawnFrom(c, scope, asked, services.clock()) };
}

/** All that the caller sees; where apps are named by their ids, the repositories of these. */
function withApps({ sources, byId }: Scope, { filter: { appIds } }: AppsQuery): readonly Source[] {
  if (appIds === undefined) return sources;
  const ids = new Set(appIds.map((id) => parseAppId(id)?.repoId));
  return [...ids].flatMap((id) => byId.get(id ?? "") ?? []);
}

async function find(
  { hot }: Services,
  sources: readonly Source[],
  query: AppsQuery,
): Promise<{ found: Found; keep: boolean }> {
  const { repoIds, text, none, filter } = query;
  const descriptions = filter.descriptionContains !== undefined;
  const needs = { repoIds, text, descriptions };
  const { places, current } = await readPlaces(hot, none ? [] : sources, needs);
  return { found: findApps(places, query), keep: current };
}

/** What is new has an order of its own. */
function newestFirst(query: AppsQuery): AppsQuery {
  return { ...query, order: "update_time", reverse: true, facets: [], grouped: false };
}
