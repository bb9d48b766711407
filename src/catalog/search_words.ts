/** The words of a text. */

/** Characters of a word that count; UTF-16 code units, as all lengths here. */
const MAX_WORD = 64;

/** Runs of letters and digits; those of scripts that need no spaces are runs of their own. */
const RUNS =
  /[[\p{L}\p{N}]--[\p{scx=Hani}\p{scx=Hira}\p{scx=Kana}\p{scx=Hang}]]+|[[\p{L}\p{N}]&&[\p{scx=Hani}\p{scx=Hira}\p{scx=Kana}\p{scx=Hang}]]+/gv;
/** The beginning of a run in such a script: Chinese, Japanese or Korean. */
const UNSPACED = /^[\p{scx=Hani}\p{scx=Hira}\p{scx=Kana}\p{scx=Hang}]/v;
/** Where those scripts begin. Most text is below. */
const FIRST_UNSPACED = 0x1100;

/** At most the first `max` words of a text, in lower case; of a run without spaces, its pairs. */
export function wordsOf(text: string, max: number): string[] {
  const runs = text.slice(0, max * (MAX_WORD + 1)).toLowerCase().match(RUNS) ?? [];
  const words: string[] = [];
  for (const run of runs) {
    if (run.charCodeAt(0) >= FIRST_UNSPACED && UNSPACED.test(run)) words.push(...pairsOf(run));
    else words.push(run.length > MAX_WORD ? run.slice(0, MAX_WORD) : run);
    if (words.length >= max) return words.slice(0, max);
  }
  return words;
}

/** All overlapping pairs of a run's characters, or the only one. */
function pairsOf(run: string): string[] {
  const characters = Array.from(run);
  if (characters.length === 1) return characters;
  return characters.slice(1).map((character, i) => characters[i]! + character);
}
