/** P11: answers of 304 to a client that has the list already, against the list. */

import { compare, loadFromOutside } from "./compare.ts";
import { filledDatabase, largeListPath } from "./databases.ts";
import { condition, type Input, type Result } from "./result.ts";
import { startChartroom } from "./server.ts";

/** Measures both in turns, on one server. */
export async function measure({ folder }: Input): Promise<Result> {
  const data = await filledDatabase(folder, { large: true });
  const { ratio, ...parts } = await compare(async () => {
    await using server = await startChartroom(data);
    const path = await largeListPath(server);
    const { headers, body } = await server.get(path);
    await body?.cancel();
    const etag = headers.get("etag");
    if (etag === null) throw new Error(`the answer to ${path} has no ETag`);
    return await loadFromOutside({
      notModified: { ...server, path, headers: { "if-none-match": etag }, status: 304 },
      whole: { ...server, path, status: 200 },
    });
  });
  const what = "requests answered with 304, against 200";
  return { ...condition(what, ratio, "times", "at least", 1.1), ...parts };
}
