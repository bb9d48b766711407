/** What is kept over many syncs, and what goes. */

import assert from "node:assert/strict";
import { GARBAGE_DELAY_MS, listGarbage, scheduleSweep, sweep } from "../../src/store/garbage.ts";
import { readCatalog, readPointer, readVersions } from "../../src/store/generations.ts";
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
import { withChartroom } from "../support/chartroom.ts";
import { indexOf } from "../support/upstream.ts";

const OLD = indexOf({ one: ["1.0.0"] });
const NEW = indexOf({ one: ["1.0.0", "1.1.0"] });

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
    const pointer = async () => (await kv.get(keys.index(id))).versionstamp;
    const written = await pointer();
    assert.equal(await bytes(), OLD.length, "the same bytes again");
    assert.equal(await pointer(), written);
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
      [[1, false], [1, false], [1, false], [1, false], [1, true]],
    );
  }));

Deno.test("what another version of Chartroom wrote counts as nothing, until the next sync", () =>
  withChartroom(async ({ call, register, sync, services, clock }, upstream) => {
    upstream.serve(
      "/index.yaml",
      (request) =>
        request.headers.has("if-none-match")
          ? new Response(null, { status: 304 })
          : new Response(OLD, { headers: { etag: '"v1"' } }),
    );
    const id = await register(upstream.url);
    const count = async () => (await call("GET", "/v1/apps")).body.total_count;
    const apps = await count();
    assert.ok(apps > 0);
    const { value } = await services.kv.get<object>(keys.index(id));
    await services.kv.commit((op) => op.set(keys.index(id), { ...value, format: 1, catalog: 7 }));
    assert.equal((await sync(id)).status, "successful");
    const { value: written } = await services.kv.get<object>(keys.index(id));
    assert.deepEqual(Object.keys(written!).sort(), Object.keys(value!).sort());
    assert.ok((written as { catalog: unknown }).catalog instanceof Uint8Array);
    clock.now += 2_000;
    assert.equal(await count(), apps);
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
    const { kv } = services;
    const [entry] = await readCatalog(kv, id, (await readPointer(kv, id))!);
    assert.equal((await readVersions(kv, id, entry!)).length, 1);
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
