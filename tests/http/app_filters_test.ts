/** Lists of apps: conditions, orders and pages, by hand and against a naive reference. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { type Body, type Chartroom, withChartroom } from "../support/chartroom.ts";
import { indexOf, type Upstream, type VersionSpec } from "../support/upstream.ts";

type Call = Chartroom["call"];

const at = (created: string, more: Partial<VersionSpec> = {}): VersionSpec => ({
  version: "1.0.0",
  created,
  ...more,
});

const ONE = indexOf({
  redis: [at("2024-01-01T00:00:00Z", {
    appVersion: "7.2.4",
    keywords: ["Cache", "database"],
    description: "In memory store",
    annotations: { category: "Database" },
    kubeVersion: ">=1.25.0-0",
    type: "application",
  })],
  "redis-cluster": [at("2024-02-01T00:00:00Z", {
    appVersion: "7.2-Alpine",
    keywords: ["cache"],
    annotations: { "app.kubesphere.io/category": "Database", category: "Else" },
    kubeVersion: "<1.25.0",
  })],
  common: [at("2024-03-01T12:00:00Z", { type: "library", description: "Helpers\nof charts" })],
  old: [at("2020-01-01T00:00:00Z", {
    deprecated: true,
    keywords: ["legacy"],
    kubeVersion: "no constraint",
    annotations: { category: "Misc" },
  })],
  Kafka: [at("2024-03-01T12:00:00Z", { appVersion: "3.7", kubeVersion: "^1.20.0" })],
});

const TWO = indexOf({
  redis: [at("2024-01-01T00:00:00Z", { appVersion: "6.0", keywords: ["NoSQL"] })],
  grafana: [
    at("2023-01-01T00:00:00Z", { deprecated: true, type: "library", keywords: ["legacy"] }),
    at("2024-04-01T00:00:00Z", { version: "1.1.0", description: "Dashboards of MEMORY" }),
  ],
});

/** Registers both; the one whose id comes first is `a`, and its apps are shown as `a/name`. */
async function registerTwo({ register, call }: Chartroom, upstream: Upstream) {
  upstream.serve("/one/index.yaml", ONE);
  upstream.serve("/two/index.yaml", TWO);
  const one = await register(`${upstream.url}/one`), two = await register(`${upstream.url}/two`);
  const show = (app: Body) => `${app.repo_id === one ? 1 : 2}/${app.name}`;
  return {
    one,
    two,
    /** Both have an app of this name. */
    redis: one < two ? ["1/redis", "2/redis"] : ["2/redis", "1/redis"],
    show,
    async list(query: string) {
      const { status, body } = await call("GET", `/v1/apps?${query}`);
      assert.equal(status, 200, `${query}: ${JSON.stringify(body)}`);
      return body.items.map(show);
    },
  };
}

Deno.test("GET /apps takes every condition, alone and with others", () =>
  withChartroom(async (chartroom, upstream) => {
    const { one, two, list, redis } = await registerTwo(chartroom, upstream);
    const all = ["1/Kafka", "1/common", "2/grafana", "1/old", ...redis, "1/redis-cluster"];
    const but = (...left: string[]) => all.filter((app) => !left.includes(app));
    const { body: { items } } = await chartroom.call("GET", "/v1/apps?limit=-1&orderBy=name");
    const idOf = (repo: string, name: string) =>
      items.find((app: Body) => app.repo_id === repo && app.name === name).app_id;
    // The end of an app's key, and the beginning of the next one's.
    const [kafka, common] = [idOf(one, "Kafka"), idOf(one, "common")];
    const spliced = kafka.slice(0, -10) + kafka.slice(-5) + common.slice(-10, -5);
    const table: [conditions: string, apps: string[]][] = [
      ["", all],
      ["category_id=ctg-68rhlm40pv", ["1/redis", "1/redis-cluster"]],
      ["category_id=ctg-uncategorized", ["1/Kafka", "1/common", "2/grafana", "2/redis"]],
      ["category_id=ctg-uncategorized|ctg-68rhlm40pv", but("1/old")],
      ["category_id=ctg-none", []],
      ["keyword=KAF|olD", ["1/Kafka", "1/old"]],
      ["keyword=is-cl", ["1/redis-cluster"]],
      ["name=redis|Kafka", ["1/Kafka", ...redis]],
      ["name=kafka", []],
      ["name=redi", []],
      ["name~EDI", [...redis, "1/redis-cluster"]],
      ["name~kaf|raf", ["1/Kafka", "2/grafana"]],
      ["keyword=redis,name~cluster", ["1/redis-cluster"]],
      ["status=active", all],
      ["status=draft", []],
      ["status=draft|active", all],
      [`app_id=${idOf(one, "redis")}`, ["1/redis"]],
      [
        `app_id=${idOf(two, "grafana")}|${idOf(one, "common")}|app-x`,
        ["1/common", "2/grafana"],
      ],
      [`app_id=${idOf(two, "grafana")},repo_id=${one}`, []],
      ["app_id=app-x", []],
      [`app_id=${spliced}`, []],
      [`repo_id=${one}`, but("2/grafana", "2/redis")],
      [`repo_id=${two}`, ["2/grafana", "2/redis"]],
      [`repo_id=${two}|${one}`, all],
      ["repo_id=", []],
      ["deprecated=true", ["1/old"]],
      ["deprecated=false", but("1/old")],
      ["deprecated=", all],
      ["type=library", ["1/common"]],
      ["type=application", but("1/common")],
      ["type=application|library", all],
      ["type=Library", []],
      ["kube_version=1.31.2", but("1/redis-cluster", "1/old")],
      ["kube_version=v1.24", but("1/redis", "1/old")],
      ["kube_version=1.26.0-gke.1", but("1/redis-cluster", "1/old", "1/Kafka")],
      ["app_version=7.2.4|3.7", ["1/Kafka", "1/redis"]],
      ["app_version=7.2", []],
      ["app_version~7.2", ["1/redis", "1/redis-cluster"]],
      ["app_version~ALP|6.", ["2/redis", "1/redis-cluster"]],
      ["has_update_since=2024-03-01", ["1/Kafka", "1/common", "2/grafana"]],
      ["has_update_since=2024-03-02", ["2/grafana"]],
      ["has_update_since=2024-03-01T12:00:00Z", ["1/Kafka", "1/common", "2/grafana"]],
      ["has_update_since=2024-03-01T12:00:00.001Z", ["2/grafana"]],
      ["has_update_since=2024-03-01T20:00:00%2B08:00", ["1/Kafka", "1/common", "2/grafana"]],
      ["keyword~CACHE", ["1/redis", "1/redis-cluster"]],
      ["keyword~nosq|base", redis],
      ["keyword~legacy", ["1/old"]],
      ["description~memory", ["2/grafana", "1/redis"]],
      ["description~HELP|in mem", ["1/common", "1/redis"]],
      ["description~helpers%0Aof", ["1/common"]],
      // Whatever stands between two texts in memory is in none.
      ["description~store%0A", []],
      ["name~redis%0A", []],
      ["description~", all],
      ["keyword=redis,keyword~cache", ["1/redis", "1/redis-cluster"]],
      ["app_version=3.7,app_version~7.2", []],
      [`repo_id=${one},name=redis,type=application,deprecated=false`, ["1/redis"]],
      ["kube_version=1.24.0,category_id=ctg-68rhlm40pv", ["1/redis-cluster"]],
      ["has_update_since=2024-01-15,description~memory", ["2/grafana"]],
      // Of several with one key the last counts.
      ["type=library,type=application", but("1/common")],
    ];
    for (const [conditions, apps] of table) {
      const query = `conditions=${conditions}`;
      assert.deepEqual(await list(`limit=-1&orderBy=name&${query}`), apps, conditions);
      const { body } = await chartroom.call("GET", `/v1/apps?limit=0&${query}`);
      assert.equal(body.total_count, apps.length, conditions);
    }
    assert.equal((await chartroom.call("GET", `/v1/apps/${spliced}`)).status, 404);
  }));

const values = (count: number) => Array.from({ length: count }, (_, i) => `v${i}`).join("|");

Deno.test("GET /apps refuses wrong values by name", () =>
  withChartroom(async (chartroom, upstream) => {
    const { one } = await registerTwo(chartroom, upstream);
    const { call } = chartroom;
    const other = (await call("GET", "/v1/apps?limit=1&reverse=true")).body.next_cursor;
    const forged = (...parts: unknown[]) => btoa(JSON.stringify(parts)).replaceAll("=", "");
    const [hash] = JSON.parse(atob(other.replaceAll("-", "+").replaceAll("_", "/")));
    const table: [query: string, field: string, status?: number][] = [
      ["conditions=deprecated=maybe", "deprecated"],
      ["conditions=kube_version=new", "kube_version"],
      ["conditions=kube_version=>=1.25", "kube_version"],
      ["conditions=has_update_since=yesterday", "has_update_since"],
      ["conditions=has_update_since=2026-02-30", "has_update_since"],
      ["conditions=has_update_since=2026-1-1", "has_update_since"],
      ["conditions=has_update_since=2026-01-01T00:00:00", "has_update_since"],
      ["conditions=color=red", "color"],
      ["conditions=type~lib", "type"],
      ["conditions=description=x", "description"],
      ["conditions=a (b=c", "conditions"],
      [`conditions=repo_id=${one}|repo-x`, "repo_id", 404],
      ["orderBy=size", "orderBy"],
      ["orderBy=relevance", "orderBy"],
      ["group=repo", "group"],
      ["facets=category,color", "facets"],
      ["cursor=!", "cursor"],
      ["cursor=e30", "cursor"],
      [`cursor=${other}`, "cursor"],
      [`cursor=${other}&reverse=true&orderBy=name`, "cursor"],
      [`cursor=${other}&reverse=true&conditions=type=library`, "cursor"],
      [`cursor=${forged(hash, "1", "redis", one)}&reverse=true`, "cursor"],
      [`cursor=${forged(hash, 1, "redis")}&reverse=true`, "cursor"],
      [`cursor=${forged(hash, 1, "redis", one, 1)}&reverse=true`, "cursor"],
      // What is no number in JSON would be the same to what names answers.
      ...["1e999", "-1e999"].map((number): [string, string] => {
        const text = JSON.stringify([hash, 0, "redis", one]).replace(",0,", `,${number},`);
        return [`cursor=${btoa(text).replaceAll("=", "")}&reverse=true`, "cursor"];
      }),
      ...["name", "app_id", "category_id", "type", "app_version"].map((key): [string, string] => [
        `conditions=${key}=${values(101)}`,
        key,
      ]),
      ...["keyword=", "name~", "keyword~", "description~", "app_version~"].map(
        (key): [string, string] => [`conditions=${key}${values(21)}`, key.slice(0, -1)],
      ),
    ];
    for (const [query, field, status = 400] of table) {
      const answer = await call("GET", `/v1/apps?${query}`);
      assert.deepEqual([answer.status, answer.body.field], [status, field], query);
    }
    // Texts that differ in case alone are one.
    const spellings = Array.from(
      { length: 32 },
      (_, i) =>
        Array.from("redis", (letter, at) => i >> at & 1 ? letter.toUpperCase() : letter).join(""),
    );
    for (const query of [`name~${spellings.join("|")}`, `name=redis|${values(99)}`]) {
      const { body } = await call("GET", `/v1/apps?conditions=${query}`);
      assert.equal(body.total_count, query.includes("~") ? 3 : 2, query);
    }
    const again = `/v1/apps?limit=9&reverse=true&cursor=${forged(hash, 1e15, "", "")}`;
    assert.equal((await call("GET", again)).body.items.length, 7);
  }));

Deno.test("orders are stable: apps of one time go by name, then by repository", () =>
  withChartroom(async (chartroom, upstream) => {
    const { list, redis } = await registerTwo(chartroom, upstream);
    const byUpdate = ["1/old", ...redis, "1/redis-cluster", "1/Kafka", "1/common", "2/grafana"];
    const byName = ["1/Kafka", "1/common", "2/grafana", "1/old", ...redis, "1/redis-cluster"];
    const table: [query: string, apps: string[]][] = [
      ["", ["1/old", "2/grafana", ...redis, "1/redis-cluster", "1/Kafka", "1/common"]],
      ["orderBy=create_time", [
        "1/old",
        "2/grafana",
        ...redis,
        "1/redis-cluster",
        "1/Kafka",
        "1/common",
      ]],
      ["orderBy=update_time", byUpdate],
      ["orderBy=name", byName],
      ["orderBy=status", byName],
    ];
    for (const [query, apps] of table) {
      assert.deepEqual(await list(query), apps, query);
      assert.deepEqual(await list(`${query}&reverse=true`), apps.toReversed(), query);
      assert.deepEqual(await list(`${query}&reverse=no`), apps, query);
    }
  }));

Deno.test("a page is named by limit and page, by paging, by start, or by a cursor", () =>
  withChartroom(async (chartroom, upstream) => {
    const { list, show } = await registerTwo(chartroom, upstream);
    const all = await list("");
    const table: [query: string, apps: string[]][] = [
      ["limit=2", all.slice(0, 2)],
      ["limit=2&page=2", all.slice(2, 4)],
      ["limit=2&page=4", all.slice(6)],
      ["limit=2&page=5", []],
      ["limit=2&page=0", []],
      ["limit=2&start=3", all.slice(3, 5)],
      ["limit=2&page=4&start=1", all.slice(1, 3)],
      ["start=7", []],
      ["start=-1", []],
      ["paging=limit=3,page=2", all.slice(3, 6)],
      ["paging=limit=3,page=2&limit=1&page=1", all.slice(3, 6)],
      ["paging=page=2,limit=3", all],
      ["limit=0", []],
      ["limit=-1", all],
      ["limit=-1&page=3", all],
      ["limit=-1&start=3", all],
      ["limit=-2", []],
      ["limit=x&page=y", all],
      ["limit=9223372036854775807", all],
      ["page=9223372036854775807", []],
      ["limit=9223372036854775808&page=9223372036854775808", all],
      ["cursor=&limit=2&page=2", all.slice(0, 2)],
    ];
    for (const [query, apps] of table) {
      assert.deepEqual(await list(query), apps, query);
      const { body } = await chartroom.call("GET", `/v1/apps?${query}`);
      assert.equal(body.total_count, all.length, query);
    }
    for (const query of ["limit=3", "limit=3&page=2", "limit=3&orderBy=name&reverse=true"]) {
      const found: string[] = [], pages: number[] = [];
      for (let cursor = ""; cursor !== undefined;) {
        const { body } = await chartroom.call("GET", `/v1/apps?${query}&cursor=${cursor}`);
        assert.equal(body.total_count, all.length);
        found.push(...body.items.map(show));
        pages.push(body.items.length);
        assert.ok(pages.length <= 3, "the cursors lead in a circle");
        cursor = body.next_cursor;
      }
      assert.deepEqual(pages, [3, 3, 1], query);
      assert.deepEqual(found, await list(query.replace("limit=3", "limit=-1")), query);
    }
    for (const [limit, more] of [[6, true], [7, false], [8, false], [-1, false], [0, false]]) {
      const { body } = await chartroom.call("GET", `/v1/apps?limit=${limit}`);
      assert.equal("next_cursor" in body, more, `${limit}`);
    }
  }));

Deno.test("a cursor goes on where it was, whatever a sync brought or took meanwhile", () =>
  withChartroom(async (chartroom, upstream) => {
    const { call, register, sync } = chartroom;
    const serve = (names: string[]) =>
      upstream.serve("/index.yaml", indexOf(Object.fromEntries(names.map((n) => [n, ["1.0.0"]]))));
    serve(["b", "d", "f", "h"]);
    const id = await register(upstream.url);
    const page = async (more: string) => {
      const { body } = await call("GET", `/v1/apps?orderBy=name&limit=2${more}`);
      return { names: body.items.map((app: Body) => app.name), cursor: body.next_cursor };
    };
    const { names, cursor } = await page("");
    assert.deepEqual(names, ["b", "d"]);
    serve(["a", "b", "c", "e", "f", "h"]);
    await sync(id);
    assert.deepEqual((await page(`&cursor=${cursor}`)).names, ["e", "f"]);
    assert.deepEqual((await page("")).names, ["a", "b"]);
  }));

Deno.test("a list of more than 1,000 apps goes out in pieces, and is what its pages are", () =>
  withChartroom(async ({ call, register }, upstream) => {
    const many = (from: number, count: number) =>
      indexOf(Object.fromEntries(Array.from({ length: count }, (_, i) => [
        `app-${from + i}`,
        [at(new Date(1.7e12 + (from + i) % 40 * 1_000).toISOString())],
      ])));
    upstream.serve("/one/index.yaml", many(0, 900));
    upstream.serve("/two/index.yaml", many(450, 650));
    await register(`${upstream.url}/one`);
    const two = await register(`${upstream.url}/two`);
    for (
      const query of ["facets=repo", "orderBy=name&reverse=true", "conditions=name~5", "group=name"]
    ) {
      const pages: Body[] = [];
      for (let page = 1; page === 1 || pages.at(-1).items.length > 0; page++) {
        pages.push((await call("GET", `/v1/apps?${query}&limit=400&page=${page}`)).body);
      }
      const { next_cursor: _, items: __, ...rest } = pages[0];
      const expected = { items: pages.flatMap(({ items }) => items), ...rest };
      const { headers, body } = await call("GET", `/v1/apps?${query}&limit=-1`);
      assert.equal(JSON.stringify(body), JSON.stringify(expected), query);
      assert.equal(body.items.length, body.total_count);
      assert.equal(headers.get("cache-control") === "no-store", body.total_count > 1_000, query);
    }
    const whole = (await call("GET", "/v1/apps?limit=-1")).body.items;
    for (const [limit, isKept] of [[1_000, true], [1_001, false], [1_549, false]] as const) {
      const first = await call("GET", `/v1/apps?limit=${limit}`);
      assert.equal(first.headers.has("etag"), isKept, `${limit}`);
      const cursor = first.body.next_cursor;
      const second = await call("GET", `/v1/apps?limit=-1&cursor=${cursor}`);
      assert.deepEqual([...first.body.items, ...second.body.items], whole);
      assert.equal(second.body.total_count, 1_550);
    }
    const { body } = await call("GET", `/v1/apps?limit=-1&conditions=repo_id=${two}`);
    assert.equal(body.items.length, 650);
  }));

/** What the reference knows of an app. */
interface App {
  repo: number;
  name: string;
  created: string;
  updated: string;
  description: string;
  keywords: string[];
  category: string;
  type: string;
  deprecated: boolean;
  kubeVersion: string;
  appVersion: string;
}

/** A query, before it is a URL; `repos` and `apps` are numbers. */
interface Asked {
  repos?: number[] | undefined;
  apps?: number[] | undefined;
  keyword?: string[] | undefined;
  names?: string[] | undefined;
  nameParts?: string[] | undefined;
  keywordParts?: string[] | undefined;
  descriptionParts?: string[] | undefined;
  categories?: string[] | undefined;
  types?: string[] | undefined;
  deprecated?: boolean | undefined;
  kubeVersion?: string | undefined;
  appVersions?: string[] | undefined;
  appVersionParts?: string[] | undefined;
  since?: string | undefined;
  order: "create_time" | "update_time" | "name";
  reverse: boolean;
  limit: number;
  page: number;
}

/** In the order of code points, which is not that of UTF-16. */
const NAMES = ["Redis", "kafka", "redis", "redis-ha", "é", "～", "😀"];
const TIMES = ["2023-01-01T00:00:00Z", "2023-01-01T00:00:00.5Z", "2023-06-01T00:00:00Z"];
const CATEGORIES = { "": "ctg-uncategorized", Database: "ctg-68rhlm40pv" };
/** What each constraint admits of {@link KUBE_VERSIONS}. */
const ADMITS: Record<string, string[]> = {
  "": ["1.24.3", "1.31.0", "1.31.0-rc.1"],
  ">=1.25.0": ["1.31.0"],
  ">=1.25.0-0": ["1.31.0", "1.31.0-rc.1"],
  "<1.25, >=1.20 || 1.31.x": ["1.24.3", "1.31.0"],
  "what?": [],
};
const KUBE_VERSIONS = ADMITS[""]!;

const someOf = <T>(...values: T[]) => fc.subarray(values, { minLength: 1, maxLength: 2 });
const maybe = <T>(values: fc.Arbitrary<T>) =>
  // Most of the time absent, or nothing would ever pass.
  fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: values });

const laterOf = (a: string, b: string) => Date.parse(a) > Date.parse(b) ? a : b;

const app: fc.Arbitrary<App> = fc.record({
  repo: fc.nat(2),
  name: fc.constantFrom(...NAMES),
  created: fc.constantFrom(...TIMES),
  updated: fc.constantFrom(...TIMES),
  description: fc.constantFrom("", "In Memory", "on disk"),
  keywords: fc.subarray(["Cache", "cache", "queue"]),
  category: fc.constantFrom(...Object.keys(CATEGORIES)),
  type: fc.constantFrom("", "application", "library"),
  deprecated: fc.boolean(),
  kubeVersion: fc.constantFrom(...Object.keys(ADMITS)),
  appVersion: fc.constantFrom("", "1.0", "1.0-Alpine", "2.0"),
}).map((app) => ({ ...app, updated: laterOf(app.created, app.updated) }));
const catalog = fc.uniqueArray(app, {
  minLength: 1,
  maxLength: 15,
  selector: ({ repo, name }) => `${repo} ${name}`,
});

const asked: fc.Arbitrary<Asked> = fc.record({
  repos: maybe(someOf(0, 1, 2)),
  apps: maybe(fc.uniqueArray(fc.nat(14), { minLength: 1, maxLength: 8 })),
  keyword: maybe(someOf("RED", "k", "é")),
  names: maybe(someOf(...NAMES)),
  nameParts: maybe(someOf("red", "-ha", "A")),
  keywordParts: maybe(someOf("CACHE", "que", "x")),
  descriptionParts: maybe(someOf("in ", "DISK", "x")),
  categories: maybe(someOf(...Object.keys(CATEGORIES))),
  types: maybe(someOf("application", "library")),
  deprecated: maybe(fc.boolean()),
  kubeVersion: maybe(fc.constantFrom(...KUBE_VERSIONS)),
  appVersions: maybe(someOf("1.0", "2.0")),
  appVersionParts: maybe(someOf("1.", "alp")),
  since: maybe(fc.constantFrom("2023-01-01", "2023-01-02", ...TIMES)),
  order: fc.constantFrom("create_time", "update_time", "name"),
  reverse: fc.boolean(),
  limit: fc.integer({ min: 1, max: 6 }),
  page: fc.integer({ min: 1, max: 3 }),
});

type Repos = readonly string[];
type Ids = ReadonlyMap<App, string>;

/** The conditions of a query as tests of an app, with the facet that is counted without them. */
function testsOf(
  query: Asked,
  apps: readonly App[],
): [facet: string, test: (app: App) => boolean][] {
  const within = (text: string, parts: readonly string[] | undefined) =>
    parts?.some((part) => text.toLowerCase().includes(part.toLowerCase())) ?? true;
  const oneOf = (value: string, values: readonly string[] | undefined) =>
    values?.includes(value) ?? true;
  const since = query.since?.length === 10 ? `${query.since}T00:00:00Z` : query.since;
  return [
    ["repo", ({ repo }) => query.repos?.includes(repo) ?? true],
    ["", (app) => query.apps?.some((number) => apps[number] === app) ?? true],
    ["", ({ name }) => within(name, query.keyword) && within(name, query.nameParts)],
    ["", ({ name }) => oneOf(name, query.names)],
    ["keyword", ({ keywords }) =>
      query.keywordParts === undefined ||
      keywords.some((keyword) => within(keyword, query.keywordParts))],
    ["", ({ description }) => within(description, query.descriptionParts)],
    ["category", ({ category }) => oneOf(category, query.categories)],
    ["type", ({ type }) => oneOf(type || "application", query.types)],
    ["deprecated", ({ deprecated }) => deprecated === (query.deprecated ?? deprecated)],
    [
      "",
      (app) =>
        query.kubeVersion === undefined || ADMITS[app.kubeVersion]!.includes(query.kubeVersion),
    ],
    ["", (app) => oneOf(app.appVersion, query.appVersions)],
    ["", (app) => within(app.appVersion, query.appVersionParts)],
    ["", ({ updated }) => since === undefined || Date.parse(updated) >= Date.parse(since)],
  ];
}

/** What a list shall have: all of it, in its order, and its facets. */
function expected(query: Asked, apps: readonly App[], repos: Repos) {
  const tests = testsOf(query, apps);
  const compare = (a: App, b: App) => {
    const time = { create_time: "created", update_time: "updated", name: undefined } as const;
    const key = time[query.order];
    return (key === undefined ? 0 : Date.parse(a[key]) - Date.parse(b[key])) ||
      NAMES.indexOf(a.name) - NAMES.indexOf(b.name) ||
      (repos[a.repo]! < repos[b.repo]! ? -1 : 1);
  };
  const found = apps.filter((app) => tests.every(([, test]) => test(app))).sort(compare);
  const valuesOf: Record<string, (app: App) => string[]> = {
    category: ({ category }) => [category],
    repo: ({ repo }) => [repos[repo]!],
    keyword: ({ keywords }) => [...new Set(keywords.map((keyword) => keyword.toLowerCase()))],
    deprecated: ({ deprecated }) => [`${deprecated}`],
    type: ({ type }) => [type || "application"],
  };
  const facets = Object.fromEntries(
    Object.entries(valuesOf).map(([facet, valuesOf]) => {
      const counted = apps.filter((app) => tests.every(([of, test]) => of === facet || test(app)));
      const counts = Map.groupBy(counted.flatMap(valuesOf), (value) => value);
      const values = [...counts].map(([value, { length }]) => [value, length] as const);
      return [facet, values.sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))];
    }),
  );
  return { found: query.reverse ? found.reverse() : found, facets };
}

function urlOf(query: Asked, apps: readonly App[], repos: Repos, ids: Ids): string {
  const { repos: of, apps: numbers, categories } = query;
  const conditions = Object.entries({
    "repo_id=": of?.map((number) => repos[number]!),
    "app_id=": numbers?.map((number) => apps[number] ? ids.get(apps[number])! : "app-x"),
    "keyword=": query.keyword,
    "name=": query.names,
    "name~": query.nameParts,
    "keyword~": query.keywordParts,
    "description~": query.descriptionParts,
    "category_id=": categories?.map((name) => CATEGORIES[name as keyof typeof CATEGORIES]),
    "type=": query.types,
    "deprecated=": query.deprecated === undefined ? undefined : [`${query.deprecated}`],
    "kube_version=": query.kubeVersion && [query.kubeVersion],
    "app_version=": query.appVersions,
    "app_version~": query.appVersionParts,
    "has_update_since=": query.since && [query.since],
  }).flatMap(([key, values]) => values ? [key + (values as string[]).join("|")] : []);
  const parameters = new URLSearchParams({ conditions: conditions.join() });
  return `/v1/apps?${parameters}&orderBy=${query.order}&reverse=${query.reverse}`;
}

/** All entries of a list, by its cursors, a page of `limit` at a time. */
async function follow(call: Call, url: string, limit: number): Promise<Body[]> {
  const items: Body[] = [];
  for (let cursor = ""; cursor !== undefined;) {
    const { status, body } = await call("GET", `${url}&limit=${limit}&cursor=${cursor}`);
    assert.equal(status, 200);
    assert.ok(body.items.length <= limit);
    assert.ok(body.items.length > 0 || body.total_count === 0);
    items.push(...body.items);
    assert.ok(items.length <= body.total_count, "the cursors lead in a circle");
    cursor = body.next_cursor;
  }
  return items;
}

/** Registers repositories with these apps, and compares the answers to queries with the reference. */
async function compare(apps: readonly App[], queries: readonly Asked[]) {
  await withChartroom(async ({ call, register }, upstream) => {
    const repos: string[] = [];
    for (const repo of [0, 1, 2]) {
      const own = apps.filter((app) => app.repo === repo);
      upstream.serve(
        `/${repo}/index.yaml`,
        indexOf(Object.fromEntries(own.map((app) => [app.name, versionsOf(app)]))),
      );
      repos.push(await register(`${upstream.url}/${repo}`));
    }
    const whole = (await call("GET", "/v1/apps?limit=-1")).body.items;
    const ids: Ids = new Map(apps.map((app) => {
      const { repo, name } = app;
      const { app_id: id } = whole.find((item: Body) =>
        item.repo_id === repos[repo] && item.name === name
      );
      return [app, id];
    }));
    for (const query of queries) {
      const { found, facets } = expected(query, apps, repos);
      const url = urlOf(query, apps, repos, ids), expectedIds = found.map((app) => ids.get(app));
      const idsOf = (items: Body[]) => items.map((item) => item.app_id);
      const { limit, page } = query;
      const { body } = await call("GET", `${url}&limit=${limit}&page=${page}`);
      const from = (page - 1) * limit;
      assert.deepEqual(idsOf(body.items), expectedIds.slice(from, from + limit), url);
      assert.equal(body.total_count, found.length, url);
      assert.deepEqual(idsOf(await follow(call, url, limit)), expectedIds, url);

      const all = "&limit=-1&facets=type,category,repo,keyword,deprecated";
      const counted = (await call("GET", url + all)).body;
      assert.deepEqual(idsOf(counted.items), expectedIds, url);
      const counts = Object.entries<Body[]>(counted.facets).map(([facet, values]) =>
        [facet, values.map(({ value, count }) => [value, count])] as const
      );
      assert.deepEqual(Object.fromEntries(counts), facets, url);

      const groups = Map.groupBy(found, ({ name }) => name);
      const expectedGroups = [...groups].map(([name, members]) => ({
        name,
        count: members.length,
        apps: members.map((app) => ids.get(app)),
      }));
      const grouped = (await follow(call, `${url}&group=name`, limit))
        .map((group) => ({ ...group, apps: idsOf(group.apps) }));
      assert.deepEqual(grouped, expectedGroups, url);
    }
  });
}

/** An app made in its first version; all else is said by the newest, of which the last is it. */
function versionsOf(app: App): VersionSpec[] {
  const { created, updated, category, keywords, name: _, repo: __, ...fields } = app;
  const said = Object.entries(fields).filter(([, value]) => value !== "");
  const newest = at(updated, {
    version: "2.0.0",
    description: "",
    keywords,
    ...Object.fromEntries(said),
    ...(category && { annotations: { category } }),
  });
  return [at(created, { deprecated: !app.deprecated, type: "library" }), newest];
}

Deno.test("every list is what filtering and sorting plain objects makes of the catalogs", () =>
  fc.assert(
    fc.asyncProperty(
      catalog,
      fc.array(asked, { minLength: 1, maxLength: 20, size: "max" }),
      compare,
    ),
    { numRuns: 40 },
  ));
