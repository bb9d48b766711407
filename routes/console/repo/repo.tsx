/** The page of a repository: how it stands, its history, its problems, its webhook. */

import { Hono } from "hono";
import type { Child } from "hono/jsx";
import { show } from "../opened.tsx";
import type { ConsoleContext, ConsoleEnv } from "../page.ts";
import { pageNumber } from "../parts/parts.tsx";
import { ownPath, repoOf, type Shown, type Tab, TABS } from "./data.ts";
import { RepoFrame } from "./frame.tsx";
import { History } from "./history.tsx";
import { Overview } from "./overview.tsx";
import { Problems, PROBLEMS_KEPT } from "./problems.tsx";
import { WebhookTab } from "./webhook.tsx";
import { changeWebhook, type Told } from "./webhook_change.ts";

/** Events that are read to find the last sync: one for it, and one for what it republished. */
const LAST_EVENTS = "2";
const ALL_EVENTS = "100";

/** Mounted below `/repos`. */
export function repo() {
  return new Hono<ConsoleEnv>()
    .get("/:repo", async (c) => {
      const shown = await load(c);
      const elsewhere = ownPath(shown.page, shown.repo);
      if (elsewhere !== undefined) return c.redirect(elsewhere, 302);
      const tab = tabOf(shown);
      return await showTab(c, shown, tab, await contentOf(shown, tab));
    })
    // Where the answer to a form was, for who comes back to it.
    .get("/:repo/webhook", (c) => {
      const { base } = c.get("page");
      return c.redirect(
        `${base}/repos/${encodeURIComponent(c.req.param("repo"))}?tab=webhook`,
        302,
      );
    })
    .post("/:repo/webhook", async (c) => {
      const shown = await load(c);
      const { next, status, told } = await changeWebhook(c, shown);
      if (next !== undefined) return c.redirect(next, 303);
      // It may have one since.
      const fresh = await load(c);
      return await showTab(c, fresh, "webhook", await webhookTab(fresh, told), status);
    });
}

async function load(c: ConsoleContext): Promise<Shown> {
  const page = c.get("page");
  const repo = await repoOf(c);
  return { page, repo, mayChange: page.mayWrite && repo.workspace === page.workspace };
}

function tabOf({ page, mayChange }: Shown): Tab {
  const wanted = page.url.searchParams.get("tab");
  const found = TABS.find((tab) => tab === wanted) ?? "overview";
  return found === "webhook" && !mayChange ? "overview" : found;
}

async function contentOf(shown: Shown, tab: Tab): Promise<Child> {
  const { page, repo: { repo_id: repo } } = shown;
  const api = page.api.repos[":repo"];
  const events = async (limit: string) =>
    (await (await api.events.$get({ param: { repo }, query: { limit } })).json()).items;
  switch (tab) {
    case "overview":
      return <Overview {...shown} last={(await events(LAST_EVENTS)).find(isSync)} />;
    case "history":
      return <History {...shown} events={await events(ALL_EVENTS)} number={pageNumber(page.url)} />;
    case "problems": {
      const query = { limit: PROBLEMS_KEPT };
      const answer = await api.problems.$get({ param: { repo }, query });
      const { items } = await answer.json();
      return <Problems {...shown} problems={items} number={pageNumber(page.url)} />;
    }
    case "webhook":
      return await webhookTab(shown);
  }
}

const isSync = ({ type }: { type: string }) => type === "sync";

async function webhookTab(shown: Shown, told: Told = {}): Promise<Child> {
  const { page, repo } = shown;
  const param = { repo: repo.repo_id };
  const webhook = repo.webhook_set
    ? await (await page.api.repos[":repo"].webhook.$get({ param })).json()
    : undefined;
  return <WebhookTab {...shown} webhook={webhook} told={told} />;
}

async function showTab(
  c: ConsoleContext,
  shown: Shown,
  tab: Tab,
  content: Child,
  status: 200 | 400 | 409 = 200,
) {
  const { page: { words }, repo } = shown;
  const title = tab === "overview" ? repo.name : `${words.repo[tab]} · ${repo.name}`;
  return await show(c, title, <RepoFrame {...shown} tab={tab}>{content}</RepoFrame>, status);
}
