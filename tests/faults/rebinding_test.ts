/** Host names whose addresses change between the check and the call, or are not what they seem. */

import assert from "node:assert/strict";
import { type Chartroom, startChartroom } from "../support/chartroom.ts";
import { registerChart } from "../support/charts.ts";
import { type DnsRecord, DOMAIN, type Internet, startInternet } from "../support/internet.ts";
import { indexOf, startUpstream, type Upstream } from "../support/upstream.ts";

const INDEX = indexOf({ good: ["1.0.0"] });
const LIMITS = { idleMs: 300, totalMs: 2_000, redirects: 5 };
const PUBLIC = "93.184.216.34";
const HOST = `charts.${DOMAIN}`, OTHER = `other.${DOMAIN}`, THIRD = `third.${DOMAIN}`;
const INSIDE = `inside.${DOMAIN}`;

interface World {
  chartroom: Chartroom;
  internet: Internet;
  /** At {@link PUBLIC}, on every port. */
  outside: Upstream;
  /** On loopback; the URLs of all hosts have its port. */
  inside: Upstream;
  url(host: string): string;
}

async function withWorld(test: (world: World) => Promise<void>) {
  const outside = startUpstream(), inside = startUpstream();
  for (const upstream of [outside, inside]) upstream.serve("/index.yaml", INDEX);
  const internet = await startInternet();
  internet.route(PUBLIC, outside);
  const chartroom = await startChartroom({
    environment: { CHARTROOM_ALLOW_UPSTREAM: "" },
    httpLimits: LIMITS,
    network: internet.network,
  });
  const url = (host: string) => `http://${host}:${new URL(inside.url).port}`;
  try {
    await test({ chartroom, internet, outside, inside, url });
    assert.deepEqual(inside.requests, [], "the upstream on loopback was called");
    const private_ = internet.dialled.filter((address) => !address.startsWith(`${PUBLIC} `));
    assert.deepEqual(private_.filter((address) => !/^(93\.|2606:)/.test(address)), []);
  } finally {
    await chartroom.close();
    await Promise.all([outside.close(), inside.close(), internet.close()]);
  }
}

/** Registers a repository, or syncs the one that there is, and tells how it ended. */
async function outcome({ chartroom }: World, url: string, id?: string) {
  const repo = id ?? await chartroom.register(url);
  if (id !== undefined) await chartroom.sync(id);
  const { status, sync } = (await chartroom.call("GET", `/v1/repos/${repo}`)).body;
  return { id: repo, status, reason: sync.reason, message: sync.message };
}

const A: DnsRecord[] = [`A ${PUBLIC}`];
const LOOPBACK: DnsRecord[] = ["A 127.0.0.1"];
const PRIVATE = new RegExp(`^the host ${HOST} has a private address; CHARTROOM_ALLOW_UPSTREAM`);
const NOWHERE = new RegExp(`^the host name ${HOST} cannot be resolved$`);

type Zone = (nth: number) => DnsRecord[] | undefined;
const REBINDING: Zone = (nth) => nth === 0 ? A : LOOPBACK;

/** Answers of the DNS server, how the sync ends, and what is dialled. */
const CASES: Record<string, [DnsRecord[] | Zone, [string, RegExp] | "successful", string[]]> = {
  "a public address": [A, "successful", [PUBLIC]],
  "a public address, and loopback from then on": [REBINDING, "successful", [PUBLIC]],
  "loopback, and a public address from then on": [
    (nth) => nth === 0 ? LOOPBACK : A,
    ["blocked", PRIVATE],
    [],
  ],
  "public and private addresses in turn": [
    (nth) => nth % 2 === 0 ? A : ["A 10.0.0.1"],
    "successful",
    [PUBLIC],
  ],
  "a public address and loopback at once": [[...A, ...LOOPBACK], ["blocked", PRIVATE], []],
  "loopback before a public address": [[...LOOPBACK, ...A], ["blocked", PRIVATE], []],
  "a public address, and loopback in IPv6": [[...A, "AAAA ::1"], ["blocked", PRIVATE], []],
  "an alias of localhost": [["CNAME localhost", "A 127.0.0.1"], ["blocked", PRIVATE], []],
  "an alias of a public name": [["CNAME real.example", ...A], "successful", [PUBLIC]],
  "loopback, mapped into IPv6": [["AAAA ::ffff:127.0.0.1"], ["blocked", PRIVATE], []],
  "a private network, mapped into IPv6": [["AAAA ::ffff:10.0.0.1"], ["blocked", PRIVATE], []],
  "loopback by NAT64": [["AAAA 64:ff9b::127.0.0.1"], ["blocked", PRIVATE], []],
  "loopback by 6to4": [["AAAA 2002:7f00:1::"], ["blocked", PRIVATE], []],
  "loopback by ISATAP": [["AAAA 2606:4700::5efe:7f00:1"], ["blocked", PRIVATE], []],
  "this machine": [["A 0.0.0.0"], ["blocked", PRIVATE], []],
  "the metadata service": [["A 169.254.169.254"], ["blocked", PRIVATE], []],
  "Azure's wireserver": [["A 168.63.129.16"], ["blocked", PRIVATE], []],
  "a unique local address": [["AAAA fd00:ec2::254"], ["blocked", PRIVATE], []],
  "a link-local address": [["AAAA fe80::1"], ["blocked", PRIVATE], []],
  "thirty public addresses": [
    Array.from({ length: 30 }, (_, i): DnsRecord => `A 93.184.216.${34 + i}`),
    "successful",
    [PUBLIC],
  ],
  "thirty public addresses, and loopback": [
    [
      ...Array.from({ length: 29 }, (_, i): DnsRecord => `A 93.184.216.${34 + i}`),
      ...LOOPBACK,
    ],
    ["blocked", PRIVATE],
    [],
  ],
  "no address": [[], ["unreachable", NOWHERE], []],
  "no answer": [() => undefined, ["timeout", /^nothing came for 0\.3 s$/], []],
};

for (const [name, [zone, ends, dialled]] of Object.entries(CASES)) {
  Deno.test(`a host name with ${name}`, () =>
    withWorld(async (world) => {
      const { internet, url } = world;
      internet.name(HOST, zone);
      const { status, reason, message } = await outcome(world, url(HOST));
      if (ends === "successful") assert.equal(status, "successful", message);
      else {
        assert.equal(reason, ends[0], message);
        assert.match(message, ends[1]);
      }
      const { port } = new URL(url(HOST));
      assert.deepEqual(internet.dialled, dialled.map((address) => `${address} ${port}`));
    }));
}

Deno.test("a name is resolved once for each call", () =>
  withWorld(async (world) => {
    world.internet.name(HOST, A);
    await outcome(world, world.url(HOST));
    assert.equal(world.internet.asked(HOST), 1);
  }));

Deno.test("a name that there is not cannot be resolved", () =>
  withWorld(async (world) => {
    const { message } = await outcome(world, world.url(OTHER));
    assert.equal(message, `the host name ${OTHER} cannot be resolved`);
  }));

Deno.test("a connection that waits in the pool stays where it was checked, and is checked again", () =>
  withWorld(async (world) => {
    const { internet, outside, url } = world;
    internet.name(HOST, (nth) => nth < 3 ? A : LOOPBACK);
    const { id } = await outcome(world, url(HOST));
    for (let i = 0; i < 2; i++) assert.equal((await outcome(world, "", id)).status, "successful");
    assert.equal(outside.requests.length, 3);
    assert.equal(internet.dialled.length, 1);
    const { reason, message } = await outcome(world, "", id);
    assert.equal(reason, "blocked");
    assert.match(message, PRIVATE);
    assert.equal(outside.requests.length, 3);
  }));

Deno.test("a connection that has to be made anew goes where the name was checked to be", () =>
  withWorld(async (world) => {
    const { internet, outside, url } = world;
    outside.serve(
      "/index.yaml",
      () => new Response(INDEX, { headers: { connection: "close" } }),
    );
    internet.name(HOST, (nth) => nth < 2 ? A : LOOPBACK);
    const { id } = await outcome(world, url(HOST));
    assert.equal((await outcome(world, "", id)).status, "successful");
    assert.equal(internet.dialled.length, 2);
    assert.equal((await outcome(world, "", id)).reason, "blocked");
    assert.equal(internet.dialled.length, 2);
  }));

/** Where redirects lead, and how that ends: each host rebinds after its first answer. */
const REDIRECTS: Record<string, [string[], string, number]> = {
  "to a host that rebinds": [[OTHER], "successful", 2],
  "to two hosts that rebind": [[OTHER, THIRD], "successful", 3],
  "to a host that rebinds, twice": [[OTHER, OTHER], "blocked", 2],
  "back to the host that rebinds": [[OTHER, HOST], "blocked", 2],
  "to a name of loopback": [[INSIDE], "blocked", 1],
  "to localhost": [["localhost"], "blocked", 1],
  "to loopback": [["127.0.0.1"], "blocked", 1],
  "to loopback in IPv6": [["[::1]"], "blocked", 1],
  "to loopback in hexadecimal digits": [["0x7f000001"], "blocked", 1],
  "to loopback, mapped into IPv6": [["[::ffff:127.0.0.1]"], "blocked", 1],
  "to the edge's purges": [["cache.localhost"], "blocked", 1],
};

for (const [name, [hosts, ends, requests]] of Object.entries(REDIRECTS)) {
  Deno.test(`a redirect ${name}`, () =>
    withWorld(async (world) => {
      const { internet, outside, url } = world;
      for (const host of [HOST, OTHER, THIRD]) internet.name(host, REBINDING);
      internet.name(INSIDE, LOOPBACK);
      const locations = hosts.map((host, i) => `${url(host)}/${i}`);
      const paths = ["/index.yaml", ...hosts.map((_, i) => `/${i}`)];
      for (const [i, path] of paths.entries()) {
        const to = locations[i];
        outside.serve(path, to === undefined ? INDEX : () => Response.redirect(to));
      }
      const { status, reason, message } = await outcome(world, url(HOST));
      assert.equal(reason ?? status, ends, message);
      assert.equal(outside.requests.length, requests);
    }));
}

Deno.test("an archive at a host that rebinds is fetched from where it was checked, and once", () =>
  withWorld(async (world) => {
    const { chartroom, internet, outside, url } = world;
    internet.name(HOST, A);
    internet.name(OTHER, REBINDING);
    const urls = [`${url(OTHER)}/good-1.0.0.tgz`];
    outside.serve("/index.yaml", indexOf({ good: [{ version: "1.0.0", urls }] }));
    const version = await registerChart(chartroom, url(HOST));
    for (const reason of ["status", "blocked"]) {
      const { status, body } = await chartroom.call("GET", `${version}/files`);
      assert.equal(status, 502, JSON.stringify(body));
      assert.equal(body.reason, reason, JSON.stringify(body));
      chartroom.clock.now += 60_000;
    }
    assert.equal(outside.requests.filter(({ path }) => path === "/good-1.0.0.tgz").length, 1);
  }));
