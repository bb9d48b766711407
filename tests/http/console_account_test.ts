/** Signing in and out, preferences, and what goes on between a page and the API. */

import assert from "node:assert/strict";
import { createApp } from "../../routes/app.ts";
import { safePath } from "../../routes/console/opened.tsx";
import { type Chartroom, type Options, withChartroom } from "../support/chartroom.ts";
import { canary } from "../support/canary.ts";

const TOKEN = canary("token");
const BROWSER = { accept: "text/html", "sec-fetch-site": "same-origin" };
const FORM = { ...BROWSER, "content-type": "application/x-www-form-urlencoded" };

type Headers_ = Record<string, string>;

function withConsole(
  test: (chartroom: Chartroom) => Promise<void>,
  environment: Record<string, string> = {},
) {
  const options: Options = { environment: { CHARTROOM_ADMIN_TOKEN: TOKEN, ...environment } };
  return withChartroom((chartroom) => test(chartroom), options);
}

const open = ({ call }: Chartroom, path: string, headers: Headers_ = {}) =>
  call("GET", path, undefined, { ...BROWSER, ...headers });

const post = (
  { call }: Chartroom,
  path: string,
  fields: Headers_,
  headers: Headers_ = {},
  from?: string,
) => call("POST", path, new URLSearchParams(fields).toString(), { ...FORM, ...headers }, from);

/** Signs in, as the cookie that a browser sends from then on. */
async function signIn(chartroom: Chartroom, token = TOKEN): Promise<Headers_> {
  const { status, headers } = await post(chartroom, "/sign-in?next=/tokens", { token });
  assert.deepEqual([status, headers.get("location")], [303, "/tokens"]);
  return { cookie: headers.get("set-cookie")!.split(";")[0]! };
}

Deno.test("a token becomes a session that no script reads, and signing out ends it", () =>
  withConsole(async (chartroom) => {
    const { status, headers } = await post(chartroom, "/sign-in", { token: ` ${TOKEN}\n` });
    assert.deepEqual([status, headers.get("location")], [303, "/"]);
    const [cookie, ...more] = headers.getSetCookie();
    assert.match(cookie!, /^__Host-chartroom=crs_\S+; .*HttpOnly; Secure; SameSite=Strict$/);
    assert.deepEqual(more, []);
    const session = { cookie: cookie!.split(";")[0]! };
    assert.equal((await open(chartroom, "/tokens", session)).status, 200);
    const out = await post(chartroom, "/sign-out", {}, session);
    assert.equal(out.headers.get("location"), "/sign-in?done=signed-out");
    const page = await open(chartroom, "/tokens", session);
    assert.equal(page.headers.get("location"), "/sign-in?next=%2Ftokens&ended=1");
    // What is worth nothing is not shown again.
    assert.match(page.headers.get("set-cookie")!, /^__Host-chartroom=; Max-Age=0/);
    assert.match((await open(chartroom, "/sign-in?ended=1")).body, /Your session has ended/);
  }));

Deno.test("what does not work is said beside the field, and keeps where to go", () =>
  withConsole(async (chartroom) => {
    const cases: [string, number, RegExp][] = [
      ["", 400, /Paste your token/],
      [" ", 400, /Paste your token/],
      ["crt_wrong", 401, /This token does not work/],
      ["x".repeat(20_000), 401, /This token does not work/],
      ["\u0000\ud800<script>", 401, /This token does not work/],
    ];
    for (const [token, expected, message] of cases) {
      const { status, body, headers } = await post(chartroom, "/sign-in?next=/news", { token });
      assert.equal(status, expected);
      assert.match(body, message);
      assert.match(body, /action="\/sign-in\?next=%2Fnews"/);
      assert.match(body, /aria-invalid="true"/);
      assert.equal(headers.get("set-cookie"), null);
    }
    const large = await post(chartroom, "/sign-in", { token: "x".repeat(300_000) });
    assert.equal(large.status, 413);
  }));

Deno.test("who guesses is told when to come back", () =>
  withConsole(async (chartroom) => {
    const guess = (token: string) => post(chartroom, "/sign-in", { token }, {}, "192.0.2.1");
    for (let i = 0; i < 10; i++) assert.equal((await guess(`crt_${i}`)).status, 401);
    const { status, headers, body } = await guess(TOKEN);
    assert.equal(status, 429);
    assert.ok(Number(headers.get("retry-after")) > 0);
    assert.match(body, /Try again in \d+ sec/);
    const zh = await post(
      chartroom,
      "/sign-in",
      { token: TOKEN },
      { cookie: "language=zh" },
      "192.0.2.1",
    );
    assert.match(zh.body, /失败尝试过多/);
  }));

Deno.test("after signing in nobody is led to another host", () =>
  withConsole(async (chartroom) => {
    const evil = [
      "//evil.example.org",
      "/\\evil.example.org",
      "/\t/evil.example.org",
      "/.//evil.example.org",
      "/x/..//evil.example.org",
      "/%2e//evil.example.org",
      "https://evil.example.org",
      "javascript:alert(1)",
      "\\\\evil.example.org",
      "/a\r\nSet-Cookie: x=1",
      "/a\u0000b",
      "/\u2028",
      "evil",
      "",
      `/${"a".repeat(3_000)}`,
    ];
    for (const next of evil) {
      assert.equal(safePath(next), "/", next);
      const query = new URLSearchParams({ next });
      const into = await post(chartroom, `/sign-in?${query}`, { token: TOKEN });
      assert.equal(into.headers.get("location"), "/", next);
      const chosen = await post(chartroom, "/preferences", { next, theme: "dark" });
      assert.equal(chosen.headers.get("location"), "/", next);
    }
    assert.equal(
      safePath("/workspaces/a/repos?q=%2F%2Fx&page=2"),
      "/workspaces/a/repos?q=%2F%2Fx&page=2",
    );
  }));

Deno.test("of preferences those are kept that there are, and of other sites none", () =>
  withConsole(async (chartroom) => {
    const cookies = async (fields: Headers_, headers: Headers_ = {}) =>
      (await post(chartroom, "/preferences", fields, headers)).headers.getSetCookie()
        .map((cookie) => cookie.split(";")[0]);
    assert.deepEqual(await cookies({ language: "zh" }), ["language=zh"]);
    assert.deepEqual(await cookies({ theme: "dark" }), ["theme=dark"]);
    for (const wrong of ["", "de", "__proto__", "constructor", "zh\r\nX-A: b", "zh; Domain=x"]) {
      assert.deepEqual(await cookies({ language: wrong, theme: wrong }), [], wrong);
    }
    const foreign = await post(chartroom, "/preferences", { theme: "dark" }, {
      "sec-fetch-site": "cross-site",
    });
    assert.deepEqual([foreign.status, foreign.headers.getSetCookie()], [403, []]);
    const page = await open(chartroom, "/sign-in", { cookie: "language=zh; theme=dark" });
    assert.match(page.body, /<html lang="zh" data-theme="dark">/);
    const odd = await open(chartroom, "/sign-in", { cookie: 'language="><b>; theme="><b>' });
    assert.match(odd.body, /<html lang="en" data-theme="auto">/);
    const asked = await open(chartroom, "/sign-in", { "accept-language": "de, zh-CN;q=0.9" });
    assert.match(asked.body, /<html lang="zh"/);
  }));

Deno.test("forms of any kind are taken apart, and nothing in them is taken for more than text", () =>
  withConsole(async (chartroom) => {
    const boundary = "x";
    const part = (name: string, more = "") =>
      `--${boundary}\r\nContent-Disposition: form-data; name="${name}"${more}\r\n\r\n${TOKEN}\r\n`;
    const multipart = { ...FORM, "content-type": `multipart/form-data; boundary=${boundary}` };
    const send = (body: string, headers: Headers_) =>
      chartroom.call("POST", "/sign-in", body, headers);
    const asFile = part("token", '; filename="a.txt"');
    assert.equal((await send(`${asFile}--${boundary}--\r\n`, multipart)).status, 400);
    assert.equal((await send(`${part("token")}--${boundary}--\r\n`, multipart)).status, 303);
    assert.equal((await send("not multipart", multipart)).status, 400);
    assert.equal(
      (await send(`{"token":"${TOKEN}"}`, { ...FORM, "content-type": "application/json" })).status,
      400,
    );
    const twice = await send(`token=wrong&token=${encodeURIComponent(TOKEN)}`, FORM);
    assert.ok([303, 400, 401].includes(twice.status));
    const fields = "__proto__=x&constructor=y&__proto__[token]=z&toString=1";
    assert.equal((await send(fields, FORM)).status, 400);
    assert.equal(({} as Record<string, unknown>).token, undefined);
    assert.equal((await send("&=".repeat(50_000), FORM)).status, 400);
  }));

Deno.test("a link on another site is followed once more from here, with the cookie", () =>
  withConsole(async (chartroom) => {
    const link = { "sec-fetch-site": "cross-site", "sec-fetch-dest": "document" };
    for (const mode of ["first", "again"]) {
      const { status, body, headers } = await open(chartroom, "/tokens?page=2", link);
      assert.equal(status, 200, mode);
      assert.equal(body, '<!DOCTYPE html><meta http-equiv="refresh" content="0">');
      assert.equal(headers.get("cache-control"), "private, no-store");
    }
    const here = await open(chartroom, "/tokens?page=2");
    assert.equal(here.headers.get("location"), "/sign-in?next=%2Ftokens%3Fpage%3D2");
  }));

Deno.test("whoever reads without a token is shown where to sign in, and may go on without", () =>
  withConsole(async (chartroom) => {
    const page = await open(chartroom, "/repos?q=a");
    assert.match(page.body, /href="\/sign-in\?next=%2Frepos%3Fq%3Da"/);
    assert.doesNotMatch(page.body, /href="\/(tokens|audit)"/);
    assert.match(
      (await open(chartroom, "/sign-in?next=/news")).body,
      /href="\/news">Go on without/,
    );
    const forbidden = await open(chartroom, "/tokens");
    assert.equal(forbidden.headers.get("location"), "/sign-in?next=%2Ftokens");
    const ended = await open(chartroom, "/repos", { cookie: "__Host-chartroom=crs_x" });
    assert.equal(ended.headers.get("location"), "/sign-in?next=%2Frepos&ended=1");
  }, { CHARTROOM_ANONYMOUS_READ: "true" }));

Deno.test("each change by a form is recorded once, with who asked, from where, and with what", () =>
  withConsole(async (chartroom) => {
    const session = await signIn(chartroom);
    const admin = { authorization: `Bearer ${TOKEN}` };
    const read = async () =>
      (await chartroom.call("GET", "/v1/audit", undefined, admin)).body.items;
    const before = (await read()).length;
    const fields = { name: "ci", workspace: "ws1", role: "viewer", expires: "30" };
    const browser = { ...session, "user-agent": "Browser/1" };
    const from = "192.0.2.9";
    assert.equal((await post(chartroom, "/tokens", fields, browser, from)).status, 200);
    chartroom.clock.now += 1;
    assert.equal(
      (await post(chartroom, "/tokens", { ...fields, role: "x" }, browser, from)).status,
      400,
    );
    chartroom.clock.now += 1;
    assert.equal(
      (await post(chartroom, "/tokens", fields, { "user-agent": "Browser/1" }, from)).status,
      401,
    );
    chartroom.clock.now += 1;
    const foreign = { ...browser, "sec-fetch-site": "cross-site" };
    assert.equal((await post(chartroom, "/tokens", fields, foreign, from)).status, 403);
    const entries = (await read()).slice(0, -before).reverse();
    assert.deepEqual(
      // deno-lint-ignore no-explicit-any -- answers are JSON, looked at field by field
      entries.map(({ action, who, outcome, status, from }: any) => [
        action,
        who.kind,
        outcome,
        status,
        from.address,
        from.user_agent,
      ]),
      [
        ["token.create", "bootstrap", "success", 200, from, "Browser/1"],
        ["token.create", "bootstrap", "refused", 400, from, "Browser/1"],
        ["token.create", "anonymous", "refused", 401, from, "Browser/1"],
        ["token.create", "anonymous", "refused", 403, from, "Browser/1"],
      ],
    );
  }));

Deno.test("what a page refuses by itself is recorded, and what changes nothing is not", () =>
  withConsole(async (chartroom) => {
    const session = await signIn(chartroom);
    const admin = { authorization: `Bearer ${TOKEN}` };
    const made = { name: "viewer", workspace: "*", role: "viewer" };
    const { body: { token } } = await chartroom.call("POST", "/v1/tokens", made, admin);
    const viewer = await signIn(chartroom, token);
    chartroom.clock.now += 1;
    assert.equal((await post(chartroom, "/repos/new", { name: "r" }, viewer)).status, 403);
    chartroom.clock.now += 1;
    assert.equal((await post(chartroom, "/preferences", { theme: "dark" }, session)).status, 303);
    const { body: { items: [last] } } = await chartroom.call("GET", "/v1/audit", undefined, admin);
    assert.deepEqual(
      [last.route, last.who.name, last.outcome, last.status],
      ["POST /repos/new", "viewer", "refused", 403],
    );
  }));

Deno.test("addresses that a page shows are those of the browser, whose TLS may end before us", () =>
  withConsole(async (chartroom) => {
    const session = await signIn(chartroom);
    const admin = { authorization: `Bearer ${TOKEN}` };
    const json = { name: "r", url: "http://127.0.0.1:9" };
    const { body: { repo_id: id } } = await chartroom.call("POST", "/v1/repos", json, admin);
    const path = `http://charts.example.org/repos/${id}`;
    const page = await post(chartroom, `${path}/webhook`, { act: "make" }, session);
    assert.equal(page.status, 200);
    assert.match(page.body, /https:\/\/charts\.example\.org\/v1\/webhooks\//);
    assert.doesNotMatch(page.body, /http:\/\/charts\.example\.org/);
    const odd = await open(chartroom, "/repos/%0d%0aX-Evil:%201/webhook", session);
    assert.equal(odd.headers.get("location"), "/repos/%0D%0AX-Evil%3A%201?tab=webhook");
  }));

Deno.test("who clicks fast meets no limit; who sends far too much gets a page that says so", () =>
  withConsole(async (chartroom) => {
    const session = await signIn(chartroom);
    const from = "192.0.2.9";
    const get = (path: string) =>
      chartroom.call("GET", path, undefined, { ...BROWSER, ...session }, from);
    for (let i = 0; i < 10; i++) {
      for (const path of ["/repos", "/apps", "/tokens", "/audit", "/news"]) {
        assert.notEqual((await get(path)).status, 429, `${i} ${path}`);
      }
    }
    let answer = await get("/tokens");
    for (let i = 0; i < 100 && answer.status !== 429; i++) answer = await get("/tokens");
    assert.equal(answer.status, 429);
    assert.ok(Number(answer.headers.get("retry-after")) > 0);
    assert.match(answer.body, /That was too much at once/);
  }));

Deno.test("behind TLS that ends elsewhere, addresses on pages are those of the browser", () =>
  withConsole(async (chartroom) => {
    const page = await open(chartroom, "http://charts.example.org/sign-in");
    assert.doesNotMatch(page.body, /Browsers keep the session only/);
    const plain = await chartroom.call("GET", "http://charts.example.org/sign-in", undefined, {
      accept: "text/html",
    });
    assert.match(plain.body, /Browsers keep the session only/);
  }));

Deno.test("what is nowhere, wrong or not for this method is a page too", () =>
  withConsole(async (chartroom) => {
    const session = await signIn(chartroom);
    const cases: [string, string, number][] = [
      ["GET", "/nothing", 404],
      ["GET", "/sign-out", 405],
      ["GET", "/workspaces/%21%21/repos", 404],
      ["GET", "/workspaces/-/tokens", 404],
      ["GET", "/tokens/none/revoke", 404],
      ["POST", "/tokens/..%2Frepos%2Fx/revoke", 404],
      ["GET", `/repos?q=${"a".repeat(9_000)}`, 414],
    ];
    for (const [method, path, expected] of cases) {
      const body = method === "POST" ? "" : undefined;
      const answer = await chartroom.call(method, path, body, { ...FORM, ...session });
      assert.equal(answer.status, expected, path);
      assert.match(answer.headers.get("content-type")!, /^text\/html/, path);
      assert.equal(answer.headers.get("cache-control"), "private, no-store", path);
    }
    const { request } = createApp(chartroom.services);
    const head = await request("http://localhost/tokens", { method: "HEAD", headers: session });
    assert.deepEqual([head.status, await head.text()], [200, ""]);
  }));
