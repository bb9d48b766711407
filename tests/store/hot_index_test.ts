import assert from "node:assert/strict";
import { type Catalog, numberOf } from "../../src/catalog/catalog.ts";
import { createHotIndex, type HotIndex } from "../../src/catalog/hot_index.ts";
import { prepareQuery } from "../../src/catalog/search.ts";
import { GenerationGone, type Pointer, readCatalog } from "../../src/store/generations.ts";
import { keys } from "../../src/store/keys.ts";
import { deleteRows, type Kv, StoreUnavailable } from "../../src/store/kv.ts";
import { encodeSegment, segmentHash, writeSegments } from "../../src/store/segments.ts";
import { holdBack, storeGeneration, type WatchedKv, withWatchedKv } from "../support/store.ts";
import { indexOf } from "../support/upstream.ts";

const REPO = "repo-1";
const BUDGET = 10_000_000;
/** What nothing fits into. */
const TINY = 10;

const ONE = indexOf({ one: ["1.0.0"] });
/** In another place, and with one more version. */
const TWO = indexOf({ another: ["1.0.0"], one: ["1.0.0", "1.1.0"] });

/** An index of so many apps that its catalog takes several segments. */
function longIndex(apps: number): string {
  const charts = Array.from({ length: apps }, (_, i) => {
    const description = `Number ${i} of many.\n[{"not": "JSON"},\n{"at": "all"}] ${
      "x".repeat(300)
    }`;
    return [`app-${i}`, [{ version: "1.0.0", description, keywords: ["Many", `key-${i}`] }]];
  });
  return indexOf(Object.fromEntries(charts));
}

const twenty = <T>(ask: () => T | Promise<T>) =>
  Promise.all(Array.from({ length: 20 }, async () => await ask()));

async function catalogOf(hot: HotIndex, pointer: Pointer, repoId = REPO): Promise<Catalog> {
  return (await hot.catalogs([[repoId, pointer]]))[0]!;
}

/** Names of what a search finds. */
async function find(hot: HotIndex, catalog: Catalog, text: string): Promise<string[]> {
  const index = await hot.searchIndex(catalog);
  const scores = prepareQuery(hot.vocabulary, text)?.score(index);
  return catalog.names.filter((_, i) => scores?.[i]);
}

async function descriptionsOf(hot: HotIndex, catalog: Catalog): Promise<string[]> {
  const { text, starts } = await hot.descriptions(catalog);
  return catalog.names.map((_, i) => text.slice(starts[i], starts[i + 1]! - 1));
}

/** Sees that all which a hot index tells of a repository fits together; gives the entries. */
async function checkAll(hot: HotIndex, pointer: Pointer, repoId = REPO) {
  const catalog = await catalogOf(hot, pointer, repoId);
  const entries = hot.entries(catalog, [...catalog.byName]);
  assert.deepEqual(entries.map(({ name }) => name), catalog.names);
  for (const entry of entries) {
    assert.deepEqual(await find(hot, catalog, entry.name), [entry.name]);
    const versions = await hot.versions(repoId, entry);
    assert.ok(versions.every(({ chart }) => chart.name === entry.name));
    assert.equal(versions.length, entry.versionCount);
  }
  assert.deepEqual(
    await descriptionsOf(hot, catalog),
    entries.map(({ latest }) => latest.chart.description!.toLowerCase()),
  );
  return entries;
}

Deno.test("many that ask at once load everything once, and what is hot is not read", () =>
  withWatchedKv(async (kv) => {
    const pointer = await storeGeneration(kv, REPO, 1, TWO);
    const hot = createHotIndex(kv, BUDGET);
    assert.equal(hot.peek(REPO, pointer), undefined);
    const catalogs = await twenty(() => catalogOf(hot, pointer));
    const catalog = catalogs[0]!;
    assert.equal(new Set(catalogs).size, 1);
    assert.deepEqual([catalog.repoId, catalog.generation, catalog.count], [REPO, 1, 2]);
    assert.equal(kv.calls.list, 1);
    const entry = hot.entries(catalog, [1])[0]!;
    for (
      const [ask, lists] of [
        [() => hot.searchIndex(catalog), 1],
        [() => hot.descriptions(catalog), 1],
        [() => hot.versions(REPO, entry), 2],
        [() => catalogOf(hot, pointer), 2],
      ] as const
    ) {
      const answers = await twenty<unknown>(ask);
      assert.equal(new Set([...answers, await ask()]).size, 1);
      assert.equal(kv.calls.list, lists);
    }
    assert.equal(hot.peek(REPO, pointer), catalog);
    assert.ok(!(hot.searchIndex(catalog) instanceof Promise));
    assert.ok(!(hot.descriptions(catalog) instanceof Promise));
    assert.deepEqual(kv.calls, { get: 0, getMany: 0, list: 2 });
  }));

Deno.test("many catalogs come in the order in which they are asked for, a few at once", () =>
  withWatchedKv(async (kv) => {
    const of: [string, Pointer][] = [];
    for (let i = 0; i < 40; i++) {
      of.push([`r${i}`, await storeGeneration(kv, `r${i}`, i + 1, ONE)]);
    }
    const hot = createHotIndex(kv, BUDGET);
    await hot.catalogs(of.slice(20, 25));
    let open = 0, most = 0;
    kv.gate = async () => {
      most = Math.max(most, ++open);
      await new Promise((resolve) => setTimeout(resolve, 0));
      open--;
    };
    kv.calls.list = 0;
    const catalogs = await hot.catalogs(of.toReversed());
    assert.deepEqual(catalogs.map(({ repoId }) => repoId), of.map(([id]) => id).reverse());
    assert.deepEqual(catalogs.map(({ generation }) => generation), of.map((_, i) => 40 - i));
    assert.equal(kv.calls.list, 35);
    assert.ok(most > 1 && most <= 16, `${most} at once`);
  }));

Deno.test("a catalog and its entries tell what was stored", () =>
  withWatchedKv(async (kv) => {
    const pointer = await storeGeneration(kv, REPO, 1, longIndex(500));
    assert.ok(pointer.catalog.length > 2 * 32, "there are several segments");
    const stored = await readCatalog(kv, REPO, pointer);
    for (const budget of [BUDGET, TINY]) {
      const hot = createHotIndex(kv, budget);
      const catalog = await catalogOf(hot, pointer);
      assert.deepEqual(hot.entries(catalog, [...catalog.byName]), stored);
      assert.deepEqual(
        hot.entries(catalog, [499, 0, 250, 0]),
        [499, 0, 250, 0].map((i) => stored[i]),
      );
      assert.deepEqual(hot.entries(catalog, []), []);
      assert.deepEqual(catalog.names, stored.map(({ name }) => name));
      assert.deepEqual(stored.map(({ key }) => numberOf(catalog, key)), [...catalog.byName]);
      // The end of one key and the beginning of the next.
      const between = catalog.keys.slice(5, 15);
      for (const key of ["", "0123456789", between, catalog.keys.slice(0, 20)]) {
        assert.equal(numberOf(catalog, key), -1);
      }
      assert.deepEqual(
        await descriptionsOf(hot, catalog),
        stored.map(({ latest }) => latest.chart.description!.toLowerCase()),
      );
      assert.deepEqual(await find(hot, catalog, "key 77"), ["app-77"]);
    }
  }));

Deno.test("segments that were written without line feeds are read right", () =>
  withWatchedKv(async (kv) => {
    const pointer = await storeGeneration(kv, REPO, 1, longIndex(30));
    const stored = await readCatalog(kv, REPO, pointer);
    for (const entries of [stored, stored.slice(0, 1)]) {
      const old = encodeSegment(`[${entries.map((entry) => JSON.stringify(entry)).join(",")}]`);
      const hash = segmentHash(old);
      await writeSegments(kv, REPO, new Map([[hash, old]]));
      const hot = createHotIndex(kv, BUDGET);
      const catalog = await catalogOf(hot, { ...pointer, catalog: Uint8Array.fromHex(hash) });
      assert.deepEqual(catalog.names, entries.map(({ name }) => name));
      assert.deepEqual(hot.entries(catalog, [...catalog.byName]), entries);
      assert.deepEqual(await find(hot, catalog, "many"), catalog.names);
    }
  }));

Deno.test("a new generation takes the place of the old one and of what was derived from it", () =>
  withWatchedKv(async (kv) => {
    const first = await storeGeneration(kv, REPO, 1, ONE);
    const second = await storeGeneration(kv, REPO, 2, TWO);
    const hot = createHotIndex(kv, BUDGET);
    const old = await catalogOf(hot, first);
    await hot.searchIndex(old);
    await hot.descriptions(old);
    assert.equal(hot.counts().entries, 3);
    assert.equal(hot.peek(REPO, second), undefined);
    const [catalog] = await twenty(() => catalogOf(hot, second));
    assert.equal(hot.counts().entries, 1);
    assert.equal(hot.peek(REPO, second), catalog);
    assert.deepEqual((await checkAll(hot, second)).map(({ versionCount }) => versionCount), [1, 2]);
    // What a request in the middle of its work has in hand.
    const [entry] = hot.entries(old, [0]);
    assert.equal((await hot.versions(REPO, entry!)).length, 1);
    assert.deepEqual(await find(hot, old, "one"), ["one"]);
    assert.deepEqual(await descriptionsOf(hot, old), ["the one chart"]);
    await checkAll(hot, second);
  }));

Deno.test("an older pointer gives the newer catalog that is there, without a read", () =>
  withWatchedKv(async (kv) => {
    const first = await storeGeneration(kv, REPO, 1, ONE);
    const second = await storeGeneration(kv, REPO, 2, TWO);
    const hot = createHotIndex(kv, BUDGET);
    const catalog = await catalogOf(hot, second), { list } = kv.calls;
    assert.equal(hot.peek(REPO, first), catalog);
    assert.equal(await catalogOf(hot, first), catalog);
    assert.equal(kv.calls.list, list);
  }));

Deno.test("an older catalog that comes late does not replace a newer one", () =>
  withWatchedKv(async (kv) => {
    const first = await storeGeneration(kv, REPO, 1, ONE);
    const second = await storeGeneration(kv, REPO, 2, TWO);
    const hot = createHotIndex(kv, BUDGET);
    const { reached, release } = holdBack(kv, "list");
    const late = catalogOf(hot, first);
    await reached;
    // What is held stays so.
    kv.gate = () => {};
    const catalog = await catalogOf(hot, second);
    release();
    await late;
    assert.equal(hot.peek(REPO, second)?.generation, catalog.generation);
  }));

for (const budget of [TINY, 20_000]) {
  Deno.test(`with ${budget} bytes, most is read again, and right all the same`, () =>
    withWatchedKv(async (kv) => {
      const of: [string, Pointer][] = [];
      for (let i = 0; i < 8; i++) {
        const name = i % 2 === 0 ? `another${i}` : `zero${i}`;
        const index = indexOf({ one: ["1.0.0", "1.1.0"], [name]: [`${i}.0.0`] });
        of.push([`r${i}`, await storeGeneration(kv, `r${i}`, 1, index)]);
      }
      const large = createHotIndex(kv, BUDGET), small = createHotIndex(kv, budget);
      for (const [id, pointer] of [...of, ...of]) {
        assert.deepEqual(await checkAll(small, pointer, id), await checkAll(large, pointer, id));
        assert.ok(small.counts().bytes <= budget);
      }
      const { evictions, misses } = small.counts();
      assert.equal(evictions > 0, budget > TINY);
      assert.ok(misses > large.counts().misses);
      assert.equal(large.counts().evictions, 0);
    }));
}

Deno.test("what found no room is not held, although it was asked for together", () =>
  withWatchedKv(async (kv) => {
    const of: [string, Pointer][] = [];
    for (let i = 0; i < 8; i++) {
      of.push([`r${i}`, await storeGeneration(kv, `r${i}`, 1, longIndex(20))]);
    }
    const all = createHotIndex(kv, BUDGET);
    const whole = await all.catalogs(of);
    await all.searchIndexes(whole);
    for (const part of [0.2, 0.01]) {
      const hot = createHotIndex(kv, all.counts().bytes * part);
      const missesOf = async (ask: () => Promise<unknown>) => {
        const { misses } = hot.counts();
        await ask();
        return hot.counts().misses - misses;
      };
      await hot.catalogs(of);
      const catalogs = await hot.catalogs(of);
      await hot.searchIndexes(catalogs);
      assert.ok(await missesOf(() => hot.searchIndexes(catalogs)) > 0, "search indexes");
      assert.ok(await missesOf(() => hot.catalogs(of)) > 0, "catalogs");
    }
    const { misses } = all.counts();
    assert.equal(await all.catalogs(of), whole);
    assert.equal(await all.searchIndexes(whole), await all.searchIndexes(whole));
    assert.equal(all.counts().misses, misses);
  }));

Deno.test("what is in hand stays whole when it is evicted", () =>
  withWatchedKv(async (kv) => {
    const pointer = await storeGeneration(kv, REPO, 1, longIndex(300));
    const hot = createHotIndex(kv, 400_000);
    const catalog = await catalogOf(hot, pointer), index = await hot.searchIndex(catalog);
    const entries = hot.entries(catalog, [...catalog.byName]);
    const descriptions = await descriptionsOf(hot, catalog);
    for (let i = 0; i < 10; i++) {
      const other = await storeGeneration(kv, `r${i}`, 1, longIndex(300));
      await find(hot, await catalogOf(hot, other, `r${i}`), "other words");
    }
    assert.equal(hot.peek(REPO, pointer), undefined);
    const scores = prepareQuery(hot.vocabulary, "key 77")!.score(index)!;
    assert.deepEqual(catalog.names.filter((_, i) => scores[i]), ["app-77"]);
    assert.deepEqual(hot.entries(catalog, [...catalog.byName]), entries);
    assert.deepEqual(await descriptionsOf(hot, catalog), descriptions);
    assert.deepEqual(await find(hot, catalog, "key 78"), ["app-78"]);
  }));

Deno.test("a database that hangs is not waited for when there is an older catalog", () =>
  withWatchedKv(async (kv) => {
    const first = await storeGeneration(kv, REPO, 1, ONE);
    const second = await storeGeneration(kv, REPO, 2, TWO);
    const hot = createHotIndex(kv, BUDGET);
    const old = await catalogOf(hot, first);
    const other = await storeGeneration(kv, "other", 1, ONE);
    const { release } = holdBack(kv, "list");
    const { list } = kv.calls;
    let has = false;
    const without = catalogOf(hot, other, "other").finally(() => has = true);
    const begun = performance.now();
    assert.deepEqual(await twenty(() => catalogOf(hot, second)), Array(20).fill(old));
    assert.ok(performance.now() - begun < 2_000);
    assert.equal(has, false, "there is nothing to serve in its place");
    assert.equal(kv.calls.list, list + 2);
    release();
    assert.equal((await without).repoId, "other");
    assert.equal((await catalogOf(hot, second)).generation, 2);
    assert.equal(hot.peek(REPO, second)?.generation, 2);
    assert.equal(kv.calls.list, list + 2);
  }));

const FAILURES: readonly [
  what: string,
  fail: (kv: WatchedKv) => Promise<void> | void,
  without: new (message: string) => Error,
  withOlder: (new (message: string) => Error) | undefined,
][] = [
  ["a database that is down", goDown, StoreUnavailable, undefined],
  ["a generation that is swept", sweep, GenerationGone, GenerationGone],
];

function goDown(kv: WatchedKv) {
  kv.gate = () => {
    throw new StoreUnavailable("down");
  };
}

async function sweep(kv: Kv) {
  const rows = await kv.list({ prefix: keys.segments(REPO) });
  await kv.commit((op) => deleteRows(op, rows));
}

for (const [what, fail, without, withOlder] of FAILURES) {
  Deno.test(`${what}: an older catalog ${withOlder ? "does not help" : "is served"}`, () =>
    withWatchedKv(async (kv) => {
      const first = await storeGeneration(kv, REPO, 1, ONE);
      const hot = createHotIndex(kv, BUDGET), cold = createHotIndex(kv, BUDGET);
      const old = await catalogOf(hot, first), [entry] = hot.entries(old, [0]);
      const second = await storeGeneration(kv, REPO, 2, TWO);
      await fail(kv);
      for (let i = 0; i < 2; i++) {
        await assert.rejects(catalogOf(cold, second), without);
        await assert.rejects(hot.versions(REPO, entry!), without);
        if (withOlder) await assert.rejects(catalogOf(hot, second), withOlder);
        else assert.equal(await catalogOf(hot, second), old);
      }
      assert.equal(await catalogOf(hot, first), old);
      assert.deepEqual(await find(hot, old, "one"), ["one"]);

      kv.gate = () => {};
      await storeGeneration(kv, REPO, 1, ONE);
      await storeGeneration(kv, REPO, 2, TWO);
      for (const each of [hot, cold]) assert.equal((await catalogOf(each, second)).generation, 2);
      assert.equal((await hot.versions(REPO, entry!)).length, 1);
    }));
}

Deno.test("counts tell what became of reads, and what is in memory", () =>
  withWatchedKv(async (kv) => {
    const first = await storeGeneration(kv, REPO, 1, TWO);
    const hot = createHotIndex(kv, BUDGET);
    const nothing = { hits: 0, misses: 0, evictions: 0, entries: 0, bytes: 0, max_bytes: BUDGET };
    assert.deepEqual(hot.counts(), nothing);
    const catalog = await catalogOf(hot, first), { bytes: withoutEntries } = hot.counts();
    const [entry] = hot.entries(catalog, [1]);
    assert.ok(hot.counts().bytes > withoutEntries);
    const steps: [ask: () => unknown, hits: number, misses: number, entries: number][] = [
      [() => {}, 0, 1, 2],
      [() => catalogOf(hot, first), 1, 1, 2],
      [() => hot.peek(REPO, first), 2, 1, 2],
      [() => hot.entries(catalog, [0, 1]), 2, 1, 2],
      [() => hot.searchIndex(catalog), 2, 2, 3],
      [() => hot.searchIndex(catalog), 3, 2, 3],
      [() => hot.descriptions(catalog), 3, 3, 4],
      [() => hot.descriptions(catalog), 4, 3, 4],
      [() => hot.versions(REPO, entry!), 4, 4, 5],
      [() => hot.versions(REPO, entry!), 5, 4, 5],
    ];
    let before = nothing;
    for (const [i, [ask, hits, misses, entries]] of steps.entries()) {
      await ask();
      const counts = hot.counts();
      assert.deepEqual(counts, { ...nothing, hits, misses, entries, bytes: counts.bytes }, `${i}`);
      assert.equal(counts.bytes > before.bytes, entries > before.entries, `${i}`);
      before = counts;
    }
    // With the catalog goes what was derived from it; versions stay.
    const second = await storeGeneration(kv, REPO, 2, TWO);
    await catalogOf(hot, second);
    const { bytes, ...counts } = hot.counts();
    assert.deepEqual(counts, { hits: 5, misses: 5, evictions: 0, entries: 3, max_bytes: BUDGET });
    assert.ok(bytes < before.bytes);
  }));
