/** Where a request comes from. */

import { type BlockList, isIP } from "node:net";

/** What Deno tells of a connection. */
export interface Peer {
  remoteAddr?: Deno.Addr;
}

/**
 * The address that a request comes from, in one spelling: of the connection, or, where that is a
 * proxy which is trusted, the last one in `X-Forwarded-For` that is none; where that is no address,
 * it is the proxy's own. `""` if it is not known, as over a Unix socket.
 */
export function addressOf(
  request: Request,
  info: Peer | undefined,
  trusted: BlockList | undefined,
): string {
  const peer = info?.remoteAddr;
  const own = peer !== undefined && "hostname" in peer ? canonical(peer.hostname) : "";
  if (trusted === undefined || own === "" || !isIn(trusted, own)) return own;
  const forwarded = request.headers.get("x-forwarded-for")?.split(",") ?? [];
  // What stands left of it is what a caller says of themselves.
  for (const text of forwarded.reverse()) {
    const address = canonical(text.trim());
    if (address === "" || !isIn(trusted, address)) return address || own;
  }
  return own;
}

/** Whose limits those of an address are: a customer of IPv6 has at least a /64 (RFC 6177). */
export function networkOf(address: string): string {
  if (!address.includes(":")) return address;
  const [head = "", tail] = address.split("::");
  const groups = head === "" ? [] : head.split(":");
  if (tail !== undefined) {
    const behind = tail === "" ? [] : tail.split(":");
    groups.push(...Array(8 - groups.length - behind.length).fill("0"), ...behind);
  }
  return `${groups.slice(0, 4).join(":")}::/64`;
}

/** An address as the URL parser writes it, and IPv4 as such; `""` for what is none. */
function canonical(text: string): string {
  const family = isIP(text);
  if (family !== 6) return family === 4 ? text : "";
  const written = new URL(`http://[${text.replace(/%.*$/, "")}]`).hostname.slice(1, -1);
  const [, high, low] = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(written) ?? [];
  if (high === undefined) return written;
  const bits = parseInt(high, 16) * 65_536 + parseInt(low!, 16);
  return [24, 16, 8, 0].map((shift) => (bits >>> shift) & 255).join(".");
}

function isIn(ranges: BlockList, address: string): boolean {
  return ranges.check(address, address.includes(":") ? "ipv6" : "ipv4");
}
