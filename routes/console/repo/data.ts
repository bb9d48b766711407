/** What the pages of a repository are drawn from, as the API answers it. */

import type { InferResponseType } from "hono/client";
import type { Api, Repo } from "../api.ts";
import type { ConsoleContext, Page } from "../page.ts";
import type { Tone } from "../parts/parts.tsx";

type RepoApi = Api["repos"][":repo"];

export type SyncEvent = InferResponseType<RepoApi["events"]["$get"], 200>["items"][number];
export type Problem = InferResponseType<RepoApi["problems"]["$get"], 200>["items"][number];
export type Webhook = InferResponseType<RepoApi["webhook"]["$get"], 200>;

/** What a sync can change, in the order in which it is told. */
export const KINDS = [
  "apps_added",
  "apps_removed",
  "versions_added",
  "versions_removed",
  "versions_republished",
] as const;
export type Kind = typeof KINDS[number];

/** What the page of a repository has on each of its tabs. */
export interface Shown {
  page: Page;
  repo: Repo;
  /** Whether who looks may change it here. */
  mayChange: boolean;
}

export const TABS = ["overview", "history", "problems", "webhook"] as const;
export type Tab = typeof TABS[number];

/** The repository of a page's path. */
export async function repoOf(c: ConsoleContext): Promise<Repo> {
  const param = { repo: c.req.param("repo") ?? "" };
  return await (await c.get("page").api.repos[":repo"].$get({ param, query: {} })).json();
}

/** A workspace's repository has its pages on the path of that, where it can be changed. */
export function ownPath({ workspace, url }: Page, repo: Repo): string | undefined {
  if (workspace !== "" || repo.workspace === "") return undefined;
  return `/workspaces/${repo.workspace}${url.pathname}${url.search}`;
}

/** Where a repository's page is, or something below it. */
export function pathOf({ base }: Page, { repo_id }: Repo, below = ""): string {
  return `${base}/repos/${repo_id}${below}`;
}

/** The path and query of a tab. */
export function tabPath(page: Page, repo: Repo, tab: Tab): string {
  return pathOf(page, repo, tab === "overview" ? "" : `?tab=${tab}`);
}

/** How a repository stands, in one word: what is going on, or else how its last sync went. */
export type State = "running" | "queued" | "failed" | "never" | "successful";

export function stateOf({ status, sync: { state } }: Repo): State {
  if (state !== "idle") return state;
  return status === "syncing" ? "never" : status;
}

export const TONES = {
  running: "busy",
  queued: "busy",
  failed: "bad",
  never: "quiet",
  successful: "good",
} as const satisfies Record<State, Tone>;

/** What a reason of the API means, in short, and what to do about it. */
export function reasonOf({ words }: Page, reason: SyncEvent["reason"]) {
  return reason === undefined ? undefined : words.reasons[reason];
}
