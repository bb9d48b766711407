/** Databases that real syncs have filled, for servers to open; each is made once in a run. */

import { type Chartroom, openChartroom } from "./chartroom.ts";
import { generatedIndex } from "./indexes.ts";
import type { Server } from "./server.ts";
import { startUpstream, type Upstream } from "./upstream.ts";

/** The repository of {@link Content.large} has 120 charts with so many versions. */
const LARGE_VERSIONS = 14_400;

/** Which repositories a database has. */
export interface Content {
  large?: boolean;
  /** How many of the fleet, with a hundred charts each. */
  fleet?: number;
}

/** The folder of a database. `folder`: where it is kept as long as the whole run. */
export async function filledDatabase(folder: string, content: Content): Promise<string> {
  const { large = false, fleet = 0 } = content;
  const data = `${folder}/database-${large ? "large-" : ""}${fleet}`;
  const exists = await Deno.stat(data).then(() => true, () => false);
  if (exists) return data;
  await Deno.mkdir(data);
  const upstream = await startUpstream();
  const chartroom = await openChartroom(data);
  try {
    if (large) {
      await upstream.serve(await generatedIndex(folder, { versions: LARGE_VERSIONS }));
      await chartroom.register(upstream.url);
    }
    await registerFleet(chartroom, upstream, fleet);
  } finally {
    await chartroom.services.close();
    await upstream.close();
  }
  return data;
}

/** The first page of the large repository's apps: ten of them. */
export async function largeListPath(server: Server): Promise<string> {
  const repos = await (await server.get("/v1/repos?conditions=name=bench")).json();
  return listPath(repos.items[0]);
}

/** The first page of a repository's apps. */
export function listPath({ repo_id }: { repo_id: string }): string {
  return `/v1/apps?conditions=repo_id=${repo_id}`;
}

/** Lets a server read all catalogs, and answers how many apps it has. */
export async function warmUp(server: Server): Promise<number> {
  const { items } = await (await server.get("/v1/repos?limit=-1")).json();
  for (const repo of items) await (await server.get(listPath(repo))).body?.cancel();
  const { total_count } = await (await server.get("/v1/apps")).json();
  return total_count;
}

async function registerFleet(
  { call, services }: Chartroom,
  upstream: Upstream,
  count: number,
): Promise<void> {
  for (let i = 0; i < count; i++) {
    await call("POST", "/v1/repos", { name: `fleet-${i}`, url: `${upstream.url}/fleet/${i}` });
  }
  await services.syncer.idle();
  const { items } = await call("GET", "/v1/repos?limit=-1");
  const failed = items.find(({ status }: { status: string }) => status !== "successful");
  if (failed !== undefined) throw new Error(`a sync failed: ${JSON.stringify(failed)}`);
}
