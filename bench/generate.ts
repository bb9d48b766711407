/** Indexes of any size as `helm repo index` writes them, shaped like Bitnami's. */

import { ChartHistory } from "./chart_history.ts";
import { Random } from "./random.ts";
import { CHART_NAMES } from "./vocabulary.ts";

/** What an index is to be like. The same shape is the same text, on every machine. */
export interface Shape {
  /** How many versions, over all charts; at least one for each. */
  versions: number;
  /** How many versions charts have on top of that, newer than their others. */
  more?: Readonly<Record<string, number>>;
}

/** Go sorts the keys of a map by their bytes. */
const NAMES = [...CHART_NAMES].sort();
/** No chart has more than about four times as many versions as the average. */
const MOST = 4;

/** How many versions each chart has, in the order of the index: some have a few, some very many. */
export function chartSizes(versions: number): { name: string; versions: number }[] {
  const random = new Random("sizes");
  const weights = NAMES.map(() => Math.min(MOST, 0.15 - Math.log(1 - random.fraction())));
  const perWeight = versions / weights.reduce((a, b) => a + b);
  const sizes = weights.map((weight) => Math.max(1, Math.floor(weight * perWeight)));
  // What rounding left goes to the largest.
  const largest = sizes.indexOf(Math.max(...sizes));
  sizes[largest]! += versions - sizes.reduce((a, b) => a + b);
  return NAMES.map((name, i) => ({ name, versions: sizes[i]! }));
}

/** The text of an index, chart by chart. */
export function* indexText({ versions, more = {} }: Shape): Generator<string> {
  yield "apiVersion: v1\nentries:\n";
  for (const chart of chartSizes(versions)) {
    const history = new ChartHistory(chart.name, chart.versions);
    const length = chart.versions + (more[chart.name] ?? 0);
    const newestFirst = Array.from({ length }, () => history.next()).reverse();
    yield `  ${chart.name}:\n${newestFirst.join("")}`;
  }
  const added = Object.values(more).reduce((a, b) => a + b, 0);
  const generated = new Date(Date.parse("2026-01-01T00:00:00Z") + added * 1_000).toISOString();
  yield `generated: "${generated.replace(".000Z", ".123456789Z")}"\n`;
}

/** Writes an index to a file. */
export async function writeIndex({ path, shape }: { path: string; shape: Shape }): Promise<void> {
  const pieces = ReadableStream.from(indexText(shape)).pipeThrough(new TextEncoderStream());
  await Deno.writeFile(path, pieces);
}
