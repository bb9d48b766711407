/** P7: how long a sync keeps the event loop from all else. */

import { withChartroom } from "./chartroom.ts";
import { generatedIndex } from "./indexes.ts";
import { LoopWatch, round } from "./measure.ts";
import { condition, type Input, type Result } from "./result.ts";
import { startUpstream } from "./upstream.ts";

const VERSIONS = 14_400;
const ROUNDS = 5;

/** How long the loop was kept from a timer in one first sync, in ms. */
export interface Delays {
  max: number;
  /** Of few: a sync of a third of a second has some forty. */
  p99: number;
  median: number;
  /** How long the sync took. */
  syncMs: number;
}

/** Measures it in a process that has synced nothing before, and then again. The worst counts. */
export async function measure({ folder }: Input): Promise<Result> {
  const [cold, ...warm] = await delays({ folder, versions: VERSIONS, rounds: ROUNDS });
  const value = Math.max(cold!.max, ...warm.map(({ max }) => max));
  return {
    ...condition("longest wait of the event loop in a sync", value, "ms", "under", 30),
    cold,
    warm,
  };
}

/** Syncs an index into new databases, one after the other. */
export async function delays(
  { folder, versions, rounds }: Input & { versions: number; rounds: number },
): Promise<Delays[]> {
  const path = await generatedIndex(folder, { versions });
  const upstream = await startUpstream();
  const found: Delays[] = [];
  try {
    await upstream.serve(path);
    for (let i = 0; i < rounds; i++) {
      await withChartroom(async (chartroom) => {
        const watch = new LoopWatch();
        const { ms } = await chartroom.register(upstream.url);
        found.push({ ...watch.end(), syncMs: round(ms) });
      });
    }
  } finally {
    await upstream.close();
  }
  return found;
}
