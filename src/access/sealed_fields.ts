/** Every value that the database keeps sealed. */

import { type Repo, SEALED_FIELDS, type SealedField } from "../store/repos.ts";
import type { SecretPlace } from "./secrets.ts";

export interface SealedValue {
  place: SecretPlace & { field: SealedField | "webhook" };
  sealed: Uint8Array;
}

/** What a repository keeps sealed. */
export function sealedValuesOf({ id, webhook, ...repo }: Repo): SealedValue[] {
  const values = [
    ...SEALED_FIELDS.map((field) => [field, repo[field]] as const),
    [
      "webhook",
      webhook?.secret,
    ] as const,
  ];
  return values.flatMap(([field, sealed]) =>
    sealed === undefined ? [] : [{ place: { owner: id, field }, sealed }]
  );
}

/** A repository with another value in the place of one that it keeps sealed. */
export function withSealed(repo: Repo, { place: { field }, sealed }: SealedValue): Repo {
  if (field !== "webhook") return { ...repo, [field]: sealed };
  return { ...repo, webhook: { ...repo.webhook!, secret: sealed } };
}
