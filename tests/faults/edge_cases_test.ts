/** Edge cases of an index that show only in what is kept and served after a sync. */

import assert from "node:assert/strict";
import { type Body, type Chartroom, withChartroom } from "../support/chartroom.ts";
import { indexOf } from "../support/upstream.ts";

const many = (count: number, name: (i: number) => string) =>
  Array.from({ length: count }, (_, i) => name(i));

async function apps({ call }: Chartroom, query = ""): Promise<Body> {
  return (await call("GET", `/v1/apps?orderBy=name&${query}`)).body;
}

/** The versions of the only app, newest first. */
async function versions(chartroom: Chartroom, query = "limit=-1"): Promise<Body[]> {
  const [{ app_id: app }] = (await apps(chartroom)).items;
  const path = `/v1/apps/${app}/versions?reverse=true&${query}`;
  return (await chartroom.call("GET", path)).body.items;
}

Deno.test("ten thousand versions of one chart are listed, and one more is one change", () =>
  withChartroom(async (chartroom, upstream) => {
    const listed = many(10_000, (i) => `1.${i}.0`);
    upstream.serve("/index.yaml", indexOf({ many: listed }));
    const id = await chartroom.register(upstream.url);
    const [app] = (await apps(chartroom)).items;
    assert.equal(app.version_total, 10_000);
    assert.equal(app.latest_app_version.version, "1.9999.0");
    const all = await versions(chartroom);
    assert.deepEqual(all.map(({ version }) => version), listed.toReversed());
    assert.equal(new Set(all.map((version) => version.version_id)).size, 10_000);
    const page = await versions(chartroom, "limit=2&page=5000");
    assert.deepEqual(page.map(({ version }) => version), ["1.1.0", "1.0.0"]);

    upstream.serve("/index.yaml", indexOf({ many: ["2.0.0", ...listed] }));
    const { changes } = await chartroom.sync(id);
    assert.deepEqual(changes.versions_added, { count: 1, names: ["many@2.0.0"] });
    assert.equal(changes.versions_removed.count, 0);
  }));

Deno.test("of two thousand charts with one version each, every page has its own", () =>
  withChartroom(async (chartroom, upstream) => {
    const names = many(2_000, (i) => `chart-${String(i).padStart(4, "0")}`);
    upstream.serve(
      "/index.yaml",
      indexOf(Object.fromEntries(names.map((name) => [name, ["1.0.0"]]))),
    );
    await chartroom.register(upstream.url);
    const listed: string[] = [];
    for (let page = 1; page <= 4; page++) {
      const { items, total_count: total } = await apps(chartroom, `limit=500&page=${page}`);
      assert.equal(total, 2_000);
      listed.push(...items.map((app: Body) => app.name));
    }
    assert.deepEqual(listed, names);
  }));

Deno.test("a chart that is deprecated as a whole is listed, and says so", () =>
  withChartroom(async (chartroom, upstream) => {
    const deprecated = ["1.0.0", "2.0.0"].map((version) => ({ version, deprecated: true }));
    upstream.serve("/index.yaml", indexOf({ old: deprecated }));
    await chartroom.register(upstream.url);
    const [app] = (await apps(chartroom)).items;
    assert.deepEqual([app.deprecated, app.latest_app_version.version], [true, "2.0.0"]);
    const all = await versions(chartroom);
    assert.deepEqual(all.map(({ deprecated }) => deprecated), [true, true]);
  }));

Deno.test("a chart with nothing but pre-releases is listed with the newest", () =>
  withChartroom(async (chartroom, upstream) => {
    upstream.serve("/index.yaml", indexOf({ early: ["1.0.0-rc.2", "1.0.0-rc.10", "1.0.0-beta"] }));
    await chartroom.register(upstream.url);
    const [app] = (await apps(chartroom)).items;
    assert.equal(app.latest_app_version.version, "1.0.0-rc.10");
    const all = await versions(chartroom);
    assert.deepEqual(all.map(({ version }) => version), [
      "1.0.0-rc.10",
      "1.0.0-rc.2",
      "1.0.0-beta",
    ]);
  }));

Deno.test("names of any kind are listed, found and changed like others", () =>
  withChartroom(async (chartroom, upstream) => {
    const names = ["#a", "$a#b", "../x", "__proto__", "a b", "a%2Fb", "a/b", "constructor", "图表"];
    // `__proto__` has to become a key of its own.
    const charts = Object.fromEntries(names.map((name) => [name, ["1.0.0"]]));
    const quoted = (more = "") =>
      indexOf(charts).replace(/^ {2}(?! )(.+):$/gm, (_, name) => `  ${JSON.stringify(name)}:`) +
      more;
    upstream.serve("/index.yaml", quoted());
    const id = await chartroom.register(upstream.url);
    const { items } = await apps(chartroom);
    assert.deepEqual(items.map((app: Body) => app.name).sort(), names);
    for (const { app_id: app, name, latest_app_version: latest } of items) {
      const path = `/v1/apps/${app}/versions/${latest.version_id}`;
      const { body } = await chartroom.call("GET", path);
      assert.equal(body.package_name, `${name}-1.0.0.tgz`);
      assert.deepEqual(body.urls, [`${name}-1.0.0.tgz`]);
      const found = await apps(chartroom, `conditions=${encodeURIComponent(`name=${name}`)}`);
      assert.deepEqual(found.items.map((app: Body) => app.name), [name]);
    }
    upstream.serve("/index.yaml", quoted().replaceAll("1.0.0", "1.1.0"));
    const { changes } = await chartroom.sync(id);
    assert.deepEqual(changes.apps_added.count + changes.apps_removed.count, 0);
    assert.deepEqual(changes.versions_added.names.sort(), names.map((name) => `${name}@1.1.0`));
    assert.deepEqual(changes.versions_removed.names.sort(), names.map((name) => `${name}@1.0.0`));
  }));

Deno.test("URLs and digests of all kinds are served as the index has them", () =>
  withChartroom(async (chartroom, upstream) => {
    const urls = [
      "charts/a-1.0.0.tgz",
      "/rooted/a.tgz",
      "../a.tgz",
      "https://other.example/a.tgz?token=x&y=%2F",
      "oci://registry.example/charts/a:1.0.0",
      "local://a-1.0.0.tgz",
    ];
    const digests = ["0".repeat(64), `sha256:${"0".repeat(64)}`];
    const specs = digests.map((digest, i) => ({ version: `${i}.0.0`, digest, urls }));
    upstream.serve("/index.yaml", indexOf({ a: specs }));
    await chartroom.register(upstream.url);
    assert.deepEqual(
      (await versions(chartroom)).map(({ version, digest, urls }) => ({ version, digest, urls })),
      specs.toReversed(),
    );
  }));

Deno.test("a version that leaves and comes back has its id again, and both are told", () =>
  withChartroom(async (chartroom, upstream) => {
    const full = indexOf({ a: ["1.0.0", "1.1.0"] });
    upstream.serve("/index.yaml", full);
    const id = await chartroom.register(upstream.url);
    const before = await versions(chartroom);
    upstream.serve("/index.yaml", indexOf({ a: ["1.0.0"] }));
    const left = (await chartroom.sync(id)).changes;
    assert.deepEqual(left.versions_removed, { count: 1, names: ["a@1.1.0"] });
    assert.deepEqual(await versions(chartroom), before.slice(1));
    upstream.serve("/index.yaml", full);
    const returned = (await chartroom.sync(id)).changes;
    assert.deepEqual(returned.versions_added, { count: 1, names: ["a@1.1.0"] });
    assert.equal(returned.versions_republished.count, 0);
    assert.deepEqual(await versions(chartroom), before);
  }));

Deno.test("a version with a new digest is taken over, with all that is new of it", () =>
  withChartroom(async (chartroom, upstream) => {
    const spec = { version: "1.0.0", digest: "a", icon: "old.svg", description: "old" };
    upstream.serve("/index.yaml", indexOf({ a: [spec] }));
    const id = await chartroom.register(upstream.url);
    const [before] = await versions(chartroom);
    const republished = { ...spec, digest: "b", icon: "new.svg", description: "new" };
    upstream.serve("/index.yaml", indexOf({ a: [republished] }));
    const { changes, generation } = await chartroom.sync(id);
    assert.equal(generation, 2);
    assert.deepEqual(changes.versions_republished, { count: 1, names: ["a@1.0.0"] });
    assert.equal(changes.versions_added.count + changes.versions_removed.count, 0);
    const { version: _, ...fields } = republished;
    assert.deepEqual(await versions(chartroom), [{ ...before, ...fields }]);
    const [app] = (await apps(chartroom)).items;
    assert.deepEqual([app.icon, app.description], ["new.svg", "new"]);
  }));

Deno.test("two of a hundred charts, or none in `entries`, are not believed", () =>
  withChartroom(async (chartroom, upstream) => {
    const charts = Object.fromEntries(many(100, (i) => `c${i}`).map((name) => [name, ["1.0.0"]]));
    upstream.serve("/index.yaml", indexOf(charts));
    const id = await chartroom.register(upstream.url);
    const shrunken: [string, string][] = [
      [indexOf({ c0: ["1.0.0"], c1: ["1.0.0"] }), "2 with 2"],
      [indexOf({}), "0 with 0"],
      ['{"apiVersion":"v1","entries":{}}', "0 with 0"],
      [indexOf({ c0: [], c1: [] }), "0 with 0"],
    ];
    for (const [index, counts] of shrunken) {
      upstream.serve("/index.yaml", index);
      const event = await chartroom.sync(id);
      assert.equal(event.reason, "shrink", index);
      assert.equal(
        event.result,
        `the index would shrink from 100 apps with 100 versions to ${counts}; ` +
          '`{"action":"index","force":true}` accepts it',
      );
      assert.equal((await apps(chartroom)).total_count, 100);
    }
  }));

Deno.test("bad entries that come and go make a generation each, and lose nothing else", () =>
  withChartroom(async (chartroom, upstream) => {
    const good = indexOf({ a: ["1.0.0"], b: ["1.0.0"] });
    const bad = good.replace("  b:\n", "  -\n  b:\n");
    upstream.serve("/index.yaml", good);
    const id = await chartroom.register(upstream.url);
    const problems = async () =>
      (await chartroom.call("GET", `/v1/repos/${id}/problems`)).body.items;
    for (
      const [index, expected] of [
        [bad, [{ chart: "a", position: 1, reason: "the entry is null" }]],
        [good, []],
      ] as const
    ) {
      upstream.serve("/index.yaml", index);
      const event = await chartroom.sync(id);
      assert.equal(event.status, "successful");
      assert.deepEqual(await problems(), expected);
      assert.equal((await apps(chartroom)).total_count, 2);
    }
  }));
