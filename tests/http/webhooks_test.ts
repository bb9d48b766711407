/** Webhooks: how one is made, who may, and what is taken from whom. */

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { createApp } from "../../routes/app.ts";
import { keys } from "../../src/store/keys.ts";
import { canary } from "../support/canary.ts";
import { type Answer, type Chartroom, START, withChartroom } from "../support/chartroom.ts";
import { indexOf, type Upstream } from "../support/upstream.ts";

const OLD = indexOf({ one: ["1.0.0"] });
const NEW = indexOf({ one: ["1.0.0", "1.1.0"] });
const TOKEN = canary("token");
const ADMIN = { authorization: `Bearer ${TOKEN}` };
const WITH_TOKEN = { environment: { CHARTROOM_ADMIN_TOKEN: TOKEN } };
const METHODS = ["POST", "GET", "PATCH", "DELETE"];
const MIB = 1_048_576;
const DAY = 86_400_000;

const NOT_PROVEN = {
  type: "about:blank",
  title: "Unauthorized",
  status: 401,
  detail:
    "webhook: expected a signature or token made with the secret of this repository's webhook",
  code: "unauthorized",
  message:
    "webhook: expected a signature or token made with the secret of this repository's webhook",
  field: "authorization",
};

function hmac(secret: string, body: string): string {
  return createHmac("sha256", secret).update(body).digest("hex");
}

/** What senders put into the headers, by what they are called. */
const PROOFS: Record<string, (secret: string, body: string) => Record<string, string>> = {
  GitHub: (secret, body) => ({ "x-hub-signature-256": `sha256=${hmac(secret, body)}` }),
  GitLab: (secret) => ({ "x-gitlab-token": secret }),
  Gitea: (secret, body) => ({ "x-gitea-signature": hmac(secret, body) }),
  Forgejo: (secret, body) => ({ "x-forgejo-signature": hmac(secret, body) }),
  Harbor: (secret) => ({ authorization: secret }),
  bearer: (secret) => ({ authorization: `Bearer ${secret}` }),
};

/** A repository that was synced a minute ago, with a webhook. */
async function makeWebhook(
  { call, register, clock }: Chartroom,
  upstream: Upstream,
  more: Record<string, unknown> = {},
  filter?: Record<string, unknown>,
) {
  upstream.serve("/index.yaml", OLD);
  const id = await register(upstream.url, more);
  const { status, body } = await call("POST", `/v1/repos/${id}/webhook`, filter);
  assert.equal(status, 200);
  clock.now += 60_000;
  const secret: string = body.secret;
  return { id, secret, headers: { authorization: `Bearer ${secret}` } };
}

function deliver(
  { call }: Chartroom,
  id: string,
  headers: Record<string, string>,
  body = "{}",
): Promise<Answer> {
  return call("POST", `/v1/webhooks/${id}`, body, headers);
}

/** The rows of the due index. */
async function dues({ services }: Chartroom): Promise<Deno.KvKey[]> {
  return (await services.kv.list({ prefix: keys.dues })).map(({ key }) => key);
}

/** Whether a text is somewhere in a value of the database. */
function holds(value: unknown, text: string): boolean {
  if (typeof value === "string") return value.includes(text);
  if (value instanceof Uint8Array) {
    return Array.from(value, (byte) => String.fromCharCode(byte)).join("").includes(text);
  }
  return typeof value === "object" && value !== null &&
    Object.entries(value).flat().some((part) => holds(part, text));
}

Deno.test("a webhook has a URL, a secret that is shown once, and a filter", () =>
  withChartroom(async ({ call, register, clock }, upstream) => {
    upstream.serve("/index.yaml", OLD);
    const id = await register(upstream.url);
    const path = `/v1/repos/${id}/webhook`;
    clock.now += 5_000;
    const made = await call("POST", path);
    assert.equal(made.status, 200);
    assert.equal(made.headers.get("cache-control"), "no-store");
    assert.deepEqual(Object.keys(made.body).sort(), ["secret", "url"]);
    assert.match(made.body.secret, /^crw_[\w-]{43}$/);
    assert.equal(new URL(made.body.url).pathname, `/v1/webhooks/${id}`);
    const view = {
      url: made.body.url,
      create_time: new Date(START + 5_000).toISOString(),
      branches: [],
      paths: [],
    };
    assert.deepEqual((await call("GET", path)).body, view);
    assert.equal((await call("GET", `/v1/repos/${id}`)).body.webhook_set, true);

    clock.now += 5_000;
    const patched = await call("PATCH", path, { branches: ["main", "release/*"] });
    assert.deepEqual([patched.status, patched.body], [200, { message: "success" }]);
    await call("PATCH", path, { paths: ["charts/*"], branches: null });
    const filter = { branches: ["main", "release/*"], paths: ["charts/*"] };
    assert.deepEqual((await call("GET", path)).body, { ...view, ...filter });
    await call("PATCH", path, { branches: [] });
    assert.deepEqual((await call("GET", path)).body.branches, []);

    const deleted = await call("DELETE", path);
    assert.deepEqual([deleted.status, deleted.body], [200, { message: "success" }]);
    assert.equal((await call("GET", `/v1/repos/${id}`)).body.webhook_set, false);
    assert.equal((await call("GET", path)).status, 404);
    // A new one has nothing of the one that was deleted.
    await call("POST", path, { branches: ["dev"] });
    const { branches, paths } = (await call("GET", path)).body;
    assert.deepEqual([branches, paths], [["dev"], []]);
  }));

Deno.test("the secret is in no other answer, not in the log, and not plain in the database", () =>
  withChartroom(async (chartroom, upstream) => {
    const { call, services, sync } = chartroom;
    const { id, secret, headers } = await makeWebhook(chartroom, upstream);
    const answers = [
      await call("GET", `/v1/repos/${id}/webhook`),
      await call("PATCH", `/v1/repos/${id}/webhook`, { branches: ["main"] }),
      await call("GET", `/v1/repos/${id}`),
      await call("GET", "/v1/repos"),
      await deliver(chartroom, id, headers),
      await deliver(chartroom, id, { authorization: `Bearer ${secret}x` }),
      await call("POST", `/v1/repos/${id}/webhook`, { secret }),
      await call("PATCH", `/v1/repos/${id}`, { description: "changed" }),
    ];
    await services.syncer.idle();
    await sync(id);
    answers.push(await call("GET", `/v1/repos/${id}/events`));
    const rows = await services.kv.list({ prefix: [] });
    assert.ok(rows.some(({ key }) => key[0] === "repo"));
    answers.push(await call("DELETE", `/v1/repos/${id}/webhook`));
    const random = secret.slice("crw_".length);
    for (const { body, headers } of answers) {
      assert.equal(JSON.stringify([body, [...headers]]).includes(random), false);
    }
    assert.equal(JSON.stringify(chartroom.log).includes(random), false);
    assert.ok(chartroom.log.length > 0);
    const bytes = Uint8Array.fromBase64(random, { alphabet: "base64url" });
    const plain = [random, hmac(secret, "{}"), String.fromCharCode(...bytes)];
    for (const text of plain) {
      assert.deepEqual(rows.filter((row) => holds(row, text)).map(({ key }) => key), []);
    }
  }));

Deno.test("a new secret makes the old one useless, and keeps the filter that it is not told of", () =>
  withChartroom(async (chartroom, upstream) => {
    const { call, clock } = chartroom;
    const filter = { branches: ["main"], paths: ["charts/*"] };
    const { id, secret, headers } = await makeWebhook(chartroom, upstream, {}, filter);
    const again = await call("POST", `/v1/repos/${id}/webhook`, { paths: [] });
    assert.notEqual(again.body.secret, secret);
    assert.equal((await deliver(chartroom, id, headers)).status, 401);
    const old = PROOFS.GitHub!(secret, "{}");
    assert.equal((await deliver(chartroom, id, old)).status, 401);
    const renewed = { authorization: `Bearer ${again.body.secret}` };
    assert.equal((await deliver(chartroom, id, renewed)).status, 202);
    const { branches, paths, create_time } = (await call("GET", `/v1/repos/${id}/webhook`)).body;
    assert.deepEqual([branches, paths], [["main"], []]);
    assert.equal(create_time, new Date(clock.now).toISOString());
    await call("DELETE", `/v1/repos/${id}/webhook`);
    assert.equal((await deliver(chartroom, id, renewed)).status, 401);
  }));

Deno.test("what is wrong with a filter is said of its field, and changes nothing", () =>
  withChartroom(async (chartroom, upstream) => {
    const { call } = chartroom;
    const filter = { branches: ["main"], paths: ["charts/*"] };
    const { id, headers } = await makeWebhook(chartroom, upstream, {}, filter);
    const path = `/v1/repos/${id}/webhook`;
    const wrong = ["main", {}, 1, [1], [null], [""], ["a\nb"], ["x".repeat(129)], [["main"]]];
    const many = Array.from({ length: 21 }, (_, i) => `b${i}`);
    const cases: [string, unknown][] = [
      ...[...wrong, many, ["main", "refs/heads/main"]].map((value) => ["branches", value]),
      ...[...wrong, many, ["/charts/*"], ["charts/"]].map((value) => ["paths", value]),
    ] as [string, unknown][];
    for (const method of ["POST", "PATCH"]) {
      for (const [field, value] of cases) {
        const { status, body } = await call(method, path, { [field]: value });
        const said = `${method} ${field} ${JSON.stringify(value)}`;
        assert.deepEqual([status, body.code, body.field], [400, "invalid_field", field], said);
        assert.ok(body.message.startsWith(`${field}: expected `), said);
      }
      const unknown = (await call(method, path, { branch: ["main"] })).body;
      assert.deepEqual([unknown.code, unknown.field], ["unknown_field", "branch"]);
      assert.equal((await call(method, path, "[]")).status, 400);
      assert.equal((await call(method, path, "no json")).status, 400);
      const type = { "content-type": "text/plain" };
      assert.equal((await call(method, path, "{}", type)).status, 415);
    }
    const { branches, paths } = (await call("GET", path)).body;
    assert.deepEqual({ branches, paths }, filter);
    // Not even the secret.
    assert.equal((await deliver(chartroom, id, headers)).status, 202);
    const most = Array.from({ length: 20 }, () => "é".repeat(128));
    assert.equal((await call("PATCH", path, { branches: most, paths: most })).status, 200);
  }));

Deno.test("without a webhook, or a repository, there is nothing to read, change or delete", () =>
  withChartroom(async ({ call, register }, upstream) => {
    upstream.serve("/index.yaml", OLD);
    const id = await register(upstream.url);
    for (const repo of [id, "repo-00000000000000"]) {
      for (const method of METHODS) {
        if (repo === id && method === "POST") continue;
        const body = method === "PATCH" ? {} : undefined;
        const answer = await call(method, `/v1/repos/${repo}/webhook`, body);
        assert.deepEqual([answer.status, answer.body.code], [404, "not_found"], method);
        assert.equal(answer.body.field, "repo_id");
      }
    }
  }));

Deno.test("who has no token makes, reads, changes and deletes no webhook", () =>
  withChartroom(async ({ call, services }, upstream) => {
    upstream.serve("/index.yaml", OLD);
    const register = async (path: string) =>
      (await call("POST", path, { name: "r", url: upstream.url }, ADMIN)).body.repo_id;
    const global = await register("/v1/repos"), own = await register("/v1/workspaces/ws1/repos");
    await services.syncer.idle();
    const paths = [
      `/v1/repos/${global}`,
      `/v1/repos/${own}`,
      `/v1/workspaces/ws1/repos/${own}`,
      `/v1/workspaces/ws1/repos/${global}`,
      `/kapis/openpitrix.io/v1/workspaces/ws1/repos/${own}`,
    ];
    for (const id of [global, own]) {
      const made = await call("POST", `/v1/repos/${id}/webhook`, undefined, ADMIN);
      assert.equal(made.status, 200);
      const callers: Record<string, string>[] = [
        {},
        { authorization: `Bearer ${canary("wrong")}` },
        // Who may announce something may do no more.
        { authorization: `Bearer ${made.body.secret}` },
        { "x-gitlab-token": made.body.secret },
      ];
      for (const caller of callers) {
        for (const path of paths) {
          for (const method of METHODS) {
            const body = method === "PATCH" ? {} : undefined;
            const answer = await call(method, `${path}/webhook`, body, caller);
            assert.deepEqual([answer.status, answer.body.code], [401, "unauthorized"], path);
            assert.equal(JSON.stringify(answer.body).includes("/v1/webhooks"), false);
          }
        }
      }
    }
    const own1 = `/v1/workspaces/ws1/repos/${own}/webhook`;
    assert.equal((await call("GET", own1, undefined, ADMIN)).status, 200);
    const elsewhere = `/v1/workspaces/ws2/repos/${own}/webhook`;
    assert.equal((await call("POST", elsewhere, undefined, ADMIN)).status, 404);
    const shared = `/v1/workspaces/ws1/repos/${global}/webhook`;
    assert.equal((await call("POST", shared, undefined, ADMIN)).status, 403);
  }, WITH_TOKEN));

Deno.test("who may read may not see a webhook", () =>
  withChartroom(async ({ call, services }, upstream) => {
    upstream.serve("/index.yaml", OLD);
    const repo = { name: "r", url: upstream.url };
    const id = (await call("POST", "/v1/repos", repo, ADMIN)).body.repo_id;
    await services.syncer.idle();
    await call("POST", `/v1/repos/${id}/webhook`, undefined, ADMIN);
    assert.equal((await call("GET", `/v1/repos/${id}`)).status, 200);
    for (const method of METHODS) {
      const body = method === "PATCH" ? {} : undefined;
      assert.equal((await call(method, `/v1/repos/${id}/webhook`, body)).status, 401);
    }
  }, { environment: { CHARTROOM_ADMIN_TOKEN: TOKEN, CHARTROOM_ANONYMOUS_READ: "true" } }));

Deno.test("each sender's own proof is taken, where there is an administrator's token and where not", async () => {
  for (const options of [{}, WITH_TOKEN]) {
    await withChartroom(async (chartroom, upstream) => {
      const { call, services, clock } = chartroom;
      upstream.serve("/index.yaml", OLD);
      const repo = { name: "r", url: upstream.url };
      const id = (await call("POST", "/v1/repos", repo, ADMIN)).body.repo_id;
      await services.syncer.idle();
      const made = await call("POST", `/v1/repos/${id}/webhook`, undefined, ADMIN);
      const body = '{"text":"fünf & äöü"}';
      for (const [sender, prove] of Object.entries(PROOFS)) {
        clock.now += 60_000;
        const before = upstream.requests.length;
        const answer = await deliver(chartroom, id, prove(made.body.secret, body), body);
        assert.equal(answer.status, 202, sender);
        await services.syncer.idle();
        assert.equal(upstream.requests.length, before + 1, sender);
      }
    }, options);
  }
});

Deno.test("what is not proven is the same 401, whatever is wrong with it", () =>
  withChartroom(async (chartroom, upstream) => {
    const { call, services } = chartroom;
    upstream.serve("/index.yaml", OLD);
    const register = async (name: string) =>
      (await call("POST", "/v1/repos", { name, url: upstream.url }, ADMIN)).body.repo_id;
    const id = await register("a"), other = await register("b"), bare = await register("c");
    await services.syncer.idle();
    const make = async (id: string): Promise<string> =>
      (await call("POST", `/v1/repos/${id}/webhook`, undefined, ADMIN)).body.secret;
    const secret = await make(id), others = await make(other);
    const before = [upstream.requests.length, await dues(chartroom)];
    const signed = (proof: string, key: string) => PROOFS[proof]!(key, "{}");
    const cases: [string, Record<string, string>, string?][] = [
      [id, {}],
      [id, ADMIN],
      [id, { authorization: TOKEN }],
      [id, { "x-gitlab-token": TOKEN }],
      [id, { "x-gitea-signature": hmac(TOKEN, "{}") }],
      [id, { authorization: `Basic ${btoa(`x:${secret}`)}` }],
      [id, { authorization: `Bearer ${secret.slice(0, -1)}` }],
      [id, { "x-hub-signature": `sha1=${"0".repeat(40)}` }],
      [id, { "x-hub-signature-256": hmac(secret, "{}") }],
      // A body that was changed on the way, or that another one was signed for.
      [id, signed("GitHub", secret), '{"a":1}'],
      [id, signed("Gitea", secret), "{} "],
      [id, signed("Forgejo", secret), ""],
      ...Object.keys(PROOFS).flatMap((proof) =>
        [
          [id, signed(proof, others)],
          [id, signed(proof, `${secret}x`)],
          [bare, signed(proof, secret)],
          ["repo-00000000000000", signed(proof, secret)],
          ["nothing%20like%20it", signed(proof, secret)],
        ] as [string, Record<string, string>][]
      ),
    ];
    for (const [repo, headers, body] of cases) {
      const answer = await deliver(chartroom, repo, headers, body);
      const said = `${repo} ${JSON.stringify(headers)}`;
      assert.equal(answer.status, 401, said);
      assert.deepEqual(answer.body, NOT_PROVEN, said);
      assert.equal(answer.headers.get("www-authenticate"), "Bearer", said);
      assert.equal(answer.headers.has("location"), false, said);
    }
    await services.syncer.idle();
    assert.deepEqual([upstream.requests.length, await dues(chartroom)], before);
    // In a query, where logs have it, it is no proof either.
    const query = `/v1/webhooks/${id}?token=${secret}&secret=${secret}`;
    assert.equal((await call("POST", query, "{}")).status, 401);
  }, WITH_TOKEN));

Deno.test("a body of 1 MiB is taken; what is longer is not, whether it says so or not", () =>
  withChartroom(async (chartroom, upstream) => {
    const { id, secret } = await makeWebhook(chartroom, upstream);
    const most = `"${"x".repeat(MIB - 2)}"`, more = `${most} `;
    const prove = (body: string) => PROOFS.GitHub!(secret, body);
    const withLength = { ...prove(more), "content-length": `${more.length}` };
    for (const headers of [prove(more), withLength]) {
      const answer = await deliver(chartroom, id, headers, more);
      assert.deepEqual([answer.status, answer.body.code], [413, "body_too_large"]);
    }
    assert.equal((await deliver(chartroom, id, prove(most), most)).status, 202);
  }));

Deno.test("a real server refuses a body that is too long, also where it comes in chunks", () =>
  withChartroom(async (chartroom, upstream) => {
    const { id, secret, headers } = await makeWebhook(chartroom, upstream);
    const app = createApp(chartroom.services);
    const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, app.fetch);
    const url = `http://127.0.0.1:${server.addr.port}/v1/webhooks/${id}`;
    const send = async (body: BodyInit, headers: HeadersInit) => {
      const response = await fetch(url, { method: "POST", body, headers });
      await response.body?.cancel();
      return response.status;
    };
    try {
      const more = "x".repeat(MIB + 1);
      assert.equal(await send(more, headers), 413);
      assert.equal(await send(new Blob([more]).stream(), headers), 413);
      const body = '{"in":"chunks"}';
      const stream = new Blob([body]).stream();
      assert.equal(await send(stream, PROOFS.GitHub!(secret, body)), 202);
    } finally {
      await server.shutdown();
    }
  }));

Deno.test("a delivery is answered before the upstream is asked, with the place of its event", () =>
  withChartroom(async (chartroom, upstream) => {
    const { call, services } = chartroom;
    const { id, headers } = await makeWebhook(chartroom, upstream);
    const asked = Promise.withResolvers<void>(), go = Promise.withResolvers<void>();
    upstream.serve("/index.yaml", async ({ signal }) => {
      // A test that fails before it says so must not hang.
      signal.addEventListener("abort", () => go.resolve());
      asked.resolve();
      await go.promise;
      return new Response(NEW);
    });
    const answer = await deliver(chartroom, id, headers);
    assert.equal(answer.status, 202);
    assert.equal(answer.headers.get("cache-control"), "no-store");
    const event: string = answer.body.repo_event_id;
    assert.match(event, /^[0-9a-f-]{36}$/);
    const location = answer.headers.get("location")!;
    assert.equal(location, `/v1/repos/${id}/events/${event}`);
    await asked.promise;
    const running = await call("GET", location);
    assert.equal(running.status, 200);
    assert.deepEqual([running.body.status, running.body.repo_event_id], ["syncing", event]);
    assert.equal(running.body.sync.state, "running");
    go.resolve();
    await services.syncer.idle();
    const done = (await call("GET", location)).body;
    assert.deepEqual([done.status, done.repo_event_id], ["successful", event]);
    assert.equal(done.changes.versions_added.count, 1);
  }));

Deno.test("a ping is answered and asks for nothing", () =>
  withChartroom(async (chartroom, upstream) => {
    const { id, headers } = await makeWebhook(chartroom, upstream);
    const before = await dues(chartroom);
    const ping = { ...headers, "x-github-event": "ping", "x-github-delivery": "d-1" };
    const answer = await deliver(chartroom, id, ping);
    assert.deepEqual([answer.status, answer.body], [200, { message: "pong" }]);
    assert.equal((await deliver(chartroom, id, { "x-github-event": "ping" })).status, 401);
    assert.equal((await chartroom.call("GET", `/v1/webhooks/${id}`)).status, 405);
    await chartroom.services.syncer.idle();
    assert.deepEqual([upstream.requests.length, await dues(chartroom)], [1, before]);
  }));

Deno.test("what comes for a suspended repository is ignored, and says so", () =>
  withChartroom(async (chartroom, upstream) => {
    const { call, services, clock } = chartroom;
    const { id, headers } = await makeWebhook(chartroom, upstream);
    await call("PATCH", `/v1/repos/${id}`, { suspended: true });
    const delivery = { ...headers, "x-github-delivery": "d-1" };
    const answer = await deliver(chartroom, id, delivery);
    assert.equal(answer.status, 200);
    assert.deepEqual(answer.body, { message: "ignored: the repository is suspended" });
    clock.now += DAY;
    await services.syncer.tick();
    assert.deepEqual([upstream.requests.length, await dues(chartroom)], [1, []]);
    await call("PATCH", `/v1/repos/${id}`, { suspended: false });
    await services.syncer.idle();
    // It was not taken, so that it is none that came before.
    assert.equal((await deliver(chartroom, id, delivery)).status, 202);
  }));

Deno.test("a push that cannot touch charts is ignored and says why; all else counts", () =>
  withChartroom(async (chartroom, upstream) => {
    const { services, clock } = chartroom;
    const filter = { branches: ["main"], paths: ["charts/*"] };
    const { id, secret } = await makeWebhook(chartroom, upstream, {}, filter);
    const push = (branch: string, path: string) =>
      JSON.stringify({
        ref: `refs/heads/${branch}`,
        before: "1".repeat(40),
        after: "2".repeat(40),
        created: false,
        deleted: false,
        forced: false,
        commits: [{ added: [], modified: [path], removed: [] }],
      });
    const send = (event: string, body: string) =>
      deliver(chartroom, id, { ...PROOFS.GitHub!(secret, body), "x-github-event": event }, body);
    const before = await dues(chartroom);
    const branch = await send("push", push("dev", "charts/a/Chart.yaml"));
    assert.equal(branch.status, 200);
    assert.equal(
      branch.body.message,
      'ignored: a push to the branch "dev", which none of `branches` matches',
    );
    const path = await send("push", push("main", "docs/README.md"));
    assert.equal(path.status, 200);
    assert.equal(
      path.body.message,
      "ignored: a push in which no changed file matches any of `paths`",
    );
    assert.equal("repo_event_id" in path.body, false);
    await services.syncer.idle();
    assert.deepEqual([upstream.requests.length, await dues(chartroom)], [1, before]);
    const counted: [string, string][] = [
      ["push", push("main", "charts/a/Chart.yaml")],
      ["push", "no json"],
      ["release", push("dev", "docs/README.md")],
    ];
    for (const [i, [event, body]] of counted.entries()) {
      clock.now += 60_000;
      assert.equal((await send(event, body)).status, 202, event);
      await services.syncer.idle();
      assert.equal(upstream.requests.length, 2 + i);
    }
  }));

Deno.test("a delivery that came before asks for nothing, for a day, at its repository", () =>
  withChartroom(async (chartroom, upstream) => {
    const { call, services, clock } = chartroom;
    const { id, headers } = await makeWebhook(chartroom, upstream, { sync_period: "0" });
    const delivery = { ...headers, "x-github-delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958" };
    const begun = clock.now;
    const first = await deliver(chartroom, id, delivery);
    assert.equal(first.status, 202);
    upstream.serve("/index.yaml", NEW);
    await services.syncer.idle();
    await chartroom.sync(id);
    const requests = upstream.requests.length;
    for (const later of [1_000, 60_000, DAY - 1]) {
      clock.now = begun + later;
      const again = await deliver(chartroom, id, delivery);
      assert.equal(again.status, 200);
      assert.equal(again.body.repo_event_id, first.body.repo_event_id);
      await services.syncer.idle();
      assert.equal(upstream.requests.length, requests);
    }
    const event = await call("GET", `/v1/repos/${id}/events/${first.body.repo_event_id}`);
    assert.equal(event.body.status, "successful");

    // A number of its own at another repository, and another delivery at this one.
    const other = await makeWebhook(chartroom, upstream, { sync_period: "0" });
    const elsewhere = await deliver(chartroom, other.id, { ...delivery, ...other.headers });
    assert.equal(elsewhere.status, 202);
    assert.notEqual(elsewhere.body.repo_event_id, first.body.repo_event_id);
    await services.syncer.idle();
    clock.now = begun + DAY;
    const before = upstream.requests.length;
    const nextDay = await deliver(chartroom, id, delivery);
    assert.equal(nextDay.status, 202);
    assert.notEqual(nextDay.body.repo_event_id, first.body.repo_event_id);
    await services.syncer.idle();
    assert.equal(upstream.requests.length, before + 1);
  }));

Deno.test("deliveries without an id are never the same", () =>
  withChartroom(async (chartroom, upstream) => {
    const { services, clock } = chartroom;
    const { id, headers } = await makeWebhook(chartroom, upstream);
    const ids = new Set<string>();
    for (let i = 1; i <= 3; i++) {
      const answer = await deliver(chartroom, id, headers);
      assert.equal(answer.status, 202);
      ids.add(answer.body.repo_event_id);
      await services.syncer.idle();
      assert.equal(upstream.requests.length, 1 + i);
      clock.now += 10_000;
    }
    assert.equal(ids.size, 3);
  }));

Deno.test("a workspace's repository has a webhook too, and a Location that works", () =>
  withChartroom(async (chartroom, upstream) => {
    const { call, register, services, clock } = chartroom;
    upstream.serve("/index.yaml", OLD);
    const id = await register(upstream.url, { workspace: "ws1" });
    const path = `/v1/workspaces/ws1/repos/${id}/webhook`;
    const made = await call("POST", path, { branches: ["main"] });
    assert.equal(new URL(made.body.url).pathname, `/v1/webhooks/${id}`);
    assert.deepEqual((await call("GET", path)).body.branches, ["main"]);
    clock.now += 60_000;
    upstream.serve("/index.yaml", NEW);
    const answer = await deliver(chartroom, id, { authorization: made.body.secret });
    assert.equal(answer.status, 202);
    await services.syncer.idle();
    const event = await call("GET", answer.headers.get("location")!);
    assert.deepEqual([event.status, event.body.status], [200, "successful"]);
    const { repo_event_id } = answer.body;
    const own = await call("GET", `/v1/workspaces/ws1/repos/${id}/events/${repo_event_id}`);
    assert.deepEqual(own.body, event.body);
    assert.equal((await call("DELETE", path)).status, 200);
    const gone = await deliver(chartroom, id, { authorization: made.body.secret });
    assert.equal(gone.status, 401);
  }));
