/** What makes a repository sync, and when: webhooks, callers, periods, failures, and all at once. */

import assert from "node:assert/strict";
import { createApp } from "../../routes/app.ts";
import { loadConfig } from "../../src/config.ts";
import { createServices } from "../../src/services.ts";
import { keys } from "../../src/store/keys.ts";
import { LEASE_MS } from "../../src/store/leases.ts";
import { beginSync } from "../../src/store/sync_commit.ts";
import {
  type Body,
  type Chartroom,
  START,
  startChartroom,
  withChartroom,
} from "../support/chartroom.ts";
import { withFolder } from "../support/process.ts";
import { holdBack, indexOf, startUpstream, type Upstream } from "../support/upstream.ts";

const OLD = indexOf({ one: ["1.0.0"] });
const NEW = indexOf({ one: ["1.0.0", "1.1.0"] });
/** So much more than {@link OLD} that the step to it is refused without `force`. */
const LARGE = indexOf({ one: Array.from({ length: 40 }, (_, i) => `1.${i}.0`) });
const SECOND = 1_000, MINUTE = 60_000, HOUR = 3_600_000, DAY = 86_400_000;

/** A repository with a webhook, for a test to play with. */
interface Subject {
  id: string;
  /** Sends something to its webhook, and tells the id that it answers. */
  push(delivery?: string): Promise<string>;
  /** Asks for a sync, without waiting for it, and tells the id. */
  act(more?: Record<string, unknown>): Promise<string>;
  patch(change: Record<string, unknown>): Promise<void>;
  /** The event with an id; 404 is `absent`. */
  event(id: string): Promise<Body>;
  /** When the next sync is, after the start of the test's clock; `null` is never. */
  next(): Promise<number | null>;
  tick(): Promise<void>;
  /** Moves the clock, and works what is due by then. */
  pass(ms: number): Promise<void>;
}

/** A repository that was synced once, a minute ago. */
async function prepare(
  chartroom: Chartroom,
  upstream: Upstream,
  more: Record<string, unknown> = {},
): Promise<Subject> {
  if (more.index === undefined) upstream.serve("/index.yaml", OLD);
  else upstream.serve("/index.yaml", more.index as string);
  const { index: _, ...fields } = more;
  const id = await chartroom.register(upstream.url, { sync_period: "1h", ...fields });
  const { body } = await chartroom.call("POST", `/v1/repos/${id}/webhook`);
  chartroom.clock.now += MINUTE;
  return subject(chartroom, id, body.secret);
}

function subject({ call, services, clock }: Chartroom, id: string, secret: string): Subject {
  const path = `/v1/repos/${id}`;
  return {
    id,
    async push(delivery) {
      const { status, body } = await call("POST", `/v1/webhooks/${id}`, "{}", {
        authorization: secret,
        ...(delivery && { "x-github-delivery": delivery }),
      });
      assert.equal(status, 202);
      return body.repo_event_id;
    },
    async act(more = {}) {
      const { status, body } = await call("POST", `${path}/action`, { action: "index", ...more });
      assert.equal(status, 200);
      return body.repo_event_id;
    },
    async patch(change) {
      assert.equal((await call("PATCH", path, change)).status, 200);
    },
    async event(id) {
      const { status, body } = await call("GET", `${path}/events/${id}`);
      return status === 404 ? "absent" : body;
    },
    async next() {
      const { next_sync: next } = (await call("GET", path)).body.sync;
      return next === null ? null : Date.parse(next) - START;
    },
    tick: () => services.syncer.tick(),
    async pass(ms) {
      clock.now += ms;
      await services.syncer.tick();
    },
  };
}

function countOf({ requests }: Upstream): number {
  return requests.length;
}

async function dues({ services }: Chartroom): Promise<Deno.KvKey[]> {
  return (await services.kv.list({ prefix: keys.dues })).map(({ key }) => key);
}

Deno.test("a hundred webhooks at once are one sync, and no other follows", () =>
  withChartroom(async (chartroom, upstream) => {
    const { push, event, pass } = await prepare(chartroom, upstream);
    await chartroom.sync((await chartroom.call("GET", "/v1/repos")).body.items[0].repo_id);
    chartroom.clock.now += SECOND;
    // The last sync began a second ago: all of them wait for the same one.
    const ids = new Set(
      await Promise.all(Array.from({ length: 100 }, (_, i) => push(`delivery ${i}`))),
    );
    assert.equal(ids.size, 1);
    assert.equal(countOf(upstream), 2);
    upstream.serve("/index.yaml", NEW);
    await pass(9 * SECOND - 1);
    assert.equal(countOf(upstream), 2);
    await pass(1);
    assert.equal(countOf(upstream), 3);
    assert.equal((await event([...ids][0]!)).status, "successful");
    await pass(10 * SECOND);
    await pass(10 * MINUTE);
    assert.equal(countOf(upstream), 3);
  }));

Deno.test("a hundred webhooks at a repository that rests begin a sync, and one more at most", () =>
  withChartroom(async (chartroom, upstream) => {
    const { push, event, pass } = await prepare(chartroom, upstream);
    const held = holdBack(upstream, NEW);
    const ids = new Set(
      await Promise.all(Array.from({ length: 100 }, (_, i) => push(`delivery ${i}`))),
    );
    await held.asked;
    assert.equal(countOf(upstream), 2);
    assert.ok(ids.size === 1 || ids.size === 2, `${ids.size} syncs`);
    held.go();
    await chartroom.services.syncer.idle();
    assert.equal(countOf(upstream), 2);
    // The second one is of those that came when the first had begun.
    await pass(10 * SECOND);
    assert.equal(countOf(upstream), 1 + ids.size);
    for (const id of ids) assert.equal((await event(id)).status, "successful");
  }));

Deno.test("what is pushed during a sync makes one more, ten seconds after it began", () =>
  withChartroom(async (chartroom, upstream) => {
    const { push, event, next, pass } = await prepare(chartroom, upstream);
    const held = holdBack(upstream, OLD);
    const first = await push();
    await held.asked;
    chartroom.clock.now += 3 * SECOND;
    const others = [await push("a"), await push("b"), await push()];
    assert.equal(new Set(others).size, 1);
    const second = others[0]!;
    assert.notEqual(second, first);
    assert.deepEqual(
      [(await event(first)).sync.state, (await event(second)).sync.state],
      ["running", "queued"],
    );
    upstream.serve("/index.yaml", NEW);
    held.go();
    await chartroom.services.syncer.idle();
    assert.equal(countOf(upstream), 2);
    assert.equal((await event(first)).status, "successful");
    assert.equal((await event(second)).status, "syncing");
    assert.equal(await next(), MINUTE + 10 * SECOND);
    await pass(7 * SECOND - 1);
    assert.equal(countOf(upstream), 2);
    await pass(1);
    assert.equal(countOf(upstream), 3);
    assert.equal((await event(second)).changes.versions_added.count, 1);
    assert.equal(await next(), MINUTE + 10 * SECOND + HOUR);
  }));

Deno.test("the process that was told does what is near by itself, without a tick", () =>
  withChartroom(async (chartroom, upstream) => {
    const { push } = await prepare(chartroom, upstream);
    await push();
    await chartroom.services.syncer.idle();
    chartroom.clock.now += 10 * SECOND - 20;
    const held = holdBack(upstream, NEW);
    await push();
    assert.equal(countOf(upstream), 2);
    chartroom.clock.now += 20;
    await held.asked;
    held.go();
    await chartroom.services.syncer.idle();
    assert.equal(countOf(upstream), 3);
  }));

Deno.test("what was pushed during a sync is done by the next process, if this one stops", () =>
  withFolder(async (folder) => {
    const upstream = startUpstream();
    const environment = { CHARTROOM_KV: `${folder}/kv.sqlite` };
    const first = await startChartroom({ environment });
    const { id, push } = await prepare(first, upstream);
    const held = holdBack(upstream, OLD);
    const running = await push();
    await held.asked;
    first.clock.now += 2 * SECOND;
    const waiting = await push();
    await first.close();
    held.go();
    upstream.serve("/index.yaml", NEW);
    const second = await startChartroom({ environment });
    const { event, pass } = subject(second, id, "");
    second.clock.now = first.clock.now;
    assert.deepEqual(
      [(await event(running)).status, (await event(waiting)).status],
      ["syncing", "syncing"],
    );
    await pass(10 * SECOND);
    await pass(10 * SECOND);
    assert.deepEqual(
      [(await event(running)).status, (await event(waiting)).status],
      ["successful", "successful"],
    );
    const { body } = await second.call("GET", `/v1/repos/${id}/events`);
    assert.equal(body.total_count, 3);
    assert.equal(countOf(upstream), 4);
    await second.close();
    await upstream.close();
  }));

Deno.test("a caller does not wait for the turn of a webhook, and covers it", () =>
  withChartroom(async (chartroom, upstream) => {
    const { push, act, event, pass } = await prepare(chartroom, upstream);
    const first = await push();
    await chartroom.services.syncer.idle();
    chartroom.clock.now += SECOND;
    const waiting = await push();
    assert.equal(countOf(upstream), 2);
    upstream.serve("/index.yaml", NEW);
    chartroom.clock.now += SECOND;
    const manual = await act();
    await chartroom.services.syncer.idle();
    assert.equal(countOf(upstream), 3);
    for (const id of [first, waiting, manual]) {
      assert.equal((await event(id)).status, "successful");
    }
    await pass(10 * SECOND);
    await pass(10 * MINUTE);
    assert.equal(countOf(upstream), 3);
  }));

Deno.test("a caller who comes during a sync has the next one at once, with a webhook that waits", () =>
  withChartroom(async (chartroom, upstream) => {
    const { push, act, event, pass } = await prepare(chartroom, upstream);
    const held = holdBack(upstream, OLD);
    const first = await push();
    await held.asked;
    chartroom.clock.now += 2 * SECOND;
    const waiting = await push();
    chartroom.clock.now += SECOND;
    const manual = await act();
    const after = await push();
    for (const id of [waiting, manual, after]) assert.equal((await event(id)).status, "syncing");
    upstream.serve("/index.yaml", NEW);
    held.go();
    await chartroom.services.syncer.idle();
    assert.equal(countOf(upstream), 3);
    for (const id of [first, waiting, manual, after]) {
      assert.equal((await event(id)).status, "successful");
    }
    assert.equal((await event(manual)).changes.versions_added.count, 1);
    await pass(10 * SECOND);
    await pass(10 * MINUTE);
    assert.equal(countOf(upstream), 3);
  }));

Deno.test("a webhook waits as long as the upstream said; a caller does not", () =>
  withChartroom(async (chartroom, upstream) => {
    const { push, act, event, next, pass } = await prepare(chartroom, upstream);
    upstream.serve(
      "/index.yaml",
      () => new Response("", { status: 429, headers: { "retry-after": "7200" } }),
    );
    const refused = await act();
    await chartroom.services.syncer.idle();
    assert.equal((await event(refused)).status, "failed");
    chartroom.clock.now += MINUTE;
    const waiting = await push();
    assert.equal(await next(), MINUTE + 2 * HOUR);
    await pass(2 * HOUR - MINUTE - 1);
    assert.equal(countOf(upstream), 2);
    // It is refused once more, and with it what a webhook wants next.
    await pass(1);
    assert.equal(countOf(upstream), 3);
    assert.equal((await event(waiting)).status, "failed");
    upstream.serve("/index.yaml", NEW);
    const later = await push();
    await pass(HOUR);
    assert.equal(countOf(upstream), 3);
    const manual = await act();
    await chartroom.services.syncer.idle();
    assert.equal(countOf(upstream), 4);
    for (const id of [later, manual]) assert.equal((await event(id)).status, "successful");
    // What the upstream said is over.
    const free = await push();
    await pass(10 * SECOND);
    assert.equal(countOf(upstream), 5);
    assert.equal((await event(free)).status, "successful");
  }));

Deno.test("a webhook that came during the sync which is told to wait waits too", () =>
  withChartroom(async (chartroom, upstream) => {
    const { push, event, next, pass } = await prepare(chartroom, upstream);
    const asked = Promise.withResolvers<void>(), go = Promise.withResolvers<void>();
    upstream.serve("/index.yaml", async ({ signal }) => {
      signal.addEventListener("abort", () => go.resolve());
      asked.resolve();
      await go.promise;
      return new Response("", { status: 503, headers: { "retry-after": "7200" } });
    });
    await push();
    await asked.promise;
    const waiting = await push();
    go.resolve();
    await chartroom.services.syncer.idle();
    assert.equal(await next(), MINUTE + 2 * HOUR);
    upstream.serve("/index.yaml", NEW);
    await pass(2 * HOUR - 1);
    assert.equal(countOf(upstream), 2);
    await pass(1);
    assert.equal(countOf(upstream), 3);
    assert.equal((await event(waiting)).status, "successful");
  }));

/** An answer that asks not to be called for so long. */
const later = (seconds: number) => () =>
  new Response("later", { status: 503, headers: { "retry-after": String(seconds) } });

Deno.test("what the upstream asked for before a sync that succeeds says nothing of the next one", () =>
  withChartroom(async (chartroom, upstream) => {
    const { push, act, event, pass } = await prepare(chartroom, upstream);
    upstream.serve("/index.yaml", later(86_400));
    await pass(HOUR);
    const held = holdBack(upstream, OLD);
    await act();
    await held.asked;
    const announced = await push();
    held.go();
    await chartroom.services.syncer.idle();
    upstream.serve("/index.yaml", NEW);
    await pass(10 * SECOND);
    assert.equal((await event(announced)).status, "successful");
  }));

Deno.test("what the upstream asked for outlives a failure of another kind, and a suspension", () =>
  withChartroom(async (chartroom, upstream) => {
    const { act, patch, next, pass } = await prepare(chartroom, upstream);
    upstream.serve("/index.yaml", later(7_200));
    await act();
    await chartroom.services.syncer.idle();
    const allowed = await next();
    upstream.serve("/index.yaml", () => new Response("", { status: 500 }));
    chartroom.clock.now += SECOND;
    await act();
    await chartroom.services.syncer.idle();
    assert.equal(await next(), allowed);
    const calls = countOf(upstream);
    for (let i = 0; i < 5; i++) {
      await patch({ suspended: true });
      await patch({ suspended: false });
      await pass(0);
    }
    assert.equal(countOf(upstream), calls);
    assert.equal(await next(), allowed);
    upstream.serve("/other/index.yaml", NEW);
    await patch({ url: `${upstream.url}/other` });
    await chartroom.services.syncer.idle();
    assert.equal(countOf(upstream), calls + 2, "tried out, and synced");
  }));

Deno.test("a sync that dies begins again at once, and then less and less often", () =>
  withChartroom(async (chartroom, upstream) => {
    const { id, act, push, event, pass } = await prepare(chartroom, upstream);
    const { services: { kv }, clock } = chartroom;
    const announced = await push();
    await chartroom.services.syncer.idle();
    assert.equal((await event(announced)).status, "successful");
    clock.now += 2 * HOUR;
    const die = async () => "lease" in await beginSync(kv, id, "a process", clock.now, "id");
    const begins: number[] = [];
    for (const begun = clock.now; clock.now < begun + HOUR; clock.now += LEASE_MS) {
      if (await die()) begins.push((clock.now - begun) / MINUTE);
    }
    assert.deepEqual(begins, [
      0,
      0.25,
      1.25,
      3.25,
      6.25,
      10.25,
      15.25,
      21.25,
      28.25,
      36.25,
      45.25,
      55.25,
    ]);
    const calls = countOf(upstream);
    await pass(0);
    assert.equal(countOf(upstream), calls);
    assert.equal((await event(await act())).status === "absent", false);
    await chartroom.services.syncer.idle();
    assert.ok(countOf(upstream) > calls, "a caller does not wait");
  }));

Deno.test("after a sync that died, what a webhook wanted keeps its distance", () =>
  withChartroom(async (chartroom, upstream) => {
    const { id, push, event, pass } = await prepare(chartroom, upstream);
    const { services: { kv }, clock } = chartroom;
    clock.now += HOUR;
    await beginSync(kv, id, "a process", clock.now, "died");
    clock.now += SECOND;
    const announced = await push();
    await pass(LEASE_MS);
    assert.equal((await event("died")).status, "successful");
    assert.equal((await event(announced)).status, "syncing");
    const calls = countOf(upstream);
    await pass(10 * SECOND - 1);
    assert.equal(countOf(upstream), calls);
    await pass(1);
    assert.equal((await event(announced)).status, "successful");
  }));

Deno.test("what a webhook wanted is done when a suspended repository is resumed", () =>
  withChartroom(async (chartroom, upstream) => {
    const { push, patch, event, next } = await prepare(chartroom, upstream);
    const held = holdBack(upstream, OLD);
    const first = await push();
    await held.asked;
    const second = await push();
    await patch({ suspended: true });
    held.go();
    await chartroom.services.syncer.idle();
    assert.equal((await event(first)).status, "successful");
    assert.deepEqual([(await event(second)).status, await next()], ["syncing", null]);
    upstream.serve("/index.yaml", NEW);
    await patch({ suspended: false });
    await chartroom.services.syncer.idle();
    assert.equal((await event(second)).status, "successful");
  }));

Deno.test("a webhook does not wait for the backoff of plain failures", () =>
  withChartroom(async (chartroom, upstream) => {
    const { push, event, next, pass } = await prepare(chartroom, upstream);
    upstream.serve("/index.yaml", () => new Response("", { status: 500 }));
    await pass(HOUR);
    for (let i = 1; i <= 4; i++) await pass(10 * MINUTE);
    assert.equal(countOf(upstream), 6);
    const now = chartroom.clock.now - START;
    assert.equal(await next(), now + 5 * MINUTE);
    chartroom.clock.now += SECOND;
    upstream.serve("/index.yaml", NEW);
    const id = await push();
    assert.equal(await next(), now + 10 * SECOND);
    await pass(9 * SECOND);
    assert.equal(countOf(upstream), 7);
    assert.equal((await event(id)).status, "successful");
  }));

for (const [period, otherwise] of [["0", null], ["1h", HOUR]] as const) {
  Deno.test(`what a webhook announced is looked for again, with sync_period ${period}`, () =>
    withChartroom(async (chartroom, upstream) => {
      const { push, next, pass, tick } = await prepare(chartroom, upstream, {
        sync_period: period,
      });
      await push();
      await chartroom.services.syncer.idle();
      let requests = 2;
      for (const wait of [MINUTE, 5 * MINUTE, 10 * MINUTE]) {
        assert.equal(await next(), chartroom.clock.now - START + wait);
        await pass(wait - 1);
        assert.equal(countOf(upstream), requests);
        await pass(1);
        assert.equal(countOf(upstream), ++requests);
      }
      const now = chartroom.clock.now - START;
      assert.equal(await next(), otherwise === null ? null : now + otherwise);
      chartroom.clock.now += HOUR - 1;
      await tick();
      assert.equal(countOf(upstream), requests);
    }));

  Deno.test(`what was announced and is found is not looked for, with sync_period ${period}`, () =>
    withChartroom(async (chartroom, upstream) => {
      const { push, next, pass } = await prepare(chartroom, upstream, { sync_period: period });
      const rests = async () =>
        assert.equal(
          await next(),
          otherwise === null ? null : chartroom.clock.now - START + otherwise,
        );
      await push();
      await chartroom.services.syncer.idle();
      await pass(MINUTE);
      upstream.serve("/index.yaml", NEW);
      await pass(5 * MINUTE);
      assert.equal(countOf(upstream), 4);
      await rests();
      // Nor where it is there at once.
      chartroom.clock.now += 10 * SECOND;
      upstream.serve("/index.yaml", indexOf({ two: ["1.0.0"], one: ["1.0.0", "1.1.0"] }));
      await push();
      await chartroom.services.syncer.idle();
      assert.equal(countOf(upstream), 5);
      await rests();
    }));
}

Deno.test("the next announcement is looked for from the beginning", () =>
  withChartroom(async (chartroom, upstream) => {
    const { push, next, pass } = await prepare(chartroom, upstream, { sync_period: "0" });
    await push();
    await chartroom.services.syncer.idle();
    await pass(MINUTE);
    assert.equal(await next(), chartroom.clock.now - START + 5 * MINUTE);
    await pass(MINUTE);
    await push();
    await chartroom.services.syncer.idle();
    assert.equal(countOf(upstream), 4);
    assert.equal(await next(), chartroom.clock.now - START + MINUTE);
  }));

Deno.test("a sync that nobody announced does not look again", () =>
  withChartroom(async (chartroom, upstream) => {
    const { act, next, pass } = await prepare(chartroom, upstream, { sync_period: "0" });
    await act();
    await chartroom.services.syncer.idle();
    assert.equal(await next(), null);
    await pass(DAY);
    assert.equal(countOf(upstream), 2);
  }));

Deno.test("a suspended repository syncs when a caller says so, and then once", () =>
  withChartroom(async (chartroom, upstream) => {
    const { id, act, patch, event, next, pass } = await prepare(chartroom, upstream);
    await patch({ suspended: true });
    assert.equal((await chartroom.call("GET", `/v1/repos/${id}`)).body.suspended, true);
    assert.equal(await next(), null);
    await pass(DAY);
    assert.equal(countOf(upstream), 1);
    upstream.serve("/index.yaml", NEW);
    const good = await act();
    await chartroom.services.syncer.idle();
    assert.equal((await event(good)).changes.versions_added.count, 1);
    assert.equal(await next(), null);
    for (const headers of [{}, { "retry-after": "60" }]) {
      upstream.serve("/index.yaml", () => new Response("", { status: 503, headers }));
      chartroom.clock.now += SECOND;
      const bad = await act();
      await chartroom.services.syncer.idle();
      assert.equal((await event(bad)).status, "failed");
      assert.equal(await next(), null);
    }
    assert.deepEqual(await dues(chartroom), []);
    await pass(DAY);
    assert.equal(countOf(upstream), 4);
    // Whatever else is changed, and also if it is suspended again.
    await patch({ sync_period: "10m", description: "still" });
    await patch({ suspended: true });
    await pass(DAY);
    assert.equal(countOf(upstream), 4);
  }));

Deno.test("a repository that is resumed syncs at once, and then by its period", () =>
  withChartroom(async (chartroom, upstream) => {
    const { patch, next, pass } = await prepare(chartroom, upstream);
    await patch({ suspended: true });
    chartroom.clock.now += MINUTE;
    await patch({ suspended: false });
    await chartroom.services.syncer.idle();
    assert.equal(countOf(upstream), 2);
    assert.equal(await next(), 2 * MINUTE + HOUR);
    // Said again, it is nothing new.
    chartroom.clock.now += MINUTE;
    await patch({ suspended: false });
    await chartroom.services.syncer.idle();
    assert.equal(countOf(upstream), 2);
    await pass(HOUR);
    assert.equal(countOf(upstream), 3);
  }));

Deno.test("suspending during a sync leaves nothing due, and drops what a webhook wanted", () =>
  withChartroom(async (chartroom, upstream) => {
    const { push, patch, event, pass } = await prepare(chartroom, upstream);
    const held = holdBack(upstream, OLD);
    const first = await push();
    await held.asked;
    chartroom.clock.now += SECOND;
    await push();
    await patch({ suspended: true });
    held.go();
    await chartroom.services.syncer.idle();
    assert.equal((await event(first)).status, "successful");
    assert.deepEqual(await dues(chartroom), []);
    await pass(10 * SECOND);
    await pass(DAY);
    assert.equal(countOf(upstream), 2);
  }));

Deno.test("suspending drops what a webhook or a failure wanted, not what a caller wanted", () =>
  withChartroom(async (chartroom, upstream) => {
    const { push, act, patch, event, pass } = await prepare(chartroom, upstream);
    await push();
    await chartroom.services.syncer.idle();
    await push();
    await patch({ suspended: true });
    assert.deepEqual(await dues(chartroom), []);
    await pass(DAY);
    assert.equal(countOf(upstream), 2);
    await patch({ suspended: false });
    await chartroom.services.syncer.idle();
    upstream.serve("/index.yaml", () => new Response("", { status: 500 }));
    chartroom.clock.now += SECOND;
    await act();
    await chartroom.services.syncer.idle();
    await patch({ suspended: true });
    assert.deepEqual(await dues(chartroom), []);

    const held = holdBack(upstream, NEW);
    await act();
    await held.asked;
    const wanted = await act();
    await patch({ suspended: false });
    await patch({ suspended: true });
    held.go();
    await chartroom.services.syncer.idle();
    assert.equal((await event(wanted)).status, "successful");
    assert.deepEqual(await dues(chartroom), []);
  }));

Deno.test("a repository that is registered suspended makes no sync until it is told to", () =>
  withChartroom(async (chartroom, upstream) => {
    const { id, patch, pass } = await prepare(chartroom, upstream, { suspended: true });
    assert.equal(countOf(upstream), 0);
    assert.deepEqual(await dues(chartroom), []);
    await pass(DAY);
    assert.equal(countOf(upstream), 0);
    const { sync, suspended } = (await chartroom.call("GET", `/v1/repos/${id}`)).body;
    assert.deepEqual([sync.state, sync.next_sync, suspended], ["idle", null, true]);
    await patch({ suspended: false });
    await chartroom.services.syncer.idle();
    assert.equal(countOf(upstream), 1);
  }));

Deno.test("a new URL during a sync takes its place, under the id that it was asked for by", () =>
  withChartroom(async (chartroom, upstream) => {
    const { id, act, push, patch, event, pass } = await prepare(chartroom, upstream, {
      index: LARGE,
    });
    upstream.serve("/other/index.yaml", OLD);
    const held = holdBack(upstream, NEW);
    const manual = await act({ force: true });
    await held.asked;
    chartroom.clock.now += SECOND;
    await patch({ url: `${upstream.url}/other` });
    assert.equal((await event(manual)).status, "syncing");
    const pushed = await push();
    held.go();
    await chartroom.services.syncer.idle();
    await pass(10 * SECOND);
    // OLD is so much less than LARGE that it was not lost that the first was forced.
    const done = await event(manual);
    assert.deepEqual([done.status, done.changes.versions_removed.count], ["successful", 39]);
    assert.equal((await event(pushed)).status, "successful");
    const { body } = await chartroom.call("GET", `/v1/repos/${id}/events`);
    assert.equal(body.items.filter((event: Body) => event.repo_event_id === manual).length, 1);
    const paths = upstream.requests.map(({ path }) => path);
    assert.equal(paths.filter((path) => path === "/index.yaml").length, 2);
  }));

Deno.test("a forced sync that dies is done again under its id, forced", () =>
  withFolder(async (folder) => {
    const upstream = startUpstream();
    const environment = { CHARTROOM_KV: `${folder}/kv.sqlite` };
    const first = await startChartroom({ environment });
    const { id, act } = await prepare(first, upstream, { index: LARGE });
    const held = holdBack(upstream, NEW);
    const forced = await act({ force: true });
    await held.asked;
    const second = await startChartroom({ environment });
    const { event, pass } = subject(second, id, "");
    upstream.serve("/index.yaml", OLD);
    second.clock.now = first.clock.now + LEASE_MS - 1;
    const standing = (await event(forced)).sync;
    assert.deepEqual([standing.state, standing.repo_event_id], ["running", forced]);
    second.clock.now += 1;
    assert.equal((await event(forced)).sync.state, "queued");
    await second.services.syncer.tick();
    const done = await event(forced);
    assert.deepEqual([done.status, done.changes.versions_removed.count], ["successful", 39]);
    // The first one was not dead after all: what it has does not count any more.
    held.go();
    await first.services.syncer.idle();
    assert.deepEqual(await event(forced), done);
    const { body } = await second.call("GET", `/v1/repos/${id}/events`);
    assert.equal(body.total_count, 2);
    assert.equal(countOf(upstream), 3);
    // It was for this once.
    upstream.serve("/index.yaml", LARGE);
    await second.sync(id);
    upstream.serve("/index.yaml", OLD);
    assert.equal((await second.sync(id)).reason, "shrink");
    await pass(SECOND);
    await first.close();
    await second.close();
    await upstream.close();
  }));

for (const order of ["before", "after"] as const) {
  Deno.test(`a sync that is forced stays so if a webhook joins it, ${order} it`, () =>
    withChartroom(async (chartroom, upstream) => {
      const { push, act, event } = await prepare(chartroom, upstream, { index: LARGE });
      const held = holdBack(upstream, OLD);
      const first = await act();
      await held.asked;
      const joined = order === "before"
        ? [await push(), await act({ force: true }), await act()]
        : [await act({ force: true }), await push(), await act()];
      assert.equal(new Set(joined).size, 1);
      held.go();
      await chartroom.services.syncer.idle();
      const refused = await event(first);
      assert.deepEqual([refused.status, refused.reason], ["failed", "shrink"]);
      const forced = await event(joined[0]!);
      assert.deepEqual([forced.status, forced.changes?.versions_removed.count], [
        "successful",
        39,
      ]);
      assert.equal(countOf(upstream), 3);
    }));
}

Deno.test("an action answers the id of an event that is under way, and then there", () =>
  withChartroom(async (chartroom, upstream) => {
    const { id, act, event } = await prepare(chartroom, upstream);
    const held = holdBack(upstream, NEW);
    const asked = await act();
    await held.asked;
    const running = await event(asked);
    assert.deepEqual([running.repo_id, running.repo_event_id, running.type, running.status], [
      id,
      asked,
      "sync",
      "syncing",
    ]);
    assert.equal(running.sync.state, "running");
    held.go();
    await chartroom.services.syncer.idle();
    const { items } = (await chartroom.call("GET", `/v1/repos/${id}/events`)).body;
    assert.equal(items[0].repo_event_id, asked);
    assert.deepEqual(await event(asked), items[0]);
    assert.equal("sync" in items[0], false);

    assert.equal(await event(crypto.randomUUID()), "absent");
    const other = await chartroom.register(upstream.url);
    const elsewhere = await chartroom.call("GET", `/v1/repos/${other}/events/${asked}`);
    assert.deepEqual([elsewhere.status, elsewhere.body.code], [404, "not_found"]);
    assert.equal(elsewhere.body.field, "repo_event_id");
  }));

for (const [random, factor] of [[0, 1], [0.5, 1.05], [1, 1.1]] as const) {
  Deno.test(`a wait with a chance of ${random} is ${factor} times as long`, async () => {
    const upstream = startUpstream();
    const clock = { now: START };
    const environment = { CHARTROOM_KV: ":memory:", CHARTROOM_ALLOW_UPSTREAM: "127.0.0.1" };
    const services = await createServices(loadConfig(environment), {
      log() {},
      clock: () => clock.now,
      random: () => random,
    });
    const app = createApp(services);
    const call = async (method: string, path: string, body?: unknown) => {
      const headers = { "content-type": "application/json" };
      const init = body === undefined ? { method } : { method, body: JSON.stringify(body) };
      return await (await app.request(path, { ...init, headers })).json();
    };
    try {
      upstream.serve("/index.yaml", OLD);
      const repo = { name: "r", url: upstream.url, sync_period: "1h" };
      const { repo_id: id } = await call("POST", "/v1/repos", repo);
      await services.syncer.idle();
      const waits = async (ms: number) => {
        const { sync } = await call("GET", `/v1/repos/${id}`);
        assert.equal(Date.parse(sync.next_sync) - clock.now, Math.round(ms * factor));
      };
      await waits(HOUR);
      const requests = upstream.requests.length;
      clock.now += HOUR * factor - 1;
      await services.syncer.tick();
      assert.equal(upstream.requests.length, requests);
      clock.now += 1;
      await services.syncer.tick();
      assert.equal(upstream.requests.length, requests + 1);
      await waits(HOUR);
      for (const [status, wait] of [[500, MINUTE], [500, 2 * MINUTE], [429, 2 * HOUR]] as const) {
        const headers = status === 429 ? { "retry-after": "7200" } : undefined;
        upstream.serve(
          "/index.yaml",
          () => new Response("", { status, ...headers && { headers } }),
        );
        clock.now += 3 * HOUR;
        await services.syncer.tick();
        await waits(wait);
      }
    } finally {
      await services.close();
      await upstream.close();
    }
  });
}
