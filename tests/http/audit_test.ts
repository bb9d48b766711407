/** The audit log over HTTP: what it has, what it must not have, and who may read it. */

import assert from "node:assert/strict";
import { createApp } from "../../routes/app.ts";
import { isConsolePath } from "../../routes/console/console.tsx";
import document from "../../routes/openapi/document.json" with { type: "json" };
import { ACTIONS, belowBase } from "../../routes/support/audit.ts";
import { RETENTION_MS } from "../../src/store/audit.ts";
import { IGNORED_FIELDS } from "../../src/sync/repo_input.ts";
import {
  type Answer,
  type Body,
  type Chartroom,
  START,
  withChartroom as withOpenChartroom,
} from "../support/chartroom.ts";
import { indexOf, type Upstream } from "../support/upstream.ts";

const TOKEN = "correct-horse-battery";
const ADMIN = bearer(TOKEN);
const WORKSPACE = "team-a";
const ABSENT: Record<string, string> = {
  repo: "repo-00000000000000",
  token: "00000000000000000000",
};
/** Actions whose routes read a JSON object. */
const WITH_BODY =
  /^(repository\.(create|update|sync)|webhook\.(create|update)|token\.create|session\.create)$/;

function bearer(token: string) {
  return { authorization: `Bearer ${token}` };
}

function withChartroom(test: (chartroom: Chartroom, upstream: Upstream) => Promise<void>) {
  return withOpenChartroom(async (chartroom, upstream) => {
    upstream.serve("/index.yaml", indexOf({ one: ["1.0.0"] }));
    await test(chartroom, upstream);
  }, { environment: { CHARTROOM_ADMIN_TOKEN: TOKEN, CHARTROOM_RATE_LIMIT: "off" } });
}

/** What the log has, as it is stored. */
async function rowsOf({ services }: Chartroom) {
  return await services.kv.list<Record<string, unknown>>({ prefix: ["audit"] });
}

/** What the log shows to an administrator, newest first. */
async function read(
  { call }: Chartroom,
  query = "",
  headers: HeadersInit = ADMIN,
): Promise<Body[]> {
  const { status, body } = await call("GET", `/v1/audit?limit=1000${query}`, undefined, headers);
  assert.equal(status, 200);
  return body.items;
}

async function makeToken({ call }: Chartroom, role: string, workspace: string) {
  const { body } = await call("POST", "/v1/tokens", { name: role, role, workspace }, ADMIN);
  return { id: body.token_id as string, headers: bearer(body.token) };
}

/** Routes with an unsafe method, each with all of its bases. */
function routesOf({ services }: Chartroom): { method: string; path: string; action: string }[] {
  const routes = createApp(services).routes
    .filter(({ method }) => ["POST", "PUT", "PATCH", "DELETE"].includes(method))
    // What a form of the console does is recorded where that asks the API.
    .filter(({ path }) => !isConsolePath(path))
    .map(({ method, path }) => `${method} ${path}`);
  return [...new Set(routes)].map((route) => {
    const [method = "", path = ""] = route.split(" ");
    return { method, path, action: ACTIONS[`${method} ${belowBase(path)}`] ?? "" };
  });
}

/** Those with a resource. Sessions are for browsers, and tried as these use them. */
function routesOfApi(chartroom: Chartroom) {
  return routesOf(chartroom).filter(({ action }) => !action.startsWith("session."));
}

interface Place {
  repo: string;
  token: string;
  secret: string;
}

/** A repository with a webhook, and a token, for one request to be about. */
async function prepare({ call }: Chartroom, { url }: Upstream, path: string): Promise<Place> {
  const repos = path.includes(":workspace") ? `/v1/workspaces/${WORKSPACE}/repos` : "/v1/repos";
  const name = `r ${crypto.randomUUID()}`;
  const repo = (await call("POST", repos, { name, url }, ADMIN)).body.repo_id;
  const webhook = await call("POST", `${repos}/${repo}/webhook`, undefined, ADMIN);
  const given = { name: "t", role: "viewer", workspace: WORKSPACE };
  const token = (await call("POST", "/v1/tokens", given, ADMIN)).body.token_id;
  return { repo, token, secret: webhook.body.secret };
}

/** What each action is sent that works. */
function bodyOf(action: string, { url }: Upstream): Record<string, unknown> | undefined {
  const bodies: Record<string, Record<string, unknown>> = {
    "repository.create": { name: `n ${crypto.randomUUID()}`, url },
    "repository.update": { description: "other" },
    "repository.sync": { action: "index" },
    "webhook.create": { branches: ["main"] },
    "webhook.update": { paths: ["a"] },
    "webhook.deliver": { ref: "refs/heads/main" },
    "token.create": { name: "made", role: "viewer", workspace: WORKSPACE },
  };
  return bodies[action];
}

function fill(path: string, params: Record<string, string>): string {
  return path.replace(/:(\w+)/g, (_, name) => params[name] ?? WORKSPACE);
}

Deno.test("every route with an unsafe method has a word", () =>
  withChartroom((chartroom) => {
    const routes = routesOf(chartroom);
    assert.ok(routes.length >= 31, `${routes.length}`);
    for (const { method, path, action } of routes) {
      assert.match(action, /^\w+\.\w+$/, method + path);
    }
    return Promise.resolve();
  }));

Deno.test("each mutation leaves one entry, with who, what and from where", () =>
  withChartroom(async (chartroom, upstream) => {
    const { call } = chartroom;
    for (const { method, path, action } of routesOfApi(chartroom)) {
      const place = await prepare(chartroom, upstream, path);
      const isDelivery = action === "webhook.deliver";
      const body = bodyOf(action, upstream);
      const before = (await rowsOf(chartroom)).length, title = `${method} ${path}`;
      const headers = {
        ...(isDelivery ? bearer(place.secret) : ADMIN),
        "user-agent": `curl\t/8 ${"x".repeat(300)}`,
      };
      const answer = await call(method, fill(path, { ...place }), body, headers);
      assert.ok(answer.status < 300, `${title}: ${answer.status}`);
      const [entry, ...older] = await read(chartroom);
      assert.equal(older.length, before, title);
      assert.deepEqual(
        entry.who,
        isDelivery ? { kind: "webhook", name: place.repo } : { kind: "bootstrap", name: "admin" },
      );
      assert.deepEqual([entry.action, entry.route], [action, title]);
      assert.deepEqual([entry.outcome, entry.status, entry.code], [
        "success",
        answer.status,
        undefined,
      ]);
      const isToken = path.includes("token");
      assert.equal(entry.workspace, isToken || path.includes(":workspace") ? WORKSPACE : "", title);
      assert.equal(
        entry.resource.id,
        answer.body.repo_id ?? answer.body.token_id ?? (isToken ? place.token : place.repo),
        title,
      );
      assert.ok(entry.resource.name.length > 0);
      assert.deepEqual(entry.fields, isDelivery ? [] : Object.keys(body ?? {}), title);
      assert.match(entry.from.user_agent, /^curl \/8 x+$/);
      assert.equal(entry.from.user_agent.length, 200);
    }
  }));

Deno.test("each refusal leaves one entry, with its status and code", () =>
  withChartroom(async (chartroom, upstream) => {
    const { call, clock } = chartroom;
    const viewer = await makeToken(chartroom, "viewer", "*");
    let refusals = 0;
    for (const { method, path, action } of routesOfApi(chartroom)) {
      const place = await prepare(chartroom, upstream, path);
      const isDelivery = action === "webhook.deliver", title = `${method} ${path}`;
      const right = isDelivery ? bearer(place.secret) : ADMIN;
      const body = bodyOf(action, upstream), real = fill(path, { ...place });
      type Refusal = [status: number, code: string, path: string, body: unknown, headers: object];
      const cases: Refusal[] = [
        [401, "unauthorized", real, body, {}],
        [401, "unauthorized", real, body, bearer("wrong")],
        [413, "body_too_large", real, "x".repeat(isDelivery ? 1_100_000 : 70_000), right],
      ];
      if (!isDelivery) cases.push([403, "forbidden", real, body, viewer.headers]);
      if (!isDelivery && path.includes(":repo") || path.includes(":token")) {
        cases.push([404, "not_found", fill(path, ABSENT), body, right]);
      }
      if (WITH_BODY.test(action)) {
        cases.push([415, "unsupported_media_type", real, "{}", {
          ...right,
          "content-type": "text/plain",
        }], [400, "unknown_field", real, { ...body, nonsense: 1 }, right]);
      }
      if (action === "repository.create") {
        await call("POST", real, { ...body, name: "taken" }, right);
        cases.push([409, "name_taken", real, { ...body, name: "taken" }, right]);
      }
      for (const [status, code, path, body, headers] of cases) {
        clock.now += 60_000;
        const before = (await rowsOf(chartroom)).length, what = `${title}: ${status}`;
        const answer = await call(method, path, body, headers as Record<string, string>);
        assert.deepEqual([answer.status, answer.body.code], [status, code], what);
        const [entry, ...older] = await read(chartroom);
        assert.equal(older.length, before, what);
        assert.deepEqual(
          [entry.outcome, entry.status, entry.code],
          ["refused", status, code],
          what,
        );
        assert.deepEqual([entry.action, entry.route], [action, title]);
        const kind = status === 401 || isDelivery && status === 413
          ? "anonymous"
          : status === 403
          ? "token"
          : "bootstrap";
        assert.equal(entry.who.kind, kind, what);
        assert.equal(entry.who.token_id, status === 403 ? viewer.id : undefined);
        refusals++;
      }
    }
    assert.ok(refusals > 120, `${refusals}`);
  }));

Deno.test("a method that a path does not have is recorded; what is nowhere is not", () =>
  withChartroom(async (chartroom) => {
    const { call } = chartroom;
    const answers: [string, string, number][] = [
      ["PUT", "/v1/repos", 405],
      ["POST", "/healthz", 405],
      ["DELETE", "/v1/whoami", 405],
    ];
    for (const [method, path, status] of answers) {
      assert.equal((await call(method, path, undefined, ADMIN)).status, status);
      const [entry] = await read(chartroom);
      assert.deepEqual([entry.action, entry.route, entry.status], ["none", method, status]);
    }
    const before = (await rowsOf(chartroom)).length;
    assert.equal((await call("POST", "/wp-login.php")).status, 404);
    assert.equal((await call("DELETE", "/v1/nothing", undefined, ADMIN)).status, 404);
    assert.equal((await call("POST", "//v1/repos", {}, ADMIN)).status, 308);
    for (const path of ["/v1/repos", "/v1/apps", "/healthz", "/v1/whoami", "/v1/audit"]) {
      await call("GET", path, undefined, ADMIN);
      await call("HEAD", path, undefined, ADMIN);
      await call("GET", path);
    }
    assert.equal((await rowsOf(chartroom)).length, before);
  }));

Deno.test("trying an index out is a check", () =>
  withChartroom(async (chartroom, upstream) => {
    const body = { name: "n", url: upstream.url };
    await chartroom.call("POST", "/v1/repos?validate=true", body, ADMIN);
    const [entry] = await read(chartroom);
    assert.deepEqual([entry.action, entry.outcome, entry.resource], [
      "repository.check",
      "success",
      undefined,
    ]);
    const { repo: id } = await prepare(chartroom, upstream, "/v1/repos/:repo");
    for (const [query, action] of [["?validate=T", "check"], ["?validate=0", "update"]]) {
      await chartroom.call("PATCH", `/v1/repos/${id}${query}`, { description: "new" }, ADMIN);
      const [entry] = await read(chartroom);
      assert.deepEqual([entry.action, entry.outcome, entry.resource.id, entry.fields], [
        `repository.${action}`,
        "success",
        id,
        ["description"],
      ]);
    }
  }));

Deno.test("nothing of what was sent but names of known fields is kept: no secret, wherever it is", () =>
  withChartroom(async (chartroom, upstream) => {
    const { services } = chartroom;
    const secret = "crt_S3cretS3cretS3cretS3cretS3cretS3cretS3cretS3c";
    const app = createApp(services);
    const send = async (method: string, path: string, body: unknown, headers: object = ADMIN) => {
      const init = { method, headers: { "content-type": "application/json", ...headers } };
      return (await app.request(path, {
        ...init,
        ...(body !== undefined && { body: JSON.stringify(body) }),
      })).status;
    };
    const seen = new Set<number>();
    for (const { method, path } of routesOf(chartroom)) {
      const place = await prepare(chartroom, upstream, path);
      const names = ["name", "url", "credential", "description", "workspace", "role", "action"];
      const body = { ...Object.fromEntries(names.map((name) => [name, secret])), [secret]: secret };
      const known = fill(path, { ...place }), query = `?token=${secret}&validate=${secret}`;
      const everywhere = {
        cookie: `session=${secret}`,
        "x-gitlab-token": secret,
        "x-hub-signature-256": `sha256=${secret}`,
        "x-request-id": secret,
        referer: `https://example.org/${secret}`,
      };
      for (const headers of [ADMIN, bearer(secret), { authorization: secret }, {}]) {
        for (
          const each of [known, fill(path, { repo: secret, token: secret, workspace: secret })]
        ) {
          const headersOf = { ...everywhere, ...headers };
          seen.add(await send(method, each + query, body, headersOf));
          seen.add(await send(method, each + query, undefined, headersOf));
          seen.add(await send("PUT", each + query, body, headersOf));
          chartroom.clock.now += 60_000;
        }
      }
    }
    // What works takes secrets too.
    const url = upstream.url.replace("http://", `http://user:${secret}@`);
    assert.equal(await send("POST", "/v1/repos", { name: "n", url, description: secret }), 200);
    for (const status of [200, 400, 401, 404, 405]) assert.ok(seen.has(status), `${status}`);
    const rows = await rowsOf(chartroom);
    assert.ok(rows.length > 300, `${rows.length}`);
    const kept = JSON.stringify([rows, chartroom.log]);
    // Names of fields are in any case.
    assert.doesNotMatch(kept, /s3cret/i);
    assert.doesNotMatch(kept, new RegExp(TOKEN));
  }));

Deno.test("all fields that bodies have are known by name", () => {
  const paths: Body = document.paths;
  const names = Object.values<Body>(paths).flatMap((operations) =>
    Object.values<Body>(operations).flatMap(({ requestBody }) => {
      const { schema } = requestBody?.content?.["application/json"] ?? {};
      const { $ref } = schema ?? {};
      const found: Body = $ref
        ? (document.components.schemas as Body)[$ref.replace(/.*\//, "")]
        : schema;
      return Object.keys(found?.properties ?? {});
    })
  );
  assert.ok(new Set(names).size > 10);
  return withChartroom(async (chartroom) => {
    const body = Object.fromEntries(names.map((name) => [name, ""]));
    await chartroom.call("POST", "/v1/repos", body, ADMIN);
    const [{ fields }] = await read(chartroom);
    const ignored = [...IGNORED_FIELDS].filter((name) => name !== "workspace");
    const expected = [...new Set(names)].filter((name) => !ignored.includes(name));
    assert.deepEqual(fields.toSorted(), expected.sort());
  });
});

Deno.test("administrators of a workspace see what concerns theirs; others see nothing", () =>
  withChartroom(async (chartroom, upstream) => {
    const { call } = chartroom, { url } = upstream;
    const of = (workspace: string) => `/v1/workspaces/${workspace}/repos`;
    const admin = await makeToken(chartroom, "admin", "team-a");
    const editor = await makeToken(chartroom, "editor", "team-a");
    const a = (await call("POST", of("team-a"), { name: "a", url }, editor.headers)).body.repo_id;
    const b = (await call("POST", of("team-b"), { name: "b", url }, ADMIN)).body.repo_id;
    await call("POST", "/v1/repos", { name: "global", url }, ADMIN);
    // One that it may not change, one whose workspace is not its own, and one of nobody.
    await call("DELETE", `/v1/repos/${b}`, undefined, editor.headers);
    await call("POST", "/v1/repos", { name: "x", url }, editor.headers);
    await call("DELETE", `/v1/repos/${ABSENT.repo}`, undefined, editor.headers);
    await call("DELETE", `/v1/workspaces/team-a/repos/${a}`);
    const seen = await read(chartroom, "", admin.headers);
    assert.deepEqual(seen.map((entry) => [entry.action, entry.who.name, entry.status]), [
      ["repository.delete", "", 401],
      ["repository.delete", "editor", 404],
      ["repository.create", "editor", 403],
      ["repository.create", "editor", 200],
      ["token.create", "admin", 200],
      ["token.create", "admin", 200],
    ]);
    assert.ok(seen.every(({ workspace }) => workspace === "team-a"));
    assert.deepEqual(await read(chartroom, "&conditions=workspace=team-b", admin.headers), []);
    assert.equal((await read(chartroom)).length, 9);
    const lines = await call("GET", "/v1/audit?format=jsonl", undefined, admin.headers);
    assert.equal(lines.body.trim().split("\n").length, 7);
    for (const [headers, status] of [[editor.headers, 403], [{}, 401]] as const) {
      assert.equal((await call("GET", "/v1/audit", undefined, headers)).status, status);
      assert.equal(
        (await call("GET", "/v1/audit?format=jsonl", undefined, headers)).status,
        status,
      );
    }
  }));

Deno.test("conditions and times choose entries, and cursors are for one query", () =>
  withChartroom(async (chartroom, upstream) => {
    const { call, clock } = chartroom, { url } = upstream;
    const id = (await call("POST", "/v1/repos", { name: "a", url }, ADMIN)).body.repo_id;
    clock.now += 86_400_000;
    await call("PATCH", `/v1/repos/${id}`, { description: "b" }, ADMIN);
    await call("PATCH", `/v1/repos/${id}`, { nonsense: "b" }, ADMIN);
    await call("DELETE", `/v1/repos/${id}`);
    clock.now += 86_400_000;
    await call("DELETE", `/v1/repos/${id}`, undefined, ADMIN);
    const cases: [string, number[]][] = [
      ["", [200, 401, 400, 200, 200]],
      ["conditions=action=repository.update", [400, 200]],
      ["conditions=action=repository.update|repository.create", [400, 200, 200]],
      ["conditions=outcome=refused", [401, 400]],
      ["conditions=outcome=success,action=repository.delete", [200]],
      ["conditions=outcome=pending|failed", []],
      ["conditions=name=admin,outcome=refused", [400]],
      [`conditions=repo_id=${id}`, [200, 401, 400, 200, 200]],
      ["conditions=workspace=team-a", []],
      ["since=2026-01-02", [200, 401, 400, 200]],
      ["since=2026-01-02&until=2026-01-02T12:00:00Z", [401, 400, 200]],
      ["until=2026-01-01T12:00:00%2B01:00", [200]],
    ];
    for (const [query, expected] of cases) {
      const statuses = (items: Body[]) => items.map(({ status }) => status);
      assert.deepEqual(statuses(await read(chartroom, `&${query}`)), expected, query);
      const found: Body[] = [];
      for (let cursor = "";;) {
        const path = `/v1/audit?${query}&limit=1&cursor=${cursor}`;
        const { body } = await call("GET", path, undefined, ADMIN);
        found.push(...body.items);
        if (body.next_cursor === undefined) break;
        cursor = body.next_cursor;
      }
      assert.deepEqual(statuses(found), expected, query);
    }
    const first = await call("GET", "/v1/audit?limit=1", undefined, ADMIN);
    const wrong = [
      [`since=2026-01-01&cursor=${first.body.next_cursor}`, "cursor"],
      ["cursor=x", "cursor"],
      ["limit=0", "limit"],
      ["limit=1001", "limit"],
      ["limit=-1", "limit"],
      ["since=yesterday", "since"],
      ["until=2026-13-01", "until"],
      ["format=csv", "format"],
      ["conditions=outcome=fine", "outcome"],
      ["conditions=url=x", "url"],
    ];
    for (const [query, field] of wrong) {
      const answer = await call("GET", `/v1/audit?${query}`, undefined, ADMIN);
      assert.deepEqual([answer.status, answer.body.field], [400, field], query);
    }
  }));

Deno.test("after 90 days an entry is not shown", () =>
  withChartroom(async (chartroom) => {
    const { call, clock } = chartroom;
    await call("POST", "/v1/repos", {}, ADMIN);
    assert.equal((await read(chartroom))[0].time, new Date(START).toISOString());
    clock.now += RETENTION_MS;
    assert.equal((await read(chartroom)).length, 1);
    clock.now += 1;
    assert.deepEqual(await read(chartroom), []);
    const { body } = await call("GET", "/v1/audit?since=2026-01-01&format=jsonl", undefined, ADMIN);
    assert.equal(body.trim().split("\n").length, 1);
    assert.equal(JSON.parse(body).action, "audit.read");
  }));

Deno.test("an export of 5,000 entries is what the pages are, and is itself recorded", () =>
  withChartroom(async (chartroom) => {
    const { call, services } = chartroom;
    const entry = {
      who: { kind: "token", name: "ci", tokenId: ABSENT.token! },
      action: "repository.sync",
      route: "POST /v1/repos/:repo/action",
      workspace: WORKSPACE,
      resource: { id: ABSENT.repo!, name: "harbour \u2028 ü" },
      fields: ["action"],
      address: "192.0.2.1",
      userAgent: "curl",
      ended: { status: 200, durationMs: 2 },
    };
    for (let n = 0; n < 5_000; n++) await services.audit.record(entry);
    const accept = { ...ADMIN, accept: "application/x-ndjson" };
    const head = await call("HEAD", "/v1/audit", undefined, accept);
    const lines = await call("GET", "/v1/audit", undefined, accept);
    const other = await call("GET", "/v1/audit?format=jsonl", undefined, ADMIN);
    for (const { headers, status } of [head, lines] as Answer[]) {
      assert.equal(status, 200);
      assert.equal(headers.get("content-type"), "application/x-ndjson");
      assert.equal(headers.get("cache-control"), "no-store");
      const disposition = 'attachment; filename="audit-2026-01-01.jsonl"';
      assert.equal(headers.get("content-disposition"), disposition);
    }
    assert.equal(other.headers.get("content-type"), "application/jsonl");
    const pages: Body[] = [];
    for (let cursor = "";;) {
      const path = `/v1/audit?limit=700&cursor=${cursor}`;
      const { body, headers } = await call("GET", path, undefined, ADMIN);
      assert.equal(headers.get("cache-control"), "no-store");
      pages.push(...body.items);
      if (body.next_cursor === undefined) break;
      cursor = body.next_cursor;
    }
    assert.equal(pages.length, 5_002);
    const parsed = other.body.trimEnd().split("\n").map((line: string) => JSON.parse(line));
    assert.deepEqual(parsed, pages);
    assert.deepEqual(
      [pages[0], pages[1]].map(({ action, who }) => [action, who.kind]),
      [["audit.read", "bootstrap"], ["audit.read", "bootstrap"]],
    );
    // The first of them began before the second was recorded.
    assert.equal(lines.body, other.body.slice(other.body.indexOf("\n") + 1));
  }));

Deno.test("an address is that of the connection, and floods of refusals are bounded for each", () =>
  withChartroom(async (chartroom) => {
    const { services, clock } = chartroom, app = createApp(services);
    const post = async (hostname: string) =>
      (await app.request("/v1/repos", { method: "POST" }, { remoteAddr: { hostname } })).status;
    for (let n = 0; n < 50; n++) assert.equal(await post("192.0.2.1"), 401);
    await post("192.0.2.2");
    const entries = await read(chartroom);
    assert.deepEqual([entries.length, entries[0].omitted, entries[0].from.address], [
      21,
      30,
      "192.0.2.2",
    ]);
    clock.now += 60_000;
    await post("192.0.2.1");
    assert.equal((await read(chartroom)).length, 22);
    // Of what a known caller is refused, more.
    for (let n = 0; n < 70; n++) await chartroom.call("POST", "/v1/repos", {}, ADMIN);
    assert.equal((await read(chartroom)).length, 82);
  }));
