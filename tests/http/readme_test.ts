/** The README of a version: which file it is, how it is shown, for whom, and what caches are told. */

import assert from "node:assert/strict";
import { archiveOf, digestOf, type Packed } from "../support/chart_archive.ts";
import { type Chartroom, withChartroom } from "../support/chartroom.ts";
import { registerChart } from "../support/charts.ts";
import { indexOf, type Upstream } from "../support/upstream.ts";

const LIMIT = 524_288;
const ADMIN = { authorization: "Bearer administrators-token" };

/** Serves a chart whose archive has these files, and gives the path of its version. */
async function serveFiles(
  chartroom: Chartroom,
  upstream: Upstream,
  files: readonly Packed[],
  more: Record<string, unknown> = {},
): Promise<string> {
  const archive = await archiveOf([["redis/Chart.yaml", "name: redis"], ...files]);
  serveArchive(upstream, archive);
  return await registerChart(chartroom, upstream.url, more);
}

function serveArchive(upstream: Upstream, archive: Uint8Array<ArrayBuffer>) {
  const digest = digestOf(archive);
  upstream.serve("/index.yaml", indexOf({ redis: [{ version: "1.0.0", digest }] }));
  upstream.serve("/redis-1.0.0.tgz", archive);
}

const fetched = ({ requests }: Upstream) => requests.filter(({ path }) => path.endsWith(".tgz"));

Deno.test("the README is shown as HTML that is safe by itself and in a page", () =>
  withChartroom(async (chartroom, upstream) => {
    const readme =
      "# Redis\n\n<script>alert(1)</script>[x](javascript:alert(1))<img src=x onerror=y>";
    const version = await serveFiles(chartroom, upstream, [["redis/README.md", readme]]);
    const latest = version.replace(/[^/]*$/, "latest");
    for (const base of ["/v1", "/kapis/openpitrix.io/v1", "/v1/workspaces/any"]) {
      for (const path of [`${version}/readme`, `${latest}/readme?constraint=1.x`]) {
        const { status, headers, body } = await chartroom.call("GET", path.replace("/v1", base));
        assert.equal(status, 200);
        assert.equal(headers.get("content-type"), "text/html; charset=utf-8");
        const policy = "default-src 'none'; sandbox; frame-ancestors 'none'";
        assert.equal(headers.get("content-security-policy"), policy);
        assert.equal(headers.get("x-content-type-options"), "nosniff");
        assert.equal(
          body,
          '<h1 id="readme-redis">Redis</h1>\n[x](javascript:alert(1))<span></span>',
        );
      }
    }
    assert.equal(fetched(upstream).length, 1);
  }));

Deno.test("the README is in the chart's folder, whatever its case; Markdown comes first", () =>
  withChartroom(async (chartroom, upstream) => {
    const table: [files: string[], shown: string | undefined][] = [
      [["README.md"], "README.md"],
      [["readme.md"], "readme.md"],
      [["ReadMe.MD"], "ReadMe.MD"],
      [["README"], "README"],
      [["readme"], "readme"],
      [["README", "readme.md", "README.md", "Readme.md"], "README.md"],
      [["readme.md", "README"], "readme.md"],
      [["charts/mysql/README.md", "templates/README.md"], undefined],
      [["README.txt", "README.md.bak", "xREADME.md"], undefined],
      [[], undefined],
    ];
    for (const [files, shown] of table) {
      const packed = files.map((name): Packed => [`redis/${name}`, `\`${name}\``]);
      const version = await serveFiles(chartroom, upstream, packed);
      const { status, body } = await chartroom.call("GET", `${version}/readme`);
      if (shown === undefined) {
        assert.deepEqual([status, body.code], [404, "no_readme"], files.join());
        assert.equal(body.message, "the archive of redis 1.0.0 has no README");
      } else assert.equal(body, `<p><code>${shown}</code></p>\n`, files.join());
    }
    // As in Helm, the last one of a name counts.
    const twice: Packed[] = [["redis/README.md", "first"], ["redis/README.md", "last"]];
    const version = await serveFiles(chartroom, upstream, twice);
    assert.equal((await chartroom.call("GET", `${version}/readme`)).body, "<p>last</p>\n");
  }));

Deno.test("a README may be in any bytes, and of any length", () =>
  withChartroom(async (chartroom, upstream) => {
    const fits = "a ".repeat(LIMIT / 2 - 1) + "bc";
    const table: [content: string | Uint8Array<ArrayBuffer>, html: RegExp][] = [
      ["", /^$/],
      ["\ufeff# a", /^<h1 id="readme-a">a<\/h1>\n$/],
      [new Uint8Array([0x61, 0xff, 0xfe, 0x62]), /^<p>a\ufffd\ufffdb<\/p>\n$/],
      [new Uint8Array([0xc3]), /^<p>\ufffd<\/p>\n$/],
      ["a\0b", /^<p>a\ufffdb<\/p>\n$/],
      [fits, /^<p>a .* bc<\/p>\n$/],
      [`${fits}d`, /^<pre>\na .* bc<\/pre>\n<p><em>It is longer;/],
      ["x".repeat(LIMIT - 1) + "é", /x<\/pre>\n<p><em>It is longer;/],
      ["<b>".repeat(5_000_000), /^<pre>\n&lt;b&gt;.*<em>It is longer;/s],
    ];
    for (const [i, [content, html]] of table.entries()) {
      const version = await serveFiles(chartroom, upstream, [["redis/README.md", content]]);
      const { status, body } = await chartroom.call("GET", `${version}/readme`);
      assert.equal(status, 200);
      assert.ok(html.test(body), `${i}: ${body.slice(0, 100)} ... ${body.slice(-100)}`);
    }
  }));

Deno.test("a README is rendered once, and told by its ETag", () =>
  withChartroom(async (chartroom, upstream) => {
    const text = "A sentence.\n\n".repeat(200);
    const version = await serveFiles(chartroom, upstream, [["redis/README.md", text]]);
    const path = `${version}/readme`;
    const [first, ...others] = await Promise.all([1, 2, 3].map(() => chartroom.call("GET", path)));
    for (const { body } of others) assert.equal(body, first!.body);
    const { headers } = first!;
    assert.equal(headers.get("last-modified"), null);
    assert.equal(headers.get("cache-control"), "public, max-age=0, must-revalidate");
    assert.match(headers.get("deno-cache-tag")!, /^repo-[0-9a-z]{14},kind-readme$/);
    const etag = headers.get("etag")!;
    for (const method of ["GET", "HEAD"]) {
      const again = await chartroom.call(method, path, undefined, { "if-none-match": etag });
      assert.deepEqual([again.status, again.body, again.headers.get("etag")], [304, "", etag]);
      // Caches take it for that of what they have.
      const name = "content-security-policy";
      assert.equal(again.headers.get(name), headers.get(name));
    }
    const head = await chartroom.call("HEAD", path);
    assert.deepEqual([head.status, head.body, head.headers.get("etag")], [200, "", etag]);
    const gzip = await chartroom.call("HEAD", path, undefined, { "accept-encoding": "gzip" });
    assert.equal(gzip.headers.get("content-encoding"), "gzip");
    assert.equal(fetched(upstream).length, 1);
    assert.equal(chartroom.services.archives.counts().misses, 1);
  }));

Deno.test("who left does not take a README from those who wait", () =>
  withChartroom(async (chartroom, upstream) => {
    const archive = await archiveOf([["redis/README.md", "a"]]);
    serveArchive(upstream, archive);
    const version = await registerChart(chartroom, upstream.url);
    const came = Promise.withResolvers<void>(), go = Promise.withResolvers<void>();
    upstream.serve("/redis-1.0.0.tgz", async () => {
      came.resolve();
      await go.promise;
      return new Response(archive);
    });
    const { createApp } = await import("../../routes/app.ts");
    const app = createApp(chartroom.services);
    const leaves = new AbortController();
    const request = (signal: AbortSignal) =>
      app.request(new Request(`http://localhost${version}/readme`, { signal }));
    const first = request(leaves.signal), second = request(new AbortController().signal);
    await came.promise;
    leaves.abort();
    go.resolve();
    assert.equal(await (await second).text(), "<p>a</p>\n");
    await (await first).body?.cancel();
    assert.equal(fetched(upstream).length, 1);
  }));

Deno.test("what is wrong with an archive is wrong with its README, and is not kept", () =>
  withChartroom(async (chartroom, upstream) => {
    const table: [
      archive: Uint8Array<ArrayBuffer>,
      status: number,
      code: string,
      reason: string,
    ][] = [
      [new TextEncoder().encode("<html>"), 502, "archive_unusable", "not_gzip"],
      [
        // It shows behind the README.
        await archiveOf([["redis/README.md", "# a"], ["redis/../x", ""]]),
        502,
        "archive_unusable",
        "name",
      ],
    ];
    for (const [archive, ...expected] of table) {
      serveArchive(upstream, archive);
      const version = await registerChart(chartroom, upstream.url);
      for (let again = 0; again < 2; again++) {
        const { status, headers, body } = await chartroom.call("GET", `${version}/readme`);
        assert.deepEqual([status, body.code, body.reason], expected);
        assert.equal(headers.get("cache-control"), "no-store");
      }
    }
    upstream.serve("/index.yaml", indexOf({ redis: [{ version: "1.0.0", urls: [] }] }));
    const none = await registerChart(chartroom, upstream.url);
    assert.equal((await chartroom.call("GET", `${none}/readme`)).body.code, "no_archive");
    upstream.serve("/index.yaml", indexOf({ redis: [{ version: "1.0.0", urls: ["gone.tgz"] }] }));
    const gone = await registerChart(chartroom, upstream.url);
    const { status, body } = await chartroom.call("GET", `${gone}/readme`);
    assert.deepEqual([status, body.code, body.reason], [502, "archive_unavailable", "status"]);
    const missing = gone.replace(/appv-.*/, "appv-x");
    assert.equal((await chartroom.call("GET", `${missing}/readme`)).body.field, "version_id");
    const bad = gone.replace(/appv-.*/, "latest/readme?prerelease=maybe");
    assert.equal((await chartroom.call("GET", bad)).status, 400);
  }));

Deno.test("a workspace's README is for who may read it, and for no shared cache", () =>
  withChartroom(async (chartroom, upstream) => {
    const call: Chartroom["call"] = (method, path, body, headers) =>
      chartroom.call(method, path, body, { ...ADMIN, ...headers as Record<string, string> });
    serveArchive(upstream, await archiveOf([["redis/README.md", "a"]]));
    const { body } = await call("POST", "/v1/workspaces/team-a/repos", {
      name: "a",
      url: upstream.url,
    });
    await chartroom.services.syncer.idle();
    const { items } = (await call("GET", `/v1/apps?conditions=repo_id=${body.repo_id}`)).body;
    const at = `/apps/${items[0].app_id}/versions/latest/readme`;
    assert.equal((await call("GET", `/v1/workspaces/team-b${at}`)).status, 404);
    assert.equal((await chartroom.call("GET", `/v1${at}`)).status, 404);
    assert.equal(fetched(upstream).length, 0);
    const { status, headers } = await call("GET", `/v1/workspaces/team-a${at}`);
    assert.equal(status, 200);
    assert.equal(headers.get("cache-control"), "private, max-age=0, must-revalidate");
    assert.equal(headers.get("deno-cdn-cache-control"), "private, no-store");
    assert.equal((await chartroom.call("GET", `/v1${at}`)).status, 404);
  }, {
    environment: {
      CHARTROOM_ADMIN_TOKEN: "administrators-token",
      CHARTROOM_ANONYMOUS_READ: "true",
    },
  }));
