/** Connections that break: the sync fails with a reason, and the old generation stays. */

import assert from "node:assert/strict";
import { startChartroom } from "../support/chartroom.ts";
import { type RawUpstream, send, startRawUpstream } from "../support/raw_upstream.ts";
import { indexOf } from "../support/upstream.ts";

const GOOD = indexOf({ good: ["1.0.0"] });
const LIMITS = { idleMs: 150, totalMs: 400, redirects: 5 };

const RAW: Record<string, [(connection: Deno.TcpConn) => Promise<void>, string, RegExp]> = {
  "no answer": [
    async (c) => void await c.read(new Uint8Array(1)),
    "timeout",
    /nothing came for 0\.15 s/,
  ],
  "closed without an answer": [() => Promise.resolve(), "unreachable", /closed the connection/],
  "no HTTP": [(c) => send(c, "SSH-2.0-OpenSSH_9\r\n\r\n"), "unreachable", /did not answer in HTTP/],
  "closed inside of the headers": [
    (c) => send(c, "HTTP/1.1 200 OK\r\nContent-Le"),
    "unreachable",
    /closed the connection/,
  ],
  "closed before Content-Length": [
    (c) => send(c, `HTTP/1.1 200 OK\r\nContent-Length: ${GOOD.length + 1}\r\n\r\n${GOOD}`),
    "truncated",
    /before the whole index had come/,
  ],
  "closed inside of a chunk": [
    (c) => send(c, `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfff\r\n${GOOD}`),
    "truncated",
    /before the whole index had come/,
  ],
  "a short Content-Length": [
    (c) => send(c, `HTTP/1.1 200 OK\r\nContent-Length: ${GOOD.length - 60}\r\n\r\n${GOOD}`),
    "truncated",
    /cut off|`generated`/,
  ],
  "stalled inside of the body": [
    async (c) => {
      await send(c, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\napi");
      await c.read(new Uint8Array(1));
    },
    "timeout",
    /nothing came for 0\.15 s/,
  ],
  "a slow drip": [
    async (c) => {
      await send(c, "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
      for (;;) {
        await send(c, "#");
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
    "timeout",
    /longer than 0\.4 s/,
  ],
};

Deno.test("a connection that breaks fails the sync, and the old generation stays served", async (t) => {
  for (const [name, [answer, reason, message]] of Object.entries(RAW)) {
    await t.step(name, async () => {
      let broken = false;
      const raw: RawUpstream = startRawUpstream((connection) =>
        broken ? answer(connection) : send(
          connection,
          `HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: ${GOOD.length}\r\n\r\n${GOOD}`,
        )
      );
      const { call, register, sync, close } = await startChartroom({ httpLimits: LIMITS });
      try {
        const id = await register(raw.url);
        broken = true;
        const event = await sync(id);
        assert.equal(event.reason, reason, event.result);
        assert.match(event.result, message);
        assert.equal((await call("GET", "/v1/apps")).body.total_count, 1);
      } finally {
        await close();
        await raw.close();
      }
    });
  }
});
