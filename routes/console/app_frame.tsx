/** What the pages of an app have in common: which app and version it is, its head and its tabs. */

import type { InferResponseType } from "hono/client";
import type { Child } from "hono/jsx";
import { versionId } from "../../src/helm/ids.ts";
import { ChartroomError } from "../client.ts";
import type { Api } from "./api.ts";
import { AppHead } from "./app_head.tsx";
import { loadPicks, type Picks, VersionPicker } from "./app_picker.tsx";
import type { ConsoleContext, Page } from "./page.ts";
import { Tabs } from "./parts/parts.tsx";

type AppsApi = Api["apps"][":app"];

export type App = InferResponseType<AppsApi["$get"], 200>;
export type Repo = InferResponseType<Api["repos"][":repo"]["$get"], 200>;

/** A chart that a version needs. All of it is as the chart has it: of any kind. */
export interface Dependency {
  name?: string;
  version?: string;
  repository?: string;
  condition?: string;
  alias?: string;
}

// TODO(api): with the API that has both, these two members are in the contract.
export type Version = InferResponseType<AppsApi["versions"][":version"]["$get"], 200> & {
  dependencies?: Dependency[];
  annotations?: Record<string, string>;
};

/** What a page of an app is about. */
export interface Opened {
  page: Page;
  app: App;
  /** The one that is asked for, or the newest to take. */
  version: Version;
  repo: Repo;
  picks: Picks;
}

/** The last part of the path of each tab; that of the README has none. */
const TABS = {
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
 */
export async function loadApp(c: ConsoleContext): Promise<Opened> {
  const page = c.get("page");
  const param = { app: c.req.param("app")! };
  const app = await (await page.api.apps[":app"].$get({ param })).json();
  const [version, repo, picks] = await Promise.all([
    loadVersion(page, app, c.req.query("version") ?? ""),
    page.api.repos[":repo"].$get({ param: { repo: app.repo_id } })
      .then((answer) => answer.json()),
    loadPicks(page, app),
  ]);
  return { page, app, version, repo, picks };
}

/** A version by its text or its id; `""`: the newest to take. */
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

/** The path and query of a page of an app: as it is, or of another version or tab. */
export function hrefOfApp(
  { page, app }: Pick<Opened, "page" | "app">,
  tab: Tab,
  version = page.url.searchParams.get("version"),
): string {
  const query = version ? `?${new URLSearchParams({ version })}` : "";
  return `${page.base}/apps/${app.app_id}${TABS[tab]}${query}`;
}

/** The frame of a tab, whose content it holds. */
export function AppFrame(
  { opened, tab, children }: { opened: Opened; tab: Tab; children: Child },
) {
  const { page, app } = opened;
  const { words } = page;
  return (
    <>
      <AppHead opened={opened} picker={<VersionPicker opened={opened} />} />
      <Tabs
        label={words.app.tabs.label}
        tabs={(Object.keys(TABS) as Tab[]).map((name) => ({
          href: hrefOfApp(opened, name),
          text: words.app.tabs[name],
          count: name === "versions" ? app.version_total : undefined,
          current: name === tab,
        }))}
      />
      {children}
    </>
  );
}
