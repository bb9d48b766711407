/** Moves from line to line of block-style YAML; see `block_reader.ts`. */

/** A text with the codes of its characters, which are far cheaper to look at. */
export interface Source {
  readonly text: string;
  /** One for each UTF-16 code unit; {@link NOT_ASCII} for what is not ASCII. */
  readonly codes: Uint8Array;
}

/** Stands for every code above it too; DEL itself is as rare, and not printable either. */
export const NOT_ASCII = 127;
const encoder = new TextEncoder();

/** The codes of a text. */
export function codesOf(text: string): Uint8Array {
  const codes = encoder.encode(text);
  if (codes.length === text.length) return codes;
  // deno-lint-ignore no-control-regex
  return encoder.encode(text.replace(/[^\x00-\x7e]/g, "\x7f"));
}

/** Codes of characters that mean something. */
export const TAB = 9, SPACE = 32, NEWLINE = 10, HASH = 35, DASH = 45, COLON = 58;
export const DOUBLE_QUOTE = 34, SINGLE_QUOTE = 39, BACKSLASH = 92;

/** Characters that a plain scalar may begin with, as far as this reader is concerned; by code. */
export const PLAIN_START = new Uint8Array(NOT_ASCII + 1);
for (const char of "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789$()+-./;=\\^_~") {
  PLAIN_START[char.charCodeAt(0)] = 1;
}

/** Thrown at what is not known for certain. */
export const NOT_CERTAIN = new Error("not certain");

/** Reads lines of a text one by one. */
export class LineReader {
  text = "";
  codes: Uint8Array = new Uint8Array();
  end = 0;
  /** The next character; after a node, the first of the next line with content. */
  pos = 0;
  /** How far that line is indented; -1 when there is none. */
  column = 0;

  /** Goes to the first line with content. Both offsets are at the start of a line. */
  begin({ text, codes }: Source, start: number, end: number) {
    this.text = text;
    this.codes = codes;
    this.end = end;
    this.toContent(start);
  }

  /** Goes to the next line with content after the line of `pos`. */
  toNextLine(pos: number) {
    this.toContent(this.codes[pos] === NEWLINE ? pos + 1 : this.text.indexOf("\n", pos) + 1);
  }

  /** Goes to the first line with content at or after a line's start. */
  toContent(lineStart: number) {
    const { codes, end } = this;
    let start = lineStart;
    while (start < end) {
      let pos = start;
      while (codes[pos] === SPACE) pos++;
      const code = codes[pos];
      if (code === TAB) throw NOT_CERTAIN;
      if (code !== NEWLINE && code !== HASH) {
        this.pos = pos;
        this.column = pos - start;
        return;
      }
      start = code === NEWLINE ? pos + 1 : this.text.indexOf("\n", pos) + 1;
    }
    this.pos = end;
    this.column = -1;
  }

  /** The first character that is no space and no line break. */
  toText(from: number): number {
    const { codes } = this;
    let pos = from;
    while (codes[pos] === SPACE || codes[pos] === NEWLINE) pos++;
    if (codes[pos] === TAB) throw NOT_CERTAIN;
    return pos;
  }

  lineOf(pos: number): number {
    return this.text.lastIndexOf("\n", pos - 1) + 1;
  }

  skipSpaces(from: number): number {
    let pos = from;
    while (this.codes[pos] === SPACE) pos++;
    return pos;
  }

  /** Whether a space or a line's end is here. */
  isBlank(pos: number): boolean {
    const code = this.codes[pos];
    return code === SPACE || code === NEWLINE;
  }

  atDash(): boolean {
    return this.codes[this.pos] === DASH && this.isBlank(this.pos + 1);
  }
}
