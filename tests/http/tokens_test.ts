/** Tokens: made, shown, listed, expired, revoked. */

import assert from "node:assert/strict";
import { type Chartroom, START, startChartroom, withChartroom } from "../support/chartroom.ts";
import { insertToken } from "../../src/store/tokens.ts";
import { indexOf } from "../support/upstream.ts";

const ADMIN_TOKEN = "bootstrap-token-of-the-tokens-test";
const ADMIN = { authorization: `Bearer ${ADMIN_TOKEN}` };
const WITH_ADMIN = { environment: { CHARTROOM_ADMIN_TOKEN: ADMIN_TOKEN } };
const DAY = 86_400_000;

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

async function make({ call }: Chartroom, more: Record<string, unknown> = {}, by = ADMIN) {
  const body = { name: "ci", workspace: "ws1", role: "editor", ...more };
  const answer = await call("POST", "/v1/tokens", body, by);
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  return answer.body as { token: string; token_id: string; expire_time: string | null };
}

Deno.test("a token says who it is, and is told once", () =>
  withChartroom(async (chartroom) => {
    const { call } = chartroom;
    const { token, token_id } = await make(chartroom);
    assert.match(token, /^crt_[A-Za-z0-9_-]{43}$/);
    const me = await call("GET", "/v1/whoami", undefined, bearer(token));
    assert.deepEqual(me.body, { name: "ci", kind: "token", role: "editor", workspaces: ["ws1"] });
    const admin = await call("GET", "/v1/whoami", undefined, ADMIN);
    assert.deepEqual(admin.body, {
      name: "admin",
      kind: "bootstrap",
      role: "admin",
      workspaces: "*",
    });
    const { body } = await call("GET", "/v1/tokens", undefined, ADMIN);
    assert.deepEqual(body, {
      items: [{
        token_id,
        name: "ci",
        workspace: "ws1",
        role: "editor",
        creator: "admin",
        create_time: new Date(START).toISOString(),
        expire_time: new Date(START + 90 * DAY).toISOString(),
      }],
      total_count: 1,
    });
  }, WITH_ADMIN));

Deno.test("what is made with a token has its name, and another token cannot be told from none", () =>
  withChartroom(async (chartroom, upstream) => {
    const { call } = chartroom;
    upstream.serve("/index.yaml", indexOf({}));
    const { token } = await make(chartroom);
    const repo = { name: "r", url: upstream.url };
    const made = await call("POST", "/v1/workspaces/ws1/repos", repo, bearer(token));
    assert.equal(made.status, 200);
    const path = `/v1/workspaces/ws1/repos/${made.body.repo_id}`;
    assert.equal((await call("GET", path, undefined, bearer(token))).body.creator, "ci");
    for (
      const wrong of [
        token.slice(0, -1),
        `${token}A`,
        token.toLowerCase(),
        token.replace("crt_", "crw_"),
        token.replace(/.$/, (last) => last === "A" ? "Q" : "A"),
        "crt_",
        "",
        `${token} ${token}`,
      ]
    ) {
      const answer = await call("GET", "/v1/whoami", undefined, bearer(wrong));
      assert.equal(answer.status, 401, wrong);
      assert.equal(answer.body.code, "unauthorized");
    }
    const basic = { authorization: `Basic ${btoa(`ci:${token}`)}` };
    assert.equal((await call("GET", "/v1/whoami", undefined, basic)).status, 401);
    await chartroom.services.syncer.idle();
  }, WITH_ADMIN));

Deno.test("a token works until its time, which is 90 days unless its maker says another", () =>
  withChartroom(async (chartroom) => {
    const { call, clock } = chartroom;
    const usual = await make(chartroom);
    const short = await make(chartroom, { expire_time: "2026-01-01T01:00:00+01:00" }).catch(
      () => {},
    );
    assert.equal(short, undefined, "a time that is over");
    const hour = await make(chartroom, { expire_time: "2026-01-01T03:00:00+02:00" });
    assert.equal(hour.expire_time, "2026-01-01T01:00:00.000Z");
    const ever = await make(chartroom, { expire_time: null });
    assert.equal(ever.expire_time, null);
    const works = async (token: string) =>
      (await call("GET", "/v1/whoami", undefined, bearer(token))).status;
    const all = () => Promise.all([usual, hour, ever].map(({ token }) => works(token)));
    clock.now = START + 3_600_000 - 1;
    assert.deepEqual(await all(), [200, 200, 200]);
    clock.now += 1;
    assert.deepEqual(await all(), [200, 401, 200]);
    clock.now = START + 90 * DAY;
    assert.deepEqual(await all(), [401, 401, 200]);
  }, WITH_ADMIN));

Deno.test("a revoked token works no more: here at once, elsewhere after a second", async () => {
  const folder = await Deno.makeTempDir();
  const environment = { ...WITH_ADMIN.environment, CHARTROOM_KV: `${folder}/kv.sqlite` };
  const here = await startChartroom({ environment });
  const there = await startChartroom({ environment });
  try {
    const { token, token_id } = await make(here);
    const status = async ({ call }: Chartroom) =>
      (await call("GET", "/v1/whoami", undefined, bearer(token))).status;
    assert.deepEqual([await status(here), await status(there)], [200, 200]);
    const path = `/v1/tokens/${token_id}`;
    assert.equal((await here.call("DELETE", path, undefined, ADMIN)).status, 200);
    assert.equal(await status(here), 401);
    there.clock.now += 1_000;
    assert.equal(await status(there), 401);
    assert.equal((await here.call("DELETE", path, undefined, ADMIN)).status, 404);
  } finally {
    await here.close();
    await there.close();
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("the database holds no token, and ids say nothing of theirs", async () => {
  const folder = await Deno.makeTempDir();
  const environment = { ...WITH_ADMIN.environment, CHARTROOM_KV: `${folder}/kv.sqlite` };
  const chartroom = await startChartroom({ environment });
  try {
    const { token, token_id } = await make(chartroom);
    await chartroom.call("GET", "/v1/whoami", undefined, bearer(token));
    await chartroom.close();
    let all = "";
    for await (const { name } of Deno.readDir(folder)) {
      all += new TextDecoder("latin1").decode(await Deno.readFile(`${folder}/${name}`));
    }
    assert.ok(all.includes("editor"), "the row is there");
    const raw = Uint8Array.fromBase64(token.slice(4), { alphabet: "base64url" });
    assert.ok(!all.includes(token.slice(4)));
    assert.ok(!all.includes(new TextDecoder("latin1").decode(raw)));
    assert.ok(!raw.toHex().includes(token_id));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a token that was looked up works while the database does not answer, for a while", async () => {
  const chartroom = await startChartroom(WITH_ADMIN);
  const { call, clock } = chartroom;
  const { token } = await make(chartroom);
  const other = await make(chartroom);
  const status = async (token: string) =>
    (await call("GET", "/v1/whoami", undefined, bearer(token))).status;
  assert.equal(await status(token), 200);
  await chartroom.close();
  clock.now += 599_999;
  assert.equal(await status(token), 200);
  assert.equal(await status(other.token), 503);
  clock.now += 1;
  assert.equal(await status(token), 503);
});

Deno.test("an administrator of a workspace makes, sees and revokes its tokens alone", () =>
  withChartroom(async (chartroom) => {
    const { call } = chartroom;
    const global = await make(chartroom, { workspace: "*", role: "viewer", name: "all" });
    const admin = await make(chartroom, { role: "admin", name: "boss" });
    const by = bearer(admin.token);
    const made = await make(chartroom, { name: "deploy" }, by);
    for (const workspace of ["*", "ws2", "WS1"]) {
      const body = { name: "x", workspace, role: "viewer" };
      assert.equal((await call("POST", "/v1/tokens", body, by)).status, 403);
    }
    const { body } = await call("GET", "/v1/tokens", undefined, by);
    const seen = body.items.map(({ name, creator }: Record<string, string>) => [name, creator]);
    assert.deepEqual(seen.sort(), [["boss", "admin"], ["deploy", "boss"]]);
    assert.equal(body.total_count, 2);
    assert.equal(
      (await call("DELETE", `/v1/tokens/${global.token_id}`, undefined, by)).status,
      404,
    );
    assert.equal((await call("DELETE", `/v1/tokens/${made.token_id}`, undefined, by)).status, 200);
    const page = await call("GET", "/v1/tokens?limit=1&page=2", undefined, ADMIN);
    assert.equal(page.body.items.length, 1);
    assert.equal(page.body.total_count, 2);
  }, WITH_ADMIN));

Deno.test("what a token is to be is checked by name", () =>
  withChartroom(async ({ call }) => {
    const good = { name: "ci", workspace: "ws1", role: "viewer" };
    const wrong: [Record<string, unknown>, string][] = [
      [{ name: "" }, "name"],
      [{ name: " " }, "name"],
      [{ name: 7 }, "name"],
      [{ name: "x".repeat(101) }, "name"],
      [{ name: "two\nlines" }, "name"],
      [{ workspace: "" }, "workspace"],
      [{ workspace: null }, "workspace"],
      [{ workspace: "a b" }, "workspace"],
      [{ workspace: "**" }, "workspace"],
      [{ workspace: ["ws1"] }, "workspace"],
      [{ role: "root" }, "role"],
      [{ role: ["admin"] }, "role"],
      [{ role: undefined }, "role"],
      [{ expire_time: "tomorrow" }, "expire_time"],
      [{ expire_time: "2026-13-01T00:00:00Z" }, "expire_time"],
      [{ expire_time: "2025-12-31T23:59:59Z" }, "expire_time"],
      [{ expire_time: 4_102_444_800_000 }, "expire_time"],
      [{ expire_time: "2027-01-01" }, "expire_time"],
      [{ token: "crt_mine" }, "token"],
    ];
    for (const [more, field] of wrong) {
      const answer = await call("POST", "/v1/tokens", { ...good, ...more }, ADMIN);
      assert.equal(answer.status, 400, JSON.stringify(more));
      assert.equal(answer.body.field, field, JSON.stringify(more));
    }
    assert.equal((await call("GET", "/v1/tokens", undefined, ADMIN)).body.total_count, 0);
  }, WITH_ADMIN));

Deno.test("the query of a repository's URL is for those who may change it", () =>
  withChartroom(async (chartroom, upstream) => {
    const { call, services } = chartroom;
    upstream.serve("/charts/index.yaml", indexOf({ one: ["1.0.0"] }));
    const url = `${upstream.url}/charts?sig=of-a-signed-url`;
    const made = await call("POST", "/v1/repos", { name: "r", url }, ADMIN);
    await services.syncer.idle();
    const viewer = await make(chartroom, { workspace: "*", role: "viewer" });
    const editor = await make(chartroom, { workspace: "*", role: "editor" });
    const own = await make(chartroom, { workspace: "ws1", role: "editor" });
    const seen = async (by: Record<string, string>) => {
      const one = await call("GET", `/v1/repos/${made.body.repo_id}`, undefined, by);
      const list = await call("GET", "/v1/repos", undefined, by);
      assert.equal(list.body.items[0].url, one.body.url);
      return one.body.url;
    };
    const bare = `${upstream.url}/charts`;
    assert.equal(await seen(ADMIN), url);
    assert.equal(await seen(bearer(editor.token)), url);
    assert.equal(await seen(bearer(viewer.token)), bare);
    assert.equal(await seen(bearer(own.token)), bare);
    assert.equal(await seen({}), bare);
  }, { environment: { ...WITH_ADMIN.environment, CHARTROOM_ANONYMOUS_READ: "true" } }));

Deno.test("a workspace has a thousand tokens at most", () =>
  withChartroom(async (chartroom) => {
    const token = { ...NEW, creator: "test", createTime: START };
    for (let i = 0; i < 1_000; i++) await insertToken(chartroom.services.kv, `${i}`, token);
    const body = { name: "one more", workspace: "ws1", role: "viewer" };
    const answer = await chartroom.call("POST", "/v1/tokens", body, ADMIN);
    assert.equal(answer.status, 403);
    assert.equal(answer.body.code, "quota_exceeded");
    await make(chartroom, { workspace: "ws2" });
  }, WITH_ADMIN));

const NEW = { name: "x", workspace: "ws1", role: "viewer", expireTime: null } as const;
