/** Icons that are kept: for whom, for how long, how often they are fetched, and what caches are told. */

import assert from "node:assert/strict";
import { type Chartroom, withChartroom } from "../support/chartroom.ts";
import { GIF, PNG } from "../support/pictures.ts";
import { startS3Server } from "../support/s3_server.ts";
import { indexOf, startUpstream, type Upstream } from "../support/upstream.ts";

const MINUTE = 60_000, DAY = 86_400_000;
const ADMIN = { authorization: "Bearer administrators-token" };

const index = (icon: string, description = "") =>
  indexOf({ redis: [{ version: "1.0.0", icon, description }] });

/** Registers a chart with an icon at `/icon`, and gives its path. */
async function register(
  chartroom: Pick<Chartroom, "call" | "register">,
  upstream: Upstream,
  more: Record<string, unknown> = {},
): Promise<string> {
  upstream.serve("/index.yaml", index("icon"));
  const id = await chartroom.register(upstream.url, more);
  const { items } = (await chartroom.call("GET", `/v1/apps?conditions=repo_id=${id}`)).body;
  return `/v1/apps/${items[0].app_id}/icon`;
}

const asked = ({ requests }: Upstream) => requests.filter(({ path }) => path === "/icon").length;
const typeOf = async ({ call }: Chartroom, path: string) => {
  const { status, headers, body } = await call("GET", path);
  return status === 200 ? headers.get("content-type") : body.reason ?? body.code;
};

Deno.test("however many ask for an icon, on whatever path, it is fetched once", () =>
  withChartroom(async (chartroom, upstream) => {
    const path = await register(chartroom, upstream);
    const came = Promise.withResolvers<void>(), go = Promise.withResolvers<void>();
    upstream.serve("/icon", async () => {
      came.resolve();
      await go.promise;
      return new Response(PNG);
    });
    const answers = ["/v1", "/kapis/openpitrix.io/v1", "/v1/workspaces/any"].flatMap((base) =>
      [1, 2].map((i) => chartroom.call("GET", `${path.replace("/v1", base)}?${i}`))
    );
    await came.promise;
    go.resolve();
    for (const { status } of await Promise.all(answers)) assert.equal(status, 200);
    assert.equal((await chartroom.call("GET", path.replace("/icon", "-store/icon"))).status, 200);
    assert.equal(asked(upstream), 1);
    const { icons } = (await chartroom.call("GET", "/v1/cache")).body;
    assert.deepEqual([icons.entries, icons.misses, icons.hits], [1, 1, 1]);
    assert.equal(icons.max_bytes, 4 * 1_048_576);
  }));

Deno.test("an icon that one who asked does not wait for comes to the others", () =>
  withChartroom(async (chartroom, upstream) => {
    const path = await register(chartroom, upstream);
    const [repoId] = [path.replace(/.*app-(\w{14}).*/, "repo-$1")];
    const repo = (await chartroom.services.directory.current()).repos.get(repoId)!;
    const owner = { repo, chart: { name: "redis", version: "1.0.0", icon: "icon" } };
    const came = Promise.withResolvers<void>(), go = Promise.withResolvers<void>();
    const gone = Promise.withResolvers<void>();
    upstream.serve("/icon", async () => {
      came.resolve();
      await go.promise;
      return new Response(PNG);
    });
    const first = new AbortController(), second = new AbortController();
    const { icons } = chartroom.services;
    const one = icons.get(owner, first.signal), other = icons.get(owner, second.signal);
    await came.promise;
    first.abort();
    await assert.rejects(one, { name: "AbortError" });
    go.resolve();
    assert.equal((await other).type, "png");
    // One for which nobody waits ends, and is no failure that is remembered.
    chartroom.clock.now += 2 * DAY;
    upstream.serve("/icon", ({ signal }) => {
      second.abort();
      return new Promise((resolve) =>
        signal.addEventListener("abort", () => {
          gone.resolve();
          resolve(new Response(null));
        })
      );
    });
    await assert.rejects(icons.get(owner, second.signal), { name: "AbortError" });
    await gone.promise;
    upstream.serve("/icon", GIF);
    assert.equal(await typeOf(chartroom, path), "image/gif");
  }));

Deno.test("a failure is remembered for five minutes, and an icon for a day", () =>
  withChartroom(async (chartroom, upstream) => {
    const path = await register(chartroom, upstream);
    const { clock } = chartroom;
    const steps: [after: number, serves: Uint8Array | string, type: string, asked: number][] = [
      [0, "", "not_a_picture", 1],
      [5 * MINUTE - 1, PNG, "not_a_picture", 1],
      [1, PNG, "image/png", 2],
      [DAY - 1, GIF, "image/png", 2],
      [1, GIF, "image/gif", 3],
      // What it was is better than nothing, for as long as it is kept.
      [DAY, "gone", "image/gif", 4],
      [5 * MINUTE - 1, PNG, "image/gif", 4],
      [1, "gone", "image/gif", 5],
      [5 * MINUTE, PNG, "image/png", 6],
    ];
    for (const [i, [after, serves, type, count]] of steps.entries()) {
      clock.now += after;
      upstream.serve("/icon", serves);
      for (let again = 0; again < 3; again++) {
        assert.equal(await typeOf(chartroom, path), type, `step ${i}`);
      }
      assert.equal(asked(upstream), count, `step ${i}`);
    }
  }));

Deno.test("another credential, and another icon, is asked for at once", () =>
  withChartroom(async (chartroom, upstream) => {
    const path = await register(chartroom, upstream);
    const repoId = path.replace(/.*app-(\w{14}).*/, "repo-$1");
    upstream.serve(
      "/icon",
      ({ headers }) =>
        headers.has("authorization") ? new Response(PNG) : new Response("who?", { status: 401 }),
    );
    assert.equal(await typeOf(chartroom, path), "unauthorized");
    const credential = JSON.stringify({ username: "bob", password: "secret" });
    await chartroom.call("PATCH", `/v1/repos/${repoId}`, { credential });
    await chartroom.services.syncer.idle();
    chartroom.clock.now += 2_000;
    assert.equal(await typeOf(chartroom, path), "image/png");
    upstream.serve("/index.yaml", index("other"));
    upstream.serve("/other", GIF);
    await chartroom.sync(repoId);
    chartroom.clock.now += 2_000;
    assert.equal(await typeOf(chartroom, path), "image/gif");
  }));

Deno.test("an icon that was seen is told by its ETag, with all that protects from it", () =>
  withChartroom(async (chartroom, upstream) => {
    const path = await register(chartroom, upstream);
    const repoId = path.replace(/.*app-(\w{14}).*/, "repo-$1");
    upstream.serve("/icon", PNG);
    const first = await chartroom.call("GET", path);
    const etag = first.headers.get("etag")!;
    // A generation that says nothing else of it does not change it.
    upstream.serve("/index.yaml", index("icon", "another text"));
    await chartroom.sync(repoId);
    chartroom.clock.now += 2_000;
    for (const method of ["GET", "HEAD"]) {
      const { status, headers, body } = await chartroom.call(method, path, undefined, {
        "if-none-match": etag,
      });
      assert.deepEqual([status, body, headers.get("etag")], [304, "", etag]);
      assert.match(headers.get("content-security-policy")!, /sandbox/);
      // Caches take them for those of what they have.
      for (const name of ["content-security-policy", "x-content-type-options", "cache-control"]) {
        assert.equal(headers.get(name), first.headers.get(name), name);
      }
    }
    assert.equal(asked(upstream), 1);
    upstream.serve("/icon", GIF);
    chartroom.clock.now += DAY;
    const other = await chartroom.call("GET", path, undefined, { "if-none-match": etag });
    assert.equal(other.status, 200);
    assert.notEqual(other.headers.get("etag"), etag);
  }));

Deno.test("a workspace's icon is for who may read it, and for no shared cache", () =>
  withChartroom(async (chartroom, upstream) => {
    const call: Chartroom["call"] = (method, path, body, headers) =>
      chartroom.call(method, path, body, { ...ADMIN, ...headers as Record<string, string> });
    const of = async (workspace: string) => {
      upstream.serve("/index.yaml", index("icon"));
      const { body } = await call("POST", `/v1${workspace}/repos`, {
        name: "a",
        url: upstream.url,
      });
      await chartroom.services.syncer.idle();
      const { items } = (await call("GET", `/v1/apps?conditions=repo_id=${body.repo_id}`)).body;
      return `/apps/${items[0].app_id}/icon`;
    };
    upstream.serve("/icon", PNG);
    const open = await of(""), closed = await of("/workspaces/team-a");
    const theirs = `/v1/workspaces/team-b${closed}`, own = `/v1/workspaces/team-a${closed}`;
    assert.equal((await call("GET", theirs)).status, 404);
    assert.equal((await chartroom.call("GET", `/v1${closed}`)).status, 404);
    assert.notEqual((await chartroom.call("GET", own)).status, 200);
    assert.equal(asked(upstream), 0);
    const given = (await chartroom.call("GET", `/v1${open}`)).headers;
    assert.equal(given.get("cache-control"), "public, max-age=3600, must-revalidate");
    assert.match(given.get("deno-cdn-cache-control")!, /^public, s-maxage=3600, /);
    assert.match(given.get("deno-cache-tag")!, /^repo-[0-9a-z]{14},kind-icon$/);
    for (const path of [`/v1${open}`, own]) {
      const { status, headers } = await call("GET", path);
      assert.equal(status, 200);
      assert.equal(headers.get("cache-control"), "private, max-age=0, must-revalidate");
      assert.equal(headers.get("deno-cdn-cache-control"), "private, no-store");
      assert.equal(headers.get("deno-cache-tag"), null);
    }
    // What one repository has fetched is not what another names.
    assert.equal(asked(upstream), 2);
  }, {
    environment: {
      CHARTROOM_ADMIN_TOKEN: "administrators-token",
      CHARTROOM_ANONYMOUS_READ: "true",
    },
  }));

Deno.test("without anonymous reading nobody sees an icon who shows no token", () =>
  withChartroom(async (chartroom) => {
    const { status, body } = await chartroom.call("GET", "/v1/apps/app-x/icon");
    assert.deepEqual([status, body.code], [401, "unauthorized"]);
  }, { environment: { CHARTROOM_ADMIN_TOKEN: "administrators-token" } }));

Deno.test("an app that is not there has no icon", () =>
  withChartroom(async (chartroom, upstream) => {
    const path = await register(chartroom, upstream);
    for (
      const other of [
        "/v1/apps/app-x/icon",
        path.replace(/.\/icon/, "0/icon"),
        "/v1/apps/changes/icon",
      ]
    ) {
      const { status, body } = await chartroom.call("GET", other);
      assert.deepEqual([status, body.code, body.field], [404, "not_found", "app_id"], other);
    }
  }));

Deno.test("what does not fit is fetched again, and failures take room too", () =>
  withChartroom(async (chartroom, upstream) => {
    const names = Array.from({ length: 12 }, (_, i) => `c${i}`);
    const charts = names.map((name) => [name, [{ version: "1.0.0", icon: `icon?${name}` }]]);
    upstream.serve("/index.yaml", indexOf(Object.fromEntries(charts)));
    const bytes = new Uint8Array(6_000);
    bytes.set(PNG);
    upstream.serve("/icon", bytes);
    const id = await chartroom.register(upstream.url);
    const list = await chartroom.call("GET", `/v1/apps?conditions=repo_id=${id}&limit=-1`);
    const get = async (number: number) => {
      const { app_id } = list.body.items[number];
      return (await chartroom.call("GET", `/v1/apps/${app_id}/icon`)).status;
    };
    for (let i = 0; i < 12; i++) assert.equal(await get(i), 200);
    const { entries, evictions, bytes: held, max_bytes } = chartroom.services.icons.counts();
    assert.deepEqual([entries, evictions, max_bytes], [4, 8, 32_768]);
    assert.ok(held <= max_bytes);
    upstream.requests.length = 0;
    assert.deepEqual([await get(11), await get(0)], [200, 200]);
    assert.deepEqual(upstream.requests.map(({ path }) => path.split("?")[0]), ["/icon"]);
  }, { config: { cacheBytes: 1_048_576 } }));

Deno.test("of one repository so many icons are fetched at once, and others find a place", () =>
  withChartroom(async (chartroom, upstream) => {
    const other = startUpstream();
    other.serve("/icon", PNG);
    const healthy = await register(chartroom, other);
    const names = Array.from({ length: 205 }, (_, i) => `c${i}`);
    const charts = names.map((name) => [name, [{ version: "1.0.0", icon: `icon?${name}` }]]);
    upstream.serve("/index.yaml", indexOf(Object.fromEntries(charts)));
    const go = Promise.withResolvers<void>();
    let most = 0, now = 0;
    upstream.serve("/icon", async () => {
      most = Math.max(most, ++now);
      await go.promise;
      now--;
      return new Response(PNG);
    });
    const id = await chartroom.register(upstream.url);
    const list = await chartroom.call("GET", `/v1/apps?conditions=repo_id=${id}&limit=-1`);
    const answers = list.body.items.map(({ app_id }: { app_id: string }) =>
      chartroom.call("GET", `/v1/apps/${app_id}/icon`)
    );
    assert.equal((await Promise.race(answers)).status, 503);
    assert.equal((await chartroom.call("GET", healthy)).status, 200);
    go.resolve();
    const statuses = (await Promise.all(answers)).map(({ status }: { status: number }) => status);
    assert.equal(statuses.filter((status: number) => status === 503).length, 5);
    assert.equal(statuses.filter((status: number) => status === 200).length, 200);
    assert.equal(most, 4);
    await other.close();
  }));

Deno.test("icons in a bucket are asked for with its signature", async () => {
  const server = startS3Server({ AKIDEXAMPLE: { secret: "secret" } });
  server.buckets.set("open", { isPublic: true });
  await withChartroom(async (chartroom) => {
    const table = [["icon.png", true], [`s3://${server.host}/open/icon.png`, false]] as const;
    server.put("charts", "icon.png", PNG);
    server.put("open", "icon.png", PNG);
    for (const [icon, signed] of table) {
      server.put("charts", "index.yaml", index(icon));
      const id = await chartroom.register(`s3://${server.host}/charts`, {
        credential: JSON.stringify({ accessKeyID: "AKIDEXAMPLE", secretAccessKey: "secret" }),
      });
      const { items } = (await chartroom.call("GET", `/v1/apps?conditions=repo_id=${id}`)).body;
      server.requests.length = 0;
      assert.equal(await typeOf(chartroom, `/v1/apps/${items[0].app_id}/icon`), "image/png");
      assert.deepEqual(server.requests.map(({ headers }) => headers.has("authorization")), [
        signed,
      ]);
    }
  });
  await server.close();
});

Deno.test("who closes while an icon is fetched does not wait for it", () =>
  withChartroom(async (chartroom, upstream) => {
    const path = await register(chartroom, upstream);
    const came = Promise.withResolvers<void>();
    upstream.serve("/icon", ({ signal }) => {
      came.resolve();
      return new Promise((resolve) =>
        signal.addEventListener("abort", () => resolve(new Response(null)))
      );
    });
    const waiting = chartroom.call("GET", path);
    await came.promise;
    chartroom.services.icons.close();
    assert.equal((await waiting).status, 503);
    assert.deepEqual(chartroom.log.filter(({ event }) => event === "icon failed"), []);
  }));
