/** What an upstream can do wrong: the sync fails with a reason, and the old generation stays. */

import assert from "node:assert/strict";
import { brotliCompressSync, gzipSync, zstdCompressSync } from "node:zlib";
import { canary, queryCanary } from "../support/canary.ts";
import { type Body, START, startChartroom, withChartroom } from "../support/chartroom.ts";
import { indexOf, startUpstream } from "../support/upstream.ts";

const GOOD = indexOf({ good: ["1.0.0"] });
const LIMIT = 1_048_576;
const LIMITS = { idleMs: 500, totalMs: 1_200, redirects: 5 };

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

/** Two indexes of which one replaces the other while it is being sent. */
const BEFORE = indexOf({ one: ["1.0.0"], three: ["1.0.0"], two: ["1.0.0"] });
const AFTER = indexOf({ one: ["2.0.0", "1.0.0"], three: ["1.0.0"], two: ["1.0.0"] });

/** A text that becomes another one at the byte where something of the first begins. */
function changing(first: string, second: string, where: string): string {
  const at = first.indexOf(where);
  return first.slice(0, at) + second.slice(at);
}

/** The beginning of one text, and the end of another. */
function mixture(first: string, endsBefore: string, second: string, beginsWith: string): string {
  return first.slice(0, first.indexOf(endsBefore)) + second.slice(second.indexOf(beginsWith));
}

/** A byte of these is another one. */
function damaged(bytes: Uint8Array, at: number): Uint8Array {
  return bytes.map((byte, i) => i === at ? byte ^ 0xff : byte);
}

const MINUTE_S = 60;

/**
 * Fault by name: what the upstream does, the reason, the message, and in how many seconds the next
 * try comes if that is not a minute.
 */
const FAULTS: Record<string, [Fault, string, RegExp, number?]> = {
  "203": [body(GOOD, {}, 203), "status", /203 Non[- ]Authoritative Information$/],
  "204": [status(204), "status", /answered 204 No Content$/],
  "205": [() => new Response(null, { status: 205 }), "status", /205 Reset Content$/],
  "206": [status(206), "status", /206 Partial Content$/],
  "206 with all of it": [
    body(GOOD, { "content-range": `bytes 0-${GOOD.length - 1}/${GOOD.length}` }, 206),
    "status",
    /206 Partial Content$/,
  ],
  "300": [status(300), "status", /300 Multiple Choices$/],
  "304 to a request without validators": [status(304), "status", /304 Not Modified$/],
  "401": [status(401), "unauthorized", /wants a credential \(401 Unauthorized\)$/],
  "403": [status(403), "unauthorized", /wants a credential \(403 Forbidden\)$/],
  "404": [status(404), "status", /404 Not Found$/],
  "404 with Retry-After": [status(404, { "retry-after": "120" }), "status", /404 Not Found$/, 120],
  "407": [status(407), "status", /407 Proxy Authentication Required$/],
  "410": [status(410), "status", /410 Gone$/],
  "429": [status(429), "status", /429 Too Many Requests$/],
  "429 with Retry-After": [status(429, { "retry-after": "7200" }), "status", /429 Too/, 7_200],
  "429 with a Retry-After that is sooner": [status(429, { "retry-after": "5" }), "status", /429/],
  "429 with a Retry-After that is too late": [
    status(429, { "retry-after": "9".repeat(400) }),
    "status",
    /429/,
    86_400,
  ],
  "429 with a Retry-After in the past": [
    status(429, { "retry-after": "Wed, 21 Oct 2015 07:28:00 GMT" }),
    "status",
    /429/,
  ],
  "429 with a Retry-After that is no time": [
    status(429, { "retry-after": "7200.5" }),
    "status",
    /429/,
  ],
  "500": [status(500), "status", /500 Internal Server Error$/],
  "502 with a page": [body("<html>Bad Gateway</html>", {}, 502), "status", /502 Bad Gateway$/],
  "503 with Retry-After": [
    status(503, { "retry-after": "180" }),
    "status",
    /503 Service Unavailable$/,
    180,
  ],
  "504": [status(504), "status", /504 Gateway Timeout$/],
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
  "a redirect between two addresses": [
    (request) =>
      Response.redirect(
        new URL(request.url.endsWith("?x") ? "/index.yaml" : "/index.yaml?x", request.url),
      ),
    "redirect",
    /more than 5 times$/,
  ],
  "a redirect to nothing": [status(302, { location: "" }), "redirect", /more than 5 times$/],
  "a redirect to where there is nothing": [
    status(302, { location: "/nothing" }),
    "status",
    /404 Not Found$/,
  ],
  "a redirect to a host that there is not": [
    status(302, { location: "http://nowhere.invalid/index.yaml" }),
    "unreachable",
    /nowhere\.invalid cannot be resolved$/,
  ],
  "a redirect to a document of its own": [
    status(302, { location: `data:text/plain,${encodeURIComponent(GOOD)}` }),
    "blocked",
    /must be http or https, not data/,
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
  "an XML error": [
    body("<?xml version='1.0'?>\n<Error><Code>AccessDenied</Code></Error>"),
    "html",
    /HTML or XML page/,
  ],
  "a JSON error": [body('{"errors":[{"status":404}]}'), "no_api_version", /has no `apiVersion`/],
  "a line of text": [body("404 page not found\n"), "not_an_index", /not a mapping/],
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
  "gzip without a header": [
    body(gzipSync(GOOD)),
    "encoding",
    /^the body is gzip-compressed without a header saying so$/,
  ],
  "gzip in gzip": [
    body(gzipSync(gzipSync(GOOD)), { "content-encoding": "gzip" }),
    "encoding",
    /gzip-compressed/,
  ],
  "gzip with a byte changed": [
    body(damaged(gzipSync(GOOD), 100), { "content-encoding": "gzip" }),
    "encoding",
    /not encoded as its header says/,
  ],
  "gzip with a wrong checksum": [
    body(damaged(gzipSync(GOOD), gzipSync(GOOD).length - 6), { "content-encoding": "gzip" }),
    "encoding",
    /not encoded as its header says/,
  ],
  "gzip in two parts, of which fetch reads one": [
    body(
      Uint8Array.of(
        ...gzipSync(GOOD.slice(0, GOOD.indexOf("generated:"))),
        ...gzipSync(GOOD.slice(GOOD.indexOf("generated:"))),
      ),
      { "content-encoding": "gzip" },
    ),
    "truncated",
    /lacks the `generated`/,
  ],
  "brotli that is none": [
    body(GOOD, { "content-encoding": "br" }),
    "encoding",
    /not encoded as its header says/,
  ],
  "brotli without a header": [body(brotliCompressSync(GOOD)), "encoding", /not valid UTF-8/],
  "brotli cut off": [
    body(brotliCompressSync(GOOD).subarray(0, 60), { "content-encoding": "br" }),
    "truncated",
    /before the whole index had come/,
  ],
  "a compression that was not asked for": [
    body(zstdCompressSync(GOOD), { "content-encoding": "zstd" }),
    "encoding",
    /not valid UTF-8|zstd/,
  ],
  "a chart instead of an index": [
    body(gzipSync(new Uint8Array(2_048)), { "content-type": "application/gzip" }),
    "encoding",
    /gzip-compressed/,
  ],
  "a picture": [
    body(new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])),
    "encoding",
    /not valid UTF-8/,
  ],
  "null bytes in the place of the rest": [
    body(GOOD.slice(0, 100) + "\0".repeat(GOOD.length - 100)),
    "syntax",
    /null byte/,
  ],
  "an index that changes in the middle of an entry": [
    body(changing(BEFORE, AFTER, 'description: "The two')),
    "syntax",
    /the index has a syntax error/,
  ],
  "an index that changes in the middle of a line": [
    body(changing(BEFORE, AFTER, 'tion: "The two')),
    "syntax",
    /the index has a syntax error/,
  ],
  "an index that changes so that a chart comes twice": [
    body(mixture(BEFORE, "  two:", AFTER, "  three:")),
    "syntax",
    /the chart `three` is there twice/,
  ],
  "gzip cut off": [
    body(gzipSync(GOOD).subarray(0, 60), { "content-encoding": "gzip" }),
    "truncated",
    /before the whole index had come/,
  ],
  "every app gone": [body(indexOf({})), "shrink", /from 1 apps with 1 versions to 0 with 0/],
};

Deno.test("a fault of the upstream fails the sync, and the old generation stays served", (t) =>
  withChartroom(async ({ call, clock, register, sync }, upstream) => {
    for (const [name, [fault, reason, message, wait = MINUTE_S]] of Object.entries(FAULTS)) {
      await t.step(name, async () => {
        upstream.serve("/index.yaml", GOOD);
        const id = await register(upstream.url);
        const served = `/v1/apps?conditions=repo_id%3D${id}`;
        const before = (await call("GET", served)).body;
        assert.equal(before.total_count, 1);
        upstream.serve("/index.yaml", (request) => fault(request, upstream.url));
        const event = await sync(id);
        assert.equal(event.status, "failed");
        assert.equal(event.reason, reason, event.result);
        assert.match(event.result, message);
        assert.equal(event.generation, 1);
        const repo = (await call("GET", `/v1/repos/${id}`)).body;
        assert.equal(repo.status, "failed");
        assert.equal(repo.sync.reason, reason);
        assert.equal(repo.sync.message, event.result);
        assert.equal(repo.sync.failures, 1);
        assert.equal(repo.sync.next_sync, new Date(clock.now + wait * 1_000).toISOString());
        assert.deepEqual((await call("GET", served)).body, before);

        upstream.serve("/index.yaml", GOOD);
        assert.equal((await sync(id)).status, "successful");
        assert.equal((await call("GET", `/v1/repos/${id}`)).body.sync.failures, 0);
        assert.deepEqual((await call("GET", served)).body, before);
      });
    }
  }, { config: { maxIndexBytes: LIMIT }, httpLimits: LIMITS }));

Deno.test("an index that changes between two charts passes for one, until the next sync", () =>
  withChartroom(async ({ call, register, sync }, upstream) => {
    upstream.serve("/index.yaml", BEFORE);
    const id = await register(upstream.url);
    const versions = async () => {
      const { items } = (await call("GET", "/v1/apps?orderBy=name&reverse=true")).body;
      return items.map((app: Body) => `${app.name} ${app.version_total}`).sort();
    };
    upstream.serve("/index.yaml", mixture(AFTER, "  three:", BEFORE, "  two:"));
    const mixed = await sync(id);
    assert.equal(mixed.status, "successful", mixed.result);
    assert.deepEqual(await versions(), ["one 2", "two 1"]);
    upstream.serve("/index.yaml", AFTER);
    assert.equal((await sync(id)).status, "successful");
    assert.deepEqual(await versions(), ["one 2", "three 1", "two 1"]);
  }));

Deno.test("only the upstream's own origin gets the credential, however it redirects", () =>
  withChartroom(async ({ register, call }, upstream) => {
    const other = startUpstream();
    upstream.serve("/index.yaml", (request) => Response.redirect(new URL("/moved", request.url)));
    upstream.serve("/moved", () => Response.redirect(`${other.url}/elsewhere`, 307));
    other.serve("/elsewhere", GOOD);
    const credential = JSON.stringify({ username: "anna", password: canary("hush") });
    const id = await register(upstream.url, { credential });
    const repo = (await call("GET", `/v1/repos/${id}`)).body;
    assert.equal(repo.status, "successful", repo.sync.message);
    const sent = `Basic ${btoa(`anna:${canary("hush")}`)}`;
    assert.deepEqual(
      [...upstream.requests, ...other.requests].map(({ path, headers }) => [
        path,
        headers.get("authorization"),
      ]),
      [["/index.yaml", sent], ["/moved", sent], ["/elsewhere", null]],
    );
    await other.close();
  }));

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
  const unknown = await register(`http://nowhere.invalid/charts?token=${queryCanary("hush")}`);
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
