import assert from "node:assert/strict";
import { brotliDecompressSync } from "node:zlib";
import { createApp } from "../../routes/app.ts";
import document from "../../routes/openapi/document.json" with { type: "json" };
import { startChartroom, withChartroom } from "../support/chartroom.ts";

Deno.test("/openapi.json is the document, for everybody", async () => {
  const environment = { CHARTROOM_ADMIN_TOKEN: "0123456789abcdef" };
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
