/** Bytes that are hardly HTTP, on a real socket: they are answered or cut off, and nothing breaks. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { createApp } from "../../routes/app.ts";
import { withChartroom } from "../support/chartroom.ts";
import { send } from "../support/raw_upstream.ts";

const SEED = 20_261_124;
const REQUESTS = 3_000;

const method = fc.constantFrom(
  "GET",
  "POST",
  "get",
  "CONNECT",
  "TRACE",
  "OPTIONS",
  "PRI",
  "",
  "G(T",
);
const target = fc.oneof(
  fc.constantFrom(
    "/v1/repos",
    "/v1/apps?limit=1",
    "*",
    "/",
    "",
    "//",
    "\\",
    "v1/repos",
    "/v1/../../etc/passwd",
    "/v1/%2e%2e/%2e%2e/x",
    "/v1/repos/%00",
    "/v1/repos\u0000",
    "/v1/repos#x",
    "/v1/apps?\u00ff=\u00fe",
    "http://elsewhere.example.org/v1/repos",
    "https://elsewhere.example.org:99999/v1/repos",
    "http://[::1/",
    "javascript:alert(1)",
    "elsewhere.example.org:443",
    `/${"a".repeat(70_000)}`,
    `/v1/apps?${"x=1&".repeat(5_000)}`,
  ),
  fc.string({ maxLength: 30 }).map((text) => `/v1/${text.replace(/[\r\n]/g, "")}`),
);
const version = fc.constantFrom(
  "HTTP/1.1",
  "HTTP/1.1",
  "HTTP/1.0",
  "HTTP/2.0",
  "HTTP/9",
  "http/1.1",
  "",
);
const header = fc.oneof(
  fc.constantFrom(
    "host: 127.0.0.1",
    "host: elsewhere.example.org",
    "host:",
    "host: a b",
    "host: [::1",
    "host: x\r\nhost: y",
    "connection: close",
    "connection: upgrade\r\nupgrade: h2c",
    "content-length: 0",
    "content-length: 5",
    "content-length: -1",
    "content-length: 5\r\ncontent-length: 6",
    "content-length: 99999999999999999999",
    "transfer-encoding: chunked",
    "transfer-encoding: chunked\r\ncontent-length: 3",
    "transfer-encoding: gzip, chunked",
    "transfer-encoding: xchunked",
    "transfer-encoding : chunked",
    "expect: 100-continue",
    "expect: x",
    "content-type: application/json",
    "authorization: Bearer \u00ff",
    "authorization:",
    " folded: x",
    "no colon",
    ": no name",
    "na me: x",
    "x: \u0000",
    `x: ${"y".repeat(100_000)}`,
    Array.from({ length: 300 }, (_, i) => `x-${i}: y`).join("\r\n"),
    "range: bytes=0-",
    "accept-encoding: br;q=\u0001",
    "x-forwarded-for: \u00e9, 1.2.3.4, ::",
    "cookie: \u00ff=\u00fe; ;=;",
  ),
  fc.string({ maxLength: 40 }).map((text) => text.replace(/[\r\n]/g, "")),
);
/** Mostly as it should be, or little else would be looked at. */
const host = fc.constantFrom([], ["host: 127.0.0.1"], ["host: 127.0.0.1"], ["host: localhost"]);
const body = fc.constantFrom(
  "",
  "{}",
  "hello",
  "5\r\nhello\r\n0\r\n\r\n",
  "ffffffffffffffff\r\n",
  "0\r\n\r\nGET /healthz HTTP/1.1\r\nhost: x\r\n\r\n",
  "5;x=y\r\nhello\r\n0\r\ntrailer: x\r\n\r\n",
  "-1\r\n",
);
const message = fc.oneof(
  {
    weight: 9,
    arbitrary: fc.tuple(method, target, version, host, fc.array(header, { maxLength: 3 }), body)
      .map(([method, target, version, host, headers, body]) =>
        [`${method} ${target} ${version}`, ...host, ...headers, "", body].join("\r\n")
      ),
  },
  fc.string({ maxLength: 200 }),
  fc.constantFrom("\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "\u0016\u0003\u0001\u0002\u0000"),
);

Deno.test(`${REQUESTS} messages that are hardly HTTP`, () =>
  withChartroom(async (chartroom) => {
    const options = { hostname: "127.0.0.1", port: 0, onListen() {} };
    const server = Deno.serve(options, createApp(chartroom.services).fetch);
    const { port } = server.addr;
    const statuses = new Set<string>();
    try {
      await fc.assert(
        fc.asyncProperty(message, async (message) => {
          const answer = await exchange(port, message);
          // One line for each answer: a message may hold several requests.
          for (const [, status] of answer.matchAll(/^HTTP\/1\.[01] (\d{3}) /gm)) {
            statuses.add(status!);
            const isMeant = Number(status) < 500 || ["501", "505"].includes(status!);
            assert.ok(isMeant, answer.slice(0, 500));
          }
        }),
        { numRuns: REQUESTS, seed: SEED },
      );
      for (const status of ["200", "400", "404", "405", "421"]) {
        assert.ok(statuses.has(status), status);
      }
      const response = await fetch(`http://127.0.0.1:${port}/healthz`);
      assert.deepEqual(await response.json(), { status: "ok" });
      const failed = chartroom.log.filter(({ event }) => event === "request failed");
      assert.deepEqual(failed, []);
    } finally {
      await server.shutdown();
    }
  }));

/** All that is answered until the server has no more to say. */
async function exchange(port: number, message: string): Promise<string> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  let text = "";
  try {
    await send(connection, Uint8Array.from(message, (character) => character.charCodeAt(0)));
    await connection.closeWrite();
    const decoder = new TextDecoder("latin1");
    for await (const piece of connection.readable) text += decoder.decode(piece);
  } catch (error) {
    // A server may refuse to go on at any point.
    const isCut = error instanceof Deno.errors.ConnectionReset ||
      error instanceof Deno.errors.BrokenPipe || error instanceof Deno.errors.NotConnected;
    if (!isCut) throw error;
  }
  try {
    connection.close();
  } catch {
    // Whoever reads to the end closes it.
  }
  return text;
}
