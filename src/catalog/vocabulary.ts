/**
 * The words of all catalogs, numbered. An index holds numbers, and a query is compared with each
 * word once, however many catalogs it is in.
 */

import { detach } from "../helm/detach.ts";
import { stringBytes } from "./sizes.ts";
import { editsAllowed, matchWord, MIN_WITHIN, PREFIX, WHOLE } from "./search_match.ts";

/** How a query's word matches the words that there are. */
export interface Matches {
  /** By a word's number: the ways in which it matches; 0: it does not. */
  readonly ways: Uint8Array;
  /** The numbers of those that match, ascending. */
  readonly ids: readonly number[];
}

export interface Vocabulary {
  /** How many words are in use. */
  readonly size: number;
  /** Bytes that these take in memory, roughly. */
  readonly bytes: number;
  /** Numbers a word, or counts one more use of it. */
  acquire(word: string): number;
  /** Takes back a use of each of these; a word without any loses its number to another. */
  release(ids: Iterable<number>): void;
  /** Releases words once `user` is unreachable: until then they keep their numbers. */
  releaseAfter(user: object, ids: Uint32Array): void;
  /** Compares a query's word with all words; of use until one is acquired or released. */
  match(wanted: string): Matches;
}

/** Words by their numbers, and what tells most from a query's without a look at their letters. */
interface Words {
  readonly words: readonly string[];
  /** The codes of the first two letters, the first in {@link FIRST_LETTER}. */
  readonly heads: Int32Array;
  readonly lengths: Uint8Array;
  /** A bit for each letter that a word has. */
  readonly letters: Int32Array;
}

const FIRST_LETTER = 0xffff;
/** Words that there is room for at first. */
const FIRST_ROOM = 1_024;
/** Room grows by this factor. */
const GROWTH = 1.5;
/** Bytes for a word in the map and the arrays, with the room in which these grow. */
const ENTRY_BYTES = 68;

export function createVocabulary(): Vocabulary {
  const numbers = new Map<string, number>();
  const words: string[] = [];
  const free: number[] = [];
  let uses = new Uint32Array(FIRST_ROOM);
  let heads = new Int32Array(FIRST_ROOM);
  let lengths = new Uint8Array(FIRST_ROOM);
  let letters = new Int32Array(FIRST_ROOM);
  let bytes = 0;

  function number(word: string): number {
    const id = free.pop() ?? words.length;
    if (id === uses.length) {
      const room = Math.ceil(id * GROWTH);
      uses = grown(uses, new Uint32Array(room));
      heads = grown(heads, new Int32Array(room));
      lengths = grown(lengths, new Uint8Array(room));
      letters = grown(letters, new Int32Array(room));
    }
    const kept = detach(word);
    words[id] = kept;
    heads[id] = headOf(kept);
    lengths[id] = kept.length;
    letters[id] = lettersOf(kept);
    numbers.set(kept, id);
    bytes += bytesOf(kept);
    return id;
  }

  function release(ids: Iterable<number>) {
    for (const id of ids) {
      if (--uses[id]! > 0) continue;
      const word = words[id]!;
      numbers.delete(word);
      bytes -= bytesOf(word);
      words[id] = "";
      heads[id] = lengths[id] = letters[id] = 0;
      free.push(id);
    }
  }

  const registry = new FinalizationRegistry<Uint32Array>(release);

  return {
    get size() {
      return numbers.size;
    },
    get bytes() {
      return bytes;
    },
    acquire(word) {
      const id = numbers.get(word) ?? number(word);
      uses[id]!++;
      return id;
    },
    release,
    releaseAfter: (user, ids) => registry.register(user, ids),
    match: (wanted) => match(wanted, { words, heads, lengths, letters }),
  };
}

function match(wanted: string, all: Words): Matches {
  const ways = new Uint8Array(all.words.length);
  const ids = wanted.length < MIN_WITHIN
    ? matchBeginnings(wanted, all, ways)
    : matchLetters(wanted, all, ways);
  return { ways, ids };
}

/** Matches a word of one letter or two. */
function matchBeginnings(wanted: string, { heads, lengths }: Words, ways: Uint8Array): number[] {
  const ids: number[] = [], { length } = ways;
  const head = headOf(wanted), mask = wanted.length === 1 ? FIRST_LETTER : -1;
  for (let id = 0; id < length; id++) {
    if ((heads[id]! & mask) !== head) continue;
    ways[id] = lengths[id] === wanted.length ? WHOLE : PREFIX;
    ids.push(id);
  }
  return ids;
}

/** Matches a longer word. */
function matchLetters(
  wanted: string,
  { words, letters, lengths }: Words,
  ways: Uint8Array,
): number[] {
  const ids: number[] = [], { length } = ways;
  const wantedLetters = lettersOf(wanted), edits = editsAllowed(wanted);
  for (let id = 0; id < length; id++) {
    // Ends most cases; what is harder to foresee costs more, and comes later.
    const missing = wantedLetters & ~letters[id]!;
    if (without(edits, missing) !== 0) continue;
    if (missing !== 0) {
      const added = letters[id]! & ~wantedLetters, longer = lengths[id]! - wanted.length;
      if (longer > edits || without(edits, added) !== 0) continue;
    }
    const way = matchWord(wanted, words[id]!);
    if (way === 0) continue;
    ways[id] = way;
    ids.push(id);
  }
  return ids;
}

function grown<T extends Uint8Array | Uint32Array | Int32Array>(from: T, to: T): T {
  to.set(from);
  return to;
}

function headOf(word: string): number {
  return word.charCodeAt(0) | word.charCodeAt(1) << 16;
}

/** A bit for each letter of a word; some letters share one. */
function lettersOf(word: string): number {
  let bits = 0;
  for (let i = 0; i < word.length; i++) bits |= 1 << word.charCodeAt(i);
  return bits;
}

/** Bits without that many of those that are set: 2 or less. */
function without(count: number, bits: number): number {
  const less = count > 0 ? bits & (bits - 1) : bits;
  return count > 1 ? less & (less - 1) : less;
}

function bytesOf(word: string): number {
  return ENTRY_BYTES + stringBytes(word);
}
