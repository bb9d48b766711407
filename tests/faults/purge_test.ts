/** What an edge cache is told, and when; and what becomes of it if the cache does not answer. */

import assert from "node:assert/strict";
import { setImmediate } from "node:timers";
import {
  CLOSE_MS,
  createPurger,
  GIVE_UP_MS,
  MAX_TAGS,
  MAX_WAITING,
  type Purger,
  SETTLE_MS,
  TIMEOUT_MS,
} from "../../src/sources/purge.ts";
import { startUpstream } from "../support/upstream.ts";

interface Edge {
  purger: Purger;
  /** What the edge was told, and when, in milliseconds since the test began. */
  calls: { at: number; tags: string[] }[];
  logged: { event: string; fields?: unknown }[];
  /** What it answers from now on; at first 204. */
  answer: (request: Request) => Response | Promise<Response>;
  /** Lets time pass, and what is then due happen at its time; waits for none of it. */
  tick(ms: number): void;
  /** Lets time pass, and waits for what happens in it. */
  pass(ms: number): Promise<void>;
  /** How many timers there are. */
  timers(): number;
}

async function withEdge(test: (edge: Edge) => Promise<void>, target?: (url: string) => string) {
  const upstream = startUpstream();
  const timers = new Set<{ at: number; run: () => void }>();
  let now = 0;
  const runNext = (until: number) => {
    const [next] = [...timers].sort((a, b) => a.at - b.at);
    if (next === undefined || next.at > until) return false;
    timers.delete(next);
    now = Math.max(now, next.at);
    next.run();
    return true;
  };
  const purger = createPurger((target ?? ((url) => url))(`${upstream.url}/purge?key=hunter2`), {
    log: (event, fields) => edge.logged.push({ event, ...fields && { fields } }),
    clock: () => now,
    schedule(run, ms) {
      const timer = { at: now + ms, run };
      timers.add(timer);
      return () => timers.delete(timer);
    },
  });
  const edge: Edge = {
    purger,
    calls: [],
    logged: [],
    answer: () => new Response(null, { status: 204 }),
    tick(ms) {
      const until = now + ms;
      while (runNext(until));
      now = until;
    },
    async pass(ms) {
      const until = now + ms;
      do await purger.idle(); while (runNext(until));
      now = until;
    },
    timers: () => timers.size,
  };
  upstream.serve("/purge", async (request) => {
    const { tags, ...rest } = await request.json();
    assert.deepEqual(rest, {});
    edge.calls.push({ at: now, tags });
    return await edge.answer(request);
  });
  try {
    await test(edge);
    for (const { method, headers } of upstream.requests) {
      assert.equal(method, "POST");
      assert.equal(headers.get("content-type"), "application/json");
    }
    assert.ok(upstream.requests.every(({ path }) => path === "/purge?key=hunter2"));
    assert.doesNotMatch(JSON.stringify(edge.logged), /hunter2/);
  } finally {
    await purger.close();
    await upstream.close();
  }
  assert.equal(timers.size, 0);
}

/** Holds the edge's answers back until the test, or its end, lets them go. */
function hold(edge: Edge) {
  const asked = Promise.withResolvers<void>(), go = Promise.withResolvers<void>();
  edge.answer = async ({ signal }) => {
    signal.addEventListener("abort", () => go.resolve());
    asked.resolve();
    await go.promise;
    return new Response("purged");
  };
  return { asked: asked.promise, go: go.resolve };
}

const BYTES = new Uint8Array(65_536);
const fails = () => new Response("no", { status: 500 });
const tagsOf = (count: number, prefix = "repo") =>
  Array.from({ length: count }, (_, index) => `${prefix}-${index}`);
const times = (edge: Edge) => edge.calls.map(({ at }) => at);

Deno.test("a purge is told at once, and again when every process knows of the change", () =>
  withEdge(async (edge) => {
    edge.purger.purge(["repo-1", "workspace-a"]);
    await edge.pass(GIVE_UP_MS);
    const tags = ["repo-1", "workspace-a"];
    assert.deepEqual(edge.calls, [{ at: 0, tags }, { at: 3_000, tags }]);
    assert.deepEqual(edge.logged, []);
  }));

Deno.test("tags of one turn of the event loop go in one call, each once", () =>
  withEdge(async (edge) => {
    edge.purger.purge([]);
    await edge.pass(0);
    assert.deepEqual(edge.calls, []);
    edge.purger.purge(["a", "b"]);
    await Promise.resolve();
    edge.purger.purge(["b", "c"]);
    await edge.pass(0);
    assert.deepEqual(edge.calls, [{ at: 0, tags: ["a", "b", "c"] }]);
  }));

Deno.test("tags that come during a call go in one next call, also those of that call", () =>
  withEdge(async (edge) => {
    const { asked, go } = hold(edge);
    edge.purger.purge(["a", "z"]);
    await asked;
    edge.tick(1_000);
    edge.purger.purge(["b"]);
    edge.purger.purge(["a", "b"]);
    go();
    await edge.pass(2 * SETTLE_MS);
    assert.deepEqual(edge.calls, [
      { at: 0, tags: ["a", "z"] },
      { at: 1_000, tags: ["a", "b"] },
      { at: SETTLE_MS, tags: ["z"] },
      { at: 1_000 + SETTLE_MS, tags: ["a", "b"] },
    ]);
  }));

Deno.test("a tag that is asked for again is told at once, and its second purge begins anew", () =>
  withEdge(async (edge) => {
    edge.purger.purge(["a"]);
    await edge.pass(2_000);
    edge.purger.purge(["a"]);
    await edge.pass(GIVE_UP_MS);
    assert.deepEqual(times(edge), [0, 2_000, 2_000 + SETTLE_MS]);
  }));

Deno.test("a tag that is asked for again during its second purge has two more", () =>
  withEdge(async (edge) => {
    edge.purger.purge(["a"]);
    await edge.pass(0);
    const { asked, go } = hold(edge);
    edge.tick(SETTLE_MS);
    await asked;
    edge.purger.purge(["a"]);
    go();
    await edge.pass(GIVE_UP_MS);
    assert.deepEqual(times(edge), [0, SETTLE_MS, SETTLE_MS, 2 * SETTLE_MS]);
  }));

Deno.test("one call has as many tags as an edge takes, and the next call the others", () =>
  withEdge(async (edge) => {
    const tags = tagsOf(2 * MAX_TAGS + 1);
    edge.purger.purge(tags);
    await edge.pass(0);
    assert.deepEqual(edge.calls.map(({ tags }) => tags.length), [500, 500, 1]);
    assert.deepEqual(edge.calls.flatMap(({ tags }) => tags), tags);
    await edge.pass(SETTLE_MS);
    assert.deepEqual(edge.calls.slice(3).flatMap(({ tags }) => tags), tags);
    assert.deepEqual(times(edge), [0, 0, 0, SETTLE_MS, SETTLE_MS, SETTLE_MS]);
  }));

Deno.test("more tags than may wait become everything", () =>
  withEdge(async (edge) => {
    edge.purger.purge(tagsOf(MAX_WAITING));
    edge.purger.purge(["repo-0"]);
    await edge.pass(0);
    assert.equal(edge.calls.flatMap(({ tags }) => tags).length, MAX_WAITING);
    edge.calls.length = 0;
    edge.purger.purge(["one more"]);
    edge.purger.purge(["and another"]);
    await edge.pass(2 * SETTLE_MS);
    assert.deepEqual(edge.calls, [
      { at: 0, tags: ["*"] },
      { at: 0, tags: ["and another"] },
      { at: SETTLE_MS, tags: ["*"] },
      { at: SETTLE_MS, tags: ["and another"] },
    ]);
  }));

Deno.test("a failed purge is tried less and less, and is told once more when it works again", () =>
  withEdge(async (edge) => {
    edge.answer = fails;
    edge.purger.purge(["a"]);
    await edge.pass(600);
    // The edge does not answer better to another tag.
    edge.purger.purge(["b"]);
    await edge.pass(1_900);
    assert.deepEqual(edge.calls, [
      { at: 0, tags: ["a"] },
      { at: 500, tags: ["a"] },
      { at: 1_500, tags: ["a", "b"] },
    ]);
    edge.answer = () => new Response("purged");
    await edge.pass(GIVE_UP_MS);
    // What is told after that time needs no second purge.
    assert.deepEqual(edge.calls.slice(3), [
      { at: 3_500, tags: ["a", "b"] },
      { at: 600 + SETTLE_MS, tags: ["b"] },
    ]);
    const error = "status 500";
    assert.deepEqual(edge.logged, [
      { event: "purge failed", fields: { count: 1, error } },
      { event: "purge works again" },
    ]);
    edge.answer = fails;
    edge.purger.purge(["c"]);
    await edge.pass(600);
    assert.deepEqual(times(edge).slice(5), [602_500, 603_000]);
    assert.deepEqual(edge.logged[2], { event: "purge failed", fields: { count: 1, error } });
  }));

Deno.test("a second purge that fails is tried again", () =>
  withEdge(async (edge) => {
    edge.purger.purge(["a"]);
    await edge.pass(0);
    edge.answer = fails;
    await edge.pass(SETTLE_MS);
    edge.answer = () => new Response("purged");
    await edge.pass(GIVE_UP_MS);
    assert.deepEqual(times(edge), [0, SETTLE_MS, SETTLE_MS + 500]);
  }));

Deno.test("a purge is given up after ten minutes, and one that came later is not yet", () =>
  withEdge(async (edge) => {
    edge.answer = fails;
    edge.purger.purge(tagsOf(MAX_TAGS + 1));
    await edge.pass(300_000);
    edge.purger.purge(["later"]);
    await edge.pass(300_000);
    const backoff = [0, 500, 1_500, 3_500, 7_500, 15_500, 31_500];
    for (let at = 61_500; at < GIVE_UP_MS; at += 30_000) backoff.push(at);
    assert.deepEqual(times(edge), backoff);
    const error = "status 500";
    assert.deepEqual(edge.logged, [
      { event: "purge failed", fields: { count: MAX_TAGS, error } },
      { event: "purge given up", fields: { count: MAX_TAGS + 1, error } },
    ]);
    await edge.pass(GIVE_UP_MS);
    assert.deepEqual(edge.calls.at(-1), { at: 871_500, tags: ["later"] });
    const [, , givenUp, ...more] = edge.logged;
    assert.deepEqual(givenUp, { event: "purge given up", fields: { count: 1, error } });
    assert.deepEqual(more, []);
    assert.equal(edge.timers(), 0);
    edge.answer = () => new Response("purged");
    edge.purger.purge(["last"]);
    await edge.pass(0);
    assert.deepEqual(edge.calls.at(-1), { at: 2 * GIVE_UP_MS, tags: ["last"] });
    assert.deepEqual(edge.logged.at(-1), { event: "purge works again" });
  }));

Deno.test("after a purge was given up, the next one waits for its turn to try", () =>
  withEdge(async (edge) => {
    edge.answer = fails;
    edge.purger.purge(["a"]);
    await edge.pass(571_500);
    assert.equal(edge.timers(), 0);
    edge.purger.purge(["b"]);
    await edge.pass(29_999);
    assert.deepEqual(edge.calls.at(-1), { at: 571_500, tags: ["a"] });
    await edge.pass(1);
    assert.deepEqual(edge.calls.at(-1), { at: 601_500, tags: ["b"] });
  }));

Deno.test("a redirect is a failure, and is not followed", () =>
  withEdge(async (edge) => {
    edge.answer = () => new Response(null, { status: 307, headers: { location: "/elsewhere" } });
    edge.purger.purge(["a"]);
    await edge.pass(0);
    const fields = { count: 1, error: "status 307" };
    assert.deepEqual(edge.logged, [{ event: "purge failed", fields }]);
  }));

Deno.test("an edge that cannot be reached is a failure, told without the URL", () =>
  withEdge(async (edge) => {
    edge.purger.purge(["a"]);
    await edge.pass(0);
    const [{ event, fields }] = edge.logged as [{ event: string; fields: { error: string } }];
    assert.equal(event, "purge failed");
    assert.match(fields.error, /refused/);
    assert.doesNotMatch(fields.error, /hunter2|127\.0\.0\.1/);
  }, () => {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    listener.close();
    return `http://127.0.0.1:${listener.addr.port}/purge?key=hunter2`;
  }));

Deno.test("an edge that does not answer is left after 5 s, and asked again", () =>
  withEdge(async (edge) => {
    const { asked } = hold(edge);
    edge.purger.purge(["a"]);
    await asked;
    edge.tick(TIMEOUT_MS - 1);
    assert.deepEqual(edge.logged, []);
    edge.tick(1);
    await edge.purger.idle();
    const fields = { count: 1, error: "no answer in 5 s" };
    assert.deepEqual(edge.logged, [{ event: "purge failed", fields }]);
    edge.answer = () => new Response("purged");
    await edge.pass(GIVE_UP_MS);
    assert.deepEqual(times(edge), [0, TIMEOUT_MS + 500]);
  }));

Deno.test("a body that never ends is not waited for, but left", () =>
  withEdge(async (edge) => {
    const left = Promise.withResolvers<void>();
    const pull = (controller: ReadableStreamDefaultController) => controller.enqueue(BYTES);
    edge.answer = () => new Response(new ReadableStream({ pull, cancel: () => left.resolve() }));
    edge.purger.purge(["a"]);
    await edge.pass(0);
    await left.promise;
    assert.deepEqual(edge.logged, []);
  }));

Deno.test("close tells what waits once, first and second purges, and then nothing", () =>
  withEdge(async (edge) => {
    edge.purger.purge(tagsOf(MAX_TAGS));
    await edge.pass(1_000);
    const { asked, go } = hold(edge);
    edge.purger.purge(["under way"]);
    await asked;
    edge.purger.purge(["new"]);
    const closing = edge.purger.close();
    edge.purger.purge(["too late"]);
    go();
    await closing;
    const last = edge.calls.slice(2).flatMap(({ tags }) => tags);
    assert.deepEqual(last.sort(), [...tagsOf(MAX_TAGS), "new", "under way"].sort());
    assert.ok(edge.calls.every(({ tags }) => tags.length <= MAX_TAGS));
    assert.equal(edge.timers(), 0);
  }));

Deno.test("close tries once more what has failed, and says what was lost", () =>
  withEdge(async (edge) => {
    edge.answer = fails;
    edge.purger.purge(["a", "b"]);
    await edge.pass(0);
    await edge.purger.close();
    assert.deepEqual(times(edge), [0, 0]);
    const fields = { count: 2, error: "status 500" };
    assert.deepEqual(edge.logged.at(-1), { event: "purge given up", fields });
  }));

Deno.test("close leaves an edge that does not answer after a second", () =>
  withEdge(async (edge) => {
    edge.purger.purge(["a"]);
    await edge.pass(SETTLE_MS - CLOSE_MS / 2);
    const { asked } = hold(edge);
    const closing = edge.purger.close();
    await asked;
    edge.tick(CLOSE_MS / 2);
    await new Promise((resolve) => setImmediate(resolve));
    // Those of the call and of the end: what was to happen at this time does not.
    assert.equal(edge.timers(), 2);
    edge.tick(CLOSE_MS / 2);
    await closing;
    const fields = { count: 1, error: "Chartroom is stopping" };
    assert.deepEqual(edge.logged.at(-1), { event: "purge given up", fields });
  }));

Deno.test("without timers of a test there are real ones", async () => {
  const upstream = startUpstream();
  upstream.serve("/purge", "purged");
  const log = (event: string) => assert.fail(event);
  const purger = createPurger(`${upstream.url}/purge`, { log, clock: Date.now });
  purger.purge(["a"]);
  await purger.idle();
  await purger.close();
  assert.equal(upstream.requests.length, 2);
  await upstream.close();
});

Deno.test("without a URL nothing is done", async () => {
  const unused = () => assert.fail("it was used");
  const purger = createPurger(undefined, { log: unused, clock: unused, schedule: unused });
  purger.purge(tagsOf(MAX_WAITING + 1));
  await purger.idle();
  await purger.close();
});
