/** `/workspaces`: where the caller sees repositories, or could have some. */

import { Hono } from "hono";
import { allowed, type Identity } from "../src/access/policy.ts";
import { compareText } from "../src/helm/version.ts";
import type { Services } from "../src/services.ts";
import type { Repo } from "../src/store/repos.ts";
import type { Env } from "./support/authenticate.ts";
import { parsePaging, slice } from "./support/paging.ts";

export function workspaces({ directory }: Services) {
  return new Hono<Env>().get("/", async (c) => {
    const seen = workspacesOf(c.get("identity"), (await directory.current()).repos.values());
    const items = slice(seen, parsePaging((name) => c.req.query(name)));
    return c.json({ items, total_count: seen.length });
  });
}

/** By name, so that the place where repositories are global comes first: everybody sees that. */
function workspacesOf(identity: Identity, repos: Iterable<Repo>) {
  const own = identity.workspaces === "*" ? [] : identity.workspaces;
  const counts = new Map(["", ...own].map((workspace) => [workspace, 0]));
  for (const { workspace } of repos) {
    if (!allowed(identity, "read", { kind: "repository", workspace })) continue;
    counts.set(workspace, (counts.get(workspace) ?? 0) + 1);
  }
  return [...counts]
    .map(([workspace, repositories]) => ({
      workspace,
      repositories,
      may_write: allowed(identity, "write", { kind: "repository", workspace }),
    }))
    .sort((a, b) => compareText(a.workspace, b.workspace));
}
