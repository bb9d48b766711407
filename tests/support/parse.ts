/** Reads an index that is there as a whole. */

import type { Chart } from "../../src/helm/chart.ts";
import { type IndexSummary, type IndexVisitor, parseIndex } from "../../src/helm/index_parser.ts";

export interface WholeIndex extends IndexSummary {
  charts: Chart[];
}

/** An index's charts, and what else it says. `size`: the bytes that come at once. */
export async function parseWhole(
  index: string | Uint8Array,
  { size = 65_536, isKnown }: { size?: number; isKnown?: IndexVisitor["isKnown"] } = {},
): Promise<WholeIndex> {
  const charts: Chart[] = [];
  const take = (chart: Chart) => void charts.push(chart);
  const summary = await parseIndex(inPieces(index, size), { take, ...(isKnown && { isKnown }) });
  return { ...summary, charts };
}

/** The bytes of an index, some at a time. */
export async function* inPieces(
  index: string | Uint8Array,
  size: number,
): AsyncGenerator<Uint8Array> {
  const bytes = typeof index === "string" ? new TextEncoder().encode(index) : index;
  for (let i = 0; i < bytes.length; i += size) yield bytes.subarray(i, i + size);
}
