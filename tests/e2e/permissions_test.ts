/** The service does all of its work with the permissions of its task, and has no others. */

import assert from "node:assert/strict";
import { PROXY_VARIABLES, VARIABLES } from "../../src/config.ts";
import { chartArchive, digestOf } from "../support/chart_archive.ts";
import { call, eventually, flagsOf, run, startProcess, withFolder } from "../support/process.ts";
import { startUpstream } from "../support/upstream.ts";

const ALLOW = { CHARTROOM_ALLOW_UPSTREAM: "127.0.0.1" };

Deno.test("the tasks permit what their scripts need by name, and nothing else", () => {
  for (const script of ["main.ts", "src/reseal.ts"]) {
    const flags = Object.fromEntries(flagsOf(script).map((flag) => flag.split("=")));
    const { "--deny-net": denied, "--allow-env": names, ...rest } = flags;
    const others = VARIABLES.filter((name) => !name.startsWith("CHARTROOM_"));
    // The last is read by Deno itself, for KV Connect.
    const expected = [...others, "CHARTROOM_*", "DENO_KV_ACCESS_TOKEN", ...PROXY_VARIABLES];
    assert.deepEqual(names.split(",").sort(), expected.sort(), script);
    assert.ok(denied.split(",").includes("169.254.0.0/16"), script);
    assert.deepEqual(rest, {
      "--no-prompt": undefined,
      "--deny-import": undefined,
      "--allow-read": "data",
      "--allow-write": "data",
      "--allow-net": undefined,
    }, script);
  }
});

Deno.test("with the task's own flags everything works, and a second process too", () =>
  withFolder(async (folder) => {
    const upstream = startUpstream();
    const archive = await chartArchive("redis");
    upstream.serve("/redis-1.0.0.tgz", archive);
    upstream.serve(
      "/index.yaml",
      `apiVersion: v1\nentries:\n  redis:\n  - name: redis\n    version: 1.0.0\n    ` +
        `digest: ${digestOf(archive)}\n    urls: [redis-1.0.0.tgz]\n`,
    );
    const environment = { ...ALLOW, CHARTROOM_PURGE_URL: `${upstream.url}/purge` };
    const process = await startProcess(environment, folder);
    const { repo_id: id } = await call(process, "POST", "/v1/repos", {
      name: "private",
      url: upstream.url,
      credential: JSON.stringify({ username: "bob", password: "horse" }),
    });
    const second = await startProcess(environment, folder);
    for (const one of [process, second]) {
      const { items } = await eventually(
        () => call(one, "GET", "/v1/apps?q=redis"),
        ({ total_count }) => total_count === 1,
      );
      const version = `/v1/apps/${items[0].app_id}/versions/latest`;
      const { package: text } = await call(one, "GET", `${version}/package`);
      assert.deepEqual(Uint8Array.fromBase64(text), archive);
      const { files } = await call(one, "GET", `${version}/files?files=README.md`);
      assert.equal(atob(files["README.md"]), "# redis\n\n");
      const { secret } = await call(one, "POST", `/v1/repos/${id}/webhook`);
      const headers = { authorization: `Bearer ${secret}` };
      const pages: [string, RequestInit?][] = [
        ["/healthz"],
        ["/readyz"],
        ["/openapi.json"],
        ["/docs"],
        ["/v1/apps/changes.atom"],
        [`/v1/webhooks/${id}`, { method: "POST", headers }],
      ];
      for (const [path, init] of pages) {
        const response = await fetch(one.url + path, init);
        assert.ok(response.ok, `${path}: ${response.status}`);
        await response.body?.cancel();
      }
    }
    await eventually(
      () => Promise.resolve(upstream.requests),
      (requests) => requests.some(({ path }) => path === "/purge"),
    );
    for (const one of [process, second]) {
      one.kill("SIGTERM");
      assert.equal((await one.status).code, 0);
      assert.deepEqual(one.lines.filter((line) => /NotCapable|Requires/.test(line)), []);
    }
    await upstream.close();
  }));

Deno.test("a database in another place tells the flags that it needs", async () => {
  const { code, error } = await run("main.ts", { CHARTROOM_KV: "elsewhere/kv.sqlite" });
  assert.equal(code, 1);
  const flags = "`deno run --allow-read=elsewhere --allow-write=elsewhere ...`";
  assert.ok(
    error.startsWith(`CHARTROOM_KV cannot be opened without ${flags}: NotCapable: `),
    error,
  );
  assert.equal(error.split("\n").length, 2, error);
});

Deno.test("addresses of clouds' metadata stay closed, even to what is allowed by configuration", () =>
  withFolder(async (folder) => {
    const process = await startProcess({ CHARTROOM_ALLOW_UPSTREAM: "169.254.0.0/16" }, folder);
    for (const host of ["169.254.169.254", "[::ffff:a9fe:a9fe]"]) {
      const body = { url: `http://${host}/charts` };
      const answer = await call(process, "POST", "/v1/repos?validate=true", body);
      assert.deepEqual([answer.reason, answer.message], [
        "blocked",
        "the process has no permission to call that address",
      ]);
    }
    process.kill("SIGTERM");
    await process.status;
  }));
