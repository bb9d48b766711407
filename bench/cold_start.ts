/** P6: the first list that a new process answers from a database that is there. */

import { openChartroom, withFolder } from "./chartroom.ts";
import { inFreshProcess } from "./fresh_process.ts";
import { generatedIndex } from "./indexes.ts";
import { meterKv } from "./kv_meter.ts";
import { median, round } from "./measure.ts";
import { both, condition, type Input, type Result } from "./result.ts";
import { startUpstream } from "./upstream.ts";

const VERSIONS = 14_400;
const ROUNDS = 9;

interface Start {
  /** From the open database to the answer's last byte. */
  ms: number;
  /** Of that, until all parts are put together. */
  readyMs: number;
  readBytes: number;
  /** How many apps there are. */
  total: number;
}

/** Measures it in a new process each time; the disk's pages are in memory by then. */
export async function measure({ folder }: Input): Promise<Result> {
  const upstream = await startUpstream();
  try {
    await upstream.serve(await generatedIndex(folder, { versions: VERSIONS }));
    return await withFolder(async (data) => {
      const chartroom = await openChartroom(data);
      const { repoId } = await chartroom.register(upstream.url);
      const storedBytes = await chartroom.storedBytes(repoId);
      await chartroom.services.close();
      const starts: Start[] = [];
      for (let i = 0; i < ROUNDS; i++) {
        starts.push(await inFreshProcess("cold_start.ts", "start", { data, repoId }));
      }
      return resultOf(starts, storedBytes);
    });
  } finally {
    await upstream.close();
  }
}

function resultOf(starts: Start[], storedBytes: number): Result {
  const ms = median(starts.map(({ ms }) => ms));
  const readBytes = Math.max(...starts.map(({ readBytes }) => readBytes));
  return both(
    condition("first list after a cold start, from KV's opening", round(ms), "ms", "under", 30),
    condition("read of what is stored", round(readBytes / storedBytes), "times", "under", 0.05),
    {
      times: starts.map(({ ms }) => round(ms)),
      readyMs: round(median(starts.map(({ readyMs }) => readyMs))),
      readBytes,
      storedBytes,
      apps: starts[0]!.total,
    },
  );
}

/** Opens the database and lists ten apps of a repository. */
export async function start(
  { data, repoId }: { data: string; repoId: string },
): Promise<Start> {
  const meter = meterKv();
  const { call, services } = await openChartroom(data);
  const readyMs = performance.now() - meter.openedAt;
  const page = await call("GET", `/v1/apps?conditions=repo_id=${repoId}&limit=10`);
  const ms = performance.now() - meter.openedAt;
  const readBytes = meter.read;
  await services.close();
  if (page.items.length !== 10) throw new Error("the list is not there");
  return { ms, readyMs, readBytes, total: page.total_count };
}
