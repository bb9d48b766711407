/** What a caller can do with repositories: register, check, modify, remove, ask for a sync. */

import { type Secrets, SecretUnreadable } from "../access/secrets.ts";
import type { Chart } from "../helm/chart.ts";
import { IndexError } from "../helm/index_error.ts";
import { parseIndex } from "../helm/index_parser.ts";
import { newRepoId } from "../helm/ids.ts";
import { invalid, Refused } from "../refused.ts";
import type { Egress } from "../sources/egress.ts";
import type { Credential, FetchIndex } from "../sources/source.ts";
import { requestSync } from "../store/due.ts";
import type { Kv } from "../store/kv.ts";
import {
  deleteRepo,
  findRepo,
  insertRepo,
  isNameTaken,
  type Repo,
  updateRepo,
} from "../store/repos.ts";
import type { SyncStatus } from "../store/sync_status.ts";
import { takeTurns } from "../turn.ts";
import { DEFAULT_PERIOD } from "./period.ts";
import type { RepoInput } from "./repo_input.ts";
import { openCredential } from "./sync_repo.ts";
import type { Syncer } from "./syncer.ts";

export interface RepositoriesDeps {
  kv: Kv;
  egress: Egress;
  fetchIndex: FetchIndex;
  secrets: Secrets;
  syncer: Syncer;
  maxIndexBytes: number;
  clock: () => number;
  randomBytes: (length: number) => Uint8Array;
  /** Called when a repository was made, modified or deleted. */
  onChange: () => void;
}

/** What an index holds, found without keeping it. */
export interface CheckedIndex {
  apps: number;
  versions: number;
  problems: number;
  bytes: number;
}

/** Registers a repository and starts its first sync; answers before that, with the id. */
export async function registerRepo(
  deps: RepositoriesDeps,
  workspace: string,
  input: RepoInput,
  creator: string,
): Promise<string> {
  const name = required("name", input.name);
  const url = checkedUrl(deps.egress, input.url);
  const id = newRepoId(deps.randomBytes(14));
  const repo: Repo = {
    id,
    workspace,
    name,
    url,
    description: input.description ?? "",
    period: input.period ?? DEFAULT_PERIOD,
    ...await sealed(deps.secrets, id, input.credential),
    creator,
    createTime: deps.clock(),
    revision: 1,
  };
  if (!await insertRepo(deps.kv, repo)) throw nameTaken(name);
  deps.onChange();
  deps.syncer.start(id);
  return id;
}

/** Downloads and reads an index, and says what it holds. Nothing is stored. */
export async function checkIndex(
  deps: RepositoriesDeps,
  url: string | undefined,
  credential: Credential | null | undefined,
): Promise<CheckedIndex> {
  const counts = { apps: 0, versions: 0, bytes: 0 };
  try {
    const answer = await deps.fetchIndex({
      url: checkedUrl(deps.egress, url),
      ...(credential && { credential }),
      maxBytes: deps.maxIndexBytes,
      onBytes: (total) => counts.bytes = total,
    });
    if (answer.kind === "unchanged") throw new Error("unchanged, although nothing was known");
    const take = (chart: Chart) => {
      counts.apps++;
      counts.versions += chart.versions.length;
    };
    const { problemCount } = await parseIndex(answer.body, { take }, takeTurns());
    await answer.leave();
    return { ...counts, problems: problemCount };
  } catch (error) {
    if (!(error instanceof IndexError)) throw error;
    throw new Refused("index_unusable", error.message, "url", { reason: error.reason });
  }
}

/**
 * Modifies a repository. A new URL or credential is tried out first, and a sync follows; a stored
 * credential stays as long as the URL's origin does.
 */
export async function modifyRepo(
  deps: RepositoriesDeps,
  id: string,
  input: RepoInput,
): Promise<void> {
  const before = await findRepo(deps.kv, id);
  if (before === undefined) throw repoNotFound(id);
  const renamed = input.name !== undefined && input.name !== before.name;
  if (renamed && await isNameTaken(deps.kv, before.workspace, input.name!)) {
    throw nameTaken(input.name!);
  }
  const url = input.url ?? before.url;
  const sourceChanges = url !== before.url || input.credential !== undefined;
  if (sourceChanges) await checkIndex(deps, url, await effective(deps, before, input));
  const credential = await sealed(deps.secrets, id, input.credential);
  const outcome = await updateRepo(deps.kv, id, (repo, status) => {
    // What was tried out is not what is there now.
    if (repo.revision !== before.revision) return undefined;
    const { credential: stored, ...rest } = repo;
    const keepsStored = input.credential === undefined && sameOrigin(url, repo.url);
    const changed: Repo = {
      ...rest,
      ...(keepsStored && stored !== undefined ? { credential: stored } : credential),
      url,
      name: input.name ?? repo.name,
      description: input.description ?? repo.description,
      period: input.period ?? repo.period,
      revision: repo.revision + Number(sourceChanges),
    };
    return { repo: changed, ...nextDue(changed, repo, status, sourceChanges, deps.clock()) };
  });
  if (outcome === "absent") throw repoNotFound(id);
  if (outcome === "name_taken") throw nameTaken(input.name!);
  if (outcome === "refused") {
    const message = "the repository's URL or credential was changed meanwhile; try again";
    throw new Refused("conflict", message);
  }
  deps.onChange();
  if (sourceChanges) deps.syncer.start(id);
}

/** Deletes a repository, with its apps and its history. */
export async function removeRepo(deps: RepositoriesDeps, id: string): Promise<void> {
  if (await deleteRepo(deps.kv, id, deps.clock()) === "absent") throw repoNotFound(id);
  deps.onChange();
}

/** Asks for a sync now. `force` accepts an index that the shrink guard would refuse. */
export async function askForSync(
  deps: RepositoriesDeps,
  id: string,
  force: boolean,
): Promise<void> {
  const outcome = await requestSync(deps.kv, id, deps.clock(), { force });
  if (outcome === "absent") throw repoNotFound(id);
  deps.syncer.start(id);
}

/** A repository that is not there, or not there for the caller. */
export function repoNotFound(id: string): Refused {
  return new Refused("not_found", `there is no repository ${id.slice(0, 40)}`, "repo_id");
}

function nameTaken(name: string): Refused {
  return new Refused("name_taken", `name: the workspace has a repository "${name}"`, "name");
}

function required(field: string, value: string | undefined): string {
  if (value === undefined) throw invalid(field, "a value");
  return value;
}

function checkedUrl(egress: Egress, value: string | undefined): string {
  const url = required("url", value);
  const objection = egress.objection(new URL(url));
  if (objection === undefined) return url;
  throw invalid("url", `an address that Chartroom may call, but ${objection}`);
}

async function sealed(
  secrets: Secrets,
  repoId: string,
  credential: Credential | null | undefined,
): Promise<{ credential?: Uint8Array }> {
  if (!credential) return {};
  const text = JSON.stringify(credential);
  return { credential: await secrets.seal({ repoId, field: "credential" }, text) };
}

function sameOrigin(a: string, b: string): boolean {
  return new URL(a).origin === new URL(b).origin;
}

/** The credential that a modified repository will use. */
async function effective({ secrets }: RepositoriesDeps, before: Repo, input: RepoInput) {
  if (input.credential !== undefined) return input.credential;
  if (!sameOrigin(input.url ?? before.url, before.url)) return undefined;
  try {
    return await openCredential(secrets, before);
  } catch (error) {
    if (!(error instanceof SecretUnreadable)) throw error;
    throw invalid("credential", `a new one, since ${error.message}`);
  }
}

function nextDue(
  repo: Repo,
  before: Repo,
  status: SyncStatus,
  sourceChanges: boolean,
  now: number,
): { nextDue?: number | null } {
  if (sourceChanges) return { nextDue: now };
  if (repo.period.seconds === before.period.seconds) return {};
  // What waits for its turn, or is tried again after a failure, stays as it is.
  const queued = status.nextDue !== null && status.nextDue <= now;
  if (queued || status.state !== "successful") return {};
  if (repo.period.seconds === 0) return { nextDue: null };
  return { nextDue: Math.max(now, (status.lastAttempt ?? now) + repo.period.seconds * 1_000) };
}
