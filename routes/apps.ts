/** Apps and their versions: `/apps`. */

import { type Context, Hono } from "hono";
import {
  type App,
  type AppFilter,
  filterApps,
  listVersions,
  sortApps,
} from "../src/catalog/query.ts";
import { appView, versionView } from "../src/catalog/views.ts";
import { parseAppId, versionId } from "../src/helm/ids.ts";
import { Refused } from "../src/refused.ts";
import type { Services } from "../src/services.ts";
import type { Repo } from "../src/store/repos.ts";
import { readStatuses } from "../src/store/sync_status.ts";
import { type Env, isVisible, requireRepo } from "./support/authenticate.ts";
import {
  alternatives,
  type Conditions,
  isTrue,
  readConditions,
  readOrder,
} from "./support/conditions.ts";
import { parsePaging, slice } from "./support/paging.ts";

const APP_ORDERS = ["create_time", "update_time", "name", "status"] as const;
const APP_CONDITIONS = {
  exact: ["repo_id", "app_id", "keyword", "name", "status"],
  fuzzy: ["keyword", "name", "description"],
};
/** `sequence` is what KubeSphere's console asks for: the order of versions. */
const VERSION_ORDERS = ["sequence", "create_time"] as const;
const VERSION_CONDITIONS = { exact: ["keyword", "status"], fuzzy: [] };

export function apps(services: Services) {
  return new Hono<Env>()
    .get("/", async (c) => c.json(await listApps(c, services)))
    .get("/:app", async (c) => c.json(appView(await requireApp(c, services))))
    .get("/:app/versions", async (c) => {
      const { exact } = readConditions(c.req.query("conditions"), VERSION_CONDITIONS);
      const order = readOrder(c.req.query("orderBy"), VERSION_ORDERS);
      const app = await requireApp(c, services);
      const versions = isActive(exact.get("status"))
        ? listVersions(await services.hot.versions(app.repo.id, app.entry), {
          keyword: exact.get("keyword") ?? "",
          order,
          reverse: isTrue(c.req.query("reverse")),
        })
        : [];
      const page = slice(versions, parsePaging((name) => c.req.query(name)));
      return c.json({
        items: page.map((version) => versionView(app, version)),
        total_count: versions.length,
      });
    })
    .get("/:app/versions/:version", async (c) => {
      const app = await requireApp(c, services);
      const id = c.req.param("version");
      const version = (await services.hot.versions(app.repo.id, app.entry))
        .find(({ chart }) => versionId(app.repo.id, app.entry.name, chart.version) === id);
      if (version === undefined) {
        const message = `the app has no version ${id.slice(0, 50)}`;
        throw new Refused("not_found", message, "version_id");
      }
      return c.json(versionView(app, version));
    });
}

async function listApps(c: Context<Env>, services: Services) {
  const { exact, fuzzy } = readConditions(c.req.query("conditions"), APP_CONDITIONS);
  const order = readOrder(c.req.query("orderBy"), APP_ORDERS);
  const repos = await reposToList(c, services, exact.get("repo_id"));
  const found = isActive(exact.get("status"))
    ? filterApps(
      (await Promise.all(repos.map((repo) => appsOf(services, repo)))).flat(),
      readFilter({ exact, fuzzy }),
    )
    : [];
  const page = slice(
    sortApps(found, order, isTrue(c.req.query("reverse"))),
    parsePaging((name) => c.req.query(name)),
  );
  return {
    items: page.map(appView),
    total_count: found.length,
    ...(repos.length === 1 && found.length === 0 && { sync: await syncState(services, repos[0]!) }),
  };
}

function readFilter({ exact, fuzzy }: Conditions): AppFilter {
  return {
    appIds: alternatives(exact.get("app_id")),
    name: exact.get("name") ?? "",
    nameContains: exact.get("keyword") || fuzzy.get("name") || "",
    keywordContains: fuzzy.get("keyword") ?? "",
    descriptionContains: fuzzy.get("description") ?? "",
  };
}

/** The repositories that are asked for, or else all that the caller may see on this path. */
async function reposToList(
  c: Context<Env>,
  services: Services,
  condition: string | undefined,
): Promise<Repo[]> {
  // An empty condition is no repository: a script whose variable is not set shall not get all.
  if (condition !== undefined) {
    const ids = [...alternatives(condition)];
    return await Promise.all(ids.map((id) => requireRepo(c, services, id, "read")));
  }
  return [...(await services.directory.repos()).values()].filter((repo) => isVisible(c, repo));
}

async function appsOf({ hot }: Services, repo: Repo): Promise<App[]> {
  return (await hot.catalog(repo.id))?.entries.map((entry) => ({ repo, entry })) ?? [];
}

/** Every app of a repository is `active`; an empty condition asks for nothing. */
function isActive(status: string | undefined): boolean {
  return !status || status.split("|").includes("active");
}

/** Tells a repository without apps from one that was not synced yet. */
async function syncState({ kv }: Services, repo: Repo): Promise<string> {
  const [status] = await readStatuses(kv, [repo.id]);
  return status?.state ?? "syncing";
}

async function requireApp(c: Context<Env>, services: Services): Promise<App> {
  // KubeSphere's store has copies of apps under this suffix.
  const id = c.req.param("app")!.replace(/-store$/, "");
  const parsed = parseAppId(id);
  const repo = parsed && (await services.directory.repos()).get(parsed.repoId);
  if (repo !== undefined && isVisible(c, repo)) {
    const entry = (await services.hot.catalog(repo.id))?.byKey.get(parsed!.key);
    if (entry !== undefined) return { repo, entry };
  }
  throw new Refused("not_found", `there is no app ${id.slice(0, 40)}`, "app_id");
}
