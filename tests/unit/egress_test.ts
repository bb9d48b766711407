import assert from "node:assert/strict";
import { type AllowRule, createEgress } from "../../src/sources/egress.ts";

const HINT = "; CHARTROOM_ALLOW_UPSTREAM can let it through";

/** Hosts that may be called. */
const PUBLIC = [
  "8.8.8.8",
  "1.1.1.1.",
  "9.255.255.255",
  "11.0.0.0",
  "100.63.255.255",
  "100.128.0.1",
  "126.255.255.255",
  "128.0.0.0",
  "168.63.129.15",
  "168.63.129.17",
  "169.253.255.255",
  "172.15.255.255",
  "172.32.0.1",
  "192.0.1.1",
  "192.167.255.255",
  "192.169.0.0",
  "198.17.255.255",
  "198.20.0.0",
  "223.255.255.255",
  "134744072",
  "0x8080808",
  "010.8.8.8",
  "８.８.８.８",
  "8。8。8。8",
  "[::ffff:8.8.8.8]",
  "[64:ff9b::8.8.8.8]",
  "[2606:4700::1111]",
  "[2001:200::1]",
  "[2001:4860:4860::8888]",
  "[2003::1]",
  "[3ffe::1]",
  "[2606:4700::1:5efe:808:808]",
  "charts.example.org",
  "charts.example.org.",
  "bücher.example",
  "localhost.example.org",
  "notlocalhost",
  "internal.example.org",
  "home.arpa.example.org",
  "my-local",
  "8.8.8.8.example.org",
];

/** Hosts that may not, and as what they are told. */
const PRIVATE: Record<string, string> = {
  // "This network", private use, shared address space, loopback.
  "0.0.0.0": "0.0.0.0",
  "0": "0.0.0.0",
  "0.255.255.255": "0.255.255.255",
  "10.0.0.0": "10.0.0.0",
  "10.255.255.255": "10.255.255.255",
  "100.64.0.1": "100.64.0.1",
  "100.127.255.255": "100.127.255.255",
  "127.0.0.1": "127.0.0.1",
  "127.255.255.255": "127.255.255.255",
  "172.16.0.1": "172.16.0.1",
  "172.31.255.255": "172.31.255.255",
  "192.168.0.0": "192.168.0.0",
  "192.168.255.255": "192.168.255.255",
  // Loopback, written otherwise.
  "127.1": "127.0.0.1",
  "127.0.0.1.": "127.0.0.1",
  "2130706433": "127.0.0.1",
  "0x7f000001": "127.0.0.1",
  "0x7f.1": "127.0.0.1",
  "0177.0.0.1": "127.0.0.1",
  "017700000001": "127.0.0.1",
  "0x7F.0x0.0X0.0x1": "127.0.0.1",
  "１２７.０.０.１": "127.0.0.1",
  "127。0。0。1": "127.0.0.1",
  "127．0｡0.1": "127.0.0.1",
  "①②⑦.0.0.1": "127.0.0.1",
  "%31%32%37.0.0.1": "127.0.0.1",
  "127.0.0.1%2E": "127.0.0.1",
  // Metadata services.
  "169.254.169.254": "169.254.169.254",
  "169.254.170.2": "169.254.170.2",
  "0xa9fea9fe": "169.254.169.254",
  "100.100.100.200": "100.100.100.200",
  "168.63.129.16": "168.63.129.16",
  "192.0.0.192": "192.0.0.192",
  "[fd00:ec2::254]": "fd00:ec2::254",
  "[::ffff:169.254.169.254]": "169.254.169.254",
  "[::ffff:168.63.129.16]": "168.63.129.16",
  // The rest of IANA's registry, and multicast.
  "192.0.0.1": "192.0.0.1",
  "192.0.2.1": "192.0.2.1",
  "192.31.196.1": "192.31.196.1",
  "192.52.193.1": "192.52.193.1",
  "192.88.99.1": "192.88.99.1",
  "192.175.48.1": "192.175.48.1",
  "198.18.0.1": "198.18.0.1",
  "198.19.255.255": "198.19.255.255",
  "198.51.100.1": "198.51.100.1",
  "203.0.113.1": "203.0.113.1",
  "224.0.0.1": "224.0.0.1",
  "239.255.255.255": "239.255.255.255",
  "240.0.0.1": "240.0.0.1",
  "255.255.255.255": "255.255.255.255",
  // IPv6: nothing outside of 2000::/3, and not all within it.
  "[::]": "::",
  "[::1]": "::1",
  "[0:0:0:0:0:0:0:1]": "::1",
  "[100::1]": "100::1",
  "[100:0:0:1::1]": "100:0:0:1::1",
  "[1fff:ffff::1]": "1fff:ffff::1",
  "[2001::1]": "2001::1",
  "[2001:2::1]": "2001:2::1",
  "[2001:10::1]": "2001:10::1",
  "[2001:20::1]": "2001:20::1",
  "[2001:1ff:ffff::1]": "2001:1ff:ffff::1",
  "[2001:db8::1]": "2001:db8::1",
  "[2620:4f:8000::1]": "2620:4f:8000::1",
  "[3fff:fff::1]": "3fff:fff::1",
  "[4000::1]": "4000::1",
  "[5f00::1]": "5f00::1",
  "[fc00::1]": "fc00::1",
  "[fdff::1]": "fdff::1",
  "[fe80::1]": "fe80::1",
  "[fec0::1]": "fec0::1",
  "[ff02::1]": "ff02::1",
  // IPv4 within IPv6: mapped, compatible, SIIT, NAT64, 6to4, Teredo, ISATAP.
  "[::ffff:127.0.0.1]": "127.0.0.1",
  "[::ffff:7f00:1]": "127.0.0.1",
  "[0:0:0:0:0:ffff:a00:1]": "10.0.0.1",
  "[::FFFF:192.168.0.1]": "192.168.0.1",
  "[::127.0.0.1]": "::7f00:1",
  "[::8.8.8.8]": "::808:808",
  "[::ffff:0:127.0.0.1]": "::ffff:0:7f00:1",
  "[64:ff9b::127.0.0.1]": "127.0.0.1",
  "[64:ff9b::a9fe:a9fe]": "169.254.169.254",
  "[64:ff9b:1::8.8.8.8]": "64:ff9b:1::808:808",
  "[64:ff9b::1:808:808]": "64:ff9b::1:808:808",
  "[2002:7f00:1::]": "2002:7f00:1::",
  "[2002:808:808::1]": "2002:808:808::1",
  "[2001:0:7f00:1::]": "2001:0:7f00:1::",
  "[fe80::5efe:a00:1]": "fe80::5efe:a00:1",
  "[2606:4700::200:5efe:a00:1]": "2606:4700::200:5efe:a00:1",
  "[2606:4700:0:1:0:5efe:10.0.0.1]": "2606:4700:0:1:0:5efe:a00:1",
};

/** Names that mean this machine or its surroundings. */
const PRIVATE_NAMES = [
  "localhost",
  "LOCALHOST.",
  "localhost..",
  "ｌｏｃａｌｈｏｓｔ",
  "local%68ost",
  "cache.localhost",
  "cache.localhost.",
  "a.b.localhost",
  "vault.internal",
  "metadata.google.internal",
  "metadata.google.internal.",
  "metadata.goog",
  "kubernetes.default.svc.cluster.local",
  "printer.local",
  "router.home.arpa",
  "home.arpa",
];

/** URLs that are wrong in another way, and how. */
const OTHER: Record<string, RegExp | undefined> = {
  "ftp://example.org/": /^the scheme must be http or https, not ftp$/,
  "file:///etc/passwd": /not file$/,
  "data:text/plain,x": /not data$/,
  "gopher://example.org/": /not gopher$/,
  "https://example.org:443/": undefined,
  "https://example.org:80/": undefined,
  "https://example.org:8443/": undefined,
  "http://8.8.8.8:8080/": undefined,
  "http://example.org:22/": /^the port 22 is none of a web server; CHARTROOM_ALLOW_UPSTREAM can/,
  "http://example.org:25/": /^the port 25 is none/,
  "http://example.org:1/": /^the port 1 is none/,
  "http://example.org:1023/": /^the port 1023 is none/,
  "http://example.org:1024/": undefined,
  "http://example.org:0/": /^the port 0 is none/,
  "http://8.8.8.8:22/": /^the port 22 is none/,
  "http://[2606:4700::1]:6379/": /^the port 6379 is that of Redis;/,
  "http://example.org:5432/": /^the port 5432 is that of PostgreSQL;/,
  "http://example.org:2375/": /Docker/,
  "http://example.org:10250/": /a kubelet/,
  "http://user:pass@127.0.0.1/": /127\.0\.0\.1 is not public/,
  "http://example.org@127.0.0.1/": /127\.0\.0\.1 is not public/,
  "http://example.org\\@127.0.0.1/": undefined,
  "http:127.0.0.1/": /127\.0\.0\.1 is not public/,
  "http:\\\\127.0.0.1\\": /127\.0\.0\.1 is not public/,
};

Deno.test("what is public may be called, however it is written", () => {
  const egress = createEgress([]);
  for (const host of PUBLIC) {
    assert.equal(egress.objection(new URL(`https://${host}/`)), undefined, host);
  }
});

Deno.test("what is not public is refused, however it is written", () => {
  const egress = createEgress([]);
  for (const [host, told] of Object.entries(PRIVATE)) {
    const objection = egress.objection(new URL(`http://${host}/`));
    assert.equal(objection, `the address ${told} is not public${HINT}`, host);
  }
  for (const host of PRIVATE_NAMES) {
    assert.match(egress.objection(new URL(`http://${host}/`)) ?? "", /^the host \S+ is private/);
  }
});

Deno.test("schemes, ports and userinfo are looked at as the URL parser reads them", () => {
  const egress = createEgress([]);
  for (const [url, message] of Object.entries(OTHER)) {
    const objection = egress.objection(new URL(url));
    if (message === undefined) assert.equal(objection, undefined, url);
    else assert.match(objection ?? "", message, url);
  }
  // No URL has a zone.
  assert.equal(URL.canParse("http://[fe80::1%25eth0]/"), false);
});

/** What a resolver may say of a name, and whether it may be called. */
const ANSWERS: [string[], boolean][] = [
  [["93.184.216.34"], true],
  [["93.184.216.34", "2606:4700::1"], true],
  [["::ffff:93.184.216.34"], true],
  [["64:ff9b::5db8:d822"], true],
  [["93.184.216.34", "10.0.0.1"], false],
  [["2606:4700::1", "::1"], false],
  [["::ffff:192.168.0.1"], false],
  [["::ffff:7f00:1"], false],
  [["64:ff9b::127.0.0.1"], false],
  [["fe80::1%eth0"], false],
  [["2606:4700::1%1"], false],
  [["168.63.129.16"], false],
  [["0.0.0.0"], false],
  [["localhost"], false],
  [[""], false],
  [Array.from({ length: 200 }, (_, i) => i < 199 ? `93.184.216.${i}` : "127.0.0.1"), false],
];

Deno.test("every address of a name counts", async () => {
  for (const [addresses, passes] of ANSWERS) {
    const egress = createEgress([], () => Promise.resolve(addresses));
    const check = egress.check(new URL("https://charts.example.org/"));
    if (passes) assert.equal(await check, undefined);
    else await assert.rejects(check, { reason: "blocked" }, addresses.join());
  }
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

Deno.test("a rule lets a port through that is no web server's, where it names the address too", async () => {
  const rules: [AllowRule, string[], Record<string, RegExp | undefined>][] = [
    [{ host: "db.example.org", port: 22 }, ["8.8.8.8"], {
      "http://db.example.org:22/": undefined,
      "http://db.example.org.:22/": undefined,
      "http://db.example.org:25/": /port 25/,
      "http://sub.db.example.org:22/": /port 22/,
      "http://8.8.8.8:22/": /port 22/,
    }],
    [{ range: { address: "10.0.0.0", prefix: 8 } }, ["10.1.1.1"], {
      "http://a.example.org:81/": undefined,
      "http://10.1.1.1:81/": undefined,
      "http://[64:ff9b::10.1.1.1]:81/": undefined,
      "http://11.1.1.1:81/": /port 81/,
      "http://localhost:81/": /the host localhost is private/,
    }],
    [{ range: { address: "10.0.0.0", prefix: 8 }, port: 81 }, ["8.8.8.8"], {
      "http://a.example.org:81/": /^the port 81 is none/,
      "http://a.example.org:82/": /^the port 82 is none/,
      "http://10.1.1.1:82/": /10\.1\.1\.1 is not public/,
    }],
    [{ range: { address: "::", prefix: 0 } }, ["10.1.1.1"], {
      "http://[::1]/": undefined,
      "http://127.0.0.1/": /not public/,
      "http://a.example.org/": /private address/,
    }],
    [{ host: "localhost" }, ["127.0.0.1"], {
      "http://localhost/": undefined,
      "http://localhost./": undefined,
      "http://cache.localhost/": /is private/,
      "http://127.0.0.1/": /not public/,
      "http://a.example.org/": /private address/,
    }],
    [{ host: "127.0.0.1" }, ["127.0.0.1"], {
      "http://0x7f.1/": undefined,
      "http://[::ffff:127.0.0.1]/": undefined,
      "http://a.example.org/": undefined,
      "http://127.0.0.2/": /not public/,
      "http://localhost/": /is private/,
    }],
  ];
  for (const [rule, addresses, urls] of rules) {
    const egress = createEgress([rule], () => Promise.resolve(addresses));
    for (const [url, message] of Object.entries(urls)) {
      const check = egress.check(new URL(url));
      if (message === undefined) assert.equal(await check, undefined, url);
      else await assert.rejects(check, { reason: "blocked", message }, url);
    }
  }
});
