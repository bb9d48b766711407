/**
 * Secrets of tests: each has a text in it that nothing else has, so that one search finds them all,
 * however they are written.
 */

import { SAMPLE } from "../../routes/openapi/sample.ts";
import clientEc from "../fixtures/tls/client_ec.key" with { type: "text" };
import clientRsa from "../fixtures/tls/client_rsa.key" with { type: "text" };
import clientEncrypted from "../fixtures/tls/client_encrypted.key" with { type: "text" };
import pss from "../fixtures/tls/pss.key" with { type: "text" };
import stranger from "../fixtures/tls/stranger.key" with { type: "text" };

/** Of what is sealed or kept nowhere, and comes out nowhere. */
const MARK = "qX7zCanaryVault";
/** Of what stands in the query of a repository's URL, which who may change the repository is shown. */
const QUERY_MARK = "wJ5kCanaryQuery";
/** Keys that clients show are no texts of our choice; a piece of each is as good as a mark. */
const KEYS = [clientEc, clientRsa, clientEncrypted, pss, stranger];
/** How secrets that Chartroom draws look, but for those of the document's examples. */
const DRAWN = new RegExp(
  `(?!cr._${SAMPLE.secret.slice("crw_".length)})cr[wts]_[A-Za-z0-9_-]{43}`,
  "g",
);
const SHOWN_CHARS = 60;
/** A line's end in base64 and quoted-printable. */
const BREAK = "(?:=?\\r?\\n)?";
/** Or the other byte of UTF-16. */
const JOINT = "(?:\\0|=?\\r?\\n)?";

/** A secret; the name tells a reader which, and two secrets apart. */
export function canary(name: string): string {
  return `${MARK}-${name}`;
}

/** A secret for the query of a repository's URL. */
export function queryCanary(name: string): string {
  return `${QUERY_MARK}-${name}`;
}

/** A `CHARTROOM_SECRET_KEY`; the name has at most 16 letters. */
export function keyCanary(name: string): string {
  return new TextEncoder().encode(canary(name).padEnd(32, "-")).toBase64();
}

/** Where a secret stands, and how it is written; the text around it is without it. */
export function leakIn(text: string | Uint8Array): string | undefined {
  const read = readable(text);
  return find(SEALED, read) ?? find(QUERY, read);
}

/** The same, for where URLs with their queries may stand. */
export function sealedLeakIn(text: string | Uint8Array): string | undefined {
  return find(SEALED, readable(text));
}

/** Secrets that Chartroom has drawn: who asked for one is told it once. */
export class DrawnSecrets {
  readonly #forms = new Map<string, RegExp>();

  /** What is wrong with a text that may tell new secrets: one that was told before. */
  tell(text: string): string | undefined {
    const leak = this.leakIn(text);
    for (const [secret] of text.matchAll(DRAWN)) {
      if (!this.#forms.has(secret)) this.#forms.set(secret, formsOfDrawn(secret));
    }
    return leak;
  }

  /** What is wrong with a page that may show one secret, which the API has told to it. */
  tellAgain(text: string): string | undefined {
    const [secret = "", ...more] = new Set(text.match(DRAWN));
    if (more.length > 0) return "more than one secret";
    this.#forms.delete(secret);
    const leak = this.leakIn(text);
    return leak ?? this.tell(text);
  }

  /** What is wrong with a text that may tell none. */
  leakIn(text: string | Uint8Array): string | undefined {
    if (this.#forms.size === 0) return undefined;
    const read = readable(text);
    for (const forms of this.#forms.values()) {
      const leak = find(forms, read);
      if (leak !== undefined) return leak;
    }
    return undefined;
  }

  clear() {
    this.#forms.clear();
  }
}

/** Whether there is a secret that Chartroom draws, whichever. */
export function hasDrawn(text: string): boolean {
  return text.search(DRAWN) >= 0;
}

const SEALED = new RegExp([formsOf(MARK), ...KEYS.map(formsOfKey)].join("|"), "i");
const QUERY = new RegExp(formsOf(QUERY_MARK), "i");

/** The pattern of all ways to write a mark, in any case of its letters. */
function formsOf(mark: string): string {
  const letters = [...mark], reversed = letters.toReversed();
  const cases = [mark, mark.toLowerCase(), mark.toUpperCase()];
  return [
    `(?<plain>${letters.map(letterOf).join(JOINT)})`,
    `(?<reversed>${reversed.map(letterOf).join(JOINT)})`,
    `(?<hex>${letters.map(hexOf).join("(?:00|[ :])?")})`,
    `(?<base64>${cases.flatMap(coresOf).map((core) => [...core].join(BREAK)).join("|")})`,
  ].join("|");
}

/** A letter, or an escape of it: of URLs, JSON, HTML, quoted-printable. */
function letterOf(letter: string): string {
  const hex = hexOf(letter);
  const decimal = [letter.toLowerCase(), letter.toUpperCase()].map((one) => one.charCodeAt(0));
  return `(?:${letter}|[%=]${hex}|\\\\x${hex}|\\\\u00${hex}|&#x0*${hex};|&#0*(?:${
    decimal.join("|")
  });)`;
}

function hexOf(letter: string): string {
  const digits = [letter.toLowerCase(), letter.toUpperCase()]
    .map((one) => one.charCodeAt(0).toString(16));
  return `(?:${digits.join("|")})`;
}

/** What is the same in base64 whatever stands around it, behind 0, 1 and 2 bytes of a group. */
function coresOf(text: string): string[] {
  const bytes = new TextEncoder().encode(text);
  return [0, 1, 2].map((before) => {
    const whole = new Uint8Array([...new Uint8Array(before), ...bytes]).toBase64();
    const end = Math.floor((before + bytes.length) * 8 / 6);
    return whole.slice(Math.ceil(before * 8 / 6), end);
  });
}

/** A piece of what only a key has, not its certificate too; as it is, in hex and in base64. */
function formsOfKey(pem: string): string {
  const lines = pem.split("\n").filter((line) => /^[\w+/]{64}$/.test(line));
  const piece = lines[Math.max(1, lines.length - 4)]!.slice(0, 20);
  const forms = [piece, ...coresOf(piece), Uint8Array.fromBase64(piece).toHex()];
  return forms.map(RegExp.escape).join("|");
}

function formsOfDrawn(secret: string): RegExp {
  const random = secret.slice("crx_".length);
  const bytes = Uint8Array.fromBase64(random, { alphabet: "base64url" });
  const raw = readable(bytes);
  const forms = [random, bytes.toBase64().slice(0, -1), bytes.toHex(), raw, ...coresOf(random)];
  const hex = new TextEncoder().encode(random).toHex();
  return new RegExp([...forms, hex].map(RegExp.escape).join("|"));
}

/** Bytes as one letter each. */
function readable(text: string | Uint8Array): string {
  return typeof text === "string" ? text : new TextDecoder("latin1").decode(text);
}

function find(forms: RegExp, text: string): string | undefined {
  const found = forms.exec(text);
  if (found === null) return undefined;
  const { index, groups = {} } = found;
  const form = Object.keys(groups).find((name) => groups[name] !== undefined) ?? "as it is";
  const end = index + found[0].length;
  const around = `${text.slice(Math.max(0, index - SHOWN_CHARS), index)}<secret>${
    text.slice(end, end + SHOWN_CHARS)
  }`;
  return `${form}, at ${index}: ${JSON.stringify(around)}`;
}
