/** What schemas refer to within their document, however often and however far. */

import { cut, get, isObject, MAX_VALUE, type Schema } from "./schema_value.ts";

/** Referrals that are followed: one after the other, and for a document. */
const MAX_REFERRALS = 16, MAX_ALL_REFERRALS = 5_000;
/** Characters of a referral, and names in it. */
const MAX_REF = 1_000, MAX_NAMES = 32;

/** A `$ref` that is not followed, since it leads back, out of the document, or too far. */
export interface Referral {
  to: string;
  why: "repeats" | "unresolved";
}

export interface Resolved {
  schema: unknown;
  referral?: Referral;
  /** Schemas that its referrals led to. */
  passed: readonly unknown[];
  /** Whether there are too many referrals for this one to be followed. */
  isCut: boolean;
}

/** A schema with what its `$ref` leads to. `within`: schemas that it stands in. */
export type Resolve = (schema: unknown, within: readonly unknown[]) => Resolved;

/** Resolves schemas of a document. `keywords`: members of schemas that mean something. */
export function resolverOf(document: Schema, keywords: readonly string[]): Resolve {
  const targets = new Map<string, unknown>();
  let left = MAX_ALL_REFERRALS;

  /** Each pointer is followed once. */
  function targetOf(ref: string): unknown {
    if (!targets.has(ref)) targets.set(ref, find(document, ref));
    return targets.get(ref);
  }

  /** A schema's members that mean something here: of others there may be any number. */
  function keywordsOf(schema: Schema): Schema {
    return Object.fromEntries(
      keywords.filter((name) => Object.hasOwn(schema, name)).map((name) => [name, schema[name]]),
    );
  }

  return (schema, within) => {
    const passed: unknown[] = [];
    let found = schema;
    while (isObject(found)) {
      const to = get(found, "$ref");
      if (typeof to !== "string") break;
      const beside = keywordsOf(found);
      const refused = (why: Referral["why"], isCut = false): Resolved => ({
        schema: beside,
        referral: { to: cut(to, MAX_VALUE), why },
        passed,
        isCut,
      });
      if (left === 0) return refused("unresolved", true);
      left--;
      const target = targetOf(to);
      if (target === undefined) return refused("unresolved");
      if (target === schema || within.includes(target) || passed.includes(target)) {
        return refused("repeats");
      }
      if (passed.length === MAX_REFERRALS) return refused("unresolved");
      passed.push(target);
      found = isObject(target) ? { ...keywordsOf(target), ...refOf(target), ...beside } : target;
    }
    return { schema: found, passed, isCut: false };
  };
}

function refOf(schema: Schema): Schema {
  return Object.hasOwn(schema, "$ref") ? { $ref: schema.$ref } : {};
}

/** What a JSON pointer leads to within a document. */
function find(document: Schema, ref: string): unknown {
  if (!/^#(\/|$)/.test(ref) || ref.length > MAX_REF) return undefined;
  const [, ...names] = ref.split("/", MAX_NAMES + 2);
  if (names.length > MAX_NAMES) return undefined;
  let found: unknown = document;
  for (const part of names) {
    if (typeof found !== "object" || found === null) return undefined;
    found = get(found as Schema, decoded(part).replaceAll("~1", "/").replaceAll("~0", "~"));
  }
  return found;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
