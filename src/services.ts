/** What the routes call, made once at start from a configuration. */

import { createSecrets, loadOrMakeKey, SECRET_KEY_BYTES } from "./access/secrets.ts";
import { createIdentities, type Identities } from "./access/identities.ts";
import { createOidc } from "./access/oidc.ts";
import { createSessions } from "./access/sessions.ts";
import { createTokens, type Tokens } from "./access/tokens.ts";
import { type Archives, createArchives } from "./catalog/archives.ts";
import { createDirectory, type Directory } from "./catalog/directory.ts";
import { createHotIndex, type HotIndex } from "./catalog/hot_index.ts";
import { Scopes } from "./catalog/scope.ts";
import { type Config, ConfigError } from "./config.ts";
import { tagsOfGeneration, tagsOfRepo } from "./edge_tags.ts";
import type { Log } from "./log.ts";
import { createArchiveSource } from "./sources/archive.ts";
import { createEgress } from "./sources/egress.ts";
import { createSource } from "./sources/download.ts";
import { createJsonSource } from "./sources/json.ts";
import { createPurger, type Schedule } from "./sources/purge.ts";
import { HTTP_LIMITS, type HttpLimits } from "./sources/watch.ts";
import { type Kv, openKv } from "./store/kv.ts";
import type { RepositoriesDeps } from "./sync/repositories.ts";
import { createSyncer, type Syncer } from "./sync/syncer.ts";

export interface Services {
  identities: Identities;
  tokens: Tokens;
  kv: Kv;
  directory: Directory;
  scopes: Scopes;
  hot: HotIndex;
  /** For the answers that are drawn from it; bytes. */
  answerBytes: number;
  archives: Archives;
  syncer: Syncer;
  repositories: RepositoriesDeps;
  clock: () => number;
  log: Log;
  /** Stops syncs, gives leases back, and closes the database. */
  close(): Promise<void>;
}

/** So many bytes that nobody can foretell. */
type RandomBytes = (length: number) => Uint8Array<ArrayBuffer>;

/** What comes from outside a configuration, so that a test can choose it. */
export interface Surroundings {
  log: Log;
  clock?: () => number;
  random?: () => number;
  randomBytes?: RandomBytes;
  httpLimits?: HttpLimits;
  /** When purges of the edge cache go out. */
  schedule?: Schedule;
}

/** Of the budget of the cache: answers, ready to be sent. */
const ANSWERS_SHARE = 1 / 8;
/** Charts' archives, as they were fetched. */
const ARCHIVES_SHARE = 1 / 8;

/** Opens the database and puts the parts together. Throws a `ConfigError` if that cannot be done. */
export async function createServices(
  config: Config,
  surroundings: Surroundings,
): Promise<Services> {
  const { log, clock = Date.now, random = Math.random, httpLimits = HTTP_LIMITS } = surroundings;
  const { randomBytes = drawBytes } = surroundings;
  const kv = await openKv(config.kv).catch((error) => {
    throw new ConfigError("CHARTROOM_KV", `cannot be opened: ${error}`);
  });
  const secrets = await createSecrets(await secretKeys(config));
  const egress = createEgress(config.allowUpstream);
  const fetchIndex = createSource(egress, httpLimits);
  const answerBytes = config.cacheBytes * ANSWERS_SHARE;
  const archiveBytes = config.cacheBytes * ARCHIVES_SHARE;
  const hot = createHotIndex(kv, config.cacheBytes - answerBytes - archiveBytes);
  const archives = createArchives({
    fetchArchive: createArchiveSource(egress, httpLimits),
    secrets,
    maxBytes: archiveBytes,
    clock,
    log,
  });
  const directory = createDirectory(kv, clock);
  const { schedule } = surroundings;
  const purger = createPurger(config.purgeUrl, { log, clock, ...(schedule && { schedule }) });
  const { maxIndexBytes } = config;
  const shared = { kv, fetchIndex, secrets, maxIndexBytes, clock };
  const syncer = createSyncer(
    {
      ...shared,
      random,
      owner: crypto.randomUUID(),
      log,
      onCommit(repo, pointer) {
        directory.commit(repo.id, pointer);
        purger.purge(tagsOfGeneration(repo));
      },
    },
    config.syncConcurrency,
  );
  const tokens = createTokens({ kv, clock, randomBytes });
  const sessions = createSessions({ kv, clock, randomBytes });
  const { oidc } = config;
  const fetchJson = createJsonSource(httpLimits);
  return {
    identities: createIdentities({
      ...config,
      tokens,
      sessions,
      oidc: oidc && createOidc(oidc, { fetchJson, clock, log }),
      clock,
    }),
    tokens,
    kv,
    directory,
    scopes: new Scopes(),
    hot,
    answerBytes,
    archives,
    syncer,
    repositories: {
      ...shared,
      egress,
      syncer,
      randomBytes,
      onChange(repoId) {
        directory.refresh();
        purger.purge(tagsOfRepo(repoId));
      },
    },
    clock,
    log,
    async close() {
      archives.close();
      await syncer.close();
      await purger.close();
      await kv.close();
    },
  };
}

const drawBytes: RandomBytes = (length) => crypto.getRandomValues(new Uint8Array(length));

/** What is given, or in the file beside the database; a database in memory needs none that lasts. */
async function secretKeys({ secretKeys, secretKeyFile }: Config) {
  if (secretKeys !== undefined) return secretKeys;
  if (secretKeyFile === undefined) return [drawBytes(SECRET_KEY_BYTES)];
  try {
    return [await loadOrMakeKey(secretKeyFile)];
  } catch (error) {
    throw new ConfigError("CHARTROOM_SECRET_KEY", `is not set, and ${secretKeyFile}: ${error}`);
  }
}
