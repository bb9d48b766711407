/** What a sync leaves behind for the next one: state, failures, and when that is due. */

import type { IndexError } from "../helm/index_error.ts";
import type { Repo } from "../store/repos.ts";
import { WEBHOOK_SPACING_MS } from "../store/due.ts";
import type { AskedSync, SyncStatus } from "../store/sync_status.ts";

/** Added to a wait, at random, so that repositories do not all come at once. */
const JITTER = 0.1;
const RETRY_STEP_MS = 60_000;
const MAX_RETRY_MS = 600_000;
/**
 * How long after a sync that was to find something new and did not another one looks: the push that
 * announced it may come before the web server has it, and before a cache between has let go of what
 * was there (GitHub Pages: ten minutes).
 */
const LOOK_AGAIN_MS = [60_000, 300_000, 600_000];
/** Most characters of a message that is kept. */
const MAX_MESSAGE = 512;

export interface Attempt {
  /** The status when the sync ended. */
  current: SyncStatus;
  /** The repository then. */
  repo: Pick<Repo, "period" | "suspended">;
  /** Milliseconds of the epoch. */
  startedAt: number;
  finishedAt: number;
  bytes: number;
  /** Number of problems; absent if they stay. */
  problems?: number;
  /** Whether it made a new generation. */
  changed: boolean;
  error?: IndexError;
  /** From 0 to 1. */
  random: number;
}

/** The status after a sync. */
export function nextStatus(attempt: Attempt): SyncStatus {
  const { current, finishedAt, startedAt, error, problems, bytes } = attempt;
  const { asked } = current;
  const failures = error === undefined ? 0 : current.failures + 1;
  const notBefore = nextNotBefore(attempt);
  const awaiting = nextAwaiting(attempt);
  return {
    state: error === undefined ? "successful" : "failed",
    ...(error && { reason: error.reason, message: error.message.slice(0, MAX_MESSAGE) }),
    failures,
    lastAttempt: finishedAt,
    lastStart: startedAt,
    ...withDefined("lastSuccess", error === undefined ? finishedAt : current.lastSuccess),
    nextDue: asked === undefined
      ? dueAfter(attempt, failures, notBefore, awaiting)
      : askedDue(attempt, asked, notBefore),
    ...withDefined("asked", asked),
    ...withDefined("notBefore", notBefore),
    ...withDefined("awaiting", awaiting),
    durationMs: Math.max(0, finishedAt - startedAt),
    ...withDefined("bytes", bytes > 0 ? bytes : current.bytes),
    problems: problems ?? current.problems,
    syncs: current.syncs + 1,
  };
}

/** When what was asked for meanwhile is due. */
function askedDue(
  { current, repo, startedAt, finishedAt }: Attempt,
  { by }: AskedSync,
  notBefore = 0,
): number | null {
  if (by === "caller") return current.nextDue ?? finishedAt;
  if (repo.suspended) return null;
  return Math.max(current.nextDue ?? finishedAt, startedAt + WEBHOOK_SPACING_MS, notBefore);
}

/** Until when the upstream asked not to be called, which an error without such a wish leaves. */
function nextNotBefore({ current, error, finishedAt }: Attempt): number | undefined {
  if (error === undefined) return undefined;
  const wishes = [current.notBefore ?? 0, finishedAt + (error.retryAfter ?? 0)];
  const latest = Math.max(...wishes);
  return latest > finishedAt ? latest : undefined;
}

/** How many syncs have looked in vain for what was announced. */
function nextAwaiting({ current, changed, error, repo }: Attempt): number | undefined {
  const { awaiting, asked } = current;
  // The sync that was asked for meanwhile is yet to look.
  if (awaiting === undefined || asked !== undefined || error !== undefined) return awaiting;
  return changed || repo.suspended || awaiting >= LOOK_AGAIN_MS.length ? undefined : awaiting + 1;
}

function dueAfter(
  { repo, error, finishedAt, random }: Attempt,
  failures: number,
  notBefore = 0,
  awaiting = 0,
): number | null {
  if (repo.suspended) return null;
  const jittered = (wait: number) => Math.round(finishedAt + wait * (1 + JITTER * random));
  if (error !== undefined) {
    const wait = Math.min(RETRY_STEP_MS * failures, MAX_RETRY_MS);
    return jittered(Math.max(wait, notBefore - finishedAt));
  }
  const waits = [LOOK_AGAIN_MS[awaiting - 1], repo.period.seconds * 1_000 || undefined]
    .filter((wait) => wait !== undefined);
  return waits.length === 0 ? null : jittered(Math.min(...waits));
}

function withDefined<K extends string, T>(key: K, value: T | undefined): { [P in K]?: T } {
  return value === undefined ? {} : { [key]: value } as { [P in K]: T };
}
