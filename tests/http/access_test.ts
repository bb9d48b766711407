import assert from "node:assert/strict";
import { canary } from "../support/canary.ts";
import { startChartroom, withChartroom } from "../support/chartroom.ts";
import { indexOf, startUpstream } from "../support/upstream.ts";

const TOKEN = canary("token");
const ADMIN = { authorization: `Bearer ${TOKEN}` };

Deno.test("with an administrator's token, nobody gets in without it", () =>
  withChartroom(async ({ call }) => {
    const wrong = { authorization: `Bearer ${canary("wrong")}` };
    for (const headers of [{}, wrong, { authorization: `Basic ${TOKEN}` }]) {
      for (
        const [method, path] of [["GET", "/v1/repos"], ["POST", "/v1/repos"], ["GET", "/v1/apps"]]
      ) {
        const answer = await call(method!, path!, method === "POST" ? {} : undefined, headers);
        assert.equal(answer.status, 401);
        assert.equal(answer.body.code, "unauthorized");
        assert.equal(answer.headers.get("www-authenticate"), "Bearer");
      }
    }
    assert.equal((await call("GET", "/v1/repos", undefined, ADMIN)).status, 200);
    assert.equal((await call("GET", "/healthz")).status, 200);
  }, { environment: { CHARTROOM_ADMIN_TOKEN: TOKEN } }));

Deno.test("anonymous reading shows global repositories and changes nothing", () =>
  withChartroom(async ({ call, services }, upstream) => {
    upstream.serve("/index.yaml", indexOf({ one: ["1.0.0"] }));
    const repo = { name: "r", url: upstream.url };
    const global = await call("POST", "/v1/repos", repo, ADMIN);
    const own = await call("POST", "/v1/workspaces/ws1/repos", repo, ADMIN);
    await services.syncer.idle();
    assert.equal((await call("GET", "/v1/apps")).body.total_count, 1);
    assert.equal((await call("GET", "/v1/apps", undefined, ADMIN)).body.total_count, 2);
    assert.equal((await call("GET", `/v1/repos/${global.body.repo_id}`)).status, 200);
    assert.equal((await call("GET", `/v1/repos/${own.body.repo_id}`)).status, 404);
    assert.equal((await call("GET", "/v1/workspaces/ws1/repos")).status, 401);
    assert.equal((await call("GET", "/v1/repos?conditions=workspace=ws1")).status, 401);
    assert.equal((await call("POST", "/v1/repos", repo)).status, 401);
    assert.equal((await call("DELETE", `/v1/repos/${global.body.repo_id}`)).status, 401);
    const wrong = { authorization: `Bearer ${canary("wrong")}` };
    assert.equal((await call("GET", "/v1/apps", undefined, wrong)).status, 401);
    const { body } = await call("GET", `/v1/repos/${global.body.repo_id}`);
    assert.equal(body.creator, "admin");
  }, { environment: { CHARTROOM_ADMIN_TOKEN: TOKEN, CHARTROOM_ANONYMOUS_READ: "true" } }));

Deno.test("a credential goes to its origin alone, and appears nowhere", async () => {
  const home = startUpstream(), elsewhere = startUpstream();
  const chartroom = await startChartroom();
  const { call, sync, services } = chartroom;
  try {
    const index = indexOf({ one: ["1.0.0"] });
    const password = canary("pa:ss/secret");
    const expected = `Basic ${btoa(`bob:${password}`)}`;
    home.serve(
      "/private/index.yaml",
      (request) =>
        request.headers.get("authorization") === expected
          ? new Response(index)
          : new Response("no", { status: 401 }),
    );
    home.serve("/moved/index.yaml", () => Response.redirect(`${elsewhere.url}/index.yaml`));
    elsewhere.serve("/index.yaml", index);
    const withUser = (path: string) =>
      home.url.replace("http://", `http://bob:${encodeURIComponent(password)}@`) + path;
    const made = await call("POST", "/v1/repos", { name: "p", url: withUser("/private") });
    const id = made.body.repo_id;
    await services.syncer.idle();
    const repo = (await call("GET", `/v1/repos/${id}`)).body;
    assert.equal(repo.status, "successful");
    assert.equal(repo.url, `${home.url}/private`);
    assert.equal(repo.credential, "{}");
    assert.equal(repo.credential_set, true);

    // A URL without userinfo keeps the credential, as long as the origin stays.
    const same = { url: `${home.url}/private/`, credential: "{}" };
    assert.equal((await call("PATCH", `/v1/repos/${id}`, same)).status, 200);
    assert.equal((await sync(id)).status, "successful");
    // A wrong one is refused, and the right one stays.
    const wrong = { credential: JSON.stringify({ username: "bob", password: canary("no") }) };
    assert.equal((await call("PATCH", `/v1/repos/${id}`, wrong)).body.reason, "unauthorized");
    assert.equal((await sync(id)).status, "successful");
    // A redirect to another origin gets none.
    await call("PATCH", `/v1/repos/${id}`, { url: `${home.url}/moved` });
    assert.equal((await sync(id)).status, "successful");
    // Nor does a new origin.
    await call("PATCH", `/v1/repos/${id}`, { url: elsewhere.url });
    assert.equal((await call("GET", `/v1/repos/${id}`)).body.credential_set, false);
    assert.ok(elsewhere.requests.length >= 3);
    assert.deepEqual(elsewhere.requests.filter(({ headers }) => headers.has("authorization")), []);

    const events = await call("GET", `/v1/repos/${id}/events`);
    const said = JSON.stringify([chartroom.log, events.body, repo]);
    assert.doesNotMatch(said, /secret|bob|pa:ss/);
  } finally {
    await chartroom.close();
    await Promise.all([home.close(), elsewhere.close()]);
  }
});

Deno.test("a credential is removed by an empty one", () =>
  withChartroom(async ({ call, register }, upstream) => {
    upstream.serve("/index.yaml", indexOf({}));
    const credential = JSON.stringify({ username: "bob", password: canary("x") });
    const id = await register(upstream.url, { credential });
    assert.equal((await call("GET", `/v1/repos/${id}`)).body.credential_set, true);
    await call("PATCH", `/v1/repos/${id}`, { credential: "" });
    assert.equal((await call("GET", `/v1/repos/${id}`)).body.credential_set, false);
  }));

Deno.test("/readyz writes to the database and reads back; without it, the answer is 503", async () => {
  const chartroom = await startChartroom();
  assert.deepEqual((await chartroom.call("GET", "/readyz")).body, { status: "ready" });
  await chartroom.close();
  // One answer of the database does for all who ask within a second.
  assert.equal((await chartroom.call("GET", "/readyz")).status, 200);
  chartroom.clock.now += 1_000;
  const answer = await chartroom.call("GET", "/readyz");
  assert.equal(answer.status, 503);
  assert.equal(answer.body.code, "unavailable");
  assert.equal(answer.headers.get("retry-after"), "2");
  assert.equal((await chartroom.call("GET", "/healthz")).status, 200);
});

Deno.test("what is in memory is served while the database does not answer", () =>
  withChartroom(async (chartroom, upstream) => {
    const { call, clock } = chartroom;
    upstream.serve("/index.yaml", indexOf({ one: ["1.0.0"] }));
    const id = await chartroom.register(upstream.url);
    const before = await call("GET", `/v1/apps?conditions=repo_id=${id}`);
    const close = chartroom.close;
    await close();
    chartroom.close = () => Promise.resolve();
    clock.now += 60_000;
    const after = await call("GET", `/v1/apps?conditions=repo_id=${id}`);
    assert.equal(after.status, 200);
    assert.deepEqual(after.body, before.body);
    assert.equal((await call("GET", "/v1/repos")).status, 503);
  }));
