/** Values of environment variables: what each kind takes, and what it is told that is none. */

import { isIP } from "node:net";
import type { AllowRule } from "./sources/egress.ts";

const MIB = 1_048_576;

/** Addresses that begin with the same bits. */
export interface AddressRange {
  readonly address: string;
  readonly prefix: number;
}

/** A variable with a wrong value. The message names it and says what it takes. */
export class ConfigError extends Error {
  constructor(variable: string, takes: string) {
    super(`${variable} ${takes}`);
  }
}

/** A whole number between two bounds. */
export function readInteger(
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

/** `true` or `false`. */
export function readBoolean(name: string, value: string | undefined): boolean | undefined {
  if (value === undefined) return undefined;
  if (value === "true" || value === "false") return value === "true";
  throw new ConfigError(name, `takes true or false, not ${quote(value)}`);
}

/** Bytes, from 1 MiB to 4 GiB, with a unit or without. */
export function readBytes(name: string, value: string | undefined, defaultMib: number): number {
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

/** Hosts, hosts with ports, and ranges of addresses. */
export function readAllowRules(value: string | undefined): AllowRule[] {
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

/** A number in a second; 0 is none, which `off` says too. */
export function readRate(name: string, value: string | undefined, otherwise: number): number {
  return value === "off" ? 0 : readInteger(name, value, otherwise, 0, 1_000_000);
}

/** Addresses, and ranges of them. */
export function readRanges(name: string, value: string): AddressRange[] {
  return value.split(",").map((item) => item.trim()).filter(Boolean).map((text) => {
    const [, address = "", bits] = /^([0-9a-f.:]+)(?:\/(\d{1,3}))?$/i.exec(text) ?? [];
    const most = { 0: -1, 4: 32, 6: 128 }[isIP(address)]!;
    const prefix = Number(bits ?? most);
    if (most > 0 && prefix <= most) return { address, prefix };
    throw new ConfigError(name, `takes a comma list of addresses or CIDRs, not ${quote(text)}`);
  });
}

/** Where the service is reached: the origin of a URL. */
export function readPublicUrl(value: string | undefined): string | undefined {
  if (value === undefined) return undefined;
  const origin = originOf(value);
  if (origin !== undefined) return origin;
  throw new ConfigError(
    "CHARTROOM_PUBLIC_URL",
    `takes an http or https URL without a path, not ${quote(value)}`,
  );
}

/** Origins of web pages, or `*`, which is not for a service that `isOpen` to everybody. */
export function readOrigins(value: string | undefined, isOpen: boolean): "*" | string[] {
  const name = "CHARTROOM_CORS_ORIGINS";
  if (value === "*") {
    if (!isOpen) return value;
    // Every web page that somebody here looks at could register and delete.
    throw new ConfigError(name, "takes * only where CHARTROOM_ADMIN_TOKEN is set");
  }
  return (value ?? "").split(",").map((item) => item.trim()).filter(Boolean).map((text) => {
    const origin = originOf(text);
    if (origin !== undefined) return origin;
    throw new ConfigError(
      name,
      `takes * or a comma list of origins such as https://example.org, not ${quote(text)}`,
    );
  });
}

/** The origin that a URL is, if it is no more than that. */
function originOf(text: string): string | undefined {
  const url = /^https?:\/\/[^/?#@]+\/?$/i.test(text) ? URL.parse(text) : null;
  return url?.origin;
}

function quote(value: string): string {
  return JSON.stringify(value.slice(0, 60));
}
