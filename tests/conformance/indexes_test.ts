/** Real indexes, from registration to the last version, held against an independent reading. */

import assert from "node:assert/strict";
import { load } from "js-yaml";
import { appId, appKey, versionId } from "../../src/helm/ids.ts";
import { keys } from "../../src/store/keys.ts";
import { type Body, type Chartroom, withChartroom } from "../support/chartroom.ts";
import { readIndex, realIndexes } from "../support/real_indexes.ts";
import type { Upstream } from "../support/upstream.ts";

const names = await realIndexes();
/** The tests of single indexes need them beside the project. */
const ignore = names.length === 0;

/** What js-yaml's default schema finds: version strings by chart, without repetitions. */
function readIndependently(text: string): Map<string, Set<string>> {
  const { entries } = load(text) as { entries: Record<string, { version: unknown }[]> };
  return new Map(
    Object.entries(entries).map(([name, list]) => [
      name,
      new Set(list.map(({ version }) => String(version))),
    ]),
  );
}

async function allVersions({ call }: Chartroom, repoId: string, chart: string): Promise<Body[]> {
  const path = `/v1/apps/${appId(repoId, appKey(chart))}/versions?limit=-1&reverse=true`;
  return (await call("GET", path)).body.items;
}

for (const name of names) {
  Deno.test(`${name} is listed as an independent reading has it`, () =>
    withChartroom(async (chartroom, upstream) => {
      const text = await readIndex(name);
      upstream.serve("/index.yaml", text);
      const id = await chartroom.register(upstream.url);
      const expected = readIndependently(text);
      const { body } = await chartroom.call("GET", `/v1/apps?conditions=repo_id=${id}&limit=-1`);
      assert.equal(body.total_count, expected.size);
      assert.deepEqual(
        body.items.map((app: Body) => app.name).sort(),
        [...expected.keys()].sort(),
      );
      let versions = 0;
      for (const app of body.items) {
        const listed = await allVersions(chartroom, id, app.name);
        const wanted = expected.get(app.name)!;
        assert.equal(app.version_total, wanted.size, app.name);
        assert.deepEqual(new Set(listed.map(({ version }) => version)), wanted, app.name);
        assertOrder(listed);
        for (const { version_id, version } of listed) {
          assert.equal(version_id, versionId(id, app.name, version));
        }
        versions += listed.length;
      }
      const [event] = (await chartroom.call("GET", `/v1/repos/${id}/events`)).body.items;
      assert.equal(event.changes.apps_added.count, expected.size);
      assert.equal(event.changes.versions_added.count, versions);
    }));
}

/** Newest first by the letter of semver.org, written again from its text. */
function assertOrder(versions: { version: string }[]) {
  for (let i = 1; i < versions.length; i++) {
    const [newer, older] = [versions[i - 1]!.version, versions[i]!.version];
    assert.ok(precedence(newer, older) >= 0, `${newer} stands before ${older}`);
  }
}

function precedence(a: string, b: string): number {
  const split = (text: string) => {
    const [core, ...rest] = text.replace(/^v/, "").replace(/\+.*/, "").split("-");
    const numbers = core!.split(".").map(Number);
    return { numbers: [...numbers, 0, 0].slice(0, 3), pre: rest.join("-") };
  };
  const x = split(a), y = split(b);
  for (let i = 0; i < 3; i++) {
    if (x.numbers[i] !== y.numbers[i]) return x.numbers[i]! - y.numbers[i]!;
  }
  if (!x.pre || !y.pre) return Number(!x.pre) - Number(!y.pre);
  const p = x.pre.split("."), q = y.pre.split(".");
  for (let i = 0; i < Math.min(p.length, q.length); i++) {
    if (p[i] === q[i]) continue;
    const m = Number(p[i]), n = Number(q[i]);
    if (!isNaN(m) && !isNaN(n)) return m - n;
    if (isNaN(m) !== isNaN(n)) return isNaN(m) ? 1 : -1;
    return p[i]! > q[i]! ? 1 : -1;
  }
  return p.length - q.length;
}

Deno.test(
  "ids are the same after a chart left a real index and came back",
  { ignore },
  () =>
    withChartroom(async (chartroom, upstream) => {
      const text = await readIndex("eks.yaml");
      const without = text.replace(/\n {2}appmesh-controller:\n(?: {2}[- ].*\n)*/, "\n");
      assert.ok(without.length < text.length);
      upstream.serve("/index.yaml", text);
      const id = await chartroom.register(upstream.url);
      const ids = async () =>
        (await allVersions(chartroom, id, "appmesh-controller")).map((version) =>
          version.version_id
        );
      const before = await ids();
      upstream.serve("/index.yaml", without);
      const event = await chartroom.sync(id);
      assert.deepEqual(event.changes.apps_removed, { count: 1, names: ["appmesh-controller"] });
      assert.equal(event.changes.versions_removed.count, before.length);
      upstream.serve("/index.yaml", text);
      await chartroom.sync(id);
      assert.deepEqual(await ids(), before);
    }),
);

Deno.test(
  "one repository over four years: the change sets count, and the same again writes nothing",
  { ignore },
  () =>
    withChartroom(async (chartroom, upstream) => {
      const editions = ["jenkins-2022-08.yaml", "jenkins-2024-12.yaml", "jenkins.yaml"];
      let id = "", before = new Set<string>();
      for (const edition of editions) {
        const text = await readIndex(edition);
        const now = readIndependently(text).get("jenkins")!;
        upstream.serve("/index.yaml", text);
        const event = id === ""
          ? await first(chartroom, upstream, (made) => id = made)
          : await chartroom.sync(id);
        assert.equal(event.changes.versions_added.count, now.difference(before).size, edition);
        assert.equal(event.changes.versions_removed.count, before.difference(now).size, edition);
        assert.equal(event.changes.apps_added.count, before.size === 0 ? 1 : 0);
        assert.equal(event.generation, editions.indexOf(edition) + 1);
        before = now;

        const { kv } = chartroom.services;
        const stored = async () =>
          (await kv.list({ prefix: keys.segments(id) })).map(({ versionstamp }) => versionstamp);
        const rows = await stored();
        upstream.serve(
          "/index.yaml",
          text.replace(/\ngenerated: .*/, '\ngenerated: "2027-01-01T00:00:00Z"'),
        );
        const again = await chartroom.sync(id);
        assert.equal(again.changes, undefined);
        assert.equal(again.generation, event.generation);
        assert.deepEqual(await stored(), rows);
      }
    }),
);

async function first(
  chartroom: Chartroom,
  upstream: Upstream,
  made: (id: string) => void,
): Promise<Body> {
  const id = await chartroom.register(upstream.url);
  made(id);
  return (await chartroom.call("GET", `/v1/repos/${id}/events`)).body.items[0];
}
