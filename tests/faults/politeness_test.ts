/** How often an upstream is called, and how: no more than it has to be. */

import assert from "node:assert/strict";
import { type Body, withChartroom } from "../support/chartroom.ts";
import { indexOf } from "../support/upstream.ts";

const GOOD = indexOf({ good: ["1.0.0"] });
const MINUTE_MS = 60_000;
const DAY_MINUTES = 1_440;

Deno.test("what is known is not downloaded again, and every request says who is asking", () =>
  withChartroom(async ({ register, sync }, upstream) => {
    const validators = { etag: '"v1"', "last-modified": "Thu, 01 Jan 2026 00:00:00 GMT" };
    upstream.serve(
      "/index.yaml",
      ({ headers }) =>
        headers.get("if-none-match") === validators.etag
          ? new Response(null, { status: 304 })
          : new Response(GOOD, { headers: validators }),
    );
    const id = await register(upstream.url);
    const { status, index_bytes: bytes, generation } = await sync(id);
    assert.deepEqual([status, bytes, generation], ["successful", 0, 1]);
    const [first, second] = upstream.requests;
    assert.equal(upstream.requests.length, 2);
    assert.equal(first!.headers.get("if-none-match"), null);
    assert.equal(second!.headers.get("if-none-match"), validators.etag);
    assert.equal(second!.headers.get("if-modified-since"), validators["last-modified"]);
    for (const { method, headers } of upstream.requests) {
      assert.equal(method, "GET");
      assert.match(headers.get("user-agent")!, /^chartroom\/\d/);
      assert.match(headers.get("accept-encoding")!, /gzip/);
    }
  }));

Deno.test("in a day an upstream is called as often as its period says, however many ticks there are", () =>
  withChartroom(async ({ register, services, clock }, upstream) => {
    upstream.serve("/index.yaml", GOOD);
    await register(upstream.url, { sync_period: "2h" });
    await register(upstream.url, { sync_period: "0" });
    for (let minute = 0; minute < DAY_MINUTES; minute++) {
      clock.now += MINUTE_MS;
      await Promise.all([services.syncer.tick(), services.syncer.tick()]);
    }
    assert.equal(upstream.requests.length, 1 + 1 + 12);
  }));

Deno.test("an upstream that fails is called less and less, and not before it wants to be", () =>
  withChartroom(async ({ call, clock, register, services, sync }, upstream) => {
    const calls: Record<string, number> = { "/failing/index.yaml": 0, "/busy/index.yaml": 0 };
    const count = (path: string, headers: HeadersInit) =>
      upstream.serve(path, () => {
        calls[path]!++;
        return new Response("no", { status: 503, headers });
      });
    count("/failing/index.yaml", {});
    count("/busy/index.yaml", { "retry-after": "14400" });
    await register(`${upstream.url}/failing`);
    const busy = await register(`${upstream.url}/busy`);
    for (let minute = 1; minute < DAY_MINUTES; minute++) {
      clock.now += MINUTE_MS;
      await services.syncer.tick();
    }
    // After 0, 1, 3, 6, 10, 15, 21, 28, 36, 45 minutes, and then every ten of them.
    assert.deepEqual(calls, { "/failing/index.yaml": 149, "/busy/index.yaml": 6 });
    // Who asks by hand has a reason to.
    assert.equal((await sync(busy)).status, "failed");
    assert.equal(calls["/busy/index.yaml"], 7);
    const { next_sync: next } = (await call("GET", `/v1/repos/${busy}`)).body.sync;
    assert.equal(next, new Date(clock.now + 14_400_000).toISOString());
  }));

Deno.test("a hundred requests for a sync at once are one download and one more", () =>
  withChartroom(async ({ call, clock, register, services }, upstream) => {
    upstream.serve("/index.yaml", GOOD);
    const id = await register(upstream.url);
    const asked = Promise.withResolvers<void>(), go = Promise.withResolvers<void>();
    upstream.serve("/index.yaml", async () => {
      asked.resolve();
      await go.promise;
      return new Response(GOOD);
    });
    clock.now += 1;
    const ask = () => call("POST", `/v1/repos/${id}/action`, { action: "index" });
    await ask();
    await asked.promise;
    const answers = await Promise.all(Array.from({ length: 100 }, ask));
    assert.ok(answers.every(({ status }: { status: number; body: Body }) => status === 200));
    go.resolve();
    await services.syncer.idle();
    assert.equal(upstream.requests.length, 3);
  }));
