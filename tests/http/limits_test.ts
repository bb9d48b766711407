/** What one caller may ask for, be wrong about, and have. */

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { createApp } from "../../routes/app.ts";
import { type Answer, type Chartroom, peer, withChartroom } from "../support/chartroom.ts";
import { eventually } from "../support/process.ts";
import { indexOf } from "../support/upstream.ts";

const TOKEN = "correct-horse-battery";
const ADMIN = { authorization: `Bearer ${TOKEN}` };
const ONE = "192.0.2.1", OTHER = "192.0.2.2";
const INDEX = indexOf({ one: ["1.0.0"] });
/** Ten units at once, and one in a second. */
const TIGHT = { CHARTROOM_RATE_LIMIT: "1" };
const GUARDED = { CHARTROOM_ADMIN_TOKEN: TOKEN, CHARTROOM_ANONYMOUS_READ: "true" };

function assertLimited({ status, headers, body }: Answer, seconds: number, name = "requests") {
  assert.equal(status, 429);
  assert.equal(body.code, "rate_limited");
  assert.equal(headers.get("retry-after"), `${seconds}`);
  assert.equal(headers.get("ratelimit"), `"${name}";r=0;t=${seconds}`);
  assert.match(headers.get("ratelimit-policy")!, new RegExp(`^"${name}";q=\\d+;w=\\d+$`));
  assert.equal(headers.get("cache-control"), "no-store");
}

/** How often a request is answered before it is answered 429. */
async function countOf(ask: () => Promise<Answer>): Promise<number> {
  for (let count = 0; count < 1_000; count++) if ((await ask()).status === 429) return count;
  throw new Error("it is never refused");
}

Deno.test("who shows nothing is counted by address; what is not known of anybody, not at all", () =>
  withChartroom(async ({ call, clock }) => {
    const list = (from?: string) => call("GET", "/v1/apps", undefined, {}, from);
    assert.equal(await countOf(() => list(ONE)), 10);
    const refused = await list(ONE);
    assertLimited(refused, 1);
    assert.equal(refused.headers.get("ratelimit-policy"), '"requests";q=10;w=10');
    assert.equal((await list(OTHER)).status, 200);
    clock.now += 3_000;
    assert.equal(await countOf(() => list(ONE)), 3);
    for (let i = 0; i < 100; i++) assert.equal((await list()).status, 200);
    // The process has to be seen whoever asks.
    for (let i = 0; i < 20; i++) {
      assert.equal((await call("GET", "/healthz", undefined, {}, ONE)).status, 200);
    }
    assert.equal((await call("GET", "/readyz", undefined, {}, ONE)).status, 200);
    // Whatever else there is, is counted too.
    for (const path of ["/docs", "/openapi.json", "/nothing", "/v1/nothing", "/v1/categories"]) {
      assertLimited(await call("GET", path, undefined, {}, ONE), 1);
    }
  }, { environment: TIGHT }));

Deno.test("answers that are given again without routing are counted like all others", () =>
  withChartroom(async ({ call, register, services }, upstream) => {
    upstream.serve("/index.yaml", INDEX);
    await register(upstream.url);
    const hits = () => call("GET", "/v1/cache").then(({ body }) => body.answers.hits);
    const ask = () => call("GET", "/v1/apps?limit=1", undefined, {}, ONE);
    const before = await hits();
    assert.equal(await countOf(ask), 10);
    assert.equal(await hits() - before, 10, "they were found, the refused one too");
    assertLimited(await ask(), 1);
    assert.equal((await call("GET", "/v1/apps?limit=1", undefined, {}, OTHER)).status, 200);
    await services.syncer.idle();
  }, { environment: TIGHT }));

Deno.test("a real server tells the address of a connection, and so of its callers", () =>
  withChartroom(async ({ services }) => {
    const listen = { hostname: "127.0.0.1", port: 0, onListen() {} };
    await using server = Deno.serve(listen, createApp(services).fetch);
    const statuses: number[] = [];
    for (let i = 0; i < 11; i++) {
      const answer = await fetch(`http://127.0.0.1:${server.addr.port}/v1/apps`);
      statuses.push(answer.status);
      await answer.body?.cancel();
    }
    assert.deepEqual(statuses, [...Array(10).fill(200), 429]);
  }, { environment: TIGHT }));

Deno.test("the addresses of an IPv6 network count as one", () =>
  withChartroom(async ({ call }) => {
    let number = 0;
    const ask = () => call("GET", "/v1/apps", undefined, {}, `2001:db8::${++number}`);
    assert.equal(await countOf(ask), 10);
    const next = await call("GET", "/v1/apps", undefined, {}, "2001:db8:0:1::1");
    assert.equal(next.status, 200);
  }, { environment: TIGHT }));

Deno.test("behind a proxy that is trusted, callers are counted, and not the proxy", () =>
  withChartroom(async ({ call }) => {
    const ask = (client: string, proxy: string) =>
      call("GET", "/v1/apps", undefined, { "x-forwarded-for": client }, proxy);
    assert.equal(await countOf(() => ask(ONE, "10.0.0.1")), 10);
    assert.equal((await ask(OTHER, "10.0.0.1")).status, 200);
    // A caller who says that they are a proxy.
    let number = 0;
    assert.equal(await countOf(() => ask(`198.51.100.${++number}`, "203.0.113.1")), 10);
  }, { environment: { ...TIGHT, CHARTROOM_TRUSTED_PROXIES: "10.0.0.0/8" } }));

Deno.test("who shows a token is counted by it, wherever they call from", () =>
  withChartroom(async ({ call, clock }) => {
    const make = async (name: string) => {
      clock.now += 100_000;
      const input = { name, workspace: "team-a", role: "viewer" };
      const { body } = await call("POST", "/v1/tokens", input, ADMIN, ONE);
      return { authorization: `Bearer ${body.token}` };
    };
    const one = await make("one"), other = await make("two");
    assertLimited(await call("POST", "/v1/tokens", {}, ADMIN, OTHER), 10);
    let number = 0;
    assert.equal(
      await countOf(() => call("GET", "/v1/apps", undefined, one, `192.0.2.${++number}`)),
      10,
    );
    assert.equal((await call("GET", "/v1/apps", undefined, other, ONE)).status, 200);
    assert.equal(await countOf(() => call("GET", "/v1/apps", undefined, {}, ONE)), 10);
  }, { environment: { ...TIGHT, ...GUARDED } }));

Deno.test("what only looks like a credential is counted where it comes from", () =>
  withChartroom(async ({ call }) => {
    for (const cookie of ["x=__Host-chartroom", "__Host-chartroom", "a__Host-chartroom=crs_x"]) {
      const from = `192.0.2.${100 + cookie.length}`;
      assert.equal(await countOf(() => call("GET", "/v1/apps", undefined, { cookie }, from)), 10);
    }
  }, { environment: { ...TIGHT, ...GUARDED } }));

Deno.test("the tokens of a workspace count together, for five callers", () =>
  withChartroom(async ({ call, clock }) => {
    const bearers = [];
    for (let i = 0; i < 8; i++) {
      clock.now += 100_000;
      const input = { name: `t${i}`, workspace: i < 7 ? "team-a" : "team-b", role: "viewer" };
      const { body } = await call("POST", "/v1/tokens", input, ADMIN, ONE);
      bearers.push({ authorization: `Bearer ${body.token}` });
    }
    const answered = [];
    for (const bearer of bearers) {
      answered.push(await countOf(() => call("GET", "/v1/apps", undefined, bearer, ONE)));
    }
    assert.deepEqual(answered, [10, 10, 10, 10, 10, 0, 0, 10]);
  }, { environment: { ...TIGHT, ...GUARDED } }));

Deno.test("what costs more counts more", () =>
  withChartroom(async ({ call, clock }, upstream) => {
    upstream.serve("/index.yaml", INDEX);
    /** Units of a request, by those that are left after it. */
    const unitsOf = async (method: string, path: string, body?: unknown) => {
      clock.now += 1_000_000;
      await call(method, path, body, {}, ONE);
      return 200 - await countOf(() => call("GET", "/nothing", undefined, {}, ONE));
    };
    for (
      const [units, method, path, body] of [
        [0, "GET", "/healthz"],
        [1, "GET", "/v1/apps"],
        [1, "GET", "/v1/apps?limit=150"],
        [2, "GET", "/v1/apps?limit=151"],
        [7, "GET", "/v1/apps?limit=1000"],
        [10, "GET", "/v1/repos?limit=-1"],
        [5, "GET", "/v1/repos?recent=5"],
        [64, "GET", "/v1/repos?recent=30&limit=100"],
        [100, "GET", "/v1/apps?limit=-1"],
        [100, "GET", "/v1/apps?paging=limit=-1,page=1"],
        [100, "GET", "/v1/apps?limit=99999999999"],
        [10, "GET", "/v1/repos?limit=-1"],
        [4, "GET", "/v1/repos?limit=-2"],
        [20, "GET", "/v1/audit"],
        [10, "GET", "/v1/apps/x/versions/y/readme"],
        [2, "GET", "/v1/apps/x/icon"],
        [3, "GET", "/v1/apps?q=one"],
        [6, "GET", "/v1/apps?facets=category"],
        [50, "GET", "/v1/apps/x/versions/y/files"],
        [25, "GET", "/v1/apps/x/versions/y/contents"],
        [20, "GET", "/nothing/apps/x/schema"],
        [20, "GET", "/nothing/apps/x/download/?file=a"],
        [1, "GET", "/docs/schema"],
        [10, "GET", "/kapis/openpitrix.io/v1/workspaces/a/apps/x/versions/y/package/"],
        [100, "POST", "/v1/repos?validate=true", { name: "a", url: upstream.url }],
        [100, "POST", "/v1/workspaces/a/repos", { name: "a", url: upstream.url }],
        [100, "PATCH", "/v1/repos/x", {}],
        [50, "POST", "/v1/repos/x/action", {}],
        [5, "DELETE", "/v1/repos/x"],
        [5, "POST", "/v1/webhooks/x", "{}"],
        [20, "POST", "/v1/tokens", {}],
      ] as [number, string, string, unknown?][]
    ) {
      assert.equal(await unitsOf(method, path, body), units, `${method} ${path}`);
    }
  }, { environment: { CHARTROOM_RATE_LIMIT: "20" } }));

Deno.test("without a limit nobody is refused", () =>
  withChartroom(async ({ call }) => {
    for (let i = 0; i < 3_000; i++) await call("GET", "/nothing", undefined, {}, ONE);
    assert.equal((await call("GET", "/v1/apps", undefined, {}, ONE)).status, 200);
  }, { environment: { CHARTROOM_RATE_LIMIT: "off" } }));

Deno.test("who guesses tokens is soon refused unseen, and a neighbour who got in stays in", () =>
  withChartroom(async ({ call, clock }) => {
    const guess = (from: string, text: string = crypto.randomUUID()) =>
      call("GET", "/v1/whoami", undefined, { authorization: `Bearer ${text}` }, from);
    assert.equal((await guess(ONE, TOKEN)).status, 200);
    assert.equal(await countOf(() => guess(ONE)), 10);
    assertLimited(await guess(ONE), 6, "logins");
    // A right one that nobody has shown from here.
    const { body } = await call("POST", "/v1/tokens", {
      name: "late",
      workspace: "team-a",
      role: "viewer",
    }, ADMIN);
    assertLimited(await guess(ONE, body.token), 6, "logins");
    assert.equal((await guess(ONE, TOKEN)).status, 200);
    assert.equal((await guess(OTHER, body.token)).status, 200);
    // Who shows nothing is not concerned.
    assert.equal((await call("GET", "/v1/apps", undefined, {}, ONE)).status, 200);
    clock.now += 6_000;
    assert.equal((await guess(ONE, body.token)).status, 200);
    assert.equal((await guess(ONE)).status, 401);
    assertLimited(await guess(ONE), 6, "logins");
    assert.equal((await guess(ONE, body.token)).status, 200);
    // What worked once and is revoked is a guess like any other.
    await call("DELETE", `/v1/tokens/${body.token_id}`, undefined, ADMIN);
    assert.equal((await guess(ONE, body.token)).status, 401);
    assert.equal((await guess(ONE, body.token)).status, 429);
  }, { environment: GUARDED }));

Deno.test("a thousand guesses at once are followed by none for a while", () =>
  withChartroom(async ({ call, clock }) => {
    const guess = () =>
      call("GET", "/v1/whoami", undefined, { authorization: `Bearer ${Math.random()}` }, ONE);
    await Promise.all(Array.from({ length: 1_000 }, guess));
    clock.now += 60_000;
    assert.equal((await guess()).status, 429);
    clock.now += 6_000;
    assert.equal((await guess()).status, 401);
  }, { environment: GUARDED }));

Deno.test("deliveries that prove nothing count for their address and for their repository", () =>
  withChartroom(async ({ call, register, clock }, upstream) => {
    upstream.serve("/index.yaml", INDEX);
    const id = await register(upstream.url), other = await register(upstream.url);
    const secretOf = async (id: string): Promise<string> =>
      (await call("POST", `/v1/repos/${id}/webhook`)).body.secret;
    const secret = await secretOf(id), others = await secretOf(other);
    const deliver = (id: string, secret: string, from: string) => {
      const mac = createHmac("sha256", secret).update("{}").digest("hex");
      return call("POST", `/v1/webhooks/${id}`, "{}", { "x-gitea-signature": mac }, from);
    };
    assert.equal((await deliver(id, secret, ONE)).status, 202);
    // Senders share an address: who has proven one is not shut out by others.
    for (let i = 0; i < 12; i++) assert.equal((await deliver(id, "wrong", ONE)).status, 401);
    assert.notEqual((await deliver(id, secret, ONE)).status, 429);
    assert.equal(await countOf(() => deliver(id, "wrong", "192.0.2.77")), 10);
    assertLimited(await deliver(id, "wrong", "192.0.2.77"), 6, "logins");
    // Neither in nor out is told to who has not proven anything from here for this repository.
    assertLimited(await deliver(other, others, "192.0.2.77"), 6, "logins");
    assert.equal((await deliver(other, others, OTHER)).status, 202);

    // From many addresses.
    assert.equal((await deliver(id, secret, "192.0.2.9")).status, 202);
    let number = 0;
    const flood = () => deliver(id, "wrong", `198.51.${++number >> 8}.${number & 255}`);
    assert.equal(await countOf(flood), 78);
    assertLimited(await flood(), 1, "deliveries");
    assert.equal((await deliver(id, secret, "192.0.2.9")).status, 202);
    assert.equal((await deliver(other, others, OTHER)).status, 202);
    clock.now += 100;
    assert.equal((await deliver(id, secret, "203.0.113.7")).status, 202);
  }));

Deno.test("what is longer than it may be is refused by name: address, headers", () =>
  withChartroom(async ({ call }) => {
    const target = (length: number) => `/v1/apps?x=${"a".repeat(length - "/v1/apps?x=".length)}`;
    assert.equal((await call("GET", target(8_192))).status, 200);
    const { status, body } = await call("GET", target(8_193));
    assert.deepEqual([status, body.code], [414, "uri_too_long"]);
    assert.match(body.message, /8192/);

    const headers = (length: number) => ({ "x-a": "a".repeat(length - 3) });
    assert.equal((await call("GET", "/v1/repos", undefined, headers(32_768))).status, 200);
    const long = await call("GET", "/v1/repos", undefined, headers(32_769));
    assert.deepEqual([long.status, long.body.code], [431, "headers_too_large"]);
    const many = Object.fromEntries(
      Array.from({ length: 40 }, (_, i) => [`x-${i}`, "a".repeat(900)]),
    );
    assert.equal((await call("POST", "/v1/repos", {}, many)).status, 431);
  }));

Deno.test("sixty-four registrations at once fill a workspace exactly", () =>
  withChartroom(async (chartroom, upstream) => {
    const { call, services } = chartroom;
    upstream.serve("/index.yaml", INDEX);
    const register = (workspace: string, name: string) =>
      call("POST", `/v1${workspace}/repos`, { name, url: upstream.url, suspended: true });
    const a = "/workspaces/a";
    const answers = await Promise.all(
      Array.from({ length: 64 }, (_, i) => register(a, `${i}`)),
    );
    const statuses = Object.groupBy(answers, ({ status }) => status);
    assert.deepEqual([statuses[200]?.length, statuses[403]?.length], [5, 59]);
    const { body } = statuses[403]![0]!;
    assert.deepEqual([body.code, body.field], ["quota_exceeded", "workspace"]);
    assert.match(body.message, /\b5\b/);
    assert.equal((await call("GET", `/v1${a}/repos`)).body.total_count, 5);
    // Others have a quota of their own, as what is global has.
    for (const place of ["/workspaces/b", ""]) {
      for (let i = 0; i < 5; i++) assert.equal((await register(place, `${i}`)).status, 200);
      assert.equal((await register(place, "more")).status, 403);
    }
    await deleteOne(chartroom, a);
    const again = await Promise.all([6, 7].map((i) => register(a, `again ${i}`)));
    assert.deepEqual(again.map(({ status }) => status).sort(), [200, 403]);
    await services.syncer.idle();
  }, { environment: { CHARTROOM_MAX_REPOS: "5" } }));

async function deleteOne({ call }: Chartroom, place: string) {
  const { items: [repo] } = (await call("GET", `/v1${place}/repos`)).body;
  await call("DELETE", `/v1${place}/repos/${repo.repo_id}`);
}

Deno.test("one caller may have twenty streams, and leaves the others to others", () =>
  withChartroom(async ({ register, services }, upstream) => {
    upstream.serve("/index.yaml", INDEX);
    const id = await register(upstream.url), app = createApp(services);
    const open = (from: string) =>
      app.request(`/v1/repos/${id}/events/stream`, undefined, peer(from));
    const streams = await Promise.all(Array.from({ length: 20 }, () => open(ONE)));
    for (const { status } of streams) assert.equal(status, 200);
    const refused = await open(ONE);
    assert.equal(refused.status, 503);
    assert.match((await refused.json()).message, /20 streams/);
    const other = await open(OTHER);
    assert.equal(other.status, 200);
    await streams.pop()!.body!.cancel();
    const again = await open(ONE);
    assert.equal(again.status, 200);
    for (const { body } of [...streams, other, again]) await body!.cancel();
  }));

Deno.test("bodies that are deep or have strange members are refused or ignored, and harm nothing", () =>
  withChartroom(async ({ call }) => {
    const deep = "[".repeat(30_000) + "]".repeat(30_000);
    for (
      const [body, status, code] of [
        [deep, 400, "invalid_field"],
        [`{"name":${deep}}`, 400, "invalid_field"],
        ['{"__proto__":{"name":"a","url":"http://127.0.0.1:1"}}', 400, "unknown_field"],
        ['{"constructor":{"prototype":{"x":1}}}', 400, "unknown_field"],
        ['{"name":"a","name":{"toString":1},"url":1}', 400, "invalid_field"],
      ] as const
    ) {
      const answer = await call("POST", "/v1/repos", body);
      assert.deepEqual([answer.status, answer.body.code], [status, code], body.slice(0, 60));
    }
    assert.equal(({} as Record<string, unknown>)["x"], undefined);
    assert.equal((await call("GET", "/v1/repos")).body.total_count, 0);
  }));

Deno.test("indexes that callers try out are as polite as syncs, and end when callers leave", () =>
  withChartroom(async ({ services }, upstream) => {
    const app = createApp(services);
    let open = 0, most = 0;
    const release = Promise.withResolvers<void>();
    upstream.serve("/index.yaml", async ({ signal }) => {
      most = Math.max(most, ++open);
      signal.addEventListener("abort", () => release.resolve());
      await release.promise;
      open--;
      return new Response(INDEX);
    });
    const leaving = new AbortController();
    const asked = Array.from({ length: 12 }, () =>
      app.request("/v1/repos?validate=true", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ name: "a", url: upstream.url }),
        signal: leaving.signal,
      }));
    await eventually(() => Promise.resolve(open), (open) => open === 4);
    leaving.abort();
    await Promise.all(asked.map(async (answer) => (await answer).body?.cancel()));
    await eventually(() => Promise.resolve(open), (open) => open === 0);
    assert.equal(most, 4);
    assert.equal(upstream.requests.length, 4);
  }));
