/**
 * Chart versions, read and ordered as Helm does it: with the rules of Masterminds/semver 3, which
 * is more lenient than semver.org (`1`, `1.2`, `v1.2.3` and leading zeros in the core are versions).
 */

/** A parsed version. Numbers are decimal text without leading zeros, since they reach 2^64 - 1. */
export interface Version {
  core: readonly [string, string, string];
  /** Identifiers of the pre-release part; empty for a stable version. */
  prerelease: readonly string[];
}

/** The source of a pattern for what stands after a version's `-`, or after its `+`. */
export const IDENTIFIERS = "[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*";

const PATTERN = new RegExp(
  `^v?(\\d+)(?:\\.(\\d+))?(?:\\.(\\d+))?(?:-(${IDENTIFIERS}))?(?:\\+${IDENTIFIERS})?$`,
);
const MAX_NUMBER = "18446744073709551615";

/** Reads a version; `undefined` if Helm would not take it for one. */
export function parseVersion(text: string): Version | undefined {
  const match = PATTERN.exec(text);
  if (match === null) return undefined;
  const core = [match[1]!, match[2] ?? "0", match[3] ?? "0"].map(trimZeros);
  if (core.some((number) => compareNumbers(number, MAX_NUMBER) > 0)) return undefined;
  const prerelease = match[4]?.split(".") ?? [];
  if (prerelease.some((part) => /^0\d+$/.test(part))) return undefined;
  return { core: core as [string, string, string], prerelease };
}

/** Whether a text is a version before a release, or none in Helm's eyes. */
export function isPrerelease(text: string): boolean {
  return parseVersion(text)?.prerelease.length !== 0;
}

/** Below zero if `a` precedes `b`; build metadata does not count. What is no version precedes all. */
export function compareVersions(a: Version | undefined, b: Version | undefined): number {
  if (a === undefined || b === undefined) return Number(a !== undefined) - Number(b !== undefined);
  return compareCores(a, b, 3) || comparePrereleases(a.prerelease, b.prerelease);
}

/** Below zero if `a` precedes `b` by the first `count` numbers. */
export function compareCores(a: Version, b: Version, count: number): number {
  for (let i = 0; i < count; i++) {
    const order = compareNumbers(a.core[i]!, b.core[i]!);
    if (order !== 0) return order;
  }
  return 0;
}

/** What {@link newestFirst} needs to know of a version. */
export interface Dated {
  version: string;
  /** When it was made, in milliseconds of the epoch. */
  created: number;
}

/**
 * Sorts by version, the highest first; among equals (build metadata apart) the one made later, then
 * by text, so that an order never depends on that of the input.
 */
export function newestFirst<T extends Dated>(items: readonly T[]): T[] {
  return items
    .map((item) => ({ item, version: parseVersion(item.version) }))
    .sort((a, b) =>
      compareVersions(b.version, a.version) || b.item.created - a.item.created ||
      compareText(b.item.version, a.item.version)
    )
    .map(({ item }) => item);
}

/** Orders text by code point, as Go orders UTF-8 strings by byte. */
export function compareText(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i), y = b.charCodeAt(i);
    if (x === y) continue;
    // Surrogates stand for code points above U+FFFF, but sort below U+E000 as code units.
    const xHigh = (x & 0xf800) === 0xd800, yHigh = (y & 0xf800) === 0xd800;
    return xHigh === yHigh ? x - y : xHigh ? 1 : -1;
  }
  return a.length - b.length;
}

function trimZeros(digits: string): string {
  return digits.replace(/^0+(?=\d)/, "");
}

function compareNumbers(a: string, b: string): number {
  return a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);
}

function comparePrereleases(a: readonly string[], b: readonly string[]): number {
  if (a.length === 0 || b.length === 0) return Number(a.length === 0) - Number(b.length === 0);
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const x = a[i], y = b[i];
    if (x === undefined || y === undefined) return x === undefined ? -1 : 1;
    if (x === y) continue;
    const xNumeric = isNumber(x), yNumeric = isNumber(y);
    if (xNumeric && yNumeric) return compareNumbers(x, y);
    if (xNumeric !== yNumeric) return xNumeric ? -1 : 1;
    return x < y ? -1 : 1;
  }
  return 0;
}

/** Masterminds reads identifiers as 64-bit numbers; what does not fit compares as text. */
function isNumber(identifier: string): boolean {
  return /^\d+$/.test(identifier) && compareNumbers(identifier, MAX_NUMBER) <= 0;
}
