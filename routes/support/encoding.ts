/** Bodies in the encodings that clients take. */

import { brotliCompress, constants, gzip } from "node:zlib";
import { promisify } from "node:util";

export const ENCODINGS = ["br", "gzip", "identity"] as const;
export type Encoding = typeof ENCODINGS[number];

/** Below, a compressed body hardly saves a packet. */
const MIN_BYTES = 1_024;
/** Brotli's, from 0 to 11: smaller than gzip, in the time that gzip takes for its best. */
const BROTLI_QUALITY = 5;
/** Values of `Accept-Encoding` that are remembered; browsers send a few. */
const MAX_KNOWN = 1_000;
/** Characters of such a value. */
const MAX_VALUE = 200;

const known = new Map<string, Encoding>();

/** The smallest encoding that a client takes, by its `Accept-Encoding`; null: it sent none. */
export function chooseEncoding(accept: string | null): Encoding {
  if (accept === null) return "identity";
  let encoding = known.get(accept);
  if (encoding === undefined) {
    encoding = parse(accept);
    if (known.size >= MAX_KNOWN) known.clear();
    if (accept.length <= MAX_VALUE) known.set(accept, encoding);
  }
  return encoding;
}

function parse(accept: string): Encoding {
  const weights = new Map(
    accept.toLowerCase().split(",").map((item) => {
      const [name, ...parameters] = item.split(";").map((part) => part.trim());
      const weight = parameters.find((parameter) => /^q\s*=/.test(parameter))?.split("=")[1];
      return [name!, weight === undefined ? 1 : Number(weight)];
    }),
  );
  const weightOf = (name: Encoding) =>
    weights.get(name) ?? weights.get("*") ?? (name === "identity" ? Number.MIN_VALUE : 0);
  // Of those with the same weight, the first.
  const best = ENCODINGS.reduce((best, other) => weightOf(other) > weightOf(best) ? other : best);
  // Something must be sent.
  return weightOf(best) > 0 ? best : "identity";
}

/** Whether a body of so many bytes is worth to be compressed. */
export function isWorthCompressing(length: number): boolean {
  return length > MIN_BYTES;
}

/** Compresses a body. */
export async function compress(
  bytes: Uint8Array,
  encoding: Exclude<Encoding, "identity">,
): Promise<Uint8Array<ArrayBuffer>> {
  const compressed = encoding === "gzip"
    ? await promisify(gzip)(bytes)
    : await promisify(brotliCompress)(bytes, {
      params: {
        [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY,
        [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
      },
    });
  return new Uint8Array(compressed);
}
