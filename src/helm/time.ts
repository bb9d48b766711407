/** Times as they stand in an index: RFC 3339 text, kept as written. */

const RFC3339 =
  /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:[.,](\d{1,18}))?(Z|[+-](\d{2}):(\d{2}))$/;

/** Four digits of a year do not say more, in UTC. */
const FIRST = Date.parse("0000-01-01T00:00:00Z");
const LAST = Date.parse("9999-12-31T23:59:59.999Z");

/** Whether `text` is a time that Go's `time.Parse(time.RFC3339, text)` accepts. */
export function isTime(text: string): boolean {
  const match = RFC3339.exec(text);
  if (match === null) return false;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const lastDay = new Date(Date.UTC(2000 + year % 400, month, 0)).getUTCDate();
  const inUtc = wholeSeconds(match);
  return inUtc >= FIRST && inUtc <= LAST && month >= 1 && month <= 12 && day >= 1 &&
    day <= lastDay && hour < 24 && minute < 60 &&
    second < 60 && Number(match[9] ?? 0) < 24 && Number(match[10] ?? 0) < 60;
}

/** Milliseconds of the epoch, with a fraction, of a text for which {@link isTime} holds. */
export function timeOf(text: string): number {
  const match = RFC3339.exec(text)!;
  return Math.min(LAST, wholeSeconds(match) + Number(`0.${match[7] ?? "0"}`) * 1_000);
}

/** The form in which KubeSphere prints a time: three decimals, cut, and the offset as it was. */
export function printTime(text: string): string {
  const match = RFC3339.exec(text)!;
  const offset = /[+-]00:00/.test(match[8]!) ? "Z" : match[8];
  return `${text.slice(0, 19)}.${(match[7] ?? "").slice(0, 3).padEnd(3, "0")}${offset}`;
}

/** Milliseconds of the epoch, without the fraction of a second. */
function wholeSeconds(match: RegExpExecArray): number {
  return Date.parse(`${match[0].slice(0, 19)}${match[8]}`);
}
