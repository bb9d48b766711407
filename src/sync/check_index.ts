/** Tries out what may become a repository's index: it is downloaded and read, and not kept. */

import type { Lane } from "../catalog/shared_work.ts";
import type { Chart, Problem } from "../helm/chart.ts";
import { IndexError } from "../helm/index_error.ts";
import { parseIndex } from "../helm/index_parser.ts";
import { Refused } from "../refused.ts";
import type { FetchIndex } from "../sources/source.ts";
import { takeTurns } from "../turn.ts";
import { accessOf, type SealedTexts } from "./sealed.ts";

export interface CheckDeps {
  fetchIndex: FetchIndex;
  maxIndexBytes: number;
  /** The turns of those that are tried out. */
  checks: Lane;
  clock: () => number;
}

/** Most problems that are described. */
const FIRST_PROBLEMS = 10;

/** Where an index is, and for which workspace. */
export interface Candidate {
  workspace: string;
  host: string;
  url: string;
  texts: SealedTexts;
}

/** What an index holds, found without keeping it. */
export interface CheckedIndex {
  apps: number;
  versions: number;
  problems: number;
  /** The first of them. */
  firstProblems: Problem[];
  bytes: number;
  /** Of download and reading, without the wait for a turn. */
  durationMs: number;
}

/**
 * Counts what an index has, once there is a place for that: callers' downloads are as polite as those
 * of syncs. Nothing goes on when the caller leaves, which `signal` tells. Throws a `Refused` that
 * says what is wrong.
 */
export async function checkIndex(
  deps: CheckDeps,
  { workspace, host, ...candidate }: Candidate,
  signal: AbortSignal,
): Promise<CheckedIndex> {
  const run = (signal: AbortSignal) => count(deps, candidate, signal);
  const key = crypto.randomUUID();
  return await deps.checks({ key, repo: { id: host, workspace }, signal, run });
}

async function count(
  { fetchIndex, maxIndexBytes, clock }: CheckDeps,
  { url, texts }: Pick<Candidate, "url" | "texts">,
  signal: AbortSignal,
): Promise<CheckedIndex> {
  const counts = { apps: 0, versions: 0, bytes: 0 }, begunAt = clock();
  try {
    const answer = await fetchIndex({
      url,
      ...accessOf(texts),
      maxBytes: maxIndexBytes,
      onBytes: (total) => counts.bytes = total,
      signal,
    });
    if (answer.kind === "unchanged") throw new Error("unchanged, although nothing was known");
    const take = (chart: Chart) => {
      counts.apps++;
      counts.versions += chart.versions.length;
    };
    const { problems, problemCount } = await parseIndex(answer.body, { take }, takeTurns());
    await answer.leave();
    return {
      ...counts,
      problems: problemCount,
      firstProblems: problems.slice(0, FIRST_PROBLEMS),
      durationMs: Math.max(0, clock() - begunAt),
    };
  } catch (error) {
    if (!(error instanceof IndexError)) throw error;
    throw new Refused("index_unusable", error.message, "url", { reason: error.reason });
  }
}
