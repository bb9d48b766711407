import assert from "node:assert/strict";
import { BlockList } from "node:net";
import { addressOf, networkOf } from "../../routes/support/address.ts";
import { peer } from "../support/chartroom.ts";

const trusted = new BlockList();
trusted.addSubnet("10.0.0.0", 8, "ipv4");
trusted.addSubnet("fd00::", 8, "ipv6");

function from(hostname: string, forwarded?: string, ranges: BlockList | undefined = trusted) {
  const headers = new Headers(forwarded === undefined ? {} : { "x-forwarded-for": forwarded });
  const info = peer(hostname) as { remoteAddr: Deno.NetAddr };
  return addressOf(new Request("http://localhost/", { headers }), info, ranges);
}

Deno.test("a caller's own word for their address counts only if a trusted proxy passes it on", () => {
  assert.equal(from("192.0.2.1"), "192.0.2.1");
  assert.equal(from("192.0.2.1", "198.51.100.9"), "192.0.2.1");
  assert.equal(from("10.0.0.1", "198.51.100.9"), "198.51.100.9");
  assert.equal(from("10.0.0.1", "198.51.100.9", new BlockList()), "10.0.0.1");
  assert.equal(from("10.0.0.1"), "10.0.0.1");
});

Deno.test("of those who passed it on, it is the last that is not trusted", () => {
  assert.equal(from("10.0.0.1", "1.1.1.1, 198.51.100.9, 10.1.1.1,fd00::1"), "198.51.100.9");
  assert.equal(from("fd00::2", "1.1.1.1 , 2001:DB8:0::9"), "2001:db8::9");
  // All of them are: the caller is one of the network's own, or nobody passed anything on.
  assert.equal(from("10.0.0.1", "10.2.2.2, 10.1.1.1"), "10.0.0.1");
});

Deno.test("what is no address leads to that of the connection; what stands left of one, to nothing", () => {
  for (const wrong of ["unknown", "", "1.2.3", "198.51.100.9:80", "_hidden", "1.1.1.1, x"]) {
    assert.equal(from("10.0.0.1", wrong), "10.0.0.1", wrong);
  }
  assert.equal(from("10.0.0.1", "x, '; --, 198.51.100.9"), "198.51.100.9");
});

Deno.test("an address has one spelling, and IPv4 inside of IPv6 is IPv4", () => {
  assert.equal(from("::ffff:192.0.2.1"), "192.0.2.1");
  assert.equal(from("::ffff:10.0.0.1", "::FFFF:c000:0201"), "192.0.2.1");
  assert.equal(from("2001:0DB8::0:1"), "2001:db8::1");
  assert.equal(from("fe80::1%eth0"), "fe80::1");
  assert.equal(from("::ffff:255.254.253.252"), "255.254.253.252");
});

Deno.test("without a connection of the network there is no address", () => {
  const request = new Request("http://localhost/", { headers: { "x-forwarded-for": "1.1.1.1" } });
  assert.equal(addressOf(request, undefined, trusted), "");
  assert.equal(addressOf(request, {}, trusted), "");
  const remoteAddr = { transport: "unix", path: "/tmp/socket" } as const;
  assert.equal(addressOf(request, { remoteAddr }, trusted), "");
});

Deno.test("limits of IPv6 are those of a /64", () => {
  for (
    const [address, network] of [
      ["192.0.2.1", "192.0.2.1"],
      ["", ""],
      ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
      ["2001:db8::1", "2001:db8:0:0::/64"],
      ["2001:db8:0:0:1::", "2001:db8:0:0::/64"],
      ["::1", "0:0:0:0::/64"],
      ["1::", "1:0:0:0::/64"],
      ["::", "0:0:0:0::/64"],
    ]
  ) {
    assert.equal(networkOf(address!), network);
  }
});
