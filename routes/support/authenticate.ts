/** Who is asking, and whether a repository is there for them. */

import { createMiddleware } from "hono/factory";
import type { Context } from "hono";
import { timingSafeEqual } from "hono/utils/buffer";
import { type Action, allowed, type Identity, sightOf } from "../../src/access/policy.ts";
import type { Snapshot } from "../../src/catalog/directory.ts";
import type { Source } from "../../src/catalog/places.ts";
import type { Scope } from "../../src/catalog/scope.ts";
import { oncePer } from "../../src/once_per.ts";
import { invalid, Refused } from "../../src/refused.ts";
import type { Services } from "../../src/services.ts";
import type { Repo } from "../../src/store/repos.ts";
import { repoNotFound } from "../../src/sync/repositories.ts";

export type Env = { Variables: { identity: Identity } };

/** What Kubernetes takes for a label's value, which is where KubeSphere keeps a workspace. */
const WORKSPACE = /^[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/;

/** Finds out who is asking. A wrong token is refused even where none is needed. */
export function authenticate({ config }: Services) {
  return createMiddleware<Env>(async (c, next) => {
    c.set("identity", await identify(c, config));
    await next();
  });
}

/** The workspace of the path; `undefined` on a path without one. */
export function workspaceOf(c: Context): string | undefined {
  const workspace = c.req.param("workspace");
  if (workspace !== undefined && !WORKSPACE.test(workspace)) {
    throw invalid("workspace", "1 to 63 letters, digits, `-`, `_` or `.`");
  }
  return workspace;
}

/** Refuses what the caller may not do in a workspace. */
export function authorize(c: Context<Env>, action: Action, workspace: string): void {
  const identity = c.get("identity");
  if (allowed(identity, action, workspace)) return;
  throw identity.name === ""
    ? tokenWanted()
    : new Refused("forbidden", "your role does not allow it");
}

/** Whether a repository is to be seen on this path by this caller. */
export function isVisible(c: Context<Env>, repo: Repo): boolean {
  const workspace = workspaceOf(c);
  const inScope = workspace === undefined || [workspace, ""].includes(repo.workspace);
  return inScope && allowed(c.get("identity"), "read", repo.workspace);
}

/** All that the caller sees on this path. */
export async function scopeOf(
  c: Context<Env>,
  { directory, scopes }: Services,
): Promise<Scope> {
  const snapshot = await directory.current();
  const workspace = workspaceOf(c);
  // No workspace's name has a space in it. All that have no repository see the same.
  const where = workspace === undefined || workspacesOf(snapshot.repos).has(workspace)
    ? workspace ?? ""
    : "none of them";
  const key = `${sightOf(c.get("identity"))} ${where}`;
  return scopes.of(key, snapshot, (repo) => isVisible(c, repo));
}

/** The workspaces that have repositories. */
const workspacesOf = oncePer((repos: Snapshot["repos"]) =>
  new Set(repos.values().map(({ workspace }) => workspace))
);

/** A repository of a scope. */
export function sourceIn(scope: Scope, id: string): Source {
  const source = scope.byId.get(id);
  if (source === undefined) throw repoNotFound(id);
  return source;
}

/** Whether a request shows who sends it; if not, its answer may be for all. */
export function hasCredentials(headers: Headers): boolean {
  return headers.has("authorization");
}

/** A repository that the caller may see, and change if that is what `action` is. */
export async function requireRepo(
  c: Context<Env>,
  { directory }: Services,
  id: string,
  action: Action,
): Promise<Repo> {
  const repo = (await directory.current()).repos.get(id);
  if (repo === undefined || !isVisible(c, repo)) throw repoNotFound(id);
  if (action === "read") return repo;
  authorize(c, action, repo.workspace);
  if (repo.workspace !== (workspaceOf(c) ?? repo.workspace)) {
    throw new Refused("forbidden", "a global repository is changed on the path without workspace");
  }
  return repo;
}

async function identify(
  c: Context,
  { adminToken, anonymousRead }: Services["config"],
): Promise<Identity> {
  if (adminToken === undefined) return { name: "", role: "admin" };
  const [, token] = /^Bearer +(\S+)$/i.exec(c.req.header("authorization") ?? "") ?? [];
  if (token !== undefined && await timingSafeEqual(token, adminToken)) {
    return { name: "admin", role: "admin" };
  }
  if (c.req.header("authorization") === undefined && anonymousRead) {
    return { name: "", role: "reader" };
  }
  throw tokenWanted();
}

function tokenWanted(): Refused {
  return new Refused(
    "unauthorized",
    "authorization: expected a valid bearer token",
    "authorization",
  );
}
