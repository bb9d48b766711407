/** Archives that come slowly, not at all, or cut off. */

import assert from "node:assert/strict";
import { chartArchive, digestOf } from "../support/chart_archive.ts";
import { withChartroom } from "../support/chartroom.ts";
import { registerChart } from "../support/charts.ts";
import { send, startRawUpstream } from "../support/raw_upstream.ts";
import { indexOf } from "../support/upstream.ts";

const REDIS = await chartArchive("redis");
const HTTP = "HTTP/1.1 200 OK\r\n";
const LENGTH = `Content-Length: ${REDIS.length}\r\n\r\n`;
const HALF = REDIS.subarray(0, REDIS.length >> 1);

/** The reason for which an archive cannot be had, with or without a digest. */
const FAULTS: [
  name: string,
  answer: (connection: Deno.TcpConn) => Promise<void>,
  reason: string,
][] = [
  ["closes at once", () => Promise.resolve(), "unreachable"],
  ["speaks no HTTP", (to) => send(to, "220 ready\r\n\r\n"), "unreachable"],
  ["answers nothing", async (to) => void await to.read(new Uint8Array(1)), "timeout"],
  [
    "stops in the middle",
    async (to) => {
      await send(to, HTTP + LENGTH);
      await send(to, HALF);
      await to.read(new Uint8Array(1));
    },
    "timeout",
  ],
  [
    "cuts it off",
    async (to) => {
      await send(to, HTTP + LENGTH);
      await send(to, HALF);
    },
    "truncated",
  ],
  [
    "never ends",
    async (to) => {
      await send(to, `${HTTP}\r\n`);
      for (;;) await send(to, new Uint8Array(65_536));
    },
    "too_large",
  ],
];

for (const [name, answer, reason] of FAULTS) {
  Deno.test({
    name: `an upstream that ${name} costs its archive, and leaves nothing behind`,
    sanitizeOps: true,
    sanitizeResources: true,
    fn: () =>
      withChartroom(async (chartroom, upstream) => {
        const raw = startRawUpstream(answer);
        try {
          for (const digest of [digestOf(REDIS), ""]) {
            const urls = [`${raw.url}/redis.tgz`];
            upstream.serve(
              "/index.yaml",
              indexOf({ redis: [{ version: "1.0.0", digest, urls }] }),
            );
            const version = await registerChart(chartroom, upstream.url);
            const { status, body } = await chartroom.call("GET", `${version}/files`);
            assert.deepEqual([status, body.reason], [502, reason], JSON.stringify(body));
          }
          assert.equal(chartroom.services.archives.counts().entries, 0);
        } finally {
          await raw.close();
        }
      }, { httpLimits: { idleMs: 300, totalMs: 5_000, redirects: 3 } }),
  });
}

Deno.test("an archive that is cut off without a length is found by its digest, or when unpacked", () =>
  withChartroom(async (chartroom, upstream) => {
    upstream.serve("/redis-1.0.0.tgz", HALF.slice());
    for (
      const [digest, code, reason] of [
        [digestOf(REDIS), "archive_unavailable", "digest"],
        ["", "archive_unusable", "not_gzip"],
      ] as const
    ) {
      upstream.serve("/index.yaml", indexOf({ redis: [{ version: "1.0.0", digest }] }));
      const version = await registerChart(chartroom, upstream.url);
      const { status, body } = await chartroom.call("GET", `${version}/files`);
      assert.deepEqual([status, body.code, body.reason], [502, code, reason]);
    }
  }));

Deno.test("who closes while an archive is fetched does not wait for it", () =>
  withChartroom(async (chartroom, upstream) => {
    upstream.serve("/index.yaml", indexOf({ redis: [{ version: "1.0.0", digest: "" }] }));
    const asked = Promise.withResolvers<void>();
    upstream.serve("/redis-1.0.0.tgz", ({ signal }) => {
      asked.resolve();
      return new Promise((resolve) =>
        signal.addEventListener("abort", () => resolve(new Response(null)))
      );
    });
    const version = await registerChart(chartroom, upstream.url);
    const waiting = chartroom.call("GET", `${version}/package`);
    await asked.promise;
    chartroom.services.archives.close();
    assert.equal((await waiting).status, 503);
    assert.deepEqual(chartroom.log.filter(({ event }) => event === "archive failed"), []);
  }));
