/** The list of repositories, and what can be done with one of them from there. */

import assert from "node:assert/strict";
import { canary } from "../support/canary.ts";
import type { Chartroom } from "../support/chartroom.ts";
import { elementWith, type Pages, withPages } from "../support/pages.ts";
import { holdBack, indexOf } from "../support/upstream.ts";

const TOKEN = canary("token");
const ADMIN = { authorization: `Bearer ${TOKEN}` };
const WITH_TOKEN = { environment: { CHARTROOM_ADMIN_TOKEN: TOKEN } };
const CHINESE = { cookie: "language=zh" };
const HOSTILE = `<script>alert("x")</script><img src=x onerror=alert(1)>`;
const INDEX = indexOf({ one: ["1.0.0", "1.1.0"], two: ["1.0.0"] });

/** The names of the rows of a list, in their order. */
const rowsOf = (html: string) =>
  [...html.matchAll(/data-item[^>]*>([^<]*)</g)].map(([, name]) => name);

async function tokenOf({ call }: Chartroom, more: Record<string, unknown>) {
  const json = { name: "ada", workspace: "*", role: "viewer", ...more };
  const { body } = await call("POST", "/v1/tokens", json, ADMIN);
  return { authorization: `Bearer ${body.token}` };
}

Deno.test("a list without repositories leads to adding one", () =>
  withPages(async ({ show }) => {
    const { status, html, text } = await show("/repos");
    assert.equal(status, 200);
    assert.match(text, /No repositories yet/);
    assert.match(html, /href="\/repos\/new"/);
    assert.match((await show("/repos", CHINESE)).text, /还没有应用仓库/);
  }));

Deno.test("a repository is listed with its state, its syncs and what it has", () =>
  withPages(async ({ register, sync, show, upstream, clock }) => {
    upstream.serve("/index.yaml", INDEX);
    const id = await register(upstream.url, { name: "harbour", sync_period: "1h" });
    clock.now += 60_000;
    upstream.serve("/index.yaml", "nonsense");
    await sync(id);
    clock.now += 60_000;
    upstream.serve("/index.yaml", INDEX);
    await sync(id);
    const { html, text } = await show("/repos");
    assert.match(text, /1 repository Repository State/);
    assert.ok(html.includes(`href="/repos/${id}"`));
    assert.match(text, new RegExp(`harbour ${upstream.url} Up to date now in 1 hour 2 3`));
    const picture = elementWith(html, `class="sparkline"`)!;
    assert.match(picture, /aria-label="Last 3 syncs: 2 succeeded, 1 failed"/);
    assert.equal(html.match(/<path class="failed"/g)?.length, 1);
    assert.equal(elementWith(html, "data-poll"), undefined);
    const chinese = await show("/repos", CHINESE);
    assert.match(chinese.html, /最近 3 次同步：成功 2 次，失败 1 次/);
    assert.match(chinese.text, /已同步/);
  }));

Deno.test("a list tells why a sync failed, and what is suspended, and what goes on", () =>
  withPages(async ({ register, show, upstream, call }) => {
    upstream.serve("/page/index.yaml", "<!doctype html><html></html>");
    upstream.serve("/good/index.yaml", INDEX);
    await register(`${upstream.url}/page`, { name: "page" });
    const suspended = await register(`${upstream.url}/good`, { name: "still", suspended: true });
    const { html, text } = await show("/repos");
    assert.match(text, /Failed There is a web page, not an index/);
    assert.match(
      elementWith(html, 'class="badge bad"')!,
      /title="the upstream answered with an HTML/,
    );
    assert.match(text, /Suspended Never Off/);
    const { asked, go } = holdBack(upstream, INDEX);
    const json = { name: "slow", url: upstream.url };
    const { body } = await call("POST", "/v1/repos", json);
    await asked;
    const busy = await show("/repos");
    assert.match(busy.text, /slow \S+ Syncing/);
    assert.equal(elementWith(busy.html, "data-poll"), '<div id="rows" data-poll="3000">');
    go();
    assert.ok(body.repo_id && suspended);
  }));

Deno.test("what others call things is text in a list, not markup", () =>
  withPages(async ({ register, show, upstream }) => {
    upstream.serve("/index.yaml", INDEX);
    await register(`${upstream.url}/?<b>`, { name: HOSTILE, description: HOSTILE });
    const { html } = await show(`/repos?q=${encodeURIComponent("<script>")}`);
    assert.match(html, /&lt;script&gt;alert/);
    assert.doesNotMatch(html, /<script>|<img|<b>/);
  }));

async function addMany({ register, upstream }: Pages) {
  upstream.serve("/index.yaml", INDEX);
  const names = Array.from({ length: 27 }, (_, i) => `repo-${`${i}`.padStart(2, "0")}`);
  for (const name of names) await register(upstream.url, { name });
  return names;
}

Deno.test("a list is searched, narrowed down, sorted and paged by what its URL says", () =>
  withPages(async (pages) => {
    const { show, register, upstream } = pages;
    const names = await addMany(pages);
    await register(`${upstream.url}/nothing`, { name: "wreck" });
    const first = await show("/repos");
    assert.match(first.text, /28 repositories/);
    assert.deepEqual(rowsOf(first.html), names.slice(0, 25));
    const second = await show("/repos?page=2");
    assert.deepEqual(rowsOf(second.html), [...names.slice(25), "wreck"]);
    assert.deepEqual(rowsOf((await show("/repos?sort=-name&page=2")).html), [
      names[2],
      names[1],
      names[0],
    ]);
    assert.deepEqual(rowsOf((await show("/repos?state=failed")).html), ["wreck"]);
    const found = await show("/repos?q=O-1&sort=-name");
    assert.deepEqual(rowsOf(found.html), names.slice(10, 20).toReversed());
    assert.match(found.text, /10 repositories found/);
    assert.match(elementWith(found.html, "aria-sort")!, /aria-sort="descending"/);
    assert.equal(rowsOf((await show("/repos?sort=status")).html)[0], "wreck");
    // A comma would end a condition of the API.
    assert.deepEqual(rowsOf((await show("/repos?q=,wreck,")).html), ["wreck"]);
    const nothing = await show("/repos?q=zzz");
    assert.match(nothing.text, /No repository matches/);
    assert.match(nothing.html, /href="\/repos"/);
    for (const odd of ["sort=rank", "state=lost", "page=0", "page=x", "sort=%00", "q=%20"]) {
      assert.equal((await show(`/repos?${odd}`)).status, 200, odd);
    }
    const beyond = await show("/repos?sort=-name&page=9");
    assert.deepEqual([beyond.status, beyond.location], [302, "/repos?sort=-name&page=2"]);
  }));

Deno.test("who may only look is shown nothing to be done, and can do nothing", () =>
  withPages(async (pages) => {
    const { show, send, upstream, call, services } = pages;
    upstream.serve("/index.yaml", INDEX);
    const json = { name: "harbour", url: upstream.url };
    const { body: { repo_id: id } } = await call("POST", "/v1/repos", json, ADMIN);
    await services.syncer.idle();
    const viewer = await tokenOf(pages, {});
    const { html } = await show("/repos", viewer);
    assert.deepEqual(rowsOf(html), ["harbour"]);
    assert.doesNotMatch(html, /repos\/new|\/sync"|\/edit"|\/delete"|\/suspend"/);
    assert.match((await show("/repos?q=no", viewer)).text, /No repository matches/);
    for (const path of ["new", `${id}/edit`, `${id}/delete`]) {
      assert.equal((await show(`/repos/${path}`, viewer)).status, 403, path);
    }
    const name = "harbour";
    for (const path of ["new", `${id}/edit`, `${id}/delete`, `${id}/sync`, `${id}/suspend`]) {
      const { status } = await send(`/repos/${path}`, { name, address: "127.0.0.1" }, viewer);
      assert.equal(status, 403, path);
    }
    assert.equal((await call("GET", `/v1/repos/${id}`, undefined, ADMIN)).body.name, "harbour");
    assert.equal((await show("/repos")).location, "/sign-in?next=%2Frepos");
    assert.equal((await send(`/repos/${id}/delete`, { name })).status, 401);
  }, WITH_TOKEN));

Deno.test("a form of another site changes nothing", () =>
  withPages(async ({ register, send, upstream, call }) => {
    upstream.serve("/index.yaml", INDEX);
    const id = await register(upstream.url, { name: "harbour" });
    const foreign = { "sec-fetch-site": "cross-site", origin: "https://example.org" };
    for (const action of ["sync", "suspend", "delete", "edit"]) {
      const fields = { name: "harbour", suspended: "true", period: "1", unit: "h" };
      assert.equal((await send(`/repos/${id}/${action}`, fields, foreign)).status, 403, action);
    }
    assert.equal((await call("GET", `/v1/repos/${id}`)).body.suspended, false);
  }));

Deno.test("a sync is asked for, and a repository suspended and resumed; all lead back", () =>
  withPages(async ({ register, send, show, upstream, call, services }) => {
    upstream.serve("/index.yaml", INDEX);
    const id = await register(upstream.url, { name: "harbour" });
    const before = upstream.requests.length;
    const synced = await send(`/repos/${id}/sync`, { next: "/repos?q=har" });
    assert.deepEqual([synced.status, synced.location], [303, "/repos?q=har&done=sync"]);
    await services.syncer.idle();
    assert.equal(upstream.requests.length, before + 1);
    assert.match((await show("/repos?done=sync")).text, /The sync has been asked for/);
    const suspended = async () => (await call("GET", `/v1/repos/${id}`)).body.suspended;
    const stopped = await send(`/repos/${id}/suspend`, { suspended: "true" });
    assert.deepEqual([stopped.location, await suspended()], ["/repos?done=suspended", true]);
    const resumed = await send(`/repos/${id}/suspend`, {
      suspended: "false",
      next: "//evil.example",
    });
    assert.deepEqual([resumed.location, await suspended()], ["/?done=resumed", false]);
    assert.equal((await send("/repos/repo-00000000000000/sync")).status, 404);
  }));

Deno.test("an index that shrank can be accepted from the list", () =>
  withPages(async ({ register, sync, send, show, upstream, services, call }) => {
    const charts = Array.from({ length: 40 }, (_, i) => [`chart-${i}`, ["1.0.0"]]);
    upstream.serve("/index.yaml", indexOf(Object.fromEntries(charts)));
    const id = await register(upstream.url);
    upstream.serve("/index.yaml", INDEX);
    await sync(id);
    assert.match((await show("/repos")).text, /Accept the smaller index/);
    await send(`/repos/${id}/sync`, { force: "true" });
    await services.syncer.idle();
    assert.equal((await call("GET", `/v1/repos/${id}`)).body.app_total, 2);
    assert.doesNotMatch((await show("/repos")).text, /Accept the smaller index/);
  }));

Deno.test("a repository is deleted by who types its name, and nobody else", () =>
  withPages(async ({ register, send, show, upstream, call }) => {
    upstream.serve("/index.yaml", INDEX);
    const id = await register(upstream.url, { name: "harbour" });
    const asked = await show(`/repos/${id}/delete`);
    assert.match(asked.text, /2 apps with 3 versions/);
    const wrong = await send(`/repos/${id}/delete`, { name: "Harbour" });
    assert.equal(wrong.status, 400);
    assert.match(wrong.text, /This is not its name/);
    assert.match(elementWith(wrong.html, 'id="name"')!, /value="Harbour".*aria-invalid="true"/);
    assert.equal((await send(`/repos/${id}/delete`)).status, 400);
    const chinese = await send(`/repos/${id}/delete`, { name: "x" }, CHINESE);
    assert.match(chinese.text, /名称不正确/);
    const gone = await send(`/repos/${id}/delete`, { name: " harbour " });
    assert.deepEqual([gone.status, gone.location], [303, "/repos?done=deleted"]);
    assert.equal((await call("GET", `/v1/repos/${id}`)).status, 404);
    assert.match((await show("/repos?done=deleted")).text, /The repository is deleted/);
    assert.equal((await show(`/repos/${id}/delete`)).status, 404);
  }));

Deno.test("repositories of a workspace are shown and changed on its path", () =>
  withPages(async ({ register, send, show, upstream, call }) => {
    upstream.serve("/index.yaml", INDEX);
    const id = await register(upstream.url, { name: "harbour", workspace: "team" });
    assert.deepEqual(rowsOf((await show("/repos")).html), []);
    const { html } = await show("/workspaces/team/repos");
    assert.deepEqual(rowsOf(html), ["harbour"]);
    assert.ok(html.includes(`href="/workspaces/team/repos/${id}/edit"`));
    const elsewhere = await show(`/repos/${id}/edit`);
    assert.equal(elsewhere.location, `/workspaces/team/repos/${id}/edit`);
    assert.equal((await show(`/repos/${id}/delete`)).status, 302);
    const path = `/workspaces/team/repos/${id}`;
    assert.equal((await send(`${path}/sync`)).location, "/workspaces/team/repos?done=sync");
    const gone = await send(`${path}/delete`, { name: "harbour" });
    assert.equal(gone.location, "/workspaces/team/repos?done=deleted");
    assert.equal((await call("GET", `/v1/repos/${id}`)).status, 404);
  }));
