/** One item of a chart's list: from what stands in the document to a typed chart version. */

import type { Item } from "./along.ts";
import type { ChartVersion, Json } from "./chart.ts";
import { IndexError } from "./index_error.ts";
import { isTime } from "./time.ts";
import { isMap, PlainScalar, scalarText, setOwn, type YamlMap, type YamlNode } from "./yaml.ts";

/** An item that cannot be used at all. */
export class EntryError extends Error {}

/** How many characters may still be expanded to. */
export interface Budget {
  left: number;
}

/** Gives back what it is given if that has the right type already. */
type Reader = (node: YamlNode, budget: Budget) => Json | undefined;

/** A version with more text than this (1 Mi characters) is a mistake or an attack. */
export const MAX_ENTRY_CHARACTERS = 1_048_576;
/** What a node takes in memory, in characters. */
const NODE_COST = 8;

const DEPENDENCY_FIELDS = new Map<string, Reader>(Object.entries({
  name: text,
  version: text,
  repository: text,
  condition: text,
  alias: text,
  tags: listOf(text),
  enabled: flag,
}));

/** The types that Helm gives to the fields of a chart version. */
const FIELDS = new Map<string, Reader>(Object.entries({
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
  maintainers: listOf(mapOf(new Map(Object.entries({ name: text, email: text, url: text })))),
  annotations: textMap,
  dependencies: listOf(mapOf(DEPENDENCY_FIELDS)),
}));

/**
 * Reads one item. Throws an {@link EntryError} if it cannot be used; a field of a wrong type costs
 * that field, and `report` is told.
 */
export function readEntry(
  node: YamlNode,
  budget: Budget,
  report: (reason: string) => void,
): ChartVersion {
  budget.left--;
  if (budget.left < 0) {
    throw new IndexError("not_an_index", "the aliases of the index expand beyond all measure");
  }
  const map = checkEntry(node);
  const own: Budget = { left: MAX_ENTRY_CHARACTERS };
  try {
    const fields = Object.keys(map).map((key) => ({ key, value: map[key]!, made: undefined }));
    return readFields(map, fields, own, report);
  } finally {
    // What is refused has cost its time as well.
    budget.left -= MAX_ENTRY_CHARACTERS - own.left;
  }
}

/** The same for what was read along another item, with which it may share fields. */
export function readItemEntry(item: Item, report: (reason: string) => void): ChartVersion {
  checkEntry(item.value);
  // Without aliases an item is as large as its text, which the caller bounds.
  return readFields(item.value, item.fields, { left: Infinity }, report);
}

function checkEntry(node: YamlNode): YamlMap {
  if (node === null) throw new EntryError("the entry is null");
  if (!isMap(node)) throw new EntryError("the entry is not a mapping");
  checkText("name", node.name ?? null);
  checkText("version", node.version ?? null);
  return node;
}

function checkText(field: string, value: YamlNode) {
  if (value === null || value === "") throw new EntryError(`the entry has no ${field}`);
  if (scalarText(value) === undefined) throw new EntryError(`\`${field}\` must be a string`);
}

interface EntryField {
  readonly key: string;
  readonly value: YamlNode;
  /** What was made of it before. */
  made: unknown;
}

function readFields(
  node: YamlMap,
  fields: readonly EntryField[],
  own: Budget,
  report: (reason: string) => void,
): ChartVersion {
  let entry = node as { [field: string]: Json };
  for (const field of fields) {
    const result = (field.made ??= readField(field, own, report)) as Json | undefined;
    if (result === field.value) continue;
    if (entry === node) entry = { ...entry };
    if (result === undefined) delete entry[field.key];
    else setOwn(entry, field.key, result);
  }
  return entry as ChartVersion;
}

function readField(
  { key, value }: EntryField,
  own: Budget,
  report: (reason: string) => void,
): Json | undefined {
  spend(own, key.length);
  if (value === null) return undefined;
  const read = FIELDS.get(key) ?? anything;
  if (read === text && typeof value === "string" && own.left === Infinity) return value;
  try {
    return read(value, own);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    report(`\`${key}\` was left out: ${error.message}`);
    return undefined;
  }
}

/** Counts text of an entry, which may be used again and again by aliases. */
function spend(own: Budget, characters: number) {
  own.left -= characters;
  if (own.left < 0) throw tooLarge();
}

/** The error for an entry that is too large. */
export function tooLarge(): EntryError {
  return new EntryError(`the entry is larger than ${MAX_ENTRY_CHARACTERS} characters`);
}

function count(node: YamlNode, own: Budget) {
  spend(own, NODE_COST + (scalarText(node)?.length ?? 0));
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
    return convertList(node, item, budget);
  };
}

function mapOf(fields: ReadonlyMap<string, Reader>): Reader {
  return (node, budget) => {
    count(node, budget);
    if (node === null) return undefined;
    return convertMap(node, (key) => fields.get(key) ?? anything, budget);
  };
}

function textMap(node: YamlNode, budget: Budget): Json {
  count(node, budget);
  return convertMap(node, () => text, budget);
}

function convertList(list: YamlNode[], item: Reader, budget: Budget): Json[] {
  let result: Json[] | undefined;
  for (let i = 0; i < list.length; i++) {
    const value = item(list[i]!, budget);
    if (value !== list[i]) result ??= list.slice(0, i) as Json[];
    if (value !== undefined) result?.push(value);
  }
  return result ?? list as Json[];
}

function convertMap(node: YamlNode, reader: (key: string) => Reader, budget: Budget): Json {
  if (!isMap(node)) throw new TypeError("expected a mapping");
  let result = node as { [key: string]: Json };
  for (const key in node) {
    spend(budget, key.length);
    const value = reader(key)(node[key]!, budget);
    if (value === node[key]) continue;
    if (result === node) result = { ...result };
    if (value === undefined) delete result[key];
    else setOwn(result, key, value);
  }
  return result;
}

/** A field that Helm does not know: by YAML's core rules, but a number only if JSON can hold it. */
function anything(node: YamlNode, budget: Budget): Json {
  count(node, budget);
  if (Array.isArray(node)) return convertList(node, anything, budget);
  if (isMap(node)) return convertMap(node, () => anything, budget);
  if (!(node instanceof PlainScalar)) return node;
  const { source, value } = node;
  return typeof value === "boolean" || JSON.stringify(value) === source ? value : source;
}
