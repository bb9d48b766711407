import assert from "node:assert/strict";
import { ConfigError, loadConfig } from "../../src/config.ts";
import { canary, keyCanary } from "../support/canary.ts";

const TOKEN = canary("token");
const KEY = keyCanary("key");

Deno.test("loadConfig has defaults for one machine", () => {
  assert.deepEqual(loadConfig({}), {
    host: "127.0.0.1",
    port: 8_000,
    kv: { kind: "file", path: "data/chartroom.sqlite" },
    secretKeyFile: "data/secret.key",
    anonymousRead: true,
    allowUpstream: [],
    maxIndexBytes: 128 * 1_048_576,
    cacheBytes: 128 * 1_048_576,
    syncConcurrency: 8,
    syncsDue: true,
  });
  assert.ok(Object.isFrozen(loadConfig({})));
});

Deno.test("loadConfig reads what is given", () => {
  const config = loadConfig({
    HOST: "[::]",
    PORT: " 80 ",
    CHARTROOM_KV: "https://kv.example.org/v2",
    CHARTROOM_ADMIN_TOKEN: TOKEN,
    CHARTROOM_SECRET_KEY: `${KEY}, ${KEY}`,
    CHARTROOM_ANONYMOUS_READ: "true",
    CHARTROOM_ALLOW_UPSTREAM:
      "Charts.internal, 10.0.0.0/8, harbor:8443, [fd00::]/8, [::1]:9000, 192.168.0.0/16:80, ::1",
    CHARTROOM_MAX_INDEX_BYTES: "64MiB",
    CHARTROOM_CACHE_BYTES: "1048576",
    CHARTROOM_SYNC_CONCURRENCY: "1",
    CHARTROOM_PURGE_URL: `https://edge.example.org/purge?key=a%20${canary("b")}`,
  });
  assert.equal(config.host, "::");
  assert.deepEqual(config.kv, { kind: "remote", url: "https://kv.example.org/v2" });
  assert.equal(config.adminToken, TOKEN);
  assert.deepEqual(config.secretKeys, [1, 2].map(() => Uint8Array.fromBase64(KEY)));
  assert.equal(config.secretKeyFile, undefined);
  assert.deepEqual(config.allowUpstream, [
    { host: "charts.internal" },
    { range: { address: "10.0.0.0", prefix: 8 } },
    { host: "harbor", port: 8_443 },
    { range: { address: "fd00::", prefix: 8 } },
    { host: "::1", port: 9_000 },
    { range: { address: "192.168.0.0", prefix: 16 }, port: 80 },
    { host: "::1" },
  ]);
  assert.equal(config.maxIndexBytes, 64 * 1_048_576);
  assert.equal(config.cacheBytes, 1_048_576);
  assert.equal(config.syncConcurrency, 1);
  assert.equal(config.purgeUrl, `https://edge.example.org/purge?key=a%20${canary("b")}`);
});

Deno.test("loadConfig on Deno Deploy takes the attached database, and wants token and key", () => {
  const deploy = { DENO_DEPLOY: "true", CHARTROOM_SECRET_KEY: KEY, CHARTROOM_ADMIN_TOKEN: TOKEN };
  const config = loadConfig(deploy);
  assert.deepEqual(config.kv, { kind: "attached" });
  assert.equal(config.anonymousRead, false);
  assert.equal(config.syncsDue, true);
  assert.equal(config.purgeUrl, "http://cache.localhost/invalidate/http");
  const purgeUrl = "http://edge:8080/";
  assert.equal(loadConfig({ ...deploy, CHARTROOM_PURGE_URL: purgeUrl }).purgeUrl, purgeUrl);
  assert.equal(loadConfig({ ...deploy, DENO_TIMELINE: "production" }).syncsDue, true);
  assert.equal(loadConfig({ ...deploy, DENO_TIMELINE: "git-branch/x" }).syncsDue, false);
  assert.throws(() => loadConfig({ ...deploy, CHARTROOM_ADMIN_TOKEN: "" }), {
    message: "CHARTROOM_ADMIN_TOKEN is required on Deno Deploy",
  });
  assert.throws(() => loadConfig({ ...deploy, CHARTROOM_SECRET_KEY: "" }), {
    message: "CHARTROOM_SECRET_KEY is required unless CHARTROOM_KV is a file",
  });
});

Deno.test("anonymous reading is on by default on loopback without a token alone", () => {
  assert.equal(loadConfig({ CHARTROOM_ADMIN_TOKEN: TOKEN }).anonymousRead, false);
  assert.equal(loadConfig({ HOST: "::1" }).anonymousRead, true);
  assert.equal(loadConfig({ CHARTROOM_ANONYMOUS_READ: "false" }).anonymousRead, false);
});

Deno.test("a wrong value names its variable and what it takes", () => {
  const wrong: Record<string, string[]> = {
    PORT: ["-1", "65536", "8e3", "x"],
    HOST: ["0.0.0.0"],
    CHARTROOM_KV: ["ftp://x", "http://"],
    CHARTROOM_ADMIN_TOKEN: ["short", `has a space ${canary("x")}`, `ünïcödé-${canary("x")}`],
    CHARTROOM_SECRET_KEY: ["x", "AAAA", `${KEY},`, canary("x")],
    CHARTROOM_ANONYMOUS_READ: ["yes", "1"],
    CHARTROOM_ALLOW_UPSTREAM: ["10.0.0.0/33", "a b", "http://x", "x/8", "x:0", "x:99999", "[::1"],
    CHARTROOM_MAX_INDEX_BYTES: ["1", "5TB", "-1", "8 GiB"],
    CHARTROOM_CACHE_BYTES: ["much"],
    CHARTROOM_SYNC_CONCURRENCY: ["0", "101", "1.5"],
    CHARTROOM_PURGE_URL: [
      "edge",
      "ftp://edge/",
      "http:edge",
      "http://",
      `http://me:${canary("x")}@edge/`,
    ],
  };
  for (const [name, values] of Object.entries(wrong)) {
    for (const value of values) {
      assert.throws(() => loadConfig({ [name]: value }), (error: Error) => {
        assert.ok(error instanceof ConfigError, String(error));
        const named = name === "HOST" ? "CHARTROOM_ADMIN_TOKEN" : name;
        assert.match(error.message, new RegExp(`^${named} (takes|is required)`));
        assert.doesNotMatch(error.message, /\n/);
        return true;
      }, `${name}=${value}`);
    }
  }
});
