/** What happens while a sync is under way. */

import assert from "node:assert/strict";
import { GARBAGE_DELAY_MS, listGarbage, scheduleSweep, sweep } from "../../src/store/garbage.ts";
import { keys } from "../../src/store/keys.ts";
import { openKv } from "../../src/store/kv.ts";
import {
  acquireLease,
  type Lease,
  LEASE_MS,
  LeaseLost,
  renewLease,
} from "../../src/store/leases.ts";
import { writeSegments } from "../../src/store/segments.ts";
import { type Chartroom, withChartroom } from "../support/chartroom.ts";
import { indexOf, type Upstream } from "../support/upstream.ts";

const OLD = indexOf({ one: ["1.0.0"] });
const NEW = indexOf({ one: ["1.0.0", "1.1.0"] });

/** Lets the upstream's next answers wait until the test says so. */
function holdBack(upstream: Upstream, answer: string) {
  const asked = Promise.withResolvers<void>(), go = Promise.withResolvers<void>();
  upstream.serve("/index.yaml", async () => {
    asked.resolve();
    await go.promise;
    return new Response(answer);
  });
  return { asked: asked.promise, go: go.resolve };
}

/** Registers a repository, and asks for a second sync that hangs until `finish` is called. */
async function beginSync(chartroom: Chartroom, upstream: Upstream, answer = NEW) {
  const { call, register, services, clock } = chartroom;
  upstream.serve("/index.yaml", OLD);
  const id = await register(upstream.url);
  const held = holdBack(upstream, answer);
  clock.now += 1;
  const ask = () => call("POST", `/v1/repos/${id}/action`, { action: "index" });
  await ask();
  await held.asked;
  const finish = async () => {
    held.go();
    await services.syncer.idle();
  };
  return { id, ask, finish };
}

Deno.test("deleting a repository during its sync does not bring it back", () =>
  withChartroom(async (chartroom, upstream) => {
    const { call, services, clock } = chartroom;
    const { id, finish } = await beginSync(chartroom, upstream);
    assert.equal((await call("GET", `/v1/repos/${id}`)).body.sync.state, "running");
    assert.equal((await call("GET", `/v1/repos/${id}`)).body.sync.phase, "download");
    assert.equal((await call("DELETE", `/v1/repos/${id}`)).status, 200);
    await finish();
    assert.equal((await call("GET", `/v1/repos/${id}`)).status, 404);
    assert.equal((await call("GET", "/v1/apps")).body.total_count, 0);
    // What the sync and the repository left behind is swept.
    clock.now += GARBAGE_DELAY_MS + LEASE_MS;
    await services.syncer.tick();
    const { kv } = services;
    for (const prefix of [keys.segments(id), keys.events(id), keys.garbages, keys.dues]) {
      assert.deepEqual(await kv.list({ prefix }), []);
    }
    assert.deepEqual(await kv.list({ prefix: keys.leases }), []);
  }));

Deno.test("a URL that is changed during a sync is what counts", () =>
  withChartroom(async (chartroom, upstream) => {
    const { call } = chartroom;
    upstream.serve("/other/index.yaml", indexOf({ other: ["1.0.0"] }));
    const { id, finish } = await beginSync(chartroom, upstream);
    await call("PATCH", `/v1/repos/${id}`, { url: `${upstream.url}/other` });
    await finish();
    const { items } = (await call("GET", "/v1/apps")).body;
    assert.deepEqual(items.map((app: { name: string }) => app.name), ["other"]);
    const events = (await call("GET", `/v1/repos/${id}/events`)).body;
    assert.equal(events.total_count, 2);
  }));

Deno.test("a description that is changed during a sync stays, and so does the sync", () =>
  withChartroom(async (chartroom, upstream) => {
    const { call } = chartroom;
    const { id, finish } = await beginSync(chartroom, upstream);
    await call("PATCH", `/v1/repos/${id}`, { description: "changed" });
    await finish();
    assert.equal((await call("GET", `/v1/repos/${id}`)).body.description, "changed");
    assert.equal((await call("GET", "/v1/apps")).body.items[0].version_total, 2);
    assert.equal(upstream.requests.length, 2);
  }));

Deno.test("what is asked for during a sync is done after it, once", () =>
  withChartroom(async (chartroom, upstream) => {
    const { call } = chartroom;
    const { ask, finish } = await beginSync(chartroom, upstream, OLD);
    // Within the same millisecond, too.
    for (let i = 0; i < 5; i++) await ask();
    upstream.serve("/index.yaml", NEW);
    await finish();
    assert.equal((await call("GET", "/v1/apps")).body.items[0].version_total, 2);
    assert.equal(upstream.requests.length, 3);
  }));

Deno.test("a repository that another process is syncing is left to it, until its lease runs out", () =>
  withChartroom(async ({ register, services, clock, call }, upstream) => {
    upstream.serve("/index.yaml", OLD);
    const id = await register(upstream.url);
    clock.now += 3_600_000;
    await acquireLease(services.kv, id, "somebody else", clock.now);
    await services.syncer.tick();
    assert.equal(upstream.requests.length, 1);
    assert.equal((await call("GET", `/v1/repos/${id}`)).body.sync.state, "running");
    clock.now += LEASE_MS;
    await services.syncer.tick();
    assert.equal(upstream.requests.length, 2);
  }));

Deno.test("a sync whose lease was taken away commits nothing", () =>
  withChartroom(async (chartroom, upstream) => {
    const { call, services, clock } = chartroom;
    const { id, finish } = await beginSync(chartroom, upstream);
    clock.now += LEASE_MS;
    await acquireLease(services.kv, id, "somebody else", clock.now);
    await finish();
    assert.equal((await call("GET", "/v1/apps")).body.items[0].version_total, 1);
    assert.equal((await call("GET", `/v1/repos/${id}/events`)).body.total_count, 1);
    // What it had written is swept.
    const segments = async () => (await services.kv.list({ prefix: keys.segments(id) })).length;
    const before = await segments();
    await call("PATCH", `/v1/repos/${id}`, { sync_period: "0" });
    upstream.serve("/index.yaml", OLD);
    clock.now += GARBAGE_DELAY_MS + LEASE_MS;
    // The first has the sync that is still due, the second finds the lease free.
    await services.syncer.tick();
    await services.syncer.tick();
    assert.deepEqual([before, await segments()], [4, 2]);
  }));

Deno.test("stopping gives leases back and leaves what is due to the next process", () =>
  withChartroom(async ({ call, services, clock }, upstream) => {
    const held = holdBack(upstream, OLD);
    const repo = { name: "r", url: upstream.url };
    const { body: { repo_id: id } } = await call("POST", "/v1/repos", repo);
    await held.asked;
    await services.syncer.close();
    held.go();
    const { kv } = services;
    assert.deepEqual(await kv.list({ prefix: keys.leases }), []);
    assert.deepEqual((await kv.list({ prefix: keys.dues })).map(({ key }) => key), [
      keys.due(clock.now, id),
    ]);
  }));

Deno.test("an upstream that says 304 or the same again makes no generation and writes no segment", () =>
  withChartroom(async ({ call, register, sync, services }, upstream) => {
    const { kv } = services;
    upstream.serve(
      "/index.yaml",
      (request) =>
        request.headers.get("if-none-match") === '"v1"'
          ? new Response(null, { status: 304 })
          : new Response(OLD, { headers: { etag: '"v1"' } }),
    );
    const id = await register(upstream.url);
    const stored = async () =>
      (await kv.list({ prefix: keys.segments(id) })).map(({ versionstamp }) => versionstamp);
    const before = await stored();
    assert.ok(before.length > 0);
    const bytes = async () => (await sync(id)).index_bytes;
    assert.equal(await bytes(), 0, "not modified");
    upstream.serve("/index.yaml", OLD);
    assert.equal(await bytes(), OLD.length, "the same bytes");
    upstream.serve(
      "/index.yaml",
      OLD.replace(/generated: .*/, 'generated: "2024-07-01T00:00:00Z"'),
    );
    assert.ok(await bytes() > 0, "the same but for `generated`");
    assert.deepEqual(await stored(), before);
    const { body } = await call("GET", `/v1/repos/${id}/events`);
    assert.deepEqual(
      body.items.map((event: { generation: number; changes?: unknown }) => [
        event.generation,
        event.changes !== undefined,
      ]),
      [[1, false], [1, false], [1, false], [1, true]],
    );
  }));

Deno.test("validators are not sent for another URL", () =>
  withChartroom(async ({ call, register, services }, upstream) => {
    const answer = (index: string) => (request: Request) =>
      request.headers.has("if-none-match")
        ? new Response(null, { status: 304 })
        : new Response(index, { headers: { etag: '"v1"' } });
    upstream.serve("/a/index.yaml", answer(OLD));
    upstream.serve("/b/index.yaml", answer(NEW));
    const id = await register(`${upstream.url}/a`);
    await call("PATCH", `/v1/repos/${id}`, { url: `${upstream.url}/b` });
    await services.syncer.idle();
    assert.equal((await call("GET", "/v1/apps")).body.items[0].version_total, 2);
  }));

Deno.test("segments of a generation that was replaced go ten minutes later", () =>
  withChartroom(async ({ call, register, sync, services, clock }, upstream) => {
    const { kv } = services;
    upstream.serve("/index.yaml", OLD);
    const id = await register(upstream.url, { sync_period: "0" });
    const hashes = async () =>
      (await kv.list({ prefix: keys.segments(id) })).map(({ key }) => key[2]);
    const first = await hashes();
    // Those of a first sync are looked at once, and stay.
    clock.now += GARBAGE_DELAY_MS;
    await services.syncer.tick();
    assert.deepEqual(await hashes(), first);
    upstream.serve("/index.yaml", NEW);
    await sync(id);
    const both = await hashes();
    assert.ok(first.every((hash) => both.includes(hash)));
    clock.now += GARBAGE_DELAY_MS;
    await services.syncer.tick();
    const second = await hashes();
    assert.deepEqual(second.filter((hash) => first.includes(hash)), []);
    assert.equal(second.length + first.length, both.length);
    assert.deepEqual(await kv.list({ prefix: keys.garbages }), []);
    assert.equal((await call("GET", "/v1/apps")).body.items[0].version_total, 2);
  }));

Deno.test("content that comes back before it is swept stays", () =>
  withChartroom(async ({ call, register, sync, services, clock }, upstream) => {
    upstream.serve("/index.yaml", OLD);
    const id = await register(upstream.url, { sync_period: "0" });
    upstream.serve("/index.yaml", NEW);
    await sync(id);
    clock.now += GARBAGE_DELAY_MS - 1_000;
    upstream.serve("/index.yaml", OLD);
    await sync(id);
    clock.now += 2_000;
    await services.syncer.tick();
    const [app] = (await call("GET", "/v1/apps")).body.items;
    const versions = await call("GET", `/v1/apps/${app.app_id}/versions`);
    assert.equal(versions.body.total_count, 1);
    clock.now += GARBAGE_DELAY_MS;
    await services.syncer.tick();
    services.hot.refresh(id);
    assert.equal((await call("GET", `/v1/apps/${app.app_id}/versions`)).body.total_count, 1);
  }));

Deno.test("the last hundred events are kept", () =>
  withChartroom(async ({ call, register, sync, services }, upstream) => {
    upstream.serve("/index.yaml", OLD);
    const id = await register(upstream.url);
    for (let i = 0; i < 145; i++) await sync(id);
    const { body } = await call("GET", `/v1/repos/${id}/events?limit=-1`);
    assert.equal(body.total_count, 100);
    const rows = await services.kv.list({ prefix: keys.events(id) });
    assert.ok(rows.length < 120, `${rows.length} rows`);
  }));

Deno.test("names and times of any length are stored, and listed", () =>
  withChartroom(async ({ call, register }, upstream) => {
    const long = "名".repeat(5_000);
    const charts = Object.fromEntries(
      Array.from({ length: 120 }, (_, i) => [`${i}-${long}`, [`1.0.0+${i}`, `2.0.0-${i}x`]]),
    );
    upstream.serve(
      "/index.yaml",
      () =>
        new Response(
          indexOf(charts).replace(
            /generated: .*/,
            `generated: "2024-01-01T00:00:00.${"1".repeat(80_000)}Z"`,
          ),
          {
            headers: { etag: `"${"e".repeat(3_000)}"`, "last-modified": "x".repeat(3_000) },
          },
        ),
    );
    const id = await register(upstream.url);
    const [event] = (await call("GET", `/v1/repos/${id}/events`)).body.items;
    assert.equal(event.status, "successful", event.result);
    assert.equal(event.changes.versions_added.count, 240);
    assert.equal((await call("GET", "/v1/apps")).body.total_count, 120);
  }));

Deno.test("of two changes of URL and credential at once, the one that overtakes is a conflict", () =>
  withChartroom(async ({ call, register, services }, upstream) => {
    upstream.serve("/a/index.yaml", OLD);
    upstream.serve("/b/index.yaml", NEW);
    const id = await register(`${upstream.url}/a`);
    const asked = Promise.withResolvers<void>(), go = Promise.withResolvers<void>();
    upstream.serve("/a/index.yaml", async () => {
      asked.resolve();
      await go.promise;
      return new Response(OLD);
    });
    const credential = JSON.stringify({ username: "for", password: "a alone" });
    const slow = call("PATCH", `/v1/repos/${id}`, { credential });
    await asked.promise;
    const quick = await call("PATCH", `/v1/repos/${id}`, { url: `${upstream.url}/b` });
    assert.equal(quick.status, 200);
    go.resolve();
    const overtaken = await slow;
    assert.equal(overtaken.status, 409);
    assert.equal(overtaken.body.code, "conflict");
    await services.syncer.idle();
    const repo = (await call("GET", `/v1/repos/${id}`)).body;
    assert.deepEqual([repo.url, repo.credential_set], [`${upstream.url}/b`, false]);
    const toB = upstream.requests.filter(({ path }) => path === "/b/index.yaml");
    assert.ok(toB.length > 0 && toB.every(({ headers }) => !headers.has("authorization")));
  }));

Deno.test("a sweep whose lease was taken away deletes nothing", async () => {
  const kv = await openKv({ kind: "memory" });
  const hash = "ab".repeat(32);
  await writeSegments(kv, "repo-1", new Map([[hash, new Uint8Array(9)]]));
  await scheduleSweep(kv, "repo-1", [hash], 0);
  const rows = (await listGarbage(kv, GARBAGE_DELAY_MS)).get("repo-1")!;
  const lease = await acquireLease(kv, "repo-1", "me", 0) as Lease;
  const held = {
    lease,
    renew: async () => await renewLease(kv, lease, LEASE_MS) !== undefined,
  };
  await acquireLease(kv, "repo-1", "another", LEASE_MS);
  await assert.rejects(sweep(kv, held, "repo-1", rows), LeaseLost);
  assert.equal((await kv.list({ prefix: keys.segments("repo-1") })).length, 1);
  kv.close();
});

Deno.test("what was made or deleted is seen at once, however many ask meanwhile", () =>
  withChartroom(async ({ call }) => {
    // A port that nobody listens on: the syncs do not matter here.
    const url = "http://127.0.0.1:9";
    await Promise.all(Array.from({ length: 12 }, async (_, client) => {
      for (let round = 0; round < 8; round++) {
        const name = `${client}-${round}`;
        const { body: { repo_id: id } } = await call("POST", "/v1/repos", { name, url });
        assert.equal((await call("GET", `/v1/repos/${id}`)).status, 200);
        await call("DELETE", `/v1/repos/${id}`);
        assert.equal((await call("GET", `/v1/repos/${id}`)).status, 404);
      }
    }));
  }));
