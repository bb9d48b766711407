/**
 * What the hot index says that it holds, and what V8 says. A script for a process of its own, with
 * `--expose-gc` and the shape of its repositories as JSON; it writes a line of JSON.
 */

import { ChartHistory } from "../../bench/chart_history.ts";
import { ownName } from "../../bench/fleet.ts";
import type { Catalog } from "../../src/catalog/catalog.ts";
import { createHotIndex } from "../../src/catalog/hot_index.ts";
import type { Pointer } from "../../src/store/generations.ts";
import { type Kv, openKv } from "../../src/store/kv.ts";
import { storeGeneration } from "./store.ts";

/** Which repositories there are. */
export interface Shape {
  repositories: number;
  /** In each of them. */
  apps: number;
  /** Of each app. */
  versions: number;
  /** What each description begins with. */
  opening: string;
}

export const KINDS = ["catalogs", "search indexes", "descriptions", "entries", "versions"] as const;
/** What is held of each kind, in bytes. */
export type Held = Record<typeof KINDS[number], { accounted: number; real: number }>;

type Of = readonly (readonly [repoId: string, pointer: Pointer])[];

const ALL = 1_000_000_000;
/** Versions that are held, in all. */
const VERSIONS = 2_000;

/** Builds repositories of a shape, and measures what it takes to hold all that is known of them. */
async function measure(shape: Shape): Promise<Held> {
  const kv = await openKv({ kind: "memory" });
  const of: [string, Pointer][] = [];
  for (let i = 0; i < shape.repositories; i++) {
    const id = `repo-${i}`;
    of.push([id, await storeGeneration(kv, id, 1, indexText(shape, i))]);
  }
  const appsWithVersions = Math.ceil(VERSIONS / shape.versions / shape.repositories);
  // What V8 makes of code that runs for the first time does not count.
  await hold(kv, of, appsWithVersions);
  const held = await hold(kv, of, appsWithVersions);
  await kv.close();
  return held;
}

async function hold(kv: Kv, of: Of, appsWithVersions: number): Promise<Held> {
  const hot = createHotIndex(kv, ALL);
  let catalogs: Catalog[] = [];
  const loads: Record<typeof KINDS[number], () => Promise<void>> = {
    async catalogs() {
      catalogs = await hot.catalogs(of);
    },
    async "search indexes"() {
      for (const catalog of catalogs) await hot.searchIndex(catalog);
    },
    async descriptions() {
      for (const catalog of catalogs) await hot.descriptions(catalog);
    },
    async entries() {
      for (const catalog of catalogs) await hot.entries(catalog, [...catalog.byName]);
    },
    async versions() {
      for (const catalog of catalogs) {
        const numbers = [...catalog.byName.subarray(0, appsWithVersions)];
        for (const entry of hot.entries(catalog, numbers)) {
          await hot.versions(catalog.repoId, entry);
        }
      }
    },
  };
  const held: Partial<Held> = {};
  let { bytes } = hot.counts(), heap = await heapInUse();
  for (const kind of KINDS) {
    await loads[kind]();
    const nextHeap = await heapInUse(), { bytes: nextBytes, evictions } = hot.counts();
    if (evictions > 0) throw new Error("not all of it is held");
    held[kind] = { accounted: nextBytes - bytes, real: nextHeap - heap };
    [bytes, heap] = [nextBytes, nextHeap];
  }
  return held as Held;
}

/** What V8 holds, array buffers included, when it has let go of all that it can. */
async function heapInUse(): Promise<number> {
  for (let i = 0; i < 3; i++) {
    (globalThis as unknown as { gc(): void }).gc();
    // Promises and finalizers let go of more.
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const { heapUsed, external } = Deno.memoryUsage();
  return heapUsed + external;
}

function indexText({ apps, versions, opening }: Shape, repository: number): string {
  const charts = Array.from({ length: apps }, (_, i) => {
    const name = ownName(2 * repository, i);
    const history = new ChartHistory(name, versions, `${repository} ${name}`);
    const newestFirst = Array.from({ length: versions }, () => history.next()).reverse().join("");
    return `  ${name}:\n${newestFirst.replaceAll("description: ", `description: ${opening}`)}`;
  });
  return `apiVersion: v1\nentries:\n${charts.join("")}`;
}

if (import.meta.main) {
  const held = await measure(JSON.parse(Deno.args[0]!));
  await Deno.stdout.write(new TextEncoder().encode(JSON.stringify(held)));
}
