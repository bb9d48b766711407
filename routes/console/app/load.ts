/** What the pages of an app are about: the app, its repository, and the version that is chosen. */

import type { InferResponseType } from "hono/client";
import { versionId } from "../../../src/helm/ids.ts";
import { ChartroomError } from "../../client.ts";
import type { Api, Repo } from "../api.ts";
import type { ConsoleContext, Page } from "../page.ts";
import { pageNumber } from "../parts/parts.tsx";

/** Versions that are there to be picked at once. */
const PICKS = 30;

type AppsApi = Api["apps"][":app"];

export type App = InferResponseType<AppsApi["$get"], 200>;

/** Those of lists have neither dependencies nor annotations. */
export type Version = InferResponseType<AppsApi["versions"][":version"]["$get"], 200>;

/** What a page of an app is about. */
export interface Opened {
  page: Page;
  app: App;
  /** The one that is asked for, or the newest to take. */
  version: Version;
  repo: Repo;
  picks: Picks;
}

/** Versions to choose from. */
export interface Picks {
  items: readonly Version[];
  total: number;
  constraint: string;
  prerelease: boolean;
  /** What is wrong with the constraint. */
  error?: string;
}

/** The last part of the path of each tab; that of the README has none. */
export const TABS = {
  readme: "",
  versions: "/versions",
  values: "/values",
  schema: "/schema",
  templates: "/templates",
  diff: "/diff",
} as const;
export type Tab = keyof typeof TABS;

/**
 * Loads the app that the path names, and the version of `?version=`: `1.2.3`, or an id; absent: the
 * newest to take. Throws a `ChartroomError` if there is no such app or version.
 *
 * @param perPage How many versions `picks` has of the page that `?page=` names; absent: the first 30.
 */
export async function loadApp(c: ConsoleContext, perPage?: number): Promise<Opened> {
  const page = c.get("page");
  const param = { app: c.req.param("app")! };
  const app = await (await page.api.apps[":app"].$get({ param })).json();
  const [version, repo, picks] = await Promise.all([
    loadVersion(page, app, c.req.query("version") ?? ""),
    page.api.repos[":repo"].$get({ param: { repo: app.repo_id }, query: {} })
      .then((answer) => answer.json()),
    loadPicks(page, app, perPage),
  ]);
  return { page, app, version, repo, picks };
}

/** A version by its text or its id; `""`: the newest to take. Throws as {@link loadApp} does. */
export async function loadVersion(page: Page, app: App, text: string): Promise<Version> {
  const { ":version": read, $get: list } = page.api.apps[":app"].versions;
  const { app_id, name, repo_id } = app;
  const id = text === "" || text.startsWith("appv-") ? text : versionId(repo_id, name, text);
  try {
    const param = { app: app_id, version: id || "latest" };
    return await (await read.$get({ param, query: {} })).json();
  } catch (error) {
    if (!(error instanceof ChartroomError) || error.status !== 404 || id !== "") throw error;
    // Helm takes none of them, and yet they can be looked at.
    const query = { orderBy: "stable_first", limit: "1" } as const;
    const { items: [newest] } = await (await list({ param: { app: app_id }, query })).json();
    if (newest === undefined) throw error;
    return newest;
  }
}

/** Asks for what the query narrows down. A constraint that cannot be read is no error of the page. */
async function loadPicks(page: Page, app: App, perPage: number | undefined): Promise<Picks> {
  const { url: { searchParams } } = page;
  const constraint = searchParams.get("constraint")?.trim() ?? "";
  const prerelease = searchParams.get("prerelease") === "true";
  const picks = { constraint, prerelease };
  try {
    const answer = await page.api.apps[":app"].versions.$get({
      param: { app: app.app_id },
      query: {
        orderBy: "stable_first",
        limit: `${perPage ?? PICKS}`,
        page: `${perPage === undefined ? 1 : pageNumber(page.url)}`,
        ...(constraint && { constraint }),
        // A constraint says itself whether it admits them.
        ...(!prerelease && !constraint && { conditions: "prerelease=false" }),
      },
    });
    const { items, total_count } = await answer.json();
    return { ...picks, items, total: total_count };
  } catch (error) {
    if (!(error instanceof ChartroomError) || error.field !== "constraint") throw error;
    return { ...picks, items: [], total: 0, error: error.message };
  }
}

/** The status of a page of an app. */
export function statusOf({ picks }: Opened): 200 | 400 {
  return picks.error === undefined ? 200 : 400;
}

/** The path and query of a page of an app: as it is, or of another version or tab. */
export function hrefOfApp(
  { page, app }: Pick<Opened, "page" | "app">,
  tab: Tab,
  version = page.url.searchParams.get("version"),
): string {
  const query = version ? `?${new URLSearchParams({ version })}` : "";
  return `${page.base}/apps/${app.app_id}${TABS[tab]}${query}`;
}
