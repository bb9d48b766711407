/** What a caller can do with repositories: register, check, modify, remove, ask for a sync. */

import { openIfReadable, type Secrets, SecretUnreadable } from "../access/secrets.ts";
import { newRepoId } from "../helm/ids.ts";
import { invalid, Refused } from "../refused.ts";
import type { OneByOne } from "../one_by_one.ts";
import type { Egress } from "../sources/egress.ts";
import { isS3 } from "../sources/place.ts";
import { requestSync } from "../store/due.ts";
import type { Kv } from "../store/kv.ts";
import {
  countRepos,
  deleteRepo,
  findRepo,
  insertRepo,
  isNameTaken,
  type Repo,
  SEALED_FIELDS,
  updateRepo,
} from "../store/repos.ts";
import { type Candidate, type CheckDeps, type CheckedIndex, checkIndex } from "./check_index.ts";
import { askedAnew, statusAfter } from "./change_status.ts";
import { DEFAULT_PERIOD } from "./period.ts";
import type { RepoInput } from "./repo_input.ts";
import { open, seal, type SealedTexts } from "./sealed.ts";
import { checkSource } from "./source_check.ts";
import type { Syncer } from "./syncer.ts";

export interface RepositoriesDeps extends CheckDeps {
  kv: Kv;
  egress: Egress;
  secrets: Secrets;
  syncer: Syncer;
  maxIndexBytes: number;
  /** Most repositories of a workspace, and most that are global. */
  maxRepos: number;
  /** Registrations of this process, so that they are counted. */
  registering: OneByOne;
  clock: () => number;
  randomBytes: (length: number) => Uint8Array;
  /** Called when a repository was made, modified or deleted. */
  onChange: (repoId: string) => void;
}

/**
 * Registers a repository and starts its first sync; answers before that, with the id. Several
 * processes may exceed a quota by what they are registering at the same moment.
 */
export async function registerRepo(
  deps: RepositoriesDeps,
  workspace: string,
  input: RepoInput,
  creator: string,
): Promise<string> {
  const name = required("name", input.name);
  const url = required("url", input.url);
  const texts = textsOf({}, input);
  const host = checkSource(deps.egress, url, texts);
  const id = newRepoId(deps.randomBytes(14));
  const repo: Repo = {
    id,
    workspace,
    name,
    url,
    host,
    description: input.description ?? "",
    period: input.period ?? DEFAULT_PERIOD,
    suspended: input.suspended ?? false,
    ...await seal(deps.secrets, id, texts),
    creator,
    createTime: deps.clock(),
    revision: 1,
  };
  const inserted = await deps.registering(async () => {
    await refuseIfFull(deps, workspace);
    return await insertRepo(deps.kv, repo);
  });
  if (!inserted) throw nameTaken(name);
  deps.onChange(id);
  deps.syncer.start(repo);
  return id;
}

async function refuseIfFull({ kv, maxRepos }: RepositoriesDeps, workspace: string) {
  if (await countRepos(kv, workspace, maxRepos) < maxRepos) return;
  const message = `there are ${maxRepos} repositories in the workspace, which is most`;
  throw new Refused("quota_exceeded", message, "workspace");
}

/**
 * Downloads and reads the index of what may become a repository of a workspace, unless its name
 * could not. Nothing is stored, and nothing goes on when the caller leaves, which `signal` tells.
 */
export async function checkInput(
  deps: RepositoriesDeps,
  workspace: string,
  input: RepoInput,
  signal: AbortSignal,
): Promise<CheckedIndex> {
  const url = required("url", input.url);
  const texts = textsOf({}, input);
  const host = checkSource(deps.egress, url, texts);
  await refuseIfTaken(deps, workspace, input);
  return await checkIndex(deps, { workspace, host, url, texts }, signal);
}

/** The same of what a repository would be after a change, with what it would still keep sealed. */
export async function checkChange(
  deps: RepositoriesDeps,
  id: string,
  input: RepoInput,
  signal: AbortSignal,
): Promise<CheckedIndex> {
  const change = await planChange(deps, id, input);
  return await checkIndex(deps, await candidateOf(deps, change), signal);
}

/**
 * Modifies a repository. A new URL, credential or certificate is tried out first, and a sync
 * follows; what is stored sealed stays as long as the URL's origin does.
 */
export async function modifyRepo(
  deps: RepositoriesDeps,
  id: string,
  input: RepoInput,
  signal: AbortSignal,
): Promise<void> {
  const change = await planChange(deps, id, input);
  const { before, url, moved } = change;
  const sourceChanges = url !== before.url || Object.keys(input.sealed).length > 0;
  let { host } = before;
  if (sourceChanges) {
    const candidate = await candidateOf(deps, change);
    host = candidate.host;
    await checkIndex(deps, candidate, signal);
  }
  const fresh = await seal(deps.secrets, id, textsOf({}, input));
  const outcome = await updateRepo(deps.kv, id, (repo, status) => {
    // What was tried out is not what is there now.
    if (repo.revision !== before.revision) return undefined;
    const changed: Repo = {
      ...keptFields(repo, input, moved),
      ...fresh,
      url,
      host,
      name: input.name ?? repo.name,
      description: input.description ?? repo.description,
      period: input.period ?? repo.period,
      suspended: input.suspended ?? repo.suspended ?? false,
      revision: repo.revision + Number(sourceChanges),
    };
    const next = sourceChanges
      ? askedAnew(status, moved, deps.clock())
      : statusAfter(changed, repo, status, deps.clock());
    return { repo: changed, ...(next && { status: next }) };
  });
  if (outcome === "absent") throw repoNotFound(id);
  if (outcome === "name_taken") throw nameTaken(input.name!);
  if (outcome === "refused") {
    const message = "the repository's URL or credential was changed meanwhile; try again";
    throw new Refused("conflict", message);
  }
  deps.onChange(id);
  deps.syncer.start({ ...before, host });
}

/** A change of a repository, before anything is tried out or stored. */
interface Change {
  before: Repo;
  input: RepoInput;
  url: string;
  /** Whether downloads go to another origin than before. */
  moved: boolean;
}

async function planChange(deps: RepositoriesDeps, id: string, input: RepoInput): Promise<Change> {
  const before = await findRepo(deps.kv, id);
  if (before === undefined) throw repoNotFound(id);
  if (input.name !== before.name) await refuseIfTaken(deps, before.workspace, input);
  const url = input.url ?? before.url;
  return { before, input, url, moved: await moves(deps.secrets, before, url, input) };
}

/** What a change would have downloaded. */
async function candidateOf(deps: RepositoriesDeps, change: Change): Promise<Candidate> {
  const { before, input, url, moved } = change;
  const kept = keptFields(before, input, moved);
  const texts = textsOf(await openKept(deps.secrets, kept), input);
  const host = checkSource(deps.egress, url, texts);
  return { workspace: before.workspace, host, url, texts };
}

/** Deletes a repository, with its apps and its history. */
export async function removeRepo(deps: RepositoriesDeps, id: string): Promise<void> {
  if (await deleteRepo(deps.kv, id, deps.clock()) === "absent") throw repoNotFound(id);
  deps.onChange(id);
}

/**
 * Asks for a sync now, and answers the id of its event. `force` accepts an index that the shrink
 * guard would refuse.
 */
export async function askForSync(
  deps: RepositoriesDeps,
  repo: Pick<Repo, "id" | "host" | "workspace">,
  force: boolean,
): Promise<string> {
  const ask = { id: crypto.randomUUID(), force, by: "caller", now: deps.clock() } as const;
  const asked = await requestSync(deps.kv, repo.id, ask);
  if (asked === "absent") throw repoNotFound(repo.id);
  deps.syncer.start(repo);
  return asked.id;
}

/** A repository that is not there, or not there for the caller. */
export function repoNotFound(id: string): Refused {
  return new Refused("not_found", `there is no repository ${id.slice(0, 40)}`, "repo_id");
}

async function refuseIfTaken({ kv }: RepositoriesDeps, workspace: string, { name }: RepoInput) {
  if (name !== undefined && await isNameTaken(kv, workspace, name)) throw nameTaken(name);
}

function nameTaken(name: string): Refused {
  return new Refused("name_taken", `name: the workspace has a repository "${name}"`, "name");
}

function required(field: string, value: string | undefined): string {
  if (value === undefined) throw invalid(field, "a value");
  return value;
}

/** What is sealed after a change: what was kept, and what the caller says. */
function textsOf(kept: SealedTexts, { sealed }: RepoInput): SealedTexts {
  const texts = Object.entries({ ...kept, ...sealed }).filter(([, text]) => text !== null);
  return Object.fromEntries(texts);
}

/** A repository without the sealed fields that a change replaces, or that another origin has not to get. */
function keptFields(repo: Repo, { sealed }: RepoInput, moved: boolean): Repo {
  const kept = { ...repo };
  for (const field of SEALED_FIELDS) {
    if (sealed[field] !== undefined || moved) delete kept[field];
  }
  return kept;
}

/** Whether downloads go to another origin than before, which an S3 credential can name as well. */
async function moves(
  secrets: Secrets,
  repo: Repo,
  url: string,
  { sealed }: RepoInput,
): Promise<boolean> {
  if (!sameOrigin(url, repo.url)) return true;
  if (sealed.credential === undefined || !isS3(url)) return false;
  const place = { owner: repo.id, field: "credential" } as const;
  const stored = repo.credential && await openIfReadable(secrets, place, repo.credential);
  return endpointOf(sealed.credential) !== endpointOf(stored);
}

function endpointOf(credential: string | null | undefined): string | undefined {
  const endpoint = credential ? JSON.parse(credential).endpoint : undefined;
  return endpoint ? new URL(endpoint).origin : undefined;
}

/** `s3://host` is no origin to the URL parser. */
function sameOrigin(a: string, b: string): boolean {
  const originOf = (url: string) => /^(https?|s3):\/\/([^/?]*)/i.exec(new URL(url).href)![0];
  return originOf(a).toLowerCase() === originOf(b).toLowerCase();
}

async function openKept(secrets: Secrets, repo: Repo): Promise<SealedTexts> {
  try {
    return await open(secrets, repo);
  } catch (error) {
    if (!(error instanceof SecretUnreadable)) throw error;
    throw invalid(error.place.field, `a new one, since ${error.message}`);
  }
}
