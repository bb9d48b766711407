/** A stream of a repository's syncs: what it tells, where it begins, and when it ends. */

import assert from "node:assert/strict";
import { createApp } from "../../routes/app.ts";
import type { Services } from "../../src/services.ts";
import { type Kv, StoreUnavailable } from "../../src/store/kv.ts";
import { canary } from "../support/canary.ts";
import { type Body, type Chartroom, startChartroom, withChartroom } from "../support/chartroom.ts";
import { eventually, withFolder } from "../support/process.ts";
import { follow, type Message, type Stream } from "../support/stream.ts";
import { holdHalf, indexOf, type Upstream } from "../support/upstream.ts";

const TOKEN = canary("token");
const MAX_STREAMS = 200;

/** An application whose streams read through a database that a test can watch and stop. */
function openApp({ services }: Pick<Chartroom, "services">) {
  const seen = { reads: 0, listeners: 0 };
  /** Waits, or throws, before a read. */
  const before: { getMany?: () => Promise<void>; list?: () => Promise<void> } = {};
  const { syncer } = services;
  const kv: Kv = {
    ...services.kv,
    async getMany(keys) {
      seen.reads++;
      await before.getMany?.();
      return await services.kv.getMany(keys);
    },
    async list(selector, limit) {
      seen.reads++;
      await before.list?.();
      return await services.kv.list(selector, limit);
    },
  };
  const watched: Services = {
    ...services,
    kv,
    syncer: {
      ...syncer,
      onNews(repoId, listener) {
        const forget = syncer.onNews(repoId, listener);
        seen.listeners++;
        return () => {
          seen.listeners--;
          forget();
        };
      },
    },
  };
  const app = createApp(watched);
  const request = async (path: string, headers: HeadersInit = {}, init: RequestInit = {}) =>
    await app.request(path, { headers, ...init });
  const stream = async (id: string, headers?: HeadersInit, query = "") =>
    follow(await request(`/v1/repos/${id}/events/stream${query}`, headers));
  const allGone = () =>
    eventually(() => Promise.resolve(seen.listeners), (listeners) => listeners === 0);
  return { request, stream, seen, before, allGone };
}

async function ask({ call }: Chartroom, id: string): Promise<string> {
  const { status, body } = await call("POST", `/v1/repos/${id}/action`, { action: "index" });
  assert.equal(status, 200);
  return body.repo_event_id;
}

async function eventsOf({ call }: Chartroom, id: string): Promise<Body[]> {
  return (await call("GET", `/v1/repos/${id}/events?limit=-1`)).body.items;
}

const timeOf = (event: Body) => String(Date.parse(event.create_time));
const from = (event: Body) => ({ "last-event-id": timeOf(event) });
const later = (stream: Stream, count: number) => stream.take(count);
const idsOf = (messages: Message[]) => messages.map(({ data }) => data.repo_event_id);

/** A test that must not leave a timer or a stream behind. */
function test(name: string, body: (chartroom: Chartroom, upstream: Upstream) => Promise<void>) {
  Deno.test({
    name,
    sanitizeOps: true,
    sanitizeResources: true,
    fn: () =>
      withChartroom(async (chartroom, upstream) => {
        upstream.serve("/index.yaml", indexOf({ one: ["1.0.0"] }));
        await body(chartroom, upstream);
      }),
  });
}

test(
  "a stream tells how far a sync is, how it ended, and what comes next",
  async (chartroom, upstream) => {
    const { register, services } = chartroom;
    const id = await register(upstream.url);
    const [first] = await eventsOf(chartroom, id);
    const { request } = openApp(chartroom);
    const response = await request(`/v1/repos/${id}/events/stream`);
    assert.equal(response.status, 200);
    assert.equal(response.headers.get("content-type"), "text/event-stream");
    assert.equal(response.headers.get("cache-control"), "no-store");
    assert.equal(response.headers.get("x-accel-buffering"), "no");
    const stream = follow(response);
    const next_sync = new Date(chartroom.clock.now + 3_600_000).toISOString();
    // From the start a client has an id to come back with.
    assert.deepEqual(await stream.next(), {
      event: "progress",
      id: timeOf(first),
      data: { state: "idle", next_sync },
    });

    const { asked, release, half, length } = holdHalf(
      upstream,
      indexOf({ one: ["1.0.0", "2.0.0"] }),
    );
    chartroom.clock.now += 1_000;
    const sync = await ask(chartroom, id);
    await asked;
    const { data, id: resume } = await stream.until(({ data }) =>
      data.bytes > 0 && data.total_bytes > 0
    );
    assert.equal(resume, timeOf(first));
    assert.deepEqual(data, {
      state: "running",
      repo_event_id: sync,
      phase: "download",
      bytes: half,
      total_bytes: length,
      charts: 0,
      next_sync: new Date(chartroom.clock.now).toISOString(),
    });
    release();
    const result = await stream.until(({ event }) => event !== "progress");
    await services.syncer.idle();
    const [event] = await eventsOf(chartroom, id);
    assert.equal(event.repo_event_id, sync);
    assert.equal(event.changes.versions_added.count, 1);
    assert.deepEqual(result, { event: "result", id: timeOf(event), data: event });
    const { data: after } = await stream.next();
    assert.deepEqual([after.state, after.repo_event_id], ["idle", undefined]);
    await stream.leave();
  },
);

test("another process's sync is told", async (_, upstream) => {
  await withFolder(async (folder) => {
    const options = { environment: { CHARTROOM_KV: `${folder}/kv.sqlite` } };
    const a = await startChartroom(options), b = await startChartroom(options);
    try {
      const id = await a.register(upstream.url);
      b.clock.now = a.clock.now += 10_000;
      // What it has in hand of a sync that it has lost.
      const lost = { id: crypto.randomUUID(), phase: "store", bytes: 9, charts: 9 } as const;
      const syncer = { ...b.services.syncer, progress: () => lost };
      const stream = await openApp({ services: { ...b.services, syncer } }).stream(id);
      assert.equal((await stream.next()).data.state, "idle");
      const { asked, release, half, length } = holdHalf(upstream);
      const sync = await ask(a, id);
      await asked;
      const { data } = await stream.until(({ data }) => data.state === "running");
      assert.equal(data.repo_event_id, sync);
      const { data: { phase, bytes, total_bytes } } = await stream.until(({ data }) =>
        data.bytes > 0
      );
      assert.deepEqual([phase, bytes, total_bytes], ["download", half, length]);
      release();
      const { data: result } = await stream.until(({ event }) => event === "result");
      assert.deepEqual(result, (await eventsOf(a, id))[0]);
      // It has had something to tell, and needs no heartbeat.
      assert.equal(stream.comments, 0);
      await stream.leave();
    } finally {
      await Promise.all([a.close(), b.close()]);
    }
  });
});

test(
  "who comes back is told what ended meanwhile, oldest first, each once",
  async (chartroom, upstream) => {
    const { register, sync } = chartroom;
    const id = await register(upstream.url);
    for (let i = 0; i < 4; i++) await sync(id);
    const events = (await eventsOf(chartroom, id)).reverse();
    const { stream } = openApp(chartroom);
    const again = await stream(id, from(events[1]));
    const told = await later(again, 4);
    assert.deepEqual(told.map(({ event }) => event), ["result", "result", "result", "progress"]);
    assert.deepEqual(told.slice(0, 3).map(({ data }) => data), events.slice(2));
    assert.deepEqual(told.map(({ id }) => id), [...events.slice(2), events[4]].map(timeOf));
    // What comes then is told once too.
    const fresh = await sync(id);
    const next = await again.until(({ event }) => event === "result");
    assert.equal(next.data.repo_event_id, fresh.repo_event_id);
    await again.leave();
  },
);

test(
  "a wrong Last-Event-ID is none, and one of the future is the present",
  async (chartroom, upstream) => {
    const { register, sync } = chartroom;
    const id = await register(upstream.url);
    const { stream } = openApp(chartroom);
    for (const wrong of ["", "abc", "-1", "1.5", "0x10", "1767225600000 or so", "9".repeat(400)]) {
      const open = await stream(id, { "last-event-id": wrong });
      assert.equal((await open.next()).event, "progress", wrong);
      const fresh = await sync(id);
      const result = await open.until(({ event }) => event === "result");
      assert.equal(result.data.repo_event_id, fresh.repo_event_id, wrong);
      await open.leave();
    }
    const all = await stream(id, { "last-event-id": "0" });
    const told = await later(all, 8);
    assert.deepEqual(idsOf(told), idsOf((await eventsOf(chartroom, id)).reverse().map(asMessage)));
    await all.leave();
  },
);

const asMessage = (data: Body): Message => ({ event: "", id: undefined, data });

test(
  "of two events with one time, none is lost to who was cut off between them",
  async (chartroom, upstream) => {
    const { register, sync } = chartroom;
    const versionsOf = (digest: string) =>
      indexOf({ one: [{ version: "1.0.0", digest: digest.repeat(64) }] });
    upstream.serve("/index.yaml", versionsOf("a"));
    const id = await register(upstream.url);
    const { stream } = openApp(chartroom);
    const live = await stream(id);
    await live.next();
    upstream.serve("/index.yaml", versionsOf("b"));
    const { repo_event_id: syncId } = await sync(id);
    const [republished, result] = [
      await live.until(({ event }) => event !== "progress"),
      await live.next(),
    ];
    await live.leave();
    const [event, twin] = await eventsOf(chartroom, id);
    assert.deepEqual([republished.event, republished.data], ["republished", twin]);
    assert.deepEqual([result.event, result.data], ["result", event]);
    assert.equal(timeOf(event), timeOf(twin));
    assert.equal(result.id, timeOf(event));

    const between = await stream(id, { "last-event-id": republished.id! });
    assert.deepEqual(
      (await later(between, 3)).map(({ event }) => event),
      ["republished", "result", "progress"],
    );
    await between.leave();
    const behind = await stream(id, { "last-event-id": result.id! });
    assert.equal((await behind.next()).event, "progress");
    await behind.leave();
    // Who waits for that sync is not sent away with half of it.
    for (const awaited of [syncId, twin.repo_event_id]) {
      const open = await stream(id, { "last-event-id": republished.id! }, `?sync=${awaited}`);
      assert.deepEqual((await open.rest()).map(({ event }) => event), ["republished", "result"]);
    }
  },
);

test(
  "?sync ends with that sync, whatever the clocks say, and then there is nothing to come back for",
  async (chartroom, upstream) => {
    const { register, sync, clock } = chartroom;
    const id = await register(upstream.url);
    await sync(id);
    const { stream, request } = openApp(chartroom);
    const held = holdHalf(upstream);
    clock.now += 1_000;
    const wanted = await ask(chartroom, id);
    await held.asked;
    const open = await stream(id, {}, `?sync=${wanted}`);
    const { data } = await open.next();
    assert.deepEqual([data.state, data.repo_event_id], ["running", wanted]);
    // Another process, which may do it, has another clock.
    clock.now -= 60_000;
    held.release();
    const told = await open.rest();
    assert.deepEqual(told.filter(({ event }) => event === "result").map(({ data }) => data), [
      (await eventsOf(chartroom, id))[0],
    ]);
    const last = told.at(-1)!;
    assert.equal(last.data.repo_event_id, wanted);

    clock.now += 120_000;
    const path = `/v1/repos/${id}/events/stream?sync=${wanted}`;
    for (const seen of [last.id!, `${Number(last.id) + 5}`, "9".repeat(400)]) {
      const response = await request(path, { "last-event-id": seen });
      assert.deepEqual([response.status, await response.text()], [204, ""]);
    }
    // Without an id, or with an older one, it is told once more, and nothing after it.
    const after = await sync(id);
    const events = (await eventsOf(chartroom, id)).reverse();
    assert.deepEqual(idsOf(await (await stream(id, {}, `?sync=${wanted}`)).rest()), [wanted]);
    const older = await (await stream(id, from(events[0]), `?sync=${wanted}`)).rest();
    assert.deepEqual(older.map(({ data }) => data), events.slice(1, 3));
    assert.notEqual(after.repo_event_id, wanted);
  },
);

test(
  "?sync of a sync that waits for its turn tells what ends before it",
  async (chartroom, upstream) => {
    const { register, clock } = chartroom;
    const id = await register(upstream.url);
    const { stream } = openApp(chartroom);
    const held = holdHalf(upstream);
    clock.now += 1_000;
    const first = await ask(chartroom, id);
    await held.asked;
    const second = await ask(chartroom, id);
    assert.notEqual(first, second);
    const open = await stream(id, {}, `?sync=${second}`);
    assert.equal((await open.next()).data.repo_event_id, first);
    held.release();
    const results = (await open.rest()).filter(({ event }) => event === "result");
    assert.deepEqual(idsOf(results), [first, second]);
  },
);

test(
  "?sync of a sync that waits for its repository to be resumed waits; of one that never was, 404",
  async (chartroom, upstream) => {
    const { register, call, services } = chartroom;
    const id = await register(upstream.url);
    const { secret } = (await call("POST", `/v1/repos/${id}/webhook`)).body;
    const announced = await call("POST", `/v1/webhooks/${id}`, "", {
      authorization: `Bearer ${secret}`,
    });
    const { repo_event_id: sync } = announced.body;
    const { stream, request, allGone } = openApp(chartroom);
    const open = await stream(id, {}, `?sync=${sync}`);
    const told = async () => {
      const { data } = await open.next();
      return [data.state, data.repo_event_id, data.next_sync !== null];
    };
    assert.deepEqual(await told(), ["queued", sync, true]);
    await call("PATCH", `/v1/repos/${id}`, { suspended: true });
    assert.deepEqual(await told(), ["queued", sync, false]);
    await call("PATCH", `/v1/repos/${id}`, { suspended: false });
    const results = (await open.rest()).filter(({ event }) => event === "result");
    assert.deepEqual(results.map(({ data }) => data.repo_event_id), [sync]);
    await allGone();
    for (const unknown of [crypto.randomUUID(), "", "x".repeat(1_000)]) {
      const response = await request(`/v1/repos/${id}/events/stream?sync=${unknown}`);
      assert.equal(response.status, 404, unknown);
      assert.equal((await response.json()).field, "repo_event_id");
    }
    await services.close();
  },
);

test("one event is how its sync stands, and then how it ended", async (chartroom, upstream) => {
  const { register, call, services, clock } = chartroom;
  const id = await register(upstream.url);
  const one = async (event: string) => (await call("GET", `/v1/repos/${id}/events/${event}`)).body;
  const held = holdHalf(upstream);
  clock.now += 1_000;
  const first = await ask(chartroom, id);
  await held.asked;
  const second = await ask(chartroom, id);
  const running = await eventually(() => one(first), ({ sync }) => sync.bytes > 0);
  assert.deepEqual(
    [running.status, running.repo_event_id, running.sync.state, running.sync.bytes],
    ["syncing", first, "running", held.half],
  );
  const waiting = await one(second);
  assert.deepEqual(
    [waiting.status, waiting.repo_event_id, waiting.sync.state, waiting.sync.bytes],
    ["syncing", second, "queued", undefined],
  );
  held.release();
  await services.syncer.idle();
  const events = await eventsOf(chartroom, id);
  assert.deepEqual([await one(second), await one(first)], events.slice(0, 2));
  assert.equal(events[0].repo_event_id, second);
  assert.equal((await call("GET", `/v1/repos/${id}/events/nothing`)).status, 404);
});

test(
  "a standing that was read before a result is not told after it",
  async (chartroom, upstream) => {
    const { register, services, clock } = chartroom;
    const id = await register(upstream.url);
    const [first] = await eventsOf(chartroom, id);
    const held = holdHalf(upstream);
    clock.now += 1_000;
    await ask(chartroom, id);
    await held.asked;
    const { stream, before } = openApp(chartroom);
    // Between the two reads of the stream, the sync ends.
    before.list = async () => {
      held.release();
      await services.syncer.idle();
    };
    const open = await stream(id, from(first));
    const told = await later(open, 2);
    assert.deepEqual(told.map(({ event, data }) => [event, data.state]), [
      ["result", undefined],
      ["progress", "idle"],
    ]);
    await open.leave();
  },
);

test("200 streams at once; who goes, by whatever way, makes room", async (chartroom, upstream) => {
  const { register } = chartroom;
  const id = await register(upstream.url);
  const { request, stream, allGone } = openApp(chartroom);
  const path = `/v1/repos/${id}/events/stream`;
  const open: Stream[] = [];
  for (let i = 0; i < MAX_STREAMS; i++) open.push(await stream(id));
  await Promise.all(open.map((stream) => stream.next()));
  const isFull = async () => {
    // On every base there is one limit.
    const response = await request(path.replace("/v1", "/kapis/openpitrix.io/v1"));
    if (response.status === 200) await response.body!.cancel();
    else {
      assert.equal(response.status, 503);
      assert.match(response.headers.get("retry-after")!, /^[1-9]\d*$/);
      assert.equal((await response.json()).code, "unavailable");
    }
    return response.status === 503;
  };
  assert.equal(await isFull(), true);

  const ways: Record<string, () => Promise<void>> = {
    async "it goes while nothing happens"() {
      const stream = follow(await request(path));
      await stream.next();
      const pending = stream.next().catch(() => {});
      await stream.leave();
      await pending;
    },
    async "it goes before the first byte, and the body is thrown away"() {
      await (await request(path)).body!.cancel();
    },
    async "its request is cut off before the first byte, and the body forgotten"() {
      const cut = new AbortController();
      await request(path, {}, { signal: cut.signal });
      cut.abort();
    },
    async "its request was cut off before the answer"() {
      await request(path, {}, { signal: AbortSignal.abort() });
    },
    async "its request is cut off in the middle"() {
      const cut = new AbortController();
      const stream = follow(await request(path, {}, { signal: cut.signal }));
      await stream.next();
      cut.abort();
      assert.deepEqual(await stream.rest(), []);
    },
    async "writing to it fails"() {
      const broken = new WritableStream({
        write() {
          throw new Error("broken pipe");
        },
      });
      const response = await request(path);
      await assert.rejects(response.body!.pipeTo(broken), /broken pipe/);
    },
    async "it asks for the headers alone"() {
      const response = await request(path, {}, { method: "HEAD" });
      assert.equal(response.headers.get("content-type"), "text/event-stream");
      assert.equal(await response.text(), "");
    },
  };
  await open.pop()!.leave();
  for (const [name, way] of Object.entries(ways)) {
    // With one place, a place that is not given back would be missed by the next.
    await way();
    const last = await stream(id);
    assert.equal(last.status, 200, name);
    assert.equal(await isFull(), true, name);
    await last.leave();
  }
  await Promise.all(open.map((stream) => stream.leave()));
  await allGone();
});

test("a stream ends when its repository is deleted", async (chartroom, upstream) => {
  const { register, call } = chartroom;
  const id = await register(upstream.url);
  const { stream, allGone } = openApp(chartroom);
  const open = await stream(id);
  await open.next();
  assert.equal((await call("DELETE", `/v1/repos/${id}`)).status, 200);
  assert.deepEqual(await open.rest(), []);
  await allGone();
  assert.equal((await stream(id)).status, 404);
});

test(
  "a stream ends when the service stops, though the database does not answer",
  async (chartroom, upstream) => {
    const { register, services } = chartroom;
    const id = await register(upstream.url);
    const { stream, before, allGone } = openApp(chartroom);
    const quiet = await stream(id), stuck = await stream(id), unread = await stream(id);
    await Promise.all([quiet.next(), stuck.next()]);
    const asked = Promise.withResolvers<void>(), hang = Promise.withResolvers<void>();
    before.getMany = () => {
      asked.resolve();
      return hang.promise;
    };
    const rest = stuck.rest();
    await asked.promise;
    await services.close();
    assert.deepEqual(await rest, []);
    assert.deepEqual(await quiet.rest(), []);
    assert.deepEqual(await unread.rest(), []);
    hang.resolve();
    await allGone();
  },
);

test(
  "a database that does not answer for a while delays what is told, and loses nothing",
  async (chartroom, upstream) => {
    const { register, sync } = chartroom;
    const id = await register(upstream.url);
    const { stream, before } = openApp(chartroom);
    const open = await stream(id);
    assert.equal((await open.next()).data.state, "idle");
    for (const read of ["getMany", "list"] as const) {
      const failed = Promise.withResolvers<void>();
      before[read] = () => {
        failed.resolve();
        return Promise.reject(new StoreUnavailable("the database does not answer"));
      };
      const told = open.until(({ event }) => event === "result");
      const event = await sync(id);
      await failed.promise;
      delete before[read];
      assert.equal((await told).data.repo_event_id, event.repo_event_id);
      assert.equal((await open.next()).data.state, "idle");
    }
    // One that stands as before is not told again.
    const failed = Promise.withResolvers<void>(), answered = Promise.withResolvers<void>();
    before.getMany = () => {
      failed.resolve();
      return Promise.reject(new StoreUnavailable("the database does not answer"));
    };
    const next = open.until(({ event, data }) => event === "result" || data.state === "idle");
    await failed.promise;
    // With the second read, the first one has been told of.
    let reads = 0;
    before.getMany = () => {
      if (++reads === 2) answered.resolve();
      return Promise.resolve();
    };
    await answered.promise;
    assert.deepEqual((await Promise.all([next, sync(id)]))[0].event, "result");
    await open.leave();
  },
);

test(
  "a stream with nothing to tell says every 15 s that it is there",
  async (chartroom, upstream) => {
    const { register, clock } = chartroom;
    const id = await register(upstream.url, { suspended: true });
    const { stream, before } = openApp(chartroom);
    const open = await stream(id);
    await open.next();
    const hang = Promise.withResolvers<void>();
    before.getMany = () => hang.promise;
    for (let i = 0; i < 2; i++) {
      const comment = open.comment();
      clock.now += 15_000;
      assert.equal(await comment, ": still here");
    }
    // It is late by now, and still only what is asked for is said.
    assert.equal(open.comments, 2);
    hang.resolve();
    await open.leave();
  },
);

test(
  "for a client that does not read, nothing is asked for or kept",
  async (chartroom, upstream) => {
    const { register, sync } = chartroom;
    const id = await register(upstream.url);
    const { stream, seen, allGone } = openApp(chartroom);
    const open = await stream(id);
    assert.equal((await open.next()).data.state, "idle");
    const { reads } = seen;
    const ids: string[] = [];
    for (let i = 0; i < 5; i++) ids.push((await sync(id)).repo_event_id);
    assert.equal(seen.reads, reads);
    // Five syncs began and ended; when it reads again, it is told of each, and how things are now.
    const told = await later(open, 6);
    assert.deepEqual(idsOf(told), [...ids, undefined]);
    assert.deepEqual(told.map(({ event }) => event), [...ids.map(() => "result"), "progress"]);
    // One that goes then, with the watch in the middle of what it tells, leaves nothing behind.
    await open.leave();
    const other = await stream(id, { "last-event-id": "0" });
    await other.next();
    await other.leave();
    await allGone();
  },
);

Deno.test("a stream is for who may see the repository", () =>
  withChartroom(async ({ call, services }, upstream) => {
    upstream.serve("/index.yaml", indexOf({ one: ["1.0.0"] }));
    const admin = { authorization: `Bearer ${TOKEN}` };
    const repo = { name: "r", url: upstream.url };
    const { body } = await call("POST", "/v1/workspaces/ws1/repos", repo, admin);
    const { body: global } = await call("POST", "/v1/repos", repo, admin);
    await services.syncer.idle();
    const { items } = (await call(
      "GET",
      `/v1/workspaces/ws1/repos/${body.repo_id}/events`,
      undefined,
      admin,
    )).body;
    const { request } = openApp({ services });
    const status = async (base: string, headers: HeadersInit, event: string) => {
      const path = `${base}/repos/${body.repo_id}/events/${event}`;
      const response = await request(path, headers);
      await response.body?.cancel();
      return response.status;
    };
    for (
      const event of ["stream", `stream?sync=${items[0].repo_event_id}`, items[0].repo_event_id]
    ) {
      assert.equal(await status("/v1", admin, event), 200);
      assert.equal(await status("/v1/workspaces/ws1", admin, event), 200);
      assert.equal(await status("/v1/workspaces/ws2", admin, event), 404);
      assert.equal(await status("/v1", {}, event), 404);
      assert.equal(await status("/v1", { authorization: "Bearer wrong" }, event), 401);
    }
    const open = await request(`/v1/workspaces/ws2/repos/${global.repo_id}/events/stream`, admin);
    const anonymous = await request(`/v1/repos/${global.repo_id}/events/stream`);
    for (const { status, body } of [open, anonymous]) {
      assert.equal(status, 200);
      await body!.cancel();
    }
    const nowhere = await request("/v1/repos/repo-nothing/events/stream", admin);
    assert.equal(nowhere.status, 404);
  }, {
    environment: { CHARTROOM_ADMIN_TOKEN: TOKEN, CHARTROOM_ANONYMOUS_READ: "true" },
  }));

Deno.test("a stream ends when its token is revoked, or its time is over", () =>
  withChartroom(async (chartroom, upstream) => {
    const { call, services, clock } = chartroom;
    upstream.serve("/index.yaml", indexOf({ one: ["1.0.0"] }));
    const admin = { authorization: `Bearer ${TOKEN}` };
    const repo = { name: "r", url: upstream.url };
    const { body } = await call("POST", "/v1/workspaces/ws1/repos", repo, admin);
    await services.syncer.idle();
    const { stream } = openApp(chartroom);
    const open = async (expire_time: string | null) => {
      const input = { name: "x", workspace: "ws1", role: "viewer", expire_time };
      const made = await call("POST", "/v1/tokens", input, admin);
      const opened = await stream(body.repo_id, { authorization: `Bearer ${made.body.token}` });
      assert.equal(opened.status, 200);
      return { opened, id: made.body.token_id };
    };
    const revoked = await open(null);
    const short = await open(new Date(clock.now + 60_000).toISOString());
    const still = await open(null);
    const ends = Promise.all([revoked.opened.rest(), short.opened.rest()]);
    await call("DELETE", `/v1/tokens/${revoked.id}`, undefined, admin);
    clock.now += 60_000;
    await ends;
    await call("POST", `/v1/repos/${body.repo_id}/action`, { action: "index" }, admin);
    assert.ok(await still.opened.next());
    await still.opened.leave();
    await services.syncer.idle();
  }, { environment: { CHARTROOM_ADMIN_TOKEN: TOKEN } }));
