/** What a repository keeps sealed, and what it means for a download. */

import type { Secrets } from "../access/secrets.ts";
import type { IndexRequest } from "../sources/source.ts";
import { type Repo, SEALED_FIELDS, type SealedField } from "../store/repos.ts";

/** The texts of sealed fields; absent is what is not there. */
export type SealedTexts = Partial<Record<SealedField, string>>;

/** Seals texts for a repository. */
export async function seal(
  secrets: Secrets,
  repoId: string,
  texts: SealedTexts,
): Promise<Partial<Record<SealedField, Uint8Array>>> {
  const entries = SEALED_FIELDS.filter((field) => texts[field] !== undefined)
    .map(async (field) => [field, await secrets.seal({ owner: repoId, field }, texts[field]!)]);
  return Object.fromEntries(await Promise.all(entries));
}

/** Opens what a repository has sealed. Throws a `SecretUnreadable` if the key is another one. */
export async function open(secrets: Secrets, repo: Repo): Promise<SealedTexts> {
  const texts: SealedTexts = {};
  for (const field of SEALED_FIELDS) {
    const sealed = repo[field];
    // One by one, so that the first that cannot be opened is the one that is told.
    if (sealed !== undefined) texts[field] = await secrets.open({ owner: repo.id, field }, sealed);
  }
  return texts;
}

/** How a download proves who is asking, and whom it trusts. */
export function accessOf(texts: SealedTexts): Pick<IndexRequest, "credential" | "tls"> {
  const { credential, ca_bundle, client_certificate, client_key } = texts;
  const tls = {
    ...(ca_bundle !== undefined && { caBundle: ca_bundle }),
    ...(client_certificate !== undefined && { certificate: client_certificate }),
    ...(client_key !== undefined && { key: client_key }),
  };
  return {
    ...(credential !== undefined && { credential: JSON.parse(credential) }),
    ...(Object.keys(tls).length > 0 && { tls }),
  };
}
