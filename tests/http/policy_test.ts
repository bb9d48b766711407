/** Every route, for everybody, on every path: who gets in is what the tables below say. */

import assert from "node:assert/strict";
import { type About, type Place, PLACES, type Who, World } from "../support/world.ts";

/** What comes of it in the global place, in `ws1` and in `ws2`. */
type Table = Readonly<Record<Who, string>>;

const ALL: Table = {
  anonymous: "ok  ok  ok",
  viewer1: "ok  ok  ok",
  editor1: "ok  ok  ok",
  admin1: "ok  ok  ok",
  viewer2: "ok  ok  ok",
  viewerAll: "ok  ok  ok",
  editorAll: "ok  ok  ok",
  adminAll: "ok  ok  ok",
  bootstrap: "ok  ok  ok",
};
const NONE: Table = Object.fromEntries(
  Object.keys(ALL).map((who) => [who, "401 401 401"]),
) as Table;
const NEVER: Table = Object.fromEntries(
  Object.keys(ALL).map((who) => [who, "403 403 403"]),
) as Table;
/** By the place of the repository. */
const READ: Table = {
  anonymous: "ok  404 404",
  viewer1: "ok  ok  404",
  editor1: "ok  ok  404",
  admin1: "ok  ok  404",
  viewer2: "ok  404 ok",
  viewerAll: "ok  ok  ok",
  editorAll: "ok  ok  ok",
  adminAll: "ok  ok  ok",
  bootstrap: "ok  ok  ok",
};
/** By the place of the repository. */
const CHANGE: Table = {
  anonymous: "401 404 404",
  viewer1: "403 403 404",
  editor1: "403 ok  404",
  admin1: "403 ok  404",
  viewer2: "403 404 403",
  viewerAll: "403 403 403",
  editorAll: "ok  ok  ok",
  adminAll: "ok  ok  ok",
  bootstrap: "ok  ok  ok",
};
/** By the path. */
const LIST_REPOS: Table = {
  anonymous: "ok  401 401",
  viewer1: "ok  ok  403",
  editor1: "ok  ok  403",
  admin1: "ok  ok  403",
  viewer2: "ok  403 ok",
  viewerAll: "ok  ok  ok",
  editorAll: "ok  ok  ok",
  adminAll: "ok  ok  ok",
  bootstrap: "ok  ok  ok",
};
/** By the path. */
const REGISTER: Table = {
  anonymous: "401 401 401",
  viewer1: "403 403 403",
  editor1: "403 ok  403",
  admin1: "403 ok  403",
  viewer2: "403 403 403",
  viewerAll: "403 403 403",
  editorAll: "ok  ok  ok",
  adminAll: "ok  ok  ok",
  bootstrap: "ok  ok  ok",
};
const SERVICE: Table = {
  anonymous: "401 401 401",
  viewer1: "403 403 403",
  editor1: "403 403 403",
  admin1: "403 403 403",
  viewer2: "403 403 403",
  viewerAll: "403 403 403",
  editorAll: "403 403 403",
  adminAll: "ok  ok  ok",
  bootstrap: "ok  ok  ok",
};
const ADMINS: Table = { ...SERVICE, admin1: "ok  ok  ok" };
/** By the token's place. */
const LET_IN: Table = { ...SERVICE, admin1: "403 ok  403" };
const REVOKE: Table = { ...SERVICE, admin1: "404 ok  404" };

interface Rule {
  table: Table;
  /** What the place of a table is that of. */
  by: "thing" | "path" | "nothing";
  body?: unknown;
  query?: (about: About) => string;
  headers?: Record<string, string>;
  /** Makes what an earlier request may have taken away, or a thing that this one may. */
  before?: (world: World, place: Place) => Promise<Partial<About> | void>;
}

const REPO = { by: "thing" } as const;
const RULES: Readonly<Record<string, Rule>> = {
  "GET /healthz": { table: ALL, by: "nothing" },
  "GET /readyz": { table: ALL, by: "nothing" },
  "GET /openapi.json": { table: ALL, by: "nothing" },
  "GET /docs": { table: ALL, by: "nothing" },
  "GET /docs/style.css": { table: ALL, by: "nothing" },
  "POST /repos": { table: REGISTER, by: "path", body: {} },
  "GET /repos": { table: LIST_REPOS, by: "path" },
  "GET /repos/:repo": { table: READ, ...REPO },
  "PATCH /repos/:repo": { table: CHANGE, ...REPO, body: { description: "changed" } },
  "DELETE /repos/:repo": {
    table: CHANGE,
    ...REPO,
    before: async (world, place) => ({ repo: await world.register(place) }),
  },
  "POST /repos/:repo/action": { table: CHANGE, ...REPO, body: { action: "other" } },
  "GET /repos/:repo/events": { table: READ, ...REPO },
  "GET /repos/:repo/events/stream": {
    table: READ,
    ...REPO,
    query: ({ event }) => `?sync=${event}`,
    headers: { "last-event-id": "9999999999999999" },
  },
  "GET /repos/:repo/events/:event": { table: READ, ...REPO },
  "POST /repos/:repo/webhook": { table: CHANGE, ...REPO },
  "GET /repos/:repo/webhook": { table: CHANGE, ...REPO, before: addWebhook },
  "PATCH /repos/:repo/webhook": {
    table: CHANGE,
    ...REPO,
    body: { branches: [] },
    before: addWebhook,
  },
  "DELETE /repos/:repo/webhook": { table: CHANGE, ...REPO, before: addWebhook },
  "GET /repos/:repo/problems": { table: READ, ...REPO },
  "GET /apps": { table: ALL, by: "path" },
  "GET /apps/changes": { table: ALL, by: "path" },
  "GET /apps/changes.atom": { table: ALL, by: "path" },
  "GET /apps/:app": { table: READ, ...REPO },
  "GET /apps/:app/icon": { table: READ, ...REPO },
  "GET /apps/:app/versions": { table: READ, ...REPO },
  "GET /apps/:app/versions/:version": { table: READ, ...REPO },
  "GET /apps/:app/versions/:version/package": { table: READ, ...REPO },
  "GET /apps/:app/versions/:version/contents": { table: READ, ...REPO },
  "GET /apps/:app/versions/:version/files": { table: READ, ...REPO },
  "GET /apps/:app/versions/:version/readme": { table: READ, ...REPO },
  "GET /categories": { table: ALL, by: "path" },
  "GET /categories/:category": { table: READ, ...REPO },
  "GET /cache": { table: SERVICE, by: "nothing" },
  // A token opens no webhook: only its secret does.
  "POST /webhooks/:repo": { table: NONE, by: "nothing" },
  // Of the cookie, and of nobody who has none.
  "GET /session": { table: NONE, by: "nothing" },
  "POST /session": { table: NONE, by: "nothing", body: { token: "none that works" } },
  // Nothing shows that it is no foreign page.
  "DELETE /session": { table: NEVER, by: "nothing" },
  "GET /whoami": { table: ALL, by: "nothing" },
  // To each another list; see below.
  "GET /workspaces": { table: ALL, by: "nothing" },
  "GET /audit": { table: ADMINS, by: "nothing" },
  "GET /tokens": { table: ADMINS, by: "nothing" },
  "POST /tokens": { table: LET_IN, by: "thing" },
  "DELETE /tokens/:token": {
    table: REVOKE,
    by: "thing",
    before: (world, place) => world.addToken(place),
  },
};

const BASES = /^\/(?:v1|kapis\/openpitrix\.io\/v1)/;
const IN_WORKSPACE = /^\/workspaces\/:workspace/;

Deno.test("every route lets in whom the tables say, on every path, and nobody else", async (t) => {
  await using world = await World.make();
  const seen = new Set<string>();
  for (const { method, path } of world.apiRoutes()) {
    const below = path.replace(BASES, "");
    const name = `${method} ${below.replace(IN_WORKSPACE, "")}`;
    seen.add(name);
    const rule = RULES[name];
    assert.ok(rule, `${name} is in no table`);
    const paths = IN_WORKSPACE.test(below) ? PLACES.slice(1) : [""] as const;
    await t.step(`${method} ${path}`, async () => {
      for (const inPath of paths) {
        for (const place of rule.by === "thing" ? PLACES : [""] as const) {
          for (const who of Object.keys(rule.table) as Who[]) {
            const expected = expectedOf(rule, who, inPath, place);
            const about = await rule.before?.(world, place) ?? {};
            const at = path.replace(":workspace", inPath);
            const status = await world.ask(method, at, { ...rule, who, place, about });
            assert.equal(status, expected, `${who}, ${path} of ${inPath}, thing of ${place}`);
          }
        }
      }
    });
  }
  assert.deepEqual(Object.keys(RULES).filter((name) => !seen.has(name)), []);
});

Deno.test("where reading is not free, nobody gets an answer without a token", async () => {
  await using world = await World.make("false");
  for (const { method, path } of world.apiRoutes()) {
    const name = `${method} ${path.replace(BASES, "").replace(IN_WORKSPACE, "")}`;
    const rule = RULES[name]!, at = path.replace(":workspace", "ws1");
    const isOpen = /^\/(healthz|readyz|openapi\.json|docs)/.test(path);
    const expected = isOpen ? "ok" : rule.table === NEVER ? "403" : "401";
    const asked = { ...rule, who: "anonymous", place: "" } as const;
    assert.equal(await world.ask(method, at, asked), expected, name);
  }
});

Deno.test("lists hold what their reader may see, and nothing else", async () => {
  await using world = await World.make();
  for (const who of Object.keys(READ) as Who[]) {
    for (const inPath of PLACES) {
      const base = inPath === "" ? "/v1" : `/v1/workspaces/${inPath}`;
      const seen = PLACES.filter((place, i) =>
        cell(READ, who, i) === "ok" && (inPath === "" || ["", inPath].includes(place))
      );
      const ids = seen.map((place) => world.about.get(place)!.repo).sort();
      const get = async (path: string) =>
        (await world.call("GET", base + path, undefined, world.headersOf(who))).body;
      const repoOf = ({ repo_id }: { repo_id: string }) => repo_id;
      const list = await get("/apps?limit=-1&facets=repo");
      const title = `${who} on ${base}`;
      assert.deepEqual(
        list.items.map((app: { app_id: string }) => repoIdOf(app.app_id)).sort(),
        ids,
      );
      assert.deepEqual(
        list.facets.repo.map(({ value }: { value: string }) => value).sort(),
        ids,
        title,
      );
      const changes = await get("/apps/changes");
      assert.deepEqual(changes.items.map(repoOf).sort(), ids, title);
      const atom = await get("/apps/changes.atom");
      const others = PLACES.filter((place) => !seen.includes(place));
      for (const place of others) assert.ok(!atom.includes(world.about.get(place)!.app), title);
      const { items } = await get("/categories");
      const categories = seen.map((place) => world.about.get(place)!.category).sort();
      const named = items.map((item: { category_id: string }) => item.category_id);
      assert.deepEqual(named.sort(), categories, title);
    }
  }
});

Deno.test("workspaces are listed to who sees repositories there or has a role, with what they may", async () => {
  await using world = await World.make();
  for (const who of Object.keys(READ) as Who[]) {
    const { body } = await world.call("GET", "/v1/workspaces", undefined, world.headersOf(who));
    const expected = PLACES.map((workspace, i) => ({ workspace, i }))
      .filter(({ i }) => cell(READ, who, i) === "ok")
      .map(({ workspace, i }) => ({
        workspace,
        repositories: 1,
        may_write: cell(REGISTER, who, i) === "ok",
      }));
    assert.deepEqual(body, { items: expected, total_count: expected.length }, who);
  }
  const { repo } = world.about.get("ws2")!;
  const bootstrap = world.headersOf("bootstrap");
  await world.call("DELETE", `/v1/repos/${repo}`, undefined, bootstrap);
  const third = { name: "third", url: world.upstream.url, sync_period: "0" };
  await world.call("POST", "/v1/workspaces/ws3/repos", third, bootstrap);
  const listed = async (who: Who, query = "") => {
    const headers = world.headersOf(who);
    const { body } = await world.call("GET", `/v1/workspaces${query}`, undefined, headers);
    return body.items.map((item: { workspace: string; repositories: number }) =>
      `${item.workspace} ${item.repositories}`
    );
  };
  // A role is told where there is nothing; what there is, to no stranger.
  assert.deepEqual(await listed("viewer2"), [" 1", "ws2 0"]);
  assert.deepEqual(await listed("viewer1"), [" 1", "ws1 1"]);
  assert.deepEqual(await listed("anonymous"), [" 1"]);
  assert.deepEqual(await listed("viewerAll"), [" 1", "ws1 1", "ws3 1"]);
  assert.deepEqual(await listed("viewerAll", "?limit=1&page=2"), ["ws1 1"]);
  const elsewhere = "/kapis/openpitrix.io/v1/workspaces";
  assert.equal((await world.call("GET", elsewhere, undefined, bootstrap)).status, 404);
  await world.chartroom.services.syncer.idle();
});

function repoIdOf(appId: string): string {
  return `repo-${appId.split("-")[1]}`;
}

function cell(table: Table, who: Who, column: number): string {
  return table[who].split(/ +/)[column]!;
}

/** What the tables say; a workspace's path shows what is its own or global, and changes its own. */
function expectedOf({ table, by }: Rule, who: Who, inPath: Place, place: Place) {
  const expected = cell(table, who, PLACES.indexOf(by === "path" ? inPath : place));
  if (by !== "thing" || inPath === "") return expected;
  if (place !== "" && place !== inPath) return "404";
  return table === CHANGE && place === "" && expected === "ok" ? "403" : expected;
}

async function addWebhook(world: World, place: Place) {
  await world.addWebhook(place);
}
