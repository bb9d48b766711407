/** A key that is replaced, or lost, by who runs the service. */

import assert from "node:assert/strict";
import { createSecrets } from "../../src/access/secrets.ts";
import { keys } from "../../src/store/keys.ts";
import { type Kv, openKv } from "../../src/store/kv.ts";
import { insertRepo, listRepos } from "../../src/store/repos.ts";
import { call, eventually, run, start, startProcess, withFolder } from "../support/process.ts";
import { indexOf, startUpstream } from "../support/upstream.ts";

const [OLD, NEW] = [1, 2].map((byte) => new Uint8Array(32).fill(byte).toBase64());
const CREDENTIAL = JSON.stringify({ username: "bob", password: "horse" });
/** So many that it takes a while. */
const MANY = 600;

const environmentOf = (folder: string, secretKey?: string) => ({
  CHARTROOM_KV: `${folder}/data/kv.sqlite`,
  CHARTROOM_ALLOW_UPSTREAM: "127.0.0.1",
  ...(secretKey !== undefined && { CHARTROOM_SECRET_KEY: secretKey }),
});
const reseal = (folder: string, secretKey: string | undefined, ...args: string[]) =>
  run("src/reseal.ts", environmentOf(folder, secretKey), args);

async function withKv<T>(folder: string, work: (kv: Kv) => Promise<T>): Promise<T> {
  const kv = await openKv({ kind: "file", path: `${folder}/data/kv.sqlite` });
  try {
    return await work(kv);
  } finally {
    await kv.close();
  }
}

Deno.test("a key is replaced step by step, with the service running", () =>
  withFolder(async (folder) => {
    const upstream = startUpstream();
    upstream.serve("/index.yaml", ({ headers }) => {
      const isBob = headers.get("authorization") === `Basic ${btoa("bob:horse")}`;
      return isBob ? new Response(indexOf({ one: ["1.0.0"] })) : new Response("", { status: 401 });
    });
    const stop = async (process: Awaited<ReturnType<typeof startProcess>>) => {
      process.kill("SIGTERM");
      assert.equal((await process.status).code, 0);
    };
    const first = await startProcess(environmentOf(folder, OLD));
    const repo = { name: "private", url: upstream.url, credential: CREDENTIAL };
    const { repo_id: id } = await call(first, "POST", "/v1/repos", repo);
    const { secret } = await call(first, "POST", `/v1/repos/${id}/webhook`);
    const settled = (process: typeof first) =>
      eventually(
        () => call(process, "GET", `/v1/repos/${id}`),
        ({ status }) => status !== "syncing",
      );
    await settled(first);
    await stop(first);

    const second = await startProcess(environmentOf(folder, `${NEW},${OLD}`));
    await second.saw(/"event":"old key in use".*deno task reseal/);
    assert.deepEqual(await reseal(folder, `${NEW},${OLD}`), {
      code: 0,
      out: "sealed anew: 2, sealed with the first key before: 0\n",
      error: "",
    });
    assert.equal(
      (await call(second, "POST", `/v1/repos/${id}/action`, { action: "index" })).message,
      "success",
    );
    assert.equal((await settled(second)).status, "successful");
    await stop(second);

    const third = await startProcess(environmentOf(folder, NEW));
    const announced = await fetch(`${third.url}/v1/webhooks/${id}`, {
      method: "POST",
      headers: { authorization: `Bearer ${secret}` },
    });
    assert.equal(announced.status, 202);
    await announced.body?.cancel();
    assert.equal((await settled(third)).status, "successful");
    await stop(third);

    const { code, error } = await run("main.ts", environmentOf(folder, OLD));
    assert.equal(code, 1);
    assert.match(
      error,
      /^CHARTROOM_SECRET_KEY does not open what the database keeps sealed: .*\n$/,
    );
    await upstream.close();
  }));

Deno.test("a reseal that is killed anywhere is gone on with", () =>
  withFolder(async (folder) => {
    const [old, fresh] = await Promise.all(
      [OLD, NEW].map((key) => createSecrets([Uint8Array.fromBase64(key!)])),
    );
    await withKv(folder, async (kv) => {
      for (let i = 0; i < MANY; i++) {
        const id = `repo-${String(i).padStart(14, "0")}`;
        await insertRepo(kv, {
          id,
          workspace: "",
          name: id,
          url: "https://charts.example.org",
          host: "charts.example.org",
          description: "",
          period: { text: "0", seconds: 0 },
          suspended: true,
          creator: "",
          createTime: 1,
          revision: 1,
          credential: await old!.seal({ owner: id, field: "credential" }, CREDENTIAL),
        });
      }
    });
    const sealedAnew = (kv: Kv) =>
      listRepos(kv).then(async (rows) => {
        const states = rows.map(({ value: { id, credential } }) =>
          fresh!.open({ owner: id, field: "credential" }, credential!).then(() => 1, () => 0)
        );
        return (await Promise.all<number>(states)).reduce((a, b) => a + b, 0);
      });
    await withKv(folder, async (kv) => {
      const first = () => kv.get(keys.repo(`repo-${"0".repeat(14)}`));
      const { versionstamp } = await first();
      const killed = start("src/reseal.ts", environmentOf(folder, `${NEW},${OLD}`), "stdout");
      await eventually(first, (row) => row.versionstamp !== versionstamp);
      killed.kill("SIGKILL");
      await killed.status;
      const count = await sealedAnew(kv);
      assert.ok(count > 0 && count < MANY, `${count} were sealed anew`);
      assert.equal((await kv.get(keys.secretCheck)).value, null);
    });
    // Either key alone would lock a part out.
    const both = await startProcess(environmentOf(folder, `${NEW},${OLD}`));
    await both.saw(/old key in use/);
    both.kill("SIGTERM");
    await both.status;
    const { code, out } = await reseal(folder, `${NEW},${OLD}`);
    assert.equal(code, 0);
    const [, anew, before] = /^sealed anew: (\d+), .* before: (\d+)\n$/.exec(out)!;
    assert.equal(Number(anew) + Number(before), MANY);
    assert.ok(Number(before) > 0);
    assert.equal(await withKv(folder, sealedAnew), MANY);
    assert.match((await reseal(folder, NEW)).out, new RegExp(`anew: 0, .* before: ${MANY}\n`));
  }));

Deno.test("a reseal of what is not there makes nothing", () =>
  withFolder(async (folder) => {
    const { code, out } = await reseal(folder, NEW);
    assert.equal(code, 1);
    assert.equal(out, `CHARTROOM_KV names no database: ${folder}/data/kv.sqlite\n`);
    assert.deepEqual(await Array.fromAsync(Deno.readDir(folder)), []);
  }));

Deno.test("a lost key costs what it sealed, once its operator says so, and nothing else", () =>
  withFolder(async (folder) => {
    const upstream = startUpstream();
    upstream.serve("/index.yaml", indexOf({ one: ["1.0.0"] }));
    const first = await startProcess(environmentOf(folder));
    const repo = { name: "private", url: upstream.url, credential: CREDENTIAL };
    const { repo_id: id } = await call(first, "POST", "/v1/repos", repo);
    first.kill("SIGTERM");
    await first.status;
    const file = `${folder}/data/secret.key`;
    await Deno.remove(file);

    const refused = await run("main.ts", environmentOf(folder));
    assert.equal(refused.code, 1);
    assert.ok(
      refused.error.startsWith(`CHARTROOM_SECRET_KEY is not set, and ${file} does not open`),
    );
    assert.match(refused.error, /`deno task reseal --forget`/);
    assert.equal(refused.error.split("\n").length, 2);

    const left = await reseal(folder, undefined);
    assert.equal(left.code, 1);
    assert.match(left.out, new RegExp(`^unreadable: the credential of ${id}\nsealed anew: 0, `));
    assert.equal((await reseal(folder, undefined, "--forgot")).code, 2);
    assert.equal((await run("main.ts", environmentOf(folder))).code, 1);

    const dropped = await reseal(folder, undefined, "--forget");
    assert.equal(dropped.code, 0);
    assert.match(dropped.out, new RegExp(`^dropped: the credential of ${id}\n`));
    const second = await startProcess(environmentOf(folder));
    await call(second, "POST", `/v1/repos/${id}/action`, { action: "index" });
    const { status } = await eventually(
      () => call(second, "GET", `/v1/repos/${id}`),
      ({ status }) => status !== "syncing",
    );
    assert.equal(status, "successful");
    assert.equal(upstream.requests.at(-1)!.headers.get("authorization"), null);
    second.kill("SIGTERM");
    await second.status;
    await upstream.close();
  }));
