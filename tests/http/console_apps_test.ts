/** The list of apps and what is new, as pages: what they show, and what they never do. */

import assert from "node:assert/strict";
import { createApp } from "../../routes/app.ts";
import { canary } from "../support/canary.ts";
import { type Chartroom, withChartroom } from "../support/chartroom.ts";
import { indexOf, type Upstream, type VersionSpec } from "../support/upstream.ts";

const at = (created: string, more: Partial<VersionSpec> = {}): VersionSpec => ({
  version: "1.0.0",
  created: `${created}T00:00:00Z`,
  ...more,
});

const ONE = indexOf({
  redis: [
    at("2025-12-30", { version: "2.0.0", appVersion: "7.2.4", annotations: { category: "Data" } }),
    at("2025-12-01", { version: "1.0.0" }),
  ],
  common: [at("2025-12-31", { type: "library", version: "0.1.0-rc.1" })],
  old: [at("2020-01-01", { deprecated: true, kubeVersion: "<1.20.0-0" })],
});
const TWO = indexOf({ redis: [at("2025-11-01", { keywords: ["cache"] })] });
const ADMIN = canary("apps-admin");
const HOSTILE = `<script>alert("x")</script>'&`;

interface Shown {
  status: number;
  headers: Headers;
  html: string;
  /** Without tags, with one space between texts. */
  text: string;
  /** The addresses that links lead to. */
  links: string[];
}

type Ask = (path: string, headers?: HeadersInit) => Promise<Shown>;

function asks({ services }: Chartroom): Ask {
  const app = createApp(services);
  return async (path, headers = {}) => {
    const response = await app.request(`http://localhost${path}`, {
      headers: { accept: "text/html", ...headers },
    });
    const html = await response.text();
    const links = [...html.matchAll(/ href="([^"]*)"/g)]
      .map(([, href]) => href!.replaceAll("&amp;", "&"));
    const text = html.replace(/<[^>]*>/g, " ").replace(/\s+/g, " ");
    return { status: response.status, headers: response.headers, html, text, links };
  };
}

async function withApps(
  test: (ask: Ask, ids: { one: string; two: string }, chartroom: Chartroom) => Promise<void>,
) {
  await withChartroom(async (chartroom, upstream) => {
    upstream.serve("/one/index.yaml", ONE);
    upstream.serve("/two/index.yaml", TWO);
    const one = await chartroom.register(`${upstream.url}/one`, { name: "first" });
    const two = await chartroom.register(`${upstream.url}/two`, { name: "second" });
    await test(asks(chartroom), { one, two }, chartroom);
  });
}

/** The names of the apps that a page lists, in its order. */
function namesIn({ html }: Shown): string[] {
  return [...html.matchAll(/<a [^>]*data-item[^>]*>(?:<bdi>)?([^<]*)/g)].map(([, name]) => name!);
}

/** Registers a repository with one chart, and tells what its pages show. */
async function withHostile(upstream: Upstream, { register }: Chartroom) {
  upstream.serve(
    "/index.yaml",
    indexOf({
      [HOSTILE]: [at("2025-12-31", {
        version: `1.0.0`,
        appVersion: HOSTILE,
        description: HOSTILE,
        keywords: [HOSTILE, "other"],
        annotations: { category: HOSTILE },
        icon: "javascript:alert(1)",
      })],
      other: [at("2025-12-31")],
    }),
  );
  await register(upstream.url, { name: HOSTILE });
}

Deno.test("apps are listed with their repositories, versions and what is to know of them", () =>
  withApps(async (ask) => {
    const page = await ask("/apps");
    assert.equal(page.status, 200);
    assert.deepEqual(namesIn(page), ["common", "redis", "redis", "old"]);
    assert.match(
      page.text,
      / 4 apps .* redis first The redis chart Data 2\.0\.0 App 7\.2\.4 2 days ago/,
    );
    assert.match(page.text, / common first .* Pre-release Library 0\.1\.0-rc\.1 yesterday/);
    assert.match(page.text, / old first .* Deprecated 1\.0\.0 6 years ago/);
  }));

Deno.test("apps are searched, filtered, sorted and paged by what the address says", () =>
  withApps(async (ask, { one, two }) => {
    const table: [query: string, names: string[]][] = [
      ["q=redis", ["redis", "redis"]],
      ["q=rediss&sort=name", ["redis", "redis"]],
      [`repo=${two}`, ["redis"]],
      [`repo=${one}&repo=${two}&sort=name`, ["common", "old", "redis", "redis"]],
      ["type=library", ["common"]],
      ["deprecated=true", ["old"]],
      ["deprecated=true&deprecated=false&sort=created", ["common", "redis", "redis", "old"]],
      ["keyword=cache", ["redis"]],
      ["name=redis&view=list", ["redis", "redis"]],
      ["kube=1.31&sort=name", ["common", "redis", "redis"]],
      ["kube=1.&sort=name", ["common", "old", "redis", "redis"]],
      ["since=7", ["common", "redis"]],
      ["page=2", []],
      ["category=a,b|c&keyword=&sort=nothing&page=0&view=x", ["common", "redis", "redis", "old"]],
    ];
    for (const [query, names] of table) {
      const page = await ask(`/apps?${query}`);
      assert.equal(page.status, 200, query);
      assert.deepEqual(namesIn(page), names, query);
    }
  }));

Deno.test("facets count apps, and what was chosen can be taken back alone and at once", () =>
  withApps(async (ask, { one, two }) => {
    const { html, text, links } = await ask(`/apps?q=redis&repo=${one}&category=ctg-none&page=2`);
    const [, count] = /checked[^>]*\/?><span dir="auto">first<\/span><span class="count">(\d+)/
      .exec(html)!;
    assert.equal(count, "0");
    assert.match(text, /No app matches/);
    assert.match(html, new RegExp(`name="repo" value="${one}" checked`));
    assert.doesNotMatch(html, new RegExp(`value="${two}" checked`));
    for (
      const href of [
        `/apps?q=redis&category=ctg-none`,
        `/apps?q=redis&repo=${one}`,
        "/apps?q=redis",
        `/apps?repo=${one}&category=ctg-none`,
      ]
    ) assert.ok(links.includes(href), href);
  }));

Deno.test("the same chart of several repositories is one entry, with links to each", () =>
  withApps(async (ask, { one, two }) => {
    const page = await ask("/apps?group=name&sort=name");
    assert.match(page.text, /3 names/);
    assert.deepEqual(page.html.match(/<h3[^>]*>[^<]*/g)?.map((text) => text.replace(/.*>/, "")), [
      "common",
      "old",
      "redis",
    ]);
    assert.match(page.text, /redis In 2 repositories/);
    assert.ok(["first", "second"].every((name) => page.text.includes(name)));
    const list = await ask("/apps?group=name&view=list");
    assert.match(list.text, /1 more/);
    assert.ok(list.links.includes("/apps?view=list&name=redis"));
    assert.notEqual(one, two);
  }));

Deno.test("a field that cannot be read is marked, and the page stays", () =>
  withApps(async (ask) => {
    const { status, html, text } = await ask("/apps?q=redis&kube=x%3Cb%3E");
    assert.equal(status, 400);
    assert.match(html, /id="kube"[^>]*aria-invalid="true" value="x&lt;b&gt;"/);
    assert.match(text, /kube_version: expected a version such as 1\.31\.2/);
    assert.match(html, /name="q" value="redis"/);
  }));

Deno.test("pages say why there are no apps, and what to do about it", () =>
  withChartroom(async (chartroom, upstream) => {
    const ask = asks(chartroom);
    const none = await ask("/apps");
    assert.match(none.text, /There are no repositories yet/);
    assert.ok(none.links.includes("/repos/new"));
    assert.match((await ask("/news")).text, /There are no versions yet/);
    upstream.serve("/empty/index.yaml", indexOf({}));
    await chartroom.register(`${upstream.url}/empty`);
    assert.match((await ask("/apps")).text, /There are no apps yet/);
    const failed = await chartroom.register(`${upstream.url}/gone`);
    const { text, links } = await ask(`/apps?repo=${failed}`);
    assert.match(text, /The last sync failed/);
    assert.ok(links.includes(`/repos/${failed}`));
    const gate = Promise.withResolvers<Response>();
    upstream.serve("/slow/index.yaml", () => gate.promise);
    const { body } = await chartroom.call("POST", "/v1/repos", {
      name: "slow",
      url: `${upstream.url}/slow`,
    });
    for (const path of ["/apps", `/apps?repo=${body.repo_id}`]) {
      const page = await ask(path);
      assert.match(page.text, /The first sync is under way/);
      assert.match(page.html, /id="results"[^>]* data-poll="3000"/);
    }
    gate.resolve(new Response(ONE));
    await chartroom.services.syncer.idle();
    assert.equal((await ask(`/apps?repo=repo-00000000000000`)).status, 404);
  }));

Deno.test("a viewer is not led to a form that they may not send", () =>
  withChartroom(async (chartroom) => {
    const admin = { authorization: `Bearer ${ADMIN}` };
    const { body } = await chartroom.call("POST", "/v1/tokens", {
      name: "reader",
      role: "viewer",
      workspace: "*",
    }, admin);
    const ask = asks(chartroom);
    const { text, links } = await ask("/apps", { authorization: `Bearer ${body.token}` });
    assert.match(text, /There are no repositories yet/);
    assert.ok(!links.includes("/repos/new"));
  }, { environment: { CHARTROOM_ADMIN_TOKEN: ADMIN } }));

Deno.test("what charts and repositories say is text, and nothing else", () =>
  withChartroom(async (chartroom, upstream) => {
    await withHostile(upstream, chartroom);
    const ask = asks(chartroom);
    const q = encodeURIComponent(HOSTILE);
    for (
      const path of [
        "/apps",
        "/apps?view=list",
        "/apps?group=name",
        "/news",
        `/apps?q=${q}&keyword=${q}&name=${q}&category=${q}&sort=${q}`,
        `/news?q=${q}&category=${q}`,
      ]
    ) {
      const { status, html } = await ask(path);
      assert.equal(status, 200, path);
      assert.doesNotMatch(html, /<script>|"x"|javascript:/, path);
      assert.match(html, /&lt;script&gt;/, path);
    }
  }));

Deno.test("pages are in Chinese for who reads that, and links stay in their workspace", () =>
  withChartroom(async (chartroom, upstream) => {
    upstream.serve("/one/index.yaml", ONE);
    await chartroom.register(`${upstream.url}/one`, { workspace: "team", name: "first" });
    const ask = asks(chartroom);
    const zh = { "accept-language": "zh-CN" };
    const list = await ask("/workspaces/team/apps?view=list", zh);
    assert.match(list.text, /应用模板 .* 3 个应用 .* 已弃用/);
    assert.match((await ask("/workspaces/team/news", zh)).text, /最近更新 .* 新应用/);
    for (const path of ["apps", "apps?group=name", "news"]) {
      const { links } = await ask(`/workspaces/team/${path}`);
      const apps = links.filter((href) => /\/apps\/|\/repos\/|\/news\?/.test(href));
      assert.ok(apps.length > 2, path);
      for (const href of apps) assert.match(href, /^(\/v1)?\/workspaces\/team\//);
    }
    const other = await ask("/workspaces/other/apps");
    assert.doesNotMatch(other.text, /redis/);
  }));

Deno.test("repositories that are not among the 100 with most apps have their names", () =>
  withChartroom(async (chartroom, upstream) => {
    upstream.serve("/two/index.yaml", indexOf({ a: ["1.0.0"], b: ["1.0.0"] }));
    upstream.serve("/one/index.yaml", indexOf({ zzz: ["1.0.0"] }));
    for (let i = 0; i < 101; i++) {
      await chartroom.call("POST", "/v1/repos", { name: `two-${i}`, url: `${upstream.url}/two` });
    }
    const id = await chartroom.register(`${upstream.url}/one`, { name: "the last one" });
    const ask = asks(chartroom);
    for (const path of ["/apps?q=zzz", "/apps?name=zzz", `/apps?repo=${id}`]) {
      assert.match((await ask(path)).text, /zzz the last one/, path);
    }
    assert.match((await ask(`/apps?repo=${id}&q=nothing`)).text, /Repository: the last one/);
    assert.match((await ask(`/news?repo=${id}`)).text, /zzz 1\.0\.0 .* the last one/);
  }, { environment: { CHARTROOM_RATE_LIMIT: "1000000" } }));

Deno.test("what is new stands by day, with what it is to its app", () =>
  withApps(async (ask, { two }) => {
    const page = await ask("/news");
    assert.deepEqual(
      page.html.match(/<time datetime="[-\d]*">[^<]*/g)?.map((day) => day.slice(16)),
      [
        '2025-12-31">Yesterday, Wednesday, 31 December 2025',
        '2025-12-30">Tuesday, 30 December 2025',
        '2025-12-01">Monday, 1 December 2025',
        '2025-11-01">Saturday, 1 November 2025',
        '2020-01-01">Wednesday, 1 January 2020',
      ],
    );
    assert.match(page.text, /common 0\.1\.0-rc\.1 New app Pre-release/);
    assert.match(page.text, /redis 2\.0\.0 Update The redis chart App 7\.2\.4 · first/);
    assert.match(page.text, /redis 1\.0\.0 New app The redis chart first/);
    assert.match(page.text, /old 1\.0\.0 New app Deprecated/);
    const one = await ask(`/news?repo=${two}&q=redis`);
    assert.equal(namesIn(one).length, 1);
    const query = `?q=redis&conditions=repo_id%3D${two}`;
    assert.ok(one.links.includes(`/v1/apps/changes.atom${query}`));
    assert.ok(one.links.includes(`/v1/apps/changes${query}`));
    assert.match((await ask("/news?category=ctg-none")).text, /Nothing is new here/);
  }));

Deno.test("what is new goes on where a page ends", () =>
  withChartroom(async (chartroom, upstream) => {
    const names = Array.from({ length: 60 }, (_, i) => `app-${100 + i}`);
    upstream.serve(
      "/index.yaml",
      indexOf(Object.fromEntries(names.map((name) => [name, ["1.0.0"]]))),
    );
    await chartroom.register(upstream.url);
    const ask = asks(chartroom);
    const first = await ask("/news?q=app");
    const older = first.links.find((href) => href.includes("cursor="))!;
    const second = await ask(older);
    assert.deepEqual([...namesIn(first), ...namesIn(second)].toSorted(), names);
    assert.equal(namesIn(first).length, 40);
    assert.ok(second.links.includes("/news?q=app"));
    assert.equal((await ask("/news?cursor=wrong")).status, 400);
  }));
