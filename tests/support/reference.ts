/** Reads an index by `js-yaml` alone, as a whole: what `parseIndex` is held against. */

import assert from "node:assert/strict";
import { YAMLException } from "js-yaml";
import { readList } from "../../src/helm/chart_reader.ts";
import type { Chart, Problem } from "../../src/helm/chart.ts";
import { IndexError } from "../../src/helm/index_error.ts";
import { isMap, parseYaml, scalarText } from "../../src/helm/yaml.ts";
import { parseWhole } from "./parse.ts";

interface Reading {
  apiVersion: string | undefined;
  generated: string | undefined;
  charts: Chart[];
  problems: Problem[];
}

/** What an index says, in an order of its own; `refused` if it cannot be read. */
export function readByJsYaml(text: string): Reading | "refused" {
  try {
    const filled = parseYaml(text.replace(/^\ufeff/, "")).filter((document) => document !== null);
    const root = filled[0] ?? {};
    if (filled.length > 1 || !isMap(root) || !scalarText(root.apiVersion)) return "refused";
    const entries = root.entries ?? {};
    if (!isMap(entries)) return "refused";
    const charts: Chart[] = [], problems: Problem[] = [];
    for (const [name, list] of Object.entries(entries)) {
      if (list === null) continue;
      if (Array.isArray(list)) {
        const read = readList(name, list, { left: Infinity });
        problems.push(...read.problems.list);
        if (read.versions.length > 0) charts.push({ name, versions: read.versions });
      } else problems.push({ chart: name, position: null, reason: "expected a list of versions" });
    }
    const [apiVersion, generated] = [scalarText(root.apiVersion), scalarText(root.generated)];
    return sorted({ apiVersion, generated, charts, problems });
  } catch (error) {
    if (error instanceof YAMLException) return "refused";
    throw error;
  }
}

/** The same by `parseIndex`; `cut off` if it is refused for what a reader of YAML does not see. */
async function readByChartroom(
  text: string,
  size: number,
): Promise<Reading | "refused" | "cut off"> {
  try {
    const { apiVersion, generated, charts, problems } = await parseWhole(text, { size });
    return sorted({ apiVersion, generated, charts, problems });
  } catch (error) {
    if (!(error instanceof IndexError)) throw error;
    return /so it was cut off$|HTML or XML page/.test(error.message) ? "cut off" : "refused";
  }
}

/** Fails if the two do not agree on a document that comes in pieces of some size. */
export async function agree(text: string, size: number): Promise<void> {
  const ours = await readByChartroom(text, size);
  if (ours === "cut off") return;
  const theirs = readByJsYaml(text);
  const message = `disagreement on\n${text}\n${JSON.stringify(text)}`;
  assert.deepEqual(plain(ours), plain(theirs), message);
}

/** Plain objects, whatever they were made by. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

function sorted({ charts, problems, ...reading }: Reading): Reading {
  const byName = <T>(name: (item: T) => string) => (a: T, b: T) => name(a) < name(b) ? -1 : 1;
  const order = ({ chart, position, reason }: Problem) =>
    JSON.stringify([chart, String(position ?? "").padStart(9), reason]);
  return {
    ...reading,
    charts: charts.toSorted(byName(({ name }) => name)),
    problems: problems.toSorted(byName(order)),
  };
}
