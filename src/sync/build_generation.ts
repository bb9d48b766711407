/** From an index that is coming to a generation that can be committed. */

import { isDeepStrictEqual as equal } from "node:util";
import type { Chart } from "../helm/chart.ts";
import { IndexError } from "../helm/index_error.ts";
import { type IndexSummary, type IndexVisitor, parseIndex } from "../helm/index_parser.ts";
import { type ChartChanges, mergeChart } from "../helm/merge.ts";
import { isTime } from "../helm/time.ts";
import type { Validators } from "../sources/source.ts";
import { changed, type ChangeSet, note } from "../store/events.ts";
import {
  type CatalogEntry,
  GenerationBuilder,
  type Pointer,
  readCatalog,
  readVersions,
  referencesOf,
} from "../store/generations.ts";
import type { Kv } from "../store/kv.ts";
import { takeTurns } from "../turn.ts";
import { shrinkObjection } from "./shrink_guard.ts";

/** An index that is coming. */
export interface Download {
  /** Of the repository. */
  revision: number;
  body: AsyncIterable<Uint8Array>;
  validators: Validators;
  /** Called for each chart that was read, or is known. */
  onChart: () => void;
}

/** What a download means for a repository. `pointer` keeps its generation if nothing changed. */
export interface Built {
  /** Absent if all of it stays. */
  pointer?: Pointer;
  problems: number;
  /** Absent if nothing changed. */
  changes?: ChangeSet;
  /** To be written before the commit. */
  fresh: Map<string, Uint8Array>;
  /** No longer referred to after the commit. */
  dropped: string[];
}

/**
 * Reads a download and merges it over the generation before it, chart by chart. Throws an
 * `IndexError` if it cannot be used, or if it would lose too much and `force` is not set.
 */
export async function buildGeneration(
  kv: Kv,
  repoId: string,
  old: Pointer | null,
  { revision, body, validators, onChart }: Download,
  now: number,
  force: boolean,
): Promise<Built> {
  const catalog = old === null ? [] : await readCatalog(kv, repoId, old);
  const known = old === null ? new Set<string>() : referencesOf(old, catalog);
  const merge = new Merge(kv, repoId, catalog, known, now, force, onChart);
  const summary = await parseIndex(body, merge, merge.turn);
  const lacksEnd = summary.openEnded && summary.generated === undefined;
  if (lacksEnd && old?.generated !== undefined && old.revision === revision) {
    throw new IndexError("truncated", "the index lacks the `generated` that it used to end with");
  }
  const content = await merge.builder.finish(summary.problems, merge.turn);
  if (content === undefined) {
    throw new IndexError("too_many_charts", "the index has more charts than can be kept");
  }
  const objection = old === null || force ? undefined : shrinkObjection(old, content);
  if (objection !== undefined) throw new IndexError("shrink", objection);
  await merge.removeOthers();
  const same = old !== null && merge.same && equal(old.problems, content.problems);
  const pointer: Pointer = {
    ...content,
    generation: same ? old.generation : (old?.generation ?? 0) + 1,
    committedAt: same ? old.committedAt : commitTime(old, now),
    revision,
    validators,
    ...headOf(summary),
  };
  return {
    ...(same && equal(old, pointer) ? {} : { pointer }),
    problems: summary.problemCount,
    ...(same ? {} : { changes: merge.changes }),
    fresh: merge.builder.fresh,
    dropped: merge.builder.dropped(),
  };
}

function headOf(
  { apiVersion, generated }: IndexSummary,
): Pick<Pointer, "apiVersion" | "generated"> {
  return {
    apiVersion: apiVersion.slice(0, 16),
    ...(generated && isTime(generated) ? { generated } : {}),
  };
}

/** Another second than the generation before has: `Last-Modified` knows no less. */
function commitTime(old: Pointer | null, now: number): number {
  return old === null ? now : Math.max(now, (Math.floor(old.committedAt / 1_000) + 1) * 1_000);
}

/** Merges the charts of an index over a catalog as they come. */
class Merge implements IndexVisitor {
  readonly builder: GenerationBuilder;
  readonly turn = takeTurns();
  readonly changes: ChangeSet = {
    appsAdded: changed(),
    appsRemoved: changed(),
    versionsAdded: changed(),
    versionsRemoved: changed(),
    versionsRepublished: changed(),
  };
  /** Whether all apps are as they were. */
  same = true;
  readonly #kv: Kv;
  readonly #repoId: string;
  readonly #now: number;
  readonly #force: boolean;
  readonly #onChart: () => void;
  /** Entries of the catalog that have not come again. */
  readonly #kept: Map<string, CatalogEntry>;

  constructor(
    kv: Kv,
    repoId: string,
    catalog: CatalogEntry[],
    known: ReadonlySet<string>,
    now: number,
    force: boolean,
    onChart: () => void,
  ) {
    this.#onChart = onChart;
    this.#force = force;
    this.#kv = kv;
    this.#repoId = repoId;
    this.#now = now;
    this.#kept = new Map(catalog.map((entry) => [entry.name, entry]));
    this.builder = new GenerationBuilder(known);
  }

  isKnown(name: string, digest: string): boolean {
    const entry = this.#kept.get(name);
    // Who forces a sync does not want what was kept.
    if (this.#force || entry?.source !== digest) return false;
    this.#kept.delete(name);
    this.builder.keep(entry);
    this.#onChart();
    return true;
  }

  async take(chart: Chart, digest: string | undefined): Promise<void> {
    const record = this.#kept.get(chart.name);
    this.#kept.delete(chart.name);
    this.#onChart();
    const kept = record && { record, versions: await this.#versionsOf(record) };
    const app = mergeChart(chart, digest, kept, this.#now);
    const entry = await this.builder.add(app, this.turn);
    if (record === undefined) note(this.changes.appsAdded, [chart.name]);
    this.#note(chart.name, app.changes);
    this.same &&= record !== undefined &&
      equal({ ...record, source: "" }, { ...entry, source: "" });
  }

  /** What is left of the catalog is not in the index any more. */
  async removeOthers(): Promise<void> {
    for (const entry of this.#kept.values()) {
      this.same = false;
      const versions = await this.#versionsOf(entry);
      note(this.changes.appsRemoved, [entry.name]);
      this.#note(entry.name, {
        added: [],
        removed: versions.map(({ chart }) => chart.version),
        republished: [],
      });
    }
  }

  #note(name: string, of: ChartChanges) {
    const named = (versions: string[]) => versions.map((version) => `${name}@${version}`);
    note(this.changes.versionsAdded, named(of.added));
    note(this.changes.versionsRemoved, named(of.removed));
    note(this.changes.versionsRepublished, named(of.republished));
  }

  #versionsOf(entry: CatalogEntry) {
    return readVersions(this.#kv, this.#repoId, entry);
  }
}
