/** P4: a list of apps from memory, against a bare Hono route that answers with the same bytes. */

import { compare, loadFromOutside } from "./compare.ts";
import { filledDatabase, largeListPath } from "./databases.ts";
import { condition, type Input, type Result } from "./result.ts";
import { startBare, startChartroom } from "./server.ts";

/** Measures both in turns. */
export async function measure({ folder }: Input): Promise<Result> {
  const data = await filledDatabase(folder, { large: true });
  const answer = `${folder}/answer.json`;
  const { ratio, ...parts } = await compare(async () => {
    await using chartroom = await startChartroom(data);
    const path = await largeListPath(chartroom);
    await Deno.writeFile(answer, (await chartroom.get(path)).body!);
    await using bare = await startBare(answer);
    return await loadFromOutside({
      chartroom: { ...chartroom, path, status: 200 },
      bare: { ...bare, path, status: 200 },
    });
  });
  const what = "requests for a hot list, against a bare route's";
  return { ...condition(what, ratio, "times", "at least", 0.8), ...parts };
}
