/** One row that is sealed as everything else is, so that keys can be tried out at start. */

import { keys } from "./keys.ts";
import type { Entry, Kv } from "./kv.ts";

export function readSecretCheck(
  kv: Kv,
  consistency: Deno.KvConsistencyLevel,
): Promise<Entry<Uint8Array>> {
  return kv.get<Uint8Array>(keys.secretCheck, consistency);
}

/** Stores it over what was read before; `false` if somebody else has done so. */
export async function writeSecretCheck(
  kv: Kv,
  before: Entry<Uint8Array>,
  sealed: Uint8Array,
): Promise<boolean> {
  const written = await kv.commit((op) => op.check(before).set(before.key, sealed));
  return written !== undefined;
}
