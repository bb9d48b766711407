/** Whether keys are those that a database was sealed with: told at start, not by a failing sync. */

import type { Entry, Kv } from "../store/kv.ts";
import { listRepos } from "../store/repos.ts";
import { readSecretCheck, writeSecretCheck } from "../store/secret_check.ts";
import { sealedValuesOf } from "./sealed_fields.ts";
import { type SecretPlace, type Secrets, SecretUnreadable } from "./secrets.ts";

/** Which of the keys has sealed something: the first, another of them, or none. */
export type SealedWith = "first" | "other" | "none";

const PLACE: SecretPlace = { owner: "chartroom", field: "key_check" };
const TEXT = "chartroom";

/**
 * Which key a database was sealed with when that was last certain. A new database is sealed with
 * the first from then on. One that is older than this check is if everything in it is, and is left
 * as it was if not; `none` says that nothing at all can be opened.
 */
export async function checkKeys(kv: Kv, secrets: Secrets): Promise<SealedWith> {
  // Each start waits for this, and a row that is right does not go wrong.
  const near = await readSecretCheck(kv, "eventual");
  if (near.value !== null && await sealedWith(secrets, PLACE, near.value) === "first") {
    return "first";
  }
  for (;;) {
    const row = await readSecretCheck(kv, "strong");
    if (row.value !== null) return await sealedWith(secrets, PLACE, row.value);
    const state = await checkAll(kv, secrets);
    // Of processes that start at once one writes it, and the others read that.
    if (state !== "first" || await writeCheck(kv, secrets, row)) return state;
  }
}

/** Notes that everything is sealed with the first key. */
export async function confirmFirstKey(kv: Kv, secrets: Secrets): Promise<void> {
  for (;;) {
    const row = await readSecretCheck(kv, "strong");
    if (await writeCheck(kv, secrets, row)) return;
  }
}

async function checkAll(kv: Kv, secrets: Secrets): Promise<SealedWith> {
  const values = (await listRepos(kv)).flatMap(({ value }) => sealedValuesOf(value));
  const states = new Set<SealedWith>();
  for (const { place, sealed } of values) states.add(await sealedWith(secrets, place, sealed));
  if (states.size === 0) return "first";
  return states.size === 1 ? [...states][0]! : "other";
}

async function sealedWith(
  secrets: Secrets,
  place: SecretPlace,
  sealed: Uint8Array,
): Promise<SealedWith> {
  try {
    return await secrets.reseal(place, sealed) === undefined ? "first" : "other";
  } catch (error) {
    if (error instanceof SecretUnreadable) return "none";
    throw error;
  }
}

async function writeCheck(kv: Kv, secrets: Secrets, before: Entry<Uint8Array>): Promise<boolean> {
  return await writeSecretCheck(kv, before, await secrets.seal(PLACE, TEXT));
}
