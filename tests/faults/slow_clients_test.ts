/** Clients that are slow, break off, or say two things at once, on connections of their own. */

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { createApp } from "../../routes/app.ts";
import { startChartroom } from "../support/chartroom.ts";

/** How long a body may take, in milliseconds. */
const BODY_MS = 15_000;
/** A test that would wait for ever fails after this. */
const PATIENCE_MS = 10_000;

/** A Chartroom that listens. `endPatience` lets the time of all bodies that are coming run out. */
interface Listening {
  endPatience(): void;
  /** How many bodies are coming. */
  coming(): number;
  /**
   * Says something on a connection, and reads until the server closes it, or for a client that is
   * polite, until it has an answer that tells it to.
   */
  talk(parts: (string | (() => Promise<void>))[], isPolite?: boolean): Promise<string>;
  log: string[];
}

async function withServer(test: (server: Listening) => Promise<void>) {
  const { setTimeout, clearTimeout } = globalThis;
  const patience = new Map<number, () => void>();
  let last = -1;
  Object.assign(globalThis, {
    setTimeout(run: () => void, ms: number) {
      if (ms !== BODY_MS) return setTimeout(run, ms);
      patience.set(--last, run);
      return last;
    },
    clearTimeout(id: number) {
      if (!patience.delete(id)) clearTimeout(id);
    },
  });
  const chartroom = await startChartroom({ environment: { CHARTROOM_RATE_LIMIT: "off" } });
  const listen = { hostname: "127.0.0.1", port: 0, onListen() {} };
  const server = Deno.serve(listen, createApp(chartroom.services).fetch);
  const log: string[] = [];
  try {
    await test({
      endPatience: () => patience.forEach((run) => run()),
      coming: () => patience.size,
      talk: (parts, isPolite = false) => talk(server.addr.port, parts, isPolite),
      log,
    });
    log.push(...chartroom.log.map(({ event }) => event));
    assert.deepEqual(log, []);
    assert.equal(patience.size, 0);
  } finally {
    Object.assign(globalThis, { setTimeout, clearTimeout });
    await server.shutdown();
    await chartroom.close();
  }
}

async function talk(port: number, parts: (string | (() => Promise<void>))[], isPolite: boolean) {
  let isLate = false;
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const late = setTimeout(() => {
    isLate = true;
    connection.close();
  }, PATIENCE_MS);
  let text = "";
  try {
    const reading = (async () => {
      for await (const piece of connection.readable) {
        text += new TextDecoder().decode(piece);
        if (isPolite && /\nconnection: close\r\n.*\}$/is.test(text)) return;
      }
    })();
    for (const part of parts) {
      if (typeof part !== "string") await part();
      else await writeAll(connection, new TextEncoder().encode(part)).catch(() => {});
    }
    // Where the server closes what the client still writes to, the connection is reset.
    await reading.catch(() => {});
  } finally {
    clearTimeout(late);
  }
  assert.ok(!isLate, `the server does not close the connection after ${text}`);
  return text;
}

async function writeAll(connection: Deno.TcpConn, bytes: Uint8Array) {
  for (let sent = 0; sent < bytes.length;) sent += await connection.write(bytes.subarray(sent));
}

function head(line: string, ...headers: string[]): string {
  return [line, "Host: localhost", ...headers, "", ""].join("\r\n");
}

const JSON_TYPE = "Content-Type: application/json";
const CLOSE = "Connection: close";

function statusOf(answer: string): number {
  return Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1]);
}

function codeOf(answer: string): string {
  return JSON.parse(answer.slice(answer.indexOf("{"), answer.lastIndexOf("}") + 1)).code;
}

async function until(holds: () => boolean) {
  const end = Date.now() + PATIENCE_MS;
  while (!holds() && Date.now() < end) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assert.ok(holds());
}

const signature = createHmac("sha256", "x").update("").digest("hex");

for (
  const [name, line, ...headers] of [
    ["a registration", "POST /v1/repos HTTP/1.1", JSON_TYPE],
    ["a change", "PATCH /v1/repos/x HTTP/1.1", JSON_TYPE],
    ["what needs no body", "DELETE /v1/repos/x HTTP/1.1"],
    ["a delivery", "POST /v1/webhooks/x HTTP/1.1", `X-Gitea-Signature: ${signature}`],
  ] as [string, string, ...string[]][]
) {
  Deno.test(`${name} whose body does not come is answered 408, and told to go`, () =>
    withServer(async ({ endPatience, coming, talk }) => {
      const announced = head(line, ...headers, "Content-Length: 100");
      const answer = await talk([announced, "{", async () => {
        await until(() => coming() === 1);
        endPatience();
      }], true);
      assert.deepEqual([statusOf(answer), codeOf(answer)], [408, "bad_request"]);
    }));
}

Deno.test("forty slow bodies hold up nobody", () =>
  withServer(async ({ endPatience, coming, talk }) => {
    const slow = Array.from({ length: 40 }, (_, i) =>
      talk([
        head("POST /v1/repos HTTP/1.1", JSON_TYPE, "Content-Length: 1000"),
        "{".repeat(i + 1),
      ], true));
    await until(() => coming() === 40);
    assert.equal(statusOf(await talk([head("GET /v1/apps HTTP/1.1", CLOSE)])), 200);
    endPatience();
    for (const answer of await Promise.all(slow)) assert.equal(statusOf(answer), 408);
  }));

Deno.test("a body in tiny chunks is taken if there are few, and refused if there are thousands", () =>
  withServer(async ({ talk }) => {
    const chunks = (text: string) => [...text].map((c) => `1\r\n${c}\r\n`).join("") + "0\r\n\r\n";
    const send = (text: string) =>
      talk([
        head("POST /v1/repos HTTP/1.1", JSON_TYPE, "Transfer-Encoding: chunked", CLOSE) +
        chunks(text),
      ]);
    const few = await send(`{"name":"a","url":"nowhere"}`);
    assert.deepEqual([statusOf(few), /"field":"(\w+)"/.exec(few)?.[1]], [400, "url"]);
    const many = await send(`{"name":"${"a".repeat(50_000)}"}`);
    assert.equal(statusOf(many), 400);
    assert.match(many, /body: expected at most 4096 pieces/);
  }));

for (
  const [name, body] of [
    ["a chunk's extension without end", `3;${"a".repeat(40_000)}`],
    ["a chunk without a length", "x\r\nabc\r\n0\r\n\r\n"],
    ["a chunk that is longer than it says", "1\r\nabc\r\n0\r\n\r\n"],
  ] as const
) {
  Deno.test(`${name} is the client's fault, and no failure of the service`, () =>
    withServer(async ({ talk }) => {
      const answer = await talk([
        head("POST /v1/repos HTTP/1.1", JSON_TYPE, "Transfer-Encoding: chunked", CLOSE) + body,
      ]);
      // Where Deno finds it before it is asked for the body, it closes the connection.
      if (answer !== "") {
        assert.deepEqual([statusOf(answer), codeOf(answer)], [400, "invalid_field"]);
      }
    }));
}

// What a proxy could read in another way than Deno does; it refuses all of it by itself.
for (
  const [name, ...headers] of [
    ["two lengths", "Content-Length: 5", "Content-Length: 6"],
    ["a list of lengths", "Content-Length: 5, 5"],
    ["a length and chunks", "Content-Length: 5", "Transfer-Encoding: chunked"],
    ["chunks and a length", "Transfer-Encoding: chunked", "Content-Length: 5"],
    ["a length with a sign", "Content-Length: +5"],
    ["a coding that is not known", "Transfer-Encoding: xchunked"],
    ["chunks that are not last", "Transfer-Encoding: chunked, identity"],
    ["a space before the colon", "Content-Length : 5"],
    ["a header over two lines", "X-A: b\r\n c"],
    ["two hosts", "Host: other"],
  ] as const
) {
  Deno.test(`a request with ${name} is refused, and what follows it is no request`, () =>
    withServer(async ({ talk }) => {
      const smuggled = head("GET /healthz HTTP/1.1", CLOSE);
      const answer = await talk([
        head("POST /v1/repos HTTP/1.1", JSON_TYPE, ...headers) + "0\r\n\r\n" + smuggled,
      ]);
      assert.equal(statusOf(answer), 400, answer);
      assert.equal(answer.match(/HTTP\/1\.1/g)?.length, 1, answer);
    }));
}

Deno.test("requests that come before the answer to the one before are answered in their order", () =>
  withServer(async ({ talk }) => {
    const answer = await talk([
      head("GET /nothing HTTP/1.1") + head("GET /healthz HTTP/1.1") +
      head("GET /v1/apps HTTP/1.1", CLOSE),
    ]);
    const statuses = answer.matchAll(/HTTP\/1\.1 (\d{3})/g).map(([, status]) => Number(status));
    assert.deepEqual([...statuses], [404, 200, 200]);
  }));

Deno.test("what is longer than Chartroom takes is told by name, and beyond 64 KiB by Deno", () =>
  withServer(async ({ talk }) => {
    const path = await talk([head(`GET /${"a".repeat(9_000)} HTTP/1.1`, CLOSE)]);
    assert.deepEqual([statusOf(path), codeOf(path)], [414, "uri_too_long"]);
    const header = await talk([
      head("GET /v1/repos HTTP/1.1", `X-A: ${"a".repeat(33_000)}`, CLOSE),
    ]);
    assert.deepEqual([statusOf(header), codeOf(header)], [431, "headers_too_large"]);
    const beyond = await talk([
      head("GET /v1/repos HTTP/1.1", `X-A: ${"a".repeat(70_000)}`, CLOSE),
    ]);
    assert.equal(statusOf(beyond), 400);
  }));
