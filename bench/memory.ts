/** P8: how much memory a process needs to sync a large index. */

import { withChartroom } from "./chartroom.ts";
import { inFreshProcess } from "./fresh_process.ts";
import { generatedIndex } from "./indexes.ts";
import { round } from "./measure.ts";
import { condition, type Input, type Result } from "./result.ts";
import { startUpstream } from "./upstream.ts";

const VERSIONS = 40_000;
const ROUNDS = 3;
const SAMPLE_MS = 3;
const MB = 1_000_000;

/** Bytes; each kind of growth is between two numbers of one source. */
interface Growth {
  /** In memory when the database is open. */
  before: number;
  /** Seen by looking every few milliseconds. */
  sampled: number;
  /** Seen by the system, where it tells. */
  bySystem: number | null;
  syncMs: number;
}

/** Measures one sync in a new process each time. The worst counts. */
export async function measure({ folder }: Input): Promise<Result> {
  const path = await generatedIndex(folder, { versions: VERSIONS });
  const upstream = await startUpstream();
  const growths: Growth[] = [];
  try {
    await upstream.serve(path);
    for (let i = 0; i < ROUNDS; i++) {
      growths.push(await inFreshProcess("memory.ts", "grow", { url: upstream.url }));
    }
  } finally {
    await upstream.close();
  }
  const inMb = (bytes: number | null) => bytes === null ? null : round(bytes / MB);
  const rounds = growths.map(({ before, sampled, bySystem, syncMs }) => ({
    growth: round(Math.max(sampled, bySystem ?? 0) / MB),
    sampled: inMb(sampled),
    bySystem: inMb(bySystem),
    before: inMb(before),
    syncMs: round(syncMs),
  }));
  const value = Math.max(...rounds.map(({ growth }) => growth));
  return {
    ...condition("growth of memory in a sync of 57 MB", value, "MB", "under", 250),
    indexBytes: (await Deno.stat(path)).size,
    rounds,
  };
}

/** Syncs a repository, and follows this process's memory. */
export async function grow({ url }: { url: string }): Promise<Growth> {
  return await withChartroom(async (chartroom) => {
    const { rss: before } = Deno.memoryUsage();
    const residentBefore = await readStatus("VmRSS");
    let peak = before;
    const look = () => peak = Math.max(peak, Deno.memoryUsage().rss);
    const timer = setInterval(look, SAMPLE_MS);
    const { ms: syncMs } = await chartroom.register(url);
    look();
    clearInterval(timer);
    const highest = await readStatus("VmHWM");
    const bySystem = highest && residentBefore && highest - residentBefore;
    return { before, sampled: peak - before, bySystem, syncMs };
  });
}

/** What Linux says of this process's memory, in bytes. */
async function readStatus(field: string): Promise<number | null> {
  const status = await Deno.readTextFile("/proc/self/status").catch(() => "");
  const kilobytes = new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(status)?.[1];
  return kilobytes === undefined ? null : Number(kilobytes) * 1_024;
}
