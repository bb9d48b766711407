/** What the scanners of an index have in common, whatever it is written in. */

import { IndexError } from "./index_error.ts";

/** A chart's text, which makes sense alone, and where its items are. */
export interface ChartText {
  name: string;
  text: string;
  /** How far its key is indented, in block style. */
  column?: number;
  /** Offsets in `text` by pairs: where an item begins, and where it ends. */
  items: number[];
  /** The codes of `text`, if it is in block style; only until the next chart is asked for. */
  codes?: Uint8Array;
}

/** Takes the text of an index as it comes, and takes the charts out of it. */
export interface Scanner {
  /** Takes more text, and gives the charts that are whole by now. */
  push(text: string, codes: Uint8Array): Iterable<ChartText>;
  /** No more text comes. */
  end(): Iterable<ChartText>;
  /** All text but for the charts that were given, which whoever gets one adds or leaves out. */
  readonly rest: Rest;
}

/** Most characters of a chart (32 Mi), which are in memory at once. */
const MAX_CHART = 33_554_432;
/** Most characters that have to be read as a whole (4 Mi): js-yaml may take hundreds of bytes for one. */
const MAX_REST = 4_194_304;

/** The text of an index that is not given chart by chart. */
export class Rest {
  /** A chart is merged into others, so that its name may be there twice. */
  merges = false;
  /** Characters of the index that are in it. */
  length = 0;
  readonly #parts: Part[] = [];
  #leftOut = 0;
  #gap = "";

  /** Adds what comes next. `chart`: the name of the chart that it is, if it is one. */
  add(text: string, chart?: string): void {
    if (text === "") return;
    const isBehind = this.#leftOut > 0, last = this.#parts.at(-1), gap = this.#gap;
    this.#gap = "";
    if (gap !== "") this.#parts.push({ text: gap, chart: undefined, isBehind, isGap: true });
    const goesOn = gap === "" && last?.isBehind === isBehind && last.chart === undefined;
    if (goesOn && chart === undefined) last.text += text;
    else this.#parts.push({ text, chart, isBehind, isGap: false });
    this.length += text.length;
    if (this.length > MAX_REST) {
      const what =
        "what has to be read of the index at once, since it is not written chart by chart";
      throw new IndexError("too_large", `${what}, is larger than ${MAX_REST} characters`);
    }
  }

  /** A chart was taken out. `column`: its key's, in block style. */
  leaveOut(column?: number): void {
    this.#leftOut++;
    // What comes next stands behind another chart, and shall not be taken for `entries` itself.
    if (column !== undefined) this.#gap = `${" ".repeat(column)}"\\0${this.#leftOut}": []\n`;
  }

  /** Whether a name is none of the document's. */
  static isGap(name: string): boolean {
    return name.startsWith("\0");
  }

  /** Whether a chart is in it under its own name, not merged from another. */
  holds(name: string): boolean {
    return this.#parts.some(({ chart }) => chart === name);
  }

  get text(): string {
    return this.#parts.map(({ text }) => text).join("");
  }

  /** Where an offset of `text` is in the index, for people. */
  placeOf(offset: number): string {
    let start = 0, before = "";
    let found: Part | undefined;
    for (const part of this.#parts) {
      // A gap is none of the index's: what is wrong there began before it.
      before = part.isGap ? before.trimEnd() : part.text.slice(0, offset - start);
      if (!part.isGap) found = part;
      start += part.text.length;
      if (offset < start) break;
    }
    const line = before.split("\n").length;
    if (!found?.isBehind) return `line ${this.text.slice(0, offset).split("\n").length}`;
    return found.chart === undefined
      ? `line ${line} after the charts that could be read`
      : `line ${line} of the chart \`${found.chart.slice(0, 100)}\``;
  }
}

interface Part {
  text: string;
  /** The chart that it is, if it is one. */
  chart: string | undefined;
  /** Whether a chart before it has been left out. */
  isBehind: boolean;
  /** Whether it stands for charts that were left out. */
  isGap: boolean;
}

/** Throws an {@link IndexError} if a chart, or what may become one, has more characters than that. */
export function checkLength(length: number): void {
  if (length > MAX_CHART) {
    throw new IndexError(
      "too_large",
      `a chart of the index is larger than ${MAX_CHART} characters`,
    );
  }
}
