/**
 * A JSON schema as a tree that a page can hold. Schemas are from strangers: those that refer to
 * themselves, are deep, or have no end are bounded, and say so.
 */

import { cut, isObject, MAX_VALUE, membersOf, type Schema, valueText } from "./schema_value.ts";

/** Nodes of a tree, and levels of it. */
const MAX_NODES = 1_500, MAX_DEPTH = 16;
/** Referrals that are followed, one after the other. */
const MAX_REFERRALS = 16;
/** Characters of a referral. */
const MAX_REF = 1_000;
/** Characters of a description; members of `enum`, and of `type`. */
const MAX_DESCRIPTION = 600, MAX_MEMBERS = 20;

const GROUPS = ["allOf", "anyOf", "oneOf"] as const;
const CONDITIONS = ["not", "if", "then", "else"] as const;
export type Group = typeof GROUPS[number] | typeof CONDITIONS[number];

/** What makes bounds, with what the words call them. */
export const CONSTRAINTS = [
  "minimum",
  "maximum",
  "exclusiveMinimum",
  "exclusiveMaximum",
  "multipleOf",
  "minLength",
  "maxLength",
  "minItems",
  "maxItems",
  "minProperties",
  "maxProperties",
  "pattern",
  "format",
] as const;

/** All that is looked at, but `$ref`. */
const KEYWORDS: readonly string[] = [
  ...GROUPS,
  ...CONDITIONS,
  ...CONSTRAINTS,
  "type",
  "title",
  "description",
  "default",
  "const",
  "enum",
  "properties",
  "patternProperties",
  "additionalProperties",
  "required",
  "items",
  "prefixItems",
  "uniqueItems",
  "deprecated",
  "readOnly",
];

/** What a node is to the one that it stands in. */
export type Role =
  | { as: "root" | "additional" | "items" }
  | { as: "property"; name: string; required: boolean }
  | { as: "pattern"; pattern: string }
  | { as: "item" | "option"; number: number }
  | { as: "group"; group: Group };

export interface SchemaNode {
  role: Role;
  /** Empty: any. */
  types: string[];
  title?: string;
  description?: string;
  /** JSON, cut off. */
  default?: string;
  const?: string;
  enum?: { values: string[]; more: number };
  constraints: { name: typeof CONSTRAINTS[number]; value: string }[];
  uniqueItems: boolean;
  deprecated: boolean;
  readOnly: boolean;
  /** Whether no properties but those that are named may be there. */
  isClosed: boolean;
  /** Whether nothing fits: the schema `false`. */
  isNever: boolean;
  /** A `$ref` that is not followed, since it leads back, or out of the document. */
  referral?: { to: string; why: "repeats" | "unresolved" };
  children: SchemaNode[];
  /** Whether there are more children: too many of them, or too deep. */
  isCut: boolean;
}

export interface SchemaTree {
  root: SchemaNode;
  /** Whether anything was left out. */
  isCut: boolean;
}

/** A schema that waits for its place in the tree. A list of schemas stands for a group's options. */
interface Waiting {
  schema: unknown;
  role: Role;
  /** Where the node goes. */
  to: SchemaNode[];
  depth: number;
  /** Schemas that it stands in. */
  within: readonly unknown[];
}

/** The tree of a schema's document; `undefined`: it is no object. */
export function schemaTree(document: unknown): SchemaTree | undefined {
  if (!isObject(document)) return undefined;
  const roots: SchemaNode[] = [];
  // In breadth: what is far out is there before what is further in, wherever it ends.
  const queue: Waiting[] = [
    { schema: document, role: { as: "root" }, to: roots, depth: 0, within: [] },
  ];
  let isCut = false;
  for (const waiting of queue) {
    const { role, to, depth } = waiting;
    const { schema, referral, passed } = resolve(document, waiting.schema, waiting.within);
    const node = nodeOf(schema, role, referral);
    to.push(node);
    if (referral !== undefined) continue;
    const within = [...waiting.within, waiting.schema, ...passed];
    for (const [role, child] of childrenOf(schema)) {
      if (queue.length >= MAX_NODES || depth === MAX_DEPTH) {
        isCut = node.isCut = true;
        break;
      }
      queue.push({ schema: child, role, to: node.children, depth: depth + 1, within });
    }
  }
  return { root: roots[0]!, isCut };
}

/** Own members alone: names are those of strangers. */
function get(schema: Schema, name: string): unknown {
  return Object.hasOwn(schema, name) ? schema[name] : undefined;
}

interface Resolved {
  schema: unknown;
  referral?: NonNullable<SchemaNode["referral"]>;
  /** Schemas that its referrals led to. */
  passed: readonly unknown[];
}

/** A schema with what its `$ref` leads to. */
function resolve(document: Schema, schema: unknown, within: readonly unknown[]): Resolved {
  const passed: unknown[] = [];
  let found = schema;
  while (isObject(found)) {
    const to = get(found, "$ref");
    if (typeof to !== "string") break;
    const beside = keywordsOf(found);
    const refused = (why: "repeats" | "unresolved"): Resolved => ({
      schema: beside,
      referral: { to: cut(to, MAX_VALUE), why },
      passed,
    });
    const target = targetOf(document, to);
    if (target === undefined) return refused("unresolved");
    if (target === schema || within.includes(target) || passed.includes(target)) {
      return refused("repeats");
    }
    if (passed.length === MAX_REFERRALS) return refused("unresolved");
    passed.push(target);
    found = isObject(target) ? { ...keywordsOf(target), ...refOf(target), ...beside } : target;
  }
  return { schema: found, passed };
}

function refOf(schema: Schema): Schema {
  return Object.hasOwn(schema, "$ref") ? { $ref: schema.$ref } : {};
}

/** A schema's members that mean something here: of others there may be any number. */
function keywordsOf(schema: Schema): Schema {
  return Object.fromEntries(
    KEYWORDS.filter((name) => Object.hasOwn(schema, name)).map((name) => [name, schema[name]]),
  );
}

/** What a JSON pointer leads to within a document. */
function targetOf(document: Schema, ref: string): unknown {
  if (!/^#(\/|$)/.test(ref) || ref.length > MAX_REF) return undefined;
  let found: unknown = document;
  for (const part of ref.split("/").slice(1)) {
    if (typeof found !== "object" || found === null) return undefined;
    const name = decoded(part).replaceAll("~1", "/").replaceAll("~0", "~");
    found = Object.hasOwn(found, name) ? (found as Schema)[name] : undefined;
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

function nodeOf(schema: unknown, role: Role, referral: SchemaNode["referral"]): SchemaNode {
  const node: SchemaNode = {
    role,
    types: [],
    constraints: [],
    uniqueItems: false,
    deprecated: false,
    readOnly: false,
    isClosed: false,
    isNever: schema === false,
    children: [],
    isCut: false,
    ...(referral && { referral }),
  };
  if (!isObject(schema)) return node;
  const title = get(schema, "title"), description = get(schema, "description");
  const members = get(schema, "enum");
  const withValue = (name: "default" | "const") => {
    if (Object.hasOwn(schema, name)) node[name] = valueText(schema[name]);
  };
  if (typeof title === "string") node.title = cut(title, MAX_VALUE);
  if (typeof description === "string") node.description = cut(description, MAX_DESCRIPTION);
  withValue("default");
  withValue("const");
  if (Array.isArray(members)) {
    const values = members.slice(0, MAX_MEMBERS).map(valueText);
    node.enum = { values, more: members.length - values.length };
  }
  for (const name of CONSTRAINTS) {
    const value = get(schema, name);
    if (!["string", "number"].includes(typeof value)) continue;
    node.constraints.push({ name, value: cut(`${value}`, MAX_VALUE) });
  }
  node.types = typesOf(schema);
  node.uniqueItems = get(schema, "uniqueItems") === true;
  node.deprecated = get(schema, "deprecated") === true;
  node.readOnly = get(schema, "readOnly") === true;
  node.isClosed = get(schema, "additionalProperties") === false;
  return node;
}

function typesOf(schema: Schema): string[] {
  const type = get(schema, "type");
  const types = (Array.isArray(type) ? type.slice(0, MAX_MEMBERS) : [type])
    .filter((name) => typeof name === "string");
  if (types.length > 0) return types.map((name) => cut(name, MAX_VALUE));
  if (isObject(get(schema, "properties"))) return ["object"];
  return get(schema, "items") === undefined ? [] : ["array"];
}

/** Schemas within a schema, with what they are to it. */
function* childrenOf(schema: unknown): Generator<[Role, unknown]> {
  if (Array.isArray(schema)) {
    for (const [index, child] of schema.entries()) {
      yield [{ as: "option", number: index + 1 }, child];
    }
  }
  if (!isObject(schema)) return;
  yield* propertiesOf(schema);
  const items = get(schema, "items");
  for (const list of [get(schema, "prefixItems"), items]) {
    if (!Array.isArray(list)) continue;
    for (const [index, child] of list.entries()) yield [{ as: "item", number: index + 1 }, child];
  }
  if (isObject(items)) yield [{ as: "items" }, items];
  for (const group of GROUPS) {
    const options = get(schema, group);
    if (Array.isArray(options) && options.length > 0) yield [{ as: "group", group }, options];
  }
  for (const group of CONDITIONS) {
    const child = get(schema, group);
    if (isObject(child)) yield [{ as: "group", group }, child];
  }
}

function* propertiesOf(schema: Schema): Generator<[Role, unknown]> {
  const required = get(schema, "required");
  const isRequired = new Set(Array.isArray(required) ? required.slice(0, MAX_NODES) : []);
  for (const [name, child] of membersOf(get(schema, "properties"))) {
    yield [{ as: "property", name, required: isRequired.has(name) }, child];
  }
  for (const [pattern, child] of membersOf(get(schema, "patternProperties"))) {
    yield [{ as: "pattern", pattern }, child];
  }
  const additional = get(schema, "additionalProperties");
  if (isObject(additional)) yield [{ as: "additional" }, additional];
}
