/** P5: a list of apps where 300 repositories are in memory, against one where there is no other. */

import { compare, loadFromOutside } from "./compare.ts";
import { filledDatabase, largeListPath, warmUp } from "./databases.ts";
import { condition, type Input, type Result } from "./result.ts";
import { startChartroom } from "./server.ts";

const REPOSITORIES = 300;

/** Measures both in turns. */
export async function measure({ folder }: Input): Promise<Result> {
  const manyData = await filledDatabase(folder, { large: true, fleet: REPOSITORIES - 1 });
  const oneData = await filledDatabase(folder, { large: true });
  const { ratio, ...parts } = await compare(async () => {
    await using many = await startChartroom(manyData);
    await using one = await startChartroom(oneData);
    await warmUp(many);
    return await loadFromOutside({
      many: { ...many, path: await largeListPath(many), status: 200 },
      one: { ...one, path: await largeListPath(one), status: 200 },
    });
  });
  const what = "requests for a hot list among 300, against alone";
  return { ...condition(what, ratio, "times", "at least", 0.95), ...parts };
}
