/** Secrets that Chartroom draws, and is asked for again by none but who has them. */

const SECRET_BYTES = 32;

/** So many bytes that nobody can foretell. */
export type RandomBytes = (length: number) => Uint8Array;

/** 256 bits, behind a prefix that tells a reader, and a scanner of secrets, what it is. */
export function drawSecret(prefix: string, randomBytes: RandomBytes): string {
  const random = randomBytes(SECRET_BYTES);
  return prefix + random.toBase64({ alphabet: "base64url", omitPadding: true });
}
