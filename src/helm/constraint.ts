/**
 * Version constraints (`^1.2`, `>=1.0, <2.0 || 3.x`), read and checked as Helm does it: with the
 * rules of Masterminds/semver 3, https://github.com/Masterminds/semver#checking-version-constraints.
 */

import {
  compareCores,
  compareVersions,
  IDENTIFIERS,
  parseVersion,
  type Version,
} from "./version.ts";

/** Alternatives; a version satisfies one by passing all of its comparators. */
export type Constraint = readonly (readonly Comparator[])[];

interface Comparator {
  test: Test;
  bound: Version;
  /** How many numbers of the bound are given: 2 in `1.2` and `1.2.x`, 0 in `*`; the rest are 0. */
  given: number;
  /** Refuses every pre-release. */
  stable: boolean;
}

type Test = (version: Version, bound: Version, given: number) => boolean;

/** A text that is no version constraint. The message quotes what is wrong. */
export class ConstraintError extends Error {
  override readonly name = "ConstraintError";
}

/** Far more than people write; bounds what it costs to read a constraint and to check it. */
const MAX_CHARACTERS = 512;

/** The `|` is a slip of Masterminds' that shows: Helm reads `1||2 - 3` as `>=1 || 2 <=3`. */
const PART = "[\\dxX*|]+";
const BOUND = `v?(${PART}(?:\\.${PART}){0,2})(-${IDENTIFIERS})?(?:\\+${IDENTIFIERS})?`;
const COMPARATOR = new RegExp(`^([!<=>~^]*)\\s*${BOUND}$`);
const HYPHEN_RANGE = new RegExp(`\\s*(${BOUND})\\s+-\\s+(${BOUND})\\s*`, "g");
/** A comma, or a space that does not just follow an operator. */
const AND = /\s*,\s*|(?<![!<=>~^\s])\s+/;

const OPERATORS: ReadonlyMap<string, Test> = new Map<string, Test>([
  ["", isEqual],
  ["=", isEqual],
  ["!=", differs],
  ["<", (version, bound) => compareVersions(version, bound) < 0],
  [">", (version, bound, given) => compareGiven(version, bound, given) > 0],
  [">=", isAtLeast],
  ["=>", isAtLeast],
  ["<=", isAtMost],
  ["=<", isAtMost],
  ["~", isNear],
  ["~>", isNear],
  ["^", isCompatible],
]);

/** Reads a constraint; throws a {@link ConstraintError} for what Helm would not take for one. */
export function parseConstraint(text: string): Constraint {
  if (text.length > MAX_CHARACTERS) {
    throw new ConstraintError(`a version constraint is longer than ${MAX_CHARACTERS} characters`);
  }
  // `\s` means more kinds of space here than in Go.
  const stranger = /[^\t\n\f\r -~]/.exec(text)?.[0];
  if (stranger !== undefined) {
    throw new ConstraintError(`${JSON.stringify(stranger)} has no place in a version constraint`);
  }
  // Masterminds rewrites hyphen ranges in the text too; that decides what may stand beside one.
  return text.replace(HYPHEN_RANGE, ">=$1,<=$4 ").split("||").map((alternative) =>
    alternative.trim().split(AND).map((part) => {
      const comparator = parseComparator(part);
      if (comparator !== undefined) return comparator;
      const reason = part === "" ? "a part is missing" : `${JSON.stringify(part)} cannot be read`;
      throw new ConstraintError(`${JSON.stringify(text)} is no version constraint: ${reason}`);
    })
  );
}

/**
 * Whether a version satisfies a constraint. A pre-release does so only where every comparator of
 * an alternative names one itself, or is a `!=` of a full version.
 */
export function satisfies(version: Version, constraint: Constraint): boolean {
  return constraint.some((comparators) =>
    comparators.every(({ test, bound, given, stable }) =>
      !(stable && version.prerelease.length > 0) && test(version, bound, given)
    )
  );
}

/**
 * What `helm pull --version` takes of a chart's versions, by the rules of Helm's `IndexFile.Get`:
 * the version whose text is the constraint's, otherwise the first that satisfies it. So the list
 * must be newest first, as `newestFirst` gives it. What is no version satisfies nothing; an empty
 * constraint is `*`; for one that cannot be read a {@link ConstraintError} is thrown.
 */
export function resolve<T>(
  versions: readonly T[],
  constraint: string,
  textOf: (item: T) => string,
): T | undefined {
  const parsed = parseConstraint(constraint || "*");
  return versions.find((item) => textOf(item) === constraint) ??
    versions.find((item) => {
      const version = parseVersion(textOf(item));
      return version !== undefined && satisfies(version, parsed);
    });
}

function parseComparator(text: string): Comparator | undefined {
  const match = COMPARATOR.exec(text);
  if (match === null) return undefined;
  const parts = match[2]!.split(".");
  const wildcard = parts.findIndex((part) => /^[xX*]$/.test(part));
  const given = wildcard < 0 ? parts.length : wildcard;
  const bound = parseVersion((parts.slice(0, given).join(".") || "0") + (match[3] ?? ""));
  const test = OPERATORS.get(match[1]!);
  if (bound === undefined || test === undefined) return undefined;
  const stable = bound.prerelease.length === 0 && !(test === differs && given === 3);
  return { test, bound, given, stable };
}

function isEqual(version: Version, bound: Version, given: number): boolean {
  return given < 3 ? isNear(version, bound, given) : compareVersions(version, bound) === 0;
}

function differs(version: Version, bound: Version, given: number): boolean {
  return compareGiven(version, bound, given) !== 0 ||
    given === 2 && version.prerelease.join(".") !== bound.prerelease.join(".");
}

function isAtLeast(version: Version, bound: Version): boolean {
  return compareVersions(version, bound) >= 0;
}

/** `<=1.2` takes in all of 1.2; `<=*` is, strangely, `<=0.0`. */
function isAtMost(version: Version, bound: Version, given: number): boolean {
  const order = given < 3
    ? compareCores(version, bound, given || 2)
    : compareVersions(version, bound);
  return order <= 0;
}

/** `~`: the patch may rise, and the minor where it is not given. But `~0.0.0` means `>=0.0.0`. */
function isNear(version: Version, bound: Version, given: number): boolean {
  const open = given === 3 && bound.core.every((number) => number === "0");
  return isAtLeast(version, bound) &&
    compareCores(version, bound, open ? 0 : Math.min(given, 2)) === 0;
}

/** `^`: what follows the first number that is not zero may rise, and what is not given. */
function isCompatible(version: Version, bound: Version, given: number): boolean {
  const leading = bound.core.findIndex((number) => number !== "0") + 1;
  return isAtLeast(version, bound) &&
    compareCores(version, bound, Math.min(leading || 3, given || 3)) === 0;
}

/** Compares with `1` or `1.2` by their numbers alone, so that 1.2.3 is not above `1.2`. */
function compareGiven(version: Version, bound: Version, given: number): number {
  return given === 1 || given === 2
    ? compareCores(version, bound, given)
    : compareVersions(version, bound);
}
