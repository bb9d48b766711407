/** P3: a sync after one chart has gained one version. */

import { type Chartroom, withChartroom } from "./chartroom.ts";
import { chartSizes } from "./generate.ts";
import { generatedIndex } from "./indexes.ts";
import { type KvMeter, meterKv } from "./kv_meter.ts";
import { median, round } from "./measure.ts";
import { both, condition, type Input, type Result } from "./result.ts";
import { startUpstream, type Upstream } from "./upstream.ts";

const VERSIONS = 14_400;
const ROUNDS = 3;

interface Step {
  ms: number;
  writtenBytes: number;
}

interface Round {
  first: number;
  storedBytes: number;
  /** One for each chart that gains a version. */
  changed: Step[];
  /** The same bytes again, without validators. */
  unchanged: Step;
  notModified: Step;
}

/** Measures it for the chart with the most versions, a middling one, and the one with the fewest. */
export async function measure({ folder }: Input): Promise<Result> {
  const bySize = chartSizes(VERSIONS).sort((a, b) => b.versions - a.versions);
  const charts = [bySize[0]!, bySize[bySize.length >> 1]!, bySize.at(-1)!];
  const paths = [await generatedIndex(folder, { versions: VERSIONS })];
  const more: Record<string, number> = {};
  for (const { name } of charts) {
    more[name] = 1;
    paths.push(await generatedIndex(folder, { versions: VERSIONS, more }));
  }
  const meter = meterKv();
  const upstream = await startUpstream();
  const rounds: Round[] = [];
  try {
    for (let i = 0; i <= ROUNDS; i++) {
      rounds.push(await withChartroom((chartroom) => sync(chartroom, upstream, meter, paths)));
    }
  } finally {
    await upstream.close();
  }
  // The first was to warm up.
  return resultOf(rounds.slice(1), charts);
}

async function sync(
  chartroom: Chartroom,
  upstream: Upstream,
  meter: KvMeter,
  [base, ...changes]: string[],
): Promise<Round> {
  const step = async (path: string, etag?: string): Promise<Step> => {
    await upstream.serve(path, etag);
    const before = meter.written;
    const ms = await chartroom.resync(repoId);
    return { ms, writtenBytes: meter.written - before };
  };
  await upstream.serve(base!);
  const { repoId, ms: first } = await chartroom.register(upstream.url);
  const storedBytes = await chartroom.storedBytes(repoId);
  const unchanged = await step(base!);
  const changed: Step[] = [];
  for (const path of changes) changed.push(await step(path));
  const last = changes.at(-1)!, etag = '"etag"';
  await step(last, etag);
  return { first, storedBytes, changed, unchanged, notModified: await step(last, etag) };
}

function resultOf(rounds: Round[], charts: { name: string; versions: number }[]): Result {
  const storedBytes = rounds[0]!.storedBytes;
  const firstMs = median(rounds.map(({ first }) => first));
  const summary = (steps: Step[]) => {
    const ms = median(steps.map(({ ms }) => ms));
    const writtenBytes = Math.max(...steps.map(({ writtenBytes }) => writtenBytes));
    return {
      ms: round(ms),
      timeRatio: round(ms / firstMs),
      writtenBytes,
      bytesRatio: round(writtenBytes / storedBytes),
    };
  };
  const changed = charts.map(({ name, versions }, i) => ({
    chart: name,
    versions,
    ...summary(rounds.map(({ changed }) => changed[i]!)),
  }));
  // The worst of the charts, both ways.
  const bytesRatio = Math.max(...changed.map(({ bytesRatio }) => bytesRatio));
  const timeRatio = Math.max(...changed.map(({ timeRatio }) => timeRatio));
  return both(
    condition("re-sync: rewritten of what is stored", bytesRatio, "times", "under", 0.05),
    condition("its time against the first sync's", timeRatio, "times", "under", 0.3),
    {
      firstMs: round(firstMs),
      storedBytes,
      changed,
      unchanged: summary(rounds.map(({ unchanged }) => unchanged)),
      notModified: summary(rounds.map(({ notModified }) => notModified)),
    },
  );
}
