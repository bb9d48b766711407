/** The package and the files of a version: what is fetched, from whom, and what is kept. */

import assert from "node:assert/strict";
import { canary, queryCanary } from "../support/canary.ts";
import { withChartroom } from "../support/chartroom.ts";
import { latestOf, registerChart } from "../support/charts.ts";
import { archiveOf, chartArchive, digestOf, gzip } from "../support/chart_archive.ts";
import { indexOf, startUpstream, type Upstream, type VersionSpec } from "../support/upstream.ts";

const REDIS = await chartArchive("redis");
const OTHER = await chartArchive("redis", "another one");

/** Serves an index of one chart, and its archive at `/redis-1.0.0.tgz`. */
function serveChart(upstream: Upstream, spec: Partial<VersionSpec> = {}, archive = REDIS) {
  const version = { version: "1.0.0", digest: digestOf(archive), ...spec };
  upstream.serve("/index.yaml", indexOf({ redis: [version] }));
  upstream.serve("/redis-1.0.0.tgz", archive);
}

const bytesOf = (text: string) => Uint8Array.fromBase64(text);
const textOf = (text: string) => new TextDecoder().decode(bytesOf(text));

/** What came for archives. */
const fetched = ({ requests }: Upstream) => requests.filter(({ path }) => !/index/.test(path));

const TOKEN = queryCanary("token");
const basic = (user: string) => `Basic ${btoa(user)}`;

Deno.test("a package is the archive as it was published, and files are what is in it", () =>
  withChartroom(async (chartroom, upstream) => {
    serveChart(upstream);
    const version = await registerChart(chartroom, upstream.url);
    const [, appId, versionId] = /apps\/(.*)\/versions\/(.*)/.exec(version)!;
    for (const base of ["/v1", "/kapis/openpitrix.io/v1", "/v1/workspaces/any"]) {
      const path = version.replace("/v1", base);
      for (const at of [path, path.replace(versionId!, "latest")]) {
        const { status, headers, body } = await chartroom.call("GET", `${at}/package`);
        assert.equal(status, 200);
        assert.equal(headers.get("content-type"), "application/json");
        assert.deepEqual(Object.keys(body).sort(), ["app_id", "package", "version_id"]);
        assert.deepEqual([body.app_id, body.version_id], [appId, versionId]);
        assert.deepEqual(bytesOf(body.package), REDIS);
        const files = (await chartroom.call("GET", `${at}/files`)).body;
        assert.equal(files.version_id, versionId);
        const texts = Object.entries(files.files as Record<string, string>)
          .map(([name, text]) => [name, textOf(text)]);
        assert.deepEqual(texts, [
          ["Chart.yaml", "name: redis\n"],
          ["values.yaml", ""],
          ["README.md", "# redis\n\n"],
          ["templates/service.yaml", "kind: Service\n"],
        ]);
      }
    }
    assert.equal(fetched(upstream).length, 1);
    const { headers } = fetched(upstream)[0]!;
    assert.equal(headers.get("accept-encoding"), "identity");
    assert.equal(headers.get("authorization"), null);
    // KubeSphere's suffix of copies in its store.
    const store = version.replace(appId!, `${appId}-store`);
    assert.equal((await chartroom.call("GET", `${store}/package`)).body.app_id, `${appId}-store`);
  }));

Deno.test("files are selected by name, and what the chart does not have is told", () =>
  withChartroom(async (chartroom, upstream) => {
    const archive = await archiveOf([
      ["redis/Chart.yaml", "first"],
      ["redis/__proto__", "polluted"],
      ['redis/a "b".txt', "quotes"],
      ["redis/Chart.yaml", "second"],
      ["redis/binary", new Uint8Array([0, 1, 254, 255])],
    ]);
    serveChart(upstream, { digest: digestOf(archive) }, archive);
    const version = await registerChart(chartroom, upstream.url);
    const table: [query: string, files: string[], missing: string[]][] = [
      ["", ["__proto__", 'a "b".txt', "Chart.yaml", "binary"], []],
      ["?files=", ["__proto__", 'a "b".txt', "Chart.yaml", "binary"], []],
      ["?files=,%20,", ["__proto__", 'a "b".txt', "Chart.yaml", "binary"], []],
      ["?files=binary", ["binary"], []],
      ["?files=binary,Chart.yaml", ["Chart.yaml", "binary"], []],
      ["?files=binary,README.md,values.yaml", ["binary"], ["README.md", "values.yaml"]],
      ["?files=binary,%20binary,README.md,README.md", ["binary"], ["README.md"]],
      ["?files=README.md", [], ["README.md"]],
      ["?files=toString,constructor", [], ["constructor", "toString"]],
      ["?files=__proto__", ["__proto__"], []],
      [`?files=${encodeURIComponent('a "b".txt')}`, ['a "b".txt'], []],
      ["?files=chart.yaml", [], ["chart.yaml"]],
      ["?files=redis/Chart.yaml", [], ["redis/Chart.yaml"]],
    ];
    for (const [query, files, missing] of table) {
      const { status, body } = await chartroom.call("GET", `${version}/files${query}`);
      assert.equal(status, 200, query);
      assert.deepEqual(Object.keys(body.files), files, query);
      assert.deepEqual(body.missing, missing, query);
    }
    const { files } = (await chartroom.call("GET", `${version}/files`)).body;
    // Of those of one name, Helm takes the last.
    assert.equal(textOf(files["Chart.yaml"]), "second");
    assert.deepEqual([...bytesOf(files.binary)], [0, 1, 254, 255]);
  }));

Deno.test("contents tell which files there are, without what is in them", () =>
  withChartroom(async (chartroom, upstream) => {
    const digest = (text: string) => digestOf(new TextEncoder().encode(text));
    const archive = await archiveOf([
      ["redis/Chart.yaml", "first"],
      ["redis/__proto__", "polluted"],
      ["redis/templates/a b.yaml", "\ufeffkind: Service"],
      ["redis/Chart.yaml", "second"],
    ]);
    serveChart(upstream, { digest: digestOf(archive) }, archive);
    const version = await registerChart(chartroom, upstream.url);
    const { status, headers, body } = await chartroom.call("GET", `${version}/contents`);
    assert.equal(status, 200);
    // What is told is of the bytes that `/files` gives: those of the last file of a name.
    assert.deepEqual(body, {
      items: [
        { name: "Chart.yaml", size: 6, sha256: digest("second") },
        { name: "__proto__", size: 8, sha256: digest("polluted") },
        { name: "templates/a b.yaml", size: 13, sha256: digest("kind: Service") },
      ],
      total_count: 3,
      version_id: version.replace(/.*\//, ""),
    });
    const known = { "if-none-match": headers.get("etag")! };
    const again = await chartroom.call("GET", `${version}/contents`, undefined, known);
    assert.equal(again.status, 304);
    const refused = await chartroom.call("GET", `${version}x/contents`);
    assert.equal(refused.status, 404);
    assert.equal(fetched(upstream).length, 1);
  }));

Deno.test("long archives and files come whole", () =>
  withChartroom(async (chartroom, upstream) => {
    const noise = crypto.getRandomValues(new Uint8Array(60_000));
    const files = Array.from({ length: 40 }, (_, i) => noise.slice(i, 60_000 - 37 * i));
    const archive = await archiveOf([
      ...files.map((bytes, i) => [`redis/${i}.bin`, bytes] as const),
      ["redis/zeros", new Uint8Array(9_000_001)],
    ]);
    serveChart(upstream, { digest: digestOf(archive) }, archive);
    const version = await registerChart(chartroom, upstream.url);
    const { body } = await chartroom.call("GET", `${version}/package`);
    assert.deepEqual(bytesOf(body.package), archive);
    const found = (await chartroom.call("GET", `${version}/files`)).body.files;
    assert.equal(Object.keys(found).length, 41);
    for (const [i, bytes] of files.entries()) assert.deepEqual(bytesOf(found[`${i}.bin`]), bytes);
    assert.equal(bytesOf(found.zeros).length, 9_000_001);
    // None of it is kept as an answer.
    const { answers } = (await chartroom.call("GET", "/v1/cache")).body;
    assert.ok(answers.bytes < 100_000, `${answers.bytes}`);
  }));

Deno.test("URLs of archives are resolved as Helm does it", () =>
  withChartroom(async (chartroom, upstream) => {
    const elsewhere = startUpstream();
    const host = new URL(upstream.url).host;
    const table: [repo: string, url: string, path: string][] = [
      ["", "charts/a+b.tgz", "/charts/a+b.tgz"],
      ["/", "a.tgz", "/a.tgz"],
      ["/deep/er", "a.tgz", "/deep/er/a.tgz"],
      ["/deep/er/", "./x/../a.tgz", "/deep/er/a.tgz"],
      ["/deep/er/", "../a.tgz", "/deep/a.tgz"],
      ["/deep/er/", "/a.tgz", "/a.tgz"],
      ["/deep/er/index.yaml", "a.tgz", "/deep/er/a.tgz"],
      [`/deep/er?token=${TOKEN}`, "a.tgz", `/deep/er/a.tgz?token=${TOKEN}`],
      [`/deep/er?token=${TOKEN}`, "a.tgz?x=2", `/deep/er/a.tgz?token=${TOKEN}`],
      ["/deep/er", "a.tgz?x=2", "/deep/er/a.tgz?x=2"],
      [`/deep/er?token=${TOKEN}`, `${upstream.url}/a.tgz`, "/a.tgz"],
      [`/deep/er?token=${TOKEN}`, `http://eve:pw@${host}/a.tgz#x`, "/a.tgz"],
      ["/deep/er", `//${host}/a.tgz`, "/a.tgz"],
      ["/deep/er", "with space.tgz", "/deep/er/with%20space.tgz"],
    ];
    for (const [i, [repo, url, path]] of table.entries()) {
      const { pathname } = new URL(upstream.url + repo);
      const index = pathname.endsWith(".yaml") ? pathname : `${pathname}/index.yaml`;
      upstream.serve(
        index.replace("//", "/"),
        indexOf({ [`c${i}`]: [{ version: "1.0.0", digest: digestOf(REDIS), urls: [url] }] }),
      );
      upstream.serve(new URL(path, upstream.url).pathname, REDIS);
      const version = await registerChart(chartroom, upstream.url + repo);
      const { status, body } = await chartroom.call("GET", `${version}/package`);
      assert.equal(status, 200, `${repo} ${url}: ${JSON.stringify(body)}`);
      const [last] = fetched(upstream).slice(-1);
      assert.equal(last!.path, path, `${repo} ${url}`);
      assert.equal(last!.headers.get("authorization"), null);
    }
    // Elsewhere goes nothing of the repository's URL.
    upstream.serve(
      "/moved/index.yaml",
      indexOf({
        redis: [{ version: "1.0.0", digest: "", urls: [`${elsewhere.url.slice(5)}/a.tgz`] }],
      }),
    );
    elsewhere.serve("/a.tgz", REDIS);
    const version = await registerChart(chartroom, `${upstream.url}/moved?token=${TOKEN}`);
    assert.equal((await chartroom.call("GET", `${version}/package`)).status, 200);
    assert.deepEqual(elsewhere.requests.map(({ path }) => path), ["/a.tgz"]);
    await elsewhere.close();
  }));

Deno.test("the repository's credential goes to its own origin alone", () =>
  withChartroom(async (chartroom, upstream) => {
    const elsewhere = startUpstream();
    const to = (url: string) => () => Response.redirect(url, 302);
    const host = new URL(upstream.url).host;
    const mine = basic(`bob:${canary("his")}`);
    const table: [name: string, url: string, own: (string | null)[], theirs: null[]][] = [
      ["relative", "here.tgz", [mine], []],
      ["absolute", `${upstream.url}/here.tgz`, [mine], []],
      ["with another's name", `http://eve:pw@${host}/here.tgz`, [mine], []],
      ["elsewhere", `${elsewhere.url}/there.tgz`, [], [null]],
      ["another name of the host", `http://localhost:${new URL(upstream.url).port}/here.tgz`, [
        null,
      ], []],
      ["redirected here", "to-here.tgz", [mine, mine], []],
      ["redirected elsewhere", "to-there.tgz", [mine], [null]],
      ["redirected elsewhere and back", "to-there-and-back.tgz", [mine, mine], [null]],
      ["elsewhere, and redirected here", `${elsewhere.url}/to-here.tgz`, [null], [null]],
    ];
    upstream.serve("/here.tgz", REDIS);
    elsewhere.serve("/there.tgz", REDIS);
    upstream.serve("/to-here.tgz", to(`${upstream.url}/here.tgz`));
    upstream.serve("/to-there.tgz", to(`${elsewhere.url}/there.tgz`));
    upstream.serve("/to-there-and-back.tgz", to(`${elsewhere.url}/to-here.tgz`));
    elsewhere.serve("/to-here.tgz", to(`${upstream.url}/here.tgz`));
    for (const [name, url, own, theirs] of table) {
      upstream.serve(
        "/index.yaml",
        indexOf({ redis: [{ version: "1.0.0", digest: digestOf(REDIS), urls: [url] }] }),
      );
      const version = await registerChart(chartroom, `http://bob:${canary("his")}@${host}`);
      upstream.requests.length = elsewhere.requests.length = 0;
      const { status, body } = await chartroom.call("GET", `${version}/package`);
      assert.equal(status, 200, `${name}: ${JSON.stringify(body)}`);
      const sent = ({ requests }: Upstream) =>
        requests.map(({ headers }) => headers.get("authorization"));
      assert.deepEqual([sent(upstream), sent(elsewhere)], [own, theirs], name);
    }
    await elsewhere.close();
  }, { environment: { CHARTROOM_ALLOW_UPSTREAM: "127.0.0.1,localhost" } }));

Deno.test("an archive that cannot be had is 502, says why, and is not kept", () =>
  withChartroom(async (chartroom, upstream) => {
    const long = new Uint8Array(20 * 1_048_576 + 1);
    const answers: Record<string, () => Response> = {
      "/gone.tgz": () => new Response("gone", { status: 404 }),
      "/login.tgz": () => new Response("who?", { status: 401 }),
      "/long.tgz": () => new Response(long),
      "/loop.tgz": () => new Response(null, { status: 302, headers: { location: "/loop.tgz" } }),
      "/other.tgz": () => new Response(OTHER),
    };
    for (const [path, answer] of Object.entries(answers)) upstream.serve(path, answer);
    const closed = startUpstream();
    await closed.close();
    const table: [url: string, spec: Partial<VersionSpec>, reason: string][] = [
      ["gone.tgz", {}, "status"],
      ["gone.tgz?secret=hush", {}, "status"],
      ["login.tgz", {}, "unauthorized"],
      ["long.tgz", {}, "too_large"],
      ["loop.tgz", {}, "redirect"],
      ["other.tgz", {}, "digest"],
      ["other.tgz", { digest: "md5:1234" }, "digest"],
      ["other.tgz", { digest: "0".repeat(63) }, "digest"],
      [`${closed.url}/a.tgz`, {}, "unreachable"],
      ["http://10.0.0.1/a.tgz", {}, "blocked"],
      ["oci://127.0.0.1/a", {}, "unsupported_url"],
      ["file:///etc/passwd", {}, "unsupported_url"],
      ["data:,x", {}, "unsupported_url"],
      ["http://[", {}, "unsupported_url"],
    ];
    for (const [url, spec, reason] of table) {
      upstream.serve(
        "/index.yaml",
        indexOf({ redis: [{ version: "1.0.0", digest: digestOf(REDIS), urls: [url], ...spec }] }),
      );
      const version = await registerChart(chartroom, upstream.url);
      for (const what of ["package", "files", "package"]) {
        const { status, headers, body } = await chartroom.call("GET", `${version}/${what}`);
        assert.deepEqual(
          [status, body.code, body.reason],
          [502, "archive_unavailable", reason],
          url,
        );
        assert.match(body.message, /^the archive of redis 1\.0\.0 cannot be had: /);
        assert.doesNotMatch(JSON.stringify(body), /hush/);
        assert.equal(headers.get("cache-control"), "no-store");
        assert.equal(headers.get("etag"), null);
      }
    }
    assert.equal((await chartroom.call("GET", "/v1/cache")).body.archives.entries, 0);
    // One line for each repository, since their failures came within a minute.
    const logged = chartroom.log.filter(({ event }) => event === "archive failed");
    assert.equal(logged.length, table.length - 2);
    assert.doesNotMatch(JSON.stringify(logged), /hush/);
  }));

Deno.test("a version without a URL has no archive, and one that is not there is 404", () =>
  withChartroom(async (chartroom, upstream) => {
    for (const urls of [[], [""], null]) {
      serveChart(upstream, { urls });
      const version = await registerChart(chartroom, upstream.url);
      for (const what of ["package", "files"]) {
        const { status, body } = await chartroom.call("GET", `${version}/${what}`);
        assert.deepEqual([status, body.code], [404, "no_archive"]);
      }
    }
    const { url } = upstream;
    const version = await registerChart(chartroom, url);
    const table: [path: string, field: string][] = [
      [version.replace(/appv-.*/, "appv-x"), "version_id"],
      [version.replace(/appv-.*/, "latest") + "?", "version_id"],
      [version.replace(/app-[^/]*/, "app-x"), "app_id"],
    ];
    for (const [path, field] of table) {
      for (const what of ["package", "files"]) {
        const at = path.endsWith("?")
          ? `${path.slice(0, -1)}/${what}?constraint=>9`
          : `${path}/${what}`;
        const { status, body } = await chartroom.call("GET", at);
        assert.deepEqual([status, body.field], [
          404,
          field === "version_id" && at.includes("?") ? "constraint" : field,
        ], at);
      }
    }
    // One that was not synced yet has no apps.
    upstream.serve("/index.yaml", "");
    const unsynced = (await chartroom.register(url)).slice(5);
    const path = version.replace(/app-[^-]*/, `app-${unsynced}`);
    assert.equal((await chartroom.call("GET", `${path}/files`)).status, 404);
  }));

Deno.test("an archive that cannot be used is 502 for its files, and given as a package", () =>
  withChartroom(async (chartroom, upstream) => {
    const table: [archive: Uint8Array<ArrayBuffer>, reason: string][] = [
      [new TextEncoder().encode("<html>"), "not_gzip"],
      [gzip(new TextEncoder().encode("<html>".repeat(500))), "not_tar"],
      [await archiveOf([["redis/../../x", ""]]), "name"],
      [
        await archiveOf([
          ["redis/a", "a"],
          [{ name: "redis/b", size: 0, type: "symlink", linkname: "/etc/passwd" }],
        ]),
        "not_a_file",
      ],
    ];
    for (const [archive, reason] of table) {
      serveChart(upstream, {}, archive);
      const version = await registerChart(chartroom, upstream.url);
      const { status, headers, body } = await chartroom.call("GET", `${version}/files?files=a`);
      assert.deepEqual([status, body.code, body.reason], [502, "archive_unusable", reason]);
      assert.match(body.message, /^the archive of redis 1\.0\.0 cannot be used: expected /);
      assert.equal(headers.get("cache-control"), "no-store");
      const { body: given } = await chartroom.call("GET", `${version}/package`);
      assert.deepEqual(bytesOf(given.package), archive);
    }
  }));

Deno.test("of several URLs the first that gives the archive is taken, of three at most", () =>
  withChartroom(async (chartroom, upstream) => {
    upstream.serve("/good.tgz", REDIS);
    upstream.serve("/other.tgz", OTHER);
    const table: [urls: string[], answer: number | string, asked: number][] = [
      [["good.tgz", "gone.tgz"], 200, 1],
      [["gone.tgz", "good.tgz"], 200, 2],
      [["other.tgz", "oci://x/y", "good.tgz"], 200, 2],
      [["gone.tgz", "other.tgz"], "status", 2],
      [["other.tgz", "gone.tgz"], "digest", 2],
      [["1.tgz", "2.tgz", "3.tgz", "good.tgz"], "status", 3],
    ];
    for (const [urls, answer, asked] of table) {
      serveChart(upstream, { urls });
      const version = await registerChart(chartroom, upstream.url);
      upstream.requests.length = 0;
      const { status, body } = await chartroom.call("GET", `${version}/package`);
      assert.equal(status === 200 ? status : body.reason, answer, urls.join());
      assert.equal(fetched(upstream).length, asked, urls.join());
    }
  }));

Deno.test("a digest may be written in any way that tools write it", () =>
  withChartroom(async (chartroom, upstream) => {
    const digest = digestOf(REDIS);
    for (const text of [digest, digest.toUpperCase(), `sha256:${digest}`, `SHA256:${digest}`, ""]) {
      serveChart(upstream, { digest: text });
      const version = await registerChart(chartroom, upstream.url);
      assert.equal((await chartroom.call("GET", `${version}/package`)).status, 200, text);
    }
  }));

Deno.test("gzip that a server names as the encoding is left as it is", () =>
  withChartroom(async (chartroom, upstream) => {
    serveChart(upstream);
    upstream.serve("/redis-1.0.0.tgz", () =>
      new Response(REDIS, {
        headers: { "content-encoding": "gzip", "content-type": "application/x-tar" },
      }));
    const version = await registerChart(chartroom, upstream.url);
    const { body } = await chartroom.call("GET", `${version}/package`);
    assert.deepEqual(bytesOf(body.package), REDIS);
  }));

Deno.test("a version that is published anew, or changes without a digest, is fetched anew", () =>
  withChartroom(async (chartroom, upstream) => {
    for (const withDigest of [true, false]) {
      const publish = (archive: Uint8Array<ArrayBuffer>, description: string) =>
        serveChart(
          upstream,
          { description, digest: withDigest ? digestOf(archive) : "" },
          archive,
        );
      publish(REDIS, "first");
      const repoId = await chartroom.register(upstream.url);
      const version = await latestOf(chartroom, repoId);
      const first = await chartroom.call("GET", `${version}/package`);
      assert.deepEqual(bytesOf(first.body.package), REDIS);
      publish(OTHER, "second");
      // Until the next sync, what was fetched is what there is.
      const still = await chartroom.call("GET", `${version}/package`);
      assert.deepEqual(bytesOf(still.body.package), REDIS);
      await chartroom.sync(repoId);
      chartroom.clock.now += 2_000;
      const second = await chartroom.call("GET", `${version}/package`);
      assert.deepEqual(bytesOf(second.body.package), OTHER);
      assert.notEqual(first.headers.get("etag"), second.headers.get("etag"));
    }
  }));

Deno.test("a long file is given when those before it are not asked for", () =>
  withChartroom(async (chartroom, upstream) => {
    const text = "a ".repeat(1_000_000);
    const archive = await archiveOf([["redis/Chart.yaml", "name: redis"], [
      "redis/README.md",
      text,
    ]]);
    serveChart(upstream, { digest: digestOf(archive) }, archive);
    const version = await registerChart(chartroom, upstream.url);
    const { body } = await chartroom.call("GET", `${version}/files?files=README.md`);
    assert.equal(textOf(body.files["README.md"]), text);
  }));
