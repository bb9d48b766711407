/** Repositories, and what is due for them, in step: who changes one moves its due row with it. */

import { isRepoId } from "../helm/ids.ts";
import { moveDue } from "./due.ts";
import { scheduleSweepOfAll } from "./garbage.ts";
import { keys } from "./keys.ts";
import type { Entry, Kv } from "./kv.ts";
import { NEVER_SYNCED, type SyncStatus } from "./sync_status.ts";

/** Fields that are kept sealed, and belong to the origin of the repository's URL. */
export const SEALED_FIELDS = [
  /** JSON of a `Credential`. */
  "credential",
  "ca_bundle",
  "client_certificate",
  "client_key",
] as const;
export type SealedField = typeof SEALED_FIELDS[number];

/** A repository as it was registered. Written by the API only. */
export interface Repo extends Partial<Record<SealedField, Uint8Array>> {
  id: string;
  /** Empty for a global repository. */
  workspace: string;
  name: string;
  /** Without userinfo. */
  url: string;
  /** Who is called for it, with the port. */
  host: string;
  description: string;
  period: Period;
  /** Whether only a caller's request makes it sync. */
  suspended?: boolean;
  webhook?: Webhook;
  creator: string;
  createTime: number;
  /** Counts changes of what is downloaded, or how: URL, credential and TLS. */
  revision: number;
}

/** Who may announce a push, and which pushes count. */
export interface Webhook {
  /** Sealed. */
  secret: Uint8Array;
  /** When the secret was made. */
  createTime: number;
  filter: PushFilter;
}

/** What a push must touch to matter. An empty list is everything; in a pattern, `*` is any run. */
export interface PushFilter {
  /** Patterns of branches, such as `main` or `release/*`. */
  branches: string[];
  /** Patterns of paths from the root of the source, without a slash at the front: `charts/*`. */
  paths: string[];
}

/** How often a repository is synced: as it was written, and what that means. 0 seconds: never. */
export interface Period {
  text: string;
  seconds: number;
}

/** A change of a repository, worked out from what is stored now. */
export interface RepoChange {
  repo: Repo;
  /** Absent if it stays. */
  status?: SyncStatus;
}

/** Stores a new repository, due at once; `false` if its name is taken in its workspace. */
export async function insertRepo(kv: Kv, repo: Repo): Promise<boolean> {
  const nextDue = repo.suspended ? null : repo.createTime;
  const status: SyncStatus = { ...NEVER_SYNCED, nextDue };
  const nameKey = keys.repoName(repo.workspace, repo.name);
  const written = await kv.commit((op) =>
    moveDue(op, repo.id, null, status.nextDue)
      .check({ key: nameKey, versionstamp: null })
      .check({ key: keys.repo(repo.id), versionstamp: null })
      .set(nameKey, { repoId: repo.id, createTime: repo.createTime })
      .set(keys.repo(repo.id), repo)
      .set(keys.sync(repo.id), status)
      .set(keys.reposChange, true)
  );
  return written !== undefined;
}

/** The repository with an id; of a text that is none, which may be too long for a key, there is none. */
export async function findRepo(kv: Kv, id: string): Promise<Repo | undefined> {
  if (!isRepoId(id)) return undefined;
  return (await kv.get<Repo>(keys.repo(id))).value ?? undefined;
}

/** Rows of all repositories. */
export async function listRepos(kv: Kv): Promise<Deno.KvEntry<Repo>[]> {
  return await kv.list<Repo>({ prefix: keys.repos });
}

/** How many repositories a workspace has, as far as `most`; `""` is where they are global. */
export async function countRepos(kv: Kv, workspace: string, most: number): Promise<number> {
  return (await kv.list({ prefix: keys.repoNames(workspace) }, most)).length;
}

/** Whether a name is taken in a workspace. */
export async function isNameTaken(kv: Kv, workspace: string, name: string): Promise<boolean> {
  return (await kv.get(keys.repoName(workspace, name))).value !== null;
}

/**
 * Changes a repository. `change` is called with what is stored, again if that changed meanwhile; it
 * must not change id or workspace, and refuses with `undefined`.
 */
export async function updateRepo(
  kv: Kv,
  id: string,
  change: (repo: Repo, status: SyncStatus) => RepoChange | undefined,
): Promise<"updated" | "absent" | "name_taken" | "refused"> {
  for (;;) {
    const [repo, status] = await readRepoAndStatus(kv, id);
    if (repo.value === null || status.value === null) return "absent";
    const next = change(repo.value, status.value);
    if (next === undefined) return "refused";
    const oldName = keys.repoName(repo.value.workspace, repo.value.name);
    const newName = keys.repoName(next.repo.workspace, next.repo.name);
    const renamed = next.repo.name !== repo.value.name;
    if (renamed && await isNameTaken(kv, next.repo.workspace, next.repo.name)) return "name_taken";
    const { value } = status;
    const written = await kv.commit((op) => {
      op.check(repo).set(keys.repo(id), next.repo).set(keys.reposChange, true);
      if (renamed) {
        op.check({ key: newName, versionstamp: null }).delete(oldName)
          .set(newName, { repoId: id, createTime: next.repo.createTime });
      }
      if (next.status !== undefined) {
        op.check(status).set(keys.sync(id), next.status);
        moveDue(op, id, value.nextDue, next.status.nextDue);
      }
      return op;
    });
    if (written !== undefined) return "updated";
  }
}

/**
 * Stores a repository over the row that was read; `false` if that has changed. For changes that
 * take a while to work out, and touch neither its name nor what is due.
 */
export async function replaceRepo(
  kv: Kv,
  row: Deno.KvEntry<Repo>,
  repo: Repo,
): Promise<boolean> {
  const written = await kv.commit((op) =>
    op.check(row).set(row.key, repo).set(keys.reposChange, true)
  );
  return written !== undefined;
}

/** Deletes a repository and all that belongs to it, what is large a little later. */
export async function deleteRepo(kv: Kv, id: string, now: number): Promise<"deleted" | "absent"> {
  for (;;) {
    const [repo, status] = await readRepoAndStatus(kv, id);
    if (repo.value === null) return "absent";
    const { workspace, name } = repo.value;
    const written = await kv.commit((op) =>
      scheduleSweepOfAll(moveDue(op, id, status.value?.nextDue ?? null, null), id, now)
        .check(repo).check(status)
        .delete(keys.repo(id)).delete(keys.repoName(workspace, name)).delete(keys.sync(id))
        .delete(keys.index(id)).set(keys.reposChange, true)
    );
    if (written !== undefined) return "deleted";
  }
}

export function readRepoAndStatus(kv: Kv, id: string): Promise<[Entry<Repo>, Entry<SyncStatus>]> {
  return kv.getMany<[Repo, SyncStatus]>([keys.repo(id), keys.sync(id)]);
}
