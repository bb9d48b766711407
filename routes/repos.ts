/** Repositories: `/repos`. */

import { type Context, Hono } from "hono";
import { matchesRepo, type RepoFilter, sortRepos } from "../src/catalog/repo_query.ts";
import { invalid, unknownField } from "../src/refused.ts";
import type { Services } from "../src/services.ts";
import { readPointer, readProblems } from "../src/store/generations.ts";
import type { CheckedIndex } from "../src/sync/check_index.ts";
import { parseRepoInput } from "../src/sync/repo_input.ts";
import {
  askForSync,
  checkChange,
  checkInput,
  modifyRepo,
  registerRepo,
  removeRepo,
} from "../src/sync/repositories.ts";
import { events } from "./events.ts";
import { tellAudit } from "./support/audit.ts";
import {
  authorize,
  type Env,
  mayChange,
  requireRepo,
  workspaceOf,
} from "./support/authenticate.ts";
import { readObject } from "./support/body.ts";
import {
  alternatives,
  CONDITIONS,
  isTrue,
  readConditions,
  readFlag,
  readOrder,
  REPO_ORDERS,
} from "./support/conditions.ts";
import { parsePaging, slice } from "./support/paging.ts";
import { checkRecentPage, readRecent, readRecentSyncs } from "./support/recent_syncs.ts";
import { readRepoRows, repoView } from "./support/repo_view.ts";
import { webhook } from "./webhook.ts";

const SUCCESS = { message: "success" };

export function repos(services: Services) {
  const { repositories } = services;
  const repo = (c: Context<Env>, action: "read" | "write") =>
    requireRepo(c, services, c.req.param("repo")!, action);

  return new Hono<Env>()
    .post("/", async (c) => {
      const workspace = workspaceOf(c) ?? "";
      authorize(c, "write", { kind: "repository", workspace });
      const input = parseRepoInput(await readObject(c));
      if (isCheck(c)) {
        const found = await checkInput(repositories, workspace, input, c.req.raw.signal);
        return c.json(checkedView(found));
      }
      const creator = c.get("identity").name;
      const id = await registerRepo(repositories, workspace, input, creator);
      tellAudit(c, { workspace, resource: { id, name: input.name! } });
      return c.json({ repo_id: id });
    })
    .get("/", async (c) => c.json(await listRepos(c, services)))
    .get("/:repo", async (c) => {
      const found = await repo(c, "read"), recent = readRecent(c.req.query("recent"));
      const [row] = await readRepoRows(services, [found]);
      const [syncs] = await readRecentSyncs(services.kv, [found.id], recent);
      return c.json({ ...repoView(row!, mayChange(c, found)), ...syncs });
    })
    .patch("/:repo", async (c) => {
      const { id } = await repo(c, "write");
      const input = parseRepoInput(await readObject(c));
      if (isCheck(c)) {
        return c.json(checkedView(await checkChange(repositories, id, input, c.req.raw.signal)));
      }
      await modifyRepo(repositories, id, input, c.req.raw.signal);
      return c.json(SUCCESS);
    })
    .delete("/:repo", async (c) => {
      const { id } = await repo(c, "write");
      await removeRepo(repositories, id);
      return c.json(SUCCESS);
    })
    .post("/:repo/action", async (c) => {
      const found = await repo(c, "write");
      const { action, force = false, workspace: _ignored, ...rest } = await readObject(c);
      const [unknown] = Object.keys(rest);
      if (unknown !== undefined) throw unknownField(unknown, ["action", "force"]);
      // KubeSphere knows one action, and takes any word for it.
      if (!["index", "", null, undefined].includes(action as string)) {
        throw invalid("action", '"index"');
      }
      if (typeof force !== "boolean") throw invalid("force", "true or false");
      const id = await askForSync(repositories, found, force);
      return c.json({ ...SUCCESS, repo_event_id: id });
    })
    .route("/:repo/events", events(services))
    .route("/:repo/webhook", webhook(services))
    .get("/:repo/problems", async (c) => {
      const { id } = await repo(c, "read");
      const pointer = await readPointer(services.kv, id);
      const problems = pointer === null ? [] : await readProblems(services.kv, id, pointer);
      const items = slice(problems, parsePaging((name) => c.req.query(name)));
      return c.json({ items, total_count: problems.length });
    });
}

/** Whether something is only to be tried out. */
function isCheck(c: Context): boolean {
  return readFlag("validate", c.req.query("validate"));
}

function checkedView({ firstProblems, durationMs, ...counts }: CheckedIndex) {
  return { ok: true, ...counts, duration_ms: durationMs, first_problems: firstProblems };
}

async function listRepos(c: Context<Env>, services: Services) {
  const { exact, fuzzy } = readConditions(c.req.query("conditions"), CONDITIONS.repos);
  const order = readOrder(c.req.query("orderBy"), REPO_ORDERS);
  const paging = parsePaging((name) => c.req.query(name)),
    recent = readRecent(c.req.query("recent"));
  checkRecentPage(recent, paging);
  const workspace = workspaceOf(c) ?? exact.get("workspace") ?? "";
  authorize(c, "read", { kind: "repository", workspace });
  const filter: RepoFilter = {
    id: exact.get("repo_id") ?? "",
    name: exact.get("name") ?? "",
    nameContains: [exact.get("keyword"), fuzzy.get("name")],
    descriptionContains: fuzzy.get("description") ?? "",
    textContains: fuzzy.get("keyword") ?? "",
  };
  // KubeSphere's console asks for `status=active`, which every repository is.
  const states = alternatives(exact.get("status"));
  const anyState = states.size === 0 || states.has("active");
  const found = [...(await services.directory.current()).repos.values()]
    .filter((repo) => repo.workspace === workspace && matchesRepo(repo, filter));
  const rows = (await readRepoRows(services, found))
    .filter(({ status }) => anyState || states.has(status.state));
  const sorted = sortRepos(rows, order, isTrue(c.req.query("reverse")));
  const page = slice(sorted, paging);
  const syncs = await readRecentSyncs(services.kv, page.map(({ repo }) => repo.id), recent);
  return {
    items: page.map((row, i) => ({ ...repoView(row, mayChange(c, row.repo)), ...syncs[i] })),
    total_count: rows.length,
  };
}
