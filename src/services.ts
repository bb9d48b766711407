/** What the routes call, made once at start from a configuration. */

import { createSecrets, loadOrMakeKey, SECRET_KEY_BYTES } from "./access/secrets.ts";
import { createDirectory, type Directory } from "./catalog/directory.ts";
import { createHotIndex, type HotIndex } from "./catalog/hot_index.ts";
import { type Config, ConfigError } from "./config.ts";
import type { Log } from "./log.ts";
import { createEgress } from "./sources/egress.ts";
import { createSource, HTTP_LIMITS, type HttpLimits } from "./sources/download.ts";
import { type Kv, openKv } from "./store/kv.ts";
import type { RepositoriesDeps } from "./sync/repositories.ts";
import { createSyncer, type Syncer } from "./sync/syncer.ts";

export interface Services {
  config: Pick<Config, "adminToken" | "anonymousRead">;
  kv: Kv;
  hot: HotIndex;
  directory: Directory;
  syncer: Syncer;
  repositories: RepositoriesDeps;
  clock: () => number;
  log: Log;
  /** Stops syncs, gives leases back, and closes the database. */
  close(): Promise<void>;
}

/** What comes from outside a configuration, so that a test can choose it. */
export interface Surroundings {
  log: Log;
  clock?: () => number;
  random?: () => number;
  httpLimits?: HttpLimits;
}

/** Opens the database and puts the parts together. Throws a `ConfigError` if that cannot be done. */
export async function createServices(
  config: Config,
  surroundings: Surroundings,
): Promise<Services> {
  const { log, clock = Date.now, random = Math.random, httpLimits = HTTP_LIMITS } = surroundings;
  const kv = await openKv(config.kv).catch((error) => {
    throw new ConfigError("CHARTROOM_KV", `cannot be opened: ${error}`);
  });
  const secrets = await createSecrets(await secretKeys(config));
  const egress = createEgress(config.allowUpstream);
  const fetchIndex = createSource(egress, httpLimits);
  const hot = createHotIndex(kv, clock, config.cacheBytes);
  const directory = createDirectory(kv, clock);
  const { maxIndexBytes } = config;
  const shared = { kv, fetchIndex, secrets, maxIndexBytes, clock };
  const syncer = createSyncer(
    { ...shared, random, owner: crypto.randomUUID(), log, onCommit: hot.refresh },
    config.syncConcurrency,
  );
  return {
    config,
    kv,
    hot,
    directory,
    syncer,
    repositories: { ...shared, egress, syncer, randomBytes, onChange: directory.refresh },
    clock,
    log,
    async close() {
      await syncer.close();
      await kv.close();
    },
  };
}

function randomBytes(length: number): Uint8Array<ArrayBuffer> {
  return crypto.getRandomValues(new Uint8Array(length));
}

/** What is given, or in the file beside the database; a database in memory needs none that lasts. */
async function secretKeys({ secretKeys, secretKeyFile }: Config) {
  if (secretKeys !== undefined) return secretKeys;
  if (secretKeyFile === undefined) return [randomBytes(SECRET_KEY_BYTES)];
  try {
    return [await loadOrMakeKey(secretKeyFile)];
  } catch (error) {
    throw new ConfigError("CHARTROOM_SECRET_KEY", `is not set, and ${secretKeyFile}: ${error}`);
  }
}
