/** From environment variables to one frozen configuration. */

import { dirname, join } from "node:path";
import { LOOPBACK_HOST } from "./access/issuer_keys.ts";
import { readKey } from "./access/key_file.ts";
import type { OidcConfig } from "./access/oidc.ts";
import {
  type AddressRange,
  ConfigError,
  readAllowRules,
  readBoolean,
  readBytes,
  readInteger,
  readOrigins,
  readPublicUrl,
  readRanges,
  readRate,
} from "./config_values.ts";
import type { AllowRule } from "./sources/egress.ts";
import type { KvLocation } from "./store/kv.ts";

export { ConfigError };

export interface Config {
  readonly host: string;
  readonly port: number;
  readonly kv: KvLocation;
  readonly adminToken?: string;
  /** Keys of 32 bytes; the first seals, all of them open. */
  readonly secretKeys?: readonly Uint8Array<ArrayBuffer>[];
  /** Where a key is made if none is given. */
  readonly secretKeyFile?: string;
  /** Whose JWTs let somebody in. */
  readonly oidc?: OidcConfig;
  /** Whether global repositories can be read without a token. */
  readonly anonymousRead: boolean;
  readonly allowUpstream: readonly AllowRule[];
  /** Whether calls are kept at the addresses that were checked: not on Deno Deploy. */
  readonly pinsAddresses: boolean;
  readonly maxIndexBytes: number;
  readonly cacheBytes: number;
  readonly syncConcurrency: number;
  /** Proxies whose `X-Forwarded-For` is believed. */
  readonly trustedProxies: readonly AddressRange[];
  /** What one caller may have in a second, in units; 0 is as much as they like. */
  readonly rateLimit: number;
  /** Most repositories of a workspace, and most that are global. */
  readonly maxRepos: number;
  /** Where the service is reached, without a slash at the end. */
  readonly publicUrl?: string;
  /** Whether browsers shall come over https alone. */
  readonly strictTransport: boolean;
  /** Origins of web pages that may call; `*` is all. */
  readonly corsOrigins: "*" | readonly string[];
  /** What is told of tags that an edge cache shall drop. */
  readonly purgeUrl?: string;
  /** Whether this process syncs what is due: not in a preview of Deno Deploy. */
  readonly syncsDue: boolean;
}

/** Every variable that is read, which is what `--allow-env` has to name. */
export const VARIABLES = [
  "HOST",
  "PORT",
  "CHARTROOM_KV",
  "CHARTROOM_ADMIN_TOKEN",
  "CHARTROOM_SECRET_KEY",
  "CHARTROOM_ANONYMOUS_READ",
  "CHARTROOM_ALLOW_UPSTREAM",
  "CHARTROOM_MAX_INDEX_BYTES",
  "CHARTROOM_CACHE_BYTES",
  "CHARTROOM_SYNC_CONCURRENCY",
  "CHARTROOM_PURGE_URL",
  "CHARTROOM_RATE_LIMIT",
  "CHARTROOM_MAX_REPOS",
  "CHARTROOM_TRUSTED_PROXIES",
  "CHARTROOM_PUBLIC_URL",
  "CHARTROOM_CORS_ORIGINS",
  "CHARTROOM_OIDC_ISSUER",
  "CHARTROOM_OIDC_AUDIENCE",
  "CHARTROOM_OIDC_WORKSPACE_CLAIM",
  "CHARTROOM_OIDC_ROLE_CLAIM",
  // Set by Deno Deploy.
  "DENO_DEPLOY",
  "DENO_TIMELINE",
] as const;
type Variable = typeof VARIABLES[number];
type Environment = Readonly<Partial<Record<Variable, string | undefined>>>;

const LOOPBACK = /^(localhost|127(\.\d+){3}|::1)$/;
const MIN_TOKEN_LENGTH = 16;
/** Permitted to be read so that they can be taken away. */
export const PROXY_VARIABLES = ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"]
  .flatMap((name) => [name, name.toLowerCase()]);
/** As Deno Deploy documents it; its own apps alone reach it. */
const DEPLOY_PURGE_URL = "http://cache.localhost/invalidate/http";
/**
 * Whose `X-Forwarded-For` is believed on Deno Deploy, which does not document what a connection
 * comes from: where that is a private address, it can only be the platform's own proxy; and where it
 * is a public one, it is the caller's.
 */
const DEPLOY_PROXIES =
  "10.0.0.0/8,100.64.0.0/10,127.0.0.0/8,169.254.0.0/16,172.16.0.0/12,192.168.0.0/16,::1,fc00::/7,fe80::/10";

/**
 * Takes away the variables by which `fetch` finds a proxy, and tells which there were. A proxy
 * resolves names itself, after they were checked; and what `NO_PROXY` names gets past the pins
 * (seen with Deno 2.9). Has to be called before the first call.
 */
export function ignoreProxies(): string[] {
  const set = PROXY_VARIABLES.filter((name) => Deno.env.has(name));
  for (const name of set) Deno.env.delete(name);
  return set;
}

/** Reads the variables of the README's table. Throws a {@link ConfigError} at the first wrong one. */
export function loadConfig(environment: Environment = readEnvironment()): Config {
  const read = (name: Variable) => environment[name]?.trim() || undefined;
  const onDeploy = read("DENO_DEPLOY") !== undefined;
  const host = read("HOST")?.replace(/^\[|\]$/g, "") ?? "127.0.0.1";
  const onLoopback = !onDeploy && LOOPBACK.test(host);
  const adminToken = readToken(read("CHARTROOM_ADMIN_TOKEN"), onLoopback, onDeploy);
  const oidc = readOidc(read);
  const kv = readLocation(read("CHARTROOM_KV"), onDeploy);
  const secretKeys = readSecretKeys(read("CHARTROOM_SECRET_KEY"), kv);
  const purgeUrl = readPurgeUrl(read("CHARTROOM_PURGE_URL"), onDeploy);
  const timeline = read("DENO_TIMELINE");
  const publicUrl = readPublicUrl(read("CHARTROOM_PUBLIC_URL"));
  const corsOrigins = readOrigins(read("CHARTROOM_CORS_ORIGINS"), adminToken === undefined);
  return Object.freeze({
    host,
    port: readInteger("PORT", read("PORT"), 8_000, 0, 65_535),
    kv,
    ...(adminToken === undefined ? {} : { adminToken }),
    ...(oidc === undefined ? {} : { oidc }),
    ...(secretKeys === undefined ? {} : { secretKeys }),
    ...(kv.kind === "file" ? { secretKeyFile: join(dirname(kv.path), "secret.key") } : {}),
    anonymousRead: readBoolean("CHARTROOM_ANONYMOUS_READ", read("CHARTROOM_ANONYMOUS_READ")) ??
      (onLoopback && adminToken === undefined && oidc === undefined),
    allowUpstream: readAllowRules(read("CHARTROOM_ALLOW_UPSTREAM")),
    // No listener on loopback is to be had there, and no private network is in reach.
    pinsAddresses: !onDeploy,
    maxIndexBytes: readBytes("CHARTROOM_MAX_INDEX_BYTES", read("CHARTROOM_MAX_INDEX_BYTES"), 128),
    cacheBytes: readBytes("CHARTROOM_CACHE_BYTES", read("CHARTROOM_CACHE_BYTES"), 128),
    syncConcurrency: readInteger(
      "CHARTROOM_SYNC_CONCURRENCY",
      read("CHARTROOM_SYNC_CONCURRENCY"),
      8,
      1,
      100,
    ),
    ...(purgeUrl === undefined ? {} : { purgeUrl }),
    trustedProxies: readRanges(
      "CHARTROOM_TRUSTED_PROXIES",
      read("CHARTROOM_TRUSTED_PROXIES") ?? (onDeploy ? DEPLOY_PROXIES : ""),
    ),
    rateLimit: readRate("CHARTROOM_RATE_LIMIT", read("CHARTROOM_RATE_LIMIT"), 200),
    maxRepos: readInteger("CHARTROOM_MAX_REPOS", read("CHARTROOM_MAX_REPOS"), 1_000, 1, 1_000_000),
    ...(publicUrl === undefined ? {} : { publicUrl }),
    strictTransport: onDeploy || publicUrl?.startsWith("https:") === true,
    corsOrigins,
    syncsDue: !onDeploy || timeline === undefined || timeline === "production",
  });
}

function readEnvironment(): Environment {
  return Object.fromEntries(VARIABLES.map((name) => {
    try {
      return [name, Deno.env.get(name)];
    } catch {
      throw new ConfigError(name, `cannot be read without \`--allow-env=${name}\``);
    }
  }));
}

function readToken(token: string | undefined, onLoopback: boolean, onDeploy: boolean) {
  if (token === undefined && !onLoopback) {
    const where = onDeploy ? "on Deno Deploy" : "where HOST is not a loopback address";
    throw new ConfigError("CHARTROOM_ADMIN_TOKEN", `is required ${where}`);
  }
  if (token !== undefined && !(token.length >= MIN_TOKEN_LENGTH && /^[\x21-\x7e]+$/.test(token))) {
    throw new ConfigError(
      "CHARTROOM_ADMIN_TOKEN",
      `takes ${MIN_TOKEN_LENGTH} or more printable ASCII characters without spaces`,
    );
  }
  return token;
}

function readOidc(read: (name: Variable) => string | undefined): OidcConfig | undefined {
  const issuer = read("CHARTROOM_OIDC_ISSUER"), audience = read("CHARTROOM_OIDC_AUDIENCE");
  if (issuer === undefined && audience === undefined) return undefined;
  if (issuer === undefined) {
    throw new ConfigError("CHARTROOM_OIDC_ISSUER", "is required with CHARTROOM_OIDC_AUDIENCE");
  }
  const url = URL.parse(issuer);
  const isPlain = url !== null && !/[?#@\s]/.test(issuer);
  const isSafe = url?.protocol === "https:" ||
    url?.protocol === "http:" && LOOPBACK_HOST.test(url.hostname);
  if (!isPlain || !isSafe) {
    const takes = "takes an https URL without query and fragment, or an http one on this machine";
    throw new ConfigError("CHARTROOM_OIDC_ISSUER", takes);
  }
  // Else a JWT that is for any other service would do.
  if (audience === undefined) {
    throw new ConfigError("CHARTROOM_OIDC_AUDIENCE", "is required with CHARTROOM_OIDC_ISSUER");
  }
  return {
    issuer,
    audience,
    workspaceClaim: read("CHARTROOM_OIDC_WORKSPACE_CLAIM") ?? "chartroom_workspaces",
    roleClaim: read("CHARTROOM_OIDC_ROLE_CLAIM") ?? "chartroom_role",
  };
}

function readLocation(value: string | undefined, onDeploy: boolean): KvLocation {
  if (value === undefined) {
    return onDeploy ? { kind: "attached" } : { kind: "file", path: "data/chartroom.sqlite" };
  }
  if (value === ":memory:") return { kind: "memory" };
  if (!value.includes("://")) return { kind: "file", path: value };
  if (/^https?:\/\//.test(value) && URL.canParse(value)) return { kind: "remote", url: value };
  throw new ConfigError(
    "CHARTROOM_KV",
    "takes the path of a file, `:memory:`, or the http(s) URL of a KV Connect server",
  );
}

function readSecretKeys(value: string | undefined, kv: KvLocation) {
  if (value === undefined) {
    if (kv.kind === "file" || kv.kind === "memory") return undefined;
    throw new ConfigError("CHARTROOM_SECRET_KEY", "is required unless CHARTROOM_KV is a file");
  }
  const secretKeys = value.split(",").map((text) => {
    const key = readKey(text);
    if (key !== undefined) return key;
    throw new ConfigError(
      "CHARTROOM_SECRET_KEY",
      "takes 32 bytes in base64, or a comma list of them, the newest first",
    );
  });
  if (new Set(secretKeys.map((key) => key.toBase64())).size < secretKeys.length) {
    throw new ConfigError("CHARTROOM_SECRET_KEY", "takes each key once");
  }
  return secretKeys;
}

function readPurgeUrl(value: string | undefined, onDeploy: boolean): string | undefined {
  if (value === undefined) return onDeploy ? DEPLOY_PURGE_URL : undefined;
  const url = /^https?:\/\//i.test(value) ? URL.parse(value) : null;
  if (url && url.username === "" && url.password === "") return url.href;
  throw new ConfigError(
    "CHARTROOM_PURGE_URL",
    "takes an http or https URL without a user name and password",
  );
}
