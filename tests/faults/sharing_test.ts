/** Several processes' parts at one database file. */

import assert from "node:assert/strict";
import { startChartroom } from "../support/chartroom.ts";
import { withFolder } from "../support/process.ts";
import { indexOf, startUpstream } from "../support/upstream.ts";

Deno.test("of three that tick at once, one syncs what is due, once", () =>
  withFolder(async (folder) => {
    const upstream = startUpstream();
    const environment = { CHARTROOM_KV: `${folder}/kv.sqlite` };
    const chartrooms = [];
    for (let i = 0; i < 3; i++) chartrooms.push(await startChartroom({ environment }));
    const ids: string[] = [];
    for (let i = 0; i < 15; i++) {
      upstream.serve(`/${i}/index.yaml`, indexOf({ one: ["1.0.0"] }));
      ids.push(await chartrooms[i % 3]!.register(`${upstream.url}/${i}`, { name: `r${i}` }));
    }
    const rounds = 4;
    for (let round = 1; round <= rounds; round++) {
      for (const { clock } of chartrooms) clock.now += 3_600_000;
      await Promise.all(chartrooms.map(({ services }) => services.syncer.tick()));
      // Who found a repository busy looks again; then it is not due any more.
      await Promise.all(chartrooms.map(({ services }) => services.syncer.tick()));
      for (let i = 0; i < ids.length; i++) {
        const asked = upstream.requests.filter(({ path }) => path === `/${i}/index.yaml`);
        assert.equal(asked.length, 1 + round, `repository ${i} in round ${round}`);
      }
    }
    for (const id of ids) {
      const { body } = await chartrooms[0]!.call("GET", `/v1/repos/${id}/events`);
      assert.equal(body.total_count, 1 + rounds);
    }
    for (const { log, close } of chartrooms) {
      assert.deepEqual(log.filter(({ event }) => event !== "synced"), []);
      await close();
    }
    await upstream.close();
  }));
