/** P9: search over 100,000 apps in 1,000 repositories, no text twice. */

import { rowsOf } from "./compare.ts";
import { requestBytes } from "./connection.ts";
import { filledDatabase, warmUp } from "./databases.ts";
import { CHARTS, ownName } from "./fleet.ts";
import { inFreshProcess } from "./fresh_process.ts";
import { type Figures, type Load, loadInTurns } from "./load.ts";
import { queries } from "./queries.ts";
import { condition, type Input, type Result } from "./result.ts";
import { type Ports, type Server, startChartroom } from "./server.ts";

const REPOSITORIES = 1_000;
/** Ten seconds for each way, one text after the other: latency. */
const ALONE = { connections: 1, slices: 40 };
/** Five seconds, for information. */
const TOGETHER = { connections: 4, slices: 20 };
/** Both ways to search. */
const PATHS = {
  q: (text: string) => `/v1/apps?q=${encodeURIComponent(text)}`,
  keyword: (text: string) => `/v1/apps?conditions=keyword=${encodeURIComponent(text)}`,
};

type Found = Record<"alone" | "together", Record<string, Figures>>;

/** Measures both ways in turns, when all catalogs have been read. */
export async function measure({ folder }: Input): Promise<Result> {
  const data = await filledDatabase(folder, { fleet: REPOSITORIES });
  await using server = await startChartroom(data);
  const apps = await warmUp(server);
  if (apps !== REPOSITORIES * CHARTS) throw new Error(`there are ${apps} apps`);
  await requireSearch(server);
  const { port, control } = server;
  const found = await inFreshProcess<Found>("search.ts", "load", { port, control });
  const value = Math.max(...Object.values(found.alone).map(({ p99 }) => p99));
  return {
    ...condition("p99 of a search over 100,000 apps", value, "ms", "under", 20),
    oneConnection: rowsOf(found.alone),
    fourConnections: rowsOf(found.together),
  };
}

/** Loads a server with searches. For a fresh process. */
export async function load(ports: Ports): Promise<Found> {
  const loads = Object.entries(PATHS).map(([name, pathOf]): [string, Load] => {
    const texts = queries(name, REPOSITORIES);
    const next = () => requestBytes(pathOf(texts.next().value));
    return [name, { ...ports, next, status: 200 }];
  });
  const sides = Object.fromEntries(loads);
  // The texts go on from one to the other: none comes twice.
  return { alone: await loadInTurns(sides, ALONE), together: await loadInTurns(sides, TOGETHER) };
}

/** What does not search answers fast, too. */
async function requireSearch(server: Server): Promise<void> {
  for (const pathOf of Object.values(PATHS)) {
    const [there, missing] = await Promise.all(
      [ownName(0, 0), "x".repeat(30)].map(async (text) => (await server.get(pathOf(text))).json()),
    );
    if (there.total_count > 0 && missing.total_count === 0) continue;
    throw new Error(`${pathOf("...")} does not search`);
  }
}
