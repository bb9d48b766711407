/**
 * A JSON schema as a tree that a page can hold. Schemas are from strangers: those that refer to
 * themselves, are deep, or have no end are bounded, and say so.
 */

import { type Referral, resolverOf } from "./schema_ref.ts";
import {
  cut,
  get,
  isObject,
  MAX_VALUE,
  membersOf,
  type Schema,
  setOf,
  valueText,
} from "./schema_value.ts";

/** Nodes of a tree, levels of it, and characters of all its nodes as JSON. */
const MAX_NODES = 1_500, MAX_DEPTH = 16, MAX_CHARACTERS = 500_000;
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
  referral?: Referral;
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
  /** Where the node goes; absent: it is the root. */
  parent?: SchemaNode;
  depth: number;
  /** Schemas that it stands in. */
  within: readonly unknown[];
}

/** The tree of a schema's document; `undefined`: it is no object. */
export function schemaTree(document: unknown): SchemaTree | undefined {
  if (!isObject(document)) return undefined;
  const resolve = resolverOf(document, KEYWORDS);
  // In breadth: what is far out is there before what is further in, wherever it ends.
  const queue: Waiting[] = [{ schema: document, role: { as: "root" }, depth: 0, within: [] }];
  let root: SchemaNode | undefined, isCut = false, characters = 0;
  for (const { schema: of, role, parent, depth, within } of queue) {
    const { schema, referral, passed, isCut: isLost } = resolve(of, within);
    const node = nodeOf(schema, role, referral);
    characters += JSON.stringify(node).length;
    if (parent !== undefined && characters > MAX_CHARACTERS) {
      isCut = parent.isCut = true;
      continue;
    }
    root ??= node;
    parent?.children.push(node);
    isCut ||= isLost;
    if (referral !== undefined) continue;
    const around = [...within, of, ...passed];
    for (const [role, child] of childrenOf(schema)) {
      if (queue.length >= MAX_NODES || depth === MAX_DEPTH) {
        isCut = node.isCut = true;
        break;
      }
      queue.push({ schema: child, role, parent: node, depth: depth + 1, within: around });
    }
  }
  return { root: root!, isCut };
}

function nodeOf(schema: unknown, role: Role, referral: Referral | undefined): SchemaNode {
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
  const isRequired = setOf(get(schema, "required"));
  for (const [name, child] of membersOf(get(schema, "properties"))) {
    yield [{ as: "property", name, required: isRequired.has(name) }, child];
  }
  for (const [pattern, child] of membersOf(get(schema, "patternProperties"))) {
    yield [{ as: "pattern", pattern }, child];
  }
  const additional = get(schema, "additionalProperties");
  if (isObject(additional)) yield [{ as: "additional" }, additional];
}
