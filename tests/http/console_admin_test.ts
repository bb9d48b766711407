/** The pages of tokens and of the audit log, without a browser. */

import assert from "node:assert/strict";
import { wordsOf } from "../../routes/console/words/words.ts";
import { ACTIONS } from "../../routes/support/audit.ts";
import { canary } from "../support/canary.ts";
import { type Body, type Chartroom, withChartroom } from "../support/chartroom.ts";

const TOKEN = canary("token");
const ADMIN = { authorization: `Bearer ${TOKEN}` };
const HOSTILE = `"><script>alert(1)</script>`;
const DAY = 86_400_000;

type Headers_ = Record<string, string>;

const withConsole = (test: (chartroom: Chartroom) => Promise<void>) =>
  withChartroom((chartroom) => test(chartroom), { environment: { CHARTROOM_ADMIN_TOKEN: TOKEN } });

const open = ({ call }: Chartroom, path: string, headers: Headers_ = ADMIN) =>
  call("GET", path, undefined, { accept: "text/html", ...headers });

const post = ({ call }: Chartroom, path: string, fields: Headers_, headers: Headers_ = ADMIN) =>
  call("POST", path, new URLSearchParams(fields).toString(), {
    accept: "text/html",
    "content-type": "application/x-www-form-urlencoded",
    "sec-fetch-site": "same-origin",
    ...headers,
  });

async function makeToken({ call }: Chartroom, more: Record<string, unknown>): Promise<Body> {
  const token = { name: "t", workspace: "ws1", role: "viewer", ...more };
  const { status, body } = await call("POST", "/v1/tokens", token, ADMIN);
  assert.equal(status, 200);
  return body;
}

Deno.test("tokens are listed with what is worth knowing, to who administers where they count", () =>
  withConsole(async (chartroom) => {
    assert.match((await open(chartroom, "/tokens")).body, /There are no tokens yet/);
    const soon = new Date(chartroom.clock.now + 3 * DAY).toISOString();
    await makeToken(chartroom, { name: HOSTILE, expire_time: soon });
    await makeToken(chartroom, { name: "of all", workspace: "*", expire_time: null });
    const own = await makeToken(chartroom, { name: "own", role: "admin" });
    const { body } = await open(chartroom, "/tokens");
    assert.ok(!body.includes("<script>alert"));
    assert.match(body, /&quot;&gt;&lt;script&gt;/);
    assert.match(body, /Soon/);
    assert.match(body, /Everywhere/);
    const bearer = { authorization: `Bearer ${own.token}` };
    const theirs = (await open(chartroom, "/tokens", bearer)).body;
    assert.doesNotMatch(theirs, /of all/);
    assert.match(theirs, />own</);
    const form = (await open(chartroom, "/tokens/new", bearer)).body;
    assert.match(form, /<option value="ws1"/);
    assert.doesNotMatch(form, /name="scope"/);
    const elsewhere = { name: "x", workspace: "ws2", role: "viewer", expires: "30" };
    assert.equal((await post(chartroom, "/tokens", elsewhere, bearer)).status, 403);
    assert.equal(
      (await post(chartroom, "/tokens", { ...elsewhere, scope: "all" }, bearer)).status,
      403,
    );
    const zh = await open(chartroom, "/tokens", { ...ADMIN, cookie: "language=zh" });
    assert.match(zh.body, /永不过期/);
    const viewer = await makeToken(chartroom, {});
    const refused = { authorization: `Bearer ${viewer.token}` };
    for (const path of ["/tokens", "/tokens/new", `/tokens/${own.token_id}/revoke`, "/audit"]) {
      assert.equal((await open(chartroom, path, refused)).status, 403, path);
    }
    assert.equal(
      (await post(chartroom, `/tokens/${own.token_id}/revoke`, {}, refused)).status,
      403,
    );
    assert.equal((await open(chartroom, "/tokens", bearer)).status, 200);
  }));

Deno.test("a token is made with the life that was chosen, or the field is told that is wrong", () =>
  withConsole(async (chartroom) => {
    const { now } = chartroom.clock;
    const fields = { name: "ci", scope: "one", workspace: "ws1", role: "editor" };
    const lives: [Headers_, string | null][] = [
      [{ expires: "30" }, new Date(now + 30 * DAY).toISOString()],
      [{ expires: "365" }, new Date(now + 365 * DAY).toISOString()],
      [{ expires: "day", day: "2026-02-28" }, "2026-02-28T23:59:59.000Z"],
      [{ expires: "never" }, null],
      [{}, new Date(now + 90 * DAY).toISOString()],
    ];
    for (const [life, expected] of lives) {
      chartroom.clock.now += 1;
      const made = await post(chartroom, "/tokens", { ...fields, ...life });
      assert.equal(made.status, 200);
      assert.equal(made.headers.get("cache-control"), "private, no-store");
      const { body } = await chartroom.call("GET", "/v1/tokens?limit=1", undefined, ADMIN);
      const [{ expire_time }] = body.items;
      const late = Date.parse(expire_time ?? 0) - Date.parse(expected ?? "1970-01-01T00:00:00Z");
      assert.ok(expected === expire_time || late >= 0 && late < 1_000, `${expire_time}`);
    }
    const wrong: [Headers_, string, RegExp][] = [
      [{ name: "" }, "name", /Give it a name/],
      [{ name: "a\nb" }, "name", /Give it a name/],
      [{ workspace: HOSTILE }, "workspace", /Give the name of a workspace/],
      [{ workspace: "" }, "workspace", /Give the name of a workspace/],
      [{ role: "king" }, "role", /Choose a role/],
      [{ expires: "day" }, "day", /Choose a day to come/],
      [{ expires: "day", day: "2020-01-01" }, "day", /Choose a day to come/],
      [{ expires: "soon" }, "expires", /Choose a day to come/],
    ];
    for (const [change, field, message] of wrong) {
      const { status, body } = await post(chartroom, "/tokens", { ...fields, ...change });
      assert.equal(status, 400, field);
      assert.match(body, message);
      assert.match(body, new RegExp(`id="${field}-error"`));
      assert.ok(!body.includes("<script>alert"));
    }
  }));

Deno.test("every action has words in both languages", () => {
  const actions = [...Object.values(ACTIONS), "repository.check", "audit.read", "none"];
  for (const language of ["en", "zh"] as const) {
    const { audit } = wordsOf(language);
    assert.deepEqual(Object.keys(audit.actions).sort(), [...new Set(actions)].sort(), language);
  }
});

Deno.test("the log is narrowed down by all that there is, and says what is wrong", () =>
  withConsole(async (chartroom) => {
    const { call } = chartroom;
    const own = await makeToken(chartroom, { name: HOSTILE, role: "admin" });
    await makeToken(chartroom, { name: "of another", workspace: "ws2" });
    await call("DELETE", "/v1/tokens/none", undefined, {
      authorization: `Bearer ${own.token}`,
      "user-agent": HOSTILE,
    });
    const rowsOf = async (query: string, headers: Headers_ = ADMIN) => {
      const { status, body } = await open(chartroom, `/audit${query}`, headers);
      assert.equal(status, 200, query);
      assert.ok(!body.includes("<script>alert"), query);
      return body.split("<tr>").length - 2;
    };
    const many = 3;
    assert.equal(await rowsOf(""), many);
    assert.equal(await rowsOf("?action=token.create"), 2);
    assert.equal(await rowsOf("?outcome=refused"), 1);
    assert.equal(await rowsOf("?name=admin"), 2);
    assert.equal(await rowsOf(`?name=${encodeURIComponent(HOSTILE)}`), 1);
    assert.equal(await rowsOf("?since=2026-01-01&until=2026-01-01"), many);
    assert.equal(await rowsOf("?until=2025-12-31"), -1);
    assert.equal(await rowsOf("?repo=nobody&action=none"), -1);
    assert.equal(await rowsOf("?action=token.create,name=x"), -1);
    // Whoever administers one workspace sees what concerns theirs.
    assert.equal(await rowsOf("", { authorization: `Bearer ${own.token}` }), 2);
    const wrong: [string, string | undefined][] = [
      ["?outcome=odd", "outcome"],
      ["?since=yesterday", "since"],
      ["?until=2026-13-99", "until"],
      ["?name=a,b", "name"],
      ["?cursor=odd", undefined],
    ];
    for (const [query, field] of wrong) {
      const { status, body } = await open(chartroom, `/audit${query}`);
      assert.equal(status, 400, query);
      assert.match(body, field ? new RegExp(`id="${field}-error"`) : /role="alert"/, query);
    }
    const { body } = await open(chartroom, "/audit?outcome=refused&since=2026-01-01");
    const [, href = ""] = /href="(\/v1\/audit[^"]+)"/.exec(body) ?? [];
    const lines = await call("GET", href.replaceAll("&amp;", "&"), undefined, ADMIN);
    assert.equal(lines.body.trim().split("\n").length, 1);
    assert.match(
      (await open(chartroom, "/audit", { ...ADMIN, cookie: "language=zh" })).body,
      /创建令牌/,
    );
  }));
