/** What values take in memory: V8's sizes in bytes, measured. */

/** A string apart from its characters, which fill units of eight. */
const STRING_BYTES = 16, STRING_UNIT = 8;
/** Most texts that are shorter are kept once for all: so many bytes for each that has one. */
const SHORT = 10, SHORT_BYTES = 12;
/** A typed array apart from what is in it. */
export const ARRAY_BYTES = 200;
export const POINTER_BYTES = 8;
const LIST_BYTES = 48;
const OBJECT_BYTES = 24;
const NUMBER_BYTES = 16;

/** A text of its own: two bytes for each character if one of them needs two. */
export function stringBytes(text: string): number {
  // deno-lint-ignore no-control-regex -- what V8 keeps in a byte
  const bytes = /^[\x00-\xff]*$/.test(text) ? text.length : 2 * text.length;
  return STRING_BYTES + Math.ceil(bytes / STRING_UNIT) * STRING_UNIT;
}

/** A text that was read from JSON. */
export function textBytes(text: string): number {
  return text.length < SHORT ? SHORT_BYTES : stringBytes(text);
}

/** A value that was read from JSON. */
export function jsonBytes(value: unknown): number {
  if (typeof value === "string") return textBytes(value);
  if (typeof value === "number") return NUMBER_BYTES;
  if (typeof value !== "object" || value === null) return 0;
  const values = Object.values(value);
  const own = Array.isArray(value) ? LIST_BYTES : OBJECT_BYTES;
  return values.reduce((sum, value) => sum + POINTER_BYTES + jsonBytes(value), own);
}
