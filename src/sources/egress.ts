/** Which addresses Chartroom may call: users type URLs, and what is private stays private. */

import { lookup } from "node:dns/promises";
import { BlockList, isIP } from "node:net";
import { IndexError } from "../helm/index_error.ts";

/** A host, or a range of addresses, that may be called although it is private. */
export interface AllowRule {
  host?: string;
  range?: { address: string; prefix: number };
  /** Any port if absent. */
  port?: number;
}

/** The addresses of a host name. Throws if it has none. */
export type Resolve = (host: string) => Promise<string[]>;

/** IPv4 ranges that are not public unicast (IANA special-purpose registry). */
const SPECIAL_IPV4: readonly [string, number][] = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  // Public, but on Azure it is what configures each virtual machine.
  ["168.63.129.16", 32],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 4],
  ["240.0.0.0", 4],
];
/** Within 2000::/3, which is all of IPv6 that is public: documentation, and tunnels to IPv4. */
const SPECIAL_IPV6: readonly [string, number][] = [
  ["2001::", 23],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["3fff::", 20],
];
/** Names that mean this machine or its surroundings, whatever they resolve to. */
const PRIVATE_NAMES = /(^|\.)(localhost|local|internal)$/;

const HINT = "; CHARTROOM_ALLOW_UPSTREAM can let it through";

const special = new BlockList();
for (const [address, prefix] of SPECIAL_IPV4) special.addSubnet(address, prefix, "ipv4");
for (const [address, prefix] of SPECIAL_IPV6) special.addSubnet(address, prefix, "ipv6");
const publicIpv6 = new BlockList();
publicIpv6.addSubnet("2000::", 3, "ipv6");

export interface Egress {
  /** What is wrong with a URL, as far as it shows without a network; `undefined` if nothing. */
  objection(url: URL): string | undefined;
  /** Throws an `IndexError` unless every address of the URL's host may be called. */
  check(url: URL): Promise<void>;
}

const systemResolve: Resolve = async (host) =>
  (await lookup(host, { all: true })).map(({ address }) => address);

/** An egress policy: public addresses over http and https, and what `allow` names. */
export function createEgress(allow: readonly AllowRule[], resolve = systemResolve): Egress {
  const objection = (url: URL): string | undefined => {
    if (url.protocol !== "http:" && url.protocol !== "https:") {
      return `the scheme must be http or https, not ${url.protocol.slice(0, -1)}`;
    }
    const host = hostOf(url);
    if (host === "") return "the URL has no host";
    if (allowsHost(allow, host, portOf(url))) return undefined;
    if (isIP(host) !== 0) return addressObjection(allow, host, portOf(url));
    if (PRIVATE_NAMES.test(host)) return `the host ${host} is private${HINT}`;
    return undefined;
  };
  return {
    objection,
    async check(url) {
      const refusal = objection(url);
      if (refusal !== undefined) throw new IndexError("blocked", refusal);
      const host = hostOf(url);
      if (isIP(host) !== 0 || allowsHost(allow, host, portOf(url))) return;
      const addresses = await resolve(host).catch(() => []);
      if (addresses.length === 0) {
        throw new IndexError("unreachable", `the host name ${host} cannot be resolved`);
      }
      if (
        addresses.some((address) => addressObjection(allow, address, portOf(url)) !== undefined)
      ) {
        throw new IndexError("blocked", `the host ${host} has a private address${HINT}`);
      }
    },
  };
}

function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, "").replace(/\.$/, "").toLowerCase();
}

function portOf(url: URL): number {
  return Number(url.port || (url.protocol === "https:" ? 443 : 80));
}

function allowsHost(allow: readonly AllowRule[], host: string, port: number): boolean {
  return allow.some((rule) => rule.host === host && (rule.port ?? port) === port);
}

function addressObjection(allow: readonly AllowRule[], text: string, port: number) {
  const address = unmapped(text);
  if (isPublic(address) || allow.some((rule) => allowsAddress(rule, address, port))) {
    return undefined;
  }
  return `the address ${address} is not public${HINT}`;
}

function isPublic(address: string): boolean {
  if (isIP(address) === 4) return !special.check(address, "ipv4");
  return publicIpv6.check(address, "ipv6") && !special.check(address, "ipv6");
}

function allowsAddress({ host, range, port }: AllowRule, address: string, called: number): boolean {
  if ((port ?? called) !== called) return false;
  if (range === undefined) return host === address;
  const family = isIP(range.address);
  if (family !== isIP(address)) return false;
  const list = new BlockList();
  list.addSubnet(range.address, range.prefix, family === 4 ? "ipv4" : "ipv6");
  return list.check(address, family === 4 ? "ipv4" : "ipv6");
}

/** The IPv4 address inside `::ffff:a.b.c.d`, which the URL parser writes as `::ffff:xxyy:zzww`. */
function unmapped(address: string): string {
  const match = /^::ffff:(?:(\d+\.\d+\.\d+\.\d+)|([0-9a-f]{1,4}):([0-9a-f]{1,4}))$/i.exec(address);
  if (match === null) return address;
  if (match[1] !== undefined) return match[1];
  const [high, low] = [parseInt(match[2]!, 16), parseInt(match[3]!, 16)];
  return [high >> 8, high & 255, low >> 8, low & 255].join(".");
}
