/** For information: what each stage of a first sync takes, beside other readers of the same data. */

import { load } from "js-yaml";
import type { Chart } from "../src/helm/chart.ts";
import { parseIndex } from "../src/helm/index_parser.ts";
import { mergeChart } from "../src/helm/merge.ts";
import { encodeSegment, SegmentCutter, segmentHash } from "../src/store/segments.ts";
import { generatedIndex, inPieces } from "./indexes.ts";
import { inTurns, round } from "./measure.ts";
import type { Input } from "./result.ts";

const NOW = Date.parse("2026-01-01T00:00:00Z");

/** Milliseconds of each stage, over one generated index. */
interface Stages {
  versions: number;
  bytes: number;
  parse: number;
  merge: number;
  /** To JSON. */
  stringify: number;
  hash: number;
  compress: number;
  jsYaml: number;
  /** Of the same data as JSON. */
  nativeJsonParse: number;
  compressedBytes: number;
}

/** Measures the stages one by one, each over the whole index. */
export async function measure(
  { folder, versions }: Input & { versions: number },
): Promise<Stages> {
  const bytes = await Deno.readFile(await generatedIndex(folder, { versions }));
  const text = new TextDecoder().decode(bytes);
  const json = JSON.stringify(load(text));
  const charts = await readCharts(bytes);
  const merged = charts.map(merge);
  const segments = merged.flatMap(cut);
  const compressed = segments.map(encodeSegment);
  const ms = await inTurns({ rounds: 3, warmUps: 1 }, {
    parse: () => readCharts(bytes),
    merge: () => charts.forEach(merge),
    stringify: () =>
      merged.forEach((app) => app.versions.map((version) => JSON.stringify(version))),
    hash: () => compressed.forEach(segmentHash),
    compress: () => segments.forEach(encodeSegment),
    jsYaml: () => load(text),
    nativeJsonParse: () => JSON.parse(json),
  });
  const compressedBytes = compressed.reduce((sum, { length }) => sum + length, 0);
  const times = Object.fromEntries(Object.entries(ms).map(([name, ms]) => [name, round(ms)]));
  return { versions, bytes: bytes.length, ...times as typeof ms, compressedBytes };
}

async function readCharts(bytes: Uint8Array): Promise<Chart[]> {
  const charts: Chart[] = [];
  await parseIndex(inPieces(bytes), { take: (chart) => void charts.push(chart) });
  return charts;
}

function merge(chart: Chart) {
  return mergeChart(chart, "0".repeat(64), undefined, NOW);
}

/** The segments of an app, as JSON. */
function cut({ versions }: ReturnType<typeof merge>): string[] {
  const segments: string[] = [];
  const cutter = new SegmentCutter((items) => segments.push(`[${items.reverse().join(",")}]`));
  for (const version of versions.toReversed()) {
    cutter.add(JSON.stringify(version), version.chart.version);
  }
  cutter.end();
  return segments;
}
