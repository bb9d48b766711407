/** Pages of other sites, and what they get a visitor's browser to send: nothing is changed by it. */

import assert from "node:assert/strict";
import { createApp } from "../../routes/app.ts";
import { type Chartroom, withChartroom } from "../support/chartroom.ts";
import { indexOf } from "../support/upstream.ts";

const TOKEN = "bootstrap-token-of-the-csrf-test";
const ADMIN = { authorization: `Bearer ${TOKEN}` };
const WITH_ADMIN = { environment: { CHARTROOM_ADMIN_TOKEN: TOKEN } };
const UNSAFE = ["POST", "PUT", "PATCH", "DELETE"];
const EVIL = "evil.example.org";

type Headers_ = Record<string, string>;

const site = (site: string, origin?: string): Headers_ => ({
  "sec-fetch-site": site,
  ...(origin !== undefined && { origin }),
});

/** What browsers tell of a page of Chartroom's own, at `http://localhost`. */
const OWN: Headers_[] = [
  site("same-origin"),
  site("none"),
  site("same-origin", "http://localhost"),
  // As browsers have it where the page has a Referrer-Policy of no-referrer.
  site("same-origin", "null"),
  { origin: "http://localhost" },
  { origin: "HTTP://LOCALHOST" },
  { origin: "http://localhost:80" },
  // TLS may end before Chartroom.
  { origin: "https://localhost" },
];

/** What they tell of others, and what no browser tells. */
const FOREIGN: Headers_[] = [
  site("cross-site"),
  site("same-site"),
  site("cross-site", `https://${EVIL}`),
  site("cross-site", "http://localhost"),
  site("same-site", "http://localhost"),
  site("SAME-ORIGIN"),
  site("same-origin, cross-site"),
  site("same-origin-ish", "http://localhost"),
  site(""),
  site("", "http://localhost"),
  { origin: "null" },
  { origin: "" },
  { origin: `http://${EVIL}` },
  { origin: "http://localhost:8000" },
  { origin: "https://localhost:80" },
  { origin: `http://localhost.${EVIL}` },
  { origin: `http://localhost@${EVIL}` },
  { origin: `http://${EVIL}/http://localhost` },
  { origin: "http://127.0.0.1" },
  { origin: "http://localhost." },
  { origin: "localhost" },
  { origin: "//localhost" },
  { origin: "capacitor://localhost" },
  { origin: "file://" },
  { origin: `http://localhost http://${EVIL}` },
  { origin: `http://localhost, http://${EVIL}` },
  { origin: `http://${EVIL}`, referer: "http://localhost/" },
];

/** Begins a session as administrator, and tells its cookie. */
async function logIn({ call }: Chartroom): Promise<Headers_> {
  const { status, headers } = await call("POST", "/v1/session", { token: TOKEN });
  assert.equal(status, 200);
  return { cookie: headers.get("set-cookie")!.split(";")[0]! };
}

/** Every route with an unsafe method, with something in the places of its parameters. */
function unsafeRoutes({ services }: Chartroom): [method: string, path: string][] {
  const routes = createApp(services).routes.filter(({ method }) => UNSAFE.includes(method))
    .map(({ method, path }) => `${method} ${path.replace(/:\w+/g, "x")}`);
  return [...new Set(routes)].map((route) => route.split(" ") as [string, string]);
}

/** Asks for a change of what is not there, and tells how far that got. */
async function outcome({ call }: Chartroom, headers: Headers_, query = ""): Promise<string> {
  const answer = await call("DELETE", `/v1/tokens/none${query}`, undefined, headers);
  return `${answer.status} ${answer.body.code}`;
}

const PASSED = "404 not_found", REFUSED = "403 forbidden";

Deno.test("with a session, a change is made for pages of Chartroom's own alone", () =>
  withChartroom(async (chartroom) => {
    const { call } = chartroom, cookie = await logIn(chartroom);
    for (const headers of OWN) {
      const text = JSON.stringify(headers);
      assert.equal(await outcome(chartroom, { ...cookie, ...headers }), PASSED, text);
    }
    for (const headers of [{}, { referer: "http://localhost/" }, ...FOREIGN]) {
      const text = JSON.stringify(headers), all = { ...cookie, ...headers };
      assert.equal(await outcome(chartroom, all), REFUSED, text);
      // It is no reason to log in again.
      for (const method of ["GET", "HEAD"]) {
        const read = await call(method, "/v1/whoami", undefined, all);
        assert.deepEqual([read.status, read.headers.getSetCookie()], [200, []], text);
      }
      const ended = await call("DELETE", "/v1/session", undefined, all);
      assert.deepEqual([ended.status, ended.headers.getSetCookie()], [403, []], text);
    }
    const { body } = await call("DELETE", "/v1/session", undefined, cookie);
    assert.match(body.message, /another site: expected Sec-Fetch-Site: same-origin, or Origin/);
  }, WITH_ADMIN));

Deno.test("no route with an unsafe method is left out, with a session or where all is open", async () => {
  for (const options of [WITH_ADMIN, {}]) {
    await withChartroom(async (chartroom) => {
      const cookie = options === WITH_ADMIN ? await logIn(chartroom) : {} as Headers_;
      const routes = unsafeRoutes(chartroom);
      assert.ok(routes.length > 30, `${routes.length}`);
      for (const [method, path] of routes) {
        const headers = { ...cookie, ...site("cross-site", `https://${EVIL}`) };
        const { status } = await chartroom.call(method, path, {}, headers);
        // Who calls a webhook shows a secret, which no browser sends by itself.
        assert.equal(status, path.includes("/webhooks/") ? 401 : 403, `${method} ${path}`);
      }
      for (const table of ["repo", "token", "session"]) {
        const rows = await chartroom.services.kv.list({ prefix: [table] });
        assert.equal(rows.length, table === "session" && options === WITH_ADMIN ? 1 : 0);
      }
    }, options);
  }
});

Deno.test("who shows a token is not asked where the page is from", () =>
  withChartroom(async (chartroom) => {
    const cookie = await logIn(chartroom);
    for (const headers of [{}, ...OWN, ...FOREIGN]) {
      for (const more of [{}, cookie]) {
        assert.equal(await outcome(chartroom, { ...ADMIN, ...more, ...headers }), PASSED);
      }
    }
    // What does not work is refused as such, and the cookie does not stand in for it.
    const wrong = { ...cookie, ...site("same-origin"), authorization: "Bearer wrong" };
    assert.equal(await outcome(chartroom, wrong), "401 unauthorized");
  }, WITH_ADMIN));

Deno.test("where nobody is asked for a token, other sites change nothing, and curl what it likes", () =>
  withChartroom(async (chartroom) => {
    const shown: Headers_[] = [
      {},
      { authorization: "Bearer x" },
      { authorization: `Bearer crt_${"A".repeat(43)}` },
      { authorization: "Basic eDp4" },
      { authorization: "" },
      { cookie: "theme=dark" },
    ];
    for (const headers of shown) {
      for (const more of [{}, ...OWN]) {
        const all = { ...headers, ...more };
        assert.equal(await outcome(chartroom, all), PASSED, JSON.stringify(all));
      }
      for (const more of FOREIGN) {
        const all = { ...headers, ...more };
        assert.equal(await outcome(chartroom, all), REFUSED, JSON.stringify(all));
        assert.equal((await chartroom.call("GET", "/v1/repos", undefined, all)).status, 200);
      }
    }
  }));

Deno.test("no other site logs its visitor in under a name of its own", () =>
  withChartroom(async ({ call }) => {
    const logIn = (headers: Headers_) => call("POST", "/v1/session", { token: TOKEN }, headers);
    for (const headers of [{}, ...OWN]) assert.equal((await logIn(headers)).status, 200);
    for (const headers of FOREIGN) {
      for (const more of [{}, ADMIN]) {
        const { status, headers: told } = await logIn({ ...headers, ...more });
        assert.deepEqual([status, told.get("set-cookie")], [403, null], JSON.stringify(headers));
      }
    }
  }, WITH_ADMIN));

Deno.test("a form changes nothing, wherever it is", () =>
  withChartroom(async (chartroom, upstream) => {
    const { call, services } = chartroom;
    upstream.serve("/index.yaml", indexOf({ one: ["1.0.0"] }));
    const id = await chartroom.register(upstream.url);
    const before = await services.kv.list({ prefix: ["repo"] });
    const repo = JSON.stringify({ name: "r", url: upstream.url });
    const changes: [method: string, path: string, body: string][] = [
      ["POST", "/v1/repos", repo],
      ["POST", "/v1/workspaces/ws1/repos", repo],
      ["PATCH", `/v1/repos/${id}`, JSON.stringify({ description: "x" })],
      ["POST", `/v1/repos/${id}/action`, JSON.stringify({ action: "index" })],
      ["POST", "/v1/tokens", JSON.stringify({ name: "x", workspace: "*", role: "admin" })],
      ["POST", "/v1/session", JSON.stringify({ token: "x" })],
    ];
    const types = ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"];
    for (const type of [...types, "text/plain; application/json", "text/plain;charset=UTF-8"]) {
      for (const [method, path, body] of changes) {
        for (const headers of [{}, site("same-origin")]) {
          const answer = await call(method, path, body, { ...headers, "content-type": type });
          assert.equal(answer.status, 415, `${type} ${method} ${path}`);
        }
      }
    }
    assert.deepEqual(await services.kv.list({ prefix: ["repo"] }), before);
    assert.deepEqual(await services.kv.list({ prefix: ["token"] }), []);
  }));

Deno.test("a webhook is delivered whatever it says of its site", () =>
  withChartroom(async (chartroom, upstream) => {
    upstream.serve("/index.yaml", indexOf({ one: ["1.0.0"] }));
    const id = await chartroom.register(upstream.url);
    const { body } = await chartroom.call("POST", `/v1/repos/${id}/webhook`);
    for (const headers of [{}, ...OWN, ...FOREIGN]) {
      chartroom.clock.now += 60_000;
      const proof = { authorization: `Bearer ${body.secret}` };
      const path = `/v1/webhooks/${id}`;
      const answer = await chartroom.call("POST", path, {}, { ...headers, ...proof });
      assert.ok(answer.status < 300, `${answer.status} ${JSON.stringify(headers)}`);
    }
    await chartroom.services.syncer.idle();
  }));
