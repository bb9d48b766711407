/** Generations: what a repository's index said at one sync, whole and unchanging. */

import type { KeptVersion, Problem } from "../helm/chart.ts";
import type { AppRecord, MergedApp } from "../helm/merge.ts";
import { compareText } from "../helm/version.ts";
import { takeTurns, type Turn } from "../turn.ts";
import type { Validators } from "../sources/source.ts";
import { keys } from "./keys.ts";
import type { Kv } from "./kv.ts";
import {
  decodeSegment,
  encodeBlocks,
  encodeSegment,
  readSegment,
  SegmentCutter,
  segmentHash,
  splitHashes,
} from "./segments.ts";

/** Most segments of a catalog: their hashes stand in the pointer, which is one value. */
const MAX_CATALOG_SEGMENTS = 1_500;

/** How a generation is written; one that is written otherwise counts as none, until the next sync. */
const FORMAT = 2;

/** The one row that says which generation of a repository is current. */
export interface Pointer {
  format: number;
  generation: number;
  /** That of the repository then, so that validators are not sent to another place. */
  revision: number;
  validators: Validators;
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

/** A generation is gone, since a newer one has replaced it long ago. */
export class GenerationGone extends Error {}

/** A new generation on its way into the store. */
export class GenerationBuilder {
  /** Segments that are not stored yet, compressed. */
  readonly fresh = new Map<string, Uint8Array>();
  readonly #known: ReadonlySet<string>;
  /** As JSON, so that the texts which they were read from do not stay in memory until the end. */
  readonly #entries: { name: string; json: string }[] = [];
  readonly #used = new Set<string>();
  #versions = 0;

  /** `known`: hashes of what is stored already and stays. */
  constructor(known: ReadonlySet<string>) {
    this.#known = known;
  }

  /** Adds an app, and gives its entry. `turn`: taken from time to time. */
  async add({ record, versions }: MergedApp, turn: Turn): Promise<CatalogEntry> {
    const segments: string[] = [];
    const cutter = new SegmentCutter((items) =>
      segments.unshift(this.#hold(encodeSegment(`[${items.reverse().join(",")}]`)))
    );
    // From the oldest on, so that a new version changes the segment of the newest alone.
    for (const version of versions.toReversed()) {
      cutter.add(JSON.stringify(version), version.chart.version);
      const due = turn();
      if (due !== undefined) await due;
    }
    cutter.end();
    const entry = { ...record, segments };
    this.keep(entry);
    return entry;
  }

  /** Adds an app as it is in the generation before. */
  keep(entry: CatalogEntry): void {
    for (const hash of entry.segments) this.#used.add(hash);
    this.#versions += entry.versionCount;
    this.#entries.push({ name: entry.name, json: JSON.stringify(entry) });
  }

  /** Ends the generation. `undefined`: it has too many apps to be stored. */
  async finish(
    problems: Problem[],
    turn: Turn,
  ): Promise<Pick<Pointer, "format" | "apps" | "versions" | "catalog" | "problems"> | undefined> {
    const catalog: string[] = [];
    const cutter = new SegmentCutter((items) => catalog.push(this.#hold(encodeBlocks(items))));
    this.#entries.sort((a, b) => compareText(a.name, b.name));
    for (const { name, json } of this.#entries) {
      cutter.add(json, name);
      await turn();
    }
    cutter.end();
    const problemHash = problems.length === 0
      ? ""
      : this.#hold(encodeSegment(JSON.stringify(problems)));
    if (catalog.length > MAX_CATALOG_SEGMENTS) return undefined;
    return {
      format: FORMAT,
      apps: this.#entries.length,
      versions: this.#versions,
      catalog: Uint8Array.fromHex(catalog.join("")),
      problems: Uint8Array.fromHex(problemHash),
    };
  }

  /** What was stored before and is not part of this generation. */
  dropped(): string[] {
    return [...this.#known.difference(this.#used)];
  }

  #hold(bytes: Uint8Array): string {
    const hash = segmentHash(bytes);
    this.#used.add(hash);
    if (!this.#known.has(hash)) this.fresh.set(hash, bytes);
    return hash;
  }
}

/** The current pointer of a repository. */
export async function readPointer(
  kv: Kv,
  repoId: string,
  consistency: Deno.KvConsistencyLevel = "strong",
): Promise<Pointer | null> {
  const { value } = await kv.get<Pointer>(keys.index(repoId), consistency);
  return asPointer(value);
}

/** Rows of the current pointers of all repositories; the last part of a key is the repository's id. */
export async function listPointers(kv: Kv): Promise<Deno.KvEntry<Pointer>[]> {
  const rows = await kv.list<Pointer>({ prefix: keys.indexes });
  return rows.filter(({ value }) => asPointer(value) !== null);
}

/** What was written otherwise than today counts as nothing, and the next sync writes it anew. */
export function asPointer(value: Pointer | null): Pointer | null {
  return value?.format === FORMAT ? value : null;
}

/**
 * The segments of a generation's catalog as they are stored, in their order. Throws
 * {@link GenerationGone} if one is no longer stored.
 */
export function readCatalogSegments(
  kv: Kv,
  repoId: string,
  pointer: Pointer,
): Promise<Uint8Array[]> {
  const hashes = splitHashes(pointer.catalog);
  return Promise.all(hashes.map((hash) => requireSegment(kv, repoId, hash)));
}

/** The catalog of a generation. Throws {@link GenerationGone} if it is no longer stored. */
export async function readCatalog(
  kv: Kv,
  repoId: string,
  pointer: Pointer,
): Promise<CatalogEntry[]> {
  const turn = takeTurns();
  const entries: CatalogEntry[] = [];
  for (const bytes of await readCatalogSegments(kv, repoId, pointer)) {
    for (const entry of decodeSegment<CatalogEntry>(bytes)) entries.push(entry);
    await turn();
  }
  return entries;
}

/** An app's versions, newest first. Throws {@link GenerationGone} if they are no longer stored. */
export async function readVersions(
  kv: Kv,
  repoId: string,
  entry: Pick<CatalogEntry, "segments">,
): Promise<KeptVersion[]> {
  const parts = await Promise.all(
    entry.segments.map((hash) => readPart<KeptVersion>(kv, repoId, hash)),
  );
  return parts.flat();
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
  return decodeSegment(await requireSegment(kv, repoId, hash));
}

async function requireSegment(kv: Kv, repoId: string, hash: string): Promise<Uint8Array> {
  const bytes = await readSegment(kv, repoId, hash);
  if (bytes === undefined) throw new GenerationGone(`segment ${hash} is not stored`);
  return bytes;
}
