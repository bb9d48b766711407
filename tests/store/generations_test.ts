import assert from "node:assert/strict";
import fc from "fast-check";
import type { Chart, KeptVersion } from "../../src/helm/chart.ts";
import { mergeChart } from "../../src/helm/merge.ts";
import {
  type CatalogEntry,
  GenerationBuilder,
  GenerationGone,
  type Pointer,
  readCatalog,
  readProblems,
  readVersions,
  referencesOf,
} from "../../src/store/generations.ts";
import { keys } from "../../src/store/keys.ts";
import { type Kv, MAX_PART_BYTES } from "../../src/store/kv.ts";
import {
  decodeSegment,
  encodeSegment,
  readSegment,
  SegmentCutter,
  segmentHash,
  writeSegments,
} from "../../src/store/segments.ts";
import { writeAhead } from "../../src/store/sync_commit.ts";
import { onEachDatabase } from "../support/databases.ts";

const REPO = "repo-1";
const noTurn = () => undefined;
const NOW = 1_700_000_000_000;

/** A chart whose versions are about as long as real ones, and as hard to compress. */
function chart(name: string, versions: string[]): Chart {
  return {
    name,
    versions: versions.map((version) => ({
      name,
      version,
      created: "2024-01-01T00:00:00Z",
      digest: `${name}${version}`.padEnd(64, "0"),
      urls: [`https://charts.example.org/${name}-${version}.tgz`],
      annotations: {
        text: `${name} ${version} `.repeat(40),
        noise: noise(Number(version.split(".")[1])),
      },
    })),
  };
}

function noise(seed: number): string {
  let state = seed + 1;
  return Array.from({ length: 100 }, () => {
    state = Math.imul(state, 48_271) % 0x7fffffff;
    return (state >>> 0).toString(36);
  }).join("");
}

async function build(charts: Chart[], known: ReadonlySet<string> = new Set()) {
  const builder = new GenerationBuilder(known);
  const entries: CatalogEntry[] = [];
  for (const each of charts) {
    const app = mergeChart(each, undefined, undefined, NOW);
    entries.push(await builder.add(app, noTurn));
  }
  const content = await builder.finish([{ chart: "x", position: 0, reason: "bad" }], noTurn);
  const pointer = { ...content!, generation: 1 } as Pointer;
  return { builder, entries, pointer };
}

const versionsOf = (count: number) => Array.from({ length: count }, (_, i) => `1.${count - i}.0`);

onEachDatabase("what a builder writes is what is read", async (kv) => {
  const charts = [
    chart("big", versionsOf(400)),
    chart("small", ["1.0.0"]),
    chart("tail", ["2.0.0"]),
  ];
  const { builder, pointer } = await build(charts);
  await writeAhead(kv, REPO, builder.fresh, [], NOW);
  assert.equal(pointer.apps, 3);
  assert.equal(pointer.versions, 402);
  const catalog = await readCatalog(kv, REPO, pointer);
  assert.deepEqual(catalog.map(({ name }) => name), ["big", "small", "tail"]);
  assert.ok(catalog[0]!.segments.length > 1);
  for (const [i, entry] of catalog.entries()) {
    const versions = await readVersions(kv, REPO, entry);
    assert.deepEqual(
      versions.map(({ chart }: KeptVersion) => chart),
      charts[i]!.versions,
    );
  }
  assert.deepEqual(await readProblems(kv, REPO, pointer), [{
    chart: "x",
    position: 0,
    reason: "bad",
  }]);
  assert.deepEqual(
    [...referencesOf(pointer, catalog)].sort(),
    await storedHashes(kv),
  );
});

async function storedHashes(kv: Kv): Promise<string[]> {
  const rows = await kv.list({ prefix: keys.segments(REPO) });
  return [...new Set(rows.map(({ key }) => key[2] as string))].sort();
}

onEachDatabase("a segment that is not stored is a generation that is gone", async (kv) => {
  const { pointer } = await build([chart("a", ["1.0.0"])]);
  await assert.rejects(readCatalog(kv, REPO, pointer), GenerationGone);
});

onEachDatabase("a segment of any size is stored in parts", async (kv) => {
  for (const size of [1, MAX_PART_BYTES, MAX_PART_BYTES + 1, 20 * MAX_PART_BYTES]) {
    // Random, so that it does not get shorter when it is compressed.
    const bytes = new Uint8Array(size);
    for (let i = 0; i < size; i += 65_536) crypto.getRandomValues(bytes.subarray(i, i + 65_536));
    const json = JSON.stringify([bytes.toBase64()]);
    const stored = encodeSegment(json);
    const hash = segmentHash(stored);
    await writeSegments(kv, REPO, new Map([[hash, stored]]));
    assert.deepEqual(decodeSegment((await readSegment(kv, REPO, hash))!), JSON.parse(json));
  }
});

onEachDatabase("many small segments are stored, and one that is there already", async (kv) => {
  const segments = new Map(
    Array.from({ length: 1_200 }, (_, i) => {
      const stored = encodeSegment(JSON.stringify([i]));
      return [segmentHash(stored), stored] as const;
    }),
  );
  await writeSegments(kv, REPO, segments);
  await writeSegments(kv, REPO, new Map([...segments].slice(0, 3)));
  const read = await Promise.all([...segments.keys()].map((hash) => readSegment(kv, REPO, hash)));
  assert.deepEqual(
    read.map((bytes) => decodeSegment(bytes!)),
    Array.from({ length: 1_200 }, (_, i) => [i]),
  );
});

Deno.test("an app that is kept keeps its segments, and one that is gone drops them", async () => {
  const before = await build([chart("a", ["1.0.0"]), chart("b", ["1.0.0"])]);
  const [a, b] = before.entries;
  const builder = new GenerationBuilder(referencesOf(before.pointer, before.entries));
  builder.keep(a!);
  assert.equal((await builder.finish([], noTurn))!.apps, 1);
  const dropped = builder.dropped();
  assert.ok(b!.segments.every((hash) => dropped.includes(hash)));
  assert.ok(!a!.segments.some((hash) => dropped.includes(hash)));
});

Deno.test("one more version rewrites one segment of versions and one of the catalog", async () => {
  const charts = ["a", "b", "c", "d"].map((name) => chart(name, versionsOf(300)));
  const before = await build(charts);
  const known = referencesOf(before.pointer, before.entries);
  const changed = charts.with(2, chart("c", ["2.0.0", ...versionsOf(300)]));
  const after = await build(changed, known);
  assert.ok(known.size > 10, `${known.size} segments`);
  assert.equal(after.builder.fresh.size, 2);
});

Deno.test("where segments end follows from the items, not from what is before them", () => {
  const cut = (items: string[]) => {
    const segments: string[] = [];
    const cutter = new SegmentCutter((items) => segments.push(`[${items}]`));
    for (const item of items) cutter.add(JSON.stringify(item), item.slice(0, 40));
    cutter.end();
    return segments;
  };
  fc.assert(
    fc.property(
      fc.integer({ min: 300, max: 800 }),
      fc.nat(),
      fc.integer({ min: 500, max: 2_000 }),
      (count, at, size) => {
        const items = Array.from({ length: count }, (_, i) => `item ${i} `.padEnd(size, "."));
        const whole = cut(items);
        assert.deepEqual(whole.flatMap((json) => JSON.parse(json)), items);
        const inserted = items.toSpliced(at % count, 0, "new".padEnd(size, "-"));
        const fresh = cut(inserted).filter((segment) => !whole.includes(segment));
        // The segment with the new item, and now and then its neighbours until borders meet again.
        assert.ok(fresh.length <= 5, `${fresh.length} of ${whole.length} segments are new`);
      },
    ),
    { numRuns: 60 },
  );
});
