/**
 * Reads the YAML in which indexes are written, fast: block style, one item of a list at a time.
 *
 * The versions of a chart differ in a few lines, so each item is read along the one before it: a
 * field with the same text has the same value, which costs one comparison and is shared. What this
 * reader does not know for certain it refuses, for `js-yaml` to decide.
 */

import {
  Along,
  type Block,
  type Item,
  type Key,
  NO_FIELD,
  NO_KEY,
  NO_RUN,
  NOTHING,
} from "./along.ts";
import { detach } from "./detach.ts";
import {
  BACKSLASH,
  COLON,
  DASH,
  DOUBLE_QUOTE,
  HASH,
  NEWLINE,
  NOT_ASCII,
  NOT_CERTAIN,
  PLAIN_START,
  SINGLE_QUOTE,
  type Source,
  SPACE,
} from "./line_reader.ts";
import { GRAPHIC, ScalarReader } from "./scalar_reader.ts";
import { resolvePlain, type YamlNode } from "./yaml.ts";

/** Levels of nesting within an item that are read here. */
const MAX_DEPTH = 40;

/**
 * The item of a block sequence whose lines go from one offset to another. `undefined` if it is no
 * mapping, or has anything in it that is not known for certain: anchors, aliases, tags, flow
 * collections that are not empty, explicit keys, merge keys, duplicate keys, tabs in indentation,
 * or an error. `like`: an item that it may share fields with.
 */
export function readItem(
  source: Source,
  from: number,
  to: number,
  like: Item | undefined,
): Item | undefined {
  try {
    READER.begin(source, from, to);
    return READER.item(like);
  } catch (error) {
    if (error !== NOT_CERTAIN) throw error;
    return undefined;
  } finally {
    READER.forget();
  }
}

class ItemReader extends ScalarReader {
  /** The collection that was read last, or nothing after a scalar. */
  block = NOTHING;

  forget() {
    this.block = NOTHING;
    this.text = "";
    this.codes = NO_KEY.codes;
  }

  item(like: Item | undefined): Item {
    if (!this.atDash()) throw NOT_CERTAIN;
    const column = this.column + this.skipSpaces(this.pos + 1) - this.pos;
    this.pos += column - this.column;
    this.column = column;
    this.collection(column, 1, like ?? NOTHING, true);
    if (this.column !== -1) throw NOT_CERTAIN;
    return this.block as Item;
  }

  /** A mapping or a sequence, read along one that it may be much like. */
  collection(column: number, depth: number, last: Block, isMap: boolean): YamlNode {
    if (depth > MAX_DEPTH) throw NOT_CERTAIN;
    const along = new Along(last.column === column ? last : NOTHING);
    const { fields } = along;
    do {
      const start = this.pos;
      if (this.passKnown(along, start, column)) continue;
      along.endRun(this.text, start - column);
      let old = along.likely();
      let key = old.key, keyCodes = old.keyCodes;
      if (isMap && !this.passKey(keyCodes)) {
        ({ text: key, codes: keyCodes } = this.key());
        old = along.find(key);
      }
      along.take(old);
      const value = isMap
        ? this.value(column, depth, old.block)
        : this.entry(column, depth, old.block);
      const text = this.text.slice(start, this.lineStart());
      fields.push({ key, keyCodes, text, value, block: this.block, made: undefined });
    } while (this.column === column && (isMap || this.atDash()));
    if (this.column > column) throw NOT_CERTAIN;
    along.endRun(this.text, this.lineStart());
    const value = isMap ? along.map() : fields.map((field) => field.value);
    this.block = { column, value, fields, runs: along.runs };
    return value;
  }

  /** Passes fields that are here as they were in the other collection. */
  passKnown(along: Along, start: number, column: number): boolean {
    const likely = along.likely();
    if (likely === NO_FIELD) return false;
    const run = along.likelyRun();
    if (run !== NO_RUN && this.repeats(run.text, column)) along.passRun(run, start);
    else if (this.repeats(likely.text, column)) along.passTo(along.expected + 1, start);
    else return false;
    return true;
  }

  /** Where the line begins that was reached. */
  lineStart(): number {
    return this.column === -1 ? this.end : this.pos - this.column;
  }

  /** Whether the field here is one that has been read before, which is passed then. */
  repeats(field: string, column: number): boolean {
    const { text, codes, pos } = this;
    const next = pos + field.length;
    // Most that differ do so there, which is far sooner seen than by a comparison.
    const last = field.length - 2;
    if (next > this.end || last < 0 || codes[pos + last] !== codeAt(field, last)) return false;
    if (text.slice(pos, next) !== field) return false;
    if (next === this.end) {
      this.column = -1;
      this.pos = next;
      return true;
    }
    let at = next;
    while (codes[at] === SPACE) at++;
    // What is deeper, or blank, or a comment may go on with it; so may a dash below a key.
    const first = codes[at]!;
    if (at - next > column || PLAIN_START[first] !== 1) return false;
    if (first === DASH && at - next === column && codes[pos] !== DASH) return false;
    this.column = at - next;
    this.pos = at;
    return true;
  }

  /** Passes a key and its colon, if it is this one. */
  passKey(key: Uint8Array): boolean {
    const { codes, pos } = this;
    const { length } = key, end = pos + length;
    if (codes[end] !== COLON || length === 0 || !this.isBlank(end + 1)) return false;
    for (let i = 0; i < length; i++) if (codes[pos + i] !== key[i]) return false;
    this.pos = end + 1;
    return true;
  }

  /** Passes a key and its colon. */
  key(): Key {
    const { codes, pos } = this;
    const first = codes[pos]!;
    const end = first === DOUBLE_QUOTE || first === SINGLE_QUOTE
      ? this.quotedKeyEnd(first)
      : this.plainKeyEnd(pos);
    if (end === pos || codes[end] !== COLON || !this.isBlank(end + 1)) throw NOT_CERTAIN;
    this.pos = end + 1;
    const slot =
      (first * 31 + codes[end - 1]! * 7 + codes[pos + end >> 1]! * 13 + (end - pos) * 17) & 511;
    const known = KEYS[slot]!;
    if (known.codes.length === end - pos) {
      let at = pos;
      while (at < end && codes[at] === known.codes[at - pos]) at++;
      if (at === end) return known;
    }
    const key = this.newKey(pos, end);
    if (end - pos <= MAX_KNOWN_KEY) KEYS[slot] = key;
    return key;
  }

  newKey(start: number, end: number): Key {
    const { codes } = this;
    const first = codes[start]!;
    let text = this.text.slice(start, end);
    if (first === DOUBLE_QUOTE || first === SINGLE_QUOTE) text = text.slice(1, -1);
    else if (PLAIN_START[first] !== 1 || first === DASH && this.isBlank(start + 1)) {
      throw NOT_CERTAIN;
    } else if (codes[end - 1] === SPACE || resolvePlain(text) === null) throw NOT_CERTAIN;
    if (text === "__proto__") throw NOT_CERTAIN;
    // The codes do not tell one character from another there.
    const written = codes.slice(start, end);
    return { text: detach(text), codes: written.includes(NOT_ASCII) ? NO_KEY.codes : written };
  }

  /** Where a key in quotes ends, if it is written as it reads. */
  quotedKeyEnd(quote: number): number {
    const { text, codes, pos } = this;
    const close = text.indexOf(text[pos]!, pos + 1);
    if (close === -1 || codes[close + 1] === quote) throw NOT_CERTAIN;
    for (let at = pos + 1; at < close; at++) {
      if (codes[at]! < SPACE || codes[at] === BACKSLASH) throw NOT_CERTAIN;
    }
    return close + 1;
  }

  /** Where a plain scalar ends that may be a key: most are of a few letters. */
  plainKeyEnd(start: number): number {
    const { codes } = this;
    let end = start;
    while (GRAPHIC[codes[end]!] === 1) end++;
    return codes[end] === COLON && this.isBlank(end + 1) ? end : this.plainEnd(start);
  }

  /** What follows a key's colon. */
  value(column: number, depth: number, like: Block): YamlNode {
    this.block = NOTHING;
    const pos = this.pos = this.skipSpaces(this.pos);
    const first = this.codes[pos];
    if (first !== NEWLINE && first !== HASH) return this.scalar(column);
    this.toNextLine(pos);
    if (this.column > column) return this.nested(depth, like);
    return this.column === column && this.atDash()
      ? this.collection(column, depth, like, false)
      : null;
  }

  /** A collection that begins in a line of its own. */
  nested(depth: number, like: Block): YamlNode {
    return this.collection(this.column, depth + 1, like, !this.atDash());
  }

  /** What follows a dash. */
  entry(column: number, depth: number, like: Block): YamlNode {
    const { codes } = this;
    this.block = NOTHING;
    const pos = this.skipSpaces(this.pos + 1);
    const first = codes[pos]!;
    if (first === NEWLINE || first === HASH) {
      this.toNextLine(pos);
      return this.column > column ? this.nested(depth, like) : null;
    }
    const inner = column + pos - this.pos;
    this.pos = pos;
    if (PLAIN_START[first] === 1) {
      if (first === DASH && this.isBlank(pos + 1)) throw NOT_CERTAIN;
      const end = this.plainKeyEnd(pos);
      return codes[end] === COLON
        ? this.collection(inner, depth + 1, like, true)
        : this.plainTo(end, column);
    }
    return this.scalar(column);
  }
}

/** One for all, since it reads an item in one go. */
const READER = new ItemReader();

function codeAt(text: string, at: number): number {
  return Math.min(text.charCodeAt(at), NOT_ASCII);
}

/** Keys that came before, by a few of their codes. */
const MAX_KNOWN_KEY = 64;
const KEYS: Key[] = Array(512).fill(NO_KEY);
