/** What happens while a sync is under way. */

import assert from "node:assert/strict";
import { GARBAGE_DELAY_MS } from "../../src/store/garbage.ts";
import { keys } from "../../src/store/keys.ts";
import { acquireLease, LEASE_MS } from "../../src/store/leases.ts";
import { StoreUnavailable } from "../../src/store/kv.ts";
import { beginSync } from "../../src/store/sync_commit.ts";
import { canary } from "../support/canary.ts";
import { type Chartroom, withChartroom } from "../support/chartroom.ts";
import { holdBack, indexOf, type Upstream } from "../support/upstream.ts";

const OLD = indexOf({ one: ["1.0.0"] });
const NEW = indexOf({ one: ["1.0.0", "1.1.0"] });

/** Registers a repository, and asks for a second sync that hangs until `finish` is called. */
async function holdSync(chartroom: Chartroom, upstream: Upstream, answer = NEW) {
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
    const { id, finish } = await holdSync(chartroom, upstream);
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
    const { id, finish } = await holdSync(chartroom, upstream);
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
    const { id, finish } = await holdSync(chartroom, upstream);
    await call("PATCH", `/v1/repos/${id}`, { description: "changed" });
    await finish();
    assert.equal((await call("GET", `/v1/repos/${id}`)).body.description, "changed");
    assert.equal((await call("GET", "/v1/apps")).body.items[0].version_total, 2);
    assert.equal(upstream.requests.length, 2);
  }));

Deno.test("what is asked for during a sync is done after it, once", () =>
  withChartroom(async (chartroom, upstream) => {
    const { call } = chartroom;
    const { ask, finish } = await holdSync(chartroom, upstream, OLD);
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
    await beginSync(services.kv, id, "somebody else", clock.now, "their sync");
    await services.syncer.tick();
    assert.equal(upstream.requests.length, 1);
    const { sync } = (await call("GET", `/v1/repos/${id}`)).body;
    assert.deepEqual([sync.state, sync.repo_event_id], ["running", "their sync"]);
    clock.now += LEASE_MS;
    await services.syncer.tick();
    assert.equal(upstream.requests.length, 2);
  }));

Deno.test("a sync whose lease was taken away commits nothing", () =>
  withChartroom(async (chartroom, upstream) => {
    const { call, services, clock } = chartroom;
    const { id, finish } = await holdSync(chartroom, upstream);
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
    const credential = JSON.stringify({ username: "for", password: canary("a alone") });
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

Deno.test("what was made is seen as soon as the database can be read again", () =>
  withChartroom(async ({ call, services: { kv } }) => {
    const list = async () => (await call("GET", "/v1/repos")).body.total_count;
    const make = (name: string) => call("POST", "/v1/repos", { name, url: "http://127.0.0.1:9" });
    await make("one");
    assert.equal(await list(), 1);
    const { list: read } = kv;
    await make("two");
    kv.list = (...args: Parameters<typeof read>) =>
      args[0] && "prefix" in args[0] && args[0].prefix[0] === "repo"
        ? Promise.reject(new StoreUnavailable("not now"))
        : read(...args);
    assert.equal(await list(), 1);
    kv.list = read;
    assert.equal(await list(), 2);
  }));
