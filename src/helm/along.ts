/** What a collection in block style was read as, and how the next one is read along it. */

import { NOT_CERTAIN } from "./line_reader.ts";
import { keepShape } from "./shapes.ts";
import type { YamlMap, YamlNode } from "./yaml.ts";

/** Fields of a mapping that are read along another: they are looked up one by one. */
const MAX_FIELDS = 256;

/** A key, and the codes of the characters that it is written with. */
export interface Key {
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
export interface Block {
  /** Where its lines begin. What is indented otherwise may read otherwise. */
  readonly column: number;
  readonly value: YamlNode;
  readonly fields: readonly Field[];
  /** Fields that did not change the last time, several in a row. */
  readonly runs: readonly Run[];
}

export interface Run {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

/** An item of a list. */
export interface Item extends Block {
  readonly value: YamlMap;
}

export const NO_KEY: Key = { text: "", codes: new Uint8Array() };
export const NOTHING: Block = { column: -1, value: null, fields: [], runs: [] };
export const NO_FIELD: Field = {
  key: "",
  keyCodes: NO_KEY.codes,
  text: "",
  value: "",
  block: NOTHING,
  made: undefined,
};
export const NO_RUN: Run = { from: -1, to: -1, text: "" };

/** The fields of a collection so far, and where the one is that it is read along. */
export class Along {
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
