/** YAML with nothing lost: what an untyped reader would turn into a number keeps its source text. */

import {
  boolCoreTag,
  CORE_SCHEMA,
  defineMappingTag,
  defineScalarTag,
  floatCoreTag,
  intCoreTag,
  loadAll,
  mergeTag,
  NOT_RESOLVED,
  nullCoreTag,
} from "js-yaml";
import { keepShape } from "./shapes.ts";

/** A plain scalar that is no string by YAML's core rules, as both: what was written, and its value. */
export class PlainScalar {
  static {
    keepShape(new PlainScalar("", 0));
  }

  constructor(readonly source: string, readonly value: number | boolean) {}
}

/** A mapping. Keys are source text; each is an own property, `__proto__` as well. */
export interface YamlMap {
  [key: string]: YamlNode;
}

export type YamlNode = string | null | PlainScalar | YamlNode[] | YamlMap;

/** `js-yaml` counts alias nodes; their expansion is bounded by the reader of the nodes. */
const MAX_ALIASES = 1_000;
/** Levels of nesting that are followed. */
export const MAX_DEPTH = 100;

const TYPED_TAGS = [boolCoreTag, intCoreTag, floatCoreTag] as const;

function keepingSource(tag: typeof TYPED_TAGS[number]) {
  return defineScalarTag<PlainScalar>(tag.tagName, {
    implicit: true,
    implicitFirstChars: tag.implicitFirstChars,
    resolve(source, isExplicit, tagName) {
      const value = tag.resolve(source, isExplicit, tagName);
      return value === NOT_RESOLVED ? NOT_RESOLVED : new PlainScalar(source, value);
    },
    identify: () => false,
  });
}

const mapTag = defineMappingTag<YamlMap>("tag:yaml.org,2002:map", {
  create: () => ({}),
  addPair(map, key, value) {
    const text = scalarText(key as YamlNode);
    if (text === undefined) return "a key must be a scalar that is not null";
    setOwn(map, text, value as YamlNode);
    return "";
  },
  has: (map, key) => Object.hasOwn(map, scalarText(key as YamlNode) ?? ""),
  keys: (map) => Object.keys(map),
  get: (map, key) => map[key as string]!,
  identify: () => false,
});

/** An application's own `!tag` says nothing about a chart: the scalar under it counts as text. */
const localTag = defineScalarTag<string>("!", {
  matchByTagPrefix: true,
  resolve: (source) => source,
  identify: () => false,
});

const SCHEMA = CORE_SCHEMA.withTags(
  ...TYPED_TAGS.map(keepingSource),
  mapTag,
  mergeTag,
  localTag,
);

/**
 * The documents of a YAML (or JSON) stream. Throws js-yaml's `YAMLException` on a syntax error, on
 * duplicate keys, on nesting deeper than `maxDepth` levels and on more than 1,000 aliases.
 */
export function parseYaml(text: string, maxDepth = MAX_DEPTH): YamlNode[] {
  return loadAll(text, { schema: SCHEMA, maxAliases: MAX_ALIASES, maxDepth }) as YamlNode[];
}

/** Whether a plain scalar that begins with a character may be no string, by the ASCII code. */
const MAY_BE_TYPED = new Uint8Array(128);
for (const tag of [nullCoreTag, mergeTag, ...TYPED_TAGS]) {
  for (const char of tag.implicitFirstChars ?? []) MAY_BE_TYPED[char.charCodeAt(0)] = 1;
}

/** What a plain scalar that is no merge key stands for. */
export function resolvePlain(source: string): string | null | PlainScalar {
  const first = source.charCodeAt(0);
  if (MAY_BE_TYPED[first] !== 1) return source;
  if (first >= 48 && first <= 57 && !beginsAsNumber(source)) return source;
  return SCHEMA.resolveImplicitScalarTag(source).value as string | null | PlainScalar;
}

/** Whether what begins with a digit may be a number: most are versions, and end like none. */
function beginsAsNumber(source: string): boolean {
  let points = 0;
  for (let i = 1; i < source.length; i++) {
    const char = source.charCodeAt(i);
    if (char === 46) {
      if (++points === 2) return false;
    } else if (char < 48 || char > 57) return "eExo".includes(source[i]!);
  }
  return true;
}

/** A scalar's source text; `undefined` for null, a sequence or a mapping. */
export function scalarText(node: YamlNode | undefined): string | undefined {
  if (typeof node === "string") return node;
  if (node instanceof PlainScalar) return node.source;
  return undefined;
}

/** Whether a node is a mapping. */
export function isMap(node: YamlNode | undefined): node is YamlMap {
  return typeof node === "object" && node !== null && !Array.isArray(node) &&
    !(node instanceof PlainScalar);
}

/** Sets a property whatever its name: an assignment to `__proto__` would do something else. */
export function setOwn<T>(object: { [key: string]: T }, key: string, value: T): void {
  if (key !== "__proto__") object[key] = value;
  else Object.defineProperty(object, key, { value, ...OWN });
}

const OWN = { enumerable: true, configurable: true, writable: true };
