/** Sync periods: a Go duration such as `1h30m`, as KubeSphere takes it. */

import { invalid } from "../refused.ts";
import type { Period } from "../store/repos.ts";

export const DEFAULT_PERIOD: Period = { text: "1h", seconds: 3_600 };
/** A shorter period counts as this. */
const MIN_PERIOD_S = 180;
const MAX_PERIOD_S = 365 * 86_400;
/** Most characters of a duration. */
const MAX_TEXT = 64;

/** Seconds per unit. */
const UNITS: Record<string, number> = {
  ns: 1e-9,
  us: 1e-6,
  "µs": 1e-6,
  "μs": 1e-6,
  ms: 1e-3,
  s: 1,
  m: 60,
  h: 3_600,
};
const PART = /(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g;
const DURATION = /^\+?(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/;

/** Reads a period; `""` and any zero mean never. Throws a `Refused` for what is no such text. */
export function parsePeriod(text: string): Period {
  const trimmed = text.trim();
  if (trimmed === "" || /^[+-]?0$/.test(trimmed)) return { text: trimmed, seconds: 0 };
  if (trimmed.length > MAX_TEXT || !DURATION.test(trimmed)) {
    throw invalid("sync_period", "a duration such as `10m`, `1h30m` or `0`");
  }
  let seconds = 0;
  for (const [, number, unit] of trimmed.matchAll(PART)) seconds += Number(number) * UNITS[unit!]!;
  if (seconds > MAX_PERIOD_S) throw invalid("sync_period", "a duration of a year at most");
  const effective = seconds === 0 ? 0 : Math.max(MIN_PERIOD_S, Math.floor(seconds));
  return { text: trimmed, seconds: effective };
}
