/** What the routes call, made once at start from a configuration. */

import { BlockList, isIP } from "node:net";
import { type Attempts, createAttempts } from "./access/attempts.ts";
import { type Audit, createAudit } from "./access/audit.ts";
import { createIdentities, type Identities } from "./access/identities.ts";
import { createOidc } from "./access/oidc.ts";
import { createSessions } from "./access/sessions.ts";
import { createRateLimit, type RateLimit, UNLIMITED } from "./access/rate_limit.ts";
import { createTokens, type Tokens } from "./access/tokens.ts";
import { type Archives, createArchives } from "./catalog/archives.ts";
import { createDirectory, type Directory } from "./catalog/directory.ts";
import { createHotIndex, type HotIndex } from "./catalog/hot_index.ts";
import { createIcons, type Icons } from "./catalog/icons.ts";
import { createSharedWork } from "./catalog/shared_work.ts";
import { Scopes } from "./catalog/scope.ts";
import type { Config } from "./config.ts";
import { checkSecrets, type Database, openDatabase } from "./database.ts";
import { tagsOfGeneration, tagsOfRepo } from "./edge_tags.ts";
import type { Log } from "./log.ts";
import { oneByOne } from "./one_by_one.ts";
import { createFileSource } from "./sources/archive.ts";
import { type Dial, Dialler } from "./sources/dialler.ts";
import { createEgress, type Resolve } from "./sources/egress.ts";
import { createSource } from "./sources/download.ts";
import { createJsonSource } from "./sources/json.ts";
import { createPurger, type Schedule } from "./sources/purge.ts";
import { HTTP_LIMITS, type HttpLimits } from "./sources/watch.ts";
import type { Kv } from "./store/kv.ts";
import type { RepositoriesDeps } from "./sync/repositories.ts";
import { createSyncer, type Syncer } from "./sync/syncer.ts";

export interface Services {
  /** What answers say of the service itself, and to whom. */
  config: Pick<Config, "publicUrl" | "strictTransport" | "corsOrigins">;
  identities: Identities;
  tokens: Tokens;
  attempts: Attempts;
  /** Of each caller, and of all tokens of a workspace. */
  limits: { callers: RateLimit; workspaces: RateLimit };
  /** Whose `X-Forwarded-For` is believed, if anybody's. */
  trustedProxies: BlockList | undefined;
  audit: Audit;
  kv: Kv;
  directory: Directory;
  scopes: Scopes;
  hot: HotIndex;
  /** For the answers that are drawn from it; bytes. */
  answerBytes: number;
  archives: Archives;
  icons: Icons;
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
  /** How host names become addresses, and these connections. */
  network?: { resolve: Resolve; dial: Dial };
  /** When purges of the edge cache go out. */
  schedule?: Schedule;
}

/** Of the budget of the cache: answers, ready to be sent. */
const ANSWERS_SHARE = 1 / 8;
/** Charts' archives, as they were fetched. */
const ARCHIVES_SHARE = 1 / 8;
/** Charts' icons. */
const ICONS_SHARE = 1 / 32;
/** Indexes that callers have tried out at once, and those that may wait for that, or for one host. */
const CHECKS = { total: 16, perHost: 4, perWorkspace: 8 }, MAX_CHECKS = { total: 100, perRepo: 20 };
/** Seconds for which a full bucket makes up. */
const BURST_S = 10;
/** How many callers all tokens of a workspace together count for. */
const WORKSPACE_CALLERS = 5;

/** Opens the database and puts the parts together. Throws a `ConfigError` if that cannot be done. */
export async function createServices(
  config: Config,
  surroundings: Surroundings,
): Promise<Services> {
  const database = await openDatabase(config);
  // The database answers while the parts are put together.
  const checked = checkSecrets(config, database, surroundings.log);
  const services = connect(config, surroundings, database);
  try {
    await checked;
    return services;
  } catch (error) {
    await services.close();
    throw error;
  }
}

function connect(config: Config, surroundings: Surroundings, { kv, secrets }: Database): Services {
  const { log, clock = Date.now, random = Math.random, httpLimits = HTTP_LIMITS } = surroundings;
  const { randomBytes = drawBytes, network } = surroundings;
  const dialler = config.pinsAddresses ? new Dialler(network?.dial) : undefined;
  const egress = createEgress(config.allowUpstream, network?.resolve, dialler);
  const fetchIndex = createSource(egress, httpLimits);
  const answerBytes = config.cacheBytes * ANSWERS_SHARE;
  const archiveBytes = config.cacheBytes * ARCHIVES_SHARE;
  const iconBytes = config.cacheBytes * ICONS_SHARE;
  const hot = createHotIndex(kv, config.cacheBytes - answerBytes - archiveBytes - iconBytes);
  const files = { fetchFile: createFileSource(egress, httpLimits), secrets, clock, log };
  const archives = createArchives({ ...files, maxBytes: archiveBytes });
  const icons = createIcons({ ...files, maxBytes: iconBytes });
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
  const checking = createSharedWork({ what: "indexes", maxWaiting: MAX_CHECKS });
  const tokens = createTokens({ kv, clock, randomBytes });
  const sessions = createSessions({ kv, clock, randomBytes });
  const { oidc } = config;
  const fetchJson = createJsonSource(httpLimits);
  return {
    config,
    identities: createIdentities({
      ...config,
      tokens,
      sessions,
      oidc: oidc && createOidc(oidc, { fetchJson, clock, log }),
      clock,
    }),
    tokens,
    attempts: createAttempts(clock),
    limits: {
      callers: limitOf("requests", config.rateLimit, clock),
      workspaces: limitOf("workspaces", WORKSPACE_CALLERS * config.rateLimit, clock),
    },
    trustedProxies: blockListOf(config.trustedProxies),
    audit: createAudit({ kv, clock, log }),
    kv,
    directory,
    scopes: new Scopes(),
    hot,
    answerBytes,
    archives,
    icons,
    syncer,
    repositories: {
      ...shared,
      egress,
      syncer,
      checks: checking.lane(CHECKS),
      maxRepos: config.maxRepos,
      registering: oneByOne(),
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
      icons.close();
      checking.close();
      await syncer.close();
      await purger.close();
      await dialler?.close();
      await kv.close();
    },
  };
}

function limitOf(name: string, perSecond: number, clock: () => number): RateLimit {
  if (perSecond === 0) return UNLIMITED;
  return createRateLimit({ name, perSecond, burst: perSecond * BURST_S }, clock);
}

function blockListOf(ranges: Config["trustedProxies"]): BlockList | undefined {
  if (ranges.length === 0) return undefined;
  const list = new BlockList();
  for (const { address, prefix } of ranges) {
    list.addSubnet(address, prefix, isIP(address) === 4 ? "ipv4" : "ipv6");
  }
  return list;
}

const drawBytes: RandomBytes = (length) => crypto.getRandomValues(new Uint8Array(length));
