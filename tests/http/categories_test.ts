/** Categories: derived from what charts say of themselves, counted over what the caller sees. */

import assert from "node:assert/strict";
import { type Body, type Chartroom, withChartroom } from "../support/chartroom.ts";
import { indexOf, type VersionSpec } from "../support/upstream.ts";

const NO_TIME = "0001-01-01T00:00:00.000Z";

const of = (annotations: Record<string, string>, more: Partial<VersionSpec> = {}): VersionSpec => ({
  version: "1.0.0",
  created: "2024-01-01T00:00:00Z",
  annotations,
  ...more,
});

const ONE = indexOf({
  postgres: [of({ category: "Database" })],
  redis: [of({ "app.kubesphere.io/category": "Database", category: "Cache" })],
  grafana: [of({ category: " Monitoring & Alerts " })],
  nginx: [of({})],
  // What counts is what the version says that is shown.
  moved: [
    of({ category: "Web" }, { version: "2.0.0" }),
    of({ category: "Old" }, { version: "1.0.0" }),
  ],
});

/** As `name: apps`, in the order of the list. */
function counts(body: Body): string[] {
  return body.items.map(({ name, app_total }: Body) => `${name}: ${app_total}`);
}

async function get(chartroom: Chartroom, path: string): Promise<Body> {
  const { status, body } = await chartroom.call("GET", path);
  assert.equal(status, 200, `${path}: ${JSON.stringify(body)}`);
  return body;
}

Deno.test("GET /categories counts the apps of each category", () =>
  withChartroom(async (chartroom, upstream) => {
    assert.deepEqual(await get(chartroom, "/v1/categories"), { items: [], total_count: 0 });
    upstream.serve("/one/index.yaml", ONE);
    await chartroom.register(`${upstream.url}/one`);
    const all = await get(chartroom, "/v1/categories");
    assert.deepEqual(all.items[0], {
      category_id: "ctg-68rhlm40pv",
      create_time: NO_TIME,
      locale: "{}",
      name: "Database",
      app_total: 2,
    });
    const byName = ["Database: 2", "Monitoring & Alerts: 1", "Web: 1", "uncategorized: 1"];
    const cases: [query: string, expected: string[], total?: number][] = [
      ["", byName],
      ["orderBy=name&reverse=true", byName.toReversed()],
      ["orderBy=create_time&reverse=true", byName],
      ["orderBy=app_total", [...byName.slice(1), "Database: 2"]],
      ["orderBy=app_total&reverse=true", byName],
      ["limit=2&page=2", byName.slice(2), 4],
      ["paging=limit=1,page=2", byName.slice(1, 2), 4],
      ["conditions=keyword=DATA", ["Database: 2"]],
      ["conditions=name~R", ["Monitoring & Alerts: 1", "uncategorized: 1"]],
      ["conditions=name=Web|Database", ["Database: 2", "Web: 1"]],
      ["conditions=category_id=ctg-uncategorized", ["uncategorized: 1"]],
      ["conditions=status=active", byName],
      ["conditions=status=disabled", []],
    ];
    for (const [query, expected, total] of cases) {
      const found = await get(chartroom, `/v1/categories?${query}`);
      assert.deepEqual(counts(found), expected, query);
      assert.equal(found.total_count, total ?? expected.length, query);
    }
    const bad: [query: string, field: string][] = [
      ["orderBy=apps", "orderBy"],
      ["conditions=color=red", "color"],
    ];
    for (const [query, field] of bad) {
      const { status, body } = await chartroom.call("GET", `/v1/categories?${query}`);
      assert.deepEqual([status, body.field], [400, field]);
    }
  }));

Deno.test("an app tells its category, and the category finds its apps", () =>
  withChartroom(async (chartroom, upstream) => {
    upstream.serve("/one/index.yaml", ONE);
    await chartroom.register(`${upstream.url}/one`);
    for (const { category_id, name, app_total } of (await get(chartroom, "/v1/categories")).items) {
      const one = await get(chartroom, `/v1/categories/${category_id}`);
      assert.deepEqual([one.name, one.app_total], [name, app_total]);
      const apps = await get(chartroom, `/v1/apps?conditions=category_id=${category_id}`);
      assert.equal(apps.total_count, app_total);
      for (const app of apps.items) {
        const set = category_id === "ctg-uncategorized"
          ? []
          : [{ category_id, create_time: NO_TIME, locale: "{}", name, status: "enabled" }];
        assert.deepEqual(app.category_set, set);
        assert.deepEqual((await get(chartroom, `/v1/apps/${app.app_id}`)).category_set, set);
      }
    }
    const { status, body } = await chartroom.call("GET", "/v1/categories/ctg-none");
    assert.deepEqual([status, body.code, body.field], [404, "not_found", "category_id"]);
  }));

Deno.test("categories are those of what is seen on a path, and follow syncs", () =>
  withChartroom(async (chartroom, upstream) => {
    upstream.serve("/one/index.yaml", ONE);
    upstream.serve("/two/index.yaml", indexOf({ vault: [of({ category: "Secrets" })] }));
    await chartroom.register(`${upstream.url}/one`, { workspace: "team-a" });
    const two = await chartroom.register(`${upstream.url}/two`);
    const names = async (path: string) =>
      (await get(chartroom, path)).items.map(({ name }: Body) => name);
    const ofOne = ["Database", "Monitoring & Alerts"];
    assert.deepEqual(await names("/v1/workspaces/team-a/categories"), [
      ...ofOne,
      "Secrets",
      "Web",
      "uncategorized",
    ]);
    assert.deepEqual(await names("/v1/workspaces/team-b/categories"), ["Secrets"]);
    const path = `/v1/workspaces/team-b/categories/ctg-68rhlm40pv`;
    assert.equal((await chartroom.call("GET", path)).status, 404);
    const before = await chartroom.call("GET", "/v1/workspaces/team-b/categories");
    const etag = { "if-none-match": before.headers.get("etag")! };
    const again = await chartroom.call(
      "GET",
      "/v1/workspaces/team-b/categories",
      undefined,
      etag,
    );
    assert.equal(again.status, 304);
    upstream.serve("/two/index.yaml", indexOf({ vault: [of({ category: "Vaults" })] }));
    await chartroom.sync(two);
    assert.deepEqual(await names("/v1/workspaces/team-b/categories"), ["Vaults"]);
    assert.equal((await chartroom.call("DELETE", `/v1/repos/${two}`)).status, 200);
    assert.deepEqual(await names("/v1/workspaces/team-b/categories"), []);
  }));
