/** Answers about apps as caches see them: validators, encodings, and who may keep what. */

import assert from "node:assert/strict";
import { promisify } from "node:util";
import { brotliDecompress, gunzip } from "node:zlib";
import { createApp } from "../../routes/app.ts";
import { canary } from "../support/canary.ts";
import { type Body, type Chartroom, type Options, withChartroom } from "../support/chartroom.ts";
import { indexOf, type Upstream } from "../support/upstream.ts";

const TOKEN = canary("token");
const ADMIN = { authorization: `Bearer ${TOKEN}` };
const INDEX = indexOf({ redis: ["1.0.0", "1.1.0"], kafka: ["1.0.0"], grafana: ["1.0.0"] });

/** A request, and its answer as it goes over the wire. */
type Ask = (path: string, headers?: HeadersInit, method?: string) => Promise<Response>;

interface Given extends Chartroom {
  ask: Ask;
  /** The one repository that is there at first. */
  id: string;
  upstream: Upstream;
}

/** Runs a test with a repository of {@link INDEX}. */
function withRepo(test: (given: Given) => Promise<void>, options: Options = {}): Promise<void> {
  return withChartroom(async (chartroom, upstream) => {
    upstream.serve("/index.yaml", INDEX);
    const { call, services, clock } = chartroom;
    // Headers know no fraction of a second.
    clock.now += 345;
    const made = await call("POST", "/v1/repos", { name: "First", url: upstream.url }, ADMIN);
    await services.syncer.idle();
    const app = createApp(services);
    const ask: Ask = async (path, headers = {}, method = "GET") =>
      await app.request(path, { method, headers });
    await test({ ...chartroom, ask, id: made.body.repo_id, upstream });
  }, options);
}

/** Every kind of answer about apps of one repository. */
async function pathsOf({ ask, id }: Pick<Given, "ask" | "id">) {
  const { items } = await (await ask(`/v1/apps?conditions=repo_id=${id}`)).json();
  const app = `/v1/apps/${items[0].app_id}`;
  return {
    apps: `/v1/apps?conditions=repo_id=${id}`,
    app,
    versions: `${app}/versions`,
    version: `${app}/versions/latest`,
    changes: `/v1/apps/changes?conditions=repo_id=${id}`,
    feed: `/v1/apps/changes.atom?conditions=repo_id=${id}`,
  };
}

const at = (time: number) => new Date(time).toUTCString();

Deno.test("If-None-Match names what the client has; without it, If-Modified-Since counts", () =>
  withRepo(async ({ ask, id, clock }) => {
    const path = `/v1/apps?conditions=repo_id=${id}`;
    const { headers } = await ask(path), etag = headers.get("etag")!;
    const compressed = (await ask(path, { "accept-encoding": "br" })).headers.get("etag")!;
    assert.match(etag, /^"[\w-]{22}"$/);
    assert.equal(compressed, etag.replace(/"$/, '-br"'));
    const none = "if-none-match", since = "if-modified-since", now = clock.now;
    assert.equal(headers.get("last-modified"), at(now));
    const table: [headers: Record<string, string>, status: number][] = [
      [{}, 200],
      [{ [none]: etag }, 304],
      [{ [none]: `W/${etag}` }, 304],
      [{ [none]: `"x", ${etag}` }, 304],
      [{ [none]: `"x",W/${etag},"y"` }, 304],
      [{ [none]: `"a,b" ,${etag}` }, 304],
      [{ [none]: "*" }, 304],
      [{ [none]: '"x"' }, 200],
      [{ [none]: '"*"' }, 200],
      [{ [none]: "" }, 200],
      [{ [none]: etag.replaceAll('"', "") }, 200],
      [{ [none]: etag.toLowerCase() }, 200],
      [{ [none]: compressed }, 200],
      [{ [none]: compressed, "accept-encoding": "br" }, 304],
      [{ [none]: etag, "accept-encoding": "br" }, 200],
      [{ [none]: `${etag}, ${compressed}`, "accept-encoding": "br" }, 304],
      [{ [since]: at(now) }, 304],
      [{ [since]: at(now + 1_000) }, 304],
      [{ [since]: at(now - 1_000) }, 200],
      [{ [since]: at(now), "accept-encoding": "br" }, 304],
      [{ [since]: "yesterday" }, 200],
      [{ [since]: "" }, 200],
      [{ [none]: '"x"', [since]: at(now) }, 200],
      [{ [none]: "", [since]: at(now) }, 200],
      [{ [none]: etag, [since]: at(now - 1_000) }, 304],
    ];
    // Whatever was asked before, and by whichever path an answer comes.
    for (const round of [...table, ...table.toReversed()]) {
      const [headers, status] = round, answer = await ask(path, headers);
      assert.equal(answer.status, status, JSON.stringify(headers));
      const body = new Uint8Array(await answer.arrayBuffer());
      assert.equal(body.length > 0, status === 200);
      const head = await ask(path, headers, "HEAD");
      assert.equal(head.status, status, JSON.stringify(headers));
      assert.deepEqual([...head.headers], [...answer.headers]);
      const sent = answer.headers;
      assert.equal(sent.get("etag"), headers["accept-encoding"] ? compressed : etag);
      assert.equal(sent.get("cache-control"), "public, max-age=0, must-revalidate");
      assert.equal(sent.get("vary"), "Accept-Encoding, Authorization, Cookie");
      assert.equal(sent.get("last-modified"), at(now));
      assert.equal(sent.has("content-type"), status === 200);
      assert.equal(sent.has("content-encoding"), status === 200 && "accept-encoding" in headers);
    }
  }));

Deno.test("what is no HTTP date says nothing as If-Modified-Since", () =>
  withRepo(async ({ ask, id, clock }) => {
    // HTTP's dates have three forms.
    for (
      const date of [at(clock.now), "Thursday, 01-Jan-26 00:00:00 GMT", "Thu Jan  1 00:00:00 2026"]
    ) {
      const headers = { "if-modified-since": date };
      const answer = await ask(`/v1/apps?conditions=repo_id=${id}`, headers);
      assert.equal(answer.status, 304, date);
    }
    for (const date of ["9999", "2027-01-01", "2027-01-01T00:00:00Z", "Jan 1 2027"]) {
      const headers = { "if-modified-since": date };
      const answer = await ask(`/v1/apps?conditions=repo_id=${id}`, headers);
      assert.equal(answer.status, 200, date);
    }
  }));

Deno.test("only what one generation alone says has Last-Modified", () =>
  withRepo(async (given) => {
    const { ask, id, register, upstream, clock } = given;
    const since = { "if-modified-since": at(clock.now + 3_600_000) };
    const paths = await pathsOf(given);
    const app = paths.app.slice("/v1/apps/".length);
    const two = await register(upstream.url);
    const table: [path: string, isOne: boolean][] = [
      [paths.apps, true],
      [paths.app, true],
      [paths.versions, true],
      [paths.version, true],
      // These tell the repository's name, which changes without a generation.
      [paths.changes, false],
      [paths.feed, false],
      [`/v1/workspaces/ws1/apps?conditions=repo_id=${id}`, true],
      ["/v1/apps", false],
      [`/v1/apps?conditions=repo_id=${id}|${two}`, false],
      [`/v1/apps?conditions=repo_id=${id}&facets=repo`, false],
      [`/v1/apps?conditions=repo_id=${id}&facets=type`, true],
      ["/v1/apps?conditions=repo_id=", false],
      [`/v1/apps?conditions=app_id=${app}`, false],
      ["/v1/apps/changes", false],
      ["/v1/apps/changes.atom", false],
    ];
    for (const [path, isOne] of table) {
      const { headers } = await ask(path);
      assert.equal(headers.has("last-modified"), isOne, path);
      assert.equal((await ask(path, since)).status, isOne ? 304 : 200, path);
    }
  }));

Deno.test("each generation has a later Last-Modified, within one second too", () =>
  withRepo(async ({ ask, id, sync, clock, upstream }) => {
    const path = `/v1/apps?conditions=repo_id=${id}`;
    const seen: { modified: string; etag: string }[] = [];
    const begun = clock.now;
    for (let i = 0; i < 4; i++) {
      const { headers } = await ask(path);
      const modified = headers.get("last-modified")!, etag = headers.get("etag")!;
      assert.equal(modified, at(begun + 1_000 * i));
      assert.ok(Date.parse(modified) <= clock.now);
      const before = seen.at(-1);
      if (before !== undefined) {
        assert.ok(Date.parse(modified) > Date.parse(before.modified));
        assert.notEqual(etag, before.etag);
        assert.equal((await ask(path, { "if-modified-since": before.modified })).status, 200);
        assert.equal((await ask(path, { "if-none-match": before.etag })).status, 200);
      }
      seen.push({ modified, etag });
      // The same index makes no generation, and so nothing new for a client.
      await sync(id, { force: true });
      assert.equal((await ask(path, { "if-modified-since": modified })).status, 304);
      assert.equal((await ask(path, { "if-none-match": etag })).status, 304);
      upstream.serve("/index.yaml", indexOf({ redis: [`2.${i}.0`] }));
      await sync(id);
      clock.now = Math.max(clock.now, begun + 1_000 * (i + 1));
    }
  }));

Deno.test("a time that is still to come is no Last-Modified", () =>
  withRepo(async ({ ask, id, sync, clock, upstream }) => {
    const path = `/v1/apps?conditions=repo_id=${id}`;
    const first = (await ask(path)).headers.get("last-modified");
    assert.equal(first, at(clock.now));
    upstream.serve("/index.yaml", indexOf({ redis: ["2.0.0"] }));
    await sync(id);
    for (const since of [first, at(clock.now + 1_000), at(clock.now + 9_000)]) {
      const { status, headers } = await ask(path, { "if-modified-since": since! });
      assert.deepEqual([status, headers.get("last-modified")], [200, null]);
    }
  }));

const DECODERS: Record<string, (bytes: Uint8Array) => Promise<Uint8Array>> = {
  br: async (bytes) => new Uint8Array(await promisify(brotliDecompress)(bytes)),
  gzip: async (bytes) => new Uint8Array(await promisify(gunzip)(bytes)),
  identity: (bytes) => Promise.resolve(bytes),
};

async function bytesOf(answer: Response): Promise<Uint8Array> {
  return new Uint8Array(await answer.arrayBuffer());
}

Deno.test("bodies come in the smallest encoding that a client takes", () =>
  withRepo(async (given) => {
    const { ask } = given;
    const table: [accept: string | undefined, encoding: string][] = [
      [undefined, "identity"],
      ["", "identity"],
      ["gzip, deflate, br, zstd", "br"],
      ["gzip", "gzip"],
      ["GZip", "gzip"],
      ["br", "br"],
      ["gzip;q=1, br;q=0.5", "gzip"],
      ["gzip;q=0.5,br ; q=0.5", "br"],
      ["gzip;q=0.001", "gzip"],
      ["br;q=0, gzip", "gzip"],
      ["br;q=0.0, gzip;q=0", "identity"],
      ["*", "br"],
      ["*, br;q=0", "gzip"],
      ["*;q=0.5, gzip", "gzip"],
      ["gzip, *;q=0", "gzip"],
      ["identity", "identity"],
      ["identity, gzip;q=0.9", "identity"],
      ["identity;q=0.5, *;q=0", "identity"],
      ["identity;q=0, gzip", "gzip"],
      ["deflate, zstd", "identity"],
      ["x-gzip", "identity"],
    ];
    const paths = await pathsOf(given);
    for (const path of [paths.apps, paths.feed, "/v1/apps?limit=-1"]) {
      const plain = await bytesOf(await ask(path));
      const etags = new Map<string, string>();
      for (const [accept, encoding] of [...table, ...table]) {
        const headers = accept === undefined ? undefined : { "accept-encoding": accept };
        const answer = await ask(path, headers);
        assert.equal(answer.headers.get("content-encoding") ?? "identity", encoding, accept);
        assert.equal(answer.headers.get("vary"), "Accept-Encoding, Authorization, Cookie");
        const etag = answer.headers.get("etag")!;
        assert.equal(etags.get(encoding) ?? etag, etag);
        etags.set(encoding, etag);
        const bytes = await bytesOf(answer);
        assert.deepEqual(await DECODERS[encoding]!(bytes), plain);
        assert.equal(bytes.length < plain.length, encoding !== "identity");
      }
      assert.equal(new Set(etags.values()).size, 3);
    }
  }));

Deno.test("an encoding that a client refuses is not sent to it", () =>
  withRepo(async ({ ask }) => {
    for (const accept of ["*;q=0", "br;q=0, gzip;q=0, *;q=0", "br;q=0, identity;q=0"]) {
      const { headers } = await ask("/v1/apps", { "accept-encoding": accept });
      assert.equal(headers.get("content-encoding"), null, accept);
    }
  }));

Deno.test("a body of 1 KiB or less is never compressed", () =>
  withChartroom(async ({ call, register, services }, upstream) => {
    const serve = (lengths: number[]) =>
      upstream.serve(
        "/index.yaml",
        indexOf(Object.fromEntries(lengths.map((length, i) => [
          `app-${i}`,
          [{ version: "1.0.0", description: "x".repeat(length) }],
        ]))),
      );
    const app = createApp(services);
    const bodies = async () => {
      const { items } = (await call("GET", "/v1/apps?orderBy=name")).body;
      return items.map((item: Body) => `/v1/apps/${item.app_id}/versions/latest`) as string[];
    };
    serve([1]);
    const id = await register(upstream.url);
    const rest = (await bytesOf(await app.request((await bodies())[0]!))).length - 1;
    serve([1_024 - rest, 1_025 - rest]);
    await call("POST", `/v1/repos/${id}/action`, { action: "index" });
    await services.syncer.idle();
    const headers = { "accept-encoding": "br, gzip" };
    const [small, large] = await Promise.all((await bodies()).map(async (path) => ({
      length: (await bytesOf(await app.request(path))).length,
      plain: (await app.request(path)).headers.get("etag"),
      given: (await app.request(path, { headers })).headers,
    })));
    assert.equal(small!.length, 1_024);
    assert.equal(small!.given.get("content-encoding"), null);
    assert.equal(small!.given.get("etag"), small!.plain);
    assert.equal(large!.length, 1_025);
    assert.equal(large!.given.get("content-encoding"), "br");
  }));

const PUBLIC = "public, max-age=0, must-revalidate";
const PRIVATE = "private, max-age=0, must-revalidate";
const EDGE = "public, s-maxage=60, stale-while-revalidate=30, stale-if-error=86400";
const FEED_EDGE = "public, s-maxage=300, stale-while-revalidate=60, stale-if-error=86400";

Deno.test("global apps are public without a token, and private with one", () =>
  withRepo(async (given) => {
    const { ask, id, call, services, upstream } = given;
    const paths = await pathsOf(given);
    const own = { name: "Own", url: upstream.url };
    const made = await call("POST", "/v1/workspaces/ws1/repos", own, ADMIN);
    await services.syncer.idle();
    const all = "workspace-_global,repositories";
    const table: [path: string, tags: string][] = [
      ...Object.entries(paths).map((
        [kind, path],
      ): [string, string] => [path, `${id},kind-${kind}`]),
      ["/v1/apps", `${all},kind-apps`],
      ["/v1/workspaces/ws1/apps", `${all},kind-apps`],
      ["/v1/workspaces/ws2/apps", `${all},kind-apps`],
      [`/v1/apps?conditions=repo_id=${id}&facets=repo`, `${all},kind-apps`],
      ["/v1/apps/changes", `${all},kind-changes`],
      [`${paths.changes}&facets=repo`, `${id},kind-changes`],
      ["/v1/apps/changes.atom", `${all},kind-feed`],
    ];
    // Each comes in between the others, from memory too.
    for (const [path, tags] of [...table, ...table]) {
      const open = (await ask(path)).headers;
      assert.equal(open.get("cache-control"), PUBLIC, path);
      assert.equal(open.get("deno-cdn-cache-control"), path.includes("atom") ? FEED_EDGE : EDGE);
      assert.equal(open.get("deno-cache-tag"), tags, path);
      const closed = (await ask(path, ADMIN)).headers;
      assert.equal(closed.get("cache-control"), PRIVATE, path);
      assert.equal(closed.get("deno-cdn-cache-control"), "private, no-store");
      assert.equal(closed.get("deno-cache-tag"), null);
      assert.equal(closed.get("vary"), "Accept-Encoding, Authorization, Cookie");
      const etag = closed.get("etag")!;
      assert.equal((await ask(path, { ...ADMIN, "if-none-match": etag })).status, 304);
      const wrong = await ask(path, { authorization: `Bearer ${canary("wrong")}` });
      assert.equal(wrong.status, 401, path);
      assert.equal(wrong.headers.get("cache-control"), "no-store");
    }
    const count = async (headers?: HeadersInit) =>
      (await (await ask("/v1/apps", headers)).json()).total_count;
    assert.deepEqual([await count(), await count(ADMIN), await count()], [3, 6, 3]);
    const hidden = `/v1/apps?conditions=repo_id=${made.body.repo_id}`;
    for (const [headers, status] of [[ADMIN, 200], [{}, 404], [ADMIN, 200], [{}, 404]] as const) {
      assert.equal((await ask(hidden, headers)).status, status);
    }
  }, { environment: { CHARTROOM_ADMIN_TOKEN: TOKEN, CHARTROOM_ANONYMOUS_READ: "true" } }));

Deno.test("what shows a workspace is private, whoever asks", () =>
  withRepo(async ({ ask, id, register, upstream }) => {
    const own = await register(upstream.url, { workspace: "ws1" });
    const ofOwn = Object.values(await pathsOf({ ask, id: own }));
    const table: [path: string, isPublic: boolean][] = [
      ...ofOwn.map((path): [string, boolean] => [path, false]),
      ["/v1/apps", false],
      ["/v1/apps/changes", false],
      ["/v1/apps/changes.atom", false],
      ["/v1/workspaces/ws1/apps", false],
      [`/v1/apps?conditions=repo_id=${id}|${own}`, false],
      [`/v1/apps?conditions=repo_id=${id}&facets=repo`, false],
      [`/v1/apps?conditions=repo_id=${id}`, true],
      ["/v1/workspaces/ws2/apps", true],
      [`/v1/workspaces/ws1/apps?conditions=repo_id=${id}`, true],
    ];
    for (const [path, isPublic] of [...table, ...table]) {
      const { headers } = await ask(path);
      assert.equal(headers.get("cache-control"), isPublic ? PUBLIC : PRIVATE, path);
      assert.equal(headers.get("deno-cdn-cache-control"), isPublic ? EDGE : "private, no-store");
      assert.equal(headers.has("deno-cache-tag"), isPublic, path);
    }
  }));

Deno.test("all else is not to be stored", () =>
  withRepo(async ({ ask, id, call, services, sync, upstream }) => {
    const held = Promise.withResolvers<Response>();
    upstream.serve("/slow/index.yaml", () => held.promise);
    const slow = (await call("POST", "/v1/repos", { name: "Slow", url: `${upstream.url}/slow` }))
      .body.repo_id;
    const unsynced = `/v1/apps?conditions=repo_id=${slow}`;
    const table: [path: string, status: number, method?: string][] = [
      ["/v1/repos", 200],
      [`/v1/repos/${id}`, 200],
      [`/v1/repos/${id}/events`, 200],
      [`/v1/repos/${id}/problems`, 200],
      ["/v1/cache", 200],
      [unsynced, 200],
      ["/v1/apps?conditions=color=red", 400],
      ["/v1/apps/app-x", 404],
      ["/v1/apps/app-x/versions/latest", 404],
      ["/v1/apps?conditions=repo_id=repo-x", 404],
      ["/v1/nothing", 404],
      ["/v1/apps", 405, "DELETE"],
    ];
    for (const [path, status, method = "GET"] of table) {
      const answer = await ask(path, { "if-none-match": "*" }, method);
      await answer.body?.cancel();
      if (path !== unsynced) assert.equal(answer.status, status, path);
      assert.equal(answer.headers.get("cache-control"), "no-store", path);
      assert.equal(answer.headers.get("deno-cdn-cache-control"), null, path);
    }
    const state = async () => (await (await ask(unsynced)).json()).sync;
    assert.deepEqual([await state(), await state()], ["syncing", "syncing"]);
    held.resolve(new Response("out of order", { status: 500 }));
    await services.syncer.idle();
    assert.deepEqual([await state(), await state()], ["failed", "failed"]);
    upstream.serve("/slow/index.yaml", INDEX);
    await sync(slow);
    const synced = await ask(unsynced);
    assert.equal(synced.headers.get("cache-control"), PUBLIC);
    assert.equal((await synced.json()).total_count, 3);
  }));

/** Counts what is read from the database from now on. */
function countReads({ kv }: Chartroom["services"]): { reads: number } {
  const counts = { reads: 0 };
  for (const name of ["get", "getMany", "list"] as const) {
    const read = kv[name] as (...rest: unknown[]) => unknown;
    // deno-lint-ignore no-explicit-any -- whichever of the three it is
    (kv as any)[name] = (...rest: unknown[]) => {
      counts.reads++;
      return read(...rest);
    };
  }
  return counts;
}

Deno.test("what was answered is answered again without a read, however it is written", () =>
  withRepo(async ({ ask, id, services, clock }) => {
    const counts = countReads(services);
    const spellings = [
      `/v1/apps?conditions=repo_id=${id},name~a|r,type=application&limit=2&orderBy=create_time`,
      `/v1/apps?conditions=type=application,name~r|a|r,,repo_id=${id}|${id}&paging=limit=2,page=1`,
      `/v1/apps?limit=2&page=1&reverse=false&q=&conditions=name~a|r,repo_id=${id},type=application`,
      `/v1/apps?start=0&limit=%2B2&facets=&conditions=name~a|r,repo_id=${id},type=application`,
      `/kapis/openpitrix.io/v1/apps?limit=2&conditions=name~a|r,type=application,repo_id=${id}`,
    ];
    const first = await ask(spellings[0]!), body = await first.text();
    assert.equal((await ask(spellings[0]!, { "accept-encoding": "br" })).status, 200);
    const { misses } = (await (await ask("/v1/cache")).json()).answers;
    counts.reads = 0;
    for (const path of [...spellings, ...spellings]) {
      for (const headers of [{}, { "accept-encoding": "br" }]) {
        const answer = await ask(path, headers);
        const etag = first.headers.get("etag")!;
        const isPlain = !("accept-encoding" in headers);
        assert.equal(answer.headers.get("etag"), isPlain ? etag : etag.replace(/"$/, '-br"'));
        if (isPlain) assert.equal(await answer.text(), body);
      }
    }
    assert.equal(counts.reads, 0);
    assert.equal((await (await ask("/v1/cache")).json()).answers.misses, misses);
    const facets = ["facets=type,repo", "facets=repo,%20type,repo"];
    const [one, other] = await Promise.all(
      facets.map(async (query) => (await ask(`/v1/apps?${query}`)).headers.get("etag")),
    );
    assert.equal(one, other);
    // Once a second it is asked whether there is something new.
    clock.now += 1_000;
    for (const path of [...spellings, ...spellings]) await ask(path);
    assert.equal(counts.reads, 1);
  }));

Deno.test("a list in which nothing is found is answered again without a read, too", () =>
  withRepo(async ({ ask, id, services }) => {
    const counts = countReads(services);
    const path = `/v1/apps?conditions=repo_id=${id},name=nothing`;
    const first = await (await ask(path)).json();
    assert.deepEqual(first, { items: [], total_count: 0 });
    counts.reads = 0;
    const again = await ask(`${path}&limit=10`);
    assert.deepEqual([counts.reads, again.headers.get("cache-control")], [0, PUBLIC]);
  }));

Deno.test("all workspaces that have no repository are answered from one place", () =>
  withRepo(async ({ ask }) => {
    await ask("/v1/workspaces/none/apps");
    const { misses } = (await (await ask("/v1/cache")).json()).answers;
    for (let i = 0; i < 5; i++) await ask(`/v1/workspaces/none-${i}/apps`);
    assert.equal((await (await ask("/v1/cache")).json()).answers.misses, misses);
  }));

Deno.test("HEAD says nothing of a length that it does not know", () =>
  withRepo(async ({ services, id }) => {
    const { fetch: handle } = createApp(services);
    const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, handle);
    for (const path of ["/v1/apps", "/v1/repos", `/v1/repos/${id}`, "/v1/nothing", "/healthz"]) {
      const url = `http://127.0.0.1:${server.addr.port}${path}`;
      const [got, head] = [await fetch(url), await fetch(url, { method: "HEAD" })];
      const { length } = await got.bytes();
      assert.equal(await head.text(), "");
      assert.deepEqual([head.status, length > 0], [got.status, true]);
      assert.ok([null, String(length)].includes(head.headers.get("content-length")), path);
      assert.equal(head.headers.get("etag"), got.headers.get("etag"));
    }
    await server.shutdown();
  }));

Deno.test("the same address again costs no look at what there is", () =>
  withRepo(async (given) => {
    const { ask, services: { directory } } = given;
    const current = directory.current;
    let looks = 0;
    directory.current = () => {
      looks++;
      return current();
    };
    const paths = Object.values(await pathsOf(given));
    for (const path of paths) {
      for (const headers of [{}, { "accept-encoding": "gzip" }, { "if-none-match": "*" }]) {
        await ask(path, headers);
        looks = 0;
        const { status } = await ask(path, headers);
        assert.deepEqual([looks, status], [0, "if-none-match" in headers ? 304 : 200], path);
        // Nor does what comes from memory for one client tell another what is for it alone.
        await ask(path, { ...headers, authorization: "Bearer x" });
        assert.equal(looks, 1, path);
      }
    }
  }));

Deno.test("what was answered is not answered again once a sync or a change shows something else", () =>
  withRepo(async ({ ask, id, call, sync, upstream }) => {
    const path = `/v1/apps?conditions=repo_id=${id}`;
    const totals = async () =>
      await Promise.all(["/v1/apps", path, `${path}&facets=repo`].map(async (path) => {
        const { total_count } = await (await ask(path)).json();
        return total_count;
      }));
    assert.deepEqual(await totals(), [3, 3, 3]);
    upstream.serve("/index.yaml", indexOf({ redis: ["1.0.0"], kafka: ["1.0.0"] }));
    await sync(id);
    assert.deepEqual(await totals(), [2, 2, 2]);
    assert.equal((await call("DELETE", `/v1/repos/${id}`)).status, 200);
    assert.deepEqual(await totals(), [0, undefined, undefined]);
    assert.equal((await ask(path)).status, 404);
  }));
