/** Connections that break, and answers that no web server would give, for good or for bad. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { gzipSync } from "node:zlib";
import { type Chartroom, startChartroom } from "../support/chartroom.ts";
import { indexOf } from "../support/upstream.ts";

const GOOD = indexOf({ good: ["1.0.0"] });
const LIMIT = 1_048_576;
const LIMITS = { idleMs: 500, totalMs: 1_500, redirects: 5 };
/** Of a slow drip; several come before an idle connection ends. */
const DRIP_MS = 50;
const MEBIBYTE = 1_048_576;

type Speak = (socket: Socket) => void;

/** An upstream that answers in bytes: with {@link GOOD} at first, and then as it is told. */
interface RawUpstream {
  url: string;
  speak: Speak;
  close(): void;
}

async function startRaw(): Promise<RawUpstream> {
  const upstream: RawUpstream = { url: "", speak: says(answer(GOOD)), close: () => server.close() };
  const server = createServer((socket) => {
    // The client goes away, which is what most of these answers are for.
    socket.on("error", () => {});
    socket.once("data", () => upstream.speak(socket));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  upstream.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return upstream;
}

/** An answer with a body, of which the headers say what they are told to. */
function answer(body: string, ...headers: string[]): string {
  const lines = headers.length > 0 ? headers : [`Content-Length: ${body.length}`];
  return `HTTP/1.1 200 OK\r\n${lines.map((line) => `${line}\r\n`).join("")}\r\n${body}`;
}

function chunked(...chunks: string[]): string {
  return answer(chunks.join(""), "Transfer-Encoding: chunked");
}

function chunk(text: string): string {
  return `${text.length.toString(16)}\r\n${text}\r\n`;
}

/** Says something and closes the connection. */
function says(data: string | Uint8Array): Speak {
  return (socket) => void socket.end(data);
}

/** Says something and then nothing. */
function stalls(data: string | Uint8Array): Speak {
  return (socket) => void socket.write(data);
}

/** Says something and resets the connection once that has arrived. */
function resets(data: string): Speak {
  return (socket) => {
    if (data === "") socket.resetAndDestroy();
    else socket.write(data, () => setTimeout(() => socket.resetAndDestroy(), DRIP_MS));
  };
}

/** Says something, and then a little more, again and again. */
function drips(data: string, drop: string): Speak {
  return (socket) => {
    socket.write(data);
    const timer = setInterval(() => socket.write(drop), DRIP_MS);
    socket.once("close", () => clearInterval(timer));
  };
}

/** Says something, and then the same for as long as somebody listens. */
function floods(data: string, more: string): Speak {
  return (socket) => {
    const next = () => {
      if (!socket.destroyed) socket.write(more, () => setImmediate(next));
    };
    socket.write(data, next);
  };
}

function bytes(...parts: (string | number)[]): Uint8Array {
  const encoder = new TextEncoder();
  return Uint8Array.from(
    parts.flatMap((part) => typeof part === "string" ? [...encoder.encode(part)] : [part]),
  );
}

const NO_HTTP = /did not answer in HTTP$/;
const CLOSED = /closed the connection without an answer$/;
const BROKE = /before the whole index had come$/;
const SILENT = /nothing came for 0\.5 s$/;
const TOO_LARGE_HEAD = /more headers than Chartroom takes$/;

/** Fault by name: what the upstream says, the reason, and the message. */
const FAULTS: Record<string, [Speak, string, RegExp]> = {
  "no answer": [stalls(""), "timeout", SILENT],
  "a drip of headers": [drips("HTTP/1.1 200 OK\r\n", "X: y\r\n"), "timeout", /for 0\.5 s$/],
  "a drip of a body": [
    drips(answer("", "Content-Length: 100000"), "#"),
    "timeout",
    /longer than 1\.5 s$/,
  ],
  "closed without an answer": [says(""), "unreachable", CLOSED],
  "closed inside of the headers": [says("HTTP/1.1 200 OK\r\nContent-Le"), "unreachable", CLOSED],
  "closed before Content-Length": [
    says(answer(GOOD, `Content-Length: ${GOOD.length + 1}`)),
    "truncated",
    BROKE,
  ],
  "closed inside of a chunk": [says(chunked(`fff\r\n${GOOD}`)), "truncated", BROKE],
  "closed before the last chunk": [says(chunked(chunk(GOOD))), "truncated", BROKE],
  "closed at once after the headers": [says(answer("", "Content-Length: 9")), "truncated", BROKE],
  "reset without an answer": [resets(""), "unreachable", CLOSED],
  "reset inside of the headers": [resets("HTTP/1.1 200 OK\r\nConte"), "unreachable", CLOSED],
  "reset after the headers": [resets(answer("", "Content-Length: 900")), "truncated", BROKE],
  "reset inside of the body": [
    resets(answer(GOOD.slice(0, 99), `Content-Length: ${GOOD.length}`)),
    "truncated",
    BROKE,
  ],
  "reset inside of a chunk": [resets(chunked(`fff\r\n${GOOD}`)), "truncated", BROKE],
  "stalled inside of the body": [
    stalls(answer("api", "Content-Length: 100")),
    "timeout",
    SILENT,
  ],
  "a Content-Length that is too short": [
    says(answer(GOOD, `Content-Length: ${GOOD.length - 60}`)),
    "truncated",
    /cut off|`generated`/,
  ],
  "a Content-Length that is too long": [
    stalls(answer(GOOD, `Content-Length: ${GOOD.length + 1}`)),
    "timeout",
    SILENT,
  ],
  "a Content-Length of nothing": [says(answer(GOOD, "Content-Length: 0")), "empty", /empty index$/],
  "a Content-Length that is no number": [
    says(answer(GOOD, "Content-Length: -5")),
    "unreachable",
    NO_HTTP,
  ],
  "two Content-Lengths": [
    says(answer(GOOD, `Content-Length: ${GOOD.length}`, "Content-Length: 10")),
    "unreachable",
    NO_HTTP,
  ],
  "a Content-Length over the limit": [
    floods(answer("", "Content-Length: 100000000000"), "#".repeat(65_536)),
    "too_large",
    /larger than 1048576 bytes$/,
  ],
  "no Content-Length, and no end": [
    floods(answer("", "Connection: close"), "#".repeat(65_536)),
    "too_large",
    /larger than 1048576 bytes$/,
  ],
  "an error without an end": [
    floods("HTTP/1.1 500 Oops\r\nContent-Length: 100000000000\r\n\r\n", "#".repeat(65_536)),
    "status",
    /500 Internal Server Error$/,
  ],
  "redirects without an end": [
    floods(
      "HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 100000000000\r\n\r\n",
      "#".repeat(65_536),
    ),
    "redirect",
    /more than 5 times$/,
  ],
  "a chunk size that is no number": [says(chunked("xyz\r\n", GOOD)), "truncated", BROKE],
  "a chunk size beyond all numbers": [says(chunked("f".repeat(17), GOOD)), "truncated", BROKE],
  "a chunk that is longer than it says": [says(chunked("10\r\n", GOOD)), "truncated", BROKE],
  "100 and then nothing": [stalls("HTTP/1.1 100 Continue\r\n\r\n"), "timeout", SILENT],
  "101": [
    stalls("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"),
    "status",
    /101 Switching Protocols$/,
  ],
  "102 again and again": [drips("", "HTTP/1.1 102 Processing\r\n\r\n"), "timeout", /for 0\.5 s$/],
  "999": [says("HTTP/1.1 999 Odd\r\nContent-Length: 0\r\n\r\n"), "status", /answered 999$/],
  "a status that is no number": [says("HTTP/1.1 abc OK\r\n\r\n"), "unreachable", NO_HTTP],
  "a status line of HTTP/2": [says(`HTTP/2 200 OK\r\n\r\n${GOOD}`), "unreachable", NO_HTTP],
  "the beginning of HTTP/2": [
    stalls(bytes("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 0, 0, 0, 4, 0, 0, 0, 0, 0)),
    "unreachable",
    NO_HTTP,
  ],
  "a frame of HTTP/2": [stalls(bytes(0, 0, 0, 4, 0, 0, 0, 0, 0)), "unreachable", NO_HTTP],
  "HTTP/0.9, which is the index alone": [says(GOOD), "unreachable", NO_HTTP],
  "TLS on a plain port": [says(bytes(0x15, 3, 1, 0, 2, 2, 70)), "unreachable", NO_HTTP],
  "another protocol": [stalls("SSH-2.0-OpenSSH_9\r\n\r\n"), "unreachable", NO_HTTP],
  "a header of a mebibyte": [
    says(answer(GOOD, `X: ${"x".repeat(MEBIBYTE)}`)),
    "unreachable",
    TOO_LARGE_HEAD,
  ],
  "a mebibyte of headers": [
    says(answer(GOOD, ...Array.from({ length: 8_192 }, (_, i) => `X-${i}: ${"x".repeat(120)}`))),
    "unreachable",
    TOO_LARGE_HEAD,
  ],
  "headers without an end": [
    floods("HTTP/1.1 200 OK\r\nX: ", "x".repeat(65_536)),
    "unreachable",
    TOO_LARGE_HEAD,
  ],
  "a null byte in a header": [says(answer(GOOD, "X: a\0b")), "unreachable", NO_HTTP],
  "a header without a name": [says(answer(GOOD, "nothing but words")), "unreachable", NO_HTTP],
  "a header in two lines": [says(answer(GOOD, "X: a\r\n b")), "unreachable", NO_HTTP],
  "gzip without a header, and without a length": [
    (socket) => void socket.end(bytes(answer("", "Connection: close"), ...gzipSync(GOOD))),
    "encoding",
    /^the body is gzip-compressed without a header saying so$/,
  ],
};

/** Answers that are right, if only just. */
const TAKEN: Record<string, Speak> = {
  "103 and then 200": says(`HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${answer(GOOD)}`),
  "100 and then 200": says(`HTTP/1.1 100 Continue\r\n\r\n${answer(GOOD)}`),
  "HTTP/1.0 that ends with the connection": says(`HTTP/1.0 200 OK\r\n\r\n${GOOD}`),
  "a status without a reason": says(answer(GOOD).replace("200 OK", "200")),
  "lines that end without a carriage return": says(answer(GOOD).replaceAll("\r\n", "\n")),
  "empty lines before the answer": says(`\r\n\r\n${answer(GOOD)}`),
  "one Content-Length twice": says(
    answer(GOOD, `Content-Length: ${GOOD.length}`, `Content-Length: ${GOOD.length}`),
  ),
  "headers that are there twice": says(
    answer(GOOD, 'ETag: "a"', 'ETag: "b"', "Connection: close", "Last-Modified: x", "Date: y"),
  ),
  "bytes in a header that are no text": (socket) =>
    void socket.end(
      bytes(
        "HTTP/1.1 200 OK\r\nConnection: close\r\nX: ",
        0xff,
        '\r\nETag: "',
        0xe9,
        '"\r\n\r\n',
        GOOD,
      ),
    ),
  "a header of a hundred kibibytes": says(
    answer(GOOD, `X: ${"x".repeat(102_400)}`, "Connection: close"),
  ),
  "a chunk for every byte": says(chunked(...[...GOOD].map(chunk), "0\r\n\r\n")),
  "chunks with trailers": says(chunked(chunk(GOOD), "0\r\nX: y\r\n\r\n")),
  "chunks and a Content-Length, which does not count": says(
    answer(`${chunk(GOOD)}0\r\n\r\n`, "Content-Length: 5", "Transfer-Encoding: chunked"),
  ),
  "two answers, of which the first counts": says(answer(GOOD) + answer("nothing")),
};

/** Runs a test with a Chartroom and, for each of some names, a repository that was synced. */
async function forEach<T>(
  t: Deno.TestContext,
  cases: Record<string, T>,
  test: (chartroom: Chartroom, id: string, raw: RawUpstream, given: T) => Promise<void>,
) {
  const chartroom = await startChartroom({
    config: { maxIndexBytes: LIMIT },
    httpLimits: LIMITS,
  });
  try {
    for (const [name, given] of Object.entries(cases)) {
      await t.step(name, async () => {
        const raw = await startRaw();
        try {
          const id = await chartroom.register(raw.url);
          await test(chartroom, id, raw, given);
        } finally {
          raw.close();
        }
      });
    }
  } finally {
    await chartroom.close();
  }
}

/** What is served of a repository. */
async function served({ call }: Chartroom, id: string) {
  return (await call("GET", `/v1/apps?conditions=repo_id%3D${id}`)).body;
}

Deno.test("a connection that breaks fails the sync, and the old generation stays served", (t) =>
  forEach(t, FAULTS, async (chartroom, id, raw, [speak, reason, message]) => {
    const { call, clock, sync } = chartroom;
    const before = await served(chartroom, id);
    assert.equal(before.total_count, 1);
    raw.speak = speak;
    const event = await sync(id);
    assert.equal(event.status, "failed");
    assert.equal(event.reason, reason, event.result);
    assert.match(event.result, message);
    assert.equal(event.generation, 1);
    const repo = (await call("GET", `/v1/repos/${id}`)).body;
    assert.equal(repo.status, "failed");
    assert.equal(repo.sync.message, event.result);
    assert.equal(repo.sync.next_sync, new Date(clock.now + 60_000).toISOString());
    assert.deepEqual(await served(chartroom, id), before);

    raw.speak = says(answer(GOOD));
    assert.equal((await sync(id)).status, "successful");
    assert.deepEqual(await served(chartroom, id), before);
  }));

Deno.test("an answer that is right is taken, however strange it is", (t) =>
  forEach(t, TAKEN, async (chartroom, id, raw, speak) => {
    const before = await served(chartroom, id);
    raw.speak = speak;
    const event = await chartroom.sync(id);
    assert.equal(event.status, "successful", event.result);
    assert.deepEqual(await served(chartroom, id), before);
  }));

Deno.test("an upstream that is gone refuses, and what it said before stays served", async () => {
  const chartroom = await startChartroom({ httpLimits: LIMITS });
  const raw = await startRaw();
  const id = await chartroom.register(raw.url);
  const before = await served(chartroom, id);
  raw.close();
  const event = await chartroom.sync(id);
  assert.equal(event.reason, "unreachable", event.result);
  assert.equal(event.result, "the upstream refused the connection");
  assert.deepEqual(await served(chartroom, id), before);
  await chartroom.close();
});

Deno.test("a black hole that takes connections and reads nothing ends in a timeout", async () => {
  const chartroom = await startChartroom({ httpLimits: LIMITS });
  // Nobody accepts what the system has accepted.
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const id = await chartroom.register(`http://127.0.0.1:${listener.addr.port}`);
  const { sync } = (await chartroom.call("GET", `/v1/repos/${id}`)).body;
  assert.equal(sync.reason, "timeout");
  assert.match(sync.message, SILENT);
  listener.close();
  await chartroom.close();
});

Deno.test("https to a port that does not speak it is unreachable, and says so", async () => {
  const chartroom = await startChartroom({ httpLimits: LIMITS });
  const raw = await startRaw();
  raw.speak = says("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
  const id = await chartroom.register(raw.url.replace("http:", "https:"));
  const { sync } = (await chartroom.call("GET", `/v1/repos/${id}`)).body;
  assert.equal(sync.reason, "unreachable");
  assert.match(sync.message, /TLS/);
  raw.close();
  await chartroom.close();
});
