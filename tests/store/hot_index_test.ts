import assert from "node:assert/strict";
import { createHotIndex } from "../../src/catalog/hot_index.ts";
import { mergeChart } from "../../src/helm/merge.ts";
import { GenerationBuilder, type Pointer } from "../../src/store/generations.ts";
import { keys } from "../../src/store/keys.ts";
import { type Kv, openKv } from "../../src/store/kv.ts";
import { writeSegments } from "../../src/store/segments.ts";
import { parseWhole } from "../support/parse.ts";
import { indexOf } from "../support/upstream.ts";

const REPO = "repo-1";

/** Stores an index as the given generation. */
async function store(kv: Kv, generation: number, index: string) {
  const builder = new GenerationBuilder(new Set());
  for (const chart of (await parseWhole(index)).charts) {
    await builder.add(mergeChart(chart, undefined, undefined, 0), () => undefined);
  }
  const pointer = { ...await builder.finish([], () => undefined), generation } as Pointer;
  await writeSegments(kv, REPO, builder.fresh);
  await kv.commit((op) => op.set(keys.index(REPO), pointer));
}

/** A database that counts what is read from it. */
async function openCounting(): Promise<{ kv: Kv; reads: { get: number; list: number } }> {
  const kv = await openKv({ kind: "memory" });
  const reads = { get: 0, list: 0 };
  const counting: Kv = {
    ...kv,
    get(key, consistency) {
      reads.get++;
      return kv.get(key, consistency);
    },
    list(selector, limit) {
      reads.list++;
      return kv.list(selector, limit);
    },
  };
  return { kv: counting, reads };
}

Deno.test("many that ask at once load a catalog once, and then nothing for a second", async () => {
  const { kv, reads } = await openCounting();
  await store(kv, 1, indexOf({ one: ["1.0.0"], two: ["1.0.0"] }));
  let now = 0;
  const hot = createHotIndex(kv, () => now, 1_000_000);
  const catalogs = await Promise.all(Array.from({ length: 20 }, () => hot.catalog(REPO)));
  assert.ok(catalogs.every((catalog) => catalog === catalogs[0]));
  assert.equal(catalogs[0]!.entries.length, 2);
  assert.deepEqual(reads, { get: 1, list: 1 });
  now = CHECK_EVERY_MS - 1;
  await hot.catalog(REPO);
  assert.deepEqual(reads, { get: 1, list: 1 });
  now = CHECK_EVERY_MS;
  assert.equal(await hot.catalog(REPO), catalogs[0]);
  assert.deepEqual(reads, { get: 2, list: 1 });

  const entry = catalogs[0]!.entries[0]!;
  assert.equal((await hot.versions(REPO, entry)).length, 1);
  assert.deepEqual(reads, { get: 2, list: 2 });
  const other = catalogs[0]!.entries[1]!;
  await Promise.all(Array.from({ length: 20 }, () => hot.versions(REPO, other)));
  await hot.versions(REPO, entry);
  assert.deepEqual(reads, { get: 2, list: 3 });
  kv.close();
});

Deno.test("another process's generation shows after a second, and an older one never again", async () => {
  const { kv } = await openCounting();
  let now = 0;
  const hot = createHotIndex(kv, () => now, 1_000_000);
  assert.equal(await hot.catalog(REPO), undefined);
  await store(kv, 2, indexOf({ one: ["1.0.0"] }));
  assert.equal(await hot.catalog(REPO), undefined);
  now += CHECK_EVERY_MS;
  assert.equal((await hot.catalog(REPO))?.generation, 2);
  await store(kv, 1, indexOf({ old: ["1.0.0"] }));
  now += CHECK_EVERY_MS;
  assert.equal((await hot.catalog(REPO))?.generation, 2);
  await store(kv, 3, indexOf({ one: ["1.0.0"], two: ["1.0.0"] }));
  hot.refresh(REPO);
  assert.equal((await hot.catalog(REPO))?.generation, 3);
  kv.close();
});

Deno.test("what does not fit into memory is read again, and right all the same", async () => {
  const { kv, reads } = await openCounting();
  await store(kv, 1, indexOf({ one: ["1.0.0", "1.1.0"] }));
  const hot = createHotIndex(kv, () => 0, 10);
  for (let i = 0; i < 3; i++) {
    const catalog = await hot.catalog(REPO);
    assert.equal((await hot.versions(REPO, catalog!.entries[0]!)).length, 2);
  }
  assert.equal(reads.list, 6);
  kv.close();
});
