/**
 * Full-text search over the apps of catalogs, in memory. Each catalog has an index of its own; their
 * words have numbers in a vocabulary that all share. All words of a query must match.
 */

import type { Turn } from "../turn.ts";
import { ALL_MATCHES, ONE_EDIT, PREFIX, TWO_EDITS, WHOLE, WITHIN } from "./search_match.ts";
import { wordsOf } from "./search_words.ts";
import type { Matches, Vocabulary } from "./vocabulary.ts";

/** What a search looks at in one app. */
export interface Searchable {
  name: string;
  keywords: readonly string[];
  description: string;
  maintainers: readonly string[];
}

type Numbers = Uint16Array | Uint32Array;

/** Words of one catalog's apps, and where they stand. Its words keep their numbers while it lives. */
export interface SearchIndex {
  /** How many apps it has. */
  readonly count: number;
  /** Bytes in memory, its new words' included. */
  readonly bytes: number;
  /** Its words' numbers in the vocabulary, ascending. */
  readonly words: Uint32Array;
  /** By a word's place in `words`: where its postings begin; one more for where the last one's end. */
  readonly starts: Numbers;
  /** An app's number and, in the lowest {@link FIELD_BITS}, the fields in which the word stands. */
  readonly postings: Numbers;
  /** By an app's number: where its name begins in `names`; one more for where the last one ends. */
  readonly nameStarts: Numbers;
  /** The words of names, in order, as places in `words`. */
  readonly names: Numbers;
}

/** A query, compared with the words that the vocabulary had. */
export interface Query {
  /**
   * The score of each app of an index by its number; 0: it does not match. `undefined` if none
   * does. Higher is better. Depends on the app and the query alone, to the bit. No `await` may come
   * between {@link prepareQuery} and this: words get numbers, and lose them, meanwhile.
   */
  score(index: SearchIndex): Float32Array | undefined;
}

/** Characters and words of a query, and of a name, that are used. */
const MAX_QUERY = 200, MAX_QUERY_WORDS = 32;
/** Words that are used of a description, of an app's keywords and of its maintainers. */
const MAX_WORDS = 500;
/** Keywords, and maintainers, of an app that are used. */
const MAX_ITEMS = 64;

const NAME = 1, KEYWORD = 2, DESCRIPTION = 4, MAINTAINER = 8;
const FIELD_BITS = 4, FIELDS = (1 << FIELD_BITS) - 1;

/** What a name whose words a query has in order has at least, for each word and for the last. */
const WHOLE_IN_NAME = 100, PREFIX_IN_NAME = 80;
/**
 * What a word's match is worth by the way it matches, in each field. A field is worth more than
 * those below it, and a typing error less than any match without. All are whole numbers: their sums
 * are exact in any order.
 */
const WORTH: readonly (readonly [way: number, worth: Readonly<Record<number, number>>])[] = [
  [WHOLE, { [NAME]: WHOLE_IN_NAME, [KEYWORD]: 60, [DESCRIPTION]: 30, [MAINTAINER]: 16 }],
  [PREFIX, { [NAME]: PREFIX_IN_NAME, [KEYWORD]: 48, [DESCRIPTION]: 24, [MAINTAINER]: 12 }],
  [WITHIN, { [NAME]: 50, [KEYWORD]: 30 }],
  [ONE_EDIT, { [NAME]: 10, [KEYWORD]: 6, [DESCRIPTION]: 4, [MAINTAINER]: 2 }],
  [TWO_EDITS, { [NAME]: 5, [KEYWORD]: 3, [DESCRIPTION]: 2, [MAINTAINER]: 1 }],
];
/** What the whole query is worth as the name, or as its beginning, on top of its words. */
const EXACT_NAME = 100, NAME_PREFIX = 50;

/** What a match is worth: by all ways in which a word matches and, below, all fields it is in. */
const WORTHS = new Float32Array(ALL_MATCHES << FIELD_BITS);
for (let i = 0; i < WORTHS.length; i++) {
  for (const [way, worth] of WORTH) {
    if (((i >> FIELD_BITS) & way) === 0) continue;
    for (const [field, value] of Object.entries(worth)) {
      if ((i & Number(field)) !== 0) WORTHS[i] = Math.max(WORTHS[i]!, value);
    }
  }
}

/**
 * An index is searched for the words that match if there are few, and else walked through. A search
 * takes as long as this many steps of a walk, roughly.
 */
const STEPS_OF_SEARCH = 16;
/** Scores that room is made for at once: a buffer for each index costs more than to fill it. */
const ROOM = 16_384;
/** Bytes that V8 takes for an index apart from its numbers. */
const INDEX_BYTES = 800;

/** A word of an index that is being built. */
interface Entry {
  word: string;
  /** In the vocabulary. */
  id: number;
  /** In the index. */
  place: number;
  postings: number[];
}

/** Builds the index of a catalog. `turn` is awaited from time to time. Apps are numbered as they come. */
export async function indexApps(
  vocabulary: Vocabulary,
  apps: Iterable<Searchable>,
  turn: Turn,
): Promise<SearchIndex> {
  const entries = new Map<string, Entry>(), names: Entry[][] = [];
  for (const { name, keywords, description, maintainers } of apps) {
    const due = turn();
    if (due !== undefined) await due;
    const app = names.length;
    names.push(queryWords(name).map((word) => addPosting(entries, word, app, NAME)));
    for (const word of listWords(keywords)) addPosting(entries, word, app, KEYWORD);
    for (const word of wordsOf(description, MAX_WORDS)) addPosting(entries, word, app, DESCRIPTION);
    for (const word of listWords(maintainers)) addPosting(entries, word, app, MAINTAINER);
  }
  return pack(vocabulary, [...entries.values()], names);
}

function queryWords(text: string): string[] {
  return wordsOf(text.slice(0, MAX_QUERY), MAX_QUERY_WORDS);
}

function listWords(items: readonly string[]): string[] {
  return wordsOf(items.slice(0, MAX_ITEMS).join("\n"), MAX_WORDS);
}

function addPosting(entries: Map<string, Entry>, word: string, app: number, field: number): Entry {
  const known = entries.get(word), posting = app << FIELD_BITS | field;
  if (known === undefined) {
    const entry = { word, id: -1, place: -1, postings: [posting] };
    entries.set(word, entry);
    return entry;
  }
  const { postings } = known, last = postings.length - 1;
  if (postings[last]! >>> FIELD_BITS === app) postings[last]! |= field;
  else postings.push(posting);
  return known;
}

/** Numbers the words and puts all in one buffer. Without an `await`: nothing is numbered in vain. */
function pack(
  vocabulary: Vocabulary,
  entries: readonly Entry[],
  names: readonly Entry[][],
): SearchIndex {
  const before = vocabulary.bytes;
  for (const entry of entries) entry.id = vocabulary.acquire(entry.word);
  const postingCount = entries.reduce((sum, { postings }) => sum + postings.length, 0);
  const nameCount = names.reduce((sum, name) => sum + name.length, 0);
  const most = Math.max(names.length << FIELD_BITS, postingCount, nameCount);
  const Numbers = most < 2 ** 16 ? Uint16Array : Uint32Array;
  const numberCount = entries.length + 1 + postingCount + names.length + 1 + nameCount;
  const wordBytes = entries.length * Uint32Array.BYTES_PER_ELEMENT;
  const buffer = new ArrayBuffer(wordBytes + numberCount * Numbers.BYTES_PER_ELEMENT);
  let end = wordBytes;
  const take = (length: number): Numbers => {
    const numbers = new Numbers(buffer, end, length);
    end += numbers.byteLength;
    return numbers;
  };
  const index = {
    count: names.length,
    bytes: INDEX_BYTES + buffer.byteLength + vocabulary.bytes - before,
    words: new Uint32Array(buffer, 0, entries.length),
    starts: take(entries.length + 1),
    postings: take(postingCount),
    nameStarts: take(names.length + 1),
    names: take(nameCount),
  };
  const { words, starts, postings } = index;
  for (let i = 0; i < entries.length; i++) words[i] = entries[i]!.id;
  words.sort();
  for (const entry of entries) {
    entry.place = findFrom(words, 0, entry.id);
    starts[entry.place + 1] = entry.postings.length;
  }
  for (let place = 0; place < words.length; place++) starts[place + 1]! += starts[place]!;
  for (const entry of entries) {
    let at = starts[entry.place]!;
    for (const posting of entry.postings) postings[at++] = posting;
  }
  let at = 0;
  names.forEach((name, app) => {
    for (const { place } of name) index.names[at++] = place;
    index.nameStarts[app + 1] = at;
  });
  vocabulary.releaseAfter(index, index.words);
  return index;
}

/** Prepares a query against what the vocabulary has now; `undefined` if it has no word. */
export function prepareQuery(vocabulary: Vocabulary, text: string): Query | undefined {
  const words = queryWords(text);
  if (words.length === 0) return undefined;
  const matches = words.map((word) => vocabulary.match(word));
  // The one that matches least is likely to have no match in an index, which ends it there.
  const rarestFirst = matches.toSorted((a, b) => a.ids.length - b.ids.length);
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
        const has = addWord(index, match, isFirst ? scores : worths);
        if (has && !isFirst) addWhereBoth(scores, worths);
        if (!has) {
          scores.fill(0);
          return undefined;
        }
      }
      if (!addNames(index, matches, scores)) return undefined;
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
      if (place === words.length) break;
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

/** The place of the first number at or after `from` that is not less. */
function findFrom(ascending: Uint32Array, from: number, number: number): number {
  let low = from, high = ascending.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ascending[middle]! < number) low = middle + 1;
    else high = middle;
  }
  return low;
}

function addPostings(
  { starts, postings }: SearchIndex,
  place: number,
  way: number,
  worths: Float32Array,
): void {
  for (let at = starts[place]!, end = starts[place + 1]!; at < end; at++) {
    const posting = postings[at]!, app = posting >>> FIELD_BITS;
    const worth = WORTHS[way << FIELD_BITS | posting & FIELDS]!;
    if (worth > worths[app]!) worths[app] = worth;
  }
}

/** Adds what a word is worth, where there is something on both sides, and clears it. */
function addWhereBoth(scores: Float32Array, worths: Float32Array): void {
  for (let app = 0; app < scores.length; app++) {
    scores[app] = scores[app] === 0 || worths[app] === 0 ? 0 : scores[app]! + worths[app]!;
    worths[app] = 0;
  }
}

/** Adds what the whole query is worth as a name; `false` if no app has a score. */
function addNames(
  index: SearchIndex,
  query: readonly Matches[],
  scores: Float32Array,
): boolean {
  const least = (query.length - 1) * WHOLE_IN_NAME + PREFIX_IN_NAME;
  let has = false;
  for (let app = 0; app < scores.length; app++) {
    if (scores[app] === 0) continue;
    if (scores[app]! >= least) scores[app]! += worthAsName(index, query, app);
    has = true;
  }
  return has;
}

function worthAsName(
  { words, nameStarts, names }: SearchIndex,
  query: readonly Matches[],
  app: number,
): number {
  const start = nameStarts[app]!, length = nameStarts[app + 1]! - start;
  if (length < query.length) return 0;
  const wayOf = (i: number) => query[i]!.ways[words[names[start + i]!]!]!;
  const last = query.length - 1;
  for (let i = 0; i < last; i++) if (wayOf(i) !== WHOLE) return 0;
  const way = wayOf(last);
  if (way === WHOLE && length === query.length) return EXACT_NAME;
  return way === WHOLE || way === PREFIX ? NAME_PREFIX : 0;
}
