import assert from "node:assert/strict";
import { brotliDecompressSync } from "node:zlib";
import { createApp } from "../../routes/app.ts";
import document from "../../routes/openapi/document.json" with { type: "json" };
import { canary } from "../support/canary.ts";
import { startChartroom, withChartroom } from "../support/chartroom.ts";
import { indexOf } from "../support/upstream.ts";

Deno.test("/openapi.json is the document, for everybody", async () => {
  const environment = { CHARTROOM_ADMIN_TOKEN: canary("token") };
  await withChartroom(async ({ call }) => {
    const { status, headers, body } = await call("GET", "/openapi.json");
    assert.equal(status, 200);
    assert.deepEqual(body, document);
    assert.equal(headers.get("content-type"), "application/json");
    assert.equal(headers.get("cache-control"), "public, max-age=300");
    const again = { "if-none-match": headers.get("etag")! };
    const same = await call("GET", "/openapi.json", undefined, again);
    assert.deepEqual([same.status, same.body], [304, ""]);
    assert.equal(same.headers.get("etag"), headers.get("etag"));
    assert.equal((await call("POST", "/openapi.json")).status, 405);
    assert.equal((await call("HEAD", "/docs")).status, 200);
  }, { environment });
});

Deno.test("the document goes out compressed, each form with an ETag of its own", async () => {
  const chartroom = await startChartroom();
  const app = createApp(chartroom.services);
  const get = (encoding: string) =>
    app.request("/openapi.json", { headers: { "accept-encoding": encoding } });
  const [plain, br] = [await get("identity"), await get("gzip;q=0.5, br")];
  assert.equal(br.headers.get("content-encoding"), "br");
  assert.equal(br.headers.get("vary"), "Accept-Encoding");
  assert.notEqual(br.headers.get("etag"), plain.headers.get("etag"));
  assert.deepEqual(JSON.parse(brotliDecompressSync(await br.bytes()).toString()), document);
  await plain.body?.cancel();
  await chartroom.close();
});

Deno.test("/docs has every operation, schema and code, and nothing from elsewhere", async () => {
  await withChartroom(async ({ call }) => {
    const { status, headers, body } = await call("GET", "/docs");
    assert.equal(status, 200);
    assert.equal(headers.get("content-type"), "text/html; charset=utf-8");
    const policy = headers.get("content-security-policy")!;
    assert.equal(policy, "default-src 'none'; style-src 'self'; frame-ancestors 'none'");
    const ids: string[] = [...body.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    assert.equal(new Set(ids).size, ids.length, "ids are of one thing each");
    const operations = Object.values(document.paths).flatMap((path) =>
      Object.values(path).map((operation) => (operation as { operationId?: string }).operationId)
    ).filter((id) => id !== undefined);
    const codes = document.components.schemas.Problem.properties.code.enum;
    const wanted = [
      ...operations,
      ...Object.keys(document.components.schemas).map((name) => `schema-${name}`),
      ...codes.map((code) => `problem-${code}`),
    ];
    assert.deepEqual(wanted.filter((id) => !ids.includes(id)), []);
    // Links lead to what is there; what a browser loads by itself is this one thing.
    for (const [, href] of body.matchAll(/ href="([^"]+)"/g)) {
      assert.ok(/^\/(openapi\.json|docs\/style\.css)$/.test(href) || ids.includes(href.slice(1)));
    }
    assert.deepEqual(body.match(/<(link|script|img|iframe|style)[^>]*>| (style|src|on\w+)="/g), [
      '<link rel="stylesheet" href="/docs/style.css">',
    ]);
  });
});

Deno.test("/docs is well-formed, and its headings lead from one level to the next", async () => {
  await withChartroom(async ({ call }) => {
    const { body } = await call("GET", "/docs");
    const open: string[] = [];
    for (const [, end, name] of body.matchAll(/<(\/?)([a-z][a-z0-9]*)[^>]*>/g)) {
      if (end) assert.equal(open.pop(), name);
      else if (!["meta", "link"].includes(name)) open.push(name);
    }
    assert.deepEqual(open, []);
    const levels: number[] = [...body.matchAll(/<h([1-6])/g)].map(([, level]) => Number(level));
    assert.equal(levels.filter((level) => level === 1).length, 1);
    levels.forEach((level, i) => assert.ok(level <= (levels[i - 1] ?? 0) + 1));
  });
});

Deno.test("/docs/style.css asks for nothing else", async () => {
  await withChartroom(async ({ call }) => {
    const { status, headers, body } = await call("GET", "/docs/style.css");
    assert.equal(status, 200);
    assert.equal(headers.get("content-type"), "text/css; charset=utf-8");
    assert.doesNotMatch(body, /url\(|@import|http/);
    assert.equal(body.split("{").length, body.split("}").length);
  });
});

Deno.test("a page is taken within the bounds of the document, and none beyond", async () => {
  await withChartroom(async ({ call }) => {
    for (const path of ["/apps", "/apps/changes", "/categories", "/repos"]) {
      for (const [name, initial] of Object.entries({ limit: 10, page: 1, start: 0 })) {
        const { schema, description } = parameter(path, name);
        const { minimum = -Infinity, maximum = Infinity } = schema;
        assert.ok(initial >= minimum && initial <= maximum);
        assert.equal(description.includes("-1: all"), name === "limit" && minimum < 0);
        const inOne = { limit: "paging=limit=N,page=1", page: "paging=limit=10,page=N" }[name];
        for (const value of [-1, 0, 1, 100, 101]) {
          // Where it has a page that is no number from 0, `paging` says nothing.
          const isInOne = inOne !== undefined && (name === "limit" || value >= 0);
          for (const way of [`${name}=N`, ...(isInOne ? [inOne] : [])]) {
            const query = way.replace("N", String(value));
            const { status } = await call("GET", `/v1${path}?${query}`);
            const isWithin = value >= minimum && value <= maximum;
            assert.equal(status, isWithin ? 200 : 400, `${path}?${query}`);
          }
        }
      }
    }
  });
});

Deno.test("what is null counts as absent, and the document has it", async () => {
  await withChartroom(async ({ call, register }, upstream) => {
    upstream.serve("/index.yaml", indexOf({ one: ["1.0.0"] }));
    const id = await register(upstream.url, { name: "harbour", description: "Charts" });
    const before = await call("GET", `/v1/repos/${id}`);
    const { RepoChange, NewRepo, PushFilter } = document.components.schemas;
    const nulls = (schema: { properties: object }, { ...more } = {}) => ({
      ...Object.fromEntries(Object.keys(schema.properties).map((name) => [name, null])),
      ...more,
    });
    const hook = `/v1/repos/${id}/webhook`;
    // Each is held against the document.
    const taken: [string, string, unknown?][] = [
      ["PATCH", `/v1/repos/${id}`, nulls(RepoChange)],
      ["PATCH", `/v1/repos/${id}`, { type: "helm", visibility: null, providers: [] }],
      ["POST", "/v1/repos?validate=true", nulls(NewRepo, { url: upstream.url })],
      ["POST", "/v1/repos", nulls(NewRepo, { name: "other", url: upstream.url })],
      ["POST", hook],
      ["POST", hook, nulls(PushFilter, { branches: ["main"] })],
      ["POST", hook, nulls(PushFilter)],
      ["PATCH", hook, nulls(PushFilter)],
      ...["index", "", null, undefined].map((action): [string, string, unknown] => [
        "POST",
        `/v1/repos/${id}/action`,
        { action },
      ]),
    ];
    for (const [method, path, body] of taken) {
      assert.equal((await call(method, path, body)).status, 200, JSON.stringify(body));
    }
    assert.deepEqual((await call("GET", hook)).body.branches, ["main"]);
    const { name, description, url } = (await call("GET", `/v1/repos/${id}`)).body;
    assert.deepEqual([name, description, url], [
      before.body.name,
      before.body.description,
      before.body.url,
    ]);
    assert.equal((await call("POST", "/v1/repos", { name: "third", url: null })).status, 400);
  });
});

Deno.test("a workspace that cannot be is refused where the document says so, and there alone", async () => {
  await withChartroom(async ({ call, register }, upstream) => {
    upstream.serve("/index.yaml", indexOf({ one: ["1.0.0"] }));
    const repo = await register(upstream.url);
    const [app] = (await call("GET", "/v1/apps")).body.items;
    const { version_id: version, app_id } = app.latest_app_version;
    const values: Record<string, string> = { workspace: "a%20b", repo, app: app_id, version };
    const paths = Object.entries<Record<string, Json>>(document.paths)
      .filter(([path]) => path.startsWith("/workspaces/"));
    for (const [path, operations] of paths) {
      const filled = path.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "none");
      for (const [method, { parameters, responses }] of Object.entries(operations)) {
        const { schema } = resolve(parameters[0]);
        const body = ["post", "patch"].includes(method) ? {} : undefined;
        const answer = await call(method.toUpperCase(), `/v1${filled}`, body);
        const isRefused = answer.status === 400 && answer.body.field === "workspace";
        assert.equal(isRefused, schema.pattern !== undefined, `${method} ${path}`);
        assert.ok(!isRefused || "400" in responses);
      }
    }
  });
});

// deno-lint-ignore no-explicit-any -- parts of a document
type Json = any;

function resolve(part: Json): Json {
  return part.$ref
    ? part.$ref.slice(2).split("/").reduce((at: Json, key: string) => at[key], document)
    : part;
}

function parameter(path: string, name: string): Json {
  const { parameters } = (document.paths as Json)[path].get;
  return parameters.map(resolve).find((parameter: Json) => parameter.name === name);
}
