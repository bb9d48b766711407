/** Repositories: `/repos`. */

import { type Context, Hono } from "hono";
import { contains } from "../src/catalog/text.ts";
import { compareText } from "../src/helm/version.ts";
import { invalid } from "../src/refused.ts";
import type { Services } from "../src/services.ts";
import { listEvents } from "../src/store/events.ts";
import { readPointer, readProblems } from "../src/store/generations.ts";
import type { Repo } from "../src/store/repos.ts";
import { parseRepoInput } from "../src/sync/repo_input.ts";
import {
  askForSync,
  checkIndex,
  modifyRepo,
  registerRepo,
  removeRepo,
} from "../src/sync/repositories.ts";
import { authorize, type Env, requireRepo, workspaceOf } from "./support/authenticate.ts";
import { readObject } from "./support/body.ts";
import { isTrue, readConditions, readOrder } from "./support/conditions.ts";
import { parsePaging, slice } from "./support/paging.ts";
import { eventView, readRepoStates, repoView } from "./support/repo_view.ts";

const SUCCESS = { message: "success" };
const ORDERS = ["create_time", "update_time", "name", "status"] as const;
const CONDITIONS = {
  exact: ["keyword", "workspace", "status", "name", "repo_id"],
  fuzzy: ["keyword", "name", "description"],
};

export function repos(services: Services) {
  const { repositories } = services;
  const repo = (c: Context<Env>, action: "read" | "write") =>
    requireRepo(c, services, c.req.param("repo")!, action);

  return new Hono<Env>()
    .post("/", async (c) => {
      const workspace = workspaceOf(c) ?? "";
      authorize(c, "write", workspace);
      const input = parseRepoInput(await readObject(c));
      if (isTrue(c.req.query("validate"))) {
        const { url, credential } = input;
        return c.json({ ok: true, ...await checkIndex(repositories, url, credential) });
      }
      const creator = c.get("identity").name;
      return c.json({ repo_id: await registerRepo(repositories, workspace, input, creator) });
    })
    .get("/", async (c) => c.json(await listRepos(c, services)))
    .get("/:repo", async (c) => {
      const found = await repo(c, "read");
      const [state] = await readRepoStates(services, [found]);
      return c.json(repoView(found, state!));
    })
    .patch("/:repo", async (c) => {
      const { id } = await repo(c, "write");
      const input = parseRepoInput(await readObject(c));
      await modifyRepo(repositories, id, input);
      return c.json(SUCCESS);
    })
    .delete("/:repo", async (c) => {
      const { id } = await repo(c, "write");
      await removeRepo(repositories, id);
      return c.json(SUCCESS);
    })
    .post("/:repo/action", async (c) => {
      const { id } = await repo(c, "write");
      const { action, force = false } = await readObject(c);
      if (action !== "index") throw invalid("action", '"index"');
      if (typeof force !== "boolean") throw invalid("force", "true or false");
      await askForSync(repositories, id, force);
      return c.json(SUCCESS);
    })
    .get("/:repo/events", async (c) => {
      const { id } = await repo(c, "read");
      const events = await listEvents(services.kv, id);
      const items = slice(events, parsePaging((name) => c.req.query(name)));
      return c.json({
        items: items.map((event) => eventView(id, event)),
        total_count: events.length,
      });
    })
    .get("/:repo/problems", async (c) => {
      const { id } = await repo(c, "read");
      const { value: pointer } = await readPointer(services.kv, id);
      const problems = pointer === null ? [] : await readProblems(services.kv, id, pointer);
      const items = slice(problems, parsePaging((name) => c.req.query(name)));
      return c.json({ items, total_count: problems.length });
    });
}

async function listRepos(c: Context<Env>, services: Services) {
  const { exact, fuzzy } = readConditions(c.req.query("conditions"), CONDITIONS);
  const order = readOrder(c.req.query("orderBy"), ORDERS);
  const workspace = workspaceOf(c) ?? exact.get("workspace") ?? "";
  authorize(c, "read", workspace);
  const statuses = exact.get("status") ?? "";
  const found = [...(await services.directory.repos()).values()].filter((repo) =>
    repo.workspace === workspace && matches(repo, exact, fuzzy)
  );
  const states = await readRepoStates(services, found);
  const rows = found.map((repo, i) => ({ repo, state: states[i]! }))
    // KubeSphere's console asks for `status=active`, which every repository is.
    .filter(({ state }) =>
      ["", "active"].includes(statuses) || statuses.split("|").includes(state.status.state)
    );
  const sortKey = (row: typeof rows[number]) => ({
    create_time: row.repo.createTime,
    update_time: row.state.status.lastAttempt ?? 0,
    name: 0,
    status: ["failed", "successful", "syncing"].indexOf(row.state.status.state),
  }[order]);
  rows.sort((a, b) =>
    sortKey(a) - sortKey(b) || compareText(a.repo.name, b.repo.name) ||
    compareText(a.repo.id, b.repo.id)
  );
  if (isTrue(c.req.query("reverse"))) rows.reverse();
  const page = slice(rows, parsePaging((name) => c.req.query(name)));
  return {
    items: page.map(({ repo, state }) => repoView(repo, state)),
    total_count: rows.length,
  };
}

function matches(
  { id, name, description }: Repo,
  exact: ReadonlyMap<string, string>,
  fuzzy: ReadonlyMap<string, string>,
): boolean {
  const part = (text: string, wanted: string | undefined) => !wanted || contains(text, wanted);
  const same = (text: string, wanted: string | undefined) => !wanted || text === wanted;
  return part(name, exact.get("keyword")) && same(name, exact.get("name")) &&
    same(id, exact.get("repo_id")) && part(name, fuzzy.get("name")) &&
    part(description, fuzzy.get("description")) &&
    (part(name, fuzzy.get("keyword")) || part(description, fuzzy.get("keyword")));
}
