/** P12: what 1,000 repositories with 100 apps each take in memory. */

import { filledDatabase, warmUp } from "./databases.ts";
import { CHARTS } from "./fleet.ts";
import { round } from "./measure.ts";
import { condition, type Input, type Result } from "./result.ts";
import { type Memory, startChartroom } from "./server.ts";

const REPOSITORIES = 1_000;
const ROUNDS = 2;
const MB = 1_000_000;
/** Each of them is a search over all apps. */
const SEARCHES = ["q=redis", "q=postgers+cluster", "conditions=keyword=redis"];
const ONE_MORE = "q=kafka";

interface Footprint extends Memory {
  /** What one more search has to load, since it is not in memory. */
  loads: number;
}

/** Measures servers with all of them and with none, new ones each time. The worst counts. */
export async function measure({ folder }: Input): Promise<Result> {
  const fullData = await filledDatabase(folder, { fleet: REPOSITORIES });
  const emptyData = await filledDatabase(folder, {});
  const rounds: ReturnType<typeof growth>[] = [];
  for (let i = 0; i < ROUNDS; i++) {
    const full = await footprint(fullData, REPOSITORIES * CHARTS);
    rounds.push(growth(full, await footprint(emptyData, 0)));
  }
  const value = Math.max(...rounds.map(({ growth }) => growth));
  const what = "heap of 1,000 repositories with 100 apps each";
  return { ...condition(what, value, "MB", "under", 150), rounds };
}

/** After lists of each repository and of all, and searches over all. */
async function footprint(data: string, apps: number): Promise<Footprint> {
  await using server = await startChartroom(data);
  const found = await warmUp(server);
  if (found !== apps) throw new Error(`there are ${found} apps`);
  const search = async (query: string) => (await server.get(`/v1/apps?${query}`)).body?.cancel();
  for (const query of SEARCHES) await search(query);
  const memory = await server.memory();
  await search(ONE_MORE);
  const { counts } = await server.memory();
  return { ...memory, loads: counts!.misses - memory.counts!.misses };
}

function growth(full: Footprint, empty: Footprint) {
  const heapUsed = full.heapUsed - empty.heapUsed, external = full.external - empty.external;
  const inMb = (bytes: number) => round(bytes / MB);
  return {
    // V8 counts array buffers as external.
    growth: inMb(heapUsed + external),
    heapUsed: inMb(heapUsed),
    external: inMb(external),
    resident: inMb(full.rss - empty.rss),
    empty: inMb(empty.heapUsed + empty.external),
    accounted: inMb(full.counts!.bytes),
    loads: full.loads,
  };
}
