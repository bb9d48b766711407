/** An app's versions: which of them are listed, in which order, and which one is taken. */

import assert from "node:assert/strict";
import { type Body, type Chartroom, withChartroom } from "../support/chartroom.ts";
import { indexOf, type Upstream, type VersionSpec } from "../support/upstream.ts";

const at = (version: string, created: string, more: Partial<VersionSpec> = {}): VersionSpec => ({
  version,
  created,
  ...more,
});

const INDEX = indexOf({
  redis: [
    at("1.0.0", "2023-01-01T00:00:00Z", { deprecated: true }),
    at("1.2.0", "2023-02-01T00:00:00Z", { appVersion: "7.2" }),
    // Made after the version that is above it.
    at("1.10.0", "2023-09-01T00:00:00Z"),
    at("2.0.0-beta.1", "2023-03-01T00:00:00Z", { deprecated: true }),
    at("2.0.0", "2023-04-01T00:00:00Z"),
    at("2.1.0+build.7", "2023-05-01T00:00:00Z", { deprecated: true }),
    at("3.0.0-rc.1", "2023-06-01T00:00:00Z"),
    at("nightly", "2023-07-01T00:00:00Z"),
  ],
  soon: ["1.0.0-alpha", "1.0.0-beta.2", "0.9.0-rc.1"],
  odd: ["latest", "newest"],
});

/** Registers the charts, and gives paths to the versions of each. */
async function registerCharts({ call, register }: Chartroom, upstream: Upstream) {
  upstream.serve("/index.yaml", INDEX);
  await register(upstream.url);
  const { items } = (await call("GET", "/v1/apps")).body;
  return (name: string) =>
    `/v1/apps/${items.find((app: Body) => app.name === name).app_id}/versions`;
}

Deno.test("versions are listed by constraint, by what they are, and in three orders", () =>
  withChartroom(async (chartroom, upstream) => {
    const pathOf = await registerCharts(chartroom, upstream);
    const all = [
      "nightly",
      "1.0.0",
      "1.2.0",
      "1.10.0",
      "2.0.0-beta.1",
      "2.0.0",
      "2.1.0+build.7",
      "3.0.0-rc.1",
    ];
    const stable = ["1.0.0", "1.2.0", "1.10.0", "2.0.0", "2.1.0+build.7"];
    const unstable = ["nightly", "2.0.0-beta.1", "3.0.0-rc.1"];
    const table: [query: string, versions: string[]][] = [
      ["", all],
      ["constraint=", all],
      ["constraint=*", stable],
      ["constraint=^1.2", ["1.2.0", "1.10.0"]],
      ["constraint=>=1.2, <2.0.0", ["1.2.0", "1.10.0"]],
      ["constraint=>1.2 <2.1", ["1.10.0", "2.0.0"]],
      ["constraint=~1.2 || 2.x", ["1.2.0", "2.0.0", "2.1.0+build.7"]],
      ["constraint=1.0 - 1.5", ["1.0.0", "1.2.0"]],
      ["constraint=!=2.0.0,>=2-0", ["2.0.0-beta.1", "2.1.0+build.7", "3.0.0-rc.1"]],
      ["constraint=>=2.0.0-0", ["2.0.0-beta.1", "2.0.0", "2.1.0+build.7", "3.0.0-rc.1"]],
      ["constraint=>=9", []],
      ["conditions=prerelease=true", unstable],
      ["conditions=prerelease=false", stable],
      ["conditions=prerelease=", all],
      ["conditions=deprecated=true", ["1.0.0", "2.0.0-beta.1", "2.1.0+build.7"]],
      ["conditions=deprecated=false", ["nightly", "1.2.0", "1.10.0", "2.0.0", "3.0.0-rc.1"]],
      ["conditions=deprecated=true,prerelease=false", ["1.0.0", "2.1.0+build.7"]],
      ["conditions=keyword=7.2|zzz", []],
      ["conditions=keyword=7.2", ["1.2.0"]],
      ["conditions=keyword=BETA", ["2.0.0-beta.1"]],
      ["conditions=status=draft", []],
      ["constraint=>=1.2-0&conditions=prerelease=true", ["2.0.0-beta.1", "3.0.0-rc.1"]],
      ["orderBy=sequence", all],
      ["orderBy=create_time", [
        "1.0.0",
        "1.2.0",
        "2.0.0-beta.1",
        "2.0.0",
        "2.1.0+build.7",
        "3.0.0-rc.1",
        "nightly",
        "1.10.0",
      ]],
      ["orderBy=stable_first", [...stable.toReversed(), ...unstable.toReversed()]],
      ["orderBy=stable_first&conditions=deprecated=true", [
        "2.1.0+build.7",
        "1.0.0",
        "2.0.0-beta.1",
      ]],
    ];
    for (const [query, versions] of table) {
      const list = async (more: string) => {
        const path = `${pathOf("redis")}?${query.replaceAll("+", "%2B")}${more}`;
        const { status, body } = await chartroom.call("GET", path);
        assert.equal(status, 200, query);
        assert.equal(body.total_count, versions.length, query);
        return body.items.map((item: Body) => item.version);
      };
      assert.deepEqual(await list(""), versions, query);
      assert.deepEqual(await list("&reverse=true&limit=-1"), versions.toReversed(), query);
      assert.deepEqual(await list("&paging=limit=2,page=2"), versions.slice(2, 4), query);
    }
  }));

Deno.test("/versions/latest is the newest stable one, or what Helm takes for a constraint", () =>
  withChartroom(async (chartroom, upstream) => {
    const pathOf = await registerCharts(chartroom, upstream);
    const table: [app: string, query: string, version: string][] = [
      ["redis", "", "2.1.0+build.7"],
      ["redis", "?prerelease=false", "2.1.0+build.7"],
      ["redis", "?prerelease=true", "3.0.0-rc.1"],
      ["redis", "?constraint=^1", "1.10.0"],
      ["redis", "?constraint=>=1.0, <1.10 || 2.0.0", "2.0.0"],
      ["redis", "?constraint=", "2.1.0+build.7"],
      ["redis", "?constraint=<2.0.0-0", "1.10.0"],
      ["redis", "?constraint=<2.0.0-rc", "2.0.0-beta.1"],
      ["redis", "?constraint=>2-0", "3.0.0-rc.1"],
      ["redis", "?constraint=2.1.0", "2.1.0+build.7"],
      ["redis", "?constraint=1.0.0", "1.0.0"],
      ["redis", "?constraint=v1.2", "1.2.0"],
      ["soon", "", "1.0.0-beta.2"],
      ["soon", "?prerelease=true", "1.0.0-beta.2"],
      ["soon", "?constraint=<1.0.0-0", "0.9.0-rc.1"],
    ];
    for (const [app, query, version] of table) {
      const { status, body } = await chartroom.call("GET", `${pathOf(app)}/latest${query}`);
      assert.deepEqual([status, body.version], [200, version], app + query);
      const { body: same } = await chartroom.call("GET", `${pathOf(app)}/${body.version_id}`);
      assert.deepEqual(body, same);
    }
  }));

Deno.test("a version that is not there is 404, and what cannot be read is 400, by name", () =>
  withChartroom(async (chartroom, upstream) => {
    const pathOf = await registerCharts(chartroom, upstream);
    const redis = pathOf("redis");
    const { version_id: other } = (await chartroom.call("GET", `${pathOf("soon")}/latest`)).body;
    const table: [path: string, status: number, field: string][] = [
      [`${redis}/latest?constraint=>=9`, 404, "constraint"],
      [`${redis}/latest?constraint=1.0.0-rc`, 404, "constraint"],
      [`${pathOf("soon")}/latest?constraint=*`, 404, "constraint"],
      [`${pathOf("odd")}/latest?constraint=*`, 404, "constraint"],
      [`${pathOf("odd")}/latest`, 404, "version_id"],
      [`${pathOf("odd")}/latest?prerelease=true`, 404, "version_id"],
      [`${redis}/appv-x`, 404, "version_id"],
      [`${redis}/${other}`, 404, "version_id"],
      [redis.replace(/app-[^/]*/, "app-x"), 404, "app_id"],
      [`${redis.replace(/.\/versions$/, "_/versions")}/latest`, 404, "app_id"],
      [`${redis}/latest?constraint=newest`, 400, "constraint"],
      [`${redis}/latest?constraint=nightly`, 400, "constraint"],
      [`${redis}/latest?constraint=>=1.0,`, 400, "constraint"],
      [`${redis}/latest?constraint=${"1".repeat(513)}`, 400, "constraint"],
      [`${redis}/latest?prerelease=maybe`, 400, "prerelease"],
      [`${redis}?constraint=newest`, 400, "constraint"],
      [`${redis}?constraint=^1,,2`, 400, "constraint"],
      [`${redis}?conditions=prerelease=maybe`, 400, "prerelease"],
      [`${redis}?conditions=deprecated=2`, 400, "deprecated"],
      [`${redis}?conditions=constraint=^1`, 400, "constraint"],
      [`${redis}?conditions=version~1`, 400, "version"],
      [`${redis}?orderBy=name`, 400, "orderBy"],
    ];
    for (const [path, status, field] of table) {
      const { status: given, body, headers } = await chartroom.call("GET", path);
      assert.deepEqual([given, body.field], [status, field], path);
      assert.equal(headers.get("cache-control"), "no-store", path);
    }
    // Only for `latest` are they of use.
    const path = `${pathOf("soon")}/${other}?constraint=newest&prerelease=maybe`;
    assert.equal((await chartroom.call("GET", path)).status, 200);
    const list = (await chartroom.call("GET", pathOf("odd"))).body;
    assert.deepEqual(list.items.map((item: Body) => item.version), ["latest", "newest"]);
  }));

Deno.test("a version by itself has dependencies and annotations, and lists have not", () =>
  withChartroom(async ({ call, register }, upstream) => {
    const chain = {
      name: "chain",
      version: ">=1.2, <2",
      repository: "@harbour",
      alias: "links",
      condition: "chain.enabled,global.chain",
      tags: ["metal", "heavy"],
    };
    const annotations = { category: "Mooring", "": "", port: "8080" };
    Object.defineProperty(annotations, "__proto__", { value: "own", enumerable: true });
    const more = { enabled: true, "import-values": ["data"] };
    const index = indexOf({
      full: [{
        version: "1.0.0",
        dependencies: [{ ...chain, ...more }, { name: "rope", alias: "", tags: [] }, null],
        annotations,
      }],
      none: [{ version: "1.0.0", dependencies: [], annotations: {} }],
      odd: [{ version: "1.0.0", dependencies: "chain", annotations: [1] }],
    });
    upstream.serve("/index.yaml", index);
    await register(upstream.url);
    const { items } = (await call("GET", "/v1/apps?orderBy=name")).body;
    const found: Body[] = [];
    for (const { app_id, latest_app_version: latest } of items) {
      const path = `/v1/apps/${app_id}/versions`;
      const { body } = await call("GET", `${path}/${latest.version_id}`);
      assert.deepEqual((await call("GET", `${path}/latest`)).body, body);
      const { dependencies, annotations, ...rest } = body;
      assert.deepEqual((await call("GET", path)).body.items, [rest]);
      assert.deepEqual(rest, latest);
      found.push(dependencies, annotations);
    }
    assert.deepEqual(found, [
      [chain, { name: "rope" }],
      annotations,
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  }));
