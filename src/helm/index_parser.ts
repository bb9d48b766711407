/** Reads a repository's `index.yaml`, which may also be JSON, while it comes. */

import { createHash } from "node:crypto";
import type { Turn } from "../turn.ts";
import type { Item } from "./along.ts";
import type { Chart, Problem } from "./chart.ts";
import {
  type ChartReader,
  isSorted,
  isWhole,
  readChart,
  readList,
  REQUIRED_FIELDS,
} from "./chart_reader.ts";
import type { Budget } from "./entry.ts";
import { IndexError } from "./index_error.ts";
import { BlockScanner } from "./block_scanner.ts";
import { type ChartText, Rest, type Scanner } from "./scanner.ts";
import { apiVersionOf, isOpenEnded, readRoot } from "./index_root.ts";
import { decodeIndex } from "./index_text.ts";
import { JsonScanner } from "./json_scanner.ts";
import { Problems } from "./problems.ts";
import { codesOf, type Source } from "./line_reader.ts";
import { isMap, scalarText, type YamlMap, type YamlNode } from "./yaml.ts";

/** What an index says beside its charts. */
export interface IndexSummary {
  apiVersion: string;
  /** When the index says that it was made. */
  generated?: string;
  /** The first of them. */
  problems: Problem[];
  /** How many there are. */
  problemCount: number;
  /** Whether nothing follows `entries`, so that a cut at the right place would not show. */
  openEnded: boolean;
}

/** Takes the charts of an index. */
export interface IndexVisitor {
  /**
   * Whether a chart is known with exactly this text (a digest of it), so that it need not be read.
   * Where this is absent, every chart is read.
   */
  isKnown?(name: string, digest: string): boolean;
  /**
   * Takes a chart that has usable versions, with the digest of its text if that says all of it.
   * Charts come in the order of the index, but for those that cannot be read alone.
   */
  take(chart: Chart, digest: string | undefined): Promise<void> | void;
}

/** Part of each digest: to be changed whenever the same text is read, or merged, otherwise. */
const READER = "1\n";
/** More charts than this are not kept anywhere. */
const MAX_CHARTS = 200_000;
/** Characters by which a document is told to be none of ours. */
const HEAD = 65_536;
/** An aliased node counts each time that it is used, so that a small file cannot become a huge one. */
const MAX_EXPANSION = 2;
/**
 * Reads an index chart by chart, so that memory is bounded by the largest chart. What is in other
 * YAML than tools write is read by `js-yaml`: an item, or else what cannot be taken apart. An entry
 * that cannot be used (null, no name, no version, a wrong type) becomes a problem and the rest is
 * used; a document that is no index, or that was cut off, throws an {@link IndexError} that says
 * so, at the latest at its end, when charts may have been taken.
 */
export async function parseIndex(
  bytes: AsyncIterable<Uint8Array>,
  visitor: IndexVisitor,
  turn: Turn = () => undefined,
): Promise<IndexSummary> {
  const head: Source[] = [];
  let length = 0;
  let reader: IndexReader | undefined;
  const begin = async () => {
    reader = new IndexReader(scannerOf(head.map(({ text }) => text).join("")), visitor, turn);
    for (const source of head) await reader.push(source);
    return reader;
  };
  for await (const source of decodeIndex(bytes)) {
    if (reader !== undefined) await reader.push(source);
    else {
      head.push(source);
      length += source.text.length;
      if (length >= HEAD) await begin();
    }
  }
  return await (reader ?? await begin()).end();
}

/** Throws if a document that begins like this is not meant to be an index. */
function scannerOf(head: string): Scanner {
  const start = head.slice(0, 4_096).trimStart();
  if (start.startsWith("{")) return new JsonScanner();
  if (!/^<[a-z!?/]/i.test(start)) return new BlockScanner();
  if (/type=["']?password|log[ -]?in|sign[ -]?in/.test(head.slice(0, HEAD).toLowerCase())) {
    throw new IndexError("login_page", "the upstream answered with a login page, not an index");
  }
  throw new IndexError("html", "the upstream answered with an HTML or XML page, not an index");
}

class IndexReader {
  readonly #scanner: Scanner;
  readonly #visitor: IndexVisitor;
  readonly #turn: Turn;
  readonly #problems = new Problems();
  #like: Item | undefined;
  /** Names of the charts that were taken out of the text. */
  readonly #names = new Set<string>();
  /** The last item in the text, unless that is in the rest, and how long the rest was then. */
  #last: { node: YamlNode | undefined; rest: number } | undefined;
  /** Whether an item was seen that has all that tools write, in order. */
  #sawWhole = false;
  /** Charts that are known or were taken. */
  #taken = 0;
  /** A chart that was not read, to see what its items are like if need be. */
  #unread: ChartText | undefined;

  constructor(scanner: Scanner, visitor: IndexVisitor, turn: Turn) {
    this.#scanner = scanner;
    this.#visitor = visitor;
    this.#turn = turn;
  }

  async push({ text, codes }: Source): Promise<void> {
    if (text.includes("\0")) throw new IndexError("syntax", "the index has a null byte in it");
    for (const chart of this.#scanner.push(text, codes)) await this.#chart(chart);
    await this.#turn();
  }

  async end(): Promise<IndexSummary> {
    for (const chart of this.#scanner.end()) await this.#chart(chart);
    const { rest } = this.#scanner;
    const text = rest.text;
    if (text.trim() === "") {
      throw new IndexError("empty", "the upstream answered with an empty index");
    }
    const root = readRoot(rest);
    const apiVersion = apiVersionOf(root);
    const entries = root.entries ?? null;
    if (entries !== null && !isMap(entries)) {
      throw new IndexError("not_an_index", "`entries` must map chart names to lists of versions");
    }
    await this.#readRest(entries ?? {}, { left: text.length * MAX_EXPANSION });
    const openEnded = isOpenEnded(root, text);
    if (openEnded) await this.#refuseCutOff(text);
    const generated = scalarText(root.generated);
    return {
      apiVersion,
      openEnded,
      ...(generated === undefined ? {} : { generated }),
      problems: this.#problems.list,
      problemCount: this.#problems.count,
    };
  }

  async #chart(chart: ChartText) {
    const { rest } = this.#scanner;
    const digest = this.#visitor.isKnown &&
      createHash("sha256").update(READER).update(chart.text).digest("hex");
    const known = digest !== undefined && this.#visitor.isKnown!(chart.name, digest);
    const read = known ? undefined : await readChart(chart, this.#like, this.#turn);
    if (!known && read === undefined) return rest.add(chart.text, chart.name);
    rest.leaveOut(chart.column);
    this.#addName(chart.name);
    this.#last = { node: undefined, rest: rest.length };
    if (read === undefined) {
      this.#unread = chart;
      this.#taken++;
      return;
    }
    this.#like = read.like;
    await this.#take(read, digest);
  }

  #addName(name: string) {
    if (this.#names.has(name)) {
      const message = `the index has a syntax error: the chart \`${
        name.slice(0, 100)
      }\` is there twice`;
      throw new IndexError("syntax", message);
    }
    this.#names.add(name);
    if (this.#names.size <= MAX_CHARTS) return;
    throw new IndexError("too_many_charts", `the index has more than ${MAX_CHARTS} charts`);
  }

  async #take(read: ChartReader, digest: string | undefined) {
    this.#problems.addAll(read.problems);
    this.#sawWhole ||= read.sawWhole;
    this.#last!.node = read.last;
    const { name, versions } = read;
    // Its problems would be forgotten if a chart were not read the next time.
    const all = read.problems.count === 0 ? digest : undefined;
    if (versions.length === 0) return;
    this.#taken++;
    await this.#visitor.take({ name, versions }, all);
  }

  /** Reads the charts that could not be read alone. */
  async #readRest(entries: YamlMap, budget: Budget) {
    const { rest } = this.#scanner;
    const lastIsTaken = this.#last?.rest === rest.length;
    const last = this.#last;
    for (const name of Object.keys(entries)) {
      const list = entries[name] ?? null;
      if (Rest.isGap(name)) continue;
      // Where a chart was merged, the one that was taken out comes first.
      if (this.#names.has(name) && rest.merges && !rest.holds(name)) continue;
      this.#addName(name);
      if (list === null) continue;
      if (!Array.isArray(list)) {
        this.#problems.add({ chart: name, position: null, reason: "expected a list of versions" });
        continue;
      }
      this.#last = { node: undefined, rest: rest.length };
      await this.#take(readList(name, list, budget), undefined);
      await this.#turn();
    }
    if (lastIsTaken) this.#last = last;
  }

  /**
   * YAML cut off at the end of a line is still YAML. But every tool that writes an index ends it
   * with a line break and sorts the fields of an entry: a last entry that has what comes first, and
   * lacks what others have after that, was not finished.
   */
  async #refuseCutOff(text: string) {
    if (!text.endsWith("\n")) {
      throw new IndexError(
        "truncated",
        "the index ends in the middle of a line, so it was cut off",
      );
    }
    const last = this.#last?.node;
    if (!isMap(last) || this.#taken > 0 && !await this.#sawWholeItem()) return;
    const lastField = Object.keys(last).at(-1) ?? "";
    const missing = REQUIRED_FIELDS.filter((field) => !last[field]);
    if (missing.length > 0 && isSorted(last) && missing.every((field) => field >= lastField)) {
      const message = "the index ends in the middle of an entry, so it was cut off";
      throw new IndexError("truncated", message);
    }
  }

  async #sawWholeItem(): Promise<boolean> {
    if (this.#sawWhole || this.#unread === undefined) return this.#sawWhole;
    const { text } = this.#unread;
    const unread = { ...this.#unread, ...(this.#unread.codes && { codes: codesOf(text) }) };
    const read = await readChart(unread, undefined, this.#turn);
    return read !== undefined && (read.sawWhole || isWhole(read.last));
  }
}
