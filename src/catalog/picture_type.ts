/** What kind of picture some bytes are, by what is in them: nobody's word is taken for it. */

export const PICTURE_TYPES = {
  png: "image/png",
  jpg: "image/jpeg",
  gif: "image/gif",
  webp: "image/webp",
  avif: "image/avif",
  ico: "image/x-icon",
  bmp: "image/bmp",
  svg: "image/svg+xml",
} as const;

/** By the ending of a file's name. */
export type PictureType = keyof typeof PICTURE_TYPES;

const SVG_NAMESPACE = "http://www.w3.org/2000/svg";
/** Sizes that a bitmap's second header has in any of its versions. */
const BMP_HEADERS = [12, 40, 52, 56, 64, 108, 124];

/** The type of a picture as far as its beginning tells; `undefined` for all else. */
export function pictureTypeOf(bytes: Uint8Array): PictureType | undefined {
  if (begins(bytes, "\x89PNG\r\n\x1a\n\0\0\0\rIHDR") && bytes.length >= 33) return "png";
  if (begins(bytes, "\xff\xd8\xff") && bytes.length > 20) return "jpg";
  if ((begins(bytes, "GIF87a") || begins(bytes, "GIF89a")) && bytes.length > 13) return "gif";
  if (begins(bytes, "RIFF") && begins(bytes, "WEBPVP8", 8)) return "webp";
  if (begins(bytes, "ftyp", 4) && isAvif(bytes)) return "avif";
  if (isIcon(bytes)) return "ico";
  if (isBitmap(bytes)) return "bmp";
  return isSvg(bytes) ? "svg" : undefined;
}

function begins(bytes: Uint8Array, signature: string, at = 0): boolean {
  return String.fromCharCode(...bytes.subarray(at, at + signature.length)) === signature;
}

/** ISO/IEC 14496-12, section 4.3: a box with the brands that the file is of, the main one first. */
function isAvif(bytes: Uint8Array): boolean {
  const view = viewOf(bytes);
  const end = Math.min(view.getUint32(0), bytes.length, 256);
  for (let at = 8; at + 4 <= end; at += at === 8 ? 8 : 4) {
    if (begins(bytes, "avif", at) || begins(bytes, "avis", at)) return true;
  }
  return false;
}

/** A list of pictures, of which the first must be in the file. */
function isIcon(bytes: Uint8Array): boolean {
  if (!begins(bytes, "\0\0\x01\0") || bytes.length < 22) return false;
  const view = viewOf(bytes);
  const count = view.getUint16(4, true), size = view.getUint32(14, true);
  const offset = view.getUint32(18, true);
  return count > 0 && bytes[9] === 0 && size > 0 && offset >= 6 + 16 * count &&
    offset + size <= bytes.length;
}

function isBitmap(bytes: Uint8Array): boolean {
  if (!begins(bytes, "BM") || bytes.length < 26) return false;
  const view = viewOf(bytes);
  return view.getUint32(2, true) === bytes.length && BMP_HEADERS.includes(view.getUint32(14, true));
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}

/** XML in UTF-8 whose root is an `svg` of SVG's own namespace. */
function isSvg(bytes: Uint8Array): boolean {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return false;
  }
  const root = text.slice(prologEnd(text));
  const [, prefix, attributes] = /^<(?:([A-Za-z_][\w.-]*):)?svg(?=[\s/>])([^<>]*)>/.exec(root) ??
    [];
  if (attributes === undefined || text.includes("\0")) return false;
  const declaration = prefix === undefined ? "xmlns" : `xmlns:${prefix}`;
  // Sticky, so that it ends at the first that is none, and takes no more time than there is text.
  for (const [, name, value] of attributes.matchAll(/\s*([^\s=]+)\s*=\s*("[^"]*"|'[^']*')/gy)) {
    if (name === declaration) return value!.slice(1, -1) === SVG_NAMESPACE;
  }
  return false;
}

/** Where the root begins: behind spaces, an XML declaration, comments and a plain document type. */
function prologEnd(text: string): number {
  let at = 0;
  for (;;) {
    while (/\s/.test(text[at] ?? "")) at++;
    // A type that declares entities could make a few bytes many.
    const type = /^<!DOCTYPE\s+(?:[\w.-]+:)?svg(?:\s[^[\]<>]*)?>/.exec(text.slice(at, at + 1_000));
    const end = text.startsWith("<?", at)
      ? text.indexOf("?>", at) + 2
      : text.startsWith("<!--", at)
      ? text.indexOf("-->", at + 4) + 3
      : at + (type?.[0].length ?? 0);
    // What does not end leads back to where nothing is a root.
    if (end <= at) return at;
    at = end;
  }
}
