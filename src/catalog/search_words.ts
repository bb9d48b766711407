/** The words of a text. Lengths are in UTF-16 code units. */

/** Characters of a word that count. */
const MAX_WORD = 64;
/** Characters and words of a query, and of a name, that are used. */
const MAX_QUERY = 200, MAX_QUERY_WORDS = 12;
/** Words of a longer text that are used. */
const MAX_WORDS = 500;
/** Items of a list that are used. */
const MAX_ITEMS = 64;

/** Chinese, Japanese and Korean, written without spaces or with few. */
const UNSPACED = String.raw`[\p{scx=Hani}\p{scx=Hira}\p{scx=Kana}\p{scx=Hang}]`;
const LETTERS = String.raw`[\p{L}\p{N}]`;
/** Runs of letters and digits. Unspaced ones are runs of their own. */
const RUNS = new RegExp(`[${LETTERS}--${UNSPACED}]+|[${LETTERS}&&${UNSPACED}]+`, "gv");
const IS_UNSPACED = new RegExp(`^${UNSPACED}`, "v");
/** No unspaced letter is below; most text is. */
const FIRST_UNSPACED = 0x1100;

/** The words of a query, or of a name. */
export function queryWords(text: string): string[] {
  return wordsOf(text.slice(0, MAX_QUERY), MAX_QUERY_WORDS);
}

/** The words of a longer text. */
export function textWords(text: string): string[] {
  return wordsOf(text.slice(0, MAX_WORDS * (MAX_WORD + 1)), MAX_WORDS);
}

/** The words of all items of a list. */
export function listWords(items: readonly string[]): string[] {
  return textWords(items.slice(0, MAX_ITEMS).join("\n"));
}

/** The first `max` words of a text, in lower case; of an unspaced run, its pairs of letters. */
function wordsOf(text: string, max: number): string[] {
  const words: string[] = [];
  for (const run of text.toLowerCase().match(RUNS) ?? []) {
    if (run.charCodeAt(0) >= FIRST_UNSPACED && IS_UNSPACED.test(run)) words.push(...pairsOf(run));
    else words.push(run.length > MAX_WORD ? run.slice(0, MAX_WORD) : run);
    if (words.length >= max) return words.slice(0, max);
  }
  return words;
}

/** All overlapping pairs of a run's letters, or its only letter. */
function pairsOf(run: string): string[] {
  const letters = Array.from(run);
  if (letters.length === 1) return letters;
  return letters.slice(1).map((letter, i) => letters[i]! + letter);
}
