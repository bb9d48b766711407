import assert from "node:assert/strict";
import { withChartroom } from "../support/chartroom.ts";
import { indexOf } from "../support/upstream.ts";

const URL_EXPECTED =
  "url: expected an http, https or s3 URL without spaces or `#`, such as `https://charts.example.org/stable`";

Deno.test("POST /repos refuses wrong fields by name, before any network call", () =>
  withChartroom(async ({ call }, upstream) => {
    const url = upstream.url;
    const cases: [unknown, string, string][] = [
      [{ url }, "name", "name: expected a value"],
      [{ name: "  ", url }, "name", "name: expected 1 to 128 characters"],
      [{ name: "é".repeat(129), url }, "name", "name: expected 1 to 128 characters"],
      [{ name: 5, url }, "name", "name: expected a string"],
      [{ name: "a" }, "url", "url: expected a value"],
      ...[
        "",
        "foo",
        "/x",
        "http:foo",
        "http:///x",
        "http://[::1",
        "http://a b/",
        " http://a/",
        "http://127.0.0.1:99999/x",
        "http://h/x%zz",
        "http://h/x#y",
        "http://h/\u0001",
        "ftp://127.0.0.1/x",
        "oci://foo/bar",
        "file:///etc",
        `http://h/${"x".repeat(2_048)}`,
      ].map((wrong): [unknown, string, string] => [{ name: "a", url: wrong }, "url", URL_EXPECTED]),
      [
        { name: "a", url: "http://%ff@h/x" },
        "url",
        "url: expected a user name and password in UTF-8",
      ],
      [
        { name: "a", url: "http://10.0.0.1/x" },
        "url",
        "url: expected an address that Chartroom may call, but the address 10.0.0.1 is not public; " +
        "CHARTROOM_ALLOW_UPSTREAM can let it through",
      ],
      [
        { name: "a", url: "http://localhost/x" },
        "url",
        "url: expected an address that Chartroom may call, but the host localhost is private; " +
        "CHARTROOM_ALLOW_UPSTREAM can let it through",
      ],
      [
        { name: "a", url, description: "d".repeat(513) },
        "description",
        "description: expected at most 512 characters",
      ],
      ...["5", "abc", "1d", "1h 2m", "h", "-5s"].map((wrong): [unknown, string, string] => [
        { name: "a", url, sync_period: wrong },
        "sync_period",
        "sync_period: expected a duration such as `10m`, `1h30m` or `0`",
      ]),
      [
        { name: "a", url, sync_period: `${"1".repeat(60_000)}h` },
        "sync_period",
        "sync_period: expected a duration such as `10m`, `1h30m` or `0`",
      ],
      [
        { name: "a", url, sync_period: "9999h" },
        "sync_period",
        "sync_period: expected a duration of a year at most",
      ],
      [{ name: "a", url, sync_period: 300 }, "sync_period", "sync_period: expected a string"],
      [
        { name: "a", url, nmae: "b" },
        "nmae",
        "nmae: unknown, expected one of name, url, credential, description, " +
        "sync_period, ca_bundle, client_certificate, client_key, suspended",
      ],
      ...["zz", "5", "null", '{"username":""}', '{"username":"a","password":"b","token":"c"}'].map(
        (wrong): [unknown, string, string] => [
          { name: "a", url, credential: wrong },
          "credential",
          'credential: expected a JSON text such as {"username":"...","password":"..."}, or for an ' +
          's3 URL {"accessKeyID":"...","secretAccessKey":"..."}',
        ],
      ),
      ["{", "body", ""],
      ["", "body", ""],
      ["[]", "body", "body: expected a JSON object"],
      ["null", "body", "body: expected a JSON object"],
    ];
    for (const [body, field, message] of cases) {
      const answer = await call("POST", "/v1/repos", body);
      const name = JSON.stringify(body).slice(0, 80);
      assert.equal(answer.status, 400, name);
      assert.equal(answer.headers.get("content-type"), "application/problem+json");
      assert.equal(answer.body.field, field, name);
      assert.equal(answer.body.status, 400);
      assert.equal(answer.body.detail, answer.body.message);
      if (message !== "") assert.equal(answer.body.message, message, name);
    }
    assert.equal(upstream.requests.length, 0);
    assert.equal((await call("GET", "/v1/repos")).body.total_count, 0);
  }));

Deno.test("what KubeSphere's console sends beside is taken without a word", () =>
  withChartroom(async ({ call }, upstream) => {
    upstream.serve("/index.yaml", indexOf({}));
    const { status } = await call("POST", "/v1/workspaces/ws1/repos", {
      app_default_status: "active",
      category_id: "ctg-x",
      credential: "{}",
      description: "d",
      name: "console",
      providers: ["kubernetes"],
      repoType: "Helm",
      sync_period: "0s",
      type: "http",
      url: upstream.url,
      visibility: "public",
      workspace: "other",
    });
    assert.equal(status, 200);
  }));

Deno.test("lists refuse conditions and orders that they do not know", () =>
  withChartroom(async ({ call }) => {
    const refused: [string, string][] = [
      ["/v1/apps?conditions=a+b=c", "conditions"],
      ["/v1/apps?conditions=keywords=x", "keywords"],
      ["/v1/apps?conditions=status~x", "status"],
      ["/v1/apps?conditions=(x)=1", "conditions"],
      ["/v1/apps?orderBy=size", "orderBy"],
      ["/v1/repos?conditions=app_id=x", "app_id"],
      ["/v1/repos?orderBy=sequence", "orderBy"],
      ["/v1/workspaces/a%20b/repos", "workspace"],
    ];
    for (const [path, field] of refused) {
      const { status, body } = await call("GET", path);
      assert.equal(status, 400, path);
      assert.equal(body.field, field, path);
    }
    for (const path of ["/v1/apps?conditions=", "/v1/apps?conditions=,=,&limit=x&paging=y"]) {
      assert.equal((await call("GET", path)).status, 200, path);
    }
  }));

Deno.test("a mistyped `validate` registers nothing", () =>
  withChartroom(async ({ call }, upstream) => {
    for (const value of ["yes", "", "tRue"]) {
      const repo = { name: "a", url: upstream.url };
      const { status, body } = await call("POST", `/v1/repos?validate=${value}`, repo);
      assert.deepEqual([status, body.field], [400, "validate"]);
    }
    assert.equal((await call("GET", "/v1/repos")).body.total_count, 0);
  }));

Deno.test("an action must be `index`", () =>
  withChartroom(async ({ call, register }, upstream) => {
    upstream.serve("/index.yaml", indexOf({}));
    const id = await register(upstream.url);
    const wrong: [unknown, string][] = [
      [{}, "action"],
      [{ action: "sync" }, "action"],
      [{ action: "index", force: "yes" }, "force"],
      [{ action: "index", forced: true }, "forced"],
    ];
    for (const [body, field] of wrong) {
      const answer = await call("POST", `/v1/repos/${id}/action`, body);
      assert.equal(answer.status, 400);
      assert.equal(answer.body.field, field);
    }
  }));

Deno.test("wrong methods, paths, content types and sizes get their own answers", () =>
  withChartroom(async ({ call }) => {
    const method = await call("PUT", "/v1/repos/repo-x", {});
    assert.equal(method.status, 405);
    assert.equal(method.body.code, "method_not_allowed");
    assert.equal(method.headers.get("allow"), "GET, HEAD, PATCH, DELETE");
    for (const path of ["/", "/v1", "/v1/nothing", "/v2/repos", "/v1/repos/", "/v1//repos"]) {
      const missing = await call("GET", path);
      assert.equal(missing.status, 404, path);
      assert.equal(missing.body.code, "not_found", path);
    }
    const type = await call("POST", "/v1/repos", "{}", { "content-type": "text/plain" });
    assert.equal(type.status, 415);
    assert.equal(type.body.field, "content-type");
    const charset = await call("POST", "/v1/repos", "{}", {
      "content-type": "Application/JSON; charset=utf-8",
    });
    assert.equal(charset.body.field, "name");
    const large = await call("POST", "/v1/repos", { name: "x".repeat(70_000) });
    assert.equal(large.status, 413);
    assert.equal(large.body.code, "body_too_large");
  }));
