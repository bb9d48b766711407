/** Archives that are kept: for whom, how often they are fetched, and what caches are told. */

import assert from "node:assert/strict";
import { createApp } from "../../routes/app.ts";
import { canary } from "../support/canary.ts";
import { archiveOf, chartArchive, digestOf } from "../support/chart_archive.ts";
import { type Body, type Chartroom, withChartroom } from "../support/chartroom.ts";
import { latestOf, registerChart } from "../support/charts.ts";
import { startS3Server } from "../support/s3_server.ts";
import { pem, startMutualUpstream } from "../support/tls_upstream.ts";
import { indexOf, startUpstream, type Upstream } from "../support/upstream.ts";

const REDIS = await chartArchive("redis");

function serveChart(upstream: Upstream, archive = REDIS, digest = digestOf(archive)) {
  upstream.serve("/index.yaml", indexOf({ redis: [{ version: "1.0.0", digest }] }));
  upstream.serve("/redis-1.0.0.tgz", archive);
}

const fetched = ({ requests }: Upstream) => requests.filter(({ path }) => path.endsWith(".tgz"));
const bytesOf = (body: Body) => Uint8Array.fromBase64(body.package);
const countsOf = async ({ call }: Chartroom) => (await call("GET", "/v1/cache")).body.archives;

/** Lets the archive's next downloads wait until the test says so. */
function holdArchive(upstream: Upstream) {
  const asked = Promise.withResolvers<void>(), go = Promise.withResolvers<void>();
  const gone = Promise.withResolvers<void>();
  upstream.serve("/redis-1.0.0.tgz", async ({ signal }) => {
    signal.addEventListener("abort", () => {
      gone.resolve();
      go.resolve();
    });
    asked.resolve();
    await go.promise;
    return new Response(REDIS);
  });
  return { asked: asked.promise, go: go.resolve, gone: gone.promise };
}

Deno.test("however many ask for an archive, it is fetched once", () =>
  withChartroom(async (chartroom, upstream) => {
    serveChart(upstream);
    const version = await registerChart(chartroom, upstream.url);
    const { asked, go } = holdArchive(upstream);
    const answers = Array.from(
      { length: 20 },
      (_, i) => chartroom.call("GET", `${version}/${i % 2 ? "files" : "package"}?${i}`),
    );
    await asked;
    go();
    for (const { status } of await Promise.all(answers)) assert.equal(status, 200);
    assert.equal(fetched(upstream).length, 1);
    const { entries, misses, hits, bytes, max_bytes } = await countsOf(chartroom);
    assert.deepEqual([entries, misses, hits], [1, 1, 0]);
    assert.ok(bytes > REDIS.length && bytes < REDIS.length + 1_000);
    assert.equal(max_bytes, 16 * 1_048_576);
    await chartroom.call("GET", `${version}/package`);
    assert.equal((await countsOf(chartroom)).hits, 1);
  }));

Deno.test("a repository that does not answer takes no places from others", () =>
  withChartroom(async (chartroom, upstream) => {
    const other = startUpstream();
    serveChart(other);
    const healthy = await registerChart(chartroom, other.url);
    assert.equal((await chartroom.call("GET", `${healthy}/package`)).status, 200);
    const names = Array.from({ length: 45 }, (_, i) => `chart-${i}`);
    const go = Promise.withResolvers<void>();
    const held = async () => {
      await go.promise;
      return new Response("too late", { status: 503 });
    };
    for (const name of names) upstream.serve(`/${name}-1.0.0.tgz`, held);
    upstream.serve(
      "/index.yaml",
      indexOf(Object.fromEntries(names.map((name) => [name, [{ version: "1.0.0", digest: "" }]]))),
    );
    const id = await chartroom.register(upstream.url);
    const list = await chartroom.call("GET", `/v1/apps?conditions=repo_id=${id}&limit=-1`);
    const answers = list.body.items.map(({ app_id }: Body) =>
      chartroom.call("GET", `/v1/apps/${app_id}/versions/latest/package`)
    );
    // Those above the bound are refused; then others still find a place.
    await Promise.any(answers);
    for (const what of ["package", "files"]) {
      assert.equal((await chartroom.call("GET", `${healthy}/${what}`)).status, 200, what);
    }
    serveChart(other, await chartArchive("redis", "again"));
    await chartroom.sync(healthy.replace(/.*app-(\w{14}).*/, "repo-$1"));
    assert.equal((await chartroom.call("GET", `${healthy}/files`)).status, 200);
    go.resolve();
    const codes = (await Promise.all(answers)).map(({ body }: Body) => body.code);
    assert.equal(codes.filter((code) => code === "unavailable").length, 5);
    assert.equal(codes.filter((code) => code === "archive_unavailable").length, 40);
    await other.close();
  }));

Deno.test("answers that nobody reads hold so many archives, and no more", () =>
  withChartroom(async (chartroom, upstream) => {
    const large = crypto.getRandomValues(new Uint8Array(65_536));
    const bytes = new Uint8Array(12 * 1_048_576);
    for (let at = 0; at < bytes.length; at += large.length) bytes.set(large, at);
    // Not one of them has room where archives are kept.
    const names = Array.from({ length: 12 }, (_, i) => `chart-${i}`);
    for (const [i, name] of names.entries()) {
      upstream.serve(`/${name}-1.0.0.tgz`, bytes.with(0, i));
    }
    upstream.serve(
      "/index.yaml",
      indexOf(Object.fromEntries(names.map((name) => [name, [{ version: "1.0.0", digest: "" }]]))),
    );
    const id = await chartroom.register(upstream.url);
    const app = createApp(chartroom.services);
    const list = await chartroom.call("GET", `/v1/apps?conditions=repo_id=${id}&limit=-1`);
    const open: Response[] = [];
    const get = async (number: number) => {
      const { app_id } = list.body.items[number];
      const response = await app.request(`/v1/apps/${app_id}/versions/latest/package`);
      if (response.status === 200) open.push(response);
      return response.status;
    };
    for (let i = 0; i < 10; i++) assert.equal(await get(i), 200);
    assert.equal(await get(10), 503);
    await open.pop()!.body!.cancel();
    assert.equal(await get(10), 200);
    assert.equal(await get(11), 503);
    for (const { body } of open) await body!.cancel();
  }, { environment: { CHARTROOM_CACHE_BYTES: "8MiB" } }));

Deno.test("a private chart is not to be had by its digest from another repository", () =>
  withChartroom(async (chartroom, upstream) => {
    const thief = startUpstream();
    for (const digest of [digestOf(REDIS), ""]) {
      serveChart(upstream, REDIS, digest);
      const version = await registerChart(chartroom, upstream.url, { workspace: "team-a" });
      assert.equal((await chartroom.call("GET", `${version}/package`)).status, 200);
      const index = indexOf({ redis: [{ version: "1.0.0", digest }] });
      thief.serve("/index.yaml", index);
      const stolen = await registerChart(chartroom, thief.url, { workspace: "team-b" });
      for (const what of ["package", "files"]) {
        const path = `${stolen.replace("/v1", "/v1/workspaces/team-b")}/${what}`;
        const { status, body } = await chartroom.call("GET", path);
        assert.deepEqual([status, body.reason], [502, "status"]);
        const theirs = `${version.replace("/v1", "/v1/workspaces/team-b")}/${what}`;
        assert.equal((await chartroom.call("GET", theirs)).status, 404);
        const own = `${version.replace("/v1", "/v1/workspaces/team-a")}/${what}`;
        assert.equal((await chartroom.call("GET", own)).status, 200);
      }
    }
    await thief.close();
  }));

Deno.test("a workspace's archive is for who may read it, and for no shared cache", () =>
  withChartroom(async (chartroom, upstream) => {
    serveChart(upstream);
    const admin = { authorization: `Bearer ${canary("token")}` };
    const call: Chartroom["call"] = (method, path, body, headers) =>
      chartroom.call(method, path, body, { ...admin, ...headers as Record<string, string> });
    const register = async (path: string) => {
      const { body } = await call("POST", `${path}/repos`, { name: "charts", url: upstream.url });
      await chartroom.services.syncer.idle();
      return await latestOf({ ...chartroom, call }, body.repo_id);
    };
    const open = await register("/v1"), closed = await register("/v1/workspaces/team-a");
    for (const what of ["package", "files"]) {
      assert.equal((await chartroom.call("GET", `${closed}/${what}`)).status, 404);
      const edge = async (version: string, headers: HeadersInit) => {
        const answer = await chartroom.call("GET", `${version}/${what}`, undefined, headers);
        assert.equal(answer.status, 200);
        return answer.headers;
      };
      const given = await edge(open, {});
      assert.equal(given.get("cache-control"), "public, max-age=0, must-revalidate");
      assert.match(given.get("deno-cdn-cache-control")!, /^public, s-maxage=60, /);
      assert.match(given.get("deno-cache-tag")!, new RegExp(`^repo-[0-9a-z]{14},kind-${what}$`));
      for (const version of [open, closed]) {
        const headers = await edge(version, admin);
        assert.equal(headers.get("cache-control"), "private, max-age=0, must-revalidate");
        assert.equal(headers.get("deno-cdn-cache-control"), "private, no-store");
        assert.equal(headers.get("deno-cache-tag"), null);
      }
    }
  }, {
    environment: {
      CHARTROOM_ADMIN_TOKEN: canary("token"),
      CHARTROOM_ANONYMOUS_READ: "true",
    },
  }));

Deno.test("who has an answer is told so, and by its digest before it is fetched", () =>
  withChartroom(async (chartroom, upstream) => {
    const seen = new Set<string>();
    for (const digest of [digestOf(REDIS), ""]) {
      serveChart(upstream, REDIS, digest);
      const repoId = await chartroom.register(upstream.url);
      const version = await latestOf(chartroom, repoId);
      const latest = version.replace(/[^/]*$/, "latest");
      const paths = [
        `${version}/package`,
        `${version}/files`,
        `${version}/files?files=README.md`,
        `${latest}/files`,
      ];
      const etags: string[] = [];
      for (const path of paths) {
        const { status, headers } = await chartroom.call("GET", path);
        assert.equal(status, 200);
        etags.push(headers.get("etag")!);
      }
      for (const etag of etags) {
        assert.match(etag, /^"[\w-]{43}"$/);
        assert.ok(!seen.has(etag));
        seen.add(etag);
      }
      // A sync that changes something else makes another generation.
      const spec = { version: "1.0.0", digest, description: "another one" };
      upstream.serve("/index.yaml", indexOf({ redis: [spec] }));
      await chartroom.sync(repoId);
      chartroom.clock.now += 2_000;
      upstream.requests.length = 0;
      const archives = chartroom.services.archives.counts().misses;
      for (const [i, path] of paths.entries()) {
        for (const method of ["GET", "HEAD"]) {
          const headers = { "if-none-match": `"x", W/${etags[i]}` };
          const answer = await chartroom.call(method, path, undefined, headers);
          assert.deepEqual([answer.status, answer.body], [304, ""]);
          assert.equal(answer.headers.get("etag"), etags[i]);
          assert.match(answer.headers.get("cache-control")!, /must-revalidate/);
        }
      }
      // Only without a digest does it take the archive to know; none of them is kept.
      const expected = digest === "" ? 2 * paths.length : 0;
      assert.equal(fetched(upstream).length, expected);
      assert.equal(chartroom.services.archives.counts().misses - archives, expected);
      const other = { "if-none-match": etags[1]! };
      assert.equal((await chartroom.call("GET", paths[0]!, undefined, other)).status, 200);
    }
  }, { config: { cacheBytes: 4_096 } }));

Deno.test("HEAD is GET without a body, and its errors are the same", () =>
  withChartroom(async (chartroom, upstream) => {
    serveChart(upstream);
    const version = await registerChart(chartroom, upstream.url);
    serveChart(upstream, REDIS, "0".repeat(64));
    const wrong = await registerChart(chartroom, upstream.url);
    for (const what of ["package", "files"]) {
      for (const [path, expected] of [[version, 200], [wrong, 502]] as const) {
        const get = await chartroom.call("GET", `${path}/${what}`);
        const head = await chartroom.call("HEAD", `${path}/${what}`);
        assert.deepEqual([get.status, head.status, head.body], [expected, expected, ""]);
        assert.deepEqual(Object.fromEntries(head.headers), Object.fromEntries(get.headers));
      }
    }
  }));

Deno.test("what does not fit is fetched again, and the rest is kept", () =>
  withChartroom(async (chartroom, upstream) => {
    const large = crypto.getRandomValues(new Uint8Array(50_000));
    const versions = ["1.0.0", "2.0.0", "3.0.0"];
    upstream.serve(
      "/index.yaml",
      indexOf({ redis: versions.map((version) => ({ version, digest: digestOf(large) })) }),
    );
    for (const version of versions) upstream.serve(`/redis-${version}.tgz`, large);
    // One digest is one archive.
    const path = (await registerChart(chartroom, upstream.url)).replace(/\/[^/]*$/, "");
    for (const version of versions) {
      const at = `${path}/latest/package?constraint=${version}`;
      assert.equal((await chartroom.call("GET", at)).status, 200);
    }
    assert.equal(fetched(upstream).length, 1);
    const others = versions.map((version) => ({ version, digest: "", urls: [`${version}.tgz`] }));
    upstream.serve("/index.yaml", indexOf({ redis: others }));
    for (const version of versions) upstream.serve(`/${version}.tgz`, large);
    const next = (await registerChart(chartroom, upstream.url)).replace(/\/[^/]*$/, "");
    upstream.requests.length = 0;
    for (const version of [...versions, ...versions]) {
      const at = `${next}/latest/package?constraint=${version}`;
      assert.deepEqual(bytesOf((await chartroom.call("GET", at)).body), large);
    }
    assert.equal(fetched(upstream).length, 6);
    const { entries, evictions, bytes, max_bytes } = await countsOf(chartroom);
    assert.deepEqual([entries, evictions], [2, 5]);
    assert.ok(bytes <= max_bytes);
    // What is larger than all of the room is given, and not kept.
    const huge = new Uint8Array(200_000);
    serveChart(upstream, huge);
    const last = await registerChart(chartroom, upstream.url);
    assert.deepEqual(bytesOf((await chartroom.call("GET", `${last}/package`)).body), huge);
    assert.equal((await countsOf(chartroom)).entries, 2);
  }, { config: { cacheBytes: 1_048_576 } }));

Deno.test("a download goes on while somebody waits for it, and ends when nobody does", () =>
  withChartroom(async (chartroom, upstream) => {
    serveChart(upstream);
    const repoId = await chartroom.register(upstream.url);
    const version = await latestOf(chartroom, repoId);
    const { repos, pointers } = await chartroom.services.directory.current();
    const repo = repos.get(repoId)!, { generation } = pointers.get(repoId)!;
    const chart = (await chartroom.call("GET", version)).body;
    const owner = { repo, generation, chart: { ...chart, name: "redis" } };
    const { archives } = chartroom.services;

    const first = holdArchive(upstream);
    const leaving = new AbortController(), staying = new AbortController();
    const left = archives.get(owner, leaving.signal), stayed = archives.get(owner, staying.signal);
    await first.asked;
    leaving.abort();
    await assert.rejects(left, { name: "AbortError" });
    first.go();
    assert.deepEqual((await stayed).bytes, REDIS);
    // A download that is done is done, whoever goes.
    staying.abort();
    assert.equal(archives.counts().entries, 1);

    // Of another generation, so that it is not what is kept.
    const { digest: _, ...undigested } = owner.chart;
    const other = { ...owner, chart: undigested };
    const second = holdArchive(upstream);
    const all = [new AbortController(), new AbortController()];
    const waiting = all.map(({ signal }) => archives.get(other, signal));
    await second.asked;
    for (const controller of all) controller.abort();
    for (const result of waiting) await assert.rejects(result, { name: "AbortError" });
    await second.gone;
    // Who asks then is not told of it.
    upstream.serve("/redis-1.0.0.tgz", REDIS);
    assert.deepEqual((await archives.get(other, new AbortController().signal)).bytes, REDIS);
    await assert.rejects(archives.get({ ...other, generation: 9 }, AbortSignal.abort()), {
      name: "AbortError",
    });
    assert.deepEqual(chartroom.log.filter(({ event }) => event === "archive failed"), []);
  }));

Deno.test({
  name: "a client that goes away ends what is done for it",
  sanitizeOps: true,
  sanitizeResources: true,
  fn: () =>
    withChartroom(async (chartroom, upstream) => {
      const noise = crypto.getRandomValues(new Uint8Array(60_000));
      const long = await archiveOf([...Array(40).keys()].map((i) => [`redis/${i}`, noise]));
      serveChart(upstream, long);
      const version = await registerChart(chartroom, upstream.url);
      const app = createApp(chartroom.services);
      for (const what of ["package", "files"]) {
        const { gone, asked } = holdArchive(upstream);
        const leaving = new AbortController();
        const answer = app.request(`${version}/${what}`, { signal: leaving.signal });
        await asked;
        leaving.abort();
        await gone;
        assert.equal((await answer).status, 400);
      }
      upstream.serve("/redis-1.0.0.tgz", long);
      for (const what of ["package", "files"]) {
        const { status, body } = await app.request(`${version}/${what}`);
        assert.equal(status, 200);
        // In the middle of it, and before any of it.
        const reader = body!.getReader();
        assert.ok((await reader.read()).value!.length < 200_000);
        await reader.cancel();
        await (await app.request(`${version}/${what}`)).body!.cancel();
      }
    }),
});

Deno.test("a repository with a slow upstream does not hold up the others", () =>
  withChartroom(async (chartroom, upstream) => {
    const slow = startUpstream();
    const versions = Array.from({ length: 9 }, (_, i) => ({ version: `1.0.${i}`, digest: "" }));
    slow.serve("/index.yaml", indexOf({ slow: versions }));
    const go = Promise.withResolvers<void>(), two = Promise.withResolvers<void>();
    let asked = 0;
    for (const { version } of versions) {
      slow.serve(`/slow-${version}.tgz`, async () => {
        if (++asked === 2) two.resolve();
        await go.promise;
        return new Response(REDIS);
      });
    }
    serveChart(upstream);
    const path = (await registerChart(chartroom, slow.url)).replace(/\/[^/]*$/, "");
    const version = await registerChart(chartroom, upstream.url);
    const waiting = versions.map(({ version }) =>
      chartroom.call("GET", `${path}/latest/package?constraint=${version}`)
    );
    await two.promise;
    assert.equal((await chartroom.call("GET", `${version}/package`)).status, 200);
    assert.equal(asked, 2);
    go.resolve();
    for (const { status } of await Promise.all(waiting)) assert.equal(status, 200);
    assert.equal(asked, 9);
    await slow.close();
  }));

Deno.test("archives of a bucket are asked for with its signature, and of others without", async () => {
  const user = { accessKeyID: "AKIDEXAMPLE", secretAccessKey: canary("key") };
  const server = startS3Server({ AKIDEXAMPLE: { secret: user.secretAccessKey } });
  const host = server.host;
  server.buckets.set("open", { isPublic: true });
  server.buckets.set("closed", {});
  await withChartroom(async (chartroom, upstream) => {
    upstream.serve("/web.tgz", REDIS);
    const table: [url: string, answer: number | string, signed: boolean | undefined][] = [
      ["redis-1.0.0+1.tgz", 200, true],
      ["sub folder/a.tgz", 200, true],
      ["../top.tgz", 200, true],
      [`s3://${host}/charts/top.tgz`, 200, true],
      [`${server.url}/charts/top.tgz`, 200, true],
      [`${server.url}/charts/stable/redis-1.0.0+1.tgz`, 200, true],
      [`${server.url}/charts/stable/sub folder/a.tgz`, 200, true],
      [`s3://${host}/open/a.tgz`, 200, false],
      [`${server.url}/open/a.tgz`, 200, false],
      [`s3://${host}/closed/a.tgz`, "unauthorized", false],
      ["../../closed/a.tgz", "unauthorized", false],
      [`${server.url}/charts/../closed/a.tgz`, "unauthorized", false],
      [`${upstream.url}/web.tgz`, 200, undefined],
      [`s3://${host}`, "unsupported_url", undefined],
      [`${server.url}/charts/..%2Fclosed/a.tgz`, "unsupported_url", undefined],
    ];
    const keys = ["stable/redis-1.0.0+1.tgz", "stable/sub folder/a.tgz", "top.tgz"];
    for (const key of keys) server.put("charts", key, REDIS);
    for (const bucket of ["open", "closed"]) server.put(bucket, "a.tgz", REDIS);
    for (const path of ["stable", "stable/index.yaml"]) {
      for (const [url, answer, signed] of table) {
        server.put(
          "charts",
          "stable/index.yaml",
          indexOf({ redis: [{ version: "1.0.0", digest: digestOf(REDIS), urls: [url] }] }),
        );
        const version = await registerChart(chartroom, `s3://${host}/charts/${path}`, {
          credential: JSON.stringify(user),
        });
        server.requests.length = upstream.requests.length = 0;
        const { status, body } = await chartroom.call("GET", `${version}/package`);
        assert.equal(status === 200 ? status : body.reason, answer, `${url} ${body.message}`);
        const sent = server.requests.map(({ headers }) => headers.has("authorization"));
        assert.deepEqual(sent, signed === undefined ? [] : [signed], url);
        for (const { headers } of upstream.requests) assert.ok(!headers.has("authorization"));
      }
    }
    // A web server's index may name an object that everybody may have.
    const urls = [`s3://${host}/open/a.tgz`];
    upstream.serve("/index.yaml", indexOf({ redis: [{ version: "1.0.0", digest: "", urls }] }));
    const withPassword = upstream.url.replace("//", `//bob:${canary("password")}@`);
    const version = await registerChart(chartroom, withPassword);
    server.requests.length = 0;
    assert.equal((await chartroom.call("GET", `${version}/files`)).status, 200);
    assert.deepEqual(server.requests.map(({ headers }) => headers.get("authorization")), [null]);
  });
  await server.close();
});

Deno.test("the client certificate is shown to the repository's own origin alone", async () => {
  const index = { own: "", elsewhere: "" };
  const own = await startMutualUpstream((path) => {
    if (path === "/to-elsewhere.tgz") {
      return new Response(null, { status: 302, headers: { location: `${elsewhere.url}/a.tgz` } });
    }
    return new Response(path === "/index.yaml" ? index.own : REDIS);
  }, "required");
  const elsewhere = await startMutualUpstream(() => new Response(REDIS), "asked");
  await withChartroom(async (chartroom) => {
    for (
      const [url, shown] of [["a.tgz", ["own"]], [`${elsewhere.url}/a.tgz`, ["elsewhere"]], [
        "to-elsewhere.tgz",
        ["own", "elsewhere"],
      ]] as const
    ) {
      index.own = indexOf({
        redis: [{ version: "1.0.0", digest: digestOf(REDIS), urls: [url] }],
      });
      const version = await registerChart(chartroom, own.url, {
        ca_bundle: pem("authority.pem"),
        client_certificate: pem("client_ec.pem"),
        client_key: pem("client_ec.key"),
      });
      own.requests.length = elsewhere.requests.length = 0;
      const { status, body } = await chartroom.call("GET", `${version}/package`);
      assert.equal(status, 200, `${url} ${body.message}`);
      assert.equal(own.requests.length, Number(shown.some((name) => name === "own")));
      assert.equal(elsewhere.requests.length, Number(shown.some((name) => name === "elsewhere")));
      for (const { client } of own.requests) assert.notEqual(client, undefined);
      for (const { client } of elsewhere.requests) assert.equal(client, undefined);
    }
  }, { environment: { CHARTROOM_ALLOW_UPSTREAM: "localhost" } });
  await own.close();
  await elsewhere.close();
});
