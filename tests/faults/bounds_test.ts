/** How Chartroom treats upstreams, and its own time: bounds per host, in all, and by a deadline. */

import assert from "node:assert/strict";
import { insertRepo } from "../../src/store/repos.ts";
import { type Chartroom, START, startChartroom, withChartroom } from "../support/chartroom.ts";
import { indexOf, startUpstream, type Upstream } from "../support/upstream.ts";

const INDEX = indexOf({ one: ["1.0.0"] });
const HOUR = 3_600_000;
/** A test that would wait for ever fails after this. */
const PATIENCE_MS = 20_000;
/** So long nothing more comes, where nothing more may come. */
const QUIET_MS = 50;

/** How many requests are under way, and were at most. */
interface Counter {
  now: number;
  most: number;
}

/** An upstream that lets its callers wait until the test says so. */
interface Crowd extends Counter {
  upstream: Upstream;
  /** Ends when so many requests have come. */
  came(count: number): Promise<void>;
  /** Answers what waits and what comes. */
  open(): void;
}

function gather(all: Counter, isOpen: boolean): Crowd {
  const upstream = startUpstream();
  const gate = Promise.withResolvers<void>();
  if (isOpen) gate.resolve();
  let more = Promise.withResolvers<void>();
  const crowd: Crowd = {
    upstream,
    now: 0,
    most: 0,
    async came(count) {
      while (upstream.requests.length < count) await soon(more.promise);
    },
    open: gate.resolve,
  };
  upstream.serve("/index.yaml", async () => {
    for (const counter of [crowd, all]) counter.most = Math.max(counter.most, ++counter.now);
    more.resolve();
    more = Promise.withResolvers();
    await gate.promise;
    // Long enough for those to be seen that come beside it.
    await new Promise((resolve) => setTimeout(resolve, 1));
    for (const counter of [crowd, all]) counter.now--;
    return new Response(INDEX);
  });
  return crowd;
}

async function soon<T>(promise: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error("it does not come")), PATIENCE_MS);
  return await Promise.race([promise, late.promise]).finally(() => clearTimeout(timer));
}

function quiet(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, QUIET_MS));
}

/** Puts repositories of one host into the database, which are due in this order. */
async function insert(
  { services }: Chartroom,
  url: string,
  count: number,
  first = 0,
  workspace = "",
) {
  const ids: string[] = [];
  for (let number = first; number < first + count; number++) {
    const id = `repo-${String(number).padStart(14, "0")}`;
    const inserted = await insertRepo(services.kv, {
      id,
      workspace,
      name: id,
      url: `${url}/index.yaml?${number}`,
      host: new URL(url).host,
      description: "",
      period: { text: "1h", seconds: 3_600 },
      creator: "",
      createTime: START - 10_000 + number,
      revision: 1,
    });
    assert.equal(inserted, true);
    ids.push(id);
  }
  return ids;
}

async function countOf({ call }: Chartroom, state: "syncing" | "successful"): Promise<number> {
  const { body } = await call("GET", `/v1/repos?limit=1&conditions=status=${state}`);
  return body.total_count;
}

/** Runs a test with an upstream for each of `areOpen`, which answers at once or not. */
async function withCrowds(
  concurrency: number,
  areOpen: boolean[],
  test: (chartroom: Chartroom, all: Counter, crowds: Crowd[]) => Promise<void>,
) {
  const environment = { CHARTROOM_SYNC_CONCURRENCY: `${concurrency}` };
  const chartroom = await startChartroom({ environment });
  const all = { now: 0, most: 0 };
  const crowds = areOpen.map((isOpen) => gather(all, isOpen));
  try {
    await test(chartroom, all, crowds);
  } finally {
    for (const { open } of crowds) open();
    await chartroom.close();
    for (const { upstream } of crowds) await upstream.close();
  }
}

Deno.test("a host is asked for four indexes at once at most, and does not hold up another", () =>
  withCrowds(8, [false, false], async (chartroom, all, [crowded, small]) => {
    await insert(chartroom, crowded!.upstream.url, 40);
    await insert(chartroom, small!.upstream.url, 3, 40);
    const tick = chartroom.services.syncer.tick();
    await Promise.all([crowded!.came(4), small!.came(3)]);
    await quiet();
    assert.deepEqual([crowded!.now, small!.now], [4, 3]);
    small!.open();
    crowded!.open();
    await tick;
    assert.equal(await countOf(chartroom, "successful"), 43);
    assert.deepEqual([crowded!.most, small!.most, all.most], [4, 3, 7]);
    assert.equal(crowded!.upstream.requests.length, 40);
    assert.equal(small!.upstream.requests.length, 3);
  }));

Deno.test("a workspace takes half of the places at most, whoever asks for its syncs", () =>
  withCrowds(4, [false, false], async (chartroom, all, [busy, other]) => {
    const { call, services: { syncer } } = chartroom;
    const ids = await insert(chartroom, busy!.upstream.url, 10, 0, "team-a");
    await insert(chartroom, other!.upstream.url, 3, 10, "team-b");
    const tick = syncer.tick();
    await Promise.all([busy!.came(2), other!.came(2)]);
    for (const id of ids) await call("POST", `/v1/repos/${id}/action`, { action: "index" });
    await quiet();
    assert.deepEqual([busy!.now, other!.now], [2, 2]);
    other!.open();
    await other!.came(3);
    await quiet();
    // Its places are not for those who have theirs.
    assert.deepEqual([busy!.now, other!.now], [2, 0]);
    busy!.open();
    await tick;
    await syncer.idle();
    assert.deepEqual([busy!.most, other!.most, all.most], [2, 2, 4]);
  }));

Deno.test("three repositories are done while forty of another host hang", () =>
  withCrowds(5, [false, true], async (chartroom, all, [crowded, small]) => {
    await insert(chartroom, crowded!.upstream.url, 40);
    await insert(chartroom, small!.upstream.url, 3, 40);
    const { log, services } = chartroom;
    const tick = services.syncer.tick();
    await Promise.all([crowded!.came(4), small!.came(3)]);
    const end = Date.now() + PATIENCE_MS;
    while (log.length < 3 && Date.now() < end) await quiet();
    assert.equal(await countOf(chartroom, "successful"), 3);
    assert.equal(crowded!.upstream.requests.length, 4);
    crowded!.open();
    await tick;
    assert.equal(await countOf(chartroom, "successful"), 43);
    assert.deepEqual([crowded!.most, all.most], [4, 5]);
  }));

Deno.test("what a caller asks for does not wait behind what the period made due", () =>
  withCrowds(1, [false], async (chartroom, _, [crowd]) => {
    const { upstream } = crowd!;
    const ids = await insert(chartroom, upstream.url, 10);
    const tick = chartroom.services.syncer.tick();
    await crowd!.came(1);
    await chartroom.call("POST", `/v1/repos/${ids[7]}/action`, { action: "index" });
    crowd!.open();
    await soon(tick);
    const order = upstream.requests.map(({ path }) => path.slice(-1));
    assert.deepEqual(order, ["0", "7", "1", "2", "3", "4", "5", "6", "8", "9"]);
  }));

Deno.test("CHARTROOM_SYNC_CONCURRENCY bounds the syncs of all hosts, whoever asks for them", () =>
  withCrowds(3, Array(5).fill(false), async (chartroom, all, crowds) => {
    const { call, services: { syncer } } = chartroom;
    const ids: string[] = [];
    for (const [i, { upstream }] of crowds.entries()) {
      ids.push(...await insert(chartroom, upstream.url, 2, 2 * i));
    }
    const tick = syncer.tick();
    const ask = (id: string) => call("POST", `/v1/repos/${id}/action`, { action: "index" });
    for (const { status } of await Promise.all(ids.map(ask))) assert.equal(status, 200);
    await quiet();
    assert.equal(all.now, 3);
    for (const { open } of crowds) open();
    await tick;
    await syncer.idle();
    assert.equal(await countOf(chartroom, "successful"), 10);
    assert.equal(all.most, 3);
  }));

Deno.test("after its deadline a tick begins nothing, and a later one does what is left", () =>
  withCrowds(2, [false], async (chartroom, _all, [crowd]) => {
    const { services: { syncer } } = chartroom;
    const { upstream } = crowd!;
    // More than one page of the due index.
    const count = 510;
    await insert(chartroom, upstream.url, count);
    const deadline = new AbortController();
    const tick = syncer.tick(deadline.signal);
    await crowd!.came(2);
    deadline.abort();
    // It does not wait for what is under way.
    await soon(tick);
    assert.equal(crowd!.now, 2);
    crowd!.open();
    await soon(syncer.idle());
    await quiet();
    assert.equal(upstream.requests.length, 2);
    assert.equal(await countOf(chartroom, "successful"), 2);
    assert.equal(await countOf(chartroom, "syncing"), count - 2);

    await syncer.tick(AbortSignal.abort());
    await soon(syncer.idle());
    await quiet();
    assert.equal(upstream.requests.length, 2);

    await syncer.tick();
    assert.equal(await countOf(chartroom, "successful"), count);
    assert.equal(new Set(upstream.requests.map(({ path }) => path)).size, count);
    assert.equal(upstream.requests.length, count);
    assert.deepEqual(chartroom.log.filter(({ event }) => event !== "synced"), []);
  }));

Deno.test("more than a thousand that are due are all done in one tick, once each", () =>
  withChartroom(async (chartroom, upstream) => {
    const { services: { syncer }, clock } = chartroom;
    const count = 1_010;
    upstream.serve(
      "/index.yaml",
      ({ headers }) =>
        headers.has("if-none-match")
          ? new Response(null, { status: 304 })
          : new Response(indexOf({}), { headers: { etag: '"1"' } }),
    );
    await insert(chartroom, upstream.url, count);
    for (const round of [1, 2]) {
      await syncer.tick();
      assert.equal(await countOf(chartroom, "successful"), count);
      assert.equal(new Set(upstream.requests.map(({ path }) => path)).size, count);
      assert.equal(upstream.requests.length, round * count);
      // Now all of them at the same moment.
      clock.now += HOUR;
    }
  }, { environment: { CHARTROOM_SYNC_CONCURRENCY: "16" } }));

Deno.test("what an upstream lets caches keep does not stop the next request, which goes past them", () =>
  withChartroom(async ({ call, register, services, clock }, upstream) => {
    let index = INDEX;
    upstream.serve("/index.yaml", () =>
      new Response(index, {
        headers: {
          "cache-control": "public, max-age=86400, immutable",
          "expires": new Date(Date.now() + 86_400_000).toUTCString(),
          "age": "10",
          "etag": `"${index.length}"`,
        },
      }));
    const id = await register(upstream.url, { sync_period: "10m" });
    index = indexOf({ one: ["1.0.0", "1.1.0"] });
    clock.now += 600_000;
    await services.syncer.tick();
    const { items } = (await call("GET", `/v1/repos/${id}/events`)).body;
    assert.equal(items[0].changes.versions_added.count, 1);
    await call("POST", `/v1/repos/${id}/action`, { action: "index" });
    await services.syncer.idle();
    assert.equal(upstream.requests.length, 3);
    for (const { headers } of upstream.requests) {
      assert.equal(headers.get("cache-control"), "no-cache");
    }
    const validators = upstream.requests.map(({ headers }) => headers.get("if-none-match"));
    assert.deepEqual(validators, [null, `"${INDEX.length}"`, `"${index.length}"`]);
  }));
