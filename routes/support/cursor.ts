/** Cursors: where a list goes on, opaque to who follows it, of use for the same query alone. */

import { createHash } from "node:crypto";
import { invalid } from "../../src/refused.ts";

/** Characters of the query's hash that a cursor carries. */
const HASH_CHARACTERS = 8;

/** Writes a position in the list of a query. */
export function writeCursor(query: unknown, position: readonly (string | number)[]): string {
  const bytes = new TextEncoder().encode(JSON.stringify([hashOf(query), ...position]));
  return bytes.toBase64({ alphabet: "base64url", omitPadding: true });
}

/** Reads a position of the given shape; `undefined` for no cursor, or an empty one: the beginning. */
export function readCursor<T extends readonly (string | number)[]>(
  text: string | undefined,
  query: unknown,
  shape: { readonly [K in keyof T]: "string" | "number" },
): T | undefined {
  if (!text) return undefined;
  const expected = "the `next_cursor` of an answer to the same query";
  let parts: unknown;
  try {
    const bytes = Uint8Array.fromBase64(text, { alphabet: "base64url" });
    parts = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw invalid("cursor", expected);
  }
  if (!Array.isArray(parts) || parts[0] !== hashOf(query)) throw invalid("cursor", expected);
  const position = parts.slice(1);
  const fits = position.length === shape.length &&
    position.every((part, i) =>
      typeof part === shape[i] && part !== Infinity && part !== -Infinity
    );
  if (!fits) throw invalid("cursor", expected);
  return position as unknown as T;
}

function hashOf(query: unknown): string {
  const hash = createHash("sha256").update(JSON.stringify(query));
  return hash.digest("base64url").slice(0, HASH_CHARACTERS);
}
