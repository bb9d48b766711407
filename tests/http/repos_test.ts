import assert from "node:assert/strict";
import { canary } from "../support/canary.ts";
import { type Body, START, withChartroom } from "../support/chartroom.ts";
import { indexOf, startUpstream } from "../support/upstream.ts";

const BASIC = indexOf({ alpha: ["1.0.0", "1.1.0"], beta: ["0.1.0"] });

Deno.test("POST /repos answers with an id, syncs at once, and GET describes the repository", () =>
  withChartroom(async ({ call, register }, upstream) => {
    upstream.serve("/stable/index.yaml", BASIC);
    const id = await register(`${upstream.url}/stable`, {
      name: " first ",
      description: "About <it>",
      sync_period: "90s",
    });
    assert.match(id, /^repo-[0-9a-z]{14}$/);
    const { status, body } = await call("GET", `/v1/repos/${id}`);
    assert.equal(status, 200);
    assert.deepEqual(body, {
      category_set: null,
      create_time: "2026-01-01T00:00:00.000Z",
      credential: "{}",
      description: "About <it>",
      labels: null,
      name: "first",
      providers: null,
      repo_id: id,
      selectors: null,
      status: "successful",
      status_time: "2026-01-01T00:00:00.000Z",
      url: `${upstream.url}/stable`,
      sync_period: "90s",
      workspace: "",
      credential_set: false,
      ca_bundle_set: false,
      client_certificate_set: false,
      webhook_set: false,
      suspended: false,
      app_total: 2,
      version_total: 3,
      sync: {
        state: "idle",
        failures: 0,
        problems: 0,
        period_seconds: 180,
        last_attempt: "2026-01-01T00:00:00.000Z",
        last_success: "2026-01-01T00:00:00.000Z",
        next_sync: "2026-01-01T00:03:00.000Z",
        duration_ms: 0,
        index_bytes: BASIC.length,
      },
    });
  }));

Deno.test("POST /repos?validate=true downloads and stores nothing", () =>
  withChartroom(async ({ call }, upstream) => {
    upstream.serve("/stable/index.yaml", BASIC);
    const valid = await call("POST", "/v1/repos?validate=true", { url: `${upstream.url}/stable` });
    assert.deepEqual(valid.body, {
      ok: true,
      apps: 2,
      versions: 3,
      problems: 0,
      bytes: BASIC.length,
      duration_ms: 0,
      first_problems: [],
    });
    const wrong = await call("POST", "/v1/repos?validate=T", { url: `${upstream.url}/nothing` });
    assert.equal(wrong.status, 400);
    assert.equal(wrong.body.code, "index_unusable");
    assert.equal(wrong.body.reason, "status");
    assert.equal(wrong.body.message, "the upstream answered 404 Not Found");
    assert.deepEqual((await call("GET", "/v1/repos")).body, { items: [], total_count: 0 });
  }));

Deno.test("a name has no control characters, which terminals and logs act on", () =>
  withChartroom(async ({ call, register }, upstream) => {
    const id = await register(upstream.url, { name: "one" });
    for (const name of ["a\u001b[201~", "a\nb", "a\u0000", "a\u0085b", "\u007f"]) {
      for (
        const [method, path] of [["POST", "/v1/repos"], ["PATCH", `/v1/repos/${id}`]] as const
      ) {
        const { status, body } = await call(method, path, { name, url: upstream.url });
        assert.deepEqual([status, body.code, body.field], [400, "invalid_field", "name"]);
        assert.match(body.message, /control characters/);
      }
    }
    await register(upstream.url, { name: "\n仓库 1\t" });
  }));

Deno.test("a name is unique in its workspace, and free again after a rename or a delete", () =>
  withChartroom(async ({ call, register }, upstream) => {
    upstream.serve("/index.yaml", BASIC);
    const id = await register(upstream.url, { name: "one", workspace: "ws1" });
    const repo = { name: "one", url: upstream.url };
    const taken = await call("POST", "/v1/workspaces/ws1/repos", repo);
    assert.equal(taken.status, 409);
    assert.equal(taken.body.code, "name_taken");
    assert.equal(taken.body.field, "name");
    assert.equal((await call("POST", "/v1/workspaces/ws2/repos", repo)).status, 200);
    await call("PATCH", `/v1/workspaces/ws1/repos/${id}`, { name: "two" });
    const second = await call("POST", "/v1/workspaces/ws1/repos", repo);
    assert.equal(second.status, 200);
    const renamed = await call("PATCH", `/v1/workspaces/ws1/repos/${id}`, { name: "one" });
    assert.equal(renamed.status, 409);
    await call("DELETE", `/v1/workspaces/ws1/repos/${second.body.repo_id}`);
    assert.equal((await call("POST", "/v1/workspaces/ws1/repos", repo)).status, 200);
  }));

Deno.test("GET /repos lists a workspace's repositories, with keyword, order and pages", () =>
  withChartroom(async ({ call, register, clock }, upstream) => {
    upstream.serve("/index.yaml", BASIC);
    for (const name of ["zeta", "Eta", "alpha"]) {
      await register(upstream.url, { name });
      clock.now += 1_000;
    }
    await register(`${upstream.url}/broken`, { name: "broken", description: "always" });
    await register(upstream.url, { name: "elsewhere", workspace: "ws1" });
    const names = async (query: string, path = "/v1/repos") =>
      (await call("GET", `${path}?${query}`)).body.items.map((repo: { name: string }) => repo.name);
    assert.deepEqual(await names(""), ["zeta", "Eta", "alpha", "broken"]);
    assert.deepEqual(await names("reverse=true&limit=2"), ["broken", "alpha"]);
    assert.deepEqual(await names("orderBy=name"), ["Eta", "alpha", "broken", "zeta"]);
    assert.deepEqual(await names("orderBy=status&limit=1"), ["broken"]);
    assert.deepEqual(await names("conditions=keyword=ETA"), ["zeta", "Eta"]);
    assert.deepEqual(await names("conditions=keyword~ALW"), ["broken"]);
    assert.deepEqual(await names("conditions=status=failed"), ["broken"]);
    assert.equal((await names("conditions=status=active")).length, 4);
    assert.deepEqual(await names("conditions=workspace=ws1"), ["elsewhere"]);
    assert.deepEqual(await names("", "/v1/workspaces/ws1/repos"), ["elsewhere"]);
    assert.deepEqual(await names("paging=limit=3,page=2"), ["broken"]);
    const { body } = await call("GET", "/v1/repos?limit=1");
    assert.equal(body.total_count, 4);
  }));

Deno.test("a repository has as many apps as the index that is served, whatever its last sync found", () =>
  withChartroom(async ({ call, register, sync }, upstream) => {
    upstream.serve("/index.yaml", BASIC);
    const id = await register(upstream.url);
    await register(`${upstream.url}/nothing`);
    const totals = async () => {
      const { items } = (await call("GET", "/v1/repos")).body;
      const { body: one } = await call("GET", `/v1/repos/${id}`);
      return [one, ...items].map((repo: Body) => [repo.app_total, repo.version_total]);
    };
    assert.deepEqual(await totals(), [[2, 3], [2, 3], [0, 0]]);
    upstream.serve("/index.yaml", indexOf({ alpha: ["1.0.0", "1.1.0"] }));
    await sync(id);
    assert.deepEqual(await totals(), [[1, 2], [1, 2], [0, 0]]);
    upstream.serve("/index.yaml", "nonsense");
    await sync(id);
    assert.deepEqual(await totals(), [[1, 2], [1, 2], [0, 0]]);
  }));

Deno.test("repositories tell their last syncs in numbers, to who asks for so many", () =>
  withChartroom(async ({ call, register, sync, clock }, upstream) => {
    upstream.serve("/index.yaml", BASIC);
    const id = await register(upstream.url, { name: "b" });
    await register(`${upstream.url}/nothing`, { name: "a" });
    clock.now += 1_000;
    // Leaves two events behind.
    upstream.serve(
      "/index.yaml",
      indexOf({ alpha: ["1.0.0", { version: "1.1.0", digest: "1" }, "1.2.0"] }),
    );
    const second = await sync(id);
    clock.now += 1_000;
    upstream.serve("/index.yaml", "nonsense");
    const third = await sync(id);
    const failed = {
      repo_event_id: third.repo_event_id,
      status: "failed",
      status_time: third.status_time,
      reason: "not_an_index",
      duration_ms: 0,
      index_bytes: 8,
    };
    const changed = {
      repo_event_id: second.repo_event_id,
      status: "successful",
      status_time: second.status_time,
      duration_ms: 0,
      index_bytes: second.index_bytes,
      changes: {
        apps_added: 0,
        apps_removed: 1,
        versions_added: 1,
        versions_removed: 1,
        versions_republished: 1,
      },
    };
    const of = async (path: string) => (await call("GET", path)).body;
    const list = async (query: string): Promise<Body[]> => (await of(`/v1/repos?${query}`)).items;
    assert.deepEqual((await of(`/v1/repos/${id}?recent=2`)).recent_syncs, [failed, changed]);
    assert.deepEqual((await of(`/v1/repos/${id}?recent=1`)).recent_syncs, [failed]);
    assert.equal((await of(`/v1/repos/${id}?recent=30`)).recent_syncs.length, 3);
    const [a, b] = await list("orderBy=name&recent=2");
    assert.deepEqual([a.name, a.recent_syncs.length], ["a", 1]);
    assert.deepEqual([b.name, b.recent_syncs], ["b", [failed, changed]]);
    const [only] = await list("orderBy=name&recent=1&limit=1&page=2");
    assert.deepEqual(only.recent_syncs, [failed]);
    for (const repo of [await of(`/v1/repos/${id}`), ...await list(""), ...await list("recent=")]) {
      assert.ok(!("recent_syncs" in repo));
    }
  }));

Deno.test("more syncs, or of more repositories, than can be told at once are refused", () =>
  withChartroom(async ({ call, register }, upstream) => {
    upstream.serve("/index.yaml", BASIC);
    const id = await register(upstream.url);
    for (const recent of ["0", "-1", "31", "1e1", "2.5", "all", "9999999999"]) {
      for (const path of ["/v1/repos", `/v1/repos/${id}`]) {
        const { status, body } = await call("GET", `${path}?recent=${recent}`);
        assert.deepEqual([status, body.field], [400, "recent"], recent);
      }
    }
    for (const page of ["limit=101", "limit=-1", "paging=limit=-1,page=1"]) {
      const { status, body } = await call("GET", `/v1/repos?recent=1&${page}`);
      assert.deepEqual([status, body.field], [400, "limit"], page);
    }
    assert.equal((await call("GET", "/v1/repos?recent=30&limit=100")).status, 200);
  }));

Deno.test("PATCH changes what is given, and moves the next sync with the period", () =>
  withChartroom(async ({ call, register, clock }, upstream) => {
    upstream.serve("/index.yaml", BASIC);
    const id = await register(upstream.url, { name: "one", description: "orig" });
    clock.now += 60_000;
    const patched = await call("PATCH", `/v1/repos/${id}`, { sync_period: "10m", name: null });
    assert.deepEqual(patched.body, { message: "success" });
    const { body } = await call("GET", `/v1/repos/${id}`);
    assert.equal(body.name, "one");
    assert.equal(body.description, "orig");
    assert.equal(body.sync_period, "10m");
    assert.equal(body.sync.next_sync, new Date(START + 600_000).toISOString());
    await call("PATCH", `/v1/repos/${id}`, { sync_period: "", description: "" });
    const off = (await call("GET", `/v1/repos/${id}`)).body;
    assert.equal(off.sync.next_sync, null);
    assert.equal("sync_period" in off || "description" in off, false);
    assert.equal(upstream.requests.length, 1);
  }));

Deno.test("PATCH with a URL tries it out first, and saves nothing if it fails", () =>
  withChartroom(async ({ call, register, services }, upstream) => {
    upstream.serve("/index.yaml", BASIC);
    upstream.serve("/other/index.yaml", indexOf({ gamma: ["3.0.0"] }));
    const id = await register(upstream.url, { name: "one" });
    const wrong = await call("PATCH", `/v1/repos/${id}`, {
      url: `${upstream.url}/missing`,
      description: "must not be saved",
    });
    assert.equal(wrong.status, 400);
    assert.equal(wrong.body.code, "index_unusable");
    assert.equal((await call("GET", `/v1/repos/${id}`)).body.url, upstream.url);
    assert.equal((await call("GET", `/v1/repos/${id}`)).body.description, undefined);
    const right = await call("PATCH", `/v1/repos/${id}`, { url: `${upstream.url}/other` });
    assert.equal(right.status, 200);
    await services.syncer.idle();
    const apps = await call("GET", `/v1/apps?conditions=repo_id=${id}`);
    assert.deepEqual(apps.body.items.map((app: { name: string }) => app.name), ["gamma"]);
  }));

Deno.test("trying out tells the first problems of the index, and how long it took", () =>
  withChartroom(async ({ call, register, clock, services }, upstream) => {
    const index = indexOf({ one: ["1.0.0"], odd: Array(12).fill({ version: "" }) });
    upstream.serve("/index.yaml", () => {
      clock.now += 250;
      return new Response(index);
    });
    const id = await register(upstream.url, { name: "one" });
    const { items, total_count } = (await call("GET", `/v1/repos/${id}/problems?limit=10`)).body;
    assert.deepEqual([items.length, total_count], [10, 12]);
    for (
      const [method, path] of [["POST", "/v1/repos"], ["PATCH", `/v1/repos/${id}`]] as const
    ) {
      const { body } = await call(method, `${path}?validate=true`, { url: upstream.url });
      assert.deepEqual(body, {
        ok: true,
        apps: 1,
        versions: 1,
        problems: 12,
        bytes: index.length,
        duration_ms: 250,
        first_problems: items,
      });
    }
    await services.syncer.idle();
  }));

Deno.test("a name that is taken is told before the index is tried out", () =>
  withChartroom(async ({ call, register }, upstream) => {
    upstream.serve("/index.yaml", BASIC);
    await register(upstream.url, { name: "one", workspace: "ws1" });
    const asked = upstream.requests.length, body = { name: "one", url: upstream.url };
    const check = (base: string) => call("POST", `${base}/repos?validate=true`, body);
    const taken = await check("/v1/workspaces/ws1");
    assert.deepEqual([taken.status, taken.body.code, taken.body.field], [
      409,
      "name_taken",
      "name",
    ]);
    assert.equal(upstream.requests.length, asked);
    assert.equal((await check("/v1/workspaces/ws2")).status, 200);
    assert.equal((await check("/v1")).status, 200);
  }));

Deno.test("PATCH ?validate=true tries out what a repository would be, and changes nothing", () =>
  withChartroom(async ({ call, register, services }, upstream) => {
    const password = canary("password");
    const wanted = `Basic ${btoa(`user:${password}`)}`;
    const guarded = (index: string) => ({ headers }: Request) =>
      headers.get("authorization") === wanted
        ? new Response(index)
        : new Response("", { status: 401 });
    upstream.serve("/index.yaml", guarded(BASIC));
    upstream.serve("/other/index.yaml", guarded(indexOf({ gamma: ["3.0.0"] })));
    const credential = JSON.stringify({ username: "user", password });
    const id = await register(upstream.url, { name: "one", credential });
    await register(upstream.url, { name: "two", credential });
    const rows = async () =>
      (await services.kv.list({ prefix: [] })).map(({ key, value }) => [key, value]).filter((
        [key],
      ) => !["audit", "audits"].includes((key as string[])[0]!));
    const before = await rows();
    const check = async (body: unknown) => {
      const answer = await call("PATCH", `/v1/repos/${id}?validate=true`, body);
      await services.syncer.idle();
      return [answer.status, answer.body.apps ?? answer.body.reason ?? answer.body.code];
    };
    // What is kept is used, also where nothing of the source changes.
    assert.deepEqual(await check({}), [200, 2]);
    assert.deepEqual(await check({ description: "new", suspended: true }), [200, 2]);
    assert.deepEqual(await check({ url: `${upstream.url}/other` }), [200, 1]);
    // What would be removed or replaced is not.
    assert.deepEqual(await check({ credential: "" }), [400, "unauthorized"]);
    const other = JSON.stringify({ username: "user", password: "wrong" });
    assert.deepEqual(await check({ credential: other }), [400, "unauthorized"]);
    assert.deepEqual(await check({ url: `${upstream.url}/missing`, credential }), [400, "status"]);
    const asked = upstream.requests.length;
    assert.deepEqual(await check({ name: "two" }), [409, "name_taken"]);
    assert.deepEqual(await check({ sync_period: "often" }), [400, "invalid_field"]);
    assert.equal(upstream.requests.length, asked, "what is wrong is not tried out");
    assert.deepEqual(await check({ name: "one" }), [200, 2]);
    const elsewhere = startUpstream();
    elsewhere.serve("/index.yaml", BASIC);
    assert.deepEqual(await check({ url: elsewhere.url }), [200, 2]);
    assert.deepEqual(
      elsewhere.requests.map(({ headers }) => headers.get("authorization")),
      [null],
      "another origin gets nothing that is kept",
    );
    await elsewhere.close();
    const mistyped = await call("PATCH", `/v1/repos/${id}?validate=maybe`, { name: "three" });
    assert.deepEqual([mistyped.status, mistyped.body.field], [400, "validate"]);
    assert.deepEqual(await rows(), before);
  }));

Deno.test("POST /action asks for a sync; events tell what it changed, newest first", () =>
  withChartroom(async ({ call, register, sync }, upstream) => {
    upstream.serve("/index.yaml", BASIC);
    const id = await register(upstream.url);
    upstream.serve(
      "/index.yaml",
      indexOf({ alpha: ["1.1.0", "1.2.0", { version: "1.0.0", digest: "1" }], gamma: ["1.0.0"] }),
    );
    const event = await sync(id);
    assert.deepEqual(event.changes, {
      apps_added: { count: 1, names: ["gamma"] },
      apps_removed: { count: 1, names: ["beta"] },
      versions_added: { count: 2, names: ["alpha@1.2.0", "gamma@1.0.0"] },
      versions_removed: { count: 1, names: ["beta@0.1.0"] },
      versions_republished: { count: 1, names: ["alpha@1.0.0"] },
    });
    assert.equal(event.generation, 2);
    assert.equal(event.status, "successful");
    assert.equal((await sync(id)).generation, 2);
    upstream.serve("/index.yaml", "nonsense");
    const failed = await sync(id);
    assert.equal(failed.status, "failed");
    assert.equal(failed.result, "the document is not a mapping, so it is not a Helm index");
    const events = (await call("GET", `/v1/repos/${id}/events?limit=-1`)).body;
    assert.deepEqual(
      events.items.map((item: Body) => [item.type, item.status, item.repo_id, item.result]),
      [
        ["sync", "failed", id, failed.result],
        ["sync", "successful", id, undefined],
        ["sync", "successful", id, undefined],
        [
          "republished",
          "successful",
          id,
          "alpha@1.0.0 was published anew, with another digest",
        ],
        ["sync", "successful", id, undefined],
      ],
    );
    assert.equal(events.total_count, 5);
  }));

Deno.test("a repository that is gone is not found on any route", () =>
  withChartroom(async ({ call, register }, upstream) => {
    upstream.serve("/index.yaml", BASIC);
    const id = await register(upstream.url);
    const app = (await call("GET", "/v1/apps")).body.items[0].app_id;
    assert.deepEqual((await call("DELETE", `/v1/repos/${id}`)).body, { message: "success" });
    for (
      const [method, path, body] of [
        ["GET", `/v1/repos/${id}`],
        ["PATCH", `/v1/repos/${id}`, {}],
        ["DELETE", `/v1/repos/${id}`],
        ["GET", `/v1/repos/${id}/events`],
        ["GET", `/v1/repos/${id}/problems`],
        ["POST", `/v1/repos/${id}/action`, { action: "index" }],
        ["GET", `/v1/apps?conditions=repo_id=${id}`],
        ["GET", `/v1/apps/${app}`],
        ["GET", `/v1/apps/${app}/versions`],
      ] as const
    ) {
      const answer = await call(method, path, body);
      assert.equal(answer.status, 404, `${method} ${path}`);
      assert.equal(answer.body.code, "not_found");
      assert.equal(answer.headers.get("content-type"), "application/problem+json");
    }
    assert.equal((await call("GET", "/v1/apps")).body.total_count, 0);
  }));

Deno.test("KubeSphere's path has the same routes", () =>
  withChartroom(async ({ call }, upstream) => {
    upstream.serve("/index.yaml", BASIC);
    const base = "/kapis/openpitrix.io/v1";
    const repo = { name: "k", url: upstream.url };
    const { body } = await call("POST", `${base}/workspaces/ws1/repos`, repo);
    const found = await call("GET", `${base}/workspaces/ws1/repos/${body.repo_id}`);
    assert.equal(found.body.workspace, "ws1");
    assert.equal((await call("GET", `${base}/repos/${body.repo_id}`)).status, 200);
    assert.equal((await call("GET", `${base}/workspaces/ws2/repos/${body.repo_id}`)).status, 404);
  }));

Deno.test("a global repository is seen in every workspace and changed in none", () =>
  withChartroom(async ({ call, register }, upstream) => {
    upstream.serve("/index.yaml", BASIC);
    const id = await register(upstream.url);
    assert.equal((await call("GET", `/v1/workspaces/ws1/repos/${id}`)).status, 200);
    assert.equal((await call("GET", "/v1/workspaces/ws1/apps")).body.total_count, 2);
    const refused = await call("DELETE", `/v1/workspaces/ws1/repos/${id}`);
    assert.equal(refused.status, 403);
    assert.equal(refused.body.code, "forbidden");
  }));
