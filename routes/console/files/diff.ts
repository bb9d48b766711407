/** What changed between two texts, in hunks of lines, within bounds of time and size. */

import { diffArrays, diffWordsWithSpace } from "diff";
import { cutLine, splitLines } from "./lines.ts";

/** Lines of a text; what it takes to compare two, in steps and in milliseconds. */
const MAX_LINES = 20_000, MAX_EDITS = 5_000, TIMEOUT_MS = 300;
/** Changed lines that are shown; those without changes around them, and in folds. */
const MAX_CHANGED = 2_000, CONTEXT = 3, MAX_FOLDED = 5_000;
/** Characters of all lines that are shown, and of all in folds. */
const MAX_CHARACTERS = 400_000, MAX_FOLDED_CHARACTERS = 200_000;
/** Pairs of lines that are compared by words; characters of such a line, and steps. */
const MAX_PAIRS = 100, MAX_PAIRED = 500, MAX_WORD_EDITS = 30;
/** Of the characters of a line: with less in common, words are not told apart. */
const LEAST_COMMON = 0.35;

/** A piece of a line, and whether it is what changed in it. */
export type Piece = readonly [text: string, isChanged: boolean];

export interface DiffLine {
  kind: "same" | "added" | "removed";
  /** Numbers of the line in both texts, from 1; where it is in neither, that of the line before. */
  from: number;
  to: number;
  pieces: readonly Piece[];
}

/** Lines one after the other: shown, or folded since nothing changed in them. */
export interface Stretch {
  isFolded: boolean;
  lines: DiffLine[];
  /** How many lines these are, where they are too many to be there. */
  count: number;
}

export type Diff =
  | { is: "same" }
  /** Too different, or too long. */
  | { is: "beyond" }
  | { is: "diff"; stretches: Stretch[]; added: number; removed: number; isCut: boolean };

/** Compares two texts. */
export function diffOf(from: string, to: string): Diff {
  const a = splitLines(from), b = splitLines(to);
  if (a.length > MAX_LINES || b.length > MAX_LINES) return { is: "beyond" };
  const changes = diffArrays(a, b, { maxEditLength: MAX_EDITS, timeout: TIMEOUT_MS });
  if (changes === undefined) return { is: "beyond" };
  const lines: DiffLine[] = [];
  let added = 0, removed = 0, at = { from: 0, to: 0 };
  for (const change of changes) {
    const kind = change.added ? "added" : change.removed ? "removed" : "same";
    if (kind === "added") added += change.count;
    if (kind === "removed") removed += change.count;
    for (const text of change.value) {
      at = {
        from: at.from + (kind === "added" ? 0 : 1),
        to: at.to + (kind === "removed" ? 0 : 1),
      };
      lines.push({ kind, ...at, pieces: [[cutLine(text), false]] });
    }
  }
  if (added + removed === 0) return { is: "same" };
  const shown = cutOff(lines);
  markWords(shown);
  const { stretches, isCut } = folded(shown);
  return { is: "diff", stretches, added, removed, isCut: isCut || shown.length < lines.length };
}

/** The lines as far as there are not too many changes in them. */
function cutOff(lines: DiffLine[]): DiffLine[] {
  let changed = 0;
  const end = lines.findIndex(({ kind }) => kind !== "same" && ++changed > MAX_CHANGED);
  return end < 0 ? lines : lines.slice(0, end);
}

/** Marks what changed within lines of which one took the place of the other. */
function markWords(lines: DiffLine[]): void {
  let pairs = 0;
  for (let at = 0; at < lines.length;) {
    const start = at;
    while (lines[at]?.kind === "removed") at++;
    const middle = at;
    while (lines[at]?.kind === "added") at++;
    const count = Math.min(middle - start, at - middle);
    for (let i = 0; i < count && pairs < MAX_PAIRS; i++, pairs++) {
      markPair(lines[start + i]!, lines[middle + i]!);
    }
    if (at === start) at++;
  }
}

function markPair(removed: DiffLine, added: DiffLine): void {
  const [[from]] = removed.pieces as [Piece], [[to]] = added.pieces as [Piece];
  if (from.length > MAX_PAIRED || to.length > MAX_PAIRED) return;
  const words = diffWordsWithSpace(from, to, { maxEditLength: MAX_WORD_EDITS });
  if (words === undefined) return;
  const common = words.filter((word) => !word.added && !word.removed)
    .reduce((sum, { value }) => sum + value.trim().length, 0);
  if (common < LEAST_COMMON * Math.max(from.trim().length, to.trim().length)) return;
  removed.pieces = words.filter((word) => !word.added)
    .map(({ value, removed }): Piece => [value, removed]);
  added.pieces = words.filter((word) => !word.removed)
    .map(({ value, added }): Piece => [value, added]);
}

/** Lines without changes that are not near one are folded. It ends where there are too many characters. */
function folded(lines: readonly DiffLine[]): { stretches: Stretch[]; isCut: boolean } {
  const isShown = new Uint8Array(lines.length);
  for (const [index, { kind }] of lines.entries()) {
    if (kind !== "same") isShown.fill(1, Math.max(0, index - CONTEXT), index + CONTEXT + 1);
  }
  const stretches: Stretch[] = [];
  let shown = MAX_CHARACTERS, folds = MAX_FOLDED, hidden = MAX_FOLDED_CHARACTERS;
  for (const [index, line] of lines.entries()) {
    const isFolded = isShown[index] === 0;
    const characters = line.pieces.reduce((sum, [text]) => sum + text.length, 0);
    if (!isFolded && (shown -= characters) < 0) return { stretches, isCut: true };
    let last = stretches.at(-1);
    if (last?.isFolded !== isFolded) stretches.push(last = { isFolded, lines: [], count: 0 });
    last.count++;
    if (isFolded && (--folds < 0 || (hidden -= characters) < 0)) continue;
    last.lines.push(line);
  }
  return { stretches, isCut: false };
}
