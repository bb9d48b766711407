/** From an index that was downloaded to a generation that can be committed. */

import { createHash } from "node:crypto";
import type { Chart } from "../helm/chart.ts";
import { IndexError } from "../helm/index_error.ts";
import { type ParsedIndex, parseIndex } from "../helm/index_parser.ts";
import { type ChartChanges, mergeChart } from "../helm/merge.ts";
import { isTime } from "../helm/time.ts";
import { compareText } from "../helm/version.ts";
import type { Validators } from "../sources/source.ts";
import { changed, type ChangeSet, note } from "../store/events.ts";
import {
  type CatalogEntry,
  GenerationBuilder,
  type Pointer,
  readCatalog,
  readVersions,
  referencesOf,
  sameContent,
} from "../store/generations.ts";
import type { Kv } from "../store/kv.ts";
import { takeTurns } from "../turn.ts";
import { shrinkObjection } from "./shrink_guard.ts";

export interface Download {
  url: string;
  bytes: Uint8Array;
  validators: Validators;
}

/** What a download means for a repository. `pointer` keeps its generation if nothing changed. */
export interface Built {
  pointer: Pointer;
  /** Absent if they stay. */
  problems?: number;
  /** Absent if nothing changed. */
  changes?: ChangeSet;
  /** To be written before the commit. */
  fresh: Map<string, Uint8Array>;
  /** No longer referred to after the commit. */
  dropped: string[];
}

/**
 * Parses and merges a download over the generation before it. Throws an `IndexError` if it cannot
 * be used, or if it would lose too much and `force` is not set.
 */
export async function buildGeneration(
  kv: Kv,
  repoId: string,
  old: Pointer | null,
  { url, bytes, validators }: Download,
  now: number,
  force: boolean,
): Promise<Built | "unchanged"> {
  const digest = createHash("sha256").update(bytes).digest("hex");
  if (old?.digest === digest && old.url === url) {
    return sameValidators(old.validators, validators)
      ? "unchanged"
      : { pointer: { ...old, validators }, fresh: new Map(), dropped: [] };
  }
  const parsed = parseIndex(bytes);
  if (parsed.openEnded && old?.generated !== undefined && old.url === url) {
    throw new IndexError("truncated", "the index lacks the `generated` that it used to end with");
  }
  const catalog = old === null ? [] : await readCatalog(kv, repoId, old);
  const known = old === null ? new Set<string>() : referencesOf(old, catalog);
  const merged = await mergeCharts(kv, repoId, catalog, parsed, known, now);
  const content = await merged.builder.finish(parsed.problems);
  if (content === undefined) {
    throw new IndexError("too_many_charts", "the index has more charts than can be kept");
  }
  const objection = old === null || force ? undefined : shrinkObjection(old, content);
  if (objection !== undefined) throw new IndexError("shrink", objection);
  const same = old !== null && sameContent(old, content);
  const pointer: Pointer = {
    ...content,
    generation: same ? old.generation : (old?.generation ?? 0) + 1,
    committedAt: same ? old.committedAt : now,
    url,
    validators,
    digest,
    apiVersion: parsed.apiVersion.slice(0, 16),
    ...(parsed.generated && isTime(parsed.generated) ? { generated: parsed.generated } : {}),
  };
  const used = referencesOf(pointer, merged.builder.entries);
  return {
    pointer,
    problems: parsed.problemCount,
    ...(same ? {} : { changes: merged.changes }),
    fresh: merged.builder.fresh,
    dropped: [...known].filter((hash) => !used.has(hash)),
  };
}

function sameValidators(a: Validators, b: Validators): boolean {
  return a.etag === b.etag && a.lastModified === b.lastModified;
}

async function mergeCharts(
  kv: Kv,
  repoId: string,
  catalog: CatalogEntry[],
  parsed: ParsedIndex,
  known: Set<string>,
  now: number,
) {
  const kept = new Map(catalog.map((entry) => [entry.name, entry]));
  const builder = new GenerationBuilder(known);
  const changes: ChangeSet = {
    appsAdded: changed(),
    appsRemoved: changed(),
    versionsAdded: changed(),
    versionsRemoved: changed(),
    versionsRepublished: changed(),
  };
  const turn = takeTurns();
  for (const chart of parsed.charts.toSorted((a, b) => compareText(a.name, b.name))) {
    const entry = kept.get(chart.name);
    kept.delete(chart.name);
    const app = await mergeChart(
      chart,
      entry && { record: entry, versions: () => readVersions(kv, repoId, entry) },
      now,
    );
    noteChanges(changes, chart, app.changes, entry === undefined);
    await builder.add(app);
    await turn();
  }
  for (const entry of kept.values()) {
    const versions = await readVersions(kv, repoId, entry);
    note(changes.appsRemoved, [entry.name]);
    note(changes.versionsRemoved, versions.map(({ chart }) => `${entry.name}@${chart.version}`));
  }
  return { builder, changes };
}

function noteChanges(changes: ChangeSet, { name }: Chart, of: ChartChanges, isNew: boolean) {
  const named = (versions: string[]) => versions.map((version) => `${name}@${version}`);
  if (isNew) note(changes.appsAdded, [name]);
  note(changes.versionsAdded, named(of.added));
  note(changes.versionsRemoved, named(of.removed));
  note(changes.versionsRepublished, named(of.republished));
}
