/** P2: a whole first sync, from the request to the commit, against js-yaml's reading alone. */

import { load } from "js-yaml";
import { withChartroom } from "./chartroom.ts";
import { generatedIndex } from "./indexes.ts";
import { median, round, timed } from "./measure.ts";
import { condition, type Input, type Result } from "./result.ts";
import { startUpstream } from "./upstream.ts";

const VERSIONS = 14_400;
const ROUNDS = 7;

/** Measures it, each time with a new database. Medians of both sides, done in turns. */
export async function measure({ folder }: Input): Promise<Result> {
  const path = await generatedIndex(folder, { versions: VERSIONS });
  const text = await Deno.readTextFile(path);
  const upstream = await startUpstream();
  const syncs: number[] = [], loads: number[] = [];
  let storedBytes = 0;
  try {
    await upstream.serve(path);
    // The first of each is cold, and does not count.
    for (let i = 0; i <= ROUNDS; i++) {
      await withChartroom(async (chartroom) => {
        const { repoId, ms } = await chartroom.register(upstream.url);
        syncs.push(ms);
        storedBytes = await chartroom.storedBytes(repoId);
      });
      loads.push(await timed(() => load(text)));
    }
  } finally {
    await upstream.close();
  }
  const [coldSync, ...warmSyncs] = syncs, [coldLoad, ...warmLoads] = loads;
  const syncMs = median(warmSyncs), jsYamlMs = median(warmLoads);
  const value = round(syncMs / jsYamlMs);
  return {
    ...condition("first sync against js-yaml's reading", value, "times", "under", 0.6),
    syncMs: round(syncMs),
    jsYamlMs: round(jsYamlMs),
    syncs: warmSyncs.map(round),
    jsYaml: warmLoads.map(round),
    coldSyncMs: round(coldSync!),
    coldJsYamlMs: round(coldLoad!),
    indexBytes: text.length,
    storedBytes,
  };
}
