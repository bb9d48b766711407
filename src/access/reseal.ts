/** Seals everything anew with the first key, so that the others can go. */

import type { Kv } from "../store/kv.ts";
import { listRepos, replaceRepo, type Repo } from "../store/repos.ts";
import { confirmFirstKey } from "./key_check.ts";
import { type SealedValue, sealedValuesOf, withSealed } from "./sealed_fields.ts";
import { type Secrets, SecretUnreadable } from "./secrets.ts";

/** What was done, value by value. */
export interface Resealed {
  /** Sealed with another key before. */
  resealed: number;
  /** Sealed with the first key before. */
  already: number;
  /** What no key opens, and is still there. */
  unreadable: SealedValue["place"][];
  /** What no key opens, and was dropped. */
  forgotten: SealedValue["place"][];
}

/**
 * Seals all values of all repositories with the first key, while the service runs. What none of the
 * keys opens is left, or dropped if `forget` says so: then nothing will ever open it. Once nothing
 * of that is left, the database is noted as sealed with the first key. Stopped anywhere and begun
 * again, it goes on with what is left.
 */
export async function resealAll(kv: Kv, secrets: Secrets, forget: boolean): Promise<Resealed> {
  const total: Resealed = { resealed: 0, already: 0, unreadable: [], forgotten: [] };
  for (let pass = 0, settled = false; !settled; pass++) {
    total.unreadable = [];
    settled = true;
    for (const row of await listRepos(kv)) {
      const { repo, ...done } = await resealRepo(secrets, row.value, forget);
      if (pass === 0) total.already += done.already;
      total.unreadable.push(...done.unreadable);
      if (done.resealed + done.forgotten.length === 0) continue;
      // Whether it was changed by now, or meanwhile by somebody else: another pass looks at it.
      settled = false;
      if (!await replaceRepo(kv, row, repo)) continue;
      total.resealed += done.resealed;
      total.forgotten.push(...done.forgotten);
    }
  }
  if (total.unreadable.length === 0) await confirmFirstKey(kv, secrets);
  return total;
}

/** A repository as it shall be, and what is to be done for that. */
async function resealRepo(
  secrets: Secrets,
  before: Repo,
  forget: boolean,
): Promise<Resealed & { repo: Repo }> {
  const done: Resealed = { resealed: 0, already: 0, unreadable: [], forgotten: [] };
  let repo = before;
  const values = sealedValuesOf(before);
  for (const { place, sealed } of values) {
    try {
      const fresh = await secrets.reseal(place, sealed);
      if (fresh === undefined) done.already++;
      else done.resealed++;
      if (fresh !== undefined) repo = withSealed(repo, { place, sealed: fresh });
    } catch (error) {
      if (!(error instanceof SecretUnreadable)) throw error;
      done.unreadable.push(place);
    }
  }
  if (!forget || done.unreadable.length === 0) return { ...done, repo };
  const left = without(repo, done.unreadable.map(({ field }) => field));
  const forgotten = values.map(({ place }) => place).filter(({ field }) => !(field in left));
  return { ...done, unreadable: [], forgotten, repo: left };
}

/** A repository without fields, and without what is of no use without them. */
function without(repo: Repo, fields: readonly SealedValue["place"]["field"][]): Repo {
  const left = { ...repo };
  for (const field of fields) delete left[field];
  if (left.client_certificate === undefined || left.client_key === undefined) {
    delete left.client_certificate;
    delete left.client_key;
  }
  // It is downloaded in another way from now on, and what validators say of the old one is void.
  if (fields.some((field) => field !== "webhook")) left.revision++;
  return left;
}
