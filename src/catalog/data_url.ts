/** `data:` URLs (RFC 2397), which indexes have as icons. */

/**
 * The bytes in a `data:` URL, whatever type it says that they are; `undefined` if it is malformed or
 * could hold more than `maxBytes`.
 */
export function decodeDataUrl(url: string, maxBytes: number): Uint8Array<ArrayBuffer> | undefined {
  const [, head, data] = /^data:([^,]*),(.*)$/is.exec(url) ?? [];
  // An escape takes three characters for a byte.
  if (data === undefined || data.length > 3 * maxBytes) return undefined;
  const bytes = unescaped(data);
  if (!/;\s*base64\s*$/i.test(head!)) return bytes;
  try {
    return Uint8Array.fromBase64(new TextDecoder("latin1").decode(bytes));
  } catch {
    return undefined;
  }
}

/** A `%` that begins no escape is one. */
function unescaped(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new TextEncoder().encode(text);
  let length = 0;
  for (let at = 0; at < bytes.length; at++) {
    const digits = bytes[at] === 0x25 ? String.fromCharCode(...bytes.subarray(at + 1, at + 3)) : "";
    const isEscape = /^[0-9a-f]{2}$/i.test(digits);
    bytes[length++] = isEscape ? parseInt(digits, 16) : bytes[at]!;
    if (isEscape) at += 2;
  }
  return bytes.slice(0, length);
}
