/** A number and what it is to be. */
export interface Condition {
  /** What was measured, in words. */
  what: string;
  value: number;
  unit: string;
  is: "at least" | "under";
  target: number;
  holds: boolean;
}

/** What a benchmark finds. It {@link holds} if its second condition, where it has one, does too. */
export interface Result extends Condition {
  and?: Condition;
  /** What it was computed from. */
  [part: string]: unknown;
}

/** What a benchmark is given. */
export interface Input {
  /** Where generated indexes are kept as long as the whole run. */
  folder: string;
}

/** Holds a number against its target. */
export function condition(
  what: string,
  value: number,
  unit: string,
  is: Condition["is"],
  target: number,
): Condition {
  const holds = is === "under" ? value < target : value >= target;
  return { what, value, unit, is, target, holds };
}

/** Puts two conditions and their parts together. */
export function both(main: Condition, and: Condition, parts: Record<string, unknown>): Result {
  return { ...main, holds: main.holds && and.holds, and, ...parts };
}
