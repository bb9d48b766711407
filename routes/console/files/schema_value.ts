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

const members = new WeakMap<object, [string, unknown][]>();

/** Looked up once for each object: many may refer to one that has very many. */
export function membersOf(value: unknown): readonly [string, unknown][] {
  if (!isObject(value)) return [];
  let found = members.get(value);
  if (found === undefined) members.set(value, found = Object.entries(value));
  return found;
}

/** JSON of a value, cut off wherever it is long, wide or deep. */
export function valueText(value: unknown): string {
  return cut(write(value, 0), MAX_VALUE);
}

function write(value: unknown, depth: number): string {
  if (typeof value === "string") return JSON.stringify(cut(value, MAX_VALUE));
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "";
  if (Array.isArray(value)) {
    if (depth === MAX_DEPTH) return "[…]";
    const written = value.slice(0, MAX_MEMBERS).map((member) => write(member, depth + 1));
    return `[${[...written, ...value.length > MAX_MEMBERS ? ["…"] : []].join(", ")}]`;
  }
  if (depth === MAX_DEPTH) return "{…}";
  const entries = membersOf(value);
  const written = entries.slice(0, MAX_MEMBERS).map(([name, member]) =>
    `${JSON.stringify(cut(name, MAX_VALUE))}: ${write(member, depth + 1)}`
  );
  return `{${[...written, ...entries.length > MAX_MEMBERS ? ["…"] : []].join(", ")}}`;
}

/** A text, or how it begins. */
export function cut(text: string, max: number): string {
  return text.length > max ? `${text.slice(0, max)}…` : text;
}
