/** Versions with archives, as tests ask for them. */

import type { Chartroom } from "./chartroom.ts";

/** The path of the latest version of a repository's first app. */
export async function latestOf({ call }: Chartroom, repoId: string): Promise<string> {
  const { items } = (await call("GET", `/v1/apps?conditions=repo_id=${repoId}`)).body;
  return `/v1/apps/${items[0].app_id}/versions/${items[0].latest_app_version.version_id}`;
}

/** Registers a repository, and gives the same. */
export async function registerChart(
  chartroom: Chartroom,
  url: string,
  more: Record<string, unknown> = {},
): Promise<string> {
  return await latestOf(chartroom, await chartroom.register(url, more));
}
