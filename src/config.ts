/** From environment variables to one frozen configuration. */

import { isIP } from "node:net";
import { dirname, join } from "node:path";
import { LOOPBACK_HOST } from "./access/issuer_keys.ts";
import type { OidcConfig } from "./access/oidc.ts";
import { SECRET_KEY_BYTES } from "./access/secrets.ts";
import type { AllowRule } from "./sources/egress.ts";
import type { KvLocation } from "./store/kv.ts";

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
  readonly maxIndexBytes: number;
  readonly cacheBytes: number;
  readonly syncConcurrency: number;
  /** What is told of tags that an edge cache shall drop. */
  readonly purgeUrl?: string;
  /** Whether this process syncs what is due: not in a preview of Deno Deploy. */
  readonly syncsDue: boolean;
}

/** A variable with a wrong value. The message names it and says what it takes. */
export class ConfigError extends Error {
  constructor(variable: string, takes: string) {
    super(`${variable} ${takes}`);
  }
}

type Environment = Readonly<Record<string, string | undefined>>;

const MIB = 1_048_576;
const LOOPBACK = /^(localhost|127(\.\d+){3}|::1)$/;
const MIN_TOKEN_LENGTH = 16;
/** As Deno Deploy documents it; its own apps alone reach it. */
const DEPLOY_PURGE_URL = "http://cache.localhost/invalidate/http";

/** Reads the variables of the README's table. Throws a {@link ConfigError} at the first wrong one. */
export function loadConfig(environment: Environment = Deno.env.toObject()): Config {
  const read = (name: string) => environment[name]?.trim() || undefined;
  const onDeploy = read("DENO_DEPLOY") !== undefined;
  const host = read("HOST")?.replace(/^\[|\]$/g, "") ?? "127.0.0.1";
  const onLoopback = !onDeploy && LOOPBACK.test(host);
  const adminToken = readToken(read("CHARTROOM_ADMIN_TOKEN"), onLoopback, onDeploy);
  const oidc = readOidc(read);
  const kv = readLocation(read("CHARTROOM_KV"), onDeploy);
  const secretKeys = readSecretKeys(read("CHARTROOM_SECRET_KEY"), kv);
  const purgeUrl = readPurgeUrl(read("CHARTROOM_PURGE_URL"), onDeploy);
  const timeline = read("DENO_TIMELINE");
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
    syncsDue: !onDeploy || timeline === undefined || timeline === "production",
  });
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

function readOidc(read: (name: string) => string | undefined): OidcConfig | undefined {
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
  return value.split(",").map((text) => {
    let key: Uint8Array<ArrayBuffer> | undefined;
    try {
      key = Uint8Array.fromBase64(text.trim());
    } catch {
      // Told below.
    }
    if (key?.length === SECRET_KEY_BYTES) return key;
    throw new ConfigError(
      "CHARTROOM_SECRET_KEY",
      "takes 32 bytes in base64, or a comma list of them, the newest first",
    );
  });
}

function readInteger(
  name: string,
  value: string | undefined,
  otherwise: number,
  min: number,
  max: number,
): number {
  if (value === undefined) return otherwise;
  const number = /^\d{1,15}$/.test(value) ? Number(value) : NaN;
  if (number >= min && number <= max) return number;
  throw new ConfigError(name, `takes a whole number from ${min} to ${max}, not ${quote(value)}`);
}

function readBoolean(name: string, value: string | undefined): boolean | undefined {
  if (value === undefined) return undefined;
  if (value === "true" || value === "false") return value === "true";
  throw new ConfigError(name, `takes true or false, not ${quote(value)}`);
}

function readBytes(name: string, value: string | undefined, defaultMib: number): number {
  if (value === undefined) return defaultMib * MIB;
  const match = /^(\d{1,9}) ?(KiB|MiB|GiB)$/.exec(value);
  const bytes = match === null
    ? (/^\d{1,15}$/.test(value) ? Number(value) : NaN)
    : Number(match[1]) * 1_024 ** (["KiB", "MiB", "GiB"].indexOf(match[2]!) + 1);
  if (bytes >= MIB && bytes <= 4_096 * MIB) return bytes;
  throw new ConfigError(
    name,
    `takes 1 MiB to 4 GiB, as bytes or with KiB, MiB or GiB, not ${quote(value)}`,
  );
}

function readAllowRules(value: string | undefined): AllowRule[] {
  if (value === undefined) return [];
  return value.split(",").map((item) => item.trim()).filter(Boolean).map(readAllowRule);
}

function readAllowRule(text: string): AllowRule {
  const [, bracketed, plain, prefix, port] =
    /^(?:\[([0-9a-f:.]+)\]|([^[\]/:]+|[0-9a-f:.]*:[0-9a-f:.]*?))(?:\/(\d{1,3}))?(?::(\d{1,5}))?$/i
      .exec(text) ?? [];
  const host = (bracketed ?? plain)?.toLowerCase();
  const bits = { 0: 0, 4: 32, 6: 128 }[isIP(host ?? "")] ?? 0;
  const known = host !== undefined &&
    (bits > 0 || /^[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?$/.test(host));
  const inRange = (prefix === undefined || Number(prefix) <= bits && bits > 0) &&
    (port === undefined || Number(port) >= 1 && Number(port) <= 65_535);
  if (!known || !inRange) {
    throw new ConfigError(
      "CHARTROOM_ALLOW_UPSTREAM",
      `takes a comma list of host, host:port or CIDR, not ${quote(text)}`,
    );
  }
  return {
    ...(prefix === undefined ? { host } : { range: { address: host, prefix: Number(prefix) } }),
    ...(port === undefined ? {} : { port: Number(port) }),
  };
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

function quote(value: string): string {
  return JSON.stringify(value.slice(0, 60));
}
