/** The audit log when the database fails, and when the process is killed midway. */

import assert from "node:assert/strict";
import { StoreUnavailable } from "../../src/store/kv.ts";
import { type Chartroom, withChartroom } from "../support/chartroom.ts";
import { call, eventually, startProcess, withFolder } from "../support/process.ts";
import { indexOf, startUpstream } from "../support/upstream.ts";

type Write = "before" | "after";

/** From now on, those writes of the log fail: what is about to be done, or how it ended. */
function failWrites({ services: { kv } }: Chartroom, failing: Write): void {
  const { commit } = kv;
  kv.commit = (build) => {
    const written: [Deno.KvKey, unknown][] = [];
    const probe: Deno.AtomicOperation = new Proxy({} as Deno.AtomicOperation, {
      get: (_, name) => (key: Deno.KvKey, value: unknown) => {
        if (name === "set") written.push([key, value]);
        return probe;
      },
    });
    build(probe);
    const [key, value] = written[0] ?? [];
    const isMeant = key?.[0] === "audit" &&
      ("ended" in (value as object)) === (failing === "after");
    return isMeant ? Promise.reject(new StoreUnavailable("no disk")) : commit(build);
  };
}

/** All but the log. */
async function rowsOf({ services }: Chartroom) {
  const rows = await services.kv.list({ prefix: [] });
  return rows.filter(({ key }) => key[0] !== "audit");
}

/** Of each kind of mutation, one that would work. */
async function mutations({ register, call }: Chartroom, url: string) {
  const id = await register(url);
  const hook = await call("POST", `/v1/repos/${id}/webhook`);
  const given = { name: "t", role: "viewer", workspace: "*" };
  const token = (await call("POST", "/v1/tokens", given)).body.token_id;
  const known: [string, string, unknown?][] = [
    ["POST", "/v1/repos", { name: "new", url }],
    ["POST", "/v1/workspaces/team-a/repos", { name: "new", url }],
    ["POST", "/v1/repos?validate=true", { name: "tried", url }],
    ["PATCH", `/v1/repos/${id}`, { description: "x" }],
    ["POST", `/v1/repos/${id}/action`, { action: "index" }],
    ["PATCH", `/v1/repos/${id}/webhook`, { branches: ["main"] }],
    ["POST", `/v1/repos/${id}/webhook`],
    ["DELETE", `/v1/repos/${id}/webhook`],
    ["POST", "/v1/tokens", given],
    ["DELETE", `/v1/tokens/${token}`],
    ["DELETE", `/v1/repos/${id}`],
  ];
  return { id, known, secret: hook.body.secret as string };
}

Deno.test("where it cannot be recorded first, nothing is done", () =>
  withChartroom(async (chartroom, upstream) => {
    upstream.serve("/index.yaml", indexOf({ one: ["1.0.0"] }));
    const { known } = await mutations(chartroom, upstream.url);
    const before = await rowsOf(chartroom), asked = upstream.requests.length;
    failWrites(chartroom, "before");
    for (const [method, path, body] of known) {
      const answer = await chartroom.call(method, path, body);
      assert.deepEqual(
        [answer.status, answer.body.code],
        [503, "unavailable"],
        `${method} ${path}`,
      );
    }
    assert.deepEqual(await rowsOf(chartroom), before);
    assert.equal(upstream.requests.length, asked);
    assert.equal((await chartroom.call("GET", "/v1/repos")).status, 200);
  }));

Deno.test("where its end cannot be recorded, it is done and stays pending, and the log says so", () =>
  withChartroom(async (chartroom, upstream) => {
    upstream.serve("/index.yaml", indexOf({ one: ["1.0.0"] }));
    const { known } = await mutations(chartroom, upstream.url);
    failWrites(chartroom, "after");
    for (const [method, path, body] of known) {
      const { status } = await chartroom.call(method, path, body);
      assert.equal(status, 200, `${method} ${path}`);
      const page = await chartroom.call("GET", "/v1/audit?limit=1");
      const [entry] = page.body.items;
      assert.deepEqual([entry.outcome, entry.status], ["pending", undefined], entry.action);
      const said = chartroom.log.findLast(({ event }) => event === "audit entry not written");
      assert.equal(said?.fields?.auditId, entry.audit_id);
      await chartroom.services.syncer.idle();
    }
    const pending = await chartroom.call("GET", "/v1/audit?conditions=outcome=pending");
    assert.equal(pending.body.items.length, known.length);
  }));

Deno.test("a refusal and a delivery are answered as ever when they cannot be recorded", () =>
  withChartroom(async (chartroom, upstream) => {
    upstream.serve("/index.yaml", indexOf({ one: ["1.0.0"] }));
    const { id, secret } = await mutations(chartroom, upstream.url);
    failWrites(chartroom, "after");
    const deliver = (secret: string) =>
      chartroom.call("POST", `/v1/webhooks/${id}`, {}, { authorization: `Bearer ${secret}` });
    assert.equal((await deliver("wrong")).status, 401);
    assert.equal((await deliver(secret)).status, 202);
    const logged = chartroom.log.filter(({ event }) => event === "audit entry not written");
    assert.equal(logged.length, 2);
    assert.doesNotMatch(JSON.stringify(logged), new RegExp(secret));
  }));

Deno.test("what was under way when the process was killed is pending", () =>
  withFolder(async (folder) => {
    const upstream = startUpstream();
    const environment = {
      CHARTROOM_KV: `${folder}/kv.sqlite`,
      CHARTROOM_ALLOW_UPSTREAM: "127.0.0.1",
    };
    try {
      const hanging = Promise.withResolvers<Response>();
      upstream.serve("/index.yaml", indexOf({ one: ["1.0.0"] }));
      upstream.serve("/slow/index.yaml", () => hanging.promise);
      const first = await startProcess(environment);
      const repo = { name: "r", url: upstream.url };
      const id = (await call(first, "POST", "/v1/repos", repo)).repo_id;
      const patched = call(first, "PATCH", `/v1/repos/${id}`, { url: `${upstream.url}/slow` });
      const slow = () => upstream.requests.some(({ path }) => path.startsWith("/slow"));
      await eventually(() => Promise.resolve(slow()), Boolean);
      first.kill("SIGKILL");
      await assert.rejects(patched);
      await first.status;
      hanging.resolve(new Response("late"));

      const second = await startProcess(environment);
      const { items } = await call(second, "GET", "/v1/audit");
      assert.deepEqual(
        items.map(({ action, outcome, resource }: Record<string, { id: string }>) => [
          action,
          outcome,
          resource!.id,
        ]),
        [["repository.update", "pending", id], ["repository.create", "success", id]],
      );
      second.kill("SIGTERM");
      await second.status;
    } finally {
      await upstream.close();
    }
  }));

Deno.test("whenever it is killed, no repository is there without an entry", () =>
  withFolder(async (folder) => {
    const upstream = startUpstream();
    upstream.serve("/index.yaml", indexOf({ one: ["1.0.0"] }));
    const environment = {
      CHARTROOM_KV: `${folder}/kv.sqlite`,
      CHARTROOM_ALLOW_UPSTREAM: "127.0.0.1",
      CHARTROOM_RATE_LIMIT: "off",
    };
    try {
      for (const round of [1, 2, 3]) {
        const process = await startProcess(environment);
        const sent = Array.from(
          { length: 40 },
          (_, n) =>
            call(process, "POST", "/v1/repos", { name: `${round} ${n}`, url: upstream.url })
              .then(() => 1, () => 0),
        );
        await Promise.race(sent.slice(round * 5));
        process.kill("SIGKILL");
        await Promise.all(sent);
        await process.status;
      }
      const last = await startProcess(environment);
      const repos = (await call(last, "GET", "/v1/repos?limit=-1")).items;
      const entries = (await call(last, "GET", "/v1/audit?limit=1000")).items;
      last.kill("SIGTERM");
      await last.status;
      const told = new Set(
        entries.map(({ resource }: { resource?: { id: string } }) => resource?.id),
      );
      const untold = repos.filter(({ repo_id }: { repo_id: string }) => !told.has(repo_id));
      const pending = entries.filter(({ outcome }: { outcome: string }) => outcome === "pending");
      assert.ok(repos.length > 3 && told.size > 3, `${repos.length}, ${told.size}`);
      assert.ok(untold.length <= pending.length, `${untold.length} > ${pending.length}`);
    } finally {
      await upstream.close();
    }
  }));
