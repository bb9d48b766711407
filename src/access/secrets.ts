/** Seals what must not be read by who reads the database: AES-256-GCM, bound to its place. */

import type { SealedField } from "../store/repos.ts";

/** Random, as NIST SP 800-38D wants it for a key that seals by many hands. */
const NONCE_BYTES = 12;
/** AES-256. */
export const SECRET_KEY_BYTES = 32;

/** Where a secret belongs; sealed for one place, it opens at no other. */
export interface SecretPlace {
  /** The id of a repository, or `chartroom`. */
  owner: string;
  field: SealedField | "webhook" | "key_check";
}

/** A secret that none of the keys opens: it was sealed with another one, or for another place. */
export class SecretUnreadable extends Error {
  override readonly name = "SecretUnreadable";

  constructor(readonly place: SecretPlace) {
    super(`the ${place.field} of ${place.owner} was sealed with another key than the one in use`);
  }
}

export interface Secrets {
  seal(place: SecretPlace, secret: string): Promise<Uint8Array>;
  open(place: SecretPlace, sealed: Uint8Array): Promise<string>;
  /** Seals anew what another key than the first had sealed; `undefined` for all else. */
  reseal(place: SecretPlace, sealed: Uint8Array): Promise<Uint8Array | undefined>;
}

/**
 * Seals with the first key and opens with any, so that a key can be replaced. Throws a
 * {@link SecretUnreadable} where none of them opens.
 */
export async function createSecrets(raw: readonly Uint8Array<ArrayBuffer>[]): Promise<Secrets> {
  const keys = await Promise.all(
    raw.map((key) => crypto.subtle.importKey("raw", key, "AES-GCM", false, ["encrypt", "decrypt"])),
  );
  const seal = async (place: SecretPlace, text: BufferSource) => {
    const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
    const sealed = await crypto.subtle.encrypt(algorithm(place, nonce), keys[0]!, text);
    return await new Blob([nonce, sealed]).bytes();
  };
  const open = async (place: SecretPlace, sealed: Uint8Array) => {
    const nonce = sealed.slice(0, NONCE_BYTES), body = sealed.slice(NONCE_BYTES);
    for (const key of keys) {
      try {
        return { key, text: await crypto.subtle.decrypt(algorithm(place, nonce), key, body) };
      } catch (error) {
        if (!(error instanceof DOMException)) throw error;
      }
    }
    throw new SecretUnreadable(place);
  };
  return {
    seal: (place, secret) => seal(place, new TextEncoder().encode(secret)),
    open: async (place, sealed) => new TextDecoder().decode((await open(place, sealed)).text),
    async reseal(place, sealed) {
      const { key, text } = await open(place, sealed);
      return key === keys[0] ? undefined : await seal(place, text);
    },
  };
}

/** Opens what may be sealed with another key, and is then as good as not there: `undefined`. */
export async function openIfReadable(
  secrets: Secrets,
  place: SecretPlace,
  sealed: Uint8Array,
): Promise<string | undefined> {
  try {
    return await secrets.open(place, sealed);
  } catch (error) {
    if (error instanceof SecretUnreadable) return undefined;
    throw error;
  }
}

function algorithm({ owner, field }: SecretPlace, iv: Uint8Array<ArrayBuffer>): AesGcmParams {
  return { name: "AES-GCM", iv, additionalData: new TextEncoder().encode(`${owner}/${field}`) };
}
