/** Reads a repository's `index.yaml`, which may also be JSON. */

import { YAMLException } from "js-yaml";
import type { Chart, ChartVersion, Problem } from "./chart.ts";
import { type Budget, EntryError, readEntry } from "./entry.ts";
import { IndexError } from "./index_error.ts";
import { timeOf } from "./time.ts";
import { parseYaml, scalarText, type YamlMap, type YamlNode } from "./yaml.ts";

export interface ParsedIndex {
  apiVersion: string;
  /** When the index says that it was made. */
  generated?: string;
  /** In the order of the index; a chart without a usable version is absent. */
  charts: Chart[];
  /** The first of them. */
  problems: Problem[];
  /** How many there are. */
  problemCount: number;
  /** Whether nothing follows `entries`, so that a cut at the right place would not show. */
  openEnded: boolean;
}

/** An aliased node counts each time that it is used, so that a small file cannot become a huge one. */
const MAX_EXPANSION = 2;
/** Most problems that are described; all are counted. */
const MAX_PROBLEMS = 1_000;
/** A document with more problems than this is not meant to be an index. */
const MAX_PROBLEM_COUNT = 100_000;
/** Most characters of a text in a problem. */
const MAX_PROBLEM_TEXT = 200;
/** What every tool writes for a version, in the order in which sorted fields come. */
const REQUIRED_FIELDS = ["name", "urls", "version"];

/**
 * Parses a whole index. An entry that cannot be used (null, no name, no version, a wrong type)
 * becomes a problem and the rest is used; a document that is no index, or that was cut off, throws
 * an {@link IndexError} that says so.
 */
export function parseIndex(bytes: Uint8Array): ParsedIndex {
  const text = decode(bytes);
  refuseForeignDocument(text);
  const root = readRoot(text);
  const apiVersion = scalarText(root.get("apiVersion"));
  if (!apiVersion) {
    throw new IndexError(
      "no_api_version",
      "the document has no `apiVersion`, so it is not a Helm index",
    );
  }
  if (root.has("kind") && !root.has("entries")) {
    throw new IndexError("not_an_index", "the document is a Kubernetes manifest, not a Helm index");
  }
  const entries = root.get("entries") ?? null;
  if (entries !== null && !(entries instanceof Map)) {
    throw new IndexError("not_an_index", "`entries` must map chart names to lists of versions");
  }
  const openEnded = isOpenEnded(root, text);
  if (openEnded) refuseCutOffEntries(entries, text);
  const generated = scalarText(root.get("generated"));
  return {
    apiVersion,
    openEnded,
    ...(generated === undefined ? {} : { generated }),
    ...readEntries(entries ?? new Map(), { left: text.length * MAX_EXPANSION }),
  };
}

function decode(bytes: Uint8Array): string {
  const encoding = bytes[0] === 0xff && bytes[1] === 0xfe
    ? "utf-16le"
    : bytes[0] === 0xfe && bytes[1] === 0xff
    ? "utf-16be"
    : "utf-8";
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    throw new IndexError("encoding", `the index is not valid ${encoding.toUpperCase()}`);
  }
}

function refuseForeignDocument(text: string) {
  const start = text.slice(0, 4_096).trimStart().toLowerCase();
  if (start === "" && text.trim() === "") {
    throw new IndexError("empty", "the upstream answered with an empty index");
  }
  if (!start.startsWith("<")) return;
  if (/type=["']?password|log[ -]?in|sign[ -]?in/.test(text.slice(0, 65_536).toLowerCase())) {
    throw new IndexError("login_page", "the upstream answered with a login page, not an index");
  }
  throw new IndexError("html", "the upstream answered with an HTML or XML page, not an index");
}

function readRoot(text: string): YamlMap {
  let documents: YamlNode[];
  try {
    documents = parseYaml(text);
  } catch (error) {
    throw syntaxError(error, text);
  }
  // A closing `...` or `---` opens a document with nothing in it.
  const filled = documents.filter((document) => document !== null);
  if (filled.length > 1) {
    throw new IndexError(
      "not_an_index",
      `the index holds ${filled.length} documents, expected one`,
    );
  }
  const root = filled[0] ?? new Map();
  if (!(root instanceof Map)) {
    throw new IndexError(
      "not_an_index",
      "the document is not a mapping, so it is not a Helm index",
    );
  }
  return root;
}

function syntaxError(error: unknown, text: string): IndexError {
  if (!(error instanceof YAMLException)) throw error;
  const line = (error.mark?.line ?? 0) + 1;
  if (error.mark !== undefined && text.slice(error.mark.position).trim() === "") {
    return new IndexError("truncated", `the index seems cut off in line ${line}: ${error.reason}`);
  }
  return new IndexError("syntax", `the index has a syntax error in line ${line}: ${error.reason}`);
}

/** Whether the text could have gone on: in block style, with nothing that comes after `entries`. */
function isOpenEnded(root: YamlMap, text: string): boolean {
  const atEnd = [...root.keys()].at(-1) === "entries" || !root.has("entries");
  return atEnd && !/\}\s*$/.test(text);
}

/**
 * YAML cut off at the end of a line is still YAML. But every tool that writes an index ends it with
 * a line break and sorts the fields of an entry: a last entry that has what comes first, and lacks
 * what its siblings have after that, was not finished.
 */
function refuseCutOffEntries(entries: YamlMap | null, text: string) {
  if (!/[\r\n]$/.test(text)) {
    throw new IndexError("truncated", "the index ends in the middle of a line, so it was cut off");
  }
  const lists = [...entries?.values() ?? []].filter((list) => Array.isArray(list));
  const siblings = lists.at(-1) ?? [];
  const last = siblings.at(-1);
  // The first of each list and all of the last one: lists may be aliases of a single long one.
  const items = [...lists.map((list) => list[0] ?? null), ...siblings];
  if (!(last instanceof Map) || !items.some((item) => item !== last && isWholeAndSorted(item))) {
    return;
  }
  const lastField = [...last.keys()].at(-1) ?? "";
  const missing = REQUIRED_FIELDS.filter((field) => !last.get(field));
  if (missing.length > 0 && isSorted(last) && missing.every((field) => field >= lastField)) {
    throw new IndexError(
      "truncated",
      "the index ends in the middle of an entry, so it was cut off",
    );
  }
}

function isWholeAndSorted(item: YamlNode): boolean {
  return item instanceof Map && REQUIRED_FIELDS.every((field) => item.get(field)) && isSorted(item);
}

function isSorted(item: YamlMap): boolean {
  const keys = [...item.keys()];
  return keys.every((key, i) => i === 0 || keys[i - 1]! < key);
}

function readEntries(entries: YamlMap, budget: Budget) {
  const charts: Chart[] = [];
  const problems: Problem[] = [];
  let problemCount = 0;
  const report = ({ chart, version, position, reason }: Problem) => {
    if (++problemCount > MAX_PROBLEM_COUNT) {
      const message = `the document has more than ${MAX_PROBLEM_COUNT} entries that are none`;
      throw new IndexError("not_an_index", message);
    }
    if (problems.length === MAX_PROBLEMS) return;
    const short = (text: string) => text.slice(0, MAX_PROBLEM_TEXT);
    problems.push({
      chart: short(chart),
      ...(version && { version: short(version) }),
      position,
      reason: short(reason),
    });
  };
  for (const [name, list] of entries) {
    if (list === null) continue;
    if (!Array.isArray(list)) {
      report({ chart: name, position: null, reason: "expected a list of versions" });
      continue;
    }
    const versions = readVersions(list, budget, (problem) => report({ chart: name, ...problem }));
    if (versions.length > 0) charts.push({ name, versions });
  }
  return { charts, problems, problemCount };
}

/** Of two versions with the same version string the one made later counts, or else the first. */
function readVersions(
  list: YamlNode[],
  budget: Budget,
  report: (problem: Omit<Problem, "chart">) => void,
): ChartVersion[] {
  const versions = new Map<string, { entry: ChartVersion; position: number }>();
  list.forEach((item, position) => {
    const version = item instanceof Map ? scalarText(item.get("version")) : undefined;
    const tell = (reason: string, at = position) =>
      report({ ...(version ? { version } : {}), position: at, reason });
    try {
      const entry = readEntry(item, budget, tell);
      const other = versions.get(entry.version);
      const counts = other === undefined || madeAt(entry) > madeAt(other.entry);
      if (other !== undefined) {
        const reason = "the version is listed more than once; the one made last counts";
        tell(reason, counts ? other.position : position);
      }
      if (counts) versions.set(entry.version, { entry, position });
    } catch (error) {
      if (!(error instanceof EntryError)) throw error;
      tell(error.message);
    }
  });
  return Array.from(versions.values(), ({ entry }) => entry);
}

function madeAt({ created }: ChartVersion): number {
  return created === undefined ? -Infinity : timeOf(created);
}
