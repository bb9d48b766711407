/** What a sync leaves behind for the next one: state, failures, and when that is due. */

import { IndexError } from "../helm/index_error.ts";
import type { SyncStatus } from "../store/sync_status.ts";

/** Added to a wait, at random, so that repositories do not all come at once. */
const JITTER = 0.1;
const RETRY_STEP_MS = 60_000;
const MAX_RETRY_MS = 600_000;
/** Most characters of a message that is kept. */
const MAX_MESSAGE = 512;

export interface Attempt {
  /** The status when the sync began. */
  begun: SyncStatus;
  /** The status now; a request that came meanwhile has moved its due time. */
  current: SyncStatus;
  periodSeconds: number;
  /** Milliseconds of the epoch. */
  startedAt: number;
  finishedAt: number;
  bytes: number;
  /** Number of problems; absent if they stay. */
  problems?: number;
  error?: IndexError;
  /** From 0 to 1. */
  random: number;
}

/** The status after a sync. */
export function nextStatus(attempt: Attempt): SyncStatus {
  const { current, finishedAt, startedAt, error, problems, bytes } = attempt;
  const failures = error === undefined ? 0 : current.failures + 1;
  const requested = current.nextDue !== attempt.begun.nextDue;
  return {
    state: error === undefined ? "successful" : "failed",
    ...(error && { reason: error.reason, message: error.message.slice(0, MAX_MESSAGE) }),
    failures,
    lastAttempt: finishedAt,
    ...withDefined("lastSuccess", error === undefined ? finishedAt : current.lastSuccess),
    nextDue: requested ? current.nextDue : dueAfter(attempt, failures),
    force: current.force && (error !== undefined || !attempt.begun.force),
    durationMs: finishedAt - startedAt,
    ...withDefined("bytes", bytes > 0 ? bytes : current.bytes),
    problems: problems ?? current.problems,
    syncs: current.syncs + 1,
  };
}

function dueAfter(attempt: Attempt, failures: number): number | null {
  const { error, periodSeconds, finishedAt, random } = attempt;
  if (error === undefined && periodSeconds === 0) return null;
  const wait = error === undefined
    ? periodSeconds * 1_000
    : Math.max(Math.min(RETRY_STEP_MS * failures, MAX_RETRY_MS), error.retryAfter ?? 0);
  return Math.round(finishedAt + wait * (1 + JITTER * random));
}

function withDefined<K extends string, T>(key: K, value: T | undefined): { [P in K]?: T } {
  return value === undefined ? {} : { [key]: value } as { [P in K]: T };
}
