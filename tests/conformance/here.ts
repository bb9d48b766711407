/** What Chartroom has when a recording is played, beside its answer: looked at where they differ. */

import type { Body } from "../support/chartroom.ts";
import type { Discrepancy } from "./compare.ts";
import type { Sequence } from "./prepare.ts";
import type { Recording } from "./recording.ts";
import type { Stage } from "./stage.ts";

export interface Here {
  /** The repository that the request names by its own id or an app's, as it is on the global path. */
  about?: Body;
  /** All repositories on the request's path, global or of a workspace. */
  repos: Body[];
  /** All apps that are seen on that path, each repository's as it is listed alone. */
  apps: Body[];
  /** By app, all versions of the apps that were answered. */
  versions: Map<string, Body[]>;
  /** The answer to GET on the global path with an `Accept` that admits JSON, if it was another. */
  plain?: { status: number; type: string; body: Body };
}

const PATH = /^\/kapis\/openpitrix\.io\/v1(\/workspaces\/[^/?]+)?(\/[^?]*)?/;

/** Looks at what is there, as far as some difference may be about it. */
export async function lookAround(
  { stage, ids }: Sequence,
  { method, headers }: Recording["request"],
  target: string,
  ours: Body,
  discrepancies: readonly Discrepancy[],
): Promise<Here> {
  const known = new Set([...ids.values()].filter((id) => id.startsWith("repo-")));
  const about = [...known].find((id) => isAbout(target, id));
  const here: Here = {
    about: about && await stage.look(`/repos/${about}`),
    repos: [],
    apps: [],
    versions: new Map(),
  };
  if (!["GET", "HEAD"].includes(method) || discrepancies.every(({ at }) => !LOOKED.test(at))) {
    return here;
  }
  const [base, workspace = "", path = ""] = PATH.exec(target) ?? [""];
  const list = async (path: string) => (await stage.look(workspace + path))?.items ?? [];
  here.repos = await list("/repos?limit=-1");
  if (/^\/(apps|categories)/.test(path)) {
    for (const id of known) {
      here.apps.push(...await list(`/apps?conditions=repo_id=${id}&limit=-1`));
    }
  }
  for (const { app_id, version_id } of ours.items ?? [ours]) {
    if (app_id === undefined || version_id !== undefined) continue;
    here.versions.set(app_id, await list(`/apps/${app_id}/versions?limit=-1`));
  }
  const isPlain = method === "GET" && workspace === "" && headers === undefined;
  if (!isPlain && discrepancies.some(({ at }) => at === "status")) {
    here.plain = await ask(stage, `/kapis/openpitrix.io/v1${path}${target.slice(base!.length)}`);
  }
  return here;
}

/** Whether a request names a repository, or an app of it, whose id has the repository's in it. */
export function isAbout(target: string, repoId: string): boolean {
  return target.includes(repoId.slice("repo-".length));
}

/** Differences in one field alone say nothing of the rest, but for an app's times. */
const LOOKED =
  /^(status|body\.(total_count|items\.[a-z]+)|body\.(items\.\d+\.)?(create|status|update)_time)$/;

async function ask(stage: Stage, target: string): Promise<NonNullable<Here["plain"]>> {
  const headers = { accept: "application/json" };
  const { status, headers: given, text } = await stage.send({ method: "GET", target, headers });
  const type = given.get("content-type")?.replace(/;.*/s, "") ?? "";
  return { status, type, body: type.endsWith("json") ? JSON.parse(text) : text };
}
