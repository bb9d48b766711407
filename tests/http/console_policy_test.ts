/**
 * Every page and form of the console, for everybody, on every path, with whatever pages there are:
 * each shows what the API would, changes nothing for who may not, and nothing for another site.
 */

import assert from "node:assert/strict";
import type { Answer } from "../support/chartroom.ts";
import { type Place, PLACES, TOKENS, type Who, World } from "../support/world.ts";

const EVERYBODY = ["anonymous", "bootstrap", ...Object.keys(TOKENS)] as Who[];
/** For whoever comes. */
const FOR_ALL = /^\/(sign-in|sign-out|preferences)$/;
/** About something that only who may read it sees. */
const ABOUT = /:(repo|app)\b/;
const POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; " +
  "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
const BROWSER = { accept: "text/html", "user-agent": "Browser/1" };
const FORM = { ...BROWSER, "content-type": "application/x-www-form-urlencoded" };
const OWN_SITE = { "sec-fetch-site": "same-origin" };

/** Whether somebody may read what is in a place. */
function mayRead(who: Who, place: Place): boolean {
  const [own] = who === "bootstrap" ? ["*"] : TOKENS[who as keyof typeof TOKENS] ?? [];
  return place === "" || own === "*" || own === place;
}

function assertPage({ status, headers }: Answer, title: string) {
  assert.ok(status < 500 || status === 502, `${title}: ${status}`);
  assert.match(headers.get("cache-control") ?? "", /^private, no-store$/, title);
  assert.equal(headers.get("x-content-type-options"), "nosniff", title);
  assert.equal(headers.get("access-control-allow-origin"), null, title);
  if ([302, 303].includes(status)) {
    return assert.match(headers.get("location")!, /^(\/(?!\/)|http:\/\/localhost\/)/);
  }
  assert.equal(headers.get("content-type"), "text/html; charset=utf-8", title);
  assert.equal(headers.get("content-security-policy"), POLICY, title);
}

/** All addresses of a route: in each workspace, about the thing of each place. */
function* addresses(world: World, path: string) {
  const inPaths = path.includes(":workspace") ? ["ws1", "ws2"] : [""];
  for (const inPath of inPaths) {
    const places = /:\w/.test(path.replace("/:workspace", "")) ? PLACES : [""] as const;
    for (const place of places) {
      const about: Record<string, string> = { ...world.about.get(place)! };
      const at = path.replace(":workspace", inPath)
        .replace(/:(\w+)/g, (_, name) => about[name] ?? "latest");
      yield { at, inPath, place };
    }
  }
}

/** What tells of a place: the part that is in the ids of all that is there. */
function markOf(world: World, place: Place): string {
  return world.about.get(place)!.repo.slice("repo-".length);
}

Deno.test("every page shows what who looks may see, and says so to no cache", async (t) => {
  await using world = await World.make();
  for (const { path } of world.pageRoutes().filter(({ method }) => method === "GET")) {
    await t.step(path, async () => {
      for (const { at, inPath, place } of addresses(world, path)) {
        for (const who of EVERYBODY) {
          const title = `${who}, ${at}`;
          const answer = await world.call("GET", at, undefined, {
            ...BROWSER,
            ...world.headersOf(who),
          });
          assertPage(answer, title);
          const { status, body } = answer;
          if (FOR_ALL.test(path)) assert.equal(status, 200, title);
          const isThere = mayRead(who, place) && ["", inPath, place].includes(inPath && place);
          if (ABOUT.test(path) && !isThere) assert.ok([302, 303, 403, 404].includes(status), title);
          // The path itself stands in the page, which says it back.
          const text = String(body).replaceAll(encodeURIComponent(at), "").replaceAll(at, "");
          const mark = world.about.get(place)!.repo;
          for (const other of PLACES.filter((other) => !mayRead(who, other))) {
            const told = text.replaceAll(mark, "").replaceAll(world.about.get(place)!.app, "");
            assert.ok(!told.includes(markOf(world, other)), `${title} tells of ${other}`);
          }
        }
      }
    });
  }
});

Deno.test("where reading is not free, who has not signed in is led to that, and back", async () => {
  await using world = await World.make("false");
  let pages = 0;
  for (const { method, path } of world.pageRoutes()) {
    if (FOR_ALL.test(path)) continue;
    for (const { at } of addresses(world, path)) {
      const isRead = method === "GET";
      const headers = isRead ? BROWSER : { ...FORM, ...OWN_SITE };
      const answer = await world.call(method, at, isRead ? undefined : "name=x", headers);
      assertPage(answer, at);
      assert.equal(answer.status, isRead ? 303 : 401, `${method} ${at}`);
      const next = encodeURIComponent(at);
      if (isRead) assert.equal(answer.headers.get("location"), `/sign-in?next=${next}`);
      pages++;
    }
  }
  assert.ok(pages > 10);
});

/** What the database has, but for what is recorded and for sessions. */
async function stateOf({ chartroom: { services } }: World): Promise<string> {
  await services.syncer.idle();
  const rows = await services.kv.list({ prefix: [] });
  return JSON.stringify(
    rows.filter(({ key }) => !["audit", "sessions", "session"].includes(String(key[0]))),
    (_, value) => typeof value === "bigint" ? `${value}` : value,
  );
}

/** A form with all that any of them may want. */
async function formFor(world: World, place: Place): Promise<string> {
  const { repo, workspace } = world.about.get(place)!;
  const path = `/v1/repos/${repo}`;
  const { body } = await world.call("GET", path, undefined, world.headersOf("bootstrap"));
  return new URLSearchParams({
    name: body.name ?? "none",
    url: world.upstream.url,
    description: `changed ${crypto.randomUUID()}`,
    workspace,
    scope: workspace === "*" ? "all" : "one",
    role: "admin",
    expires: "never",
    suspended: "true",
    suspend: "true",
    action: "create",
    language: "zh",
    theme: "dark",
    token: "none",
    next: "/",
  }).toString();
}

async function* forms(world: World) {
  for (const { path } of world.pageRoutes().filter(({ method }) => method === "POST")) {
    for (const { at, inPath, place } of addresses(world, path)) {
      yield { path, at, inPath, place, form: await formFor(world, place) };
    }
  }
}

Deno.test("no form changes anything for who only reads", async () => {
  await using world = await World.make();
  const before = await stateOf(world);
  for await (const { path, at, form } of forms(world)) {
    for (const who of ["anonymous", "viewer1", "viewerAll"] as const) {
      const headers = { ...FORM, ...OWN_SITE, ...world.headersOf(who) };
      const answer = await world.call("POST", at, form, headers);
      assertPage(answer, `${who}, ${at}`);
      if (FOR_ALL.test(path)) continue;
      assert.ok([400, 401, 403, 404].includes(answer.status), `${who}, ${at}: ${answer.status}`);
    }
  }
  assert.equal(await stateOf(world), before);
});

/** What browsers tell where a page of another site sends a form; and what tells nothing. */
const FOREIGN: Record<string, string>[] = [
  { "sec-fetch-site": "cross-site", origin: "https://evil.example.org" },
  { "sec-fetch-site": "same-site", origin: "http://localhost" },
  { origin: "https://evil.example.org" },
  { origin: "null" },
  {},
];

Deno.test("no form changes anything for another site, whoever looks at that", async () => {
  await using world = await World.make();
  const token = world.headersOf("bootstrap").authorization!.slice("Bearer ".length);
  const begun = await world.call("POST", "/v1/session", { token });
  const cookie = begun.headers.get("set-cookie")!.split(";")[0]!;
  const before = await stateOf(world);
  for await (const { at, form } of forms(world)) {
    for (const told of FOREIGN) {
      const answer = await world.call("POST", at, form, { ...FORM, cookie, ...told });
      const title = `${at} from ${JSON.stringify(told)}`;
      assertPage(answer, title);
      assert.equal(answer.status, 403, title);
      assert.deepEqual(answer.headers.getSetCookie(), [], title);
    }
  }
  assert.equal(await stateOf(world), before);
  const session = await world.call("GET", "/v1/session", undefined, { cookie });
  assert.equal(session.status, 200);
  // They would, from here.
  let changes = 0;
  for await (const { path, at, form } of forms(world)) {
    if (FOR_ALL.test(path)) continue;
    const state = await stateOf(world);
    await world.call("POST", at, form, { ...FORM, ...OWN_SITE, cookie });
    if (await stateOf(world) !== state) changes++;
  }
  assert.ok(changes >= 3, `${changes}`);
});
