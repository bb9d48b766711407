import assert from "node:assert/strict";
import { ConfigError, loadConfig } from "../../src/config.ts";
import { canary, keyCanary } from "../support/canary.ts";

const TOKEN = canary("token");
const KEY = keyCanary("key");
const OTHER_KEY = keyCanary("other key");

Deno.test("loadConfig has defaults for one machine", () => {
  assert.deepEqual(loadConfig({}), {
    host: "127.0.0.1",
    port: 8_000,
    kv: { kind: "file", path: "data/chartroom.sqlite" },
    secretKeyFile: "data/secret.key",
    anonymousRead: true,
    allowUpstream: [],
    pinsAddresses: true,
    maxIndexBytes: 128 * 1_048_576,
    cacheBytes: 128 * 1_048_576,
    syncConcurrency: 8,
    trustedProxies: [],
    rateLimit: 200,
    maxRepos: 1_000,
    strictTransport: false,
    corsOrigins: [],
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
    CHARTROOM_SECRET_KEY: `${KEY}, ${OTHER_KEY}`,
    CHARTROOM_ANONYMOUS_READ: "true",
    CHARTROOM_ALLOW_UPSTREAM:
      "Charts.internal, 10.0.0.0/8, harbor:8443, [fd00::]/8, [::1]:9000, 192.168.0.0/16:80, ::1",
    CHARTROOM_MAX_INDEX_BYTES: "64MiB",
    CHARTROOM_CACHE_BYTES: "1048576",
    CHARTROOM_SYNC_CONCURRENCY: "1",
    CHARTROOM_PURGE_URL: `https://edge.example.org/purge?key=a%20${canary("b")}`,
    CHARTROOM_TRUSTED_PROXIES: "10.0.0.0/8, 192.0.2.1,2001:db8::/32",
    CHARTROOM_RATE_LIMIT: "7",
    CHARTROOM_MAX_REPOS: "3",
    CHARTROOM_PUBLIC_URL: "https://Charts.example.org:443/",
    CHARTROOM_CORS_ORIGINS: "https://Example.org, http://localhost:3000",
  });
  assert.equal(config.host, "::");
  assert.deepEqual(config.kv, { kind: "remote", url: "https://kv.example.org/v2" });
  assert.equal(config.adminToken, TOKEN);
  assert.deepEqual(config.secretKeys, [KEY, OTHER_KEY].map((key) => Uint8Array.fromBase64(key)));
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
  assert.deepEqual(config.trustedProxies, [
    { address: "10.0.0.0", prefix: 8 },
    { address: "192.0.2.1", prefix: 32 },
    { address: "2001:db8::", prefix: 32 },
  ]);
  assert.equal(config.rateLimit, 7);
  assert.equal(config.maxRepos, 3);
  assert.equal(config.publicUrl, "https://charts.example.org");
  assert.equal(config.strictTransport, true);
  assert.deepEqual(config.corsOrigins, ["https://example.org", "http://localhost:3000"]);
});

Deno.test("loadConfig knows no limit as off, and every origin only where somebody administers", () => {
  for (const off of ["off", "0"]) {
    assert.equal(loadConfig({ CHARTROOM_RATE_LIMIT: off }).rateLimit, 0);
  }
  const all = { CHARTROOM_CORS_ORIGINS: "*" };
  assert.equal(loadConfig({ ...all, CHARTROOM_ADMIN_TOKEN: TOKEN }).corsOrigins, "*");
  assert.throws(() => loadConfig(all), {
    message: "CHARTROOM_CORS_ORIGINS takes * only where CHARTROOM_ADMIN_TOKEN is set",
  });
  const http = { CHARTROOM_PUBLIC_URL: "http://charts.example.org" };
  assert.equal(loadConfig(http).strictTransport, false);
});

Deno.test("loadConfig on Deno Deploy takes the attached database, and wants token and key", () => {
  const deploy = { DENO_DEPLOY: "true", CHARTROOM_SECRET_KEY: KEY, CHARTROOM_ADMIN_TOKEN: TOKEN };
  const config = loadConfig(deploy);
  assert.deepEqual(config.kv, { kind: "attached" });
  assert.equal(config.anonymousRead, false);
  assert.equal(config.syncsDue, true);
  assert.equal(config.pinsAddresses, false);
  assert.equal(config.purgeUrl, "http://cache.localhost/invalidate/http");
  assert.equal(config.strictTransport, true);
  // What can only be the platform's own, and nothing that a caller can have.
  assert.ok(config.trustedProxies.some(({ address }) => address === "10.0.0.0"));
  assert.ok(config.trustedProxies.every(({ prefix }) => prefix >= 7));
  const none = loadConfig({ ...deploy, CHARTROOM_TRUSTED_PROXIES: "192.0.2.1" }).trustedProxies;
  assert.deepEqual(none, [{ address: "192.0.2.1", prefix: 32 }]);
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

Deno.test("an issuer comes with an audience, and ends what nobody has to prove", () => {
  const issuer = "https://id.example.org/realms/one/";
  const given = { CHARTROOM_OIDC_ISSUER: issuer, CHARTROOM_OIDC_AUDIENCE: "chartroom" };
  const config = loadConfig(given);
  assert.deepEqual(config.oidc, {
    issuer,
    audience: "chartroom",
    workspaceClaim: "chartroom_workspaces",
    roleClaim: "chartroom_role",
  });
  assert.equal(config.anonymousRead, false);
  assert.equal(loadConfig({ ...given, CHARTROOM_ANONYMOUS_READ: "true" }).anonymousRead, true);
  for (const here of ["http://127.0.0.1:5556/dex", "http://localhost", "http://[::1]:80"]) {
    assert.equal(loadConfig({ ...given, CHARTROOM_OIDC_ISSUER: here }).oidc?.issuer, here);
  }
  assert.throws(() => loadConfig({ ...given, CHARTROOM_OIDC_AUDIENCE: "" }), {
    message: "CHARTROOM_OIDC_AUDIENCE is required with CHARTROOM_OIDC_ISSUER",
  });
  assert.throws(() => loadConfig({ ...given, CHARTROOM_OIDC_ISSUER: "" }), {
    message: "CHARTROOM_OIDC_ISSUER is required with CHARTROOM_OIDC_AUDIENCE",
  });
});

Deno.test("a wrong value names its variable and what it takes", () => {
  const wrong: Record<string, string[]> = {
    PORT: ["-1", "65536", "8e3", "x"],
    HOST: ["0.0.0.0"],
    CHARTROOM_KV: ["ftp://x", "http://"],
    CHARTROOM_ADMIN_TOKEN: ["short", `has a space ${canary("x")}`, `ünïcödé-${canary("x")}`],
    CHARTROOM_SECRET_KEY: [
      "x",
      "AAAA",
      `${KEY},`,
      canary("x"),
      `${KEY},${OTHER_KEY},${KEY}`,
    ],
    CHARTROOM_ANONYMOUS_READ: ["yes", "1"],
    CHARTROOM_ALLOW_UPSTREAM: ["10.0.0.0/33", "a b", "http://x", "x/8", "x:0", "x:99999", "[::1"],
    CHARTROOM_MAX_INDEX_BYTES: ["1", "5TB", "-1", "8 GiB"],
    CHARTROOM_CACHE_BYTES: ["much"],
    CHARTROOM_SYNC_CONCURRENCY: ["0", "101", "1.5"],
    CHARTROOM_TRUSTED_PROXIES: ["localhost", "10.0.0.0/33", "::/129", "10.0.0", "10.0.0.1:80"],
    CHARTROOM_RATE_LIMIT: ["none", "-1", "0.5"],
    CHARTROOM_MAX_REPOS: ["0", "off"],
    CHARTROOM_PUBLIC_URL: [
      "x",
      "ftp://x",
      "https://x/y",
      `https://u:${canary("x")}@x`,
      "https://x?y",
    ],
    CHARTROOM_CORS_ORIGINS: ["x", "https://*.x/y", "https://x/y", "https://x, *", "null"],
    CHARTROOM_PURGE_URL: [
      "edge",
      "ftp://edge/",
      "http:edge",
      "http://",
      `http://me:${canary("x")}@edge/`,
    ],
    CHARTROOM_OIDC_ISSUER: [
      "id.example.org",
      "http://id.example.org",
      "ftp://x",
      "https://",
      "https://id/?a",
      "https://id/#",
      `https://me:${canary("x")}@id.example.org`,
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
