/** A database that fails: what is in memory is served, the rest is 503, and it heals by itself. */

import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { CHECK_EVERY_MS } from "../../src/catalog/directory.ts";
import type { Services } from "../../src/services.ts";
import { GARBAGE_DELAY_MS } from "../../src/store/garbage.ts";
import { readCatalog, readPointer, referencesOf } from "../../src/store/generations.ts";
import { keys } from "../../src/store/keys.ts";
import { type Kv, type KvLimits, openKv, StoreUnavailable } from "../../src/store/kv.ts";
import { LEASE_MS, leasedRepos } from "../../src/store/leases.ts";
import type { SyncStatus } from "../../src/store/sync_status.ts";
import { type Answer, type Body, type Chartroom, withChartroom } from "../support/chartroom.ts";
import { eventually, withFolder } from "../support/process.ts";
import { indexOf, startUpstream, type Upstream } from "../support/upstream.ts";

const OLD = indexOf({ one: ["1.0.0"] });
const NEW = indexOf({ one: ["1.0.0", "1.1.0"], two: ["1.0.0"] });
const NEWEST = indexOf({ one: ["1.0.0", "1.1.0", "1.2.0"] });
const HOUR_MS = 3_600_000;
/** Short enough to be waited for. */
const LIMITS: KvLimits = { retryMs: 200, callMs: 300, trialMs: 30 };
/** What a request may take that waits for nothing but its turn on a busy machine. */
const PROMPT_MS = 2_000;

/** A Chartroom on a file, with a repository that was synced. */
interface Setting {
  chartroom: Chartroom;
  upstream: Upstream;
  path: string;
  /** The repository. */
  id: string;
  /** Those of the database that were opened so far; of the last two, one is for reads. */
  handles: Deno.Kv[];
  /** Reads and writes of every kind, of the repository and its app. */
  reads: string[];
  writes: [method: string, path: string, body?: unknown][];
}

function onFile(test: (setting: Setting) => Promise<void>): () => Promise<void> {
  return () =>
    withFolder((folder) => {
      const path = `${folder}/kv.sqlite`;
      const { handles, restore } = watchHandles();
      return withChartroom(async (chartroom, upstream) => {
        const { kv } = chartroom.services;
        await kv.close();
        Object.assign(kv, await openKv({ kind: "file", path }, LIMITS));
        upstream.serve("/index.yaml", OLD);
        const id = await chartroom.register(upstream.url);
        const [app] = (await chartroom.call("GET", "/v1/apps")).body.items;
        const version = app.latest_app_version.version_id;
        const reads = [
          "/v1/apps",
          `/v1/apps/${app.app_id}`,
          `/v1/apps/${app.app_id}/versions`,
          `/v1/apps/${app.app_id}/versions/${version}`,
          "/v1/repos",
          `/v1/repos/${id}`,
          `/v1/repos/${id}/events`,
          `/v1/repos/${id}/problems`,
        ];
        for (const path of reads) assert.equal((await chartroom.call("GET", path)).status, 200);
        const writes: Setting["writes"] = [
          ["POST", "/v1/repos", { name: "late", url: upstream.url }],
          ["PATCH", `/v1/repos/${id}`, { description: "late" }],
          ["POST", `/v1/repos/${id}/action`, { action: "index" }],
        ];
        await test({ chartroom, upstream, path, id, handles, reads, writes });
      }, { environment: { CHARTROOM_KV: path } }).finally(restore);
    });
}

/** Notes every handle that is opened, until it is told to stop. */
function watchHandles(): { handles: Deno.Kv[]; restore: () => void } {
  const handles: Deno.Kv[] = [], original = Deno.openKv;
  const replace = (value: typeof Deno.openKv) =>
    Object.defineProperty(Deno, "openKv", { value, configurable: true });
  replace(async (path) => {
    const handle = await original(path);
    handles.push(handle);
    return handle;
  });
  return { handles, restore: () => void replace(original) };
}

/** Another connection to a database file, which waits for its locks. */
function openBeside(path: string): DatabaseSync {
  return new DatabaseSync(path, { timeout: 10_000 });
}

function assertUnavailable({ status, headers, body }: Answer, what: string) {
  assert.equal(status, 503, what);
  assert.equal(headers.get("content-type"), "application/problem+json", what);
  assert.match(headers.get("retry-after") ?? "", /^[1-9]\d*$/, what);
  assert.equal(body.code, "unavailable", what);
  assert.equal(body.status, 503, what);
}

/** Rows that belong together agree; what is served is there as a whole. */
async function assertWhole(kv: Kv) {
  const idsOf = async (prefix: Deno.KvKey) =>
    (await kv.list<Body>({ prefix })).map(({ key }) => key[1] as string).sort();
  const repos = await idsOf(keys.repos);
  const names = await kv.list<{ repoId: string }>({ prefix: ["repo_name"] });
  assert.deepEqual(names.map(({ value }) => value.repoId).sort(), repos);
  const statuses = await kv.list<SyncStatus>({ prefix: keys.syncs });
  assert.deepEqual(statuses.map(({ key }) => key[1]).sort(), repos);
  const dues = (await kv.list({ prefix: keys.dues })).map(({ key }) => key);
  const expected = statuses.flatMap(({ key, value }) =>
    value.nextDue === null ? [] : [keys.due(value.nextDue, key[1] as string)]
  );
  assert.deepEqual(dues.map(String).sort(), expected.map(String).sort());
  for (const id of await idsOf(["index"])) {
    assert.ok(repos.includes(id), "a pointer without a repository");
    const stored = new Set((await kv.list({ prefix: keys.segments(id) })).map(({ key }) => key[2]));
    for (const hash of await referenced(kv, id)) assert.ok(stored.has(hash), `lost ${hash}`);
  }
}

/** Nothing is left of what was under way, or is not wanted any more. */
async function assertClean({ kv, clock }: Pick<Services, "kv" | "clock">) {
  assert.deepEqual([...await leasedRepos(kv, clock())], []);
  assert.deepEqual(await kv.list({ prefix: keys.garbages }), []);
  const repos = (await kv.list({ prefix: keys.repos })).map(({ key }) => key[1] as string);
  for (const prefix of [["event"], ["segment"], ["index"]]) {
    for (const { key } of await kv.list({ prefix })) {
      assert.ok(repos.includes(key[1] as string), `left behind: ${key.join("/")}`);
    }
  }
  for (const id of repos) {
    const used = await referenced(kv, id);
    for (const { key } of await kv.list({ prefix: keys.segments(id) })) {
      assert.ok(used.has(key[2] as string), `left behind: ${key.join("/")}`);
    }
  }
}

async function referenced(kv: Kv, repoId: string): Promise<Set<string>> {
  const pointer = await readPointer(kv, repoId);
  return pointer === null
    ? new Set()
    : referencesOf(pointer, await readCatalog(kv, repoId, pointer));
}

/** The apps that are served, each with its number of versions. */
async function served({ call }: Chartroom, repoId?: string): Promise<string[]> {
  const query = repoId === undefined ? "" : `?conditions=repo_id%3D${repoId}`;
  const { status, body } = await call("GET", `/v1/apps${query}`);
  assert.equal(status, 200, JSON.stringify(body));
  return body.items.map((app: Body) => `${app.name} ${app.version_total}`).sort();
}

/** Refuses every write, answers every read, and is alive but not ready. */
async function assertReadOnly({ chartroom: { call }, reads, writes }: Setting) {
  const answers = await Promise.all(writes.map(([...request]) => call(...request)));
  for (const [i, answer] of answers.entries()) assertUnavailable(answer, writes[i]!.join(" "));
  const begun = performance.now();
  for (const path of reads) assert.equal((await call("GET", path)).status, 200, path);
  assert.ok(performance.now() - begun < PROMPT_MS, "reads wait behind writes");
  assertUnavailable(await call("GET", "/readyz"), "/readyz");
  assert.equal((await call("GET", "/healthz")).status, 200);
}

/** Takes writes of every kind again, and syncs what became due meanwhile. */
async function assertHealed({ chartroom, upstream, id }: Setting) {
  const { call, clock, services } = chartroom;
  await eventually(() => call("GET", "/readyz"), ({ status }) => status === 200);
  clock.now += LEASE_MS;
  await services.syncer.tick();
  await eventually(() => served(chartroom, id), (apps) => apps.join() === "one 2,two 1");
  await services.syncer.idle();
  await assertWhole(services.kv);
  const other = await chartroom.register(upstream.url);
  assert.equal((await call("PATCH", `/v1/repos/${other}`, { description: "x" })).status, 200);
  assert.equal((await chartroom.sync(other)).status, "successful");
  assert.equal((await call("DELETE", `/v1/repos/${other}`)).status, 200);
  clock.now += GARBAGE_DELAY_MS + LEASE_MS;
  await services.syncer.tick();
  // A sweep passes over what is being synced.
  await services.syncer.tick();
  await assertWhole(services.kv);
  await assertClean(services);
}

Deno.test(
  "while another process has the database locked, reads are answered, and writes are 503",
  onFile(async (setting) => {
    const { chartroom, upstream, path } = setting;
    const { clock, services } = chartroom;
    const victim = await chartroom.register(upstream.url);
    setting.writes.push(["DELETE", `/v1/repos/${victim}`]);
    upstream.serve("/index.yaml", NEW);
    clock.now += HOUR_MS;
    const other = openBeside(path);
    other.exec("BEGIN IMMEDIATE");
    await assertReadOnly(setting);
    await services.syncer.tick();
    assert.deepEqual(await served(chartroom, setting.id), ["one 1"]);
    other.exec("COMMIT");
    other.close();
    await assertHealed(setting);
  }),
);

Deno.test(
  "while the database takes no write, reads are answered, and nothing is half written",
  onFile(async (setting) => {
    const { chartroom, upstream, path, id } = setting;
    const { clock, services } = chartroom;
    setting.writes.push(["DELETE", `/v1/repos/${id}`]);
    upstream.serve("/index.yaml", NEW);
    clock.now += HOUR_MS;
    const other = openBeside(path);
    // Every commit begins with this update.
    other.exec(
      "CREATE TRIGGER broken BEFORE UPDATE ON data_version " +
        "BEGIN SELECT RAISE(FAIL, 'disk I/O error'); END",
    );
    const rows = () => services.kv.list({ prefix: [] });
    const before = await rows();
    await assertReadOnly(setting);
    await services.syncer.tick();
    assert.deepEqual(await served(chartroom), ["one 1"]);
    assert.deepEqual(await rows(), before);
    other.exec("DROP TRIGGER broken");
    other.close();
    await assertHealed(setting);
  }),
);

Deno.test(
  "while the database hangs, what is in memory is served, the rest is 503, and nobody waits long",
  onFile(async (setting) => {
    const { chartroom, upstream, path, id, reads, writes } = setting;
    const { call, clock, services } = chartroom;
    const healthy = { ...services.kv };
    const other = openBeside(path);
    other.exec("BEGIN IMMEDIATE");
    // A handle that is opened now sweeps what has expired before all else, which is locked out.
    const hanging = await openKv({ kind: "file", path }, LIMITS);
    Object.assign(services.kv, hanging);
    // Not for ever, should this test find what it looks for.
    const release = setTimeout(() => other.exec("COMMIT"), 10 * PROMPT_MS);
    const begun = performance.now();
    for (let second = 0; second < 3; second++) {
      clock.now += CHECK_EVERY_MS;
      for (const path of reads) {
        const answer = await call("GET", path);
        if (path.startsWith("/v1/apps")) assert.equal(answer.status, 200, path);
        else assertUnavailable(answer, path);
      }
    }
    for (const [...request] of writes) assertUnavailable(await call(...request), request.join(" "));
    assertUnavailable(await call("GET", "/readyz"), "/readyz");
    assert.equal((await call("GET", "/healthz")).status, 200);
    await services.syncer.tick();
    // Two calls find out that it hangs, a read and a write.
    const most = 2 * LIMITS.callMs + 30 * LIMITS.trialMs + PROMPT_MS;
    assert.ok(performance.now() - begun < most, `took ${performance.now() - begun} ms`);
    clearTimeout(release);
    other.exec("COMMIT");
    other.close();
    upstream.serve("/index.yaml", NEW);
    clock.now += HOUR_MS;
    await assertHealed(setting);
    assert.equal((await call("GET", `/v1/repos/${id}`)).status, 200);
    await healthy.close();
  }),
);

Deno.test(
  "a database that is closed underneath is opened anew, once for all that want it",
  onFile(async (setting) => {
    const { chartroom, upstream, handles, reads, writes } = setting;
    const { call, clock, services } = chartroom;
    const { length: opened } = handles;
    for (const handle of handles.slice(-2)) handle.close();
    await Promise.all(Array.from({ length: 50 }, () => services.kv.get(["nothing"])));
    assert.equal(handles.length - opened, 1);
    const all = await Promise.all([
      ...reads.map((path) => call("GET", path)),
      ...reads.map((path) => call("GET", path)),
      ...writes.map(([...request]) => call(...request)),
      call("GET", "/readyz"),
    ]);
    assert.deepEqual(all.map(({ status }) => status), all.map(() => 200));
    assert.equal(handles.length - opened, 2, "one for reads and one for writes");
    await services.syncer.idle();
    upstream.serve("/index.yaml", NEW);
    clock.now += HOUR_MS;
    await assertHealed(setting);
    assert.equal(handles.length - opened, 2);
  }),
);

Deno.test(
  "no empty database takes the place of one whose file is gone",
  onFile(async ({ chartroom: { call }, handles, path, reads, writes }) => {
    for (const handle of handles.slice(-2)) handle.close();
    await Deno.rename(path, `${path}.away`);
    for (const path of reads) {
      const answer = await call("GET", path);
      if (path.startsWith("/v1/apps")) assert.equal(answer.status, 200, path);
      else assertUnavailable(answer, path);
    }
    for (const [...request] of writes) assertUnavailable(await call(...request), request.join(" "));
    await assert.rejects(Deno.stat(path), Deno.errors.NotFound);
    await Deno.rename(`${path}.away`, path);
    for (const path of reads) assert.equal((await call("GET", path)).status, 200, path);
    for (const [...request] of writes) assert.equal((await call(...request)).status, 200);
  }),
);

Deno.test("a database in memory that is closed is lost, and no empty one takes its place", async () => {
  const { handles, restore } = watchHandles();
  await withChartroom(async ({ call, register }, upstream) => {
    upstream.serve("/index.yaml", OLD);
    const id = await register(upstream.url);
    assert.equal((await call("GET", "/v1/apps")).body.total_count, 1);
    handles[0]!.close();
    assert.equal((await call("GET", "/v1/apps")).body.total_count, 1);
    assertUnavailable(await call("GET", `/v1/repos/${id}`), "GET");
    assertUnavailable(await call("DELETE", `/v1/repos/${id}`), "DELETE");
    assert.equal(handles.length, 1);
  }).finally(restore);
});

Deno.test("closing does not wait for a database that does not answer", () =>
  withFolder(async (folder) => {
    const location = { kind: "file", path: `${folder}/kv.sqlite` } as const;
    const busy = await openKv(location, LIMITS);
    const other = openBeside(location.path);
    other.exec("BEGIN IMMEDIATE");
    await assert.rejects(busy.commit((op) => op.set(["a"], 1)), StoreUnavailable);
    const hanging = await openKv(location, LIMITS);
    const begun = performance.now();
    const closing = [busy.close(), hanging.close()];
    assert.ok(performance.now() - begun < LIMITS.callMs, "it blocks all else");
    await Promise.all(closing);
    assert.ok(performance.now() - begun < PROMPT_MS);
    await assert.rejects(busy.get(["a"]), StoreUnavailable);
    other.exec("COMMIT");
    other.close();
    // What was under way is done all the same.
    const after = await openKv(location, LIMITS);
    await eventually(() => after.get(["a"]), ({ value }) => value === 1);
    await after.close();
  }));

/** Starts the service with a limit to the size of its files that can be set, and does not end it. */
async function startLimited(environment: Record<string, string>) {
  const root = new URL("../../", import.meta.url).pathname;
  const permissions = ["--allow-net", "--allow-env", "--allow-read", "--allow-write"];
  const run = ["run", "--no-prompt", `--config=${root}deno.json`, ...permissions, `${root}main.ts`];
  const child = new Deno.Command("sh", {
    args: ["-c", `trap "" XFSZ; exec "$0" "$@"`, Deno.execPath(), ...run],
    env: environment,
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const listening = Promise.withResolvers<string>();
  let log = "";
  const follow = (async () => {
    for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) {
      log += text;
      const url = /"url":"([^"]+)"/.exec(log)?.[1];
      if (url !== undefined) listening.resolve(url);
    }
    listening.reject(new Error(log));
  })();
  return {
    url: await listening.promise,
    /** Bytes, or `unlimited`. */
    async limitFiles(size: string) {
      const args = ["--pid", String(child.pid), `--fsize=${size}:`];
      assert.ok((await new Deno.Command("prlimit", { args }).output()).success);
    },
    async stop() {
      child.kill("SIGTERM");
      const { code } = await child.status;
      await follow;
      return { code, log };
    },
  };
}

Deno.test({
  name: "while the disk is full, reads are answered, writes are 503, and then all goes on",
  ignore: Deno.build.os !== "linux",
  fn: () =>
    withFolder(async (folder) => {
      const upstream = startUpstream();
      upstream.serve("/index.yaml", OLD);
      const { url, limitFiles, stop } = await startLimited({
        PORT: "0",
        CHARTROOM_KV: `${folder}/kv.sqlite`,
        CHARTROOM_ALLOW_UPSTREAM: "127.0.0.1",
      });
      const call = async (method: string, path: string, body?: unknown): Promise<Answer> => {
        const json = {
          headers: { "content-type": "application/json" },
          body: JSON.stringify(body),
        };
        const response = await fetch(url + path, { method, ...(body === undefined ? {} : json) });
        const { status, headers } = response;
        return { status, headers, body: await response.json() };
      };
      const add = { name: "first", url: upstream.url };
      const { repo_id: id } = (await call("POST", "/v1/repos", add)).body;
      const apps = () => call("GET", "/v1/apps");
      await eventually(apps, ({ body }) => body.total_count === 1);
      await limitFiles("0");
      const writes: Setting["writes"] = [
        ["POST", "/v1/repos", { name: "late", url: upstream.url }],
        ["PATCH", `/v1/repos/${id}`, { description: "late" }],
        ["POST", `/v1/repos/${id}/action`, { action: "index" }],
        ["DELETE", `/v1/repos/${id}`],
      ];
      for (const [...request] of writes) assertUnavailable(await call(...request), String(request));
      assertUnavailable(await call("GET", "/readyz"), "/readyz");
      assert.equal((await call("GET", "/healthz")).status, 200);
      for (const path of ["/v1/apps", "/v1/repos", `/v1/repos/${id}`, `/v1/repos/${id}/events`]) {
        assert.equal((await call("GET", path)).status, 200, path);
      }
      await limitFiles("unlimited");
      assert.equal((await call("GET", "/readyz")).status, 200);
      assert.equal((await call("GET", `/v1/repos/${id}`)).body.description, undefined);
      assert.equal((await call("GET", "/v1/repos")).body.total_count, 1);
      upstream.serve("/index.yaml", NEW);
      for (const [...request] of writes.slice(0, 3)) {
        assert.equal((await call(...request)).status, 200, String(request));
      }
      await eventually(apps, ({ body }) => body.total_count === 4);
      const { code, log } = await stop();
      assert.equal(code, 0, log);
      assert.match(log, /"event":"store unavailable".*disk I\/O error/);
      await upstream.close();
    }),
});

/** How a call of the store fails. */
type Failure = "call does nothing" | "commit is not answered" | "call begins an outage";

/** Lets a store fail: at its `n`th call or commit alone, or from there until it is `over`. */
function breakAt(kv: Kv, n: number, failure: Failure) {
  const faults = { calls: 0, over: false };
  const names = ["get", "getMany", "list", "commit"] as const;
  for (const name of failure === "commit is not answered" ? names.slice(-1) : names) {
    const call = kv[name] as (...args: unknown[]) => Promise<unknown>;
    const failing = async (...args: unknown[]) => {
      const fails = ++faults.calls >= n && !faults.over;
      if (!fails) return await call(...args);
      if (failure !== "call begins an outage") faults.over = true;
      if (failure === "commit is not answered") await call(...args);
      throw new StoreUnavailable("broken by the test");
    };
    Object.assign(kv, { [name]: failing });
  }
  return faults;
}

/** All that is done with repositories: one of them is kept, the other is deleted. */
async function useStore(
  { call, clock, services }: Chartroom,
  upstream: Upstream,
  faults: { calls: number; over: boolean },
  n: number,
) {
  /** Ends the outage, if it has begun. */
  const endStep = async () => {
    await services.syncer.idle();
    if (faults.calls >= n) faults.over = true;
  };
  /** Asks again when it was told to. `done`: what says that the first time had an effect. */
  const ask = async (method: string, path: string, body?: unknown, done = 200): Promise<Body> => {
    const first = await call(method, path, body);
    await endStep();
    if (first.status === 200) return first.body;
    assertUnavailable(first, `${method} ${path}`);
    const second = await call(method, path, body);
    await endStep();
    assert.ok([200, done].includes(second.status), `${method} ${path}: ${second.status}`);
    return second.body;
  };
  const tick = async () => {
    await services.syncer.tick();
    await endStep();
  };
  /** The apps of the repository that is kept, which have to be those of one index. */
  const look = async () => {
    clock.now += CHECK_EVERY_MS;
    const { items } = await ask("GET", `/v1/apps?conditions=repo_id%3D${kept}`);
    const apps = items.map((app: Body) => `${app.name} ${app.version_total}`).sort().join();
    assert.ok(["", "one 1", "one 2,two 1", "one 3"].includes(apps), apps);
    return apps;
  };

  for (const path of ["/a/index.yaml", "/b/index.yaml"]) upstream.serve(path, OLD);
  await ask("POST", "/v1/repos", { name: "kept", url: `${upstream.url}/a` }, 409);
  await ask("POST", "/v1/repos", { name: "deleted", url: `${upstream.url}/b` }, 409);
  const { items } = await ask("GET", "/v1/repos");
  const [kept, deleted] = ["kept", "deleted"].map((name) =>
    items.find((repo: Body) => repo.name === name).repo_id
  );
  await look();
  upstream.serve("/a/index.yaml", NEW);
  await ask("POST", `/v1/repos/${kept}/action`, { action: "index" });
  await look();
  await ask("PATCH", `/v1/repos/${kept}`, { description: "changed", sync_period: "2h" });
  upstream.serve("/moved/index.yaml", NEW);
  await ask("PATCH", `/v1/repos/${kept}`, { name: "moved", url: `${upstream.url}/moved` });
  clock.now += GARBAGE_DELAY_MS + LEASE_MS;
  await tick();
  await look();
  await ask("DELETE", `/v1/repos/${deleted}`, undefined, 404);
  clock.now += GARBAGE_DELAY_MS + LEASE_MS;
  await tick();

  faults.over = true;
  await assertWhole(services.kv);
  upstream.serve("/moved/index.yaml", NEWEST);
  clock.now += 2 * HOUR_MS;
  await tick();
  await eventually(look, (apps) => apps === "one 3");
  assert.equal((await ask("GET", `/v1/repos/${kept}`)).description, "changed");
  clock.now += GARBAGE_DELAY_MS + LEASE_MS;
  await tick();
  await tick();
  await assertWhole(services.kv);
  await assertClean(services);
}

/** Uses a store that fails, and counts its calls. */
async function useBrokenStore(n: number, failure: Failure): Promise<number> {
  const unhandled: unknown[] = [];
  const note = (event: PromiseRejectionEvent) => {
    event.preventDefault();
    unhandled.push(event.reason);
  };
  addEventListener("unhandledrejection", note);
  let calls = 0;
  await withChartroom(async (chartroom, upstream) => {
    const faults = breakAt(chartroom.services.kv, n, failure);
    await useStore(chartroom, upstream, faults, n).catch((error) => {
      throw new Error(`number ${n}`, { cause: error });
    });
    const mistakes = chartroom.log.filter(({ event }) =>
      / from within$|^request failed/.test(event)
    );
    assert.deepEqual(mistakes, [], `number ${n}`);
    calls = faults.calls;
  });
  removeEventListener("unhandledrejection", note);
  assert.deepEqual(unhandled, [], `number ${n}`);
  return calls;
}

/** An outage has more calls in it, so that not every beginning is another case. */
const STEPS: Record<Failure, number> = {
  "call does nothing": 1,
  "commit is not answered": 1,
  "call begins an outage": 3,
};

for (const [failure, step] of Object.entries(STEPS) as [Failure, number][]) {
  Deno.test(`whichever ${failure}, nothing is lost or half done, and it heals`, async () => {
    const calls = await useBrokenStore(Infinity, failure);
    assert.ok(calls > 20, `${calls} calls`);
    for (let n = 1; n <= calls; n += step) await useBrokenStore(n, failure);
  });
}
