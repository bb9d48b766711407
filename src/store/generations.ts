/** Generations: what a repository's index said at one sync, whole and unchanging. */

import type { KeptVersion, Problem } from "../helm/chart.ts";
import type { AppRecord, MergedApp } from "../helm/merge.ts";
import type { Validators } from "../sources/source.ts";
import { keys } from "./keys.ts";
import type { Entry, Kv } from "./kv.ts";
import { encodeSegment, readSegment, SegmentCutter, segmentHash, splitHashes } from "./segments.ts";

/** Most segments of a catalog: their hashes stand in the pointer, which is one value. */
const MAX_CATALOG_SEGMENTS = 1_500;

/** The one row that says which generation of a repository is current. */
export interface Pointer {
  generation: number;
  /** Where the index came from, so that validators are not sent for another address. */
  url: string;
  validators: Validators;
  /** SHA-256 of the index's decoded bytes. */
  digest: string;
  apiVersion: string;
  generated?: string;
  apps: number;
  versions: number;
  /** SHA-256 hashes of the segments of the catalog, one behind the other. */
  catalog: Uint8Array;
  /** The same of the list of problems. */
  problems: Uint8Array;
  /** Milliseconds of the epoch. */
  committedAt: number;
}

/** An app's record with the segments that hold its versions, newest first. */
export interface CatalogEntry extends AppRecord {
  segments: string[];
}

type VersionItem = [key: string, version: KeptVersion];

/** A generation is gone, since a newer one has replaced it long ago. */
export class GenerationGone extends Error {}

/** A new generation on its way into the store. */
export class GenerationBuilder {
  /** Segments that are not stored yet, compressed. */
  readonly fresh = new Map<string, Uint8Array>();
  readonly entries: CatalogEntry[] = [];
  readonly #known: ReadonlySet<string>;
  readonly #cutter: SegmentCutter;
  #inSegment = new Set<CatalogEntry>();
  #pending = new Map<string, string>();
  #versions = 0;

  /** `known`: hashes of what is stored already and stays. */
  constructor(known: ReadonlySet<string>) {
    this.#known = known;
    this.#cutter = new SegmentCutter((json) => {
      const hash = this.#hold(json);
      for (const entry of this.#inSegment) entry.segments.push(hash);
      this.#inSegment = new Set();
    });
  }

  /** Adds an app. The order of apps must be the same in each generation. */
  async add({ record, versions }: MergedApp): Promise<void> {
    const entry: CatalogEntry = { ...record, segments: [] };
    this.entries.push(entry);
    this.#versions += versions.length;
    for (const version of versions) {
      const item: VersionItem = [record.key, version];
      this.#inSegment.add(entry);
      this.#cutter.add(JSON.stringify(item), `${record.name}@${version.chart.version}`);
    }
    await this.#compressPending();
  }

  /** Ends the generation. `undefined`: it has too many apps to be stored. */
  async finish(problems: Problem[]): Promise<
    Pick<Pointer, "apps" | "versions" | "catalog" | "problems"> | undefined
  > {
    this.#cutter.end();
    const catalog: string[] = [];
    const cutter = new SegmentCutter((json) => catalog.push(this.#hold(json)));
    for (const entry of this.entries) cutter.add(JSON.stringify(entry), entry.name);
    cutter.end();
    const problemHash = problems.length === 0 ? "" : this.#hold(JSON.stringify(problems));
    await this.#compressPending();
    if (catalog.length > MAX_CATALOG_SEGMENTS) return undefined;
    return {
      apps: this.entries.length,
      versions: this.#versions,
      catalog: Uint8Array.fromHex(catalog.join("")),
      problems: Uint8Array.fromHex(problemHash),
    };
  }

  #hold(json: string): string {
    const hash = segmentHash(json);
    if (!this.#known.has(hash)) this.#pending.set(hash, json);
    return hash;
  }

  async #compressPending() {
    const pending = this.#pending;
    this.#pending = new Map();
    for (const [hash, json] of pending) this.fresh.set(hash, await encodeSegment(json));
  }
}

/** Whether two pointers name the same content. */
export function sameContent(
  a: Pick<Pointer, "catalog" | "problems">,
  b: Pick<Pointer, "catalog" | "problems">,
): boolean {
  return a.catalog.toHex() === b.catalog.toHex() && a.problems.toHex() === b.problems.toHex();
}

/** The current pointer of a repository. */
export function readPointer(
  kv: Kv,
  repoId: string,
  consistency: Deno.KvConsistencyLevel = "strong",
): Promise<Entry<Pointer>> {
  return kv.get<Pointer>(keys.index(repoId), consistency);
}

/** The catalog of a generation. Throws {@link GenerationGone} if it is no longer stored. */
export async function readCatalog(
  kv: Kv,
  repoId: string,
  pointer: Pointer,
): Promise<CatalogEntry[]> {
  const parts = await Promise.all(
    splitHashes(pointer.catalog).map((hash) => readPart<CatalogEntry>(kv, repoId, hash)),
  );
  return parts.flat();
}

/** An app's versions, newest first. Throws {@link GenerationGone} if they are no longer stored. */
export async function readVersions(
  kv: Kv,
  repoId: string,
  entry: Pick<CatalogEntry, "key" | "segments">,
): Promise<KeptVersion[]> {
  const parts = await Promise.all(
    entry.segments.map((hash) => readPart<VersionItem>(kv, repoId, hash)),
  );
  return parts.flat().filter(([key]) => key === entry.key).map(([, version]) => version);
}

/** The problems of a generation. */
export async function readProblems(kv: Kv, repoId: string, pointer: Pointer): Promise<Problem[]> {
  const [hash] = splitHashes(pointer.problems);
  return hash === undefined ? [] : await readPart<Problem>(kv, repoId, hash);
}

/** Hashes of all segments of a generation. */
export function referencesOf(pointer: Pointer, catalog: CatalogEntry[]): Set<string> {
  return new Set([
    ...splitHashes(pointer.catalog),
    ...splitHashes(pointer.problems),
    ...catalog.flatMap(({ segments }) => segments),
  ]);
}

async function readPart<T>(kv: Kv, repoId: string, hash: string): Promise<T[]> {
  const items = await readSegment<T>(kv, repoId, hash);
  if (items === undefined) throw new GenerationGone(`segment ${hash} is not stored`);
  return items;
}
