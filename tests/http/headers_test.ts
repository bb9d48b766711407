/** Headers of answers: what browsers, caches and web pages elsewhere are told. */

import assert from "node:assert/strict";
import { createApp } from "../../routes/app.ts";
import { type Options, startChartroom, withChartroom } from "../support/chartroom.ts";
import { createEdge } from "../support/edge.ts";
import { indexOf, type Upstream } from "../support/upstream.ts";

const TOKEN = "correct-horse-battery";
const ADMIN = { authorization: `Bearer ${TOKEN}` };
const ONE = "https://one.example.org", OTHER = "https://other.example.org";
const GUARDED = { CHARTROOM_ADMIN_TOKEN: TOKEN, CHARTROOM_ANONYMOUS_READ: "true" };
const SECURITY = {
  "content-security-policy": "default-src 'none'; style-src 'self'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
};
const HSTS = "max-age=31536000";

/** Runs a test with one synced repository, and what sends requests to its Chartroom. */
function withSample(
  options: Options,
  test: (ask: (path: string, init?: RequestInit) => Promise<Response>, id: string) => Promise<void>,
) {
  return withChartroom(async ({ call, services }, upstream: Upstream) => {
    upstream.serve("/index.yaml", indexOf({ one: ["1.0.0"] }));
    const input = { name: "r", url: upstream.url };
    const headers = services.identities.ofNobody()?.kind === "open" ? {} : ADMIN;
    const { body } = await call("POST", "/v1/repos", input, headers);
    await services.syncer.idle();
    const app = createApp(services);
    await test(async (path, init) => await app.request(path, init), body.repo_id);
  }, options);
}

/** One of each kind of answer: its status, and how it is asked for. */
function kinds(id: string, etag: string): [number, string, RequestInit?][] {
  const json = { "content-type": "application/json" };
  return [
    [200, "/v1/apps"],
    // Once more: it is given again as it was kept.
    [200, "/v1/apps"],
    [304, "/v1/apps", { headers: { "if-none-match": etag } }],
    [304, "/v1/apps", { headers: { "if-none-match": etag } }],
    [200, "/v1/apps", { method: "HEAD" }],
    [200, "/v1/apps?limit=-1"],
    [200, "/v1/repos", { headers: ADMIN }],
    [200, "/v1/apps/changes.atom"],
    [200, `/v1/repos/${id}/events/stream`],
    [200, `/v1/repos/${id}/events/stream`, { method: "HEAD" }],
    [200, "/docs"],
    [200, "/docs/style.css"],
    [200, "/openapi.json"],
    [200, "/healthz"],
    [200, "/readyz"],
    [301, "//v1/apps"],
    [308, "/v1//repos", { method: "POST" }],
    [400, "/v1/apps?conditions=x", {}],
    [401, "/v1/repos", { method: "POST", body: "{}", headers: json }],
    [401, "/v1/apps", { headers: { authorization: "Bearer wrong" } }],
    [404, "/nothing"],
    [404, "/v1/apps/app-x"],
    [405, "/v1/apps", { method: "PUT" }],
    [405, "/healthz", { method: "OPTIONS" }],
    [413, "/v1/repos", {
      method: "POST",
      body: "x".repeat(70_000),
      headers: { ...json, ...ADMIN },
    }],
    [414, `/v1/apps?x=${"a".repeat(9_000)}`],
    [415, "/v1/repos", { method: "POST", body: "{}", headers: ADMIN }],
    [501, "/v1/attachments", { method: "POST", headers: ADMIN }],
  ];
}

Deno.test("every kind of answer tells browsers the same", async () => {
  for (
    const [environment, hsts] of [
      [{}, null],
      [{ CHARTROOM_PUBLIC_URL: "http://charts.example.org" }, null],
      [{ CHARTROOM_PUBLIC_URL: "https://charts.example.org" }, HSTS],
    ] as const
  ) {
    await withSample({ environment: { ...GUARDED, ...environment } }, async (ask, id) => {
      const { headers } = await ask("/v1/apps");
      for (const [status, path, init] of kinds(id, headers.get("etag")!)) {
        const answer = await ask(path, init);
        const title = `${init?.method ?? "GET"} ${path.slice(0, 60)}`;
        assert.equal(answer.status, status, title);
        for (const [name, value] of Object.entries(SECURITY)) {
          assert.equal(answer.headers.get(name), value, `${title}: ${name}`);
        }
        assert.equal(answer.headers.get("strict-transport-security"), hsts, title);
        assert.equal(answer.headers.get("access-control-allow-origin"), null, title);
        await answer.body?.cancel();
      }
    });
  }
});

Deno.test("what fails from within has the headers too, and says nothing of why", async () => {
  const { services, close } = await startChartroom();
  const directory = {
    ...services.directory,
    current: () => Promise.reject(new Error("a secret")),
  };
  const answer = await createApp({ ...services, directory }).request("/v1/repos");
  assert.equal(answer.status, 500);
  for (const [name, value] of Object.entries(SECURITY)) {
    assert.equal(answer.headers.get(name), value);
  }
  assert.doesNotMatch(await answer.text(), /secret/);
  await close();
});

/** What an answer says to pages of other origins. */
function sharing({ headers }: Response) {
  return {
    origin: headers.get("access-control-allow-origin"),
    varies: /(^|, ?)origin\b/i.test(headers.get("vary") ?? ""),
  };
}

Deno.test("each answer names the origin that asks, if it may, and no other; kept ones too", () =>
  withSample(
    { environment: { ...GUARDED, CHARTROOM_CORS_ORIGINS: `${ONE}, ${OTHER}/` } },
    async (ask, id) => {
      const { headers } = await ask("/v1/apps");
      assert.match(headers.get("vary")!, /Accept-Encoding, Authorization/);
      const origins = [undefined, ONE, OTHER, "https://evil.example.org", ONE, undefined, "null"];
      for (const [status, path, init] of kinds(id, headers.get("etag")!)) {
        if (init?.method === "OPTIONS") continue;
        for (const origin of origins) {
          const asked = new Headers(init?.headers);
          if (origin !== undefined) asked.set("origin", origin);
          const answer = await ask(path, { ...init, headers: asked });
          const title = `${status} ${path.slice(0, 60)} from ${origin}`;
          assert.equal(answer.status, status, title);
          const expected = origin === ONE || origin === OTHER ? origin : null;
          assert.deepEqual(sharing(answer), { origin: expected, varies: true }, title);
          assert.equal(answer.headers.get("access-control-allow-credentials"), null);
          const exposed = answer.headers.get("access-control-expose-headers")!;
          for (const name of ["ETag", "Location", "Retry-After", "RateLimit"]) {
            assert.ok(exposed.split(",").includes(name), `${title} exposes ${name}`);
          }
          await answer.body?.cancel();
        }
      }
    },
  ));

Deno.test("where all may ask, all are told so, and nothing varies", () =>
  withSample(
    { environment: { ...GUARDED, CHARTROOM_CORS_ORIGINS: "*" } },
    async (ask, id) => {
      const { headers } = await ask("/v1/apps");
      for (const [status, path, init] of kinds(id, headers.get("etag")!)) {
        if (init?.method === "OPTIONS") continue;
        for (const origin of [undefined, ONE, undefined, OTHER]) {
          const asked = new Headers(init?.headers);
          if (origin !== undefined) asked.set("origin", origin);
          const answer = await ask(path, { ...init, headers: asked });
          assert.deepEqual(sharing(answer), { origin: "*", varies: false }, `${status} ${path}`);
          await answer.body?.cancel();
        }
      }
    },
  ));

Deno.test("a preflight of any path and method is answered, without a token", () =>
  withSample({ environment: { ...GUARDED, CHARTROOM_CORS_ORIGINS: ONE } }, async (ask, id) => {
    for (
      const path of ["/v1/repos", `/v1/workspaces/a/repos/${id}`, "/v1/tokens", "/healthz", "/x"]
    ) {
      for (const method of ["GET", "POST", "PATCH", "DELETE"]) {
        const answer = await ask(path, {
          method: "OPTIONS",
          headers: {
            origin: ONE,
            "access-control-request-method": method,
            "access-control-request-headers": "authorization,content-type",
          },
        });
        assert.equal(answer.status, 204, `${method} ${path}`);
        const allowed = (name: string) =>
          answer.headers.get(`access-control-allow-${name}`)!.toLowerCase().split(",");
        assert.deepEqual(allowed("origin"), [ONE]);
        assert.ok(allowed("methods").includes(method.toLowerCase()));
        for (const name of ["authorization", "content-type", "last-event-id"]) {
          assert.ok(allowed("headers").includes(name));
        }
        assert.equal(sharing(answer).varies, true);
      }
    }
    const other = await ask("/v1/repos", {
      method: "OPTIONS",
      headers: { origin: OTHER, "access-control-request-method": "POST" },
    });
    assert.equal(other.headers.get("access-control-allow-origin"), null);
  }));

Deno.test("a shared cache gives each origin its own, and nobody another's", () =>
  withSample(
    { environment: { ...GUARDED, CHARTROOM_CORS_ORIGINS: `${ONE},${OTHER}` } },
    async (ask) => {
      const origin = (request: Request) => ask(request.url, { headers: request.headers });
      const edge = createEdge([origin], () => 0);
      for (let round = 0; round < 2; round++) {
        for (const asks of [undefined, ONE, OTHER, "https://evil.example.org"]) {
          const headers = new Headers(asks === undefined ? {} : { origin: asks });
          const answer = await edge.fetch(new Request("http://localhost/v1/apps", { headers }));
          const expected = asks === ONE || asks === OTHER ? asks : null;
          assert.equal(answer.headers.get("access-control-allow-origin"), expected, asks);
          await answer.body?.cancel();
        }
      }
      assert.equal(edge.counts["deno; hit"], 4);
    },
  ));

Deno.test("addresses in answers are those of CHARTROOM_PUBLIC_URL, whatever host is asked for", () =>
  withSample(
    { environment: { ...GUARDED, CHARTROOM_PUBLIC_URL: "https://charts.example.org/" } },
    async (ask, id) => {
      const path = `http://evil.example.org/v1/repos/${id}/webhook`;
      const made = await (await ask(path, { method: "POST", headers: ADMIN })).json();
      const expected = `https://charts.example.org/v1/webhooks/${id}`;
      assert.equal(made.url, expected);
      assert.equal((await (await ask(path, { headers: ADMIN })).json()).url, expected);
      const feed = await (await ask("http://evil.example.org/v1/apps/changes.atom?limit=2")).text();
      assert.match(feed, /"https:\/\/charts\.example\.org\/v1\/apps\/changes\.atom\?limit=2"/);
      assert.doesNotMatch(feed, /evil/);
    },
  ));
