/**
 * Colours of YAML and of Go templates, line by line: what a reader tells apart, not what a parser
 * must. Every step goes forward, so that no text takes longer than its length asks for.
 */

/** What a piece of a line is; `""`: nothing special. These are class names, short since many. */
export type TokenKind = "" | "c" | "k" | "s" | "n" | "b" | "a" | "t" | "p";

/** A piece of a line: comment, key, string, number, boolean or null, anchor, template, sign. */
export type Token = readonly [kind: TokenKind, text: string];

export type Grammar = "yaml" | "template" | "plain";

/** What a line leaves behind for the next one. */
interface State {
  /** Lines that are further in than this are of a block scalar. */
  block?: number | undefined;
  /** The quote of a string that goes on. */
  quote?: string | undefined;
  /** How a template action that goes on is coloured. */
  action?: TokenKind | undefined;
}

/** Pieces of all lines that are told apart: what is behind them has no colours. */
const MAX_PIECES = 60_000;

const TYPED = /^(?:[-+]?(?:\d[\d_]*(?:\.\d*)?(?:e[-+]?\d+)?|0x[\da-f]+|0o[0-7]+|\.inf)|\.nan)$/i;
const WORD = /^(?:true|false|yes|no|on|off|null|~)$/i;
const SIGNS = "{}[],";
/** Stands in the place of template actions while the rest of a line is looked at. */
const MASK = "\u{e000}";

/** How a file is coloured, by its name. */
export function grammarOf(name: string): Grammar {
  if (/^(charts\/[^/]+\/)*templates\//.test(name)) return "template";
  return /\.(ya?ml|json|lock)$/i.test(name) ? "yaml" : "plain";
}

/** Pieces of each line; whole lines past {@link MAX_PIECES}. */
export function tokensOf(lines: readonly string[], grammar: Grammar): Token[][] {
  const state: State = {};
  let left = grammar === "plain" ? 0 : MAX_PIECES;
  return lines.map((line) => {
    if (left <= 0) return [["", line]];
    const tokens = grammar === "template" ? templateLine(line, state) : yamlLine(line, state);
    left -= tokens.length;
    return merged(tokens);
  });
}

function templateLine(line: string, state: State): Token[] {
  const { masked, actions } = maskActions(line, state);
  return unmasked(line, yamlLine(masked, state), actions);
}

/** A line of YAML in pieces. Texts of the pieces are, one after the other, the line. */
function yamlLine(line: string, state: State): Token[] {
  const indent = line.length - line.trimStart().length;
  const isBlank = indent === line.length;
  if (state.quote !== undefined) return restOfString(line, state);
  if (state.block !== undefined) {
    if (isBlank || indent > state.block) return [["s", line]];
    state.block = undefined;
  }
  if (isBlank || line[indent] === "#") return [["c", line]];
  if (/^(---|\.\.\.)(\s|$)/.test(line)) return [["p", line.slice(0, 3)], ["c", line.slice(3)]];
  const tokens: Token[] = [["", line.slice(0, indent)]];
  let at = indent;
  while ((line[at] === "-" || line[at] === "?") && /^\s?$/.test(line[at + 1] ?? "")) {
    const end = skipSpace(line, at + 1);
    tokens.push(["p", line.slice(at, end)]);
    at = end;
  }
  const outer = tokens.length === 1 ? indent - 1 : at - 1;
  const colon = keyEnd(line, at);
  if (colon >= 0) {
    tokens.push(["k", line.slice(at, colon)], ["p", ":"]);
    value(line, colon + 1, at, state, tokens);
  } else value(line, at, outer > indent ? indent : outer, state, tokens);
  return tokens;
}

/** Where the colon behind a key is; -1: there is no key. */
function keyEnd(line: string, from: number): number {
  const first = line[from];
  if (first === undefined || "{[#&*!|>%@`".includes(first)) return -1;
  const isEnd = (at: number) => line[at] === ":" && /^\s?$/.test(line[at + 1] ?? "");
  if (first === '"' || first === "'") {
    const end = stringEnd(line, from + 1, first);
    const colon = end < 0 ? -1 : skipSpace(line, end);
    return colon >= 0 && isEnd(colon) ? colon : -1;
  }
  for (let at = from; at < line.length; at++) {
    if (isEnd(at)) return at;
    if (line[at] === "#" && /\s/.test(line[at - 1] ?? "")) return -1;
  }
  return -1;
}

/** What stands behind a key, a dash or nothing. `column`: of what it belongs to. */
function value(line: string, from: number, column: number, state: State, tokens: Token[]): void {
  let at = from;
  while (at < line.length) {
    const space = skipSpace(line, at);
    if (space > at) tokens.push(["", line.slice(at, space)]);
    at = space;
    const char = line[at];
    if (char === undefined) return;
    if (char === "#" && (at === 0 || /\s/.test(line[at - 1]!))) {
      tokens.push(["c", line.slice(at)]);
      return;
    }
    if ("&*!".includes(char)) {
      at = take("a", at, wordEnd(line, at + 1));
    } else if ((char === "|" || char === ">") && /^[-+\d]*\s*(#.*)?$/.test(line.slice(at + 1))) {
      state.block = column;
      at = take("p", at, wordEnd(line, at + 1));
    } else if (char === '"' || char === "'") {
      const end = stringEnd(line, at + 1, char);
      if (end < 0) state.quote = char;
      at = take("s", at, end < 0 ? line.length : end);
    } else if ("{[".includes(char)) {
      return flow(line, at, state, tokens);
    } else {
      const end = plainEnd(line, at);
      const text = line.slice(at, end);
      at = take(kindOf(text), at, end);
    }
  }

  function take(kind: TokenKind, start: number, end: number): number {
    tokens.push([kind, line.slice(start, end)]);
    return end;
  }
}

/** The rest of a line that is in braces. */
function flow(line: string, from: number, state: State, tokens: Token[]): void {
  let at = from;
  while (at < line.length) {
    const start = at, char = line[at]!;
    let kind: TokenKind = "";
    if (char === '"' || char === "'") {
      const end = stringEnd(line, at + 1, char);
      if (end < 0) state.quote = char;
      at = end < 0 ? line.length : end;
      kind = line[skipSpace(line, at)] === ":" ? "k" : "s";
    } else if (SIGNS.includes(char) || char === ":") {
      at++;
      kind = "p";
    } else if (/\s/.test(char)) at = skipSpace(line, at);
    else if (char === "#" && /\s/.test(line[at - 1] ?? "")) {
      at = line.length;
      kind = "c";
    } else {
      while (at < line.length && !SIGNS.includes(line[at]!) && !/[\s:]/.test(line[at]!)) at++;
      const text = line.slice(start, at);
      kind = line[skipSpace(line, at)] === ":" ? "k" : "&*!".includes(char) ? "a" : kindOf(text);
    }
    tokens.push([kind, line.slice(start, at)]);
  }
}

function restOfString(line: string, state: State): Token[] {
  const end = stringEnd(line, 0, state.quote!);
  if (end < 0) return [["s", line]];
  state.quote = undefined;
  const tokens: Token[] = [["s", line.slice(0, end)]];
  if (end < line.length) flow(line, end, state, tokens);
  return tokens;
}

/** Behind the quote that ends a string; -1: it goes on. */
function stringEnd(line: string, from: number, quote: string): number {
  for (let at = from; at < line.length; at++) {
    if (quote === '"' && line[at] === "\\") at++;
    else if (line[at] !== quote) continue;
    else if (quote === "'" && line[at + 1] === "'") at++;
    else return at + 1;
  }
  return -1;
}

function plainEnd(line: string, from: number): number {
  for (let at = from + 1; at < line.length; at++) {
    if (line[at] === "#" && /\s/.test(line[at - 1]!)) return line.slice(0, at).trimEnd().length;
  }
  return line.length;
}

function wordEnd(line: string, from: number): number {
  let at = from;
  while (at < line.length && !/[\s,}\]]/.test(line[at]!)) at++;
  return at;
}

function skipSpace(line: string, from: number): number {
  let at = from;
  while (line[at] === " " || line[at] === "\t") at++;
  return at;
}

function kindOf(text: string): TokenKind {
  const word = text.trim();
  return TYPED.test(word) ? "n" : WORD.test(word) ? "b" : "s";
}

/** A part of a line that is a template action. */
interface Action {
  from: number;
  to: number;
  kind: TokenKind;
}

/** A line with other characters in the place of its template actions. */
function maskActions(line: string, state: State): { masked: string; actions: Action[] } {
  const actions: Action[] = [];
  let masked = "", at = 0;
  while (at < line.length) {
    const from = state.action === undefined ? line.indexOf("{{", at) : at;
    if (from < 0) break;
    const kind = state.action ?? (/^\{\{-?\s*\/\*/.test(line.slice(from, from + 8)) ? "c" : "t");
    const end = line.indexOf("}}", from);
    const to = end < 0 ? line.length : end + 2;
    state.action = end < 0 ? kind : undefined;
    actions.push({ from, to, kind });
    masked += line.slice(at, from) + MASK.repeat(to - from);
    at = to;
  }
  return { masked: masked + line.slice(at), actions };
}

/** Pieces of a masked line as pieces of the line itself. */
function unmasked(line: string, tokens: readonly Token[], actions: readonly Action[]): Token[] {
  const found: Token[] = [];
  let at = 0, next = 0;
  for (const [kind, text] of tokens) {
    const end = at + text.length;
    while (at < end) {
      const action = actions[next];
      const inAction = action !== undefined && action.from <= at;
      const to = Math.min(end, inAction ? action.to : action?.from ?? end);
      found.push([inAction ? action.kind : kind, line.slice(at, to)]);
      at = to;
      if (action !== undefined && at >= action.to) next++;
    }
  }
  return found;
}

/** Fewer pieces: neighbours of one kind as one, and none that is empty. */
function merged(tokens: readonly Token[]): Token[] {
  const found: [TokenKind, string][] = [];
  for (const [kind, text] of tokens) {
    const last = found.at(-1);
    if (text === "") continue;
    // Space has no colour.
    if (last !== undefined && (last[0] === kind || text.trim() === "")) last[1] += text;
    else found.push([kind, text]);
  }
  return found;
}
