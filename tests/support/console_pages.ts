/** A console with something on every page: repositories in all states, in two workspaces. */

import { startSampleRepository } from "../../docs/demo/sample_repository.ts";

const HOUR_MS = 3_600_000;

/** A Chartroom to be filled, by its API; with a clock that can be set. */
export interface Filled {
  call(method: string, path: string, body?: unknown): Promise<{ body: Answer }>;
  clock: { now: number };
  /** Ends when no sync runs any more. */
  idle(): Promise<void>;
}

// deno-lint-ignore no-explicit-any -- answers are JSON, looked at field by field
type Answer = any;

/** Upstreams for what a console is filled with. */
export async function startUpstreams() {
  const sample = await startSampleRepository(0);
  const asked = new Map<string, number>();
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    ({ url }) => {
      const { pathname } = new URL(url), times = asked.get(pathname) ?? 0;
      asked.set(pathname, times + 1);
      return answerFaulty(pathname, times);
    },
  );
  return {
    sample: sample.url,
    faulty: `http://127.0.0.1:${server.addr.port}`,
    async close() {
      await Promise.all([sample.close(), server.shutdown()]);
    },
  };
}

/**
 * Fills a Chartroom over two days that end when its clock says. Answers the paths of the pages, by
 * name; all but `sign-in` are for administrators.
 */
export async function fillConsole(
  { call, clock, idle }: Filled,
  { sample, faulty }: { sample: string; faulty: string },
): Promise<Record<string, string>> {
  const end = clock.now;
  clock.now -= 48 * HOUR_MS;
  const add = async (name: string, url: string, more = {}, base = "") => {
    const { body } = await call("POST", `/v1${base}/repos`, { name, url, ...more });
    return body.repo_id as string;
  };
  const repo = await add("harbour", sample, {
    description: "Services of the harbour, kept by the platform team",
    sync_period: "10m",
  });
  const failed = await add("drydock", `${faulty}/html`, { description: "Answers with a page" });
  await add("lagoon", `${faulty}/moved`, { description: "Wants a password" });
  const shrunk = await add("shoals", `${faulty}/shrinking`, { sync_period: "1h" });
  await add("wharf", sample, { suspended: true, sync_period: "24h" });
  const odd = await add("breakwater", `${faulty}/mixed`, {
    sync_period: "6h",
    description: "Has odd entries",
  });
  await add("quay", sample, { description: "Only for the team" }, "/workspaces/team-a");
  await idle();
  const rounds = 14;
  for (let i = 1; i <= rounds; i++) {
    clock.now = end - (rounds - i) * 3.4 * HOUR_MS - HOUR_MS / 10;
    for (const id of [repo, failed, shrunk, odd]) {
      await call("POST", `/v1/repos/${id}/action`, { action: "index" });
    }
    await idle();
  }
  for (const [name, workspace, role] of [["ci", "team-a", "editor"], ["portal", "*", "viewer"]]) {
    await call("POST", "/v1/tokens", { name, workspace, role });
  }
  clock.now = end;
  const running = await add("tideway", `${faulty}/slow`, { description: "Comes slowly" });
  const { body } = await call("GET", "/v1/apps?conditions=name=lighthouse");
  const app = body.items[0].app_id as string;
  return {
    "sign-in": "/sign-in",
    repos: "/repos",
    "repos-workspace": "/workspaces/team-a/repos",
    "repos-none": "/repos?q=nothing-is-called-so",
    "repo-form": "/repos/new",
    "repo-edit": `/repos/${repo}/edit`,
    "repo-delete": `/repos/${repo}/delete`,
    repo: `/repos/${repo}`,
    "repo-history": `/repos/${repo}?tab=history`,
    "repo-problems": `/repos/${odd}?tab=problems`,
    "repo-webhook": `/repos/${repo}?tab=webhook`,
    "repo-failed": `/repos/${failed}`,
    "repo-shrink": `/repos/${shrunk}`,
    "repo-running": `/repos/${running}`,
    apps: "/apps",
    "apps-list": "/apps?view=list",
    "apps-search": "/apps?q=data",
    "apps-none": "/apps?q=nothing-is-called-so",
    app: `/apps/${app}`,
    "app-versions": `/apps/${app}/versions`,
    "app-values": `/apps/${app}/values`,
    "app-schema": `/apps/${app}/schema`,
    "app-templates": `/apps/${app}/templates`,
    "app-diff": `/apps/${app}/diff`,
    news: "/news",
    tokens: "/tokens",
    audit: "/audit",
    "not-found": "/apps/app-00000000000000-0000000000",
  };
}

/** Indexes that are not as they should be. `times`: how often they were asked for before. */
function answerFaulty(pathname: string, times: number): Response {
  const entry = (name: string, version: string) =>
    `  ${name}:\n  - {apiVersion: v2, name: ${name}, version: ${version}, urls: [${name}.tgz], ` +
    'created: "2023-05-04T08:00:00Z", description: Holds up one of the sails}\n';
  const index = (count: number) =>
    "apiVersion: v1\nentries:\n" +
    Array.from({ length: count }, (_, i) => entry(`mast-${i}`, "1.0.0")).join("");
  if (pathname.startsWith("/html")) {
    return new Response("<!DOCTYPE html><title>Sign in</title>", {
      headers: { "content-type": "text/html" },
    });
  }
  if (pathname.startsWith("/moved")) return new Response("no", { status: 401 });
  if (pathname.startsWith("/shrinking")) return new Response(index(times === 0 ? 40 : 3));
  if (pathname.startsWith("/slow")) {
    const { readable, writable } = new TransformStream();
    writable.getWriter().write(new TextEncoder().encode(index(400))).catch(() => {});
    return new Response(readable, { headers: { "content-length": "60000" } });
  }
  const odd = "  spare:\n  - {name: spare, version: not a version}\n  - {version: 1.0.0}\n";
  return new Response(index(12 + (times * times >> 2)) + odd);
}
