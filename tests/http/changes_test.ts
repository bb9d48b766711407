/** What is new: `/apps/changes`, and the same as an Atom feed. */

import assert from "node:assert/strict";
import { createApp } from "../../routes/app.ts";
import { type Body, type Chartroom, withChartroom } from "../support/chartroom.ts";
import { indexOf, type VersionSpec } from "../support/upstream.ts";

const at = (version: string, created: string, more: Partial<VersionSpec> = {}): VersionSpec => ({
  version,
  created,
  ...more,
});

const ONE = indexOf({
  redis: [
    at("1.0.0", "2023-01-01T00:00:00Z"),
    at("1.1.0", "2023-03-01T00:00:00Z"),
    at("2.0.0-rc.1", "2023-05-01T00:00:00Z"),
  ],
  kafka: [at("0.1.0", "2023-03-01T00:00:00Z"), at("0.2.0", "2023-03-01T00:00:00Z")],
});
const TWO = indexOf({
  grafana: [at("7.0.0", "2023-02-01T00:00:00Z"), at("6.0.0", "2023-06-01T00:00:00Z")],
});

const shown = ({ body }: { body: Body }): string[] =>
  body.items.map((item: Body) => `${item.app_name} ${item.version}`);

/** All news, a page of `limit` at a time, by cursors. */
async function follow(call: Chartroom["call"], path: string, limit: number): Promise<Body[]> {
  const items: Body[] = [];
  for (let cursor = ""; cursor !== undefined;) {
    const { status, body } = await call("GET", `${path}limit=${limit}&cursor=${cursor}`);
    assert.equal(status, 200);
    assert.ok(body.items.length > 0);
    items.push(...body.items);
    assert.ok(items.length <= body.total_count, "the cursors lead in a circle");
    cursor = body.next_cursor;
  }
  return items;
}

Deno.test("GET /apps/changes lists the newest versions over repositories", () =>
  withChartroom(async ({ call, register }, upstream) => {
    upstream.serve("/one/index.yaml", ONE);
    upstream.serve("/two/index.yaml", TWO);
    const one = await register(`${upstream.url}/one`, { name: "First" });
    const two = await register(`${upstream.url}/two`, { name: "Second", workspace: "ws1" });
    const ofOne = ["redis 2.0.0-rc.1", "redis 1.1.0", "kafka 0.1.0", "kafka 0.2.0", "redis 1.0.0"];
    const all = ["grafana 6.0.0", ...ofOne.slice(0, 4), "grafana 7.0.0", "redis 1.0.0"];
    const table: [query: string, news: string[]][] = [
      ["", all],
      ["limit=2", all.slice(0, 2)],
      ["limit=2&page=2", all.slice(2, 4)],
      ["limit=2&page=4", all.slice(6)],
      ["limit=2&page=5", []],
      ["paging=limit=3,page=2", all.slice(3, 6)],
      ["limit=3&start=1", all.slice(1, 4)],
      ["limit=100", all],
      ["limit=3&cursor=&page=2", all.slice(0, 3)],
      [`conditions=repo_id=${one}`, ofOne],
      [`conditions=repo_id=${two}`, ["grafana 6.0.0", "grafana 7.0.0"]],
      [`conditions=repo_id=${one}|${two}`, all],
      ["conditions=repo_id=", []],
      ["conditions=keyword=KAF|graf", all.filter((text) => !text.startsWith("redis"))],
      ["conditions=has_update_since=2023-05-02", ["grafana 6.0.0", "grafana 7.0.0"]],
      ["conditions=status=draft", []],
      ["q=kafka", ["kafka 0.1.0", "kafka 0.2.0"]],
      // What is new has an order of its own.
      ["orderBy=name&reverse=true&limit=1", all.slice(0, 1)],
      ["reverse=false&facets=repo&group=name&limit=1", all.slice(0, 1)],
    ];
    // What is almost the same query of another list is another one.
    await call("GET", "/v1/apps?orderBy=update_time&reverse=true");
    for (const [query, news] of table) {
      assert.deepEqual(shown(await call("GET", `/v1/apps/changes?${query}`)), news, query);
    }
    const whole = await call("GET", "/v1/apps/changes?limit=1");
    assert.equal(whole.body.total_count, 7);
    assert.equal((await call("GET", "/v1/apps/changes?page=9")).body.total_count, 7);
    for (const [workspace, news] of [["ws1", all], ["ws2", ofOne]] as const) {
      const answer = await call("GET", `/v1/workspaces/${workspace}/apps/changes`);
      assert.deepEqual(shown(answer), news);
      assert.equal(answer.body.total_count, news.length);
    }
    const hidden = await call("GET", `/v1/workspaces/ws2/apps/changes?conditions=repo_id=${two}`);
    assert.equal(hidden.status, 404);

    // Each is a version as its app shows it, with where it is.
    const [{ app_name: name, repo_id: repo, repo_name: repoName, ...version }] = whole.body.items;
    assert.deepEqual([name, repo, repoName], ["grafana", two, "Second"]);
    const path = `/v1/apps/${version.app_id}/versions/${version.version_id}`;
    assert.deepEqual(version, (await call("GET", path)).body);
  }));

Deno.test("total_count of changes counts the versions of the apps that the conditions take", () =>
  withChartroom(async ({ call, register }, upstream) => {
    upstream.serve("/index.yaml", ONE);
    await register(upstream.url);
    for (
      const [query, count] of [
        ["conditions=keyword=kafka", 2],
        ["q=kafka", 2],
        ["conditions=status=draft", 0],
      ]
    ) {
      const { body } = await call("GET", `/v1/apps/changes?${query}`);
      assert.equal(body.total_count, count, `${query}`);
    }
  }));

Deno.test("GET /apps/changes refuses wrong values by name", () =>
  withChartroom(async ({ call, register }, upstream) => {
    upstream.serve("/index.yaml", ONE);
    await register(upstream.url);
    const { next_cursor: cursor } = (await call("GET", "/v1/apps/changes?limit=1")).body;
    const { next_cursor: other } = (await call("GET", "/v1/apps?limit=1")).body;
    for (const path of ["/v1/apps/changes", "/v1/apps/changes.atom"]) {
      const table: [query: string, field: string, status?: number][] = [
        ["conditions=color=red", "color"],
        ["conditions=deprecated=maybe", "deprecated"],
        ["conditions=repo_id=repo-x", "repo_id", 404],
        ["orderBy=relevance", "orderBy"],
        [`q=${"a".repeat(201)}`, "q"],
        ...(path.endsWith("atom") ? [] : [
          ["limit=0", "limit"],
          ["limit=101", "limit"],
          ["limit=-1", "limit"],
          ["page=0", "page"],
          ["start=-1", "page"],
          ["cursor=!", "cursor"],
          [`cursor=${other}`, "cursor"],
          [`cursor=${cursor}&conditions=name~r`, "cursor"],
        ] as [string, string][]),
      ];
      for (const [query, field, status = 400] of table) {
        const answer = await call("GET", `${path}?${query}`);
        assert.deepEqual([answer.status, answer.body.field], [status, field], path + query);
      }
    }
  }));

Deno.test("pages of changes put together are all of them, in their order", () =>
  withChartroom(async ({ call, register }, upstream) => {
    // More apps than are read at once, and old versions among those updated last.
    const day = (i: number) => new Date(1.6e12 + (i * 7_919 % 101) * 86_400_000).toISOString();
    const charts = (from: number) =>
      indexOf(Object.fromEntries(Array.from({ length: 30 }, (_, i) => [
        `app-${i}`,
        Array.from({ length: i % 5 + 1 }, (_, j) => at(`1.${j}.0`, day(from + 5 * i + j))),
      ])));
    upstream.serve("/one/index.yaml", charts(0));
    upstream.serve("/two/index.yaml", charts(40));
    await register(`${upstream.url}/one`);
    await register(`${upstream.url}/two`);
    const news: Body[] = [];
    for (
      const { app_id: id, name, repo_id } of (await call("GET", "/v1/apps?limit=-1")).body.items
    ) {
      const { items } = (await call("GET", `/v1/apps/${id}/versions?limit=-1`)).body;
      news.push(...items.map((version: Body) => ({ ...version, app_name: name, repo_id })));
    }
    const keyOf = (item: Body) => `${item.repo_id} ${item.app_name} ${item.version}`;
    const text = (a: string, b: string) => a < b ? -1 : Number(a > b);
    const compare = (a: Body, b: Body) =>
      Date.parse(b.create_time) - Date.parse(a.create_time) ||
      text(b.app_name, a.app_name) || text(b.repo_id, a.repo_id) || text(a.version, b.version);
    const expected = news.sort(compare).map(keyOf);
    assert.equal(expected.length, 180);
    for (const limit of [1, 7, 60, 90, 100]) {
      assert.deepEqual((await follow(call, "/v1/apps/changes?", limit)).map(keyOf), expected);
    }
    const pages: Body[] = [];
    for (let page = 1; page <= 26; page++) {
      const { body } = await call("GET", `/v1/apps/changes?limit=7&page=${page}`);
      assert.equal(body.total_count, 180);
      pages.push(...body.items);
    }
    assert.deepEqual(pages.map(keyOf), expected);
  }));

Deno.test("changes end before they would leave out any in between", () =>
  withChartroom(async ({ call, register }, upstream) => {
    const day = (i: number) => new Date(1.6e12 - i * 86_400_000).toISOString();
    const charts = Array.from({ length: 520 }, (_, i): [string, VersionSpec[]] => [
      `app-${i}`,
      [at("1.0.0", day(i)), ...(i === 0 ? [at("0.1.0", day(9_000))] : [])],
    ]);
    upstream.serve("/index.yaml", indexOf(Object.fromEntries(charts)));
    await register(upstream.url);
    const news = await follow(call, "/v1/apps/changes?", 100);
    const expected = charts.map(([name]) => `${name} 1.0.0`).concat("app-0 0.1.0");
    assert.ok(news.length >= 500);
    const { body } = await call("GET", "/v1/apps/changes?limit=100&page=5");
    assert.deepEqual([body.total_count, body.items.length], [501, 100]);
    for (const page of [6, 7, 1_000_000]) {
      const { body } = await call("GET", `/v1/apps/changes?limit=100&page=${page}`);
      assert.deepEqual(body, { items: [], total_count: 501 }, String(page));
    }
    assert.deepEqual(shown({ body: { items: news } }), expected.slice(0, news.length));
  }));

Deno.test("charts of one time are new too, however many there are", () =>
  withChartroom(async ({ call, register }, upstream) => {
    // As in an index without `created`: all have the time at which they were first seen.
    const names = Array.from({ length: 320 }, (_, i) => `a${i}`);
    const charts = names.map((name) => `  ${name}: [{name: ${name}, version: 1.0.0}]\n`).join("");
    upstream.serve("/index.yaml", `apiVersion: v1\nentries:\n${charts}generated: null\n`);
    const repos = [await register(upstream.url), await register(upstream.url)].sort().reverse();
    // By an odd number, so that the two of one name come on different pages.
    const news = await follow(call, "/v1/apps/changes?", 99);
    assert.ok(news.length >= 490, `${news.length}`);
    const expected = names.sort().reverse().flatMap((name) => repos.map((id) => `${name} ${id}`));
    const found = news.map((item) => `${item.app_name} ${item.repo_id}`);
    assert.deepEqual(found, expected.slice(0, found.length));
  }));

Deno.test("a cursor of changes goes on where it was, whatever a sync brought or took", () =>
  withChartroom(async ({ call, register, sync }, upstream) => {
    const serve = (days: number[]) =>
      upstream.serve(
        "/index.yaml",
        indexOf({ redis: days.map((day) => at(`1.${day}.0`, `2024-01-${10 + day}T00:00:00Z`)) }),
      );
    serve([1, 2, 3, 4, 5]);
    const id = await register(upstream.url);
    const path = `/v1/apps/changes?limit=2&conditions=repo_id=${id}`;
    const first = await call("GET", path);
    assert.deepEqual(shown(first), ["redis 1.5.0", "redis 1.4.0"]);
    // The one that the cursor names is gone too.
    serve([1, 2, 3, 5, 6, 7]);
    await sync(id);
    const second = await call("GET", `${path}&cursor=${first.body.next_cursor}`);
    assert.deepEqual(shown(second), ["redis 1.3.0", "redis 1.2.0"]);
    const third = await call("GET", `${path}&cursor=${second.body.next_cursor}`);
    assert.deepEqual(shown(third), ["redis 1.1.0"]);
    assert.equal("next_cursor" in third.body, false);
    assert.deepEqual(shown(await call("GET", path)), ["redis 1.7.0", "redis 1.6.0"]);
  }));

Deno.test("changes and their feed call a repository by the name that it has now", () =>
  withChartroom(async ({ call, register }, upstream) => {
    upstream.serve("/index.yaml", ONE);
    const id = await register(upstream.url, { name: "Before" });
    for (const query of ["", `?conditions=repo_id=${id}`]) {
      await call("PATCH", `/v1/repos/${id}`, { name: "Before" });
      const names = async () => {
        const list = await call("GET", `/v1/apps/changes${query}`);
        const feed = parseXml((await call("GET", `/v1/apps/changes.atom${query}`)).body);
        return [
          list.body.items[0].repo_name,
          all(feed, "entry")[0]!.children.find(({ name }) => name === "category")!.attributes.term,
        ];
      };
      assert.deepEqual(await names(), ["Before", "Before"]);
      await call("PATCH", `/v1/repos/${id}`, { name: "After" });
      assert.deepEqual(await names(), ["After", "After"], query);
    }
  }));

interface Element {
  name: string;
  attributes: Record<string, string>;
  children: Element[];
  text: string;
}

/** Reads a well-formed document as the feed uses it: no CDATA, comments or DOCTYPE. */
function parseXml(text: string): Element {
  // deno-lint-ignore no-control-regex -- what no document may have
  assert.doesNotMatch(text, /[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]/u);
  const declaration = '<?xml version="1.0" encoding="utf-8"?>\n';
  assert.ok(text.startsWith(declaration));
  const decoded = (raw: string) => {
    assert.doesNotMatch(raw, /[<>]|&(?!(?:#\d+|lt|gt|amp|quot|apos);)/);
    assert.doesNotMatch(raw, /&[a-z]/, "the feed writes all of them as numbers");
    return raw.replace(/&#(\d+);/g, (_, code) => String.fromCodePoint(Number(code)));
  };
  const root: Element = { name: "", attributes: {}, children: [], text: "" }, open = [root];
  const token = /<(\/?)(\w+)((?: \w+="[^"]*")*)(\/?)>|([^<]+)/y;
  for (token.lastIndex = declaration.length; token.lastIndex < text.length;) {
    const from = token.lastIndex, match = token.exec(text);
    assert.ok(match, `not well-formed: ${text.slice(from, from + 50)}`);
    const [, closes, name, attributes, isEmpty, content] = match, parent = open.at(-1)!;
    if (content !== undefined) parent.text += decoded(content);
    else if (closes) assert.equal(open.pop()!.name, name);
    else {
      const pairs = [...attributes!.matchAll(/(\w+)="([^"]*)"/g)];
      const element: Element = {
        name: name!,
        attributes: Object.fromEntries(pairs.map(([, key, value]) => [key, decoded(value!)])),
        children: [],
        text: "",
      };
      parent.children.push(element);
      if (!isEmpty) open.push(element);
    }
  }
  assert.equal(open.length, 1);
  assert.equal(root.children.length, 1);
  assert.equal(root.text.trim(), "");
  return root.children[0]!;
}

const all = ({ children }: Element, name: string) => children.filter((one) => one.name === name);
function one(element: Element, name: string): Element {
  const found = all(element, name);
  assert.equal(found.length, 1, name);
  return found[0]!;
}

Deno.test("the feed is Atom: what is new, with ids that stay", () =>
  withChartroom(async ({ call, register, sync }, upstream) => {
    upstream.serve("/one/index.yaml", ONE);
    upstream.serve("/two/index.yaml", TWO);
    const first = await register(`${upstream.url}/one`, { name: "First" });
    await register(`${upstream.url}/two`, { name: "Second", workspace: "ws1" });
    const read = async (path: string) => {
      const { status, headers, body } = await call("GET", path);
      assert.equal(status, 200);
      assert.equal(headers.get("content-type"), "application/atom+xml; charset=utf-8");
      const feed = parseXml(body);
      assert.equal(feed.name, "feed");
      assert.equal(feed.attributes.xmlns, "http://www.w3.org/2005/Atom");
      const self = one(feed, "link").attributes;
      assert.equal(self.rel, "self");
      assert.equal(self.href, new URL(path, "http://localhost").href);
      assert.equal(one(feed, "id").text, self.href);
      assert.ok(one(one(feed, "author"), "name").text);
      const entries = all(feed, "entry").map((entry) => ({
        id: one(entry, "id").text,
        title: one(entry, "title").text,
        updated: one(entry, "updated").text,
        summary: one(entry, "summary").text,
        repo: one(entry, "category").attributes.term,
        href: one(entry, "link").attributes.href!,
      }));
      const title = one(feed, "title").text, updated = one(feed, "updated").text;
      return { title, updated, entries, titles: entries.map(({ title }) => title) };
    };
    const ofFirst = [
      "redis 2.0.0-rc.1",
      "redis 1.1.0",
      "kafka 0.1.0",
      "kafka 0.2.0",
      "redis 1.0.0",
    ];
    const titles = [
      "grafana 6.0.0",
      ...ofFirst.slice(0, 4),
      "grafana 7.0.0",
      "redis 1.0.0",
    ];
    const table: [path: string, title: string, titles: string[]][] = [
      ["/v1/apps/changes.atom", "New chart versions", titles],
      [
        `/v1/apps/changes.atom?conditions=repo_id=${first}&reverse=1`,
        "New chart versions of First",
        ofFirst,
      ],
      // The same query at another address has links of its own.
      ["/kapis/openpitrix.io/v1/apps/changes.atom", "New chart versions", titles],
      ["/v1/workspaces/ws2/apps/changes.atom", "New chart versions of ws2", ofFirst],
      [
        "/kapis/openpitrix.io/v1/apps/changes.atom?conditions=keyword=kafka",
        "New chart versions",
        ["kafka 0.1.0", "kafka 0.2.0"],
      ],
    ];
    for (const [path, title, expected] of table) {
      const feed = await read(path);
      assert.deepEqual([feed.title, feed.titles], [title, expected]);
      assert.equal(feed.updated, feed.entries[0]!.updated);
      for (const entry of feed.entries) {
        assert.ok(entry.href.startsWith(`http://localhost${path.replace(/\/changes.*/, "/")}`));
        const { pathname } = new URL(entry.href);
        const { body } = await call("GET", pathname);
        assert.equal(entry.id, `urn:chartroom:${body.version_id}`);
        assert.equal(entry.updated, body.create_time);
        assert.equal(entry.summary, body.description);
        assert.equal(entry.repo, entry.title.startsWith("grafana") ? "Second" : "First");
      }
    }
    const idsOf = async () =>
      new Map((await read("/v1/apps/changes.atom")).entries.map(({ title, id }) => [title, id]));
    const before = await idsOf();
    assert.equal(new Set(before.values()).size, 7);
    upstream.serve(
      "/one/index.yaml",
      ONE.replace("redis-1.1.0.tgz", "moved.tgz").replace("0.1.0", "0.0.9"),
    );
    await sync(first);
    for (const [title, id] of await idsOf()) assert.equal(id, before.get(title) ?? id);

    const none = await read("/v1/apps/changes.atom?conditions=repo_id=");
    assert.deepEqual([none.titles, none.updated], [[], "1970-01-01T00:00:00.000Z"]);
  }));

Deno.test("the feed has at most fifty entries", () =>
  withChartroom(async ({ call, register }, upstream) => {
    const versions = Array.from({ length: 60 }, (_, i) => `1.${i}.0`);
    upstream.serve("/index.yaml", indexOf({ redis: versions }));
    await register(upstream.url);
    const { body } = await call("GET", "/v1/apps/changes.atom");
    assert.equal(all(parseXml(body), "entry").length, 50);
  }));

Deno.test("no text of an index or a repository breaks the feed", () =>
  withChartroom(async ({ call, register }, upstream) => {
    const markup = `</summary><b a="1" c='2'>&amp; &x; ]]> <!-- -->`;
    const control = "a\u0000b\u0008c\u001bd\ufffee\uffff\u007f\t\ud83d\ude00\ud800f";
    const name = `x<y>&'"z`;
    upstream.serve(
      "/index.yaml",
      indexOf({
        [name]: [at("<1>&2", "2023-01-01T00:00:00Z", { description: markup })],
        plain: [at("1.0.0", "2022-01-01T00:00:00Z", { description: control })],
        none: [at("1.0.0", "2021-01-01T00:00:00Z", { description: "" })],
      }),
    );
    const id = await register(upstream.url, { name: `<Repo> & "Co" '` });
    const path = `/v1/apps/changes.atom?conditions=repo_id=${id}&x=%22%3C%3E'&y=1`;
    const feed = parseXml((await call("GET", path)).body);
    const [first, second, third] = all(feed, "entry");
    assert.equal(one(feed, "title").text, `New chart versions of <Repo> & "Co" '`);
    assert.equal(one(feed, "id").text, new URL(path, "http://localhost").href);
    assert.equal(one(first!, "title").text, `${name} <1>&2`);
    assert.equal(one(first!, "summary").text, markup);
    assert.equal(one(first!, "category").attributes.term, `<Repo> & "Co" '`);
    assert.equal(one(second!, "summary").text.replace("\ufffd", ""), "abcde\u007f\t😀f");
    assert.equal(one(third!, "summary").text, "");
  }));

Deno.test("HEAD and conditional requests work on changes and on their feed", () =>
  withChartroom(async ({ register, services, sync }, upstream) => {
    upstream.serve("/index.yaml", ONE);
    const id = await register(upstream.url);
    const app = createApp(services);
    for (const name of ["changes", "changes.atom"]) {
      const path = `/v1/apps/${name}?conditions=repo_id=${id}`;
      const get = await app.request(path), head = await app.request(path, { method: "HEAD" });
      assert.deepEqual([...head.headers], [...get.headers]);
      assert.equal(await head.text(), "");
      const etag = get.headers.get("etag")!;
      const statusOf = async (tags: string, method = "GET") =>
        (await app.request(path, { headers: { "if-none-match": tags }, method })).status;
      for (const method of ["GET", "HEAD"]) {
        assert.equal(await statusOf(`"x", ${etag}`, method), 304);
        assert.equal(await statusOf('"x"', method), 200);
      }
      upstream.serve("/index.yaml", name === "changes" ? TWO : ONE);
      await sync(id);
      assert.equal(await statusOf(etag), 200);
    }
  }));
