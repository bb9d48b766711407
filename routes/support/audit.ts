/** Records whatever is done with an unsafe method, and whoever was refused it. */

import type { Context } from "hono";
import { createMiddleware } from "hono/factory";
import { matchedRoutes } from "hono/route";
import type { Begun, Bound, Ended } from "../../src/access/audit.ts";
import type { Identity } from "../../src/access/policy.ts";
import type { Services } from "../../src/services.ts";
import type { AuditEntry } from "../../src/store/audit.ts";
import { networkOf } from "./address.ts";
import type { Env } from "./authenticate.ts";
import { isTrue } from "./conditions.ts";

/** Methods that change something: those that are not safe (RFC 9110, section 9.2.1). */
const UNSAFE: ReadonlySet<string> = new Set(["POST", "PUT", "PATCH", "DELETE"]);

/** What is done by routes with an unsafe method, below a base and a workspace. Stable names. */
export const ACTIONS: Readonly<Record<string, string>> = {
  "POST /repos": "repository.create",
  "PATCH /repos/:repo": "repository.update",
  "DELETE /repos/:repo": "repository.delete",
  "POST /repos/:repo/action": "repository.sync",
  "POST /repos/:repo/webhook": "webhook.create",
  "PATCH /repos/:repo/webhook": "webhook.update",
  "DELETE /repos/:repo/webhook": "webhook.delete",
  "POST /webhooks/:repo": "webhook.deliver",
  "POST /tokens": "token.create",
  "DELETE /tokens/:token": "token.revoke",
  "POST /session": "session.create",
  "DELETE /session": "session.delete",
};

/** Fields that bodies have. Other names are the caller's own text, and are not recorded. */
const FIELDS: ReadonlySet<string> = new Set([
  "action",
  "branches",
  "ca_bundle",
  "client_certificate",
  "client_key",
  "credential",
  "description",
  "expire_time",
  "force",
  "name",
  "paths",
  "role",
  "suspended",
  "sync_period",
  "token",
  "url",
  "workspace",
]);
/** Of these, what stores nothing with `validate=true`. */
const CHECKED: ReadonlySet<string> = new Set(["repository.create", "repository.update"]);
const MAX_USER_AGENT = 200;

/** What an entry says that only the route knows. */
type Told = Partial<Pick<AuditEntry, "who" | "workspace" | "resource" | "fields">>;

/** The entry of a request, as it comes together. */
export interface Draft {
  told: Told;
  /** What was written before the route was called, and how to say how that ended. */
  begun?: { entry: AuditEntry; end: Begun };
  /** Whether it was to be written then, and could not be. */
  isLost: boolean;
  /** Whether it is another request, which a page sent to the API, that is recorded, or none at all. */
  isElsewhere?: boolean;
}

/** Adds to the entry of a request what its route knows: nothing that could hold a secret. */
export function tellAudit(c: Context, told: Told): void {
  Object.assign((c as Context<Env>).get("audit")?.told ?? {}, told);
}

/** Tells which fields a body had. */
export function tellFields(c: Context, names: readonly string[]): void {
  tellAudit(c, { fields: names.filter((name) => FIELDS.has(name)) });
}

/** Records a request when it is over. What met no route and was not found changed nothing. */
export function audited(services: Services) {
  return createMiddleware<Env>(async (c, next) => {
    if (!UNSAFE.has(c.req.method)) return await next();
    const draft: Draft = { told: {}, isLost: false }, begunAt = services.clock();
    c.set("audit", draft);
    await next();
    const { status } = c.res, code = c.get("problem");
    const isNowhere = routeOf(c) === undefined && (status === 404 || status < 400);
    if (isNowhere || draft.isLost || draft.isElsewhere) return;
    const ended = {
      status,
      ...(code !== undefined && status >= 400 && { code }),
      durationMs: Math.max(0, services.clock() - begunAt),
    };
    const entry = { ...draft.begun?.entry ?? await entryOf(c, services), ...draft.told, ended };
    if (draft.begun !== undefined) await draft.begun.end(entry, boundOf(entry));
    else await services.audit.record(entry, boundOf(entry));
  });
}

/** Records what somebody who is let in is about to do. Without that it is not done. */
export function announced(services: Services) {
  return createMiddleware<Env>(async (c, next) => {
    const draft = c.get("audit"), isRouted = routeOf(c) !== undefined;
    if (draft !== undefined && isRouted && isKnown(c.get("identity"))) {
      const entry = await entryOf(c, services);
      draft.isLost = true;
      draft.begun = { entry, end: await services.audit.begin(entry) };
      draft.isLost = false;
    }
    await next();
  });
}

/** What can be told of a request by its route and by who sends it. */
export async function entryOf(
  c: Context<Env>,
  { directory, tokens }: Services,
): Promise<AuditEntry> {
  const { method, path } = c.req, pattern = routeOf(c);
  const { workspace, repo: repoId, token: tokenId } = paramsOf(pattern, path);
  const identity = c.get("identity");
  const own = identity === undefined || identity.workspaces === "*" ? [] : identity.workspaces;
  const isOwn = workspace !== undefined && own.includes(workspace);
  // After each registration all are read anew; the next one shall not wait for that.
  const asksDirectory = repoId !== undefined || (workspace !== undefined && !isOwn);
  const repos = asksDirectory
    ? (await directory.current().catch(() => undefined))?.repos
    : undefined;
  const token = tokenId && await tokens.find(tokenId).catch(() => undefined);
  // The text of a path may be anything, a secret too. What is there is none.
  const resource = token || repos?.get(repoId ?? "");
  const isThere = isOwn || repos?.values().some((repo) => repo.workspace === workspace);
  const action = ACTIONS[`${method} ${belowBase(pattern ?? "")}`] ?? "none";
  const isCheck = CHECKED.has(action) && isTrue(c.req.query("validate"));
  return {
    who: whoOf(identity),
    action: isCheck ? "repository.check" : action,
    route: pattern === undefined ? method : `${method} ${pattern}`,
    workspace: resource ? resource.workspace.replace("*", "") : isThere
      ? workspace!
      // A workspace that is not there looks like another's, or the log would tell which there are.
      : workspace === undefined && own.length === 1
      ? own[0]!
      : "",
    ...(resource && { resource: { id: resource.id, name: resource.name } }),
    fields: [],
    address: c.get("address"),
    userAgent: (c.req.header("user-agent") ?? "").replace(/\p{Cc}+/gu, " ")
      .slice(0, MAX_USER_AGENT).toWellFormed(),
  };
}

/** The pattern of the route that a request met. */
function routeOf(c: Context<Env>): string | undefined {
  return matchedRoutes(c).findLast(({ method, path }) => method !== "ALL" && !path.endsWith("*"))
    ?.path;
}

/** A route's pattern without its base, and without the workspace that may stand before it. */
export function belowBase(pattern: string): string {
  return pattern.replace(/^.*?\/v1(\/workspaces\/:workspace)?(?=\/)/, "");
}

/** What the path has in the places of a pattern's parameters. */
function paramsOf(pattern: string | undefined, path: string): Record<string, string | undefined> {
  const parts = path.split("/");
  const places = pattern?.split("/").map((part, i) => [part, parts[i]] as const) ?? [];
  return Object.fromEntries(
    places.filter(([part]) => part.startsWith(":")).map(([part, text]) => [part.slice(1), text]),
  );
}

/** Who it was, as an entry says it. */
export function whoOf(identity: Identity | undefined): AuditEntry["who"] {
  if (identity === undefined) return { kind: "anonymous", name: "" };
  const { kind, name, subject, tokenId } = identity;
  return {
    kind,
    name,
    ...(subject !== undefined && { subject }),
    ...(tokenId !== undefined && { tokenId }),
  };
}

function isKnown(identity: Identity | undefined): boolean {
  return identity !== undefined && identity.kind !== "anonymous";
}

/** Whoever can send as much as they like must not be able to fill the database. */
function boundOf({ who, address, ended }: Ended): Bound | undefined {
  if (who.kind === "webhook") return { of: "webhook", source: who.name };
  if (who.kind === "anonymous" || ended.status === 429) {
    return { of: "unknown", source: networkOf(address) };
  }
  const source = `${who.kind} ${who.tokenId ?? who.subject ?? who.name}`;
  return ended.status >= 400 && ended.status < 500 ? { of: "refused", source } : undefined;
}
