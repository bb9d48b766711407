/** Failures of upstreams that callers were told, for the log. */

import { countedLru } from "../counted_lru.ts";
import type { ChartVersion } from "../helm/chart.ts";
import { describeError, type Log } from "../log.ts";
import { Refused } from "../refused.ts";
import type { Repo } from "../store/repos.ts";
import { titleOf } from "./fetch_archive.ts";

/** Failures of one repository are logged once in that time. */
const LOG_EVERY_MS = 60_000;
const MAX_LOGGED = 1_000;

/** Waits for work on a chart of a repository, and logs how it fails, but not each time. */
export type LogFailure = <T>(repo: Repo, chart: ChartVersion, work: Promise<T>) => Promise<T>;

/** Logs failures as `event`. */
export function createFailureLog(
  event: string,
  { clock, log }: { clock: () => number; log: Log },
): LogFailure {
  const lastTold = countedLru<number>(MAX_LOGGED);
  const tell = (repo: Repo, chart: ChartVersion, error: unknown) => {
    // Nobody waited for it any more, or all ends.
    if ((error as Error).name === "AbortError") return;
    if (error instanceof Refused && error.code === "unavailable") return;
    if (clock() - (lastTold.get(repo.id) ?? -Infinity) < LOG_EVERY_MS) return;
    lastTold.set(repo.id, clock());
    const said = error instanceof Refused
      ? { code: error.code, ...error.extra, message: error.message }
      : describeError(error);
    log(event, { repo: repo.id, chart: titleOf(chart), ...said });
  };
  return async (repo, chart, work) => {
    try {
      return await work;
    } catch (error) {
      tell(repo, chart, error);
      throw error;
    }
  };
}
