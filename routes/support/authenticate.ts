/** Who is asking, and whether a repository is there for them. */

import { createMiddleware } from "hono/factory";
import type { Context } from "hono";
import type { Identities } from "../../src/access/identities.ts";
import {
  type Action,
  allowed,
  allowedSomewhere,
  type Identity,
  type Resource,
  sightOf,
  WORKSPACE,
} from "../../src/access/policy.ts";
import type { Snapshot } from "../../src/catalog/directory.ts";
import type { Source } from "../../src/catalog/places.ts";
import type { Scope } from "../../src/catalog/scope.ts";
import { oncePer } from "../../src/once_per.ts";
import { invalid, Refused } from "../../src/refused.ts";
import type { Services } from "../../src/services.ts";
import type { Repo } from "../../src/store/repos.ts";
import { repoNotFound } from "../../src/sync/repositories.ts";
import { networkOf, type Peer } from "./address.ts";
import type { Draft } from "./audit.ts";
import type { ProblemCode } from "./problem.ts";
import { refuseOtherSites } from "./own_site.ts";
import { hasSession, identifySession, sessionIn } from "./session_cookie.ts";

export type Env = {
  Bindings: Peer;
  Variables: {
    identity: Identity;
    /** Where the request comes from; `""` if that is not known. */
    address: string;
    /** What is recorded of a request with an unsafe method. */
    audit?: Draft;
    /** Of the answer, if it is a problem. */
    problem?: ProblemCode;
  };
};

/** Finds out who is asking. A wrong token is refused even where none is needed. */
export function authenticate({ identities, attempts }: Services) {
  return createMiddleware<Env>(async (c, next) => {
    const look = () => identify(c, identities);
    const text = shownIn(c), address = networkOf(c.get("address"));
    const identity = text === undefined ? await look() : await attempts.attempt(
      { address, text },
      look,
    );
    // Any page that a browser shows could be behind what it sends by itself.
    if (identity.kind === "open") refuseOtherSites(c, "not denied");
    else if (text !== undefined && text !== c.req.header("authorization")) {
      refuseOtherSites(c, "shown");
    }
    c.set("identity", identity);
    await next();
  });
}

/** What a request shows of who sends it: what is sent on purpose, before what a browser sends. */
export function shownIn(c: Context): string | undefined {
  return c.req.header("authorization") ?? sessionIn(c);
}

async function identify(c: Context, identities: Identities): Promise<Identity> {
  const header = c.req.header("authorization"), session = sessionIn(c);
  if (header === undefined && session !== undefined) {
    return await identifySession(c, identities, session);
  }
  const [, token] = /^Bearer +(\S+)$/i.exec(header ?? "") ?? [];
  const shown = token === undefined ? undefined : await identities.ofBearer(token);
  if (shown !== undefined) return shown;
  const nobody = identities.ofNobody();
  // Where nothing is asked for, what is shown in vain is no worse than nothing.
  if (nobody === undefined || header !== undefined && !identities.isOpen) throw tokenWanted();
  return nobody;
}

/** Whether the caller is still let in, and still sees a repository on this path. */
export async function stillSees(
  c: Context<Env>,
  services: Services,
  repoId: string,
): Promise<boolean> {
  try {
    c.set("identity", await identify(c, services.identities));
    await requireRepo(c, services, repoId, "read");
    return true;
  } catch (error) {
    // Where nobody can tell, what was true a moment ago is.
    return !(error instanceof Refused) || error.code === "unavailable";
  }
}

/** The workspace of the path; `undefined` on a path without one. */
export function workspaceOf(c: Context): string | undefined {
  const workspace = c.req.param("workspace");
  if (workspace !== undefined && !WORKSPACE.test(workspace)) {
    throw invalid("workspace", "1 to 63 letters, digits, `-`, `_` or `.`");
  }
  return workspace;
}

/** Refuses what the caller may not do. */
export function authorize(c: Context<Env>, action: Action, resource: Resource): void {
  if (!allowed(c.get("identity"), action, resource)) throw notAllowed(c);
}

/** Refuses what the caller may do nowhere. */
export function authorizeSomewhere(c: Context<Env>, action: Action, kind: Resource["kind"]): void {
  if (!allowedSomewhere(c.get("identity"), action, kind)) throw notAllowed(c);
}

/** Whoever says no name may still say one. */
function notAllowed(c: Context<Env>): Refused {
  if (c.get("identity").kind === "anonymous") return tokenWanted();
  return new Refused("forbidden", "your role does not allow it");
}

/** Whether a repository is to be seen on this path by this caller. */
export function isVisible(c: Context<Env>, repo: Repo): boolean {
  const workspace = workspaceOf(c);
  const inScope = workspace === undefined || [workspace, ""].includes(repo.workspace);
  return inScope && allowed(c.get("identity"), "read", resourceOf(repo));
}

/** Whether the caller may change a repository. */
export function mayChange(c: Context<Env>, repo: Repo): boolean {
  return allowed(c.get("identity"), "write", resourceOf(repo));
}

function resourceOf({ workspace }: Repo): Resource {
  return { kind: "repository", workspace };
}

/** All that the caller sees on this path. */
export async function scopeOf(
  c: Context<Env>,
  { directory, scopes }: Services,
): Promise<Scope> {
  const snapshot = await directory.current();
  const workspace = workspaceOf(c);
  // No workspace's name has a space in it. All in which nothing is to be seen are one: how long it
  // takes must not tell which there are.
  const identity = c.get("identity");
  const isSeen = workspace === undefined || workspacesOf(snapshot.repos).has(workspace) &&
      allowed(identity, "read", { kind: "repository", workspace });
  const where = isSeen ? workspace ?? "" : "none of them";
  const key = `${sightOf(identity)} ${where}`;
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
  return headers.has("authorization") || hasSession(headers);
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
  authorize(c, action, resourceOf(repo));
  if (repo.workspace !== (workspaceOf(c) ?? repo.workspace)) {
    throw new Refused("forbidden", "a global repository is changed on the path without workspace");
  }
  return repo;
}

function tokenWanted(): Refused {
  return new Refused(
    "unauthorized",
    "authorization: expected a valid bearer token",
    "authorization",
  );
}
