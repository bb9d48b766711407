/** Sessions of browsers: begun with a token, worth what it is worth, and ended. */

import assert from "node:assert/strict";
import { MAX_LIFE_MS, MAX_PER_TOKEN } from "../../src/access/sessions.ts";
import {
  type Answer,
  type Chartroom,
  type Options,
  START,
  startChartroom,
  withChartroom,
} from "../support/chartroom.ts";
import { claimsOf, signed, withIssuer } from "../support/issuer.ts";
import { indexOf } from "../support/upstream.ts";

const ADMIN_TOKEN = "bootstrap-token-of-the-session-test";
const ADMIN = { authorization: `Bearer ${ADMIN_TOKEN}` };
const WITH_ADMIN = { environment: { CHARTROOM_ADMIN_TOKEN: ADMIN_TOKEN } };
const OWN_SITE = { "sec-fetch-site": "same-origin" };
const NAME = "__Host-chartroom";
const CLEARED = `${NAME}=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Strict`;
const HOUR = 3_600_000;
const HERE = "192.0.2.7";

type Headers_ = Record<string, string>;

async function makeToken({ call }: Chartroom, more: Record<string, unknown> = {}) {
  const token = { name: "ada", workspace: "*", role: "editor", ...more };
  const { status, body } = await call("POST", "/v1/tokens", token, ADMIN);
  assert.equal(status, 200);
  return body as { token: string; token_id: string };
}

const logIn = ({ call }: Chartroom, token: string, headers: Headers_ = OWN_SITE, from?: string) =>
  call("POST", "/v1/session", { token }, headers, from);

/** The headers by which a browser shows the session that an answer began. */
function cookieOf({ status, headers }: Answer): Headers_ {
  assert.equal(status, 200);
  const [, value] = /^__Host-chartroom=(crs_[A-Za-z0-9_-]{43});/.exec(headers.get("set-cookie")!)!;
  return { cookie: `${NAME}=${value}`, ...OWN_SITE };
}

const begin = async (chartroom: Chartroom, token: string) =>
  cookieOf(await logIn(chartroom, token));

const whoami = ({ call }: Chartroom, headers: Headers_, from?: string) =>
  call("GET", "/v1/whoami", undefined, headers, from);

const statusOf = async (chartroom: Chartroom, headers: Headers_) =>
  (await whoami(chartroom, headers)).status;

/** The cookie is nobody's, and the browser is told to forget it. */
async function assertEnded(chartroom: Chartroom, headers: Headers_, why: string) {
  for (const path of ["/v1/whoami", "/v1/session", "/v1/repos"]) {
    const { status, body, headers: told } = await chartroom.call("GET", path, undefined, headers);
    assert.deepEqual([status, body.code, body.field], [401, "unauthorized", "cookie"], why);
    assert.deepEqual(told.getSetCookie(), [CLEARED], why);
  }
}

/** Runs a test in two processes over one database, which the second may start anew. */
async function withTwo(
  test: (here: Chartroom, start: (options?: Options) => Promise<Chartroom>) => Promise<void>,
) {
  const folder = await Deno.makeTempDir(), started: Chartroom[] = [];
  const start = async (options: Options = WITH_ADMIN) => {
    const environment = { ...options.environment, CHARTROOM_KV: `${folder}/kv.sqlite` };
    const chartroom = await startChartroom({ ...options, environment });
    started.push(chartroom);
    return chartroom;
  };
  try {
    await test(await start(), start);
  } finally {
    for (const chartroom of started) await chartroom.close();
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("a session is worth the token that it began with, and lasts for 12 hours at most", () =>
  withChartroom(async (chartroom) => {
    const { call } = chartroom;
    const long = await makeToken(chartroom, { workspace: "ws1" });
    const short = await makeToken(chartroom, { expire_time: "2026-01-01T01:00:00.500Z" });
    const ada = { name: "ada", kind: "token", role: "editor" };
    const admin = { name: "admin", kind: "bootstrap", role: "admin", workspaces: "*" };
    const cases: [token: string, who: object, seconds: number, until: string][] = [
      [ADMIN_TOKEN, admin, 43_200, "2026-01-01T12:00:00.000Z"],
      [long.token, { ...ada, workspaces: ["ws1"] }, 43_200, "2026-01-01T12:00:00.000Z"],
      [short.token, { ...ada, workspaces: "*" }, 3_601, "2026-01-01T01:00:00.500Z"],
    ];
    for (const [token, who, seconds, until] of cases) {
      const begun = await logIn(chartroom, token);
      assert.deepEqual([begun.status, begun.body], [200, { ...who, expire_time: until }]);
      assert.equal(begun.headers.get("cache-control"), "no-store");
      const [cookie = "", ...others] = begun.headers.getSetCookie();
      assert.deepEqual(others, []);
      const [value, ...attributes] = cookie.split("; ");
      assert.match(value!, /^__Host-chartroom=crs_[A-Za-z0-9_-]{43}$/);
      const wanted = [`Max-Age=${seconds}`, "Path=/", "HttpOnly", "Secure", "SameSite=Strict"];
      assert.deepEqual(attributes, wanted);
      const headers = cookieOf(begun);
      assert.deepEqual((await whoami(chartroom, headers)).body, who);
      const read = await call("GET", "/v1/session", undefined, headers);
      assert.deepEqual([read.status, read.body], [200, begun.body]);
      assert.deepEqual(read.headers.getSetCookie(), []);
      assert.equal(read.headers.get("cache-control"), "no-store");
    }
    // What a session may do is what its token may.
    const viewer = await begin(chartroom, (await makeToken(chartroom, { role: "viewer" })).token);
    const repo = { name: "r", url: "http://127.0.0.1:1" };
    assert.equal((await call("POST", "/v1/repos", repo, viewer)).status, 403);
    const none = await call("GET", "/v1/session");
    assert.deepEqual([none.status, none.body.field], [401, "cookie"]);
  }, WITH_ADMIN));

Deno.test("a JWT begins a session, which ends when the JWT does or its issuer is no longer trusted", () =>
  withIssuer(async ({ issuer, key, ...chartroom }) => {
    const now = START / 1_000;
    const of = (more: object) =>
      signed(key, claimsOf(issuer, { chartroom_role: "viewer", ...more }));
    const begun = await logIn(chartroom, await of({ exp: now + 3_600 }));
    const who = { name: "u-1", kind: "oidc", role: "viewer", workspaces: "*" };
    assert.deepEqual(begun.body, { ...who, expire_time: "2026-01-01T01:00:00.000Z" });
    assert.match(begun.headers.get("set-cookie")!, /; Max-Age=3600;/);
    const long = await logIn(chartroom, await of({ exp: now + 86_400 }));
    assert.match(long.headers.get("set-cookie")!, /; Max-Age=43200;/);
    // A request may be late by a little; a session that is over does not begin.
    const late = await of({ exp: now - 1 });
    assert.equal(await statusOf(chartroom, { authorization: `Bearer ${late}` }), 200);
    assert.equal((await logIn(chartroom, late)).status, 401);
    const wrong = await logIn(chartroom, await of({ aud: "other" }));
    assert.deepEqual([wrong.status, wrong.headers.get("set-cookie")], [401, null]);
    assert.equal((await logIn(chartroom, await of({ chartroom_role: "owner" }))).status, 403);

    // The issuer is not asked again for what it said once.
    issuer.answer = () => new Response(null, { status: 500 });
    chartroom.clock.now = START + HOUR - 1;
    assert.deepEqual((await whoami(chartroom, cookieOf(begun))).body, who);
    chartroom.clock.now += 1;
    await assertEnded(chartroom, cookieOf(begun), "the JWT has expired");
    assert.equal(await statusOf(chartroom, cookieOf(long)), 200);
  }));

Deno.test("sessions of an issuer, and of an administrator's token, end with the configuration", () =>
  withTwo(async (here, start) => {
    const token = await makeToken(here);
    const [admin, ada] = [await begin(here, ADMIN_TOKEN), await begin(here, token.token)];
    const jwt = {
      issuer: "https://one.example.org",
      subject: "1",
      name: "u-1",
      role: "viewer",
    } as const;
    const { services } = here;
    const hash = new Uint8Array(32).toHex();
    const { createSessions } = await import("../../src/access/sessions.ts");
    const { kv, clock } = services;
    const randomBytes = (length: number) => crypto.getRandomValues(new Uint8Array(length));
    const { text } = await createSessions({ kv, clock, randomBytes })
      .begin({ token: hash, said: { ...jwt, workspaces: "*" } });
    const oidc = { cookie: `${NAME}=${text}` };
    const started = async (admin: string, issuer: string) =>
      await start({
        environment: {
          CHARTROOM_ADMIN_TOKEN: admin,
          CHARTROOM_OIDC_ISSUER: `https://${issuer}.example.org`,
          CHARTROOM_OIDC_AUDIENCE: "chartroom",
        },
      });
    const same = await started(ADMIN_TOKEN, "one");
    for (const headers of [admin, ada, oidc]) assert.equal(await statusOf(same, headers), 200);
    const other = await started(`${ADMIN_TOKEN}-2`, "two");
    await assertEnded(other, admin, "another administrator's token");
    await assertEnded(other, oidc, "another issuer");
    assert.equal(await statusOf(other, ada), 200);
    await assertEnded(here, oidc, "no issuer");
  }));

Deno.test("logging out ends a session, for a copy of its cookie too: elsewhere after a second", () =>
  withTwo(async (here, start) => {
    const there = await start();
    const { token } = await makeToken(here);
    const headers = await begin(here, token), other = await begin(here, token);
    assert.deepEqual([await statusOf(here, headers), await statusOf(there, headers)], [200, 200]);
    const ended = await here.call("DELETE", "/v1/session", undefined, headers);
    assert.deepEqual([ended.status, ended.body], [200, { message: "success" }]);
    assert.deepEqual(ended.headers.getSetCookie(), [CLEARED]);
    assert.equal(ended.headers.get("cache-control"), "no-store");
    await assertEnded(here, headers, "logged out");
    there.clock.now += 1_000;
    await assertEnded(there, headers, "logged out elsewhere");
    for (const place of [here, there]) assert.equal(await statusOf(place, other), 200);
    // The token is not what was logged out.
    assert.equal(await statusOf(here, { authorization: `Bearer ${token}` }), 200);
    const again = await here.call("DELETE", "/v1/session", undefined, headers);
    assert.deepEqual([again.status, again.headers.getSetCookie()], [200, [CLEARED]]);
    assert.equal((await here.call("DELETE", "/v1/session", undefined, OWN_SITE)).status, 200);
  }));

Deno.test("a revoked token takes its sessions along: elsewhere after a second", () =>
  withTwo(async (here, start) => {
    const there = await start();
    const { token, token_id } = await makeToken(here), other = await makeToken(here);
    const headers = await begin(here, token), kept = await begin(here, other.token);
    assert.deepEqual([await statusOf(here, headers), await statusOf(there, headers)], [200, 200]);
    const revoked = await here.call("DELETE", `/v1/tokens/${token_id}`, undefined, ADMIN);
    assert.equal(revoked.status, 200);
    await assertEnded(here, headers, "revoked");
    there.clock.now += 1_000;
    await assertEnded(there, headers, "revoked elsewhere");
    assert.equal(await statusOf(here, kept), 200);
  }));

Deno.test("a session ends at its time, or at its token's", () =>
  withChartroom(async (chartroom) => {
    const { clock } = chartroom;
    const hour = await makeToken(chartroom, { expire_time: "2026-01-01T01:00:00Z" });
    const ever = await makeToken(chartroom, { expire_time: null });
    const short = await begin(chartroom, hour.token), long = await begin(chartroom, ever.token);
    clock.now = START + HOUR - 1;
    assert.deepEqual([await statusOf(chartroom, short), await statusOf(chartroom, long)], [
      200,
      200,
    ]);
    clock.now += 1;
    await assertEnded(chartroom, short, "the token has expired");
    // Whoever uses it does not make it longer.
    clock.now = START + MAX_LIFE_MS - 1;
    assert.equal(await statusOf(chartroom, long), 200);
    clock.now += 1;
    await assertEnded(chartroom, long, "12 hours");
    assert.equal((await logIn(chartroom, hour.token)).status, 401);
  }, WITH_ADMIN));

Deno.test("the database has neither cookies nor what they were given for", () =>
  withTwo(async (here) => {
    const { token } = await makeToken(here);
    const cookies = [await begin(here, token), await begin(here, ADMIN_TOKEN)];
    const rows = await here.services.kv.list({ prefix: [] });
    const sessions = rows.filter(({ key }) => String(key[0]).includes("session"));
    assert.equal(sessions.length, 4);
    const text = Deno.inspect(rows, { depth: 20, iterableLimit: 10_000, strAbbreviateSize: 1e6 });
    const secrets = [token, ADMIN_TOKEN, ...cookies.map(({ cookie }) => cookie!.split("=")[1]!)];
    for (const secret of secrets) assert.ok(!text.includes(secret.slice(4)));
  }));

Deno.test("a cookie of the caller's choice begins nothing, and logging in again ends the old one", () =>
  withChartroom(async (chartroom) => {
    const { token } = await makeToken(chartroom),
      other = await makeToken(chartroom, { name: "eve" });
    const chosen = `${NAME}=crs_${"A".repeat(43)}`;
    const begun = await logIn(chartroom, token, { ...OWN_SITE, cookie: chosen });
    const first = cookieOf(begun);
    assert.notEqual(first.cookie, chosen);
    await assertEnded(chartroom, { cookie: chosen }, "chosen");
    const second = cookieOf(await logIn(chartroom, other.token, first));
    await assertEnded(chartroom, first, "logged in again");
    assert.equal((await whoami(chartroom, second)).body.name, "eve");
    // Who fails to log in stays who they were.
    assert.equal((await logIn(chartroom, `${token}x`, second)).status, 401);
    assert.equal((await whoami(chartroom, second)).body.name, "eve");
  }, WITH_ADMIN));

Deno.test("what is sent on purpose comes before the cookie, and other cookies are none", () =>
  withChartroom(async (chartroom) => {
    const { token } = await makeToken(chartroom),
      other = await makeToken(chartroom, { name: "eve" });
    const { cookie = "" } = await begin(chartroom, token);
    const eve = await begin(chartroom, other.token), value = cookie.split("=")[1]!;
    const both = { cookie, authorization: `Bearer ${other.token}` };
    assert.equal((await whoami(chartroom, both)).body.name, "eve");
    const wrong = await whoami(chartroom, { cookie, authorization: "Bearer wrong" });
    assert.deepEqual([wrong.status, wrong.body.field], [401, "authorization"]);
    assert.deepEqual(wrong.headers.getSetCookie(), [], "the session goes on");
    // A session is no bearer token, nor a token a session.
    assert.equal(await statusOf(chartroom, { authorization: `Bearer ${value}` }), 401);
    await assertEnded(chartroom, { cookie: `${NAME}=${token}` }, "a token");

    const named: [cookie: string, name: string | undefined][] = [
      [`a=b; ${cookie}; c=d`, "ada"],
      [`${cookie}; ${eve.cookie}`, "ada"],
      [`${eve.cookie};${cookie}`, "eve"],
      [`${NAME}="${value}"`, "ada"],
      [`chartroom=${value}`, undefined],
      [`__Secure-chartroom=${value}`, undefined],
      [`__host-chartroom=${value}`, undefined],
      [`\u00a0${cookie}`, undefined],
      [`x${cookie}`, undefined],
      [`${NAME}2=${value}`, undefined],
      [`x=${cookie}`, undefined],
      [`x; ${NAME}`, undefined],
    ];
    for (const [cookie, name] of named) {
      const { status, body } = await whoami(chartroom, { cookie });
      assert.deepEqual([status, body.name], name ? [200, name] : [401, undefined], cookie);
      if (name === undefined) assert.equal(body.field, "authorization", cookie);
    }
    const junk = ["", `${value}x`, value.slice(1), value.toUpperCase(), "%00", "%", "__proto__"];
    for (const text of [...junk, `${value} `.repeat(3), "x".repeat(10_000)]) {
      await assertEnded(chartroom, { cookie: `${NAME}=${text}` }, text);
    }
  }, WITH_ADMIN));

Deno.test("a token has so many sessions at most, and the next one ends the oldest", () =>
  withChartroom(async (chartroom) => {
    const { token } = await makeToken(chartroom), other = await makeToken(chartroom);
    const neighbour = await begin(chartroom, other.token);
    const cookies: Headers_[] = [];
    for (let i = 0; i < MAX_PER_TOKEN; i++) {
      chartroom.clock.now += 1;
      cookies.push(await begin(chartroom, token));
    }
    assert.equal(await statusOf(chartroom, cookies[0]!), 200);
    chartroom.clock.now += 1_000;
    const last = await begin(chartroom, token);
    await assertEnded(chartroom, cookies[0]!, "the oldest");
    for (const headers of [...cookies.slice(1), last, neighbour]) {
      assert.equal(await statusOf(chartroom, headers), 200);
    }
    // Those that were logged out do not count.
    await chartroom.call("DELETE", "/v1/session", undefined, cookies[20]!);
    await begin(chartroom, token);
    chartroom.clock.now += 1_000;
    assert.equal(await statusOf(chartroom, cookies[1]!), 200);
  }, WITH_ADMIN));

Deno.test("what a session is answered is for it alone, and never given to others", () =>
  withChartroom(async (chartroom, upstream) => {
    const { call, services } = chartroom;
    upstream.serve("/index.yaml", indexOf({ hidden: ["1.0.0"] }));
    const repo = { name: "r", url: upstream.url };
    const made = await call("POST", "/v1/workspaces/ws1/repos", repo, ADMIN);
    assert.equal(made.status, 200);
    await services.syncer.idle();
    const headers = await begin(
      chartroom,
      (await makeToken(chartroom, { workspace: "ws1" })).token,
    );
    for (const path of ["/v1/apps", "/v1/workspaces/ws1/apps", "/v1/categories"]) {
      for (let i = 0; i < 2; i++) {
        const mine = await call("GET", path, undefined, headers);
        assert.equal(mine.status, 200);
        assert.match(mine.headers.get("cache-control")!, /\bprivate\b/);
        assert.match(mine.headers.get("vary")!, /\bCookie\b/);
        if (path !== "/v1/categories") assert.equal(mine.body.total_count, 1, path);
        // What nobody in particular was answered is not given in its place either.
        const theirs = await call("GET", path);
        assert.match(theirs.headers.get("cache-control")!, /\bpublic\b/);
        assert.match(theirs.headers.get("vary")!, /\bCookie\b/);
        if (path !== "/v1/categories") assert.equal(theirs.body.total_count, 0, path);
      }
    }
    await call("DELETE", "/v1/session", undefined, headers);
    assert.equal((await call("GET", "/v1/apps", undefined, headers)).status, 401);
  }, { environment: { ...WITH_ADMIN.environment, CHARTROOM_ANONYMOUS_READ: "true" } }));

Deno.test("the audit log names who logged in and out, and who could not", () =>
  withChartroom(async (chartroom) => {
    const { call } = chartroom;
    const { token, token_id } = await makeToken(chartroom);
    await logIn(chartroom, "wrong", OWN_SITE, HERE);
    const headers = cookieOf(await logIn(chartroom, token, OWN_SITE, HERE));
    await call("DELETE", "/v1/session", undefined, headers, HERE);
    await call("DELETE", "/v1/session", undefined, headers, HERE);
    const { body } = await call("GET", "/v1/audit", undefined, ADMIN);
    const seen = body.items.slice(0, 4).map((
      // deno-lint-ignore no-explicit-any -- an entry, as it is read
      { action, who, status, code, from }: any,
    ) => [action, who, status, code, from.address]);
    const ada = { kind: "token", name: "ada", token_id }, nobody = { kind: "anonymous", name: "" };
    assert.deepEqual(seen, [
      ["session.delete", nobody, 200, undefined, HERE],
      ["session.delete", ada, 200, undefined, HERE],
      ["session.create", ada, 200, undefined, HERE],
      ["session.create", nobody, 401, "unauthorized", HERE],
    ]);
    assert.ok(!JSON.stringify(body).includes("crs_"));
  }, WITH_ADMIN));

Deno.test("whoever guesses is stopped after ten, and who is in stays in, and may log in again", () =>
  withChartroom(async (chartroom) => {
    const { token } = await makeToken(chartroom), other = await makeToken(chartroom);
    const headers = cookieOf(await logIn(chartroom, token, OWN_SITE, HERE));
    const guess = (from: string) => logIn(chartroom, `crt_${"B".repeat(43)}`, OWN_SITE, from);
    for (let i = 0; i < 10; i++) {
      const { status, headers, body } = await guess(HERE);
      assert.deepEqual([status, body.field, headers.get("set-cookie")], [401, "token", null]);
    }
    const limited = await guess(HERE);
    assert.deepEqual([limited.status, limited.body.code], [429, "rate_limited"]);
    assert.ok(Number(limited.headers.get("retry-after")) > 0);
    // One that works is not told from one that does not.
    assert.equal((await logIn(chartroom, other.token, OWN_SITE, HERE)).status, 429);
    assert.equal((await whoami(chartroom, headers, HERE)).status, 200, "has not asked before");
    const again = cookieOf(await logIn(chartroom, token, headers, HERE));
    assert.equal((await whoami(chartroom, again, HERE)).status, 200);
    assert.equal((await guess("192.0.2.8")).status, 401);
    chartroom.clock.now += 6_000;
    assert.equal((await logIn(chartroom, other.token, OWN_SITE, HERE)).status, 200);
  }, WITH_ADMIN));

Deno.test("what logs in is a JSON object with a token, and nothing else", () =>
  withChartroom(async (chartroom) => {
    const { call } = chartroom;
    const wrong: [body: unknown, status: number, field: string | undefined][] = [
      [{}, 400, "token"],
      [{ token: "" }, 400, "token"],
      [{ token: 7 }, 400, "token"],
      [{ token: [ADMIN_TOKEN] }, 400, "token"],
      [{ token: ADMIN_TOKEN, expire_time: null }, 400, "expire_time"],
      [[ADMIN_TOKEN], 400, undefined],
      ["null", 400, undefined],
      [{ token: ` ${ADMIN_TOKEN}` }, 401, "token"],
      [{ token: "x".repeat(70_000) }, 413, undefined],
    ];
    for (const [body, status, field] of wrong) {
      const answer = await call("POST", "/v1/session", body, OWN_SITE);
      assert.equal(answer.status, status, JSON.stringify(body).slice(0, 100));
      if (field !== undefined) assert.equal(answer.body.field, field);
      assert.deepEqual(answer.headers.getSetCookie(), []);
    }
  }, WITH_ADMIN));
