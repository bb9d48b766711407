/** What a client that was written against KubeSphere finds: its habits, and what is not here. */

import assert from "node:assert/strict";
import { createApp } from "../../routes/app.ts";
import { ELSEWHERE } from "../../routes/elsewhere.ts";
import { cleanPath } from "../../routes/support/clean_path.ts";
import { canary } from "../support/canary.ts";
import { withChartroom } from "../support/chartroom.ts";
import { sendRaw } from "../support/raw_client.ts";
import { indexOf } from "../support/upstream.ts";

const INDEX = indexOf({ redis: [{ version: "1.0.0", created: "2024-01-01T00:00:00Z" }] });
const BASES = ["/v1", "/kapis/openpitrix.io/v1"];

Deno.test("routes of the app store and of releases say that Chartroom has neither", () =>
  withChartroom(async ({ call }) => {
    for (const [methods, path] of ELSEWHERE) {
      const named = path.replaceAll(/:(\w+)/g, "some-$1");
      for (const base of BASES) {
        for (const before of [base, `${base}/workspaces/team-a`]) {
          for (const method of methods) {
            const body = method === "GET" ? undefined : { name: "x" };
            const answer = await call(method, before + named, body);
            const at = `${method} ${before}${named}`;
            assert.deepEqual([answer.status, answer.body.code], [501, "not_implemented"], at);
            assert.match(answer.body.message, /indexes of Helm repositories/);
            assert.equal(answer.headers.get("cache-control"), "no-store");
          }
        }
      }
    }
  }));

Deno.test("who may not read is not told what is not here", () =>
  withChartroom(async ({ call }) => {
    for (const [[method], path] of ELSEWHERE) {
      assert.equal((await call(method!, `/v1${path.replaceAll(":", "")}`)).status, 401);
    }
  }, { environment: { CHARTROOM_ADMIN_TOKEN: canary("token") } }));

Deno.test("a slash at the end of a path says nothing", () =>
  withChartroom(async (chartroom, upstream) => {
    upstream.serve("/index.yaml", INDEX);
    const id = await chartroom.register(upstream.url);
    for (const path of ["/v1/repos", `/v1/repos/${id}`, "/v1/apps", `/v1/repos/${id}/events`]) {
      const [plain, slashed] = [
        await chartroom.call("GET", path),
        await chartroom.call("GET", `${path}/`),
      ];
      assert.equal(plain.status, 200);
      assert.deepEqual([slashed.status, slashed.body], [200, plain.body], path);
    }
  }));

Deno.test("no path that is cleaned leads elsewhere, and none fails", () => {
  const table: [path: string, cleaned: string | undefined][] = [
    ["/v1//repos?a=//b", "/v1/repos?a=//b"],
    ["/v1/./repos", "/v1/repos"],
    ["/v1/x/../repos", "/v1/repos"],
    ["//evil.example.org/x", "/evil.example.org/x"],
    ["/./\\evil.example.org", "/%5Cevil.example.org"],
    ["/.//\\evil.example.org/..", "/"],
    ["/x/..//evil.example.org", "/evil.example.org"],
    ["/x/%2e%2e//evil.example.org", "/evil.example.org"],
    ["//\\[", "/%5C["],
    ["/\\[//x", "/%5C[/x"],
    ["//[", "/["],
    ["/v1/repos", undefined],
    ["/v1/repos?a=//", undefined],
  ];
  for (const [path, cleaned] of table) {
    assert.equal(cleanPath(`http://127.0.0.1:8000${path}`), cleaned, path);
  }
});

Deno.test("names of fields are in any case, as Go reads them", () =>
  withChartroom(async (chartroom, upstream) => {
    upstream.serve("/index.yaml", INDEX);
    const { status, body } = await chartroom.call("POST", "/v1/repos", {
      NAME: "caps",
      Url: upstream.url,
      Sync_Period: "10m",
      RepoType: "Helm",
      "descripTION": "any case",
    });
    assert.equal(status, 200, JSON.stringify(body));
    await chartroom.services.syncer.idle();
    const { body: repo } = await chartroom.call("GET", `/v1/repos/${body.repo_id}`);
    assert.deepEqual([repo.name, repo.sync_period, repo.description], ["caps", "10m", "any case"]);
    const unknown = await chartroom.call("PATCH", `/v1/repos/${body.repo_id}`, { Zzz: 1 });
    assert.deepEqual([unknown.status, unknown.body.code], [400, "unknown_field"]);
  }));

Deno.test("an action without a name is KubeSphere's only one", () =>
  withChartroom(async (chartroom, upstream) => {
    upstream.serve("/index.yaml", INDEX);
    const id = await chartroom.register(upstream.url);
    const path = `/v1/repos/${id}/action`;
    for (
      const body of [{}, { action: "" }, { action: null }, { Action: "index", workspace: "other" }]
    ) {
      chartroom.clock.now += 1;
      const answer = await chartroom.call("POST", path, body);
      assert.deepEqual([answer.status, answer.body.message], [200, "success"]);
      await chartroom.services.syncer.idle();
      const { body: event } = await chartroom.call(
        "GET",
        `/v1/repos/${id}/events/${answer.body.repo_event_id}`,
      );
      assert.equal(event.status, "successful");
    }
    for (const action of ["whatever", 5, ["index"]]) {
      const answer = await chartroom.call("POST", path, { action });
      assert.deepEqual([answer.status, answer.body.field], [400, "action"], String(action));
    }
  }));

Deno.test("a body that is encoded is refused as such", () =>
  withChartroom(async ({ call }) => {
    const { status, body } = await call("POST", "/v1/repos", { name: "gz" }, {
      "content-encoding": "gzip",
    });
    assert.deepEqual([status, body.code, body.field], [
      415,
      "unsupported_media_type",
      "content-encoding",
    ]);
  }));

Deno.test("empty and dot segments lead to the path that is meant", () =>
  withChartroom(async ({ services }) => {
    const options = { hostname: "127.0.0.1", port: 0, onListen() {} };
    const server = Deno.serve(options, createApp(services).fetch);
    const cases = [
      ["GET", "//v1//repos?limit=1&x=//", 301, "/v1/repos?limit=1&x=//"],
      ["HEAD", "/v1/x/../repos", 301, "/v1/repos"],
      ["POST", "/v1//repos", 308, "/v1/repos"],
      ["GET", "//example.org//%2e%2e/", 301, "/"],
      ["GET", "/v1/.hidden//x", 301, "/v1/.hidden/x"],
      ["GET", "/v1/...", 404, null],
    ] as const;
    try {
      for (const [method, target, status, location] of cases) {
        const answer = await sendRaw(server.addr.port, { method, target });
        assert.deepEqual([answer.status, answer.headers.get("location")], [status, location]);
      }
    } finally {
      await server.shutdown();
    }
  }));

Deno.test("conditions of events have to be well-formed", () =>
  withChartroom(async (chartroom, upstream) => {
    upstream.serve("/index.yaml", INDEX);
    const id = await chartroom.register(upstream.url);
    const path = `/v1/repos/${id}/events?conditions=`;
    assert.equal((await chartroom.call("GET", `${path}status=failed`)).body.total_count, 1);
    const { status, body } = await chartroom.call("GET", `${path}a%20b=c`);
    assert.deepEqual([status, body.code], [400, "invalid_conditions"]);
  }));

Deno.test("half of a character is not kept", () =>
  withChartroom(async (chartroom, upstream) => {
    upstream.serve("/index.yaml", INDEX);
    const body = `{"name":"half \\ud83d","url":"${upstream.url}"}`;
    const { body: { repo_id: id } } = await chartroom.call("POST", "/v1/repos", body);
    const { body: repo } = await chartroom.call("GET", `/v1/repos/${id}`);
    assert.equal(repo.name, "half \ufffd");
  }));
