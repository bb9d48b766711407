/** Which addresses Chartroom may call: users type URLs, and what is private stays private. */

import { lookup } from "node:dns/promises";
import { BlockList, isIP } from "node:net";
import { unlessAborted } from "../aborted.ts";
import { IndexError } from "../helm/index_error.ts";
import type { Dialler, Pin } from "./dialler.ts";

/** A host, or a range of addresses, that may be called although it is private. */
export interface AllowRule {
  host?: string;
  range?: { address: string; prefix: number };
  /** Any port if absent. */
  port?: number;
}

/** The addresses of a host name. Throws if it has none. */
export type Resolve = (host: string) => Promise<string[]>;

/**
 * IPv4 ranges that no web server of the public has: those of IANA's special-purpose registry, with
 * the anycast services in it, and multicast.
 */
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
  ["192.31.196.0", 24],
  ["192.52.193.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["192.175.48.0", 24],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 4],
  ["240.0.0.0", 4],
];
/** What is public is in here (IANA's IPv6 address space: all that is given out as global unicast). */
const GLOBAL_IPV6: readonly [string, number][] = [["2000::", 3]];
/** Within that: protocols and Teredo, documentation, 6to4, an anycast service. */
const SPECIAL_IPV6: readonly [string, number][] = [
  ["2001::", 23],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["2620:4f:8000::", 48],
  ["3fff::", 20],
];
/** Names that mean this machine or its surroundings, whatever they resolve to. */
const PRIVATE_NAMES = /(^|\.)(localhost|local|internal|home\.arpa|metadata\.goog)$/;
/** Below 1024, the only ports of web servers; the others are of mail, shells, files and the like. */
const LOW_WEB_PORTS: ReadonlySet<number> = new Set([80, 443]);
/** From 1024 on, those of services that do harm when they are called; `fetch` refuses a few more. */
const SERVICE_PORTS: Readonly<Record<number, string>> = {
  1433: "SQL Server",
  1521: "Oracle",
  2375: "Docker",
  2376: "Docker",
  2379: "etcd",
  2380: "etcd",
  3306: "MySQL",
  3389: "RDP",
  5432: "PostgreSQL",
  5672: "AMQP",
  5900: "VNC",
  6379: "Redis",
  9042: "Cassandra",
  9092: "Kafka",
  9200: "Elasticsearch",
  10250: "a kubelet",
  11211: "memcached",
  27017: "MongoDB",
};

const HINT = "; CHARTROOM_ALLOW_UPSTREAM can let it through";

const specialIpv4 = blockList(SPECIAL_IPV4, "ipv4");
const specialIpv6 = blockList(SPECIAL_IPV6, "ipv6");
const globalIpv6 = blockList(GLOBAL_IPV6, "ipv6");

export interface Egress {
  /** What is wrong with a URL, as far as it shows without a network; `undefined` if nothing. */
  objection(url: URL): string | undefined;
  /**
   * Throws an `IndexError` unless every address of the URL's host may be called, or what `signal`
   * is aborted with. A call of a host name has to go by the pin, if there is one, which keeps it at
   * the addresses that were checked; the caller releases it.
   */
  check(url: URL, signal?: AbortSignal): Promise<Pin | undefined>;
}

const systemResolve: Resolve = async (host) =>
  (await lookup(host, { all: true })).map(({ address }) => address);

/**
 * An egress policy: public addresses over http and https, and what `allow` names. Without a
 * `dialler` there are no pins, and who makes the call resolves the name again.
 */
export function createEgress(
  allow: readonly AllowRule[],
  resolve: Resolve = systemResolve,
  dialler?: Pick<Dialler, "pin">,
): Egress {
  const objection = (url: URL): string | undefined => {
    if (url.protocol !== "http:" && url.protocol !== "https:") {
      return `the scheme must be http or https, not ${url.protocol.slice(0, -1)}`;
    }
    const host = hostOf(url), port = portOf(url);
    if (host === "") return "the URL has no host";
    if (allowsHost(allow, host, port)) return undefined;
    if (isIP(host) !== 0) return addressObjection(allow, host, port);
    if (PRIVATE_NAMES.test(host)) return `the host ${host} is private${HINT}`;
    // Where a rule has this port, the addresses of the name decide.
    return allow.some((rule) => allowsPort(rule, port)) ? undefined : portObjection(port);
  };
  return {
    objection,
    async check(url, signal = new AbortController().signal) {
      const refusal = objection(url);
      if (refusal !== undefined) throw new IndexError("blocked", refusal);
      const host = hostOf(url), port = portOf(url);
      if (isIP(host) !== 0 || allowsHost(allow, host, port)) return undefined;
      const addresses = await unlessAborted(resolve(host).catch(() => []), signal);
      if (addresses.length === 0) {
        throw new IndexError("unreachable", `the host name ${host} cannot be resolved`);
      }
      for (const address of addresses) {
        if (addressObjection(allow, address, port) === undefined) continue;
        // The address is not told: who asks may not know it.
        const found = isPublic(address)
          ? portObjection(port)
          : `the host ${host} has a private address${HINT}`;
        throw new IndexError("blocked", found!);
      }
      return dialler?.pin(url.hostname, port, addresses);
    },
  };
}

/** As rules and resolvers have it: without brackets, and without the dots of a name's end. */
function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, "").replace(/\.+$/, "").toLowerCase();
}

function portOf(url: URL): number {
  return Number(url.port || (url.protocol === "https:" ? 443 : 80));
}

function allowsHost(allow: readonly AllowRule[], host: string, port: number): boolean {
  return allow.some((rule) => rule.host === host && allowsPort(rule, port));
}

function allowsPort(rule: AllowRule, port: number): boolean {
  return (rule.port ?? port) === port;
}

function portObjection(port: number): string | undefined {
  if (port < 1_024 && !LOW_WEB_PORTS.has(port)) {
    return `the port ${port} is none of a web server${HINT}`;
  }
  const service = SERVICE_PORTS[port];
  return service && `the port ${port} is that of ${service}${HINT}`;
}

function addressObjection(allow: readonly AllowRule[], address: string, port: number) {
  const meant = ipv4Within(address) ?? address;
  const isAllowed = allow.some((rule) =>
    allowsPort(rule, port) && [address, meant].some((one) => hasAddress(rule, one))
  );
  if (isAllowed) return undefined;
  return isPublic(address) ? portObjection(port) : `the address ${meant} is not public${HINT}`;
}

function isPublic(address: string): boolean {
  const meant = ipv4Within(address) ?? address;
  if (isIP(meant) === 4) return !specialIpv4.check(meant, "ipv4");
  return globalIpv6.check(meant, "ipv6") && !specialIpv6.check(meant, "ipv6") && !isIsatap(meant);
}

function hasAddress({ host, range }: AllowRule, address: string): boolean {
  if (range === undefined) return host === address;
  if (isIP(range.address) !== isIP(address)) return false;
  const family = isIP(address) === 4 ? "ipv4" : "ipv6";
  return blockList([[range.address, range.prefix]], family).check(address, family);
}

function blockList(ranges: readonly [string, number][], family: "ipv4" | "ipv6"): BlockList {
  const list = new BlockList();
  for (const [address, prefix] of ranges) list.addSubnet(address, prefix, family);
  return list;
}

/**
 * The IPv4 address that is meant by an IPv6 one: mapped (`::ffff:0:0/96`), or translated by the
 * network (`64:ff9b::/96`, RFC 6052), as all of IPv4 is where there is nothing else but IPv6.
 */
function ipv4Within(address: string): string | undefined {
  const groups = groupsOf(address);
  const prefix = groups.slice(0, 6).join(":");
  if (prefix !== "0:0:0:0:0:ffff" && prefix !== "64:ff9b:0:0:0:0") return undefined;
  return groups.slice(6).flatMap((group) => {
    const pair = parseInt(group, 16);
    return [pair >> 8, pair & 255];
  }).join(".");
}

/** Whether the address leads through a tunnel to an IPv4 one (RFC 5214), in whatever network. */
function isIsatap(address: string): boolean {
  return /^0?200:5efe$|^0:5efe$/.test(groupsOf(address).slice(4, 6).join(":"));
}

/** The eight groups of an IPv6 address, without leading zeros; none of what is no such address. */
function groupsOf(address: string): string[] {
  const short = isIP(address) === 6 ? URL.parse(`http://[${address}]`)?.hostname : undefined;
  if (short === undefined) return [];
  const [left = [], right = []] = short.slice(1, -1).split("::").map((half) =>
    half.split(":").filter(Boolean)
  );
  const zeros = Array<string>(8 - left.length - right.length).fill("0");
  return [...left, ...zeros, ...right];
}
