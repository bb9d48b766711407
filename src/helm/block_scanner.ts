/** Finds the charts in an index, so that each can be read by itself while the rest still comes. */

import { detach } from "./detach.ts";
import { type ChartText, checkLength, Rest, type Scanner } from "./scanner.ts";
import { keepShape } from "./shapes.ts";
import { DASH, HASH, NEWLINE, type Source, SPACE, TAB } from "./line_reader.ts";

const PERCENT = 37;
const DOCUMENT_MARKER = /^(?:---|\.\.\.)[ \n]/;
const ENTRIES = /^(?:entries|"entries"|'entries'): *(?:#.*)?\n$/;
/** A chart's name, and its value if that stands in the same line. */
const HEADER =
  /^ +(?:([\w\u00a1-\ud7ff][^\s:#\p{C}]*)|"([^"\\\n]*)"|'([^'\n]*)'):(?: +(?:(\[\]) *)?(?:#.*)?)?\n$/u;
/** Plain scalars that are null and no name. */
const NULL = /^(?:null|Null|NULL)$/;

/** Where a scanner of block style is: what a line stands in. */
const TOP = 0, ENTRIES_BEGIN = 1, CHART_BEGINS = 2, CHARTS = 3, AS_A_WHOLE = 4;

/**
 * Finds charts by how lines are indented. That is sure in every document that is YAML: what goes
 * on over lines (a quoted or plain scalar, a flow collection, a block scalar) is indented deeper
 * than the key that it belongs to. A chart that is cut out wrongly is no YAML by itself.
 */
export class BlockScanner implements Scanner {
  static {
    keepShape(new BlockScanner());
  }

  readonly rest = new Rest();
  #text = "";
  #codes: Uint8Array = new Uint8Array();
  #pending: Source[] = [];
  #pendingLength = 0;
  /** Where what is not given away yet begins, and the line to be looked at next. */
  #mark = 0;
  #at = 0;
  /** Whether the document has content, so that a marker would end it. */
  #begun = false;
  #state = TOP;
  #chartColumn = 0;
  /** How far the chart's items are indented; -1 before the first. */
  #itemColumn = -1;
  /** A line's end and a dash, short so that it is found fast, and up to where it is not looked for. */
  #dash = "";
  #blocked = -1;
  #items: number[] = [];
  /** Whether the chart under way has something in it that is no item of its list. */
  #odd = false;

  *push(text: string, codes: Uint8Array): Generator<ChartText> {
    this.#pending.push({ text, codes });
    this.#pendingLength += text.length;
    // Joined only when that has doubled, so that a large chart does not cost its square.
    if (this.#pendingLength < this.#text.length - this.#mark) return;
    yield* this.#scan();
    checkLength(this.#text.length - this.#mark);
  }

  *end(): Generator<ChartText> {
    yield* this.#scan();
    if (this.#state === CHARTS && this.#at === this.#text.length) {
      const chart = this.#endChart(this.#at);
      if (chart !== undefined) yield chart;
    }
    this.#keep(this.#text.length);
  }

  *#scan(): Generator<ChartText> {
    const pending = this.#pending;
    const kept = this.#text.slice(this.#mark);
    this.#joinCodes(kept.length);
    // Joined so that all of it lies in one piece, which is cheaper to look at.
    this.#text = [kept, ...pending.map(({ text }) => text)].join("");
    this.#pending = [];
    this.#pendingLength = 0;
    this.#at -= this.#mark;
    this.#mark = 0;
    this.#blocked = -1;
    for (let chart = this.#next(); chart !== undefined; chart = this.#next()) yield chart;
    if (this.#state !== CHARTS) this.#keep(this.#at);
  }

  /** Puts the codes of what is pending behind those of what is kept, which go to the front. */
  #joinCodes(kept: number) {
    const length = kept + this.#pendingLength;
    const old = this.#codes.subarray(this.#mark, this.#mark + kept);
    if (length > this.#codes.length) this.#codes = new Uint8Array(2 * length);
    this.#codes.set(old);
    let at = kept;
    for (const { codes } of this.#pending) {
      this.#codes.set(codes, at);
      at += codes.length;
    }
  }

  /** The next chart that is whole. */
  #next(): ChartText | undefined {
    const text = this.#text;
    for (;;) {
      const at = this.#passDeeper();
      const lineEnd = text.indexOf("\n", at);
      if (lineEnd === -1) return undefined;
      let pos = at;
      while (this.#codes[pos] === SPACE) pos++;
      this.#at = lineEnd + 1;
      const code = this.#codes[pos];
      if (code === NEWLINE || code === HASH) continue;
      const column = pos - at;
      if (this.#state === CHARTS) {
        if (this.#isPartOfChart(at, column)) continue;
        this.#at = at;
        const chart = this.#endChart(at);
        this.#state = column === 0 ? TOP : CHART_BEGINS;
        if (chart !== undefined) return chart;
      } else this.#outside(at, column);
    }
  }

  /** Passes lines that are deeper than a dash of the chart's list: they belong to its items. */
  #passDeeper(): number {
    if (this.#itemColumn === -1) return this.#at;
    this.#passItems();
    const text = this.#text;
    let at = this.#at;
    while (this.#isDeeper(at)) {
      const lineEnd = text.indexOf("\n", at);
      if (lineEnd === -1) break;
      at = lineEnd + 1;
    }
    return this.#at = at;
  }

  /**
   * Goes to the last item that is whole, from dash to dash, if it is after an item's first line. What
   * is between two is looked at in its last line alone. Should it be more than an item, no reader
   * takes it for one, and the chart is read with the rest.
   */
  #passItems() {
    const text = this.#text, dash = this.#dash;
    while (this.#at > this.#blocked) {
      const next = text.indexOf(dash, this.#at - 1) + 1;
      const lineEnd = next === 0 ? -1 : text.indexOf("\n", next);
      if (lineEnd === -1 || !this.#isItemTo(next)) {
        // Up to there, line by line, without another look.
        this.#blocked = lineEnd === -1 ? text.length : next;
        return;
      }
      this.#items.push(next - this.#mark, next - this.#mark);
      this.#at = lineEnd + 1;
    }
  }

  #isItemTo(next: number): boolean {
    const after = this.#codes[next + this.#itemColumn + 1];
    if (after !== SPACE && after !== NEWLINE) return false;
    if (next === this.#at) return true;
    let line = next - 1;
    while (line > this.#at && this.#codes[line - 1] !== NEWLINE) line--;
    return this.#isDeeper(line);
  }

  #isDeeper(line: number): boolean {
    const end = line + this.#itemColumn + 1;
    let pos = line;
    while (pos < end && this.#codes[pos] === SPACE) pos++;
    return pos === end;
  }

  /** Takes a line that belongs to no chart yet. */
  #outside(at: number, column: number) {
    const line = () => this.#text.slice(at, this.#at);
    if (this.#state === ENTRIES_BEGIN && this.#codes[at + column] === TAB) {
      this.#state = AS_A_WHOLE;
    } else if (this.#state === ENTRIES_BEGIN && column > 0) {
      this.#state = HEADER.test(line()) ? CHART_BEGINS : AS_A_WHOLE;
      this.#chartColumn = column;
    } else if (this.#state === ENTRIES_BEGIN) this.#state = TOP;
    if (this.#state === TOP && this.#begun && DOCUMENT_MARKER.test(line())) {
      this.#state = AS_A_WHOLE;
    }
    // Directives come before the marker that begins a document.
    this.#begun ||= this.#codes[at] !== PERCENT;
    if (this.#state === TOP && ENTRIES.test(line())) this.#state = ENTRIES_BEGIN;
    if (this.#state !== CHART_BEGINS) return;
    this.#keep(at);
    this.#state = CHARTS;
  }

  /** Takes a line of a chart; `false` if it is none. */
  #isPartOfChart(at: number, column: number): boolean {
    const codes = this.#codes;
    const pos = at + column;
    const next = codes[pos + 1];
    const dash = codes[pos] === DASH && (next === SPACE || next === NEWLINE);
    // A line may be blank although it begins with a tab: it says nothing of where it belongs.
    if (codes[pos] === TAB || codes[pos] === DASH && next === TAB) {
      this.#odd = true;
      return true;
    }
    if (column <= this.#chartColumn && !dash) {
      if (column === 0 || column === this.#chartColumn) return false;
      this.#odd = true;
    } else if (dash && column >= this.#chartColumn) {
      if (this.#itemColumn === -1) {
        this.#itemColumn = column;
        this.#dash = `\n${" ".repeat(column)}-`;
      } else if (column !== this.#itemColumn) this.#odd = true;
      const offset = at - this.#mark;
      if (this.#items.length > 0) this.#items.push(offset);
      this.#items.push(offset);
    } else this.#odd = true;
    return true;
  }

  #endChart(to: number): ChartText | undefined {
    const text = this.#text.slice(this.#mark, to);
    checkLength(text.length);
    const items = this.#items, odd = this.#odd;
    this.#items = [];
    this.#odd = false;
    this.#itemColumn = -1;
    this.#blocked = -1;
    if (items.length > 0) items.push(text.length);
    const header = HEADER.exec(text.slice(0, text.indexOf("\n") + 1));
    const name = header?.[1] ?? header?.[2] ?? header?.[3];
    const listed = header?.[4] !== undefined && items.length > 0;
    if (odd || listed || name === undefined || NULL.test(header?.[1] ?? "")) {
      this.rest.merges ||= text.slice(0, text.indexOf("\n")).includes("<<");
      this.#keep(to, name ?? text.split(":", 1)[0]!.trim());
      return undefined;
    }
    const codes = this.#codes.subarray(this.#mark, to);
    const column = this.#chartColumn;
    const chart = { name: detach(name), text, column, codes, items };
    this.#mark = to;
    return chart;
  }

  /** Leaves what comes before an offset to be read as a whole. */
  #keep(to: number, chart?: string) {
    if (to > this.#mark) this.rest.add(this.#text.slice(this.#mark, to), chart);
    this.#mark = to;
  }
}
