import assert from "node:assert/strict";
import { createEgress } from "../../src/sources/egress.ts";

const PUBLIC = [
  "8.8.8.8",
  "[::ffff:8.8.8.8]",
  "172.32.0.1",
  "100.128.0.1",
  "[2606:4700::1111]",
  "192.0.1.1",
];
const PRIVATE = [
  "0.0.0.0",
  "10.1.2.3",
  "100.64.0.1",
  "127.0.0.1",
  "127.255.0.1",
  "2130706433",
  "0x7f.1",
  "168.63.129.16",
  "169.254.169.254",
  "172.16.0.1",
  "172.31.255.255",
  "192.0.0.1",
  "192.168.1.1",
  "198.18.0.1",
  "224.0.0.1",
  "255.255.255.255",
  "[::]",
  "[::1]",
  "[::ffff:127.0.0.1]",
  "[::ffff:a00:1]",
  "[64:ff9b::7f00:1]",
  "[fc00::1]",
  "[fe80::1]",
  "[ff02::1]",
  "[2001:db8::1]",
  "[2002:7f00:1::]",
  "[2001::1]",
  "localhost",
  "LOCALHOST.",
  "cache.localhost",
  "vault.internal",
  "printer.local",
];

Deno.test("addresses that are not public unicast are refused, however they are written", () => {
  const egress = createEgress([]);
  for (const host of PUBLIC) assert.equal(egress.objection(new URL(`https://${host}/`)), undefined);
  for (const host of PRIVATE) {
    assert.ok(egress.objection(new URL(`http://${host}/`)) !== undefined, host);
  }
  assert.match(egress.objection(new URL("ftp://example.org"))!, /must be http or https, not ftp/);
});

Deno.test("a name is refused if any of its addresses is private", async () => {
  const addresses: Record<string, string[]> = {
    "good.example.org": ["93.184.216.34", "2606:4700::1"],
    "mixed.example.org": ["93.184.216.34", "10.0.0.1"],
    "mapped.example.org": ["::ffff:192.168.0.1"],
  };
  const egress = createEgress([], (host) => Promise.resolve(addresses[host] ?? []));
  await egress.check(new URL("https://good.example.org/"));
  for (const host of ["mixed", "mapped"]) {
    await assert.rejects(egress.check(new URL(`https://${host}.example.org/`)), {
      reason: "blocked",
      message: `the host ${host}.example.org has a private address; ` +
        "CHARTROOM_ALLOW_UPSTREAM can let it through",
    });
  }
  await assert.rejects(egress.check(new URL("https://gone.example.org/")), {
    reason: "unreachable",
  });
});

Deno.test("what is allowed by name, address, range and port is let through, and no more", async () => {
  const resolve = () => Promise.resolve(["10.9.9.9"]);
  const egress = createEgress([
    { host: "charts.internal" },
    { host: "harbor.example.org", port: 8_443 },
    { host: "127.0.0.1", port: 5_000 },
    { range: { address: "192.168.0.0", prefix: 16 } },
    { range: { address: "fd00::", prefix: 8 } },
  ], resolve);
  const passes = (url: string) => egress.check(new URL(url)).then(() => true, () => false);
  assert.equal(await passes("http://charts.internal/"), true);
  assert.equal(await passes("http://other.internal/"), false);
  assert.equal(await passes("https://harbor.example.org:8443/"), true);
  assert.equal(await passes("https://harbor.example.org/"), false);
  assert.equal(await passes("http://127.0.0.1:5000/"), true);
  assert.equal(await passes("http://127.0.0.1:5001/"), false);
  assert.equal(await passes("http://192.168.7.7/"), true);
  assert.equal(await passes("http://[::ffff:192.168.7.7]/"), true);
  assert.equal(await passes("http://[fd00::7]/"), true);
  assert.equal(await passes("http://[fe80::7]/"), false);
  const inRange = createEgress([{ range: { address: "10.0.0.0", prefix: 8 } }], resolve);
  await inRange.check(new URL("https://anything.example.org/"));
});
