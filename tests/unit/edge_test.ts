import assert from "node:assert/strict";
import { createEdge, type Edge, type Origin } from "../support/edge.ts";

const INDEX = "http://charts.test/index.yaml";
const START = Date.parse("2026-01-01T00:00:00Z");
const NOW = new Date(START).toUTCString();
const BEFORE = new Date(START - 1_000).toUTCString();
const TARGETED = "deno-cdn-cache-control";
const FRESH = { "cache-control": "max-age=10" };
const SWR = { "cache-control": "max-age=10, stale-while-revalidate=20" };
const SIE = { "cache-control": "max-age=10, stale-if-error=20" };

type Given = Record<string, string>;

interface Scene {
  edge: Edge;
  /** What came to the origin. */
  seen: Request[];
  clock: { now: number };
  /** Lets seconds pass. */
  pass(seconds: number): void;
  get(headers?: Given, method?: string, url?: string): Promise<Answer>;
  /** Gets it, and tells the answer in short: `hit 200 text`. */
  tell(headers?: Given, method?: string): Promise<string>;
}

interface Answer {
  status: number;
  /** The Cache-Status, without `deno; ` before it. */
  how: string;
  headers: Headers;
  text: string;
}

/** A cache before one origin. */
function scene(origin: (request: Request, calls: number) => Response | Promise<Response>): Scene {
  const clock = { now: START }, seen: Request[] = [];
  const edge = createEdge([(request) => origin(request, seen.push(request))], () => clock.now);
  const get: Scene["get"] = async (headers = {}, method = "GET", url = INDEX) => {
    const response = await edge.fetch(new Request(url, { method, headers }));
    const how = response.headers.get("cache-status")!.replace("deno; ", "");
    return { status: response.status, how, headers: response.headers, text: await response.text() };
  };
  return {
    edge,
    seen,
    clock,
    pass: (seconds) => clock.now += seconds * 1_000,
    get,
    async tell(headers, method) {
      const { how, status, text } = await get(headers, method);
      return `${how} ${status} ${text}`.trimEnd();
    },
  };
}

/** A cache before an origin that counts its answers in the body, and gives each these headers. */
const counting = (headers: Given, status = 200) =>
  scene((_, calls) => new Response(status === 204 ? null : `${calls}`, { status, headers }));

/** A cache before an origin that gives these answers, one call after the other. */
const inTurn = (...answers: Response[]) => scene((_, calls) => answers[calls - 1]!);

const reply = (body: string, headers: Given) => new Response(body, { headers });
const failure = (status: number, headers: Given = {}) => new Response("error", { status, headers });
const unchanged = (headers: Given) => new Response(null, { status: 304, headers });

/** A cache before an origin that answers when the test says so. */
function held() {
  const calls: PromiseWithResolvers<Response>[] = [];
  const origin: Origin = () => {
    const call = Promise.withResolvers<Response>();
    calls.push(call);
    return call.promise;
  };
  return { ...scene(origin), calls };
}

/** Whether the second of two equal requests is answered from the cache. */
async function isStored({ get }: Scene, asked: Given = {}): Promise<boolean> {
  const first = await get(asked), second = await get(asked);
  assert.equal(first.how, second.how === "hit" ? "fwd=uri-miss" : "fwd=bypass");
  return second.how === "hit";
}

/** Tests a rule by cases, each named by what is in it. */
function test<Case extends unknown[]>(
  name: string,
  cases: Case[],
  check: (...one: Case) => Promise<void>,
) {
  Deno.test(name, async (t) => {
    for (const one of cases) await t.step(JSON.stringify(one), () => check(...one));
  });
}

const STORABLE = [200, 203, 204, 206, 300, 301, 308, 404, 405, 410, 414, 501];
const OTHERS = [201, 302, 303, 307, 400, 401, 403, 429, 500, 502, 503, 504];
test("edge stores the statuses that may be stored", [
  ...STORABLE.map((status): [number, boolean] => [status, true]),
  ...OTHERS.map((status): [number, boolean] => [status, false]),
], async (status, expected) => {
  const stage = counting(FRESH, status);
  assert.equal(await isStored(stage), expected);
  assert.equal((await stage.get()).status, status);
});

test<[headers: Given, isStored: boolean]>("edge stores only what says how long it is fresh", [
  [{}, false],
  [{ expires: new Date(START + 60_000).toUTCString() }, false],
  [{ "cache-control": "public" }, false],
  [{ "cache-control": "max-age=0" }, false],
  [{ "cache-control": "max-age=x" }, false],
  [{ "cache-control": "max-age=-1" }, false],
  [{ "cache-control": "max-age=60" }, true],
  [{ "cache-control": 'Max-Age="60"' }, true],
  [{ "cache-control": "public,s-maxage=60" }, true],
  [{ "cache-control": "s-maxage=0, max-age=60" }, false],
  [{ "cache-control": "s-maxage=60, max-age=0" }, true],
  [{ "cache-control": "max-age=0, stale-while-revalidate=60" }, true],
  [{ "cache-control": "stale-while-revalidate=60" }, false],
  [{ "cache-control": "max-age=0, must-revalidate, stale-while-revalidate=60" }, false],
  [{ "cache-control": "max-age=0, stale-if-error=60" }, false],
  [{ "cache-control": "public, max-age=60, private" }, false],
  [{ "cache-control": "max-age=60, no-store" }, false],
  [{ "cache-control": "max-age=60, no-cache" }, false],
], async (headers, expected) => assert.equal(await isStored(counting(headers)), expected));

test<[deno: string, cdn: string, plain: string, isStored: boolean]>(
  "edge takes the most targeted Cache-Control as a whole",
  [
    ["max-age=60", "no-store", "no-store", true],
    ["no-store", "max-age=60", "max-age=60", false],
    ["public", "max-age=60", "max-age=60", false],
    ["", "max-age=60", "private", true],
    ["", "no-store", "max-age=60", false],
    ["", "", "max-age=60", true],
  ],
  async (deno, cdn, plain, expected) => {
    const headers = { [TARGETED]: deno, "cdn-cache-control": cdn, "cache-control": plain };
    assert.equal(await isStored(counting(headers)), expected);
  },
);

test<[Given]>("edge stores nothing with Set-Cookie or Vary: *", [
  [{ "set-cookie": "a=b" }],
  [{ vary: "*" }],
  [{ vary: "accept, *" }],
], async (headers) => assert.equal(await isStored(counting({ ...FRESH, ...headers })), false));

test<[headers: Given, isStored: boolean]>("edge stores for a credential only what says so", [
  [{ "cache-control": "max-age=60" }, false],
  [{ "cache-control": "public, max-age=60" }, true],
  [{ "cache-control": "s-maxage=60" }, true],
  [{ "cache-control": "max-age=60, must-revalidate" }, true],
  [{ "cache-control": "public", [TARGETED]: "max-age=60" }, false],
], async (headers, expected) => {
  assert.equal(await isStored(counting(headers), { authorization: "Bearer x" }), expected);
});

Deno.test("edge gives what is stored to who has a credential, too", async () => {
  const { get, tell } = counting(FRESH);
  await get();
  assert.equal(await tell({ authorization: "Bearer x" }), "hit 200 1");
});

Deno.test("edge serves until the freshness ends, with the age in whole seconds", async () => {
  const { get, pass } = counting({ "cache-control": "max-age=5, s-maxage=10" });
  const look = async () => {
    const { how, text, headers } = await get();
    return [how, text, headers.get("age")];
  };
  assert.deepEqual(await look(), ["fwd=uri-miss", "1", null]);
  pass(9.999);
  assert.deepEqual(await look(), ["hit", "1", "9"]);
  pass(0.001);
  assert.deepEqual(await look(), ["fwd=stale", "2", null]);
  assert.deepEqual(await look(), ["hit", "2", "0"]);
});

Deno.test("edge counts the origin's Age and the time that it took to answer", async () => {
  const { get, pass } = scene(() => {
    pass(2);
    return reply("", { ...FRESH, age: "3" });
  });
  await get();
  assert.equal((await get()).headers.get("age"), "5");
  pass(5);
  assert.equal((await get()).how, "fwd=stale");
});

Deno.test("edge forwards every other method, and stores nothing of it", async () => {
  const { edge, get, tell, seen } = counting(FRESH);
  await get();
  const headers = { "x-name": "one" };
  const post = await edge.fetch(new Request(INDEX, { method: "POST", body: "body", headers }));
  assert.deepEqual([await post.text(), post.headers.get("cache-status")], [
    "2",
    "deno; fwd=bypass",
  ]);
  const { method, url } = seen[1]!;
  assert.deepEqual([method, url, seen[1]!.headers.get("x-name")], ["POST", INDEX, "one"]);
  assert.equal(await seen[1]!.text(), "body");
  assert.equal(await tell({}, "DELETE"), "fwd=bypass 200 3");
  assert.equal(await tell(), "hit 200 1");
});

Deno.test("edge answers HEAD from a stored GET, and stores none", async () => {
  const { edge, get, tell, seen } = counting({ ...FRESH, etag: '"a"', "content-length": "1" });
  assert.equal((await get({}, "HEAD")).how, "fwd=uri-miss");
  assert.equal(seen[0]!.method, "HEAD");
  assert.deepEqual(edge.entries(), []);
  assert.equal(await tell(), "fwd=uri-miss 200 2");
  assert.equal(await tell({}, "HEAD"), "hit 200");
  assert.equal((await get({}, "HEAD")).headers.get("content-length"), "1");
  assert.equal(await tell({ "if-none-match": '"a"' }, "HEAD"), "hit 304");
});

Deno.test("edge keeps one variant for each of the values that a response varies on", async () => {
  const { edge, tell } = scene(({ headers }) =>
    reply(`${headers.get("accept-encoding")} ${headers.get("accept")}`, {
      ...FRESH,
      vary: "Accept-Encoding, accept",
    })
  );
  const gzip = { "accept-encoding": "gzip" }, both = { ...gzip, accept: "text/html" };
  const told = [];
  for (const asked of [gzip, {}, both, gzip, {}, both]) {
    told.push(await tell({ ...asked, "x-other": `${told.length}` }));
  }
  assert.deepEqual(told, [
    "fwd=uri-miss 200 gzip null",
    "fwd=vary-miss 200 null null",
    "fwd=vary-miss 200 gzip text/html",
    "hit 200 gzip null",
    "hit 200 null null",
    "hit 200 gzip text/html",
  ]);
  assert.deepEqual(edge.entries().map(({ vary }) => vary), [
    { accept: null, "accept-encoding": "gzip" },
    { accept: null, "accept-encoding": null },
    { accept: "text/html", "accept-encoding": "gzip" },
  ]);
});

Deno.test("edge serves the last of two variants that both match, and replaces equal ones", async () => {
  const { edge, get, tell, pass } = inTurn(
    reply("for all", FRESH),
    reply("for gzip", { ...FRESH, vary: "accept-encoding, accept" }),
    reply("for gzip again", { ...FRESH, vary: "accept, accept-encoding" }),
  );
  const gzip = { "accept-encoding": "gzip" };
  await get();
  for (const text of ["for gzip", "for gzip again"]) {
    pass(10);
    await get(gzip);
    assert.deepEqual([await tell(gzip), edge.entries().length], [`hit 200 ${text}`, 2]);
  }
});

Deno.test("edge serves a stored part only to who asks for the same part", async () => {
  const { tell } = scene(({ headers }) =>
    headers.has("range")
      ? new Response("part", { status: 206, headers: FRESH })
      : reply("whole", FRESH)
  );
  const range = { range: "bytes=0-3" };
  assert.deepEqual([await tell(range), await tell(range), await tell(), await tell()], [
    "fwd=uri-miss 206 part",
    "hit 206 part",
    "fwd=vary-miss 200 whole",
    "hit 200 whole",
  ]);
});

test<[headers: Given, purged: string[], isGone: boolean]>("edge purges by tag, in any case", [
  [{ "deno-cache-tag": "Repo-1, workspace-a" }, ["repo-1"], true],
  [{ "deno-cache-tag": "repo-1,workspace-a" }, ["x", "WORKSPACE-A"], true],
  [{ "deno-cache-tag": "repo-1" }, ["repo"], false],
  [{ "deno-cache-tag": "repo-1" }, [], false],
  [{ "cache-tag": "repo-1" }, ["repo-1"], true],
  [{ "cache-tag": "repo-1", "deno-cache-tag": "repo-2" }, ["repo-1"], false],
  [{ "deno-cache-tag": "repo-1" }, ["*"], true],
  [{}, ["*"], true],
  [{}, [""], false],
], async (headers, purged, isGone) => {
  const { edge, get, tell } = counting({ ...FRESH, ...headers });
  await get();
  edge.purge(purged);
  assert.equal(edge.entries().length, isGone ? 0 : 1);
  assert.equal(await tell(), isGone ? "fwd=uri-miss 200 2" : "hit 200 1");
});

Deno.test("edge purges every variant and URL with the tag, and no other", async () => {
  const { edge, get } = scene(({ url, headers }) => {
    const tags = `all,kind-${headers.get("accept")},${url.slice(-1)}`;
    return reply("", { ...FRESH, vary: "accept", "deno-cache-tag": tags });
  });
  const fill = async () => {
    for (const page of [1, 2]) {
      for (const accept of ["a", "b"]) await get({ accept }, "GET", `${INDEX}?${page}`);
    }
  };
  const left = () => edge.entries().map(({ url, vary }) => `${url.slice(-1)}${vary.accept}`);
  await fill();
  assert.deepEqual(left(), ["1a", "1b", "2a", "2b"]);
  edge.purge(["kind-b"]);
  assert.deepEqual(left(), ["1a", "2a"]);
  await fill();
  edge.purge(["1"]);
  assert.deepEqual(left(), ["2a", "2b"]);
  edge.purge(["none", "all"]);
  assert.deepEqual(left(), []);
});

Deno.test("edge loses tags that are too long or too many", async () => {
  const fits = "f".repeat(1_024);
  const numbers = Array.from({ length: 501 }, (_, i) => `${i}`).join();
  const { edge, get } = scene(({ url }) =>
    reply("", { ...FRESH, "deno-cache-tag": url === INDEX ? `${fits}g,${fits}` : numbers })
  );
  await get();
  await get({}, "GET", `${INDEX}?numbers`);
  const [long, many] = edge.entries().map(({ tags }) => tags);
  assert.deepEqual(long, [fits]);
  assert.deepEqual([many!.length, many!.at(-1)], [500, "499"]);
});

Deno.test("edge purges at most 500 tags in one call", async () => {
  const { edge, get } = counting({ ...FRESH, "deno-cache-tag": "0" });
  const tags = Array.from({ length: 501 }, (_, i) => `${i}`);
  await get();
  assert.throws(() => edge.purge(tags), RangeError);
  assert.equal(edge.entries().length, 1);
  edge.purge(tags.slice(0, 500));
  assert.equal(edge.entries().length, 0);
});

const BOTH = { "if-none-match": '"b"', "if-modified-since": NOW };
test<[stored: Given, asked: Given, isUnchanged: boolean]>(
  "edge evaluates a client's conditions against what is stored",
  [
    [{ etag: '"a"' }, { "if-none-match": '"a"' }, true],
    [{ etag: '"a"' }, { "if-none-match": 'W/"a"' }, true],
    [{ etag: 'W/"a"' }, { "if-none-match": '"a"' }, true],
    [{ etag: '"a,b"' }, { "if-none-match": '"x", "a,b"' }, true],
    [{ etag: '"a"' }, { "if-none-match": "*" }, true],
    [{ etag: '"a"' }, { "if-none-match": '"A", "b"' }, false],
    [{}, { "if-none-match": '"a"' }, false],
    [{ "last-modified": NOW }, { "if-modified-since": NOW }, true],
    [{ "last-modified": BEFORE }, { "if-modified-since": NOW }, true],
    [{ "last-modified": NOW }, { "if-modified-since": BEFORE }, false],
    [{ "last-modified": NOW }, { "if-modified-since": "yesterday" }, false],
    [{ "last-modified": NOW }, {}, false],
    [{}, { "if-modified-since": NOW }, false],
    [{ "last-modified": NOW, etag: '"a"' }, BOTH, false],
    [{ "last-modified": NOW }, BOTH, false],
  ],
  async (stored, asked, isUnchanged) => {
    const { get, tell } = counting({ ...FRESH, ...stored });
    await get();
    assert.equal(await tell(asked), isUnchanged ? "hit 304" : "hit 200 1");
  },
);

Deno.test("edge says in a 304 what a 304 must say, and no more", async () => {
  const named = {
    ...FRESH,
    "content-location": "/index.yaml",
    date: NOW,
    etag: '"a"',
    expires: NOW,
    vary: "accept",
  };
  const others = { "content-type": "text/yaml", "content-length": "1", "last-modified": NOW };
  const { get } = counting({ ...named, ...others, "deno-cache-tag": "a" });
  await get();
  const { headers } = await get({ "if-none-match": '"a"' });
  assert.deepEqual(Object.fromEntries(headers), {
    ...named,
    age: "0",
    "cache-status": "deno; hit",
  });
});

Deno.test("edge evaluates conditions only against a 200", async () => {
  const { get, tell } = counting({ ...FRESH, etag: '"a"' }, 404);
  await get();
  assert.equal(await tell({ "if-none-match": '"a"' }), "hit 404 1");
});

Deno.test("edge forwards conditions on a miss, and stores no 304", async () => {
  const { edge, get, seen } = scene(() => unchanged({ ...FRESH, etag: '"a"', "x-own": "1" }));
  const asked = { "if-none-match": '"a"', "if-modified-since": NOW };
  const { how, status, headers } = await get(asked);
  assert.deepEqual([how, status, headers.get("x-own")], ["fwd=bypass", 304, "1"]);
  assert.deepEqual(Object.fromEntries(seen[0]!.headers), asked);
  assert.deepEqual(edge.entries(), []);
});

test<[told: Given, isFreshened: boolean]>("edge freshens a stale entry by a 304 with its ETag", [
  [{ etag: '"a"' }, true],
  [{ etag: 'W/"a"' }, true],
  [{ etag: '"b"' }, false],
  [{}, false],
], async (told, isFreshened) => {
  const { edge, get, tell, pass, clock } = inTurn(
    reply("text", { ...FRESH, etag: '"a"' }),
    unchanged({ ...FRESH, ...told }),
    reply("text", FRESH),
  );
  await get();
  pass(10);
  assert.equal(await tell({ "if-none-match": '"a", "b"' }), "fwd=stale 304");
  assert.equal(edge.entries()[0]!.storedAt, isFreshened ? clock.now : START);
  assert.equal(await tell(), isFreshened ? "hit 200 text" : "fwd=stale 200 text");
});

Deno.test("edge takes over what a 304 tells, except of the body", async () => {
  const body = { "content-length": "4", "content-type": "text/yaml" };
  const told = { "content-length": "0", "content-type": "text/plain" };
  const { edge, get, pass } = inTurn(
    reply("text", { ...FRESH, ...body, etag: '"a"', "deno-cache-tag": "old", "x-kept": "1" }),
    unchanged({ ...told, "cache-control": "max-age=20", etag: '"a"', "deno-cache-tag": "new" }),
  );
  await get();
  pass(10);
  await get({ "if-none-match": '"a"' });
  pass(19);
  const { how, headers } = await get();
  assert.deepEqual([how, headers.get("age"), headers.get("x-kept")], ["hit", "19", "1"]);
  assert.deepEqual([headers.get("content-length"), headers.get("content-type")], [
    "4",
    "text/yaml",
  ]);
  assert.deepEqual(edge.entries().map(({ tags }) => tags), [["new"]]);
});

Deno.test("edge drops an entry of which a 304 tells that it may not be stored", async () => {
  const { edge, get, pass } = inTurn(
    reply("text", { ...FRESH, etag: '"a"' }),
    unchanged({ "cache-control": "private, no-store", etag: '"a"' }),
  );
  await get();
  pass(10);
  await get({ "if-none-match": '"a"' });
  assert.deepEqual(edge.entries(), []);
});

Deno.test("edge serves a stale entry at once while it revalidates, within the window", async () => {
  const { calls, edge, get, tell, pass, seen } = held();
  const first = get();
  calls[0]!.resolve(reply("one", { ...SWR, etag: '"a"' }));
  await first;
  pass(29.999);
  const { how, text, headers } = await get({ "x-name": "one" });
  assert.deepEqual([how, text, headers.get("age")], ["hit", "one", "29"]);
  assert.deepEqual(Object.fromEntries(seen[1]!.headers), {
    "if-none-match": '"a"',
    "x-name": "one",
  });
  calls[1]!.resolve(reply("two", SWR));
  await edge.idle();
  assert.deepEqual([await tell(), calls.length], ["hit 200 two", 2]);
  pass(30);
  const last = tell();
  calls[2]!.resolve(reply("three", SWR));
  assert.equal(await last, "fwd=stale 200 three");
});

Deno.test("edge freshens the entry that it revalidates by a 304", async () => {
  const headers = { ...SWR, etag: '"a"' };
  const { edge, get, pass } = scene((request) =>
    request.headers.get("if-none-match") === '"a"' ? unchanged(headers) : reply("text", headers)
  );
  await get();
  pass(20);
  await get();
  await edge.idle();
  const { how, text, headers: served } = await get();
  assert.deepEqual([how, text, served.get("age")], ["hit", "text", "0"]);
});

Deno.test("edge revalidates with a GET, and without the client's conditions", async () => {
  const { edge, get, tell, pass, seen } = counting(SWR);
  await get();
  pass(10);
  const conditions = {
    "if-none-match": '"x"',
    "if-modified-since": BEFORE,
    "if-match": "*",
    "if-unmodified-since": BEFORE,
    "if-range": '"x"',
    range: "bytes=0-1",
  };
  assert.equal(await tell({ ...conditions, authorization: "Bearer x" }, "HEAD"), "hit 200");
  await edge.idle();
  const { method, url, headers } = seen[1]!;
  assert.deepEqual([method, url], ["GET", INDEX]);
  assert.deepEqual(Object.fromEntries(headers), { authorization: "Bearer x" });
});

test<[name: string, second: () => Response]>("edge keeps what a revalidation does not replace", [
  ["an error", () => failure(500, FRESH)],
  ["an exception", () => assert.fail("the isolate is gone")],
  ["a private answer", () => reply("two", { "cache-control": "private" })],
  ["a 304 of another", () => unchanged({ etag: '"b"' })],
], async (_, second) => {
  const { edge, get, tell, pass } = scene((_, calls) =>
    calls === 1 ? reply("one", { ...SWR, etag: '"a"' }) : second()
  );
  await get();
  pass(10);
  await get();
  await edge.idle();
  pass(19);
  assert.equal(await tell(), "hit 200 one");
  await edge.idle();
});

Deno.test("edge replaces an entry by what may be stored, though it is no 200", async () => {
  const { edge, get, tell, pass } = inTurn(reply("one", SWR), failure(404, FRESH));
  await get();
  pass(10);
  await get();
  await edge.idle();
  assert.equal(await tell(), "hit 404 error");
});

const WINDOWS = "max-age=10, stale-while-revalidate=20, stale-if-error=20";
const MUST = `${WINDOWS}, must-revalidate`;
test<[headers: Given, told: string]>("edge serves nothing stale that must be revalidated", [
  [{ "cache-control": WINDOWS }, "hit 200 one"],
  [{ "cache-control": MUST }, "fwd=stale 503 error"],
  [{ "cache-control": MUST, [TARGETED]: WINDOWS }, "hit 200 one"],
  [{ "cache-control": WINDOWS, [TARGETED]: MUST }, "fwd=stale 503 error"],
], async (headers, told) => {
  const { edge, get, tell, pass } = inTurn(reply("one", headers), failure(503));
  await get();
  pass(10);
  assert.equal(await tell(), told);
  await edge.idle();
});

test<[status: number | "throws", isServed: boolean]>("edge serves a stale entry for an error", [
  [500, true],
  [502, true],
  [503, true],
  [504, true],
  ["throws", true],
  [501, false],
  [429, false],
  [404, false],
], async (status, isServed) => {
  const { get, tell, pass } = scene((_, calls) => {
    if (calls === 1) return reply("one", { ...SIE, etag: '"a"' });
    if (status === "throws") throw new Error("the isolate is gone");
    return failure(status);
  });
  await get();
  pass(29.999);
  const { how, text, headers } = await get();
  assert.deepEqual([how, text], ["fwd=stale", isServed ? "one" : "error"]);
  assert.equal(headers.get("age"), isServed ? "29" : null);
  assert.equal((await get({}, "HEAD")).status, isServed ? 200 : status);
  pass(0.001);
  if (status === "throws") await assert.rejects(get(), /the isolate is gone/);
  else assert.equal(await tell(), `fwd=stale ${status} error`);
});

Deno.test("edge passes on an error for which nothing stands in", async () => {
  const { calls, edge, tell } = held();
  const first = tell(), second = tell();
  calls[1]!.resolve(reply("one", SIE));
  await second;
  calls[0]!.resolve(failure(503));
  assert.equal(await first, "fwd=bypass 503 error");
  await assert.rejects(edge.fetch(new Request(`${INDEX}?2`), 1), RangeError);
});

Deno.test("edge lets go of what nobody gets", async () => {
  const cancelled: string[] = [];
  const stream = (name: string) => new ReadableStream({ cancel: () => void cancelled.push(name) });
  const { edge, get, pass } = inTurn(
    reply("one", { "cache-control": WINDOWS.replace("20", "5") }),
    new Response(stream("revalidation"), { status: 500 }),
    new Response(stream("error"), { status: 500 }),
  );
  await get();
  pass(10);
  await get();
  await edge.idle();
  pass(5);
  await get();
  assert.deepEqual(cancelled, ["revalidation", "error"]);
});

Deno.test("edge stores what was computed before a purge and arrives after it", async () => {
  const { calls, edge, get, tell } = held();
  const first = get();
  edge.purge(["*"]);
  calls[0]!.resolve(reply("old", { ...FRESH, "deno-cache-tag": "a" }));
  await first;
  assert.equal(await tell(), "hit 200 old");
});

Deno.test("edge stores what a revalidation brings after a purge", async () => {
  const { calls, edge, get, tell, pass } = held();
  const headers = { ...SWR, "deno-cache-tag": "a" };
  const first = get();
  calls[0]!.resolve(reply("one", headers));
  await first;
  pass(10);
  await get();
  edge.purge(["a"]);
  calls[1]!.resolve(reply("two", headers));
  await edge.idle();
  assert.equal(await tell(), "hit 200 two");
});

const SHORT = { "cache-control": WINDOWS.replace("20", "5"), etag: '"a"' };
test<[age: number, second: Response, told: string]>(
  "edge brings nothing back that was purged while the origin was asked",
  [
    [10, unchanged(SHORT), "hit 200 one"],
    [15, failure(500), "fwd=stale 500 error"],
  ],
  async (age, second, told) => {
    const { calls, edge, get, tell, pass } = held();
    const first = get();
    calls[0]!.resolve(reply("one", SHORT));
    await first;
    pass(age);
    const answer = tell();
    edge.purge(["*"]);
    calls[1]!.resolve(second);
    assert.equal(await answer, told);
    await edge.idle();
    assert.deepEqual(edge.entries(), []);
  },
);

Deno.test("edge collapses no misses and no revalidations", async () => {
  const { calls, edge, tell, pass } = held();
  const first = tell(), second = tell();
  calls[1]!.resolve(reply("two", SWR));
  assert.equal(await second, "fwd=uri-miss 200 two");
  calls[0]!.resolve(reply("one", SWR));
  assert.equal(await first, "fwd=uri-miss 200 one");
  assert.deepEqual([await tell(), edge.entries().length], ["hit 200 one", 1]);
  pass(10);
  await Promise.all([tell(), tell()]);
  assert.equal(calls.length, 4);
  calls[2]!.resolve(reply("three", SWR));
  calls[3]!.reject(new Error("the isolate is gone"));
  await edge.idle();
  assert.equal(await tell(), "hit 200 three");
});

Deno.test("edge is one cache for all isolates", async () => {
  const clock = { now: START };
  const edge = createEdge([() => reply("zero", SWR), () => reply("one", SWR)], () => clock.now);
  const text = async (isolate?: number) =>
    await (await edge.fetch(new Request(INDEX), isolate)).text();
  assert.deepEqual([await text(1), await text(0), await text()], ["one", "one", "one"]);
  clock.now += 10_000;
  assert.equal(await text(0), "one");
  await edge.idle();
  assert.equal(await text(1), "zero");
  edge.purge(["*"]);
  assert.equal(await text(), "zero");
});

Deno.test("edge gives a stored body byte for byte, whatever its encoding", async () => {
  const bytes = Uint8Array.of(0x1f, 0x8b, 0xff, 0x00);
  const headers = { ...FRESH, "content-encoding": "gzip" };
  const { edge } = scene(() => new Response(bytes, { headers }));
  for (const how of ["fwd=uri-miss", "hit"]) {
    const response = await edge.fetch(new Request(INDEX));
    assert.equal(response.headers.get("cache-status"), `deno; ${how}`);
    assert.equal(response.headers.get("content-encoding"), "gzip");
    assert.deepEqual(await response.bytes(), bytes);
  }
});

Deno.test("edge streams what may not be stored", async () => {
  const start = (controller: ReadableStreamDefaultController) =>
    controller.enqueue(new TextEncoder().encode("event"));
  const { edge } = scene(() => new Response(new ReadableStream({ start })));
  const reader = (await edge.fetch(new Request(INDEX))).body!.getReader();
  assert.equal(new TextDecoder().decode((await reader.read()).value), "event");
  await reader.cancel();
});

Deno.test("edge tells what is stored, and how often each Cache-Status came", async () => {
  const { edge, get, clock } = scene(() => {
    clock.now += 5;
    return failure(410, { ...FRESH, "deno-cache-tag": "B,a", vary: "Accept" });
  });
  for (const method of ["GET", "GET", "HEAD", "POST"]) await get({ accept: "text/html" }, method);
  const [entry, ...others] = edge.entries();
  assert.deepEqual(others, []);
  const { url, vary, status, headers, body, tags, storedAt } = entry!;
  assert.deepEqual({ url, vary, status, tags, storedAt, text: new TextDecoder().decode(body) }, {
    url: INDEX,
    vary: { accept: "text/html" },
    status: 410,
    tags: ["b", "a"],
    storedAt: START + 5,
    text: "error",
  });
  assert.equal(headers.get("cache-status"), null);
  const counts = { "deno; fwd=uri-miss": 1, "deno; hit": 2, "deno; fwd=bypass": 1 };
  assert.deepEqual(edge.counts, counts);
});
