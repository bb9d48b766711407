/** Values of schemas as texts, however long, wide or deep they are. */

/** Characters of a text. */
export const MAX_VALUE = 200;
/** Levels and members of a value that is written out. */
const MAX_DEPTH = 4, MAX_MEMBERS = 20;

export type Schema = Readonly<Record<string, unknown>>;

/** Whether a value is an object, as most schemas are. */
export function isObject(value: unknown): value is Schema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A member of a schema. Own members alone: names are those of strangers. */
export function get(schema: Schema, name: string): unknown {
  return Object.hasOwn(schema, name) ? schema[name] : undefined;
}

const members = new WeakMap<object, [string, unknown][]>();

/** Looked up once for each object: many may refer to one that has very many. */
export function membersOf(value: unknown): readonly [string, unknown][] {
  if (!isObject(value)) return [];
  let found = members.get(value);
  if (found === undefined) members.set(value, found = Object.entries(value));
  return found;
}

const sets = new WeakMap<object, ReadonlySet<unknown>>();

/** The members of a list, looked up once as well. */
export function setOf(value: unknown): ReadonlySet<unknown> {
  if (!Array.isArray(value)) return new Set();
  let found = sets.get(value);
  if (found === undefined) sets.set(value, found = new Set(value));
  return found;
}

const texts = new WeakMap<object, string>();

/** JSON of a value, cut off wherever it is long, wide or deep. Written once for each object. */
export function valueText(value: unknown): string {
  const isShared = typeof value === "object" && value !== null;
  const known = isShared ? texts.get(value) : undefined;
  if (known !== undefined) return known;
  const text = cut(write("", value, 0), MAX_VALUE);
  if (isShared) texts.set(value, text);
  return text;
}

/** A text with a value behind it. What would be cut off anyway is not looked at. */
function write(before: string, value: unknown, depth: number): string {
  if (typeof value === "string") return before + JSON.stringify(cut(value, MAX_VALUE));
  if (typeof value !== "object" || value === null) return before + (JSON.stringify(value) ?? "");
  const isList = Array.isArray(value);
  const [open, close] = isList ? "[]" : "{}";
  if (depth === MAX_DEPTH) return `${before}${open}…${close}`;
  const list = isList ? value : membersOf(value);
  let text = before + open;
  for (let at = 0; at < list.length && text.length <= MAX_VALUE; at++) {
    if (at > 0) text += ", ";
    if (at === MAX_MEMBERS) {
      text += "…";
      break;
    }
    if (isList) text = write(text, value[at], depth + 1);
    else {
      const [name, member] = membersOf(value)[at]!;
      text = write(`${text}${JSON.stringify(cut(name, MAX_VALUE))}: `, member, depth + 1);
    }
  }
  return text + close;
}

/** A text, or how it begins. */
export function cut(text: string, max: number): string {
  return text.length > max ? `${text.slice(0, max)}…` : text;
}
