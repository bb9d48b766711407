/** One item of a chart's list: from what stands in the document to a typed chart version. */

import type { ChartVersion, Json } from "./chart.ts";
import { IndexError } from "./index_error.ts";
import { isTime } from "./time.ts";
import { PlainScalar, scalarText, type YamlMap, type YamlNode } from "./yaml.ts";

/** An item that cannot be used at all. */
export class EntryError extends Error {}

/** How many characters the index may still expand to; see `parseIndex`. */
export interface Budget {
  left: number;
}

type Reader = (node: YamlNode, budget: Budget) => Json | undefined;

/** A version with more text than this (1 Mi characters) is a mistake or an attack. */
const MAX_ENTRY_CHARACTERS = 1_048_576;

const DEPENDENCY_FIELDS: Record<string, Reader> = {
  name: text,
  version: text,
  repository: text,
  condition: text,
  alias: text,
  tags: listOf(text),
  enabled: flag,
};

/** The types that Helm gives to the fields of a chart version. */
const FIELDS: Record<string, Reader> = {
  ...Object.fromEntries(
    [
      "name",
      "version",
      "appVersion",
      "description",
      "home",
      "icon",
      "apiVersion",
      "condition",
      "tags",
      "kubeVersion",
      "type",
      "digest",
      "checksum",
      "engine",
      "tillerVersion",
      "url",
    ].map((field) => [field, text]),
  ),
  created: time,
  deprecated: flag,
  removed: flag,
  urls: listOf(text),
  keywords: listOf(text),
  sources: listOf(text),
  maintainers: listOf(mapOf({ name: text, email: text, url: text })),
  annotations: textMap,
  dependencies: listOf(mapOf(DEPENDENCY_FIELDS)),
};

/**
 * Reads one item. Throws an {@link EntryError} if it cannot be used; a field of a wrong type costs
 * that field, and `report` is told.
 */
export function readEntry(
  node: YamlNode,
  budget: Budget,
  report: (reason: string) => void,
): ChartVersion {
  spend(budget, 1);
  if (budget.left < 0) {
    throw new IndexError("not_an_index", "the aliases of the index expand beyond all measure");
  }
  if (node === null) throw new EntryError("the entry is null");
  if (!(node instanceof Map)) throw new EntryError("the entry is not a mapping");
  for (const field of ["name", "version"]) {
    const value = node.get(field) ?? null;
    if (value === null || value === "") throw new EntryError(`the entry has no ${field}`);
    if (scalarText(value) === undefined) throw new EntryError(`\`${field}\` must be a string`);
  }
  const own: Budget = { left: MAX_ENTRY_CHARACTERS };
  try {
    return readFields(node, own, report);
  } finally {
    // What is refused has cost its time as well.
    spend(budget, MAX_ENTRY_CHARACTERS - own.left);
  }
}

function readFields(node: YamlMap, own: Budget, report: (reason: string) => void): ChartVersion {
  const entry = emptyObject();
  for (const [field, value] of node) {
    if (value === null) continue;
    const read = (Object.hasOwn(FIELDS, field) ? FIELDS[field] : undefined) ?? anything;
    try {
      const result = read(value, own);
      if (result !== undefined) entry[field] = result;
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      report(`\`${field}\` was left out: ${error.message}`);
    }
  }
  return entry as ChartVersion;
}

/** `__proto__` is a key like any other. */
function emptyObject(): { [key: string]: Json } {
  return Object.create(null);
}

function spend(budget: Budget, characters: number) {
  budget.left -= characters;
}

function count(node: YamlNode, budget: Budget) {
  spend(budget, 1 + (scalarText(node)?.length ?? 0));
  if (budget.left < 0) {
    throw new EntryError(`the entry is larger than ${MAX_ENTRY_CHARACTERS} characters`);
  }
}

function text(node: YamlNode, budget: Budget): string | undefined {
  count(node, budget);
  if (node === null) return undefined;
  const source = scalarText(node);
  if (source === undefined) throw new TypeError("expected a string");
  return source;
}

function time(node: YamlNode, budget: Budget): string | undefined {
  const source = text(node, budget);
  if (source !== undefined && !isTime(source)) {
    throw new TypeError(`${JSON.stringify(source.slice(0, 40))} is not an RFC 3339 time`);
  }
  return source;
}

/** Go's YAML reader, hence Helm, knows YAML 1.1's spellings of a boolean as well. */
function flag(node: YamlNode, budget: Budget): boolean | undefined {
  const source = text(node, budget)?.toLowerCase();
  if (source === undefined) return undefined;
  if (["true", "yes", "on", "y"].includes(source)) return true;
  if (["false", "no", "off", "n", ""].includes(source)) return false;
  throw new TypeError("expected true or false");
}

function listOf(item: Reader): Reader {
  return (node, budget) => {
    count(node, budget);
    if (node === null) return undefined;
    if (!Array.isArray(node)) throw new TypeError("expected a list");
    return node.map((child) => item(child, budget)).filter((value) => value !== undefined);
  };
}

function mapOf(fields: Record<string, Reader>): Reader {
  return (node, budget) => {
    count(node, budget);
    if (node === null) return undefined;
    return convertMap(node, (key) => Object.hasOwn(fields, key) ? fields[key]! : anything, budget);
  };
}

function textMap(node: YamlNode, budget: Budget): Json {
  count(node, budget);
  return convertMap(node, () => text, budget);
}

function convertMap(node: YamlNode, reader: (key: string) => Reader, budget: Budget): Json {
  if (!(node instanceof Map)) throw new TypeError("expected a mapping");
  const result = emptyObject();
  for (const [key, child] of node as YamlMap) {
    spend(budget, key.length);
    const value = reader(key)(child, budget);
    if (value !== undefined) result[key] = value;
  }
  return result;
}

/** A field that Helm does not know: by YAML's core rules, but a number only if JSON can hold it. */
function anything(node: YamlNode, budget: Budget): Json {
  count(node, budget);
  if (Array.isArray(node)) return node.map((child) => anything(child, budget));
  if (node instanceof Map) return convertMap(node, () => anything, budget);
  if (!(node instanceof PlainScalar)) return node;
  const { source, value } = node;
  return typeof value === "boolean" || JSON.stringify(value) === source ? value : source;
}
