/**
 * A tar's headers, looked at before the library that reads it does: it works an extended header off
 * in one go, and takes the square of its length for one that is not well-formed.
 */

import type { Turn } from "../turn.ts";
import { ArchiveError } from "./archive_error.ts";

const BLOCK_BYTES = 512;
/** Where a header has its entry's size, and its type. */
const SIZE_FIELD = [124, 136] as const, TYPE_FIELD = 156;
/** Bytes of what extended headers hold, names that are long and times that are exact: of one, of all. */
const MAX_EXTENDED_BYTES = { one: 65_536, all: 1_048_576 };
/** Digits of a record's length. */
const MAX_DIGITS = 7;
const SPACE = 0x20, LINE_FEED = 0x0a;

/** Passes a tar on, and throws an `ArchiveError` for headers that no honest chart has. */
export async function* checkHeaders(
  tar: AsyncIterable<Uint8Array>,
  maxEntries: number,
  turn: Turn,
): AsyncGenerator<Uint8Array> {
  const headers = new TarHeaders(maxEntries);
  for await (const piece of tar) {
    headers.take(piece);
    yield piece;
    await turn();
  }
}

class TarHeaders {
  readonly #maxEntries: number;
  #entries = 0;
  #extended = 0;
  #extendedBytes = 0;
  /** Bytes to come that are no header. */
  #skip = 0;
  /** What is collected: a header, or what an extended one holds. */
  #part = new Uint8Array(BLOCK_BYTES);
  #filled = 0;
  /** Of the extended header whose content is collected. */
  #type: string | undefined;

  constructor(maxEntries: number) {
    this.#maxEntries = maxEntries;
  }

  take(piece: Uint8Array): void {
    for (let at = 0; at < piece.length;) {
      const skipped = Math.min(this.#skip, piece.length - at);
      this.#skip -= skipped;
      at += skipped;
      const taken = piece.subarray(at, at + this.#part.length - this.#filled);
      this.#part.set(taken, this.#filled);
      this.#filled += taken.length;
      at += taken.length;
      if (this.#filled === this.#part.length) this.#finish();
    }
  }

  #finish() {
    const part = this.#part, type = this.#type;
    this.#expect(BLOCK_BYTES);
    if (type === undefined) return this.#header(part);
    this.#skip = paddingOf(part.length);
    if (type === "x" || type === "g") checkRecords(part);
  }

  #expect(bytes: number, type?: string) {
    this.#part = new Uint8Array(bytes);
    this.#filled = 0;
    this.#type = type;
  }

  #header(block: Uint8Array) {
    if (block.every((byte) => byte === 0)) return;
    const size = sizeOf(block), type = String.fromCharCode(block[TYPE_FIELD]!);
    const isExtended = "xgLK".includes(type);
    const count = isExtended ? ++this.#extended : ++this.#entries;
    if (count > this.#maxEntries) {
      throw new ArchiveError("too_many_entries", `expected ${this.#maxEntries} entries at most`);
    }
    // Links, devices and folders have no content, whatever they say.
    if (!isExtended) this.#skip = /[1-6]/.test(type) ? 0 : size + paddingOf(size);
    else if (size > 0) {
      this.#extendedBytes += size;
      const { one, all } = MAX_EXTENDED_BYTES;
      if (size > one || this.#extendedBytes > all) {
        const message = `expected extended headers of ${one} bytes, in all ${all}, at most`;
        throw new ArchiveError("too_large", message);
      }
      this.#expect(size, type);
    }
  }
}

function paddingOf(size: number): number {
  return (BLOCK_BYTES - size % BLOCK_BYTES) % BLOCK_BYTES;
}

/** In octal digits: what is written otherwise is too long for any bound. */
function sizeOf(block: Uint8Array): number {
  const text = String.fromCharCode(...block.subarray(...SIZE_FIELD));
  const [, digits] = /^ *([0-7]*)[ \0]*$/.exec(text) ?? [];
  if (digits === undefined) throw malformed();
  return digits === "" ? 0 : parseInt(digits, 8);
}

/** Records of an extended header: `LENGTH KEY=VALUE\n`, one behind the other. */
function checkRecords(bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) {
    const space = bytes.subarray(at, at + MAX_DIGITS + 1).indexOf(SPACE);
    const digits = String.fromCharCode(...bytes.subarray(at, at + Math.max(space, 0)));
    const end = at + Number(digits), content = at + space + 1;
    const isWhole = /^[1-9]\d*$/.test(digits) && content < end && end <= bytes.length;
    if (!isWhole || bytes[end - 1] !== LINE_FEED) throw malformed();
    // Else the size of what comes would not be that of its header.
    if (/^size=/.test(String.fromCharCode(...bytes.subarray(content, content + 5)))) {
      throw new ArchiveError("not_tar", "expected sizes in headers alone");
    }
    at = end;
  }
}

function malformed(): ArchiveError {
  return new ArchiveError("not_tar", "expected headers that are well-formed");
}
