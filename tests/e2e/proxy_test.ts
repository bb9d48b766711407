/** Forward proxies of the environment, which would get names past the check of their addresses. */

import assert from "node:assert/strict";
import { call, eventually, startProcess, withFolder } from "../support/process.ts";
import { indexOf, startUpstream } from "../support/upstream.ts";

Deno.test("variables that name forward proxies are ignored, and said to be", () =>
  withFolder(async (folder) => {
    const upstream = startUpstream(), proxy = startUpstream();
    upstream.serve("/index.yaml", indexOf({ one: ["1.0.0"] }));
    const process = await startProcess({
      CHARTROOM_KV: `${folder}/data/kv.sqlite`,
      CHARTROOM_ALLOW_UPSTREAM: "127.0.0.1",
      HTTP_PROXY: proxy.url,
      https_proxy: proxy.url,
      NO_PROXY: "charts.example",
    });
    try {
      const line = JSON.parse(await process.saw(/"event":"proxies ignored"/));
      assert.deepEqual(line.variables, ["HTTP_PROXY", "https_proxy", "NO_PROXY"]);
      const { repo_id: id } = await call(process, "POST", "/v1/repos", {
        name: "one",
        url: upstream.url,
      });
      await eventually(
        () => call(process, "GET", `/v1/repos/${id}`),
        ({ status }) => status === "successful",
      );
      assert.equal(upstream.requests.length, 1);
      assert.deepEqual(proxy.requests, []);
    } finally {
      process.kill("SIGTERM");
      await process.status;
      await Promise.all([upstream.close(), proxy.close()]);
    }
  }));
