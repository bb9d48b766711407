/** Reads scalars of block-style YAML; see `block_reader.ts`. */

import { CHOMPING_MODE, EVENT_ID, getScalarValue, SCALAR_STYLE } from "js-yaml";
import {
  BACKSLASH,
  COLON,
  DASH,
  DOUBLE_QUOTE,
  HASH,
  LineReader,
  NEWLINE,
  NOT_ASCII,
  NOT_CERTAIN,
  PLAIN_START,
  SINGLE_QUOTE,
  SPACE,
} from "./line_reader.ts";
import { resolvePlain, type YamlNode } from "./yaml.ts";

const ZERO = 48, NINE = 57, POINT = 46, GREATER = 62, PIPE = 124;
const OPEN_BRACKET = 91, CLOSE_BRACKET = 93, OPEN_BRACE = 123, CLOSE_BRACE = 125;

/** What `js-yaml` does not take in a plain or a block scalar. */
const NOT_PRINTABLE =
  // deno-lint-ignore no-control-regex
  /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufeff\ufffe\uffff]|\p{Surrogate}/u;
/** What may be one of them; this is sooner found. */
const NOT_PLAIN = /[^\n -~]/;
const NOT_PRINTABLE_OR_TAB = new RegExp(`\\t|${NOT_PRINTABLE.source}`, "u");
/** What may end a plain scalar before its line does, or may not be printable. */
const SPECIAL = /[^!-~]|:$/;
/** The same for single characters, by code; below this length that is sooner found so. */
export const GRAPHIC = new Uint8Array(256).fill(1, SPACE + 1, NOT_ASCII).fill(0, COLON, COLON + 1);
const SHORT = 24;
/** What may follow a backslash alone. */
const ESCAPES = '0abt\tnvfre "/\\N_LP';
const DIGITS_OF_ESCAPE: Record<string, number> = { x: 2, u: 4, U: 8 };
/** A block scalar's first line: style, chomping and indentation in either order, a comment. */
const BLOCK_HEADER = /^([|>])(?:([+-])([1-9])?|([1-9])([+-])?)?(?: +(?:#.*)?)?\n$/;
const CHOMPING: Record<string, typeof CHOMPING_MODE[keyof typeof CHOMPING_MODE]> = {
  "": CHOMPING_MODE.CLIP,
  "+": CHOMPING_MODE.KEEP,
  "-": CHOMPING_MODE.STRIP,
};
/** A scalar as `js-yaml` describes it. */
const EVENT = {
  type: EVENT_ID.SCALAR,
  anchorStart: -1,
  anchorEnd: -1,
  tagStart: -1,
  tagEnd: -1,
  chomping: CHOMPING_MODE.CLIP,
  indent: -1,
  fast: false,
} as const;

/** Reads scalars. */
export class ScalarReader extends LineReader {
  /** A scalar or an empty flow collection that begins here, in a block at `column`. */
  scalar(column: number): YamlNode {
    const { codes, pos } = this;
    switch (codes[pos]) {
      case DOUBLE_QUOTE:
        return this.doubleQuoted(column);
      case SINGLE_QUOTE:
        return this.singleQuoted(column);
      case PIPE:
      case GREATER:
        return this.blockScalar(column);
      case OPEN_BRACKET:
        if (codes[pos + 1] !== CLOSE_BRACKET) throw NOT_CERTAIN;
        this.endLine(pos + 2);
        return [];
      case OPEN_BRACE:
        if (codes[pos + 1] !== CLOSE_BRACE) throw NOT_CERTAIN;
        this.endLine(pos + 2);
        return {};
      default:
        return this.plain(column);
    }
  }

  plain(column: number): YamlNode {
    const { codes, pos } = this;
    const first = codes[pos]!;
    if (PLAIN_START[first] !== 1 || first === DASH && this.isBlank(pos + 1)) throw NOT_CERTAIN;
    return this.plainTo(this.plainEnd(pos), column);
  }

  /** A plain scalar whose part of the first line ends at an offset. */
  plainTo(firstEnd: number, column: number): YamlNode {
    const { codes, pos } = this;
    const stop = codes[firstEnd];
    if (stop === COLON) throw NOT_CERTAIN;
    this.toNextLine(firstEnd);
    if (this.column > column) {
      if (stop === HASH) throw NOT_CERTAIN;
      return this.multiline(pos, firstEnd, column);
    }
    let end = firstEnd;
    while (codes[end - 1] === SPACE) end--;
    const value = this.text.slice(pos, end);
    return this.isNoNumber(pos, end) ? value : resolvePlain(value);
  }

  /** Whether this begins as a number does but is none, as most versions and digests do. */
  isNoNumber(start: number, end: number): boolean {
    const { codes } = this;
    let points = 0;
    for (let pos = start; pos < end; pos++) {
      const code = codes[pos]!;
      if (code === POINT && ++points === 2) return pos > start + 1;
      if (code !== POINT && (code < ZERO || code > NINE)) {
        return pos > start && !"eExo".includes(this.text[pos]!);
      }
    }
    return false;
  }

  /** A plain scalar that goes on after the end of its first line. */
  multiline(start: number, firstEnd: number, column: number): YamlNode {
    let end = firstEnd;
    for (;;) {
      const pos = this.toText(end);
      if (pos >= this.end || pos - this.lineOf(pos) <= column) break;
      if (this.codes[pos] === HASH) throw NOT_CERTAIN;
      end = this.plainEnd(pos);
      if (this.codes[end] !== NEWLINE) throw NOT_CERTAIN;
    }
    this.toNextLine(end);
    return resolvePlain(this.decode(SCALAR_STYLE.PLAIN, start, end));
  }

  /** Where a plain scalar's part of a line ends: at the line's end, at a comment, or at `: `. */
  plainEnd(start: number): number {
    const { text, codes } = this;
    const lineEnd = text.indexOf("\n", start);
    if (lineEnd - start > SHORT) {
      if (!SPECIAL.test(text.slice(start, lineEnd))) return lineEnd;
    } else {
      let pos = start;
      while (GRAPHIC[codes[pos]!] === 1) pos++;
      if (pos === lineEnd) return lineEnd;
    }
    return this.specialEnd(start, lineEnd);
  }

  specialEnd(start: number, lineEnd: number): number {
    const line = this.text.slice(start, lineEnd);
    const comment = line.indexOf(" #"), colon = line.indexOf(": ");
    let end = comment === -1 ? line.length : comment + 1;
    if (colon !== -1 && colon < end) end = colon;
    else if (comment === -1 && line.endsWith(":")) end--;
    const part = line.slice(0, end);
    if (NOT_PLAIN.test(part) && NOT_PRINTABLE_OR_TAB.test(part)) throw NOT_CERTAIN;
    return start + end;
  }

  doubleQuoted(column: number): string {
    const { codes } = this;
    const start = this.pos + 1;
    let pos = start, simple = true;
    for (;;) {
      const code = codes[pos]!;
      if (code === DOUBLE_QUOTE) break;
      if (code === BACKSLASH) {
        simple = false;
        pos = this.escape(pos + 1, column);
      } else if (code < SPACE) {
        simple = false;
        pos = this.quotedBreak(pos, column);
      } else if (pos++ >= this.end) throw NOT_CERTAIN;
    }
    this.endLine(pos + 1);
    if (simple) return this.text.slice(start, pos);
    return this.decode(SCALAR_STYLE.DOUBLE_QUOTED, start, pos);
  }

  singleQuoted(column: number): string {
    const { text, codes } = this;
    const start = this.pos + 1;
    let pos = start, doubled = false, broken = false;
    for (;;) {
      const code = codes[pos]!;
      if (code === SINGLE_QUOTE) {
        if (codes[pos + 1] !== SINGLE_QUOTE) break;
        doubled = true;
        pos += 2;
      } else if (code < SPACE) {
        broken = true;
        pos = this.quotedBreak(pos, column);
      } else if (pos++ >= this.end) throw NOT_CERTAIN;
    }
    this.endLine(pos + 1);
    if (broken) return this.decode(SCALAR_STYLE.SINGLE_QUOTED, start, pos);
    const value = text.slice(start, pos);
    return doubled ? value.replaceAll("''", "'") : value;
  }

  /** Passes what follows a backslash. */
  escape(pos: number, column: number): number {
    const char = this.text[pos] ?? "";
    if (char === "\n") return this.quotedBreak(pos, column);
    const digits = DIGITS_OF_ESCAPE[char];
    if (digits === undefined) {
      if (char === "" || !ESCAPES.includes(char)) throw NOT_CERTAIN;
      return pos + 1;
    }
    const end = pos + 1 + digits;
    if (!/^[0-9a-fA-F]+$/.test(this.text.slice(pos + 1, end))) throw NOT_CERTAIN;
    return end;
  }

  /** Passes a line break within quotes, with what blanks and empty lines follow. */
  quotedBreak(at: number, column: number): number {
    if (this.codes[at] !== NEWLINE) throw NOT_CERTAIN;
    const pos = this.toText(at);
    if (pos >= this.end || pos - this.lineOf(pos) <= column) throw NOT_CERTAIN;
    return pos;
  }

  /** A literal or folded block in a block at `column`. */
  blockScalar(column: number): string {
    const { text, codes, end } = this;
    const start = text.indexOf("\n", this.pos) + 1;
    const header = BLOCK_HEADER.exec(text.slice(this.pos, start));
    if (header === null) throw NOT_CERTAIN;
    const [, style, chompingA, digitA, digitB, chompingB] = header;
    const digit = digitA ?? digitB, chomping = chompingA ?? chompingB ?? "";
    let indent = digit === undefined ? -1 : column + Number(digit);
    let pos = start, deepestBlank = 0, literal = "", empty = "";
    while (pos < end) {
      const at = this.skipSpaces(pos), deep = at - pos;
      const next = text.indexOf("\n", at) + 1;
      if (codes[at] === NEWLINE && (indent === -1 || deep <= indent)) {
        deepestBlank = Math.max(deepestBlank, deep);
        empty += "\n";
      } else {
        if (indent === -1 && deep > column) {
          if (deep < deepestBlank) throw NOT_CERTAIN;
          indent = deep;
        }
        if (indent === -1 || deep < indent) break;
        literal += empty + text.slice(pos + indent, next);
        empty = "";
      }
      pos = next;
    }
    this.toContent(pos);
    if (NOT_PLAIN.test(literal) && NOT_PRINTABLE.test(literal)) throw NOT_CERTAIN;
    if (style === ">") return this.folded(start, pos, indent, chomping);
    if (chomping === "+") return literal + empty;
    return chomping === "-" ? literal.slice(0, -1) : literal;
  }

  folded(start: number, end: number, indent: number, chomping: string): string {
    return getScalarValue(this.text, {
      ...EVENT,
      style: SCALAR_STYLE.FOLDED_BLOCK,
      valueStart: start,
      valueEnd: end,
      indent,
      chomping: CHOMPING[chomping]!,
    });
  }

  decode(style: 1 | 2 | 3, valueStart: number, valueEnd: number): string {
    return getScalarValue(this.text, { ...EVENT, valueStart, valueEnd, style });
  }

  /** Passes the rest of a line, which may only hold a comment. */
  endLine(from: number) {
    const pos = this.skipSpaces(from);
    const code = this.codes[pos];
    if (code !== NEWLINE && (code !== HASH || pos === from)) throw NOT_CERTAIN;
    this.toNextLine(pos);
  }
}
