/** Downloads that are left before their end leave nothing behind. */

import assert from "node:assert/strict";
import { loadConfig } from "../../src/config.ts";
import { createEgress } from "../../src/sources/egress.ts";
import { createSource } from "../../src/sources/download.ts";
import { startUpstream } from "../support/upstream.ts";

const { allowUpstream: ALLOWED } = loadConfig({ CHARTROOM_ALLOW_UPSTREAM: "127.0.0.1" });
/** More than a connection takes before it is read. */
const LONG = "#".repeat(20_000_000);

for (
  const [name, read] of Object.entries({
    "read to its end": async (body: AsyncIterable<Uint8Array>) => {
      let bytes = 0;
      for await (const piece of body) bytes += piece.length;
      assert.equal(bytes, LONG.length);
    },
    "not read at all": async () => {},
    "left after its first piece": async (body: AsyncIterable<Uint8Array>) => {
      for await (const _ of body) break;
    },
    "left by an error": async (body: AsyncIterable<Uint8Array>) => {
      const failing = async () => {
        for await (const _ of body) throw new Error("enough");
      };
      await assert.rejects(failing, /enough/);
    },
  })
) {
  Deno.test({
    name: `a body that is ${name} leaves no timer and no connection`,
    sanitizeOps: true,
    sanitizeResources: true,
    async fn() {
      const upstream = startUpstream();
      let open = 0;
      upstream.serve("/index.yaml", () => {
        open++;
        const pieces = ReadableStream.from([new TextEncoder().encode(LONG)]);
        const body = pieces.pipeThrough(new TransformStream());
        return new Response(body);
      });
      const fetchIndex = createSource(createEgress(ALLOWED));
      const answer = await fetchIndex({
        url: upstream.url,
        maxBytes: 2 * LONG.length,
        signal: new AbortController().signal,
      });
      assert.equal(answer.kind, "index");
      if (answer.kind === "index") {
        await read(answer.body);
        await answer.leave();
      }
      assert.equal(open, 1);
      await upstream.close();
    },
  });
}

Deno.test("a host name that is never resolved does not hold up a download", async () => {
  const egress = createEgress([], () => new Promise(() => {}));
  const fetchIndex = createSource(egress, { idleMs: 50, totalMs: 100, redirects: 1 });
  await assert.rejects(fetchIndex({ url: "http://slow.example", maxBytes: 1 }), {
    name: "IndexError",
    reason: "timeout",
  });
});
