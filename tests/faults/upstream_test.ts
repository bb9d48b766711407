/** What an upstream can do wrong: the sync fails with a reason, and the old generation stays. */

import assert from "node:assert/strict";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { START, startChartroom, withChartroom } from "../support/chartroom.ts";
import { indexOf, startUpstream } from "../support/upstream.ts";

const GOOD = indexOf({ good: ["1.0.0"] });
const LIMIT = 1_048_576;
const LIMITS = { idleMs: 150, totalMs: 400, redirects: 5 };

type Fault = (request: Request, origin: string) => Response | Promise<Response>;

function body(
  content: string | Uint8Array | ReadableStream,
  headers: HeadersInit = {},
  status = 200,
): Fault {
  return () => new Response(content as BodyInit, { headers, status });
}

function status(code: number, headers: HeadersInit = {}): Fault {
  return () => new Response([204, 304].includes(code) ? null : "x", { status: code, headers });
}

/** Fault by name: what the upstream does, the reason, and the message. */
const FAULTS: Record<string, [Fault, string, RegExp]> = {
  "204": [status(204), "status", /answered 204 No Content$/],
  "206": [status(206), "status", /206 Partial Content$/],
  "304 to a request without validators": [status(304), "status", /304 Not Modified$/],
  "401": [status(401), "unauthorized", /wants a credential \(401 Unauthorized\)$/],
  "403": [status(403), "unauthorized", /wants a credential \(403 Forbidden\)$/],
  "404": [status(404), "status", /404 Not Found$/],
  "500": [status(500), "status", /500 Internal Server Error$/],
  "a redirect without a target": [status(302), "status", /302 Found$/],
  "a redirect to nowhere": [status(302, { location: "http://[" }), "redirect", /no URL$/],
  "a redirect to a port where nobody listens": [
    status(302, { location: "http://127.0.0.1:9/index.yaml" }),
    "unreachable",
    /a port that|refused|port/,
  ],
  "a redirect loop": [
    (request) => Response.redirect(request.url, 301),
    "redirect",
    /more than 5 times$/,
  ],
  "a redirect to a private address": [
    status(302, { location: "http://169.254.169.254/latest/meta-data" }),
    "blocked",
    /169\.254\.169\.254 is not public/,
  ],
  "a redirect to another scheme": [
    status(302, { location: "file:///etc/passwd" }),
    "blocked",
    /must be http or https, not file/,
  ],
  "an HTML page": [body("<!DOCTYPE html><html><p>Hello</html>"), "html", /HTML or XML page/],
  "a login page": [
    body(`<html><form><input type="password"></form></html>`),
    "login_page",
    /login page, not an index$/,
  ],
  "no bytes": [body(""), "empty", /empty index$/],
  "only blanks": [body(" \n\n"), "empty", /empty index$/],
  "an index without apiVersion": [
    body(GOOD.replace("apiVersion: v1\n", "")),
    "no_api_version",
    /has no `apiVersion`/,
  ],
  "an index cut inside a line": [
    body(GOOD.slice(0, GOOD.indexOf("name:") + 3)),
    "truncated",
    /cut off/,
  ],
  "an index cut inside an entry": [
    body(
      `${
        indexOf({ good: ["1.0.0"], next: ["2.0.0"] }).split("    urls").slice(0, 2).join("    urls")
      }`,
    ),
    "truncated",
    /middle of an entry/,
  ],
  "an index cut between two entries": [
    body(`${GOOD.slice(0, GOOD.indexOf("generated:"))}`),
    "truncated",
    /lacks the `generated`/,
  ],
  "JSON cut off": [body('{"apiVersion":"v1","entries":{"a":['), "truncated", /cut off/],
  "broken YAML": [body("a: [\n}\nb: c\n"), "syntax", /syntax error in line 2/],
  "Latin-1": [body(new Uint8Array([0x61, 0x3a, 0xe9, 0x0a])), "encoding", /not valid UTF-8/],
  "a list": [body("- a\n"), "not_an_index", /not a mapping/],
  "two documents": [body(`${GOOD}---\n${GOOD}`), "not_an_index", /holds 2 documents/],
  "entries that are a list": [body("apiVersion: v1\nentries: []\n"), "not_an_index", /`entries`/],
  "a body over the limit": [body("#".repeat(LIMIT + 1)), "too_large", /larger than 1048576 bytes/],
  "a body over the limit, in chunks": [
    body(ReadableStream.from((function* () {
      for (let i = 0; i < 40; i++) yield new Uint8Array(65_536).fill(35);
    })())),
    "too_large",
    /larger than 1048576 bytes/,
  ],
  "a gzip bomb": [
    body(gzipSync(new Uint8Array(50 * LIMIT).fill(0x20)), { "content-encoding": "gzip" }),
    "too_large",
    /larger than 1048576 bytes/,
  ],
  "gzip that is none": [
    body(GOOD, { "content-encoding": "gzip" }),
    "encoding",
    /not encoded as its header says/,
  ],
  "gzip without a header": [body(gzipSync(GOOD)), "encoding", /not valid UTF-8/],
  "gzip cut off": [
    body(gzipSync(GOOD).subarray(0, 60), { "content-encoding": "gzip" }),
    "truncated",
    /before the whole index had come/,
  ],
  "every app gone": [body(indexOf({})), "shrink", /from 1 apps with 1 versions to 0 with 0/],
};

Deno.test("a fault of the upstream fails the sync, and the old generation stays served", async (t) => {
  for (const [name, [fault, reason, message]] of Object.entries(FAULTS)) {
    await t.step(name, () =>
      withChartroom(async ({ call, register, sync }, upstream) => {
        upstream.serve("/index.yaml", GOOD);
        const id = await register(upstream.url);
        upstream.serve("/index.yaml", (request) => fault(request, upstream.url));
        const event = await sync(id);
        assert.equal(event.status, "failed");
        assert.equal(event.reason, reason, event.result);
        assert.match(event.result, message);
        assert.equal(event.generation, 1);
        const repo = (await call("GET", `/v1/repos/${id}`)).body;
        assert.equal(repo.status, "failed");
        assert.equal(repo.sync.message, event.result);
        assert.equal(repo.sync.next_sync, new Date(START + 60_001).toISOString());
        assert.equal((await call("GET", "/v1/apps")).body.total_count, 1);

        upstream.serve("/index.yaml", GOOD);
        assert.equal((await sync(id)).status, "successful");
        assert.equal((await call("GET", `/v1/repos/${id}`)).body.sync.failures, 0);
      }, { config: { maxIndexBytes: LIMIT }, httpLimits: LIMITS }));
  }
});

Deno.test("a host that refuses or cannot be resolved is unreachable", async () => {
  const upstream = startUpstream();
  const { call, register, close } = await startChartroom({
    environment: { CHARTROOM_ALLOW_UPSTREAM: "127.0.0.1,nowhere.invalid" },
  });
  await upstream.close();
  const refused = await register(upstream.url);
  const repo = (await call("GET", `/v1/repos/${refused}`)).body;
  assert.equal(repo.sync.reason, "unreachable");
  assert.equal(repo.sync.message, "the upstream refused the connection");
  const unknown = await register("http://nowhere.invalid/charts?token=hush");
  const other = (await call("GET", `/v1/repos/${unknown}`)).body;
  assert.equal(other.sync.reason, "unreachable");
  assert.equal(other.sync.message, "the host name cannot be resolved");
  await close();
});

Deno.test("gzip and brotli are taken, as are JSON, BOM, CRLF and document markers", () =>
  withChartroom(async ({ call, register, sync }, upstream) => {
    upstream.serve("/index.yaml", GOOD);
    const id = await register(upstream.url);
    const encoded = (bytes: Uint8Array, encoding: string): Fault =>
      body(bytes, { "content-encoding": encoding });
    const json = JSON.stringify({
      apiVersion: "v1",
      entries: { good: [{ name: "good", version: "1.0.0", urls: ["a"] }], json: null },
    });
    const accepted: Record<string, Fault> = {
      gzip: encoded(gzipSync(GOOD), "gzip"),
      brotli: encoded(brotliCompressSync(GOOD), "br"),
      json: body(json),
      bom: body(`\ufeff${GOOD}`),
      crlf: body(GOOD.replaceAll("\n", "\r\n")),
      markers: body(`# made by hand\n---\n${GOOD}...\n`),
    };
    for (const [name, answer] of Object.entries(accepted)) {
      upstream.serve("/index.yaml", (request) => answer(request, upstream.url));
      const event = await sync(id);
      assert.equal(event.status, "successful", `${name}: ${event.result}`);
      assert.equal((await call("GET", "/v1/apps")).body.total_count, 1, name);
    }
  }));

Deno.test("a failed sync is tried again after a minute, two, and ten at the most", () =>
  withChartroom(async ({ call, register, services, clock }, upstream) => {
    const id = await register(`${upstream.url}/gone`);
    const waits: number[] = [];
    for (let i = 0; i < 12; i++) {
      const { body } = await call("GET", `/v1/repos/${id}`);
      const due = Date.parse(body.sync.next_sync);
      waits.push((due - Date.parse(body.sync.last_attempt)) / 1_000);
      clock.now = due;
      await services.syncer.tick();
    }
    assert.deepEqual(waits, [60, 120, 180, 240, 300, 360, 420, 480, 540, 600, 600, 600]);
  }));

Deno.test("Retry-After is honoured in both of its forms", () =>
  withChartroom(async ({ call, register }, upstream) => {
    upstream.serve(
      "/a/index.yaml",
      () => new Response("slow down", { status: 429, headers: { "retry-after": "7200" } }),
    );
    const a = await register(`${upstream.url}/a`);
    const next = (await call("GET", `/v1/repos/${a}`)).body.sync.next_sync;
    assert.equal(next, new Date(START + 7_200_000).toISOString());
    upstream.serve("/b/index.yaml", () =>
      new Response("later", {
        status: 503,
        headers: { "retry-after": new Date(Date.now() + 1_800_000).toUTCString() },
      }));
    const b = await register(`${upstream.url}/b`);
    const wait = Date.parse((await call("GET", `/v1/repos/${b}`)).body.sync.next_sync) - START;
    assert.ok(wait > 1_700_000 && wait <= 1_800_000, String(wait));
  }));

Deno.test("force accepts an index that the shrink guard refuses", () =>
  withChartroom(async ({ call, register, sync }, upstream) => {
    const many = Array.from({ length: 30 }, (_, i) => `1.${i}.0`);
    upstream.serve("/index.yaml", indexOf({ many }));
    const id = await register(upstream.url);
    upstream.serve("/index.yaml", indexOf({ many: many.slice(0, 15) }));
    assert.equal((await sync(id)).status, "successful");
    upstream.serve("/index.yaml", indexOf({ many: many.slice(0, 7) }));
    assert.equal((await sync(id)).status, "successful", "fewer than 20 may come and go");
    upstream.serve("/index.yaml", indexOf({}));
    assert.equal((await sync(id)).reason, "shrink");
    assert.equal((await call("GET", "/v1/apps")).body.total_count, 1);
    assert.equal((await sync(id, { force: true })).status, "successful");
    assert.equal((await call("GET", "/v1/apps")).body.total_count, 0);
    upstream.serve("/index.yaml", indexOf({ many }));
    await sync(id);
    upstream.serve("/index.yaml", indexOf({ many: many.slice(0, 14) }));
    assert.equal((await sync(id)).reason, "shrink", "force was for once");
  }));
