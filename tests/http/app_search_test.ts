/** Search by words (`q`), groups of one name, and facets. */

import assert from "node:assert/strict";
import { type Body, withChartroom } from "../support/chartroom.ts";
import { indexOf, type VersionSpec } from "../support/upstream.ts";

const chart = (more: Partial<VersionSpec> = {}): VersionSpec[] => [
  { version: "1.0.0", description: "", ...more },
];
const names = (body: Body) => body.items.map((item: Body) => item.name);

/** Named so that the order of names is not that of relevance. */
const INDEX = indexOf({
  alpha: chart({ maintainers: [{ name: "Grafana Labs", email: "team@grafana.example" }] }),
  beta: chart({ description: "Boards made with Grafana, and more" }),
  gamma: chart({ keywords: ["grafana"] }),
  grafana: chart({ created: "2024-05-01T00:00:00Z" }),
  "grafana-agent": chart({ keywords: ["agent", "metrics"], created: "2024-04-01T00:00:00Z" }),
  grafanalytics: chart(),
  "my-grafana": chart({ deprecated: true }),
  prometheus: chart({ keywords: ["metrics"], description: "Time series" }),
  promethean: chart({ description: "A gift of fire" }),
  redis: chart({ type: "library", description: "Cache (in memory)" }),
});

Deno.test("q finds words, the best match first, and forgives typing errors", () =>
  withChartroom(async ({ call, register }, upstream) => {
    upstream.serve("/index.yaml", INDEX);
    await register(upstream.url);
    const byRelevance = [
      "grafana",
      "grafana-agent",
      "grafanalytics",
      "my-grafana",
      "gamma",
      "beta",
      "alpha",
    ];
    const table: [q: string, apps: string[]][] = [
      ["grafana", byRelevance],
      ["  GraFana ", byRelevance],
      ["grafana.", byRelevance],
      ["grafanaa", byRelevance.filter((name) => name !== "grafanalytics")],
      ["grafnaa", byRelevance.filter((name) => name !== "grafanalytics")],
      ["grafan", [
        "grafana",
        "grafana-agent",
        "grafanalytics",
        "my-grafana",
        "gamma",
        "beta",
        "alpha",
      ]],
      ["prometeus", ["prometheus"]],
      ["promethues", ["prometheus"]],
      ["promethean", ["promethean", "prometheus"]],
      ["promethe", ["promethean", "prometheus"]],
      ["redsi", ["redis"]],
      ["reids", ["redis"]],
      ["rdis", []],
      ["grafana agent", ["grafana-agent"]],
      ["agent grafana", ["grafana-agent"]],
      ["my-grafana", ["my-grafana"]],
      ["grafana zebra", []],
      ["metrics", ["grafana-agent", "prometheus"]],
      ["metrics series", ["prometheus"]],
      ["labs", ["alpha"]],
      ["analyt", ["grafanalytics"]],
      ["etri", ["grafana-agent", "prometheus"]],
      ["emor", []],
      ["boards more", ["beta"]],
      ["memory", ["redis"]],
      ["zebra", []],
      ["!?*--", []],
      ["a".repeat(200), []],
    ];
    for (const [q, apps] of table) {
      const { status, body } = await call("GET", `/v1/apps?${new URLSearchParams({ q })}`);
      assert.equal(status, 200, q);
      assert.deepEqual(names(body), apps, q);
      assert.equal(body.total_count, apps.length, q);
    }
  }));

Deno.test("q goes with conditions, orders, pages and cursors; blank it is none", () =>
  withChartroom(async ({ call, register }, upstream) => {
    upstream.serve("/index.yaml", INDEX);
    await register(upstream.url);
    const list = async (query: string) => names((await call("GET", `/v1/apps?${query}`)).body);
    const best = ["grafana", "grafana-agent", "grafanalytics", "my-grafana", "gamma", "beta"];
    const table: [query: string, apps: string[]][] = [
      ["q=grafana&conditions=deprecated=true", ["my-grafana"]],
      ["q=grafana&conditions=name~ana-|gam", ["grafana-agent", "gamma"]],
      ["q=grafana&conditions=type=library", []],
      ["q=grafana&orderBy=name&limit=3", ["alpha", "beta", "gamma"]],
      ["q=grafana&orderBy=create_time&reverse=true&limit=2", ["grafana", "grafana-agent"]],
      ["q=grafana&orderBy=relevance&limit=2", best.slice(0, 2)],
      ["q=grafana&reverse=true&limit=3", ["alpha", "beta", "gamma"]],
      ["q=grafana&limit=2&page=2", best.slice(2, 4)],
      ["q=%20&limit=2&orderBy=name", ["alpha", "beta"]],
      ["q=&limit=2&orderBy=name", ["alpha", "beta"]],
    ];
    for (const [query, apps] of table) assert.deepEqual(await list(query), apps, query);
    const found: string[] = [];
    for (let cursor = ""; cursor !== undefined;) {
      const { body } = await call("GET", `/v1/apps?q=grafana&limit=2&cursor=${cursor}`);
      found.push(...names(body));
      assert.ok(found.length <= 7, "the cursors lead in a circle");
      cursor = body.next_cursor;
    }
    assert.deepEqual(found, [...best, "alpha"]);

    for (
      const [query, field] of [
        ["orderBy=relevance", "orderBy"],
        ["q=%20&orderBy=relevance", "orderBy"],
        ["q=grafana&orderBy=best", "orderBy"],
        [`q=${"a".repeat(201)}`, "q"],
      ]
    ) {
      const { status, body } = await call("GET", `/v1/apps?${query}`);
      assert.deepEqual([status, body.field], [400, field], query);
    }
    assert.equal((await call("GET", `/v1/apps?q=${"a".repeat(200)}%20`)).status, 200);
  }));

Deno.test("q looks into all repositories that can be seen, or into those that are asked for", () =>
  withChartroom(async ({ call, register, sync }, upstream) => {
    upstream.serve("/one/index.yaml", INDEX);
    upstream.serve("/two/index.yaml", indexOf({ grafana: chart(), "my-redis": chart() }));
    const one = await register(`${upstream.url}/one`);
    const two = await register(`${upstream.url}/two`, { workspace: "ws1" });
    const list = async (query: string, base = "/v1") =>
      (await call("GET", `${base}/apps?${query}`)).body.items
        .map(({ repo_id: id, name }: Body) => `${id === one ? 1 : 2}/${name}`);
    const both = one < two ? ["1/grafana", "2/grafana"] : ["2/grafana", "1/grafana"];
    assert.deepEqual(await list("q=grafana&limit=3"), [...both, "1/grafana-agent"]);
    assert.deepEqual(await list("q=redis"), ["1/redis", "2/my-redis"]);
    assert.deepEqual(await list(`q=redis&conditions=repo_id=${two}`), ["2/my-redis"]);
    assert.deepEqual(await list("q=redis", "/v1/workspaces/ws1"), ["1/redis", "2/my-redis"]);
    assert.deepEqual(await list("q=redis", "/v1/workspaces/ws2"), ["1/redis"]);
    // A word that came with a sync is found, and one that left is not.
    upstream.serve("/two/index.yaml", indexOf({ zebra: chart(), grafana: chart() }));
    await sync(two);
    assert.deepEqual(await list("q=redis"), ["1/redis"]);
    assert.deepEqual(await list("q=zebra"), ["2/zebra"]);
  }));

Deno.test("apps that match alike go by name, then by repository, on every page and in reverse", () =>
  withChartroom(async ({ call, register }, upstream) => {
    const classes = [
      ["kafka"],
      ["Kafka-z", "kafka-a", "kafka-b"],
      ["a-kafka", "b-kafka"],
      ["k1", "k2"],
      ["d"],
      ["kafca"],
    ];
    const keywords = ["kafka"], description = "Made for Kafka";
    const charts = {
      d: chart({ description }),
      k2: chart({ keywords }),
      k1: chart({ keywords }),
      ...Object.fromEntries(classes.slice(0, 3).flat().map((name) => [name, chart()])),
      // A typing error matches least of all.
      kafca: chart(),
      other: chart(),
    };
    upstream.serve("/index.yaml", indexOf(charts));
    const repos: string[] = [];
    for (let i = 0; i < 3; i++) repos.push(await register(upstream.url));
    repos.sort();
    const expected = classes.flat().flatMap((name) => repos.map((id) => `${name} ${id}`));
    for (
      const [query, apps] of [["", expected], ["&reverse=true", expected.toReversed()]] as const
    ) {
      for (const limit of [1, 4, 30]) {
        const found: string[] = [];
        for (let cursor = ""; cursor !== undefined;) {
          const path = `/v1/apps?q=kafka&limit=${limit}${query}&cursor=${cursor}`;
          const { body } = await call("GET", path);
          found.push(...body.items.map((app: Body) => `${app.name} ${app.repo_id}`));
          assert.ok(found.length <= 30, "the cursors lead in a circle");
          cursor = body.next_cursor;
        }
        assert.deepEqual(found, apps, `${query} by ${limit}`);
      }
    }
  }));

Deno.test("group=name puts apps of one name together, the best of them first", () =>
  withChartroom(async ({ call, register }, upstream) => {
    const dated = (year: number) => chart({ created: `${year}-01-01T00:00:00Z` });
    upstream.serve("/0/index.yaml", indexOf({ redis: dated(2020), kafka: dated(2022) }));
    upstream.serve("/1/index.yaml", indexOf({ redis: dated(2023), "redis-ha": dated(2021) }));
    upstream.serve("/2/index.yaml", indexOf({ redis: chart({ keywords: ["kafka"] }) }));
    const repos: string[] = [];
    for (const i of [0, 1, 2]) repos.push(await register(`${upstream.url}/${i}`));
    const list = async (query: string) => {
      const { body } = await call("GET", `/v1/apps?group=name&${query}`);
      const items = body.items.map(({ name, count, apps, ...rest }: Body) => {
        assert.deepEqual(rest, {});
        assert.ok(apps.every((app: Body) => app.name === name));
        return [name, count, ...apps.map((app: Body) => repos.indexOf(app.repo_id))];
      });
      return { items, total: body.total_count, cursor: body.next_cursor };
    };
    const byTime = [["redis", 3, 0, 1, 2], ["redis-ha", 1, 1], ["kafka", 1, 0]];
    assert.deepEqual((await list("")).items, byTime);
    assert.deepEqual((await list("reverse=true")).items, [
      ["redis", 3, 2, 1, 0],
      byTime[2],
      byTime[1],
    ]);
    assert.deepEqual((await list("q=kafka")).items, [["kafka", 1, 0], ["redis", 1, 2]]);
    assert.deepEqual((await list("conditions=name~redis-")).items, [["redis-ha", 1, 1]]);
    assert.deepEqual((await list(`conditions=repo_id=${repos[0]}`)).items, [
      ["redis", 1, 0],
      ["kafka", 1, 0],
    ]);
    const first = await list("limit=1");
    assert.deepEqual([first.items, first.total], [byTime.slice(0, 1), 3]);
    const second = await list(`limit=1&cursor=${first.cursor}`);
    assert.deepEqual([second.items, second.total], [byTime.slice(1, 2), 3]);
    const third = await list(`limit=9&cursor=${second.cursor}`);
    assert.deepEqual([third.items, third.total, third.cursor], [byTime.slice(2), 3, undefined]);
    assert.deepEqual((await list("limit=1&page=3")).items, byTime.slice(2));
    assert.deepEqual((await list("limit=1&page=4")).items, []);
    assert.deepEqual((await list("limit=0")).items, []);
    // As lists of apps have it: -1 is everything, whatever the page.
    for (const query of ["limit=-1", "limit=-1&page=2", "limit=-1&start=1"]) {
      assert.deepEqual((await list(query)).items, byTime, query);
    }
    // A cursor of a list of apps is none of a list of groups.
    const { next_cursor: other } = (await call("GET", "/v1/apps?limit=1")).body;
    assert.equal((await call("GET", `/v1/apps?group=name&cursor=${other}`)).status, 400);
  }));

Deno.test("a group shows twenty of its apps, and counts them all", () =>
  withChartroom(async ({ call, register }, upstream) => {
    upstream.serve("/index.yaml", indexOf({ redis: chart() }));
    for (let i = 0; i < 22; i++) await register(upstream.url);
    const { items: [group], total_count } = (await call("GET", "/v1/apps?group=name")).body;
    assert.deepEqual([total_count, group.count, group.apps.length], [1, 22, 20]);
  }));

Deno.test("groups of more than 1,000 apps in all go out in pieces, and are what their pages are", () =>
  withChartroom(async ({ call, register }, upstream) => {
    const names = Array.from({ length: 60 }, (_, i) => `app-${i}`);
    upstream.serve(
      "/index.yaml",
      indexOf(Object.fromEntries(names.map((name) => [name, chart()]))),
    );
    for (let i = 0; i < 21; i++) await register(upstream.url);
    const groups: Body[] = [];
    for (const limit of [50, 51]) {
      const { headers, body } = await call("GET", `/v1/apps?group=name&limit=${limit}`);
      assert.equal(headers.get("cache-control") === "no-store", limit > 50);
      groups.push(body.items);
      assert.equal(body.total_count, 60);
      const rest = await call("GET", `/v1/apps?group=name&limit=60&cursor=${body.next_cursor}`);
      const all = [...body.items, ...rest.body.items];
      assert.equal(new Set(all.map(({ name }) => name)).size, 60);
      for (const { apps, count } of all) assert.deepEqual([apps.length, count], [20, 21]);
    }
    assert.deepEqual(groups[1].slice(0, 50), groups[0]);
  }));

Deno.test("facets count apps by value, each without its own conditions", () =>
  withChartroom(async ({ call, register }, upstream) => {
    const of = (category: string, more: Partial<VersionSpec> = {}) =>
      chart({ ...(category && { annotations: { category } }), ...more });
    upstream.serve(
      "/one/index.yaml",
      indexOf({
        redis: of("Database", { keywords: ["Cache", "cache", "kv"] }),
        mysql: of("Database", { keywords: ["sql"], deprecated: true }),
        common: of("", { type: "library" }),
      }),
    );
    upstream.serve("/two/index.yaml", indexOf({ redis: of("", { keywords: ["kv"] }) }));
    const one = await register(`${upstream.url}/one`, { name: "First" });
    const two = await register(`${upstream.url}/two`, { name: "Second" });
    const facetsOf = async (query: string) => (await call("GET", `/v1/apps?${query}`)).body.facets;
    const repo = (first: number, second: number) =>
      [{ value: one, name: "First", count: first }, { value: two, name: "Second", count: second }]
        .filter(({ count }) => count > 0);
    const database = { value: "Database", category_id: "ctg-68rhlm40pv" };
    const none = { value: "", category_id: "ctg-uncategorized" };
    const all = "category,repo,keyword,deprecated,type";
    const whole = {
      category: [{ ...none, count: 2 }, { ...database, count: 2 }],
      repo: repo(3, 1),
      keyword: [
        { value: "kv", count: 2 },
        { value: "cache", count: 1 },
        { value: "sql", count: 1 },
      ],
      deprecated: [{ value: "false", count: 3 }, { value: "true", count: 1 }],
      type: [{ value: "application", count: 3 }, { value: "library", count: 1 }],
    };
    assert.deepEqual(await facetsOf(`facets=${all}`), whole);
    assert.deepEqual(await facetsOf(`facets=type, deprecated ,,&limit=0`), {
      deprecated: whole.deprecated,
      type: whole.type,
    });
    assert.equal(await facetsOf("facets="), undefined);
    assert.equal(await facetsOf("facets=,"), undefined);

    const table: [query: string, facets: Record<string, unknown>][] = [
      ["conditions=deprecated=true&facets=deprecated,category", {
        category: [{ ...database, count: 1 }],
        deprecated: whole.deprecated,
      }],
      [`conditions=category_id=${none.category_id}&facets=category,keyword`, {
        category: whole.category,
        keyword: [{ value: "kv", count: 1 }],
      }],
      ["conditions=type=library&facets=type,repo", { type: whole.type, repo: repo(1, 0) }],
      ["conditions=keyword~sql&facets=keyword,repo", { keyword: whole.keyword, repo: repo(1, 0) }],
      [`conditions=repo_id=${two}&facets=repo,type`, {
        repo: repo(3, 1),
        type: [{ value: "application", count: 1 }],
      }],
      [`conditions=repo_id=${two},deprecated=true&facets=repo,deprecated`, {
        repo: repo(1, 0),
        deprecated: [{ value: "false", count: 1 }],
      }],
      ["conditions=repo_id=&facets=repo", { repo: repo(3, 1) }],
      ["conditions=name=redis&facets=repo", {
        repo: repo(1, 1).sort((a, b) => a.value < b.value ? -1 : 1),
      }],
      ["q=redis&conditions=category_id=ctg-none&facets=category,type", {
        category: [{ ...none, count: 1 }, { ...database, count: 1 }],
        type: [],
      }],
      ["q=nothing&facets=repo", { repo: [] }],
      ["conditions=status=draft&facets=repo", { repo: [] }],
      ["group=name&conditions=name=redis&facets=keyword", {
        keyword: [{ value: "kv", count: 2 }, { value: "cache", count: 1 }],
      }],
    ];
    for (const [query, facets] of table) assert.deepEqual(await facetsOf(query), facets, query);
    const { body: { items } } = await call("GET", "/v1/apps?orderBy=name");
    const app = items.find((app: Body) => app.name === "mysql").app_id;
    assert.deepEqual(await facetsOf(`conditions=app_id=${app}&facets=repo`), { repo: repo(1, 0) });
    for (const facets of ["color", "category,color", "Category"]) {
      const { status, body } = await call("GET", `/v1/apps?facets=${facets}`);
      assert.deepEqual([status, body.field], [400, "facets"], facets);
    }
    // What repositories are called is not kept for longer than they are.
    assert.equal((await call("PATCH", `/v1/repos/${two}`, { name: "Third" })).status, 200);
    assert.equal((await facetsOf("facets=repo")).repo[1].name, "Third");
  }));

Deno.test("a facet counts only what the caller sees on the path", () =>
  withChartroom(async ({ call, register }, upstream) => {
    upstream.serve("/index.yaml", indexOf({ redis: chart() }));
    const global = await register(upstream.url);
    const own = await register(upstream.url, { workspace: "ws1" });
    const reposOf = async (base: string) =>
      (await call("GET", `${base}/apps?facets=repo`)).body.facets.repo
        .map(({ value }: Body) => value);
    assert.deepEqual(await reposOf("/v1"), [global, own].sort());
    assert.deepEqual(await reposOf("/v1/workspaces/ws1"), [global, own].sort());
    assert.deepEqual(await reposOf("/v1/workspaces/ws2"), [global]);
  }));

Deno.test("a facet has at most 100 values, those of most apps", () =>
  withChartroom(async ({ call, register }, upstream) => {
    const padded = (i: number) => `${i}`.padStart(3, "0");
    const charts = Array.from({ length: 105 }, (_, i): [string, VersionSpec[]] => [
      `app-${i}`,
      chart({ keywords: [`key-${padded(i)}`, ...(i < 3 ? ["key-104"] : [])] }),
    ]);
    upstream.serve("/index.yaml", indexOf(Object.fromEntries(charts)));
    await register(upstream.url);
    const { keyword } = (await call("GET", "/v1/apps?limit=1&facets=keyword")).body.facets;
    assert.deepEqual(keyword, [
      { value: "key-104", count: 4 },
      ...Array.from({ length: 99 }, (_, i) => ({ value: `key-${padded(i)}`, count: 1 })),
    ]);
  }));
