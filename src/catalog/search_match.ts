/** How well a word of a query matches a word of an app. Lengths are in UTF-16 code units. */

/** The query's word is the word. */
export const WHOLE = 1;
/** The word begins with it. */
export const PREFIX = 2;
/** It stands further on in the word. */
export const WITHIN = 4;
/** One edit makes it the word: a letter put in, left out or replaced, or two neighbours swapped. */
export const ONE_EDIT = 8;
/** Two edits do, and no letter has a part in both. */
export const TWO_EDITS = 16;
/** The bits of all ways in which a word may match. */
export const WAY_BITS = 5;

/** Letters from which on a query's word is looked for within words. */
export const MIN_WITHIN = 3;
/** Letters from which on it may have one typing error, and two. */
const MIN_ONE_EDIT = 5, MIN_TWO_EDITS = 9;

/** The ways in which a query's word matches; 0: it does not. A prefix needs no other way. */
export function matchWord(wanted: string, word: string): number {
  if (word.startsWith(wanted)) return word.length === wanted.length ? WHOLE : PREFIX;
  const within = wanted.length >= MIN_WITHIN && word.includes(wanted) ? WITHIN : 0;
  return within | matchWithEdits(wanted, word);
}

/** How many typing errors a query's word may have. */
export function editsAllowed(wanted: string): number {
  return Number(wanted.length >= MIN_ONE_EDIT) + Number(wanted.length >= MIN_TWO_EDITS);
}

function matchWithEdits(wanted: string, word: string): number {
  const edits = editsAllowed(wanted);
  if (Math.abs(wanted.length - word.length) > edits) return 0;
  if (edits >= 1 && isNear(wanted, 0, word, 0, 1)) return ONE_EDIT;
  return edits >= 2 && isNear(wanted, 0, word, 0, 2) ? TWO_EDITS : 0;
}

/** Whether that many edits or fewer make `a`, from `i` on, the same as `b` from `j` on. */
function isNear(a: string, i: number, b: string, j: number, edits: number): boolean {
  while (i < a.length && j < b.length && a.charCodeAt(i) === b.charCodeAt(j)) i++, j++;
  const restA = a.length - i, restB = b.length - j;
  if (restA === 0 || restB === 0) return restA + restB <= edits;
  if (edits === 0) return false;
  const isSwapped = a.charCodeAt(i) === b.charCodeAt(j + 1) &&
    a.charCodeAt(i + 1) === b.charCodeAt(j);
  return isNear(a, i + 1, b, j + 1, edits - 1) || isNear(a, i + 1, b, j, edits - 1) ||
    isNear(a, i, b, j + 1, edits - 1) ||
    (isSwapped && isNear(a, i + 2, b, j + 2, edits - 1));
}
