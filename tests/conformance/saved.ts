/** KubeSphere's stored objects, as far as they can be seen from outside. */

import type { Body } from "../support/chartroom.ts";
import { compareJson, type Discrepancy } from "./compare.ts";
import type { SavedIndex, SavedVersion, Stored } from "./recording.ts";
import type { Stage } from "./stage.ts";

type Fill = (text: string) => string;

/** Helm's names of fields that Chartroom shows under others. */
const RENAMED: Readonly<Record<string, string>> = {
  appVersion: "app_version",
  kubeVersion: "kube_version",
};
const SHOWN = ["version", "description", "home", "icon", "digest", "type", "urls", "deprecated"];
/** These are lists in a text. */
const IN_TEXT = ["keywords", "sources", "maintainers"];

/** What of a repository is not as it was stored. */
export async function compareRepo(
  stage: Stage,
  repoId: string,
  { name = "", url = "", description = "", syncPeriod = 0 }: NonNullable<Stored["spec"]>,
  fill: Fill,
): Promise<Discrepancy[]> {
  const repo = await stage.look(`/repos/${repoId}`);
  if (repo === undefined) return [];
  const pairs: [string, unknown, unknown][] = [
    ["name", name, repo.name],
    ["url", fill(url), repo.url],
    ["description", description, repo.description ?? ""],
    ["period", syncPeriod, repo.sync.period_seconds],
  ];
  return pairs.filter(([, theirs, ours]) => theirs !== ours)
    .map(([field, theirs, ours]) => ({ at: `stored.${field}`, theirs, ours }));
}

/** What of the versions of a repository is not as it was saved; their times are in other answers. */
export async function compareIndex(
  stage: Stage,
  { apps = {} }: SavedIndex,
  fill: Fill,
): Promise<Discrepancy[]> {
  const found: Discrepancy[] = [];
  for (const { appId, charts = [] } of Object.values(apps)) {
    const page = await stage.look(`/apps/${fill(appId)}/versions?limit=-1`);
    const theirs = charts.map((chart) => shownOf(chart, fill));
    found.push(...compareJson(theirs, page?.items ?? [], true, "saved"));
  }
  return found;
}

function shownOf(chart: SavedVersion, fill: Fill): Body {
  const shown: Body = { version_id: fill(chart.verId) };
  for (const field of [...SHOWN, ...Object.keys(RENAMED)]) {
    if (isGiven(chart[field])) shown[RENAMED[field] ?? field] = chart[field];
  }
  for (const field of IN_TEXT) {
    if (isGiven(chart[field])) shown[field] = JSON.stringify(chart[field]);
  }
  return shown;
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}
