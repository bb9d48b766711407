/** What a configuration says of the database: it is opened, and so are the keys of its secrets. */

import { dirname } from "node:path";
import { checkKeys } from "./access/key_check.ts";
import { loadOrMakeKey } from "./access/key_file.ts";
import { createSecrets, SECRET_KEY_BYTES, type Secrets } from "./access/secrets.ts";
import { type Config, ConfigError } from "./config.ts";
import { type Log, withoutUrlSecrets } from "./log.ts";
import { type Kv, type KvLocation, openKv, StoreUnavailable } from "./store/kv.ts";

export interface Database {
  kv: Kv;
  secrets: Secrets;
}

/** Opens the database, and makes a key beside its file if there is none. Throws a `ConfigError`. */
export async function openDatabase(config: Config): Promise<Database> {
  // Beside the opening, which takes longer; what is wrong with the database is told first.
  const loading = secretKeys(config).then(createSecrets);
  loading.catch(() => {});
  const kv = await openKv(config.kv).catch((error) => {
    throw new ConfigError(
      "CHARTROOM_KV",
      `cannot be opened${flagsFor(config.kv, error)}: ${withoutUrlSecrets(String(error))}`,
    );
  });
  try {
    return { kv, secrets: await loading };
  } catch (error) {
    await kv.close();
    throw error;
  }
}

/** What a process that may not use a file has to be started with. */
function flagsFor(location: KvLocation, error: unknown): string {
  if (location.kind !== "file" || !(error instanceof Deno.errors.NotCapable)) return "";
  const folder = dirname(location.path);
  return ` without \`deno run --allow-read=${folder} --allow-write=${folder} ...\``;
}

/** Throws a `ConfigError` if none of the keys opens what the database keeps sealed. */
export async function checkSecrets(
  { secretKeys, secretKeyFile }: Config,
  { kv, secrets }: Database,
  log: Log,
): Promise<void> {
  const sealedWith = await checkKeys(kv, secrets).catch((error) => {
    if (!(error instanceof StoreUnavailable)) throw error;
    throw new ConfigError("CHARTROOM_KV", `cannot be read: ${error.message}`);
  });
  if (sealedWith === "none") {
    const which = secretKeys === undefined ? `is not set, and ${secretKeyFile} ` : "";
    throw new ConfigError(
      "CHARTROOM_SECRET_KEY",
      `${which}does not open what the database keeps sealed: give the key back that sealed it; ` +
        "only if that is lost, `deno task reseal --forget` drops all that it sealed",
    );
  }
  if (sealedWith === "other") {
    log("old key in use", { message: "`deno task reseal` seals all with the first key" });
  }
}

/** What is given, or in the file beside the database; a database in memory needs none that lasts. */
async function secretKeys({ secretKeys, secretKeyFile }: Config) {
  if (secretKeys !== undefined) return secretKeys;
  if (secretKeyFile === undefined) {
    return [crypto.getRandomValues(new Uint8Array(SECRET_KEY_BYTES))];
  }
  try {
    return [await loadOrMakeKey(secretKeyFile)];
  } catch (error) {
    const why = (error as Error).message;
    throw new ConfigError("CHARTROOM_SECRET_KEY", `is not set, and ${secretKeyFile}: ${why}`);
  }
}
