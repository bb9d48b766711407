/** Webhooks: others say that a repository has something new, and prove that they may. */

import { drawSecret } from "../access/drawn.ts";
import { openIfReadable } from "../access/secrets.ts";
import { deliveryOf, isProven } from "../access/webhook_proof.ts";
import { Refused } from "../refused.ts";
import { requestSync } from "../store/due.ts";
import { findRepo, type PushFilter, updateRepo, type Webhook } from "../store/repos.ts";
import { cannotTouchCharts, isPing } from "./push_filter.ts";
import { repoNotFound, type RepositoriesDeps } from "./repositories.ts";

const SECRET_PREFIX = "crw_";

/** What a delivery led to. `id` is that of the sync. */
export type Received =
  | { kind: "asked"; id: string }
  | { kind: "known"; id: string }
  | { kind: "ignored"; why: string }
  | { kind: "pong" };

/**
 * Makes a repository's webhook with a new secret, and answers that; it is not to be had again. What
 * the filter does not say stays.
 */
export async function setWebhook(
  deps: RepositoriesDeps,
  repoId: string,
  filter: Partial<PushFilter>,
): Promise<string> {
  const secret = drawSecret(SECRET_PREFIX, deps.randomBytes);
  const sealed = await deps.secrets.seal({ owner: repoId, field: "webhook" }, secret);
  const createTime = deps.clock();
  await changeWebhook(deps, repoId, (webhook) => ({
    secret: sealed,
    createTime,
    filter: { branches: [], paths: [], ...webhook?.filter, ...filter },
  }));
  return secret;
}

/** Changes which pushes count. */
export async function filterWebhook(
  deps: RepositoriesDeps,
  repoId: string,
  filter: Partial<PushFilter>,
): Promise<void> {
  await changeWebhook(deps, repoId, (webhook) => {
    if (webhook === undefined) throw webhookNotFound(repoId);
    return { ...webhook, filter: { ...webhook.filter, ...filter } };
  });
}

/** From now on nobody can announce anything. */
export async function removeWebhook(deps: RepositoriesDeps, repoId: string): Promise<void> {
  await changeWebhook(deps, repoId, (webhook) => {
    if (webhook === undefined) throw webhookNotFound(repoId);
    return undefined;
  });
}

/** A repository's webhook, or a `Refused` if it has none. */
export async function readWebhook({ kv }: RepositoriesDeps, repoId: string): Promise<Webhook> {
  const repo = await findRepo(kv, repoId);
  if (repo?.webhook === undefined) throw webhookNotFound(repoId);
  return repo.webhook;
}

/**
 * Takes what was delivered to a repository's webhook. Throws a `Refused` if it is not proven, or if
 * there is no such repository or webhook: nobody shall learn which.
 */
export async function receive(
  deps: RepositoriesDeps,
  repoId: string,
  headers: Headers,
  body: Uint8Array,
): Promise<Received> {
  const repo = await findRepo(deps.kv, repoId);
  const place = { owner: repoId, field: "webhook" } as const;
  // One that cannot be opened is made anew by who may: this caller need not know.
  const secret = repo?.webhook &&
    await openIfReadable(deps.secrets, place, repo.webhook.secret);
  // The same work for all, so that time does not tell.
  const isRight = isProven(secret ?? crypto.randomUUID(), headers, body);
  if (repo?.webhook === undefined || secret === undefined || !isRight) throw notProven();
  if (isPing(headers)) return { kind: "pong" };
  if (repo.suspended) return { kind: "ignored", why: "the repository is suspended" };
  const why = cannotTouchCharts(repo.webhook.filter, headers, body);
  if (why !== undefined) return { kind: "ignored", why };
  const delivery = deliveryOf(headers);
  const asked = await requestSync(deps.kv, repoId, {
    id: crypto.randomUUID(),
    force: false,
    by: "webhook",
    now: deps.clock(),
    ...(delivery !== undefined && { delivery }),
  });
  if (asked === "absent") throw notProven();
  if (asked.kind === "asked") deps.syncer.start(repo, asked.dueAt);
  return { kind: asked.kind, id: asked.id };
}

async function changeWebhook(
  { kv, onChange }: RepositoriesDeps,
  repoId: string,
  change: (webhook: Webhook | undefined) => Webhook | undefined,
): Promise<void> {
  const outcome = await updateRepo(kv, repoId, ({ webhook, ...repo }) => {
    const next = change(webhook);
    return { repo: { ...repo, ...(next && { webhook: next }) } };
  });
  if (outcome === "absent") throw repoNotFound(repoId);
  onChange(repoId);
}

function webhookNotFound(repoId: string): Refused {
  return new Refused("not_found", `the repository ${repoId} has no webhook`, "repo_id");
}

/** The answer to whoever does not prove that a webhook is theirs. */
export function notProven(): Refused {
  return new Refused(
    "unauthorized",
    "webhook: expected a signature or token made with the secret of this repository's webhook",
    "authorization",
  );
}
