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
} from "js-yaml";

/** A plain scalar that is no string by YAML's core rules, as both: what was written, and its value. */
export class PlainScalar {
  constructor(readonly source: string, readonly value: number | boolean) {}
}

/** A mapping in the order of the document. Keys are source text. */
export type YamlMap = Map<string, YamlNode>;

export type YamlNode = string | null | PlainScalar | YamlNode[] | YamlMap;

/** `js-yaml` counts alias nodes; their expansion is bounded by the reader of the nodes. */
const MAX_ALIASES = 1_000;
const MAX_DEPTH = 100;

type CoreTag = typeof boolCoreTag | typeof intCoreTag;

function keepingSource(tag: CoreTag) {
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
  create: () => new Map(),
  addPair(map, key, value) {
    const text = scalarText(key as YamlNode);
    if (text === undefined) return "a key must be a scalar that is not null";
    map.set(text, value as YamlNode);
    return "";
  },
  has: (map, key) => map.has(scalarText(key as YamlNode) ?? ""),
  keys: (map) => map.keys(),
  get: (map, key) => map.get(key as string),
  identify: () => false,
});

/** An application's own `!tag` says nothing about a chart: the scalar under it counts as text. */
const localTag = defineScalarTag<string>("!", {
  matchByTagPrefix: true,
  resolve: (source) => source,
  identify: () => false,
});

const SCHEMA = CORE_SCHEMA.withTags(
  keepingSource(boolCoreTag),
  keepingSource(intCoreTag),
  keepingSource(floatCoreTag),
  mapTag,
  mergeTag,
  localTag,
);

/**
 * The documents of a YAML (or JSON) stream. Throws js-yaml's `YAMLException` on a syntax error, on
 * duplicate keys, on nesting deeper than 100 levels and on more than 1,000 aliases.
 */
export function parseYaml(text: string): YamlNode[] {
  return loadAll(text, {
    schema: SCHEMA,
    maxAliases: MAX_ALIASES,
    maxDepth: MAX_DEPTH,
  }) as YamlNode[];
}

/** A scalar's source text; `undefined` for null, a sequence or a mapping. */
export function scalarText(node: YamlNode | undefined): string | undefined {
  if (typeof node === "string") return node;
  if (node instanceof PlainScalar) return node.source;
  return undefined;
}
