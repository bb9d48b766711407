/** Times, sizes and counts as people write them. */

import type { Page } from "../page.ts";

type Words = Pick<Page, "language" | "now">;

const LOCALES = { en: "en-GB", zh: "zh-CN" } as const;
/** Seconds of the units in which a span is told. */
const UNITS: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ["year", 31_536_000],
  ["month", 2_592_000],
  ["week", 604_800],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
  ["second", 1],
];

/** `1,234`. */
export function countText({ language }: Words, count: number): string {
  return formatOf(`count ${language}`, () => new Intl.NumberFormat(LOCALES[language]))
    .format(count);
}

/** `1.2 MB`, of 1,000 bytes each. */
export function bytesText({ language }: Words, bytes: number): string {
  const step = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), 3);
  const unit = (["byte", "kilobyte", "megabyte", "gigabyte"] as const)[step]!;
  const make = () =>
    new Intl.NumberFormat(LOCALES[language], {
      style: "unit",
      unit,
      // The short form of bytes has no plural.
      unitDisplay: step === 0 ? "long" : "short",
      maximumFractionDigits: step === 0 ? 0 : 1,
    });
  return formatOf(`${unit} ${language}`, make).format(bytes / 1_000 ** step);
}

/** `850 ms`, `1.4 s`. */
export function durationText({ language }: Words, ms: number): string {
  const unit = ms < 1_000 ? "millisecond" : "second";
  const make = () =>
    new Intl.NumberFormat(LOCALES[language], {
      style: "unit",
      unit,
      unitDisplay: "short",
      maximumFractionDigits: unit === "second" ? 1 : 0,
    });
  return formatOf(`${unit} ${language}`, make).format(unit === "second" ? ms / 1_000 : ms);
}

/** `3 hours ago`, `in 2 minutes`. `at`: RFC 3339. */
export function sinceText({ language, now }: Words, at: string): string {
  const seconds = (Date.parse(at) - now) / 1_000;
  const [unit, size] = UNITS.find(([, size]) => Math.abs(seconds) >= size) ?? ["second", 1];
  const make = () => new Intl.RelativeTimeFormat(LOCALES[language], { numeric: "auto" });
  return formatOf(`since ${language}`, make).format(Math.round(seconds / size), unit);
}

/** `23 November 2026 at 12:00:00 UTC`. `at`: RFC 3339. */
export function momentText({ language }: Words, at: string): string {
  const make = () =>
    new Intl.DateTimeFormat(LOCALES[language], {
      dateStyle: "long",
      timeStyle: "long",
      timeZone: "UTC",
    });
  return formatOf(`moment ${language}`, make).format(new Date(at));
}

/** `23 November 2026`, of UTC. `at`: RFC 3339. */
export function dayText({ language }: Words, at: string): string {
  const make = () =>
    new Intl.DateTimeFormat(LOCALES[language], { dateStyle: "long", timeZone: "UTC" });
  return formatOf(`day ${language}`, make).format(new Date(at));
}

/** `Monday, 23 November 2026`, of UTC. `at`: RFC 3339, or a day. */
export function weekdayText({ language }: Words, at: string): string {
  const make = () =>
    new Intl.DateTimeFormat(LOCALES[language], { dateStyle: "full", timeZone: "UTC" });
  return formatOf(`weekday ${language}`, make).format(new Date(at));
}

export const DAY_MS = 86_400_000;

/** `2026-11-23`, of UTC. `time`: milliseconds of the epoch. */
export function dayOf(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}

/** Whether a time stands for none: what a chart does not date has the year 1. `at`: RFC 3339. */
export function isUndated(at: string): boolean {
  return at.startsWith("0001-");
}

/** A text of a chart that is not longer than somebody reads in a list. `length`: characters. */
export function clip(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length).trimEnd()} …`;
}

const formats = new Map<string, unknown>();

/** Making one takes a hundred times what it takes to use it. */
function formatOf<T>(key: string, make: () => T): T {
  let format = formats.get(key) as T | undefined;
  if (format === undefined) formats.set(key, format = make());
  return format;
}
