/**
 * Full-text search over the apps of catalogs, in memory. Each catalog has an index of its own; all
 * share a vocabulary, which a query is compared with once. All words of a query must match.
 */

import { FIELD_BITS, findFrom, type SearchIndex } from "./search_index.ts";
import { ONE_EDIT, PREFIX, TWO_EDITS, WAY_BITS, WHOLE, WITHIN } from "./search_match.ts";
import { queryWords } from "./search_words.ts";
import type { Matches, Vocabulary } from "./vocabulary.ts";

export { indexApps, type Searchable, type SearchIndex } from "./search_index.ts";

/** A query, compared with the words that the vocabulary had. */
export interface Query {
  /**
   * The score of each app of an index by its number; 0: it does not match. `undefined` if none
   * does. Higher is better. Depends on the app and the query alone, to the bit. No `await` may come
   * between {@link prepareQuery} and this: words get numbers, and lose them, meanwhile. All scores
   * of a query share buffers.
   */
  score(index: SearchIndex): Float32Array | undefined;
}

const FIELD_MASK = (1 << FIELD_BITS) - 1;
/** What a word of the name is worth if the query's word is that, or its beginning. */
const WHOLE_IN_NAME = 100, PREFIX_IN_NAME = 80;
/**
 * What a match is worth in the name, in a keyword, in the description and in a maintainer. A field
 * is worth more than those after it, and a typing error less than any match without. All are whole
 * numbers, so that their sums are exact in any order.
 */
const WORTH: readonly (readonly [way: number, worth: readonly number[]])[] = [
  [WHOLE, [WHOLE_IN_NAME, 60, 30, 16]],
  [PREFIX, [PREFIX_IN_NAME, 48, 24, 12]],
  [WITHIN, [50, 30, 0, 0]],
  [ONE_EDIT, [10, 6, 4, 2]],
  [TWO_EDITS, [5, 3, 2, 1]],
];
/** What the whole query is worth as the name, or as its beginning, on top of its words. */
const EXACT_NAME = 100, NAME_PREFIX = 50;

/** What a match is worth at best, by all ways in which it is one and by the field. */
const WORTHS = Float32Array.from({ length: 1 << WAY_BITS + FIELD_BITS }, (_, i) => {
  const ways = i >> FIELD_BITS, field = i & FIELD_MASK;
  return Math.max(0, ...WORTH.map(([way, worth]) => (ways & way) !== 0 ? worth[field]! : 0));
});

/**
 * An index is searched for the words that match if there are few, and else walked through. A search
 * takes as long as this many steps of a walk, roughly.
 */
const STEPS_OF_SEARCH = 16;
/** Scores that room is made for at once: a buffer for each index costs more than to fill it. */
const ROOM = 16_384;

/** Prepares a query against what the vocabulary has now; `undefined` if it has no word. */
export function prepareQuery(vocabulary: Vocabulary, text: string): Query | undefined {
  const words = queryWords(text);
  if (words.length === 0) return undefined;
  const matches = new Map(words.map((word) => [word, vocabulary.match(word)]));
  const inOrder = words.map((word) => matches.get(word)!);
  // The one that matches least is likely to have no match in an index, which ends it there.
  const rarestFirst = [...matches.values()].sort((a, b) => a.ids.length - b.ids.length);
  const leastOfName = (rarestFirst.length - 1) * WHOLE_IN_NAME + PREFIX_IN_NAME;
  /** Free room for scores, and what one word is worth by app: all 0, in between. */
  let room = new Float32Array(), used = 0, worths = new Float32Array();

  return {
    score(index) {
      const { count } = index;
      if (room.length < used + count) {
        room = new Float32Array(Math.max(ROOM, count));
        used = 0;
      }
      if (worths.length < count) worths = new Float32Array(count);
      const scores = new Float32Array(room.buffer, room.BYTES_PER_ELEMENT * used, count);
      for (const match of rarestFirst) {
        const isFirst = match === rarestFirst[0];
        const has = addWord(index, match, isFirst ? scores : worths) &&
          (isFirst || addWhereBoth(scores, worths));
        if (!has) {
          scores.fill(0);
          return undefined;
        }
      }
      let has = false;
      for (let app = 0; app < count; app++) {
        if (scores[app] === 0) continue;
        has = true;
        if (scores[app]! >= leastOfName) scores[app]! += worthAsName(index, inOrder, app);
      }
      if (!has) return undefined;
      used += count;
      return scores;
    },
  };
}

/** Sets what a query's word is worth in each app; `false` if none has a word that it matches. */
function addWord(index: SearchIndex, { ways, ids }: Matches, worths: Float32Array): boolean {
  const { words } = index;
  let has = false;
  if (ids.length * STEPS_OF_SEARCH < words.length) {
    for (let i = 0, place = 0; i < ids.length; i++) {
      place = findFrom(words, place, ids[i]!);
      if (words[place] !== ids[i]) continue;
      addPostings(index, place, ways[ids[i]!]!, worths);
      has = true;
    }
  } else {
    for (let place = 0; place < words.length; place++) {
      const way = ways[words[place]!]!;
      if (way === 0) continue;
      addPostings(index, place, way, worths);
      has = true;
    }
  }
  return has;
}

/** Sets what a place makes of a word, in apps where it is not worth more yet. */
function addPostings(
  { starts, postings }: SearchIndex,
  place: number,
  way: number,
  worths: Float32Array,
): void {
  for (let at = starts[place]!, end = starts[place + 1]!; at < end; at++) {
    const posting = postings[at]!, app = posting >>> FIELD_BITS;
    const worth = WORTHS[way << FIELD_BITS | posting & FIELD_MASK]!;
    if (worth > worths[app]!) worths[app] = worth;
  }
}

/** Adds what a word is worth, where both have something, and clears it. `false`: nowhere. */
function addWhereBoth(scores: Float32Array, worths: Float32Array): boolean {
  let has = false;
  for (let app = 0; app < scores.length; app++) {
    const both = scores[app] !== 0 && worths[app] !== 0;
    scores[app] = both ? scores[app]! + worths[app]! : 0;
    worths[app] = 0;
    has ||= both;
  }
  return has;
}

/** What the query, as it stands, is worth as an app's name. */
function worthAsName(
  { words, nameStarts, names }: SearchIndex,
  query: readonly Matches[],
  app: number,
): number {
  const start = nameStarts[app]!, length = nameStarts[app + 1]! - start;
  if (length < query.length) return 0;
  const wayOf = (i: number) => query[i]!.ways[words[names[start + i]!]!];
  const last = query.length - 1;
  for (let i = 0; i < last; i++) if (wayOf(i) !== WHOLE) return 0;
  const way = wayOf(last);
  if (way === WHOLE && length === query.length) return EXACT_NAME;
  return way === WHOLE || way === PREFIX ? NAME_PREFIX : 0;
}
