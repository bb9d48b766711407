/** Seals what must not be read by who reads the database: AES-256-GCM, bound to its place. */

import { dirname } from "node:path";
import type { SealedField } from "../store/repos.ts";

/** Random, as NIST SP 800-38D wants it for a key that seals by many hands. */
const NONCE_BYTES = 12;
/** AES-256. */
export const SECRET_KEY_BYTES = 32;

/** Where a secret belongs; sealed for one place, it opens at no other. */
export interface SecretPlace {
  repoId: string;
  field: SealedField | "webhook";
}

/** A secret that none of the keys opens: it was sealed with another one, or for another place. */
export class SecretUnreadable extends Error {
  override readonly name = "SecretUnreadable";

  constructor(readonly place: SecretPlace) {
    super(`the ${place.field} of ${place.repoId} was sealed with another key than the one in use`);
  }
}

export interface Secrets {
  seal(place: SecretPlace, secret: string): Promise<Uint8Array>;
  open(place: SecretPlace, sealed: Uint8Array): Promise<string>;
}

/** Seals with the first key and opens with any, so that a key can be replaced. */
export async function createSecrets(raw: readonly Uint8Array<ArrayBuffer>[]): Promise<Secrets> {
  const keys = await Promise.all(
    raw.map((key) => crypto.subtle.importKey("raw", key, "AES-GCM", false, ["encrypt", "decrypt"])),
  );
  return {
    async seal(place, secret) {
      const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
      const text = new TextEncoder().encode(secret);
      const sealed = await crypto.subtle.encrypt(algorithm(place, nonce), keys[0]!, text);
      return await new Blob([nonce, sealed]).bytes();
    },
    async open(place, sealed) {
      const nonce = sealed.slice(0, NONCE_BYTES), body = sealed.slice(NONCE_BYTES);
      for (const key of keys) {
        try {
          const text = await crypto.subtle.decrypt(algorithm(place, nonce), key, body);
          return new TextDecoder().decode(text);
        } catch (error) {
          if (!(error instanceof DOMException)) throw error;
        }
      }
      throw new SecretUnreadable(place);
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

function algorithm({ repoId, field }: SecretPlace, iv: Uint8Array<ArrayBuffer>): AesGcmParams {
  return { name: "AES-GCM", iv, additionalData: new TextEncoder().encode(`${repoId}/${field}`) };
}

/** The key in `path`, made if it is not there: of several processes that start, one makes it. */
export async function loadOrMakeKey(path: string): Promise<Uint8Array<ArrayBuffer>> {
  await Deno.mkdir(dirname(path), { recursive: true });
  const draft = `${path}.${crypto.randomUUID()}`;
  const key = crypto.getRandomValues(new Uint8Array(SECRET_KEY_BYTES));
  await Deno.writeTextFile(draft, `${key.toBase64()}\n`, { mode: 0o600, createNew: true });
  try {
    await Deno.link(draft, path);
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
  } finally {
    await Deno.remove(draft);
  }
  const stored = Uint8Array.fromBase64((await Deno.readTextFile(path)).trim());
  if (stored.length !== SECRET_KEY_BYTES) {
    throw new Error(`${path} does not hold ${SECRET_KEY_BYTES} bytes`);
  }
  return stored;
}
