import assert from "node:assert/strict";
import { type Body, withChartroom } from "../support/chartroom.ts";
import { indexOf, type VersionSpec } from "../support/upstream.ts";

const at = (version: string, created: string, more: Partial<VersionSpec> = {}): VersionSpec => ({
  version,
  created,
  ...more,
});

const INDEX = indexOf({
  redis: [
    at("1.0.0", "2023-01-02T03:04:05.1Z"),
    at("1.10.0", "2023-03-05T06:07:08.987654321+08:00", {
      appVersion: "7.2",
      description: "In memory <b>",
      icon: "https://example.org/redis.svg",
      home: "https://redis.example.org",
      keywords: ["cache", "NoSQL"],
      maintainers: [{ name: "Ann", email: "ann@example.org", job: "all" }],
      sources: ["https://git.example.org/redis"],
      annotations: { "category": "Database" },
      kubeVersion: ">=1.25.0",
      type: "application",
    }),
    at("1.9.0", "2023-02-01T00:00:00Z"),
    at("2.0.0-rc.1", "2023-04-01T00:00:00Z", { description: "not yet" }),
  ],
  "kafka-ui": [at("0.1.0", "2022-01-01T00:00:00Z", { deprecated: true })],
  Kafka: [at("2.0.0-beta", "2024-01-01T00:00:00Z"), at("1.0.0-beta", "2023-12-01T00:00:00Z")],
  odd: [at("latest", "2021-01-01T00:00:00Z", { description: "no semver" })],
});

const names = (body: Body) => body.items.map((item: Body) => item.name);

Deno.test("GET /apps shows an app with its newest stable version, in KubeSphere's keys", () =>
  withChartroom(async ({ call, register }, upstream) => {
    upstream.serve("/index.yaml", INDEX);
    const id = await register(upstream.url);
    const { body } = await call("GET", `/v1/apps?conditions=repo_id=${id},keyword=redis`);
    assert.equal(body.total_count, 1);
    const [app] = body.items;
    const suffix = id.slice("repo-".length);
    assert.match(app.app_id, new RegExp(`^app-${suffix}-[0-9a-z]{10}$`));
    assert.match(app.latest_app_version.version_id, new RegExp(`^appv-${suffix}-[0-9a-z]{14}$`));
    const { app_id: appId } = app, { version_id: versionId } = app.latest_app_version;
    assert.deepEqual(app, {
      app_id: appId,
      app_version_types: "helm",
      category_set: [{
        category_id: "ctg-68rhlm40pv",
        create_time: "0001-01-01T00:00:00.000Z",
        locale: "{}",
        name: "Database",
        status: "enabled",
      }],
      create_time: "2023-01-02T03:04:05.100Z",
      description: "In memory <b>",
      icon: "https://example.org/redis.svg",
      keywords: '["cache","NoSQL"]',
      latest_app_version: {
        active: true,
        app_id: appId,
        create_time: "2023-03-05T06:07:08.987+08:00",
        description: "In memory <b>",
        home: "https://redis.example.org",
        icon: "https://example.org/redis.svg",
        keywords: '["cache","NoSQL"]',
        maintainers: '[{"name":"Ann","email":"ann@example.org"}]',
        name: "1.10.0 [7.2]",
        package_name: "redis-1.10.0.tgz",
        sources: '["https://git.example.org/redis"]',
        status: "active",
        status_time: "2023-03-05T06:07:08.987+08:00",
        update_time: "2023-03-05T06:07:08.987+08:00",
        version_id: versionId,
        version: "1.10.0",
        deprecated: false,
        urls: ["redis-1.10.0.tgz"],
        app_version: "7.2",
        digest: "0".repeat(64),
        kube_version: ">=1.25.0",
        type: "application",
      },
      name: "redis",
      status: "active",
      status_time: "2023-01-02T03:04:05.100Z",
      update_time: "2023-04-01T00:00:00.000Z",
      cluster_total: 0,
      repo_id: id,
      version_total: 4,
      deprecated: false,
      category: "Database",
    });
    assert.deepEqual((await call("GET", `/v1/apps/${appId}`)).body, app);
    const version = await call("GET", `/v1/apps/${appId}/versions/${versionId}`);
    const { annotations, ...listed } = version.body;
    assert.deepEqual([listed, annotations], [app.latest_app_version, { category: "Database" }]);
  }));

Deno.test("an app with pre-releases only shows the newest; one without a version Helm knows, none", () =>
  withChartroom(async ({ call, register }, upstream) => {
    upstream.serve("/index.yaml", INDEX);
    await register(upstream.url);
    const { body } = await call("GET", "/v1/apps?orderBy=name");
    assert.deepEqual(
      body.items.map((app: Body) => [app.name, app.latest_app_version.version]),
      [["Kafka", "2.0.0-beta"], ["kafka-ui", "0.1.0"], ["odd", undefined], ["redis", "1.10.0"]],
    );
    assert.deepEqual(body.items[2].latest_app_version, {});
    assert.equal(body.items[2].description, "no semver");
    assert.equal(body.items[1].deprecated, true);
  }));

Deno.test("GET /apps filters by conditions and sorts by creation, update or name", () =>
  withChartroom(async ({ call, register }, upstream) => {
    upstream.serve("/index.yaml", INDEX);
    const id = await register(upstream.url);
    const list = async (query: string) => names((await call("GET", `/v1/apps?${query}`)).body);
    assert.deepEqual(await list(""), ["odd", "kafka-ui", "redis", "Kafka"]);
    assert.deepEqual(await list("reverse=true"), ["Kafka", "redis", "kafka-ui", "odd"]);
    assert.deepEqual(await list("orderBy=update_time"), ["odd", "kafka-ui", "redis", "Kafka"]);
    assert.deepEqual(await list("limit=2&page=2"), ["redis", "Kafka"]);
    assert.deepEqual(await list("conditions=keyword=KAFKA"), ["kafka-ui", "Kafka"]);
    assert.deepEqual(await list("conditions=name=Kafka"), ["Kafka"]);
    assert.deepEqual(await list("conditions=name~fk"), ["kafka-ui", "Kafka"]);
    assert.deepEqual(await list("conditions=keyword~nosql"), ["redis"]);
    assert.deepEqual(await list("conditions=description~MEMORY"), ["redis"]);
    assert.deepEqual(await list("conditions=status=draft"), []);
    assert.deepEqual(await list("conditions=repo_id="), []);
    assert.equal((await list("conditions=status=draft|active,")).length, 4);
    const all = (await call("GET", `/v1/apps?conditions=repo_id=${id}`)).body.items;
    const two = `${all[0].app_id}|${all[2].app_id}`;
    assert.deepEqual(await list(`conditions=app_id=${two}`), ["odd", "redis"]);
  }));

Deno.test("GET /apps/{app}/versions lists by Helm's order, oldest first unless reversed", () =>
  withChartroom(async ({ call, register }, upstream) => {
    upstream.serve("/index.yaml", INDEX);
    await register(upstream.url);
    const app = (await call("GET", "/v1/apps?conditions=name=redis")).body.items[0].app_id;
    const list = async (query: string) =>
      names((await call("GET", `/v1/apps/${app}/versions?${query}`)).body);
    assert.deepEqual(await list(""), ["1.0.0", "1.9.0", "1.10.0 [7.2]", "2.0.0-rc.1"]);
    assert.deepEqual(await list("reverse=true&limit=2&orderBy=sequence"), [
      "2.0.0-rc.1",
      "1.10.0 [7.2]",
    ]);
    assert.deepEqual(await list("conditions=keyword=7.2"), ["1.10.0 [7.2]"]);
    assert.deepEqual(await list("conditions=keyword=RC,status=active"), ["2.0.0-rc.1"]);
    assert.deepEqual(await list("conditions=status=draft"), []);
    assert.equal((await call("GET", `/v1/apps/${app}/versions?limit=1`)).body.total_count, 4);
    assert.equal((await call("GET", `/v1/apps/${app}-store/versions`)).status, 200);
    const missing = await call("GET", `/v1/apps/${app}/versions/appv-nothing`);
    assert.equal(missing.status, 404);
    assert.equal(missing.body.field, "version_id");
  }));

Deno.test("ids stay the same when a chart leaves the index and comes back", () =>
  withChartroom(async ({ call, register, sync }, upstream) => {
    const full = indexOf({ one: ["1.0.0"], two: ["1.0.0", "2.0.0"] });
    upstream.serve("/index.yaml", full);
    const id = await register(upstream.url);
    const ids = async () => {
      const { body } = await call("GET", `/v1/apps?conditions=repo_id=${id}&orderBy=name`);
      return body.items.map((app: Body) => [app.app_id, app.latest_app_version.version_id]);
    };
    const before = await ids();
    upstream.serve("/index.yaml", indexOf({ one: ["1.0.0"] }));
    await sync(id);
    assert.deepEqual(await ids(), [before[0]]);
    upstream.serve("/index.yaml", full);
    await sync(id);
    assert.deepEqual(await ids(), before);
  }));

Deno.test("a chart without `created` has the time at which it was first seen, and keeps it", () =>
  withChartroom(async ({ call, register, sync, clock }, upstream) => {
    const undated = (versions: string[]) =>
      `apiVersion: v1\nentries:\n  one:\n${
        versions.map((version) => `  - {name: one, version: ${version}, urls: [a.tgz]}\n`).join("")
      }generated: null\n`;
    upstream.serve("/index.yaml", undated(["1.0.0"]));
    const id = await register(upstream.url);
    clock.now += 3_600_000;
    upstream.serve("/index.yaml", undated(["1.0.0", "1.1.0"]));
    await sync(id);
    const [app] = (await call("GET", "/v1/apps")).body.items;
    assert.equal(app.create_time, "2026-01-01T00:00:00.000Z");
    const { body } = await call("GET", `/v1/apps/${app.app_id}/versions`);
    assert.deepEqual(
      body.items.map((version: Body) => [version.name, version.create_time]),
      [["1.0.0", "2026-01-01T00:00:00.000Z"], ["1.1.0", "2026-01-01T01:00:00.001Z"]],
    );
  }));

Deno.test("an app keeps the time at which it was made when its oldest versions leave", () =>
  withChartroom(async ({ call, register, sync }, upstream) => {
    const old = at("1.0.0", "2020-01-01T00:00:00Z"), young = at("2.0.0", "2024-01-01T00:00:00Z");
    upstream.serve("/index.yaml", indexOf({ one: [old, young] }));
    const id = await register(upstream.url);
    upstream.serve("/index.yaml", indexOf({ one: [young] }));
    await sync(id);
    const [app] = (await call("GET", "/v1/apps")).body.items;
    assert.equal(app.version_total, 1);
    assert.equal(app.create_time, "2020-01-01T00:00:00.000Z");
  }));

Deno.test("a repository that was not synced yet has an empty page that says so", () =>
  withChartroom(async ({ call, services }, upstream) => {
    const release = Promise.withResolvers<Response>();
    upstream.serve("/index.yaml", () => release.promise);
    const repo = { name: "slow", url: upstream.url };
    const { body: { repo_id: id } } = await call("POST", "/v1/repos", repo);
    const page = await call("GET", `/v1/apps?conditions=repo_id=${id}`);
    assert.deepEqual(page.body, { items: [], total_count: 0, sync: "syncing" });
    assert.equal((await call("GET", `/v1/repos/${id}`)).body.status, "syncing");
    release.resolve(new Response(INDEX));
    await services.syncer.idle();
    assert.equal((await call("GET", `/v1/apps?conditions=repo_id=${id}`)).body.total_count, 4);
  }));

Deno.test("bad entries are told by /problems, and the rest is listed", () =>
  withChartroom(async ({ call, register }, upstream) => {
    upstream.serve(
      "/index.yaml",
      `apiVersion: v1
entries:
  good:
  - {name: good, version: 1.10, urls: [good.tgz], created: yesterday}
  - null
  - {version: 2.0.0}
  - {name: good, version: "1.10", created: 2024-01-01T00:00:00Z}
  bad: 5
generated: null
`,
    );
    const id = await register(upstream.url);
    const { body } = await call("GET", `/v1/repos/${id}/problems`);
    assert.deepEqual(body, {
      items: [
        {
          chart: "good",
          version: "1.10",
          position: 0,
          reason: '`created` was left out: "yesterday" is not an RFC 3339 time',
        },
        { chart: "good", position: 1, reason: "the entry is null" },
        { chart: "good", version: "2.0.0", position: 2, reason: "the entry has no name" },
        {
          chart: "good",
          version: "1.10",
          position: 0,
          reason: "the version is listed more than once; the one made last counts",
        },
        { chart: "bad", position: null, reason: "expected a list of versions" },
      ],
      total_count: 5,
    });
    const [app] = (await call("GET", "/v1/apps")).body.items;
    assert.equal(app.latest_app_version.version, "1.10");
    assert.equal((await call("GET", `/v1/repos/${id}`)).body.sync.problems, 5);
  }));
