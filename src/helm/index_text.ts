/** An index as text, from the bytes that come. */

import { IndexError } from "./index_error.ts";
import { codesOf, type Source } from "./line_reader.ts";

const REPLACEMENT = "\ufffd";
const BYTE_ORDER_MARK = "\ufeff";
/** What gzip begins with, and no text. */
const GZIP_MARK = 0x1f8b;

/**
 * The text of an index, piece by piece: UTF-8, or UTF-16 if it begins with that byte order mark.
 * The mark is left out, and every line break is `\n`. Throws an {@link IndexError} if a byte is
 * wrong, in the piece that it is in.
 */
export async function* decodeIndex(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Source> {
  let decode: Decoder | undefined;
  let atStart = true, afterReturn = false;
  let left: Uint8Array = new Uint8Array();
  const read = (chunk: Uint8Array, ended: boolean): Source => {
    const joined = left.length === 0 ? chunk : concat(left, chunk);
    if (decode === undefined && joined.length < 2 && !ended) {
      left = joined;
      return { text: "", codes: new Uint8Array() };
    }
    decode ??= decoderOf(joined);
    const whole = joined.subarray(0, ended ? joined.length : decode.wholeLength(joined));
    left = joined.subarray(whole.length);
    let text = decode.decode(whole);
    if (atStart && text.startsWith(BYTE_ORDER_MARK)) text = text.slice(1);
    if (text !== "") atStart = false;
    if (afterReturn && text.startsWith("\n")) {
      text = text.slice(1);
      afterReturn = false;
    }
    if (text !== "") afterReturn = text.endsWith("\r");
    if (text.includes("\r")) {
      text = text.replaceAll(/\r\n?/g, "\n");
      return { text, codes: codesOf(text) };
    }
    // As many characters as bytes: it is ASCII, whose codes are its bytes.
    return { text, codes: text.length === whole.length ? whole : codesOf(text) };
  };
  for await (const chunk of bytes) yield read(chunk, false);
  yield read(new Uint8Array(), true);
}

interface Decoder {
  /** How many of the bytes are whole characters. */
  wholeLength(bytes: Uint8Array): number;
  decode(bytes: Uint8Array): string;
}

function decoderOf(bytes: Uint8Array): Decoder {
  const mark = bytes[0]! << 8 | bytes[1]!;
  if (mark === GZIP_MARK) {
    throw new IndexError("encoding", "the body is gzip-compressed without a header saying so");
  }
  if (mark === 0xfffe) return { wholeLength: wholeLengthOfUtf16(1), decode: decoder("utf-16le") };
  if (mark === 0xfeff) return { wholeLength: wholeLengthOfUtf16(0), decode: decoder("utf-16be") };
  return { wholeLength: wholeLengthOfUtf8, decode: decoder("utf-8") };
}

/** A wrong byte is looked for only where it shows: that takes several times as long. */
function decoder(encoding: string): (bytes: Uint8Array) => string {
  const lenient = new TextDecoder(encoding, { ignoreBOM: true });
  const strict = new TextDecoder(encoding, { ignoreBOM: true, fatal: true });
  return (bytes) => {
    const text = lenient.decode(bytes);
    if (!text.includes(REPLACEMENT)) return text;
    try {
      return strict.decode(bytes);
    } catch {
      throw new IndexError("encoding", `the index is not valid ${encoding.toUpperCase()}`);
    }
  };
}

function wholeLengthOfUtf8(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back]!;
    if (byte < 0x80) break;
    if (byte < 0xc0) continue;
    const length = byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
    return length > back ? bytes.length - back : bytes.length;
  }
  return bytes.length;
}

/** `highByte`: which of a code unit's two bytes says whether it is half of a surrogate pair. */
function wholeLengthOfUtf16(highByte: 0 | 1): (bytes: Uint8Array) => number {
  return (bytes) => {
    const even = bytes.length & ~1;
    const last = even === 0 ? 0 : bytes[even - 2 + highByte]!;
    return last >= 0xd8 && last <= 0xdb ? even - 2 : even;
  };
}

function concat(a: Uint8Array, b: Uint8Array): Uint8Array {
  const joined = new Uint8Array(a.length + b.length);
  joined.set(a);
  joined.set(b, a.length);
  return joined;
}
