/** Texts of strangers as lines that a page can hold. */

/** Of a page: lines, and characters in all. */
const MAX_LINES = 8_000, MAX_CHARACTERS = 400_000;
/** Characters of a line. */
const MAX_LINE = 2_000;
/** What turns the direction of text around, or is not seen, so that a text is not what it seems. */
const UNSEEN = /[\u{200b}-\u{200f}\u{202a}-\u{202e}\u{2060}-\u{2069}\u{feff}]/u;

/** Some lines of a text, one after the other. */
export interface Part {
  lines: readonly string[];
  /** The number of the first of them, from 1. */
  first: number;
}

export interface Lines {
  total: number;
  /** At least one. */
  parts: readonly Part[];
  /** Whether lines were cut off at {@link MAX_LINE}. */
  isCut: boolean;
  /** Whether there are characters that are not seen. */
  hasUnseen: boolean;
}

/** The lines of a text, in parts for a page each. */
export function linesOf(text: string): Lines {
  const all = splitLines(text);
  const parts: { lines: string[]; first: number }[] = [{ lines: [], first: 1 }];
  let characters = 0, isCut = false;
  for (const [index, whole] of all.entries()) {
    const line = cutLine(whole);
    isCut ||= line !== whole;
    let part = parts.at(-1)!;
    characters += line.length;
    if (part.lines.length === MAX_LINES || (characters > MAX_CHARACTERS && part.lines.length > 0)) {
      part = { lines: [], first: index + 1 };
      parts.push(part);
      characters = line.length;
    }
    part.lines.push(line);
  }
  return { total: all.length, parts, isCut, hasUnseen: UNSEEN.test(text) };
}

/** Lines without their ends; no line after the last end. */
export function splitLines(text: string): string[] {
  const lines = text.split(/\r\n|\n/);
  if (lines.at(-1) === "") lines.pop();
  return lines;
}

/** A line, or how it begins. */
export function cutLine(line: string): string {
  return line.length > MAX_LINE ? `${line.slice(0, MAX_LINE)} …` : line;
}
