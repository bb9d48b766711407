/** The service as a process: start, stop, wrong configuration, two at one database, SIGKILL. */

import assert from "node:assert/strict";
import { call, eventually, run, startProcess, withFolder } from "../support/process.ts";
import { indexOf, startUpstream } from "../support/upstream.ts";

const ENVIRONMENT = (folder: string) => ({
  CHARTROOM_KV: `${folder}/data/kv.sqlite`,
  CHARTROOM_ALLOW_UPSTREAM: "127.0.0.1",
});

Deno.test("a wrong variable stops the start with one line that names it", async () => {
  const wrong: [string, string, RegExp][] = [
    ["PORT", "80a", /^PORT takes a whole number from 0 to 65535, not "80a"\n$/],
    [
      "HOST",
      "0.0.0.0",
      /^CHARTROOM_ADMIN_TOKEN is required where HOST is not a loopback address\n$/,
    ],
    ["CHARTROOM_KV", "ftp://x", /^CHARTROOM_KV takes the path of a file, /],
    [
      "CHARTROOM_KV",
      new URL("../../deno.json/kv", import.meta.url).pathname,
      /^CHARTROOM_KV cannot be opened: [^\n]+\n$/,
    ],
    ["CHARTROOM_SECRET_KEY", "short", /^CHARTROOM_SECRET_KEY takes 32 bytes in base64/],
    ["CHARTROOM_ALLOW_UPSTREAM", "10.0.0.0/33", /^CHARTROOM_ALLOW_UPSTREAM takes a comma list/],
  ];
  for (const [name, value, message] of wrong) {
    const { code, out, error } = await run("main.ts", { CHARTROOM_KV: ":memory:", [name]: value });
    assert.equal(code, 1, name);
    assert.match(error, message);
    assert.equal(error.split("\n").length, 2, error);
    assert.equal(out, "");
  }
});

Deno.test("SIGTERM and SIGINT finish requests, give leases back and exit 0", () =>
  withFolder(async (folder) => {
    const upstream = startUpstream();
    for (const signal of ["SIGTERM", "SIGINT"] as const) {
      const hang = Promise.withResolvers<Response>();
      const asked = Promise.withResolvers<void>();
      upstream.serve(`/${signal}/index.yaml`, () => {
        asked.resolve();
        return hang.promise;
      });
      const process = await startProcess(ENVIRONMENT(folder));
      const url = `${upstream.url}/${signal}`;
      const { repo_id: id } = await call(process, "POST", "/v1/repos", { name: signal, url });
      await asked.promise;
      // A request that is being answered while the process stops.
      upstream.serve(`/${signal}/index.yaml`, async () => {
        process.kill(signal);
        const { hostname, port } = new URL(process.url);
        const connect = () => Deno.connect({ hostname, port: Number(port) });
        // It takes no more connections, and still finishes what it has.
        await eventually(
          () => connect().then((connection) => connection.close(), () => "refused"),
          (outcome) => outcome === "refused",
        );
        return new Response(indexOf({ one: ["1.0.0"] }));
      });
      const valid = await call(process, "POST", "/v1/repos?validate=true", { url });
      assert.equal(valid.ok, true);
      const begun = Date.now();
      assert.equal((await process.status).code, 0);
      assert.ok(Date.now() - begun < 5_000);
      hang.resolve(new Response(""));

      upstream.serve(`/${signal}/index.yaml`, indexOf({ one: ["1.0.0"] }));
      const next = await startProcess(ENVIRONMENT(folder));
      const repo = await eventually(
        () => call(next, "GET", `/v1/repos/${id}`),
        ({ status }) => status !== "syncing",
      );
      assert.equal(repo.status, "successful");
      next.kill("SIGTERM");
      await next.status;
    }
    await upstream.close();
  }));

Deno.test("a port that is taken stops the start with one line", async () => {
  const upstream = startUpstream();
  const { code, error } = await run("main.ts", {
    CHARTROOM_KV: ":memory:",
    PORT: new URL(upstream.url).port,
  });
  assert.equal(code, 1);
  assert.match(error, /^HOST and PORT: cannot listen on 127\.0\.0\.1, port \d+: /);
  assert.equal(error.split("\n").length, 2, error);
  await upstream.close();
});

Deno.test("two processes on one database: one syncs what is due, both show it", () =>
  withFolder(async (folder) => {
    const upstream = startUpstream();
    upstream.serve("/index.yaml", indexOf({ one: ["1.0.0"] }));
    const [a, b] = await Promise.all([
      startProcess(ENVIRONMENT(folder)),
      startProcess(ENVIRONMENT(folder)),
    ]);
    const repo = { name: "shared", url: upstream.url, description: "before" };
    const { repo_id: id } = await call(a, "POST", "/v1/repos", repo);
    const list = (process: typeof a) => () =>
      call(process, "GET", `/v1/apps?conditions=repo_id=${id}`);
    await eventually(list(a), (page) => page.total_count === 1);
    const shown = async (process: typeof a, wanted: (page: never) => boolean) => {
      const begun = Date.now();
      await eventually(list(process), wanted as never);
      return Date.now() - begun;
    };
    assert.ok(await shown(b, (page: { total_count: number }) => page.total_count === 1) < 2_000);

    upstream.serve("/index.yaml", indexOf({ one: ["1.0.0", "1.1.0"], two: ["0.1.0"] }));
    const before = upstream.requests.length;
    // Both are told at once; what is due is done once or, if the second came later, twice.
    await call(b, "POST", `/v1/repos/${id}/action`, { action: "index" });
    await eventually(list(b), (page) => page.total_count === 2);
    assert.ok(await shown(a, (page: { total_count: number }) => page.total_count === 2) < 2_000);
    assert.equal(upstream.requests.length, before + 1);

    await call(b, "PATCH", `/v1/repos/${id}`, { description: "after" });
    await eventually(
      () => call(a, "GET", `/v1/repos/${id}`),
      (repo) => repo.description === "after",
    );
    const events = await call(a, "GET", `/v1/repos/${id}/events`);
    assert.equal(events.total_count, 2);
    for (const process of [a, b]) process.kill("SIGTERM");
    assert.deepEqual(
      await Promise.all([a, b].map(async ({ status }) => (await status).code)),
      [0, 0],
    );
    await upstream.close();
  }));

Deno.test("killed in the middle of a sync, it serves the old generation, then the new one", () =>
  withFolder(async (folder) => {
    const upstream = startUpstream();
    upstream.serve("/index.yaml", indexOf({ one: ["1.0.0"] }));
    const first = await startProcess(ENVIRONMENT(folder));
    const { repo_id: id } = await call(first, "POST", "/v1/repos", {
      name: "r",
      url: upstream.url,
    });
    const apps = (process: typeof first) => () =>
      call(process, "GET", `/v1/apps?conditions=repo_id=${id}`);
    await eventually(apps(first), (page) => page.total_count === 1);

    const asked = Promise.withResolvers<void>(), hang = Promise.withResolvers<Response>();
    upstream.serve("/index.yaml", () => {
      asked.resolve();
      return hang.promise;
    });
    await call(first, "POST", `/v1/repos/${id}/action`, { action: "index" });
    await asked.promise;
    first.kill("SIGKILL");
    await first.status;
    hang.resolve(new Response(""));

    upstream.serve("/index.yaml", indexOf({ one: ["1.0.0"], two: ["2.0.0"] }));
    const second = await startProcess(ENVIRONMENT(folder));
    assert.equal((await apps(second)()).total_count, 1);
    // The dead process's lease runs out, and its sync is done again.
    await eventually(apps(second), (page) => page.total_count === 2);
    const { items } = await call(second, "GET", `/v1/repos/${id}/events`);
    assert.deepEqual(items.map((event: { generation: number }) => event.generation), [2, 1]);
    second.kill("SIGTERM");
    await second.status;
    await upstream.close();
  }));
