/**
 * Reads the YAML in which indexes are written, fast: block style, one item of a list at a time.
 *
 * The versions of a chart differ in a few lines, so each item is read along the one before it: a
 * field with the same text has the same value, which costs one comparison and is shared. What this
 * reader does not know for certain it refuses, for `js-yaml` to decide.
 */

import { detach } from "./detach.ts";
import {
  BACKSLASH,
  COLON,
  DASH,
  DOUBLE_QUOTE,
  GRAPHIC,
  HASH,
  NEWLINE,
  NOT_ASCII,
  NOT_CERTAIN,
  PLAIN_START,
  ScalarReader,
  SINGLE_QUOTE,
  type Source,
  SPACE,
} from "./scalar_reader.ts";
import { keepShape } from "./shapes.ts";
import { resolvePlain, type YamlMap, type YamlNode } from "./yaml.ts";

/** A key, and the codes of the characters that it is written with. */
interface Key {
  readonly text: string;
  readonly codes: Uint8Array;
}

/** A field of a mapping, or an entry of a sequence. */
export interface Field {
  /** Empty in a sequence. */
  readonly key: string;
  readonly keyCodes: Uint8Array;
  /** From its key or dash to the next line with content that is not its own. */
  readonly text: string;
  readonly value: YamlNode;
  /** What it was read as, if it is a collection. */
  readonly block: Block;
  /** For the caller to keep what it made of the value. */
  made: unknown;
}

/** A block collection as it was read, so that one like it can be read along. */
interface Block {
  /** Where its lines begin. What is indented otherwise may read otherwise. */
  readonly column: number;
  readonly value: YamlNode;
  readonly fields: readonly Field[];
  /** Fields that did not change the last time, several in a row. */
  readonly runs: readonly Run[];
}

interface Run {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

/** An item of a list. */
export interface Item extends Block {
  readonly value: YamlMap;
}

/** Levels of nesting within an item that are read here. */
const MAX_DEPTH = 40;
/** Fields of a mapping that are read here: they are looked up one by one. */
const MAX_FIELDS = 256;

const NO_KEY: Key = { text: "", codes: new Uint8Array() };
const NOTHING: Block = { column: -1, value: null, fields: [], runs: [] };
const NO_FIELD: Field = {
  key: "",
  keyCodes: NO_KEY.codes,
  text: "",
  value: "",
  block: NOTHING,
  made: undefined,
};
const NO_RUN: Run = { from: -1, to: -1, text: "" };

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
  private block = NOTHING;

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
    return KEYS[slot] = this.newKey(pos, end);
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

/** The fields of a collection so far, and where the one is that it is read along. */
class Along {
  readonly fields: Field[] = [];
  readonly runs: Run[] = [];
  /** The field of the other that should come next. */
  expected = 0;
  readonly #like: Block;
  #nextRun = 0;
  /** Whether the fields so far have the keys of the other's, in its order. */
  #aligned = true;
  /** The run under way: its first field, where it begins, and which one it is if it is the same. */
  #from = -1;
  #start = 0;
  #run = NO_RUN;

  static {
    keepShape(new Along(NOTHING));
  }

  constructor(like: Block) {
    this.#like = like;
  }

  likely(): Field {
    const { fields } = this.#like;
    return this.expected < fields.length ? fields[this.expected]! : NO_FIELD;
  }

  /** The run that should come next. */
  likelyRun(): Run {
    const { runs } = this.#like;
    while (this.#nextRun < runs.length) {
      const run = runs[this.#nextRun]!;
      if (run.from === this.expected) return run;
      if (run.from > this.expected) break;
      this.#nextRun++;
    }
    return NO_RUN;
  }

  passRun(run: Run, start: number): void {
    if (this.#from === -1) this.#run = run;
    this.passTo(run.to, start);
  }

  /** Takes over the other's fields up to one. */
  passTo(to: number, start: number): void {
    if (this.#from === -1) {
      this.#from = this.fields.length;
      this.#start = start;
    }
    const { fields } = this.#like;
    while (this.expected < to) this.fields.push(fields[this.expected++]!);
  }

  /** Ends the run under way, if there is one, before an offset. */
  endRun(text: string, end: number): void {
    const from = this.#from, to = this.fields.length;
    if (from === -1) return;
    if (from === this.#run.from && to === this.#run.to) this.runs.push(this.#run);
    else if (to - from > 1) this.runs.push({ from, to, text: text.slice(this.#start, end) });
    this.#from = -1;
    this.#run = NO_RUN;
  }

  /** The other's field with a key that comes here, if it has one that has not come yet. */
  find(key: string): Field {
    const { fields } = this.#like;
    for (let i = this.expected; i < fields.length; i++) {
      if (fields[i]!.key !== key) continue;
      this.expected = i;
      return fields[i]!;
    }
    const twice = this.fields.some((field) => field.key === key);
    if (twice || this.fields.length > MAX_FIELDS) throw NOT_CERTAIN;
    return NO_FIELD;
  }

  /** Counts a field that came, which is `old` in the other. */
  take(old: Field): void {
    if (old !== NO_FIELD) this.expected++;
    this.#aligned &&= this.expected === this.fields.length + 1;
  }

  /** The mapping. With the keys of the other, in its order, a copy of that costs less. */
  map(): YamlMap {
    const like = this.#like, { fields } = this;
    if (!this.#aligned || fields.length !== like.fields.length) return mapOf(fields);
    const map = Object.assign({}, like.value as YamlMap);
    for (let i = 0; i < fields.length; i++) {
      const field = fields[i]!;
      if (field !== like.fields[i]) map[field.key] = field.value;
    }
    return map;
  }
}

function mapOf(fields: readonly Field[]): YamlMap {
  const map: YamlMap = {};
  for (const { key, value } of fields) map[key] = value;
  return map;
}

function codeAt(text: string, at: number): number {
  return Math.min(text.charCodeAt(at), NOT_ASCII);
}

/** Keys that came before, by a few of their codes. */
const KEYS: Key[] = Array(512).fill(NO_KEY);
