/** Times as they stand in an index: RFC 3339 text, kept as written. */

/** What a Go client reads as "no time". */
export const NO_TIME = "0001-01-01T00:00:00.000Z";

/** Groups: the fraction of a second, and the offset. */
const RFC3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:[.,](\d{1,18}))?(Z|[+-]\d\d:\d\d)$/;

/** Most that are a time: all but the last days of a month, and years that end in another time zone. */
const SURE =
  /^(?!0000|9999)\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:[.,]\d{1,18})?Z$/;

/** Four digits of a year do not say more, in UTC. */
const FIRST = Date.parse("0000-01-01T00:00:00Z");
const LAST = Date.parse("9999-12-31T23:59:59.999Z");

/** Whether `text` is a time that Go's `time.Parse(time.RFC3339, text)` accepts. */
export function isTime(text: string): boolean {
  if (SURE.test(text)) return true;
  if (!RFC3339.test(text)) return false;
  const year = twoDigits(text, 0) * 100 + twoDigits(text, 2);
  const month = twoDigits(text, 5), day = twoDigits(text, 8);
  if (year === 0 || year === 9999) {
    if (!inRange(wholeSeconds(RFC3339.exec(text)!))) return false;
  }
  return month >= 1 && month <= 12 && day >= 1 &&
    (day <= 28 || day <= new Date(Date.UTC(2000 + year % 400, month, 0)).getUTCDate()) &&
    twoDigits(text, 11) < 24 && twoDigits(text, 14) < 60 && twoDigits(text, 17) < 60 &&
    (text.endsWith("Z") ||
      twoDigits(text, text.length - 5) < 24 && twoDigits(text, text.length - 2) < 60);
}

function inRange(utc: number): boolean {
  return utc >= FIRST && utc <= LAST;
}

function twoDigits(text: string, start: number): number {
  return text.charCodeAt(start) * 10 + text.charCodeAt(start + 1) - 528;
}

/** Milliseconds of the epoch, with a fraction, of a text for which {@link isTime} holds. */
export function timeOf(text: string): number {
  const year = twoDigits(text, 0) * 100 + twoDigits(text, 2);
  // `Date.UTC` takes a year below 100 for one of the last century.
  if (text.endsWith("Z") && year >= 100) {
    const month = twoDigits(text, 5) - 1, day = twoDigits(text, 8);
    const hour = twoDigits(text, 11), minute = twoDigits(text, 14), second = twoDigits(text, 17);
    const whole = Date.UTC(year, month, day, hour, minute, second);
    return Math.min(LAST, whole + Number(`0.${text.slice(20, -1)}0`) * 1_000);
  }
  const match = RFC3339.exec(text)!;
  return Math.min(LAST, wholeSeconds(match) + Number(`0.${match[1] ?? "0"}`) * 1_000);
}

/** The form in which KubeSphere prints a time: three decimals, cut, and the offset as it was. */
export function printTime(text: string): string {
  const match = RFC3339.exec(text)!;
  const offset = /[+-]00:00/.test(match[2]!) ? "Z" : match[2];
  return `${text.slice(0, 19)}.${(match[1] ?? "").slice(0, 3).padEnd(3, "0")}${offset}`;
}

/** Milliseconds of the epoch, without the fraction of a second. */
function wholeSeconds(match: RegExpExecArray): number {
  return Date.parse(`${match[0].slice(0, 19)}${match[2]}`);
}
