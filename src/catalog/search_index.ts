/** The words of a catalog's apps, and where they stand, in numbers. */

import type { Turn } from "../turn.ts";
import { listWords, queryWords, textWords } from "./search_words.ts";
import type { Vocabulary } from "./vocabulary.ts";

/** What a search looks at in one app. */
export interface Searchable {
  name: string;
  keywords: readonly string[];
  description: string;
  maintainers: readonly string[];
}

type Numbers = Uint16Array | Uint32Array;

/** Words of one catalog's apps, and where they stand. */
export interface SearchIndex {
  /** How many apps it has. */
  readonly count: number;
  /** Bytes in memory, its new words' included. */
  readonly bytes: number;
  /** Its words' numbers in the vocabulary, ascending. They are kept as long as the index lives. */
  readonly words: Uint32Array;
  /** Where the postings of each of `words` begin; one more for where the last one's end. */
  readonly starts: Numbers;
  /** An app's number and, in the lowest {@link FIELD_BITS}, the best field in which the word is. */
  readonly postings: Numbers;
  /** Where each app's name begins in `names`; one more for where the last one ends. */
  readonly nameStarts: Numbers;
  /** The words of names, in order, as places in `words`. */
  readonly names: Numbers;
}

/** The fields in which a word may be, the best first. */
const NAME = 0, KEYWORD = 1, DESCRIPTION = 2, MAINTAINER = 3;
export const FIELD_BITS = 2;

/** Bytes that V8 takes for an index apart from its numbers; measured. */
const INDEX_BYTES = 800;

/** A word of an index that is being built. */
interface Entry {
  readonly word: string;
  /** In the vocabulary. */
  id: number;
  /** In the index. */
  place: number;
  readonly postings: number[];
}

/** Builds the index of a catalog. Apps are numbered as they come. `turn`: taken from time to time. */
export async function indexApps(
  vocabulary: Vocabulary,
  apps: Iterable<Searchable>,
  turn: Turn,
): Promise<SearchIndex> {
  const byWord = new Map<string, Entry>(), names: Entry[][] = [];
  for (const { name, keywords, description, maintainers } of apps) {
    const due = turn();
    if (due !== undefined) await due;
    const app = names.length;
    names.push(queryWords(name).map((word) => addPosting(byWord, word, app, NAME)));
    for (const word of listWords(keywords)) addPosting(byWord, word, app, KEYWORD);
    for (const word of textWords(description)) addPosting(byWord, word, app, DESCRIPTION);
    for (const word of listWords(maintainers)) addPosting(byWord, word, app, MAINTAINER);
  }
  const entries = [...byWord.values()];
  const index = allocate(vocabulary, entries, names);
  await turn();
  place(index, entries);
  await turn();
  fill(index, entries, names);
  return index;
}

/** Adds an app to those that have a word, unless it has the word in a better field. */
function addPosting(byWord: Map<string, Entry>, word: string, app: number, field: number): Entry {
  const known = byWord.get(word), posting = app << FIELD_BITS | field;
  if (known === undefined) {
    const entry = { word, id: -1, place: -1, postings: [posting] };
    byWord.set(word, entry);
    return entry;
  }
  const { postings } = known;
  if (postings[postings.length - 1]! >>> FIELD_BITS !== app) postings.push(posting);
  return known;
}

/** Numbers the words. There is no `await` before the index is there, with which they are released. */
function allocate(
  vocabulary: Vocabulary,
  entries: readonly Entry[],
  names: readonly Entry[][],
): SearchIndex {
  const before = vocabulary.bytes;
  for (const entry of entries) entry.id = vocabulary.acquire(entry.word);
  const postingCount = entries.reduce((sum, { postings }) => sum + postings.length, 0);
  const nameCount = names.reduce((sum, name) => sum + name.length, 0);
  const most = Math.max(names.length << FIELD_BITS, postingCount, nameCount);
  const Unsigned = most < 2 ** 16 ? Uint16Array : Uint32Array;
  const numberCount = entries.length + 1 + postingCount + names.length + 1 + nameCount;
  // One buffer for all: each has an overhead that is no less than most of these arrays.
  const wordBytes = entries.length * Uint32Array.BYTES_PER_ELEMENT;
  const buffer = new ArrayBuffer(wordBytes + numberCount * Unsigned.BYTES_PER_ELEMENT);
  let end = wordBytes;
  const take = (length: number): Numbers => {
    const numbers = new Unsigned(buffer, end, length);
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
  for (let i = 0; i < entries.length; i++) index.words[i] = entries[i]!.id;
  vocabulary.releaseAfter(index, index.words);
  return index;
}

/** Sorts the words, and says where the postings of each are to be. */
function place({ words, starts }: SearchIndex, entries: readonly Entry[]): void {
  words.sort();
  for (const entry of entries) {
    entry.place = findFrom(words, 0, entry.id);
    starts[entry.place + 1] = entry.postings.length;
  }
  for (let i = 0; i < words.length; i++) starts[i + 1]! += starts[i]!;
}

function fill(
  index: SearchIndex,
  entries: readonly Entry[],
  names: readonly Entry[][],
): void {
  for (const { place, postings } of entries) {
    let at = index.starts[place]!;
    for (const posting of postings) index.postings[at++] = posting;
  }
  let at = 0;
  names.forEach((name, app) => {
    for (const { place } of name) index.names[at++] = place;
    index.nameStarts[app + 1] = at;
  });
}

/** The place, at or after `from`, of a number or of the first one above it. */
export function findFrom(ascending: Uint32Array, from: number, number: number): number {
  let low = from, high = ascending.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ascending[middle]! < number) low = middle + 1;
    else high = middle;
  }
  return low;
}
