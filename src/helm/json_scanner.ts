/** Finds the charts in an index that is written in JSON, and reads them. */

import { type ChartText, checkLength, Rest, type Scanner } from "./scanner.ts";
import { MAX_DEPTH, PlainScalar, setOwn, type YamlMap, type YamlNode } from "./yaml.ts";

const TAB = 9, NEWLINE = 10, SPACE = 32, QUOTE = 34, COMMA = 44, COLON = 58, BACKSLASH = 92;
const OPEN_BRACKET = 91, CLOSE_BRACKET = 93, OPEN_BRACE = 123, CLOSE_BRACE = 125;

/** What a token may be, as bits; and that by what it begins with, where that is no number or word. */
const A_VALUE = 1, A_KEY = 2, A_COLON = 4, A_COMMA = 8, A_CLOSE = 16;
const ROLES = new Uint8Array(128);
ROLES[OPEN_BRACE] = ROLES[OPEN_BRACKET] = A_VALUE;
ROLES[CLOSE_BRACE] = ROLES[CLOSE_BRACKET] = A_CLOSE;
ROLES[QUOTE] = A_VALUE | A_KEY;
ROLES[COLON] = A_COLON;
ROLES[COMMA] = A_COMMA;

/** How many brackets the pairs of the document, those of `entries` and a chart's items are in. */
const DOCUMENT = 1, ENTRIES = 2, CHART = 3;

/**
 * Finds charts by brackets, as long as all is JSON to the letter, which YAML reads the same way.
 * From the first token on that is not, nothing is cut out: what a bracket, a comma or a quote is
 * there, only a reader of all YAML can tell.
 */
export class JsonScanner implements Scanner {
  readonly rest = new Rest();
  #text = "";
  #pending = "";
  /** Where what is not given away yet begins, and where the last token ended. */
  #mark = 0;
  #at = 0;
  #asAWhole = false;
  /** What the next token may be, and what closes the brackets that are open. */
  #next = A_VALUE;
  #closers: number[] = [];
  /** The last key of the document. */
  #key = "";
  /** The chart under way, which begins at the mark; it goes on up to the next one. */
  #name: string | undefined;
  #items: number[] = [];

  *push(text: string): Generator<ChartText> {
    this.#pending += text;
    // Joined only when that has doubled, so that a large chart does not cost its square.
    if (this.#pending.length < this.#text.length - this.#mark) return;
    yield* this.#scan();
    checkLength(this.#text.length - this.#mark);
  }

  *end(): Generator<ChartText> {
    yield* this.#scan();
    this.#keep(this.#text.length);
    // JSON has no merge: `"<<"` in quotes is a key like any other.
    this.rest.merges = this.#asAWhole && this.rest.text.includes("<<");
  }

  *#scan(): Generator<ChartText> {
    const text = this.#text = this.#text.slice(this.#mark) + this.#pending;
    this.#pending = "";
    this.#at -= this.#mark;
    this.#mark = 0;
    while (!this.#asAWhole) {
      const start = spaceEnd(text, this.#at);
      const end = tokenEnd(text, start);
      if (end === -1) break;
      const char = text.charCodeAt(start);
      const depth = this.#closers.length;
      if (!this.#accept(char, start, end)) this.#asAWhole = true;
      else if (depth <= CHART) {
        const chart = this.#follow(char, depth, start, end);
        if (chart !== undefined) yield chart;
      }
      this.#at = end;
    }
    if (this.#asAWhole) this.#keep(text.length);
    else if (this.#name === undefined) this.#keep(this.#at);
  }

  /** Passes a token; `false` if JSON has no such token, or not here. */
  #accept(char: number, start: number, end: number): boolean {
    const closers = this.#closers;
    const isWord = !ROLES[char];
    if ((this.#next & (isWord ? A_VALUE : ROLES[char]!)) === 0) return false;
    if (isWord && parseJson(this.#text.slice(start, end)) === undefined) return false;
    if (char === OPEN_BRACE || char === OPEN_BRACKET) {
      this.#next = (char === OPEN_BRACE ? A_KEY : A_VALUE) | A_CLOSE;
      return closers.push(char === OPEN_BRACE ? CLOSE_BRACE : CLOSE_BRACKET) < MAX_DEPTH;
    }
    if (ROLES[char] === A_CLOSE && closers.pop() !== char) return false;
    if (char === COLON) this.#next = A_VALUE;
    else if (char === COMMA) this.#next = closers.at(-1) === CLOSE_BRACE ? A_KEY : A_VALUE;
    else if ((this.#next & A_KEY) !== 0 && char === QUOTE) this.#next = A_COLON;
    else this.#next = closers.length > 0 ? A_COMMA | A_CLOSE : 0;
    return true;
  }

  /** Notes where charts and their items begin and end; gives the chart that ends before a token. */
  #follow(char: number, depth: number, start: number, end: number): ChartText | undefined {
    const key = this.#next === A_COLON ? this.#text.slice(start, end) : undefined;
    if (depth === DOCUMENT) this.#key = key ?? this.#key;
    else if (depth === ENTRIES && this.#key === '"entries"') {
      if (key !== undefined || char === CLOSE_BRACE) return this.#nextPair(start, key);
      if (char !== COLON && char !== OPEN_BRACKET && char !== COMMA) this.#name = undefined;
    } else if (depth === CHART && this.#name !== undefined) {
      if (char !== COMMA && char !== CLOSE_BRACKET) this.#items.push(start - this.#mark);
      else if (this.#items.length % 2 === 1) this.#items.push(this.#at - this.#mark);
    }
    return undefined;
  }

  /** Ends a pair of `entries`, which may be a chart, and begins one if there is a key. */
  #nextPair(start: number, key: string | undefined): ChartText | undefined {
    const name = this.#name, items = this.#items;
    const text = this.#text.slice(this.#mark, start);
    if (name === undefined) this.#keep(start);
    this.#mark = start;
    this.#items = [];
    this.#name = key && parseJson(key) as string | undefined;
    this.#asAWhole = key !== undefined && this.#name === undefined;
    checkLength(text.length);
    return name === undefined ? undefined : { name, text, items };
  }

  /** Leaves what comes before an offset to be read as a whole. */
  #keep(to: number) {
    const text = this.#text.slice(this.#mark, to);
    if (text !== "") this.rest.add(text);
    this.#mark = to;
  }
}

function spaceEnd(text: string, from: number): number {
  for (let pos = from;; pos++) {
    const char = text.charCodeAt(pos);
    if (char !== SPACE && char !== NEWLINE && char !== TAB) return pos;
  }
}

/** Where a token ends; -1 if that is still to come. */
function tokenEnd(text: string, start: number): number {
  const char = text.charCodeAt(start);
  if (char === QUOTE) return stringEnd(text, start);
  let end = start + 1;
  if (ROLES[char]) return end;
  while (text.charCodeAt(end) > SPACE && !ROLES[text.charCodeAt(end)]) end++;
  return end < text.length ? end : -1;
}

function stringEnd(text: string, start: number): number {
  for (let quote = start;;) {
    quote = text.indexOf('"', quote + 1);
    let before = quote - 1;
    while (text.charCodeAt(before) === BACKSLASH) before--;
    if (quote === -1) return -1;
    if ((quote - before) % 2 === 1) return quote + 1;
  }
}

/** What a JSON text stands for; `undefined` if it is none. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * The node that a JSON text stands for; `undefined` if that is not certain: it is no JSON, has a
 * key twice in an object, nests too deeply, or has a number, whose source text would be lost.
 */
export function readJson(text: string): YamlNode | undefined {
  const value = parseJson(text);
  if (value === undefined) return undefined;
  const tally = { keys: 0 };
  const node = toNode(value, tally, 1);
  // Each key in the text counts, and maybe more within strings: it is less if one was there twice.
  return tally.keys === (text.match(/"\s*:/g)?.length ?? 0) ? node : undefined;
}

/** Makes a parsed value a node, in place; its keys become NaN if there is no node for it. */
function toNode(value: unknown, tally: { keys: number }, depth: number): YamlNode {
  if (typeof value === "boolean") return new PlainScalar(String(value), value);
  if (typeof value === "number" || depth === MAX_DEPTH) tally.keys = NaN;
  else if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) value[i] = toNode(value[i], tally, depth + 1);
  } else if (typeof value === "object" && value !== null) {
    const map = value as YamlMap;
    for (const key of Object.keys(map)) {
      tally.keys++;
      if (typeof map[key] !== "string") setOwn(map, key, toNode(map[key], tally, depth + 1));
    }
  }
  return value as YamlNode;
}
