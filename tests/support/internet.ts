/** An internet of a test's own: a DNS server on loopback, and addresses that lead to upstreams there. */

import { createSocket } from "node:dgram";
import { once } from "node:events";
import type { Dial } from "../../src/sources/dialler.ts";
import type { Resolve } from "../../src/sources/egress.ts";

/** A record of a name, as in `A 192.0.2.1`. */
export type DnsRecord = `${"A" | "AAAA" | "CNAME"} ${string}`;

/** Records for the nth query of a type, from 0 on; `undefined` for no answer at all. */
type Zone = (nth: number) => DnsRecord[] | undefined;

export interface Internet {
  network: { resolve: Resolve; dial: Dial };
  /** What was dialled, oldest first, as `address port`. */
  dialled: string[];
  /** Has a name of {@link DOMAIN} answered with records, which all have a TTL of 0. */
  name(host: string, records: DnsRecord[] | Zone): void;
  /** How often a name was asked for. */
  asked(host: string): number;
  /** Has an address lead to a port on loopback; without one, it is dialled as it is. */
  route(address: string, to: { url: string }, port?: number): void;
  close(): Promise<void>;
}

/**
 * What the names end in. Deno asks the system's resolver for every host that it connects with, by a
 * proxy too, and no resolver sends a query with so long a label: so none leaves this machine.
 */
export const DOMAIN = `${"x".repeat(64)}.example`;

const TYPES = { A: 1, CNAME: 5, AAAA: 28 };
/** What stands for the question's name, so that thirty addresses fit into a datagram. */
const QUESTION = [0xc0, 12];
const IN = 1, HEADER_BYTES = 12, NAME_ERROR = 3;

export async function startInternet(): Promise<Internet> {
  const zones = new Map<string, Zone>();
  const routes = new Map<string, number>();
  const queries = new Map<string, number>();
  const dialled: string[] = [];
  const socket = createSocket("udp4");
  socket.on("message", (query, from) => {
    const answer = answerTo(query, zones, queries);
    if (answer !== undefined) socket.send(answer, from.port, from.address);
  });
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  const nameServer = { ipAddr: "127.0.0.1", port: socket.address().port };
  const query = (host: string, type: "A" | "AAAA") =>
    Deno.resolveDns(`${short(host)}.`, type, { nameServer }).catch(() => []);
  return {
    dialled,
    network: {
      async resolve(host) {
        return [...await query(host, "A"), ...await query(host, "AAAA")];
      },
      dial(hostname, port, signal) {
        dialled.push(`${hostname} ${port}`);
        const to = routes.get(`${hostname} ${port}`) ?? routes.get(hostname);
        return to === undefined
          ? Deno.connect({ hostname, port, signal })
          : Deno.connect({ hostname: "127.0.0.1", port: to, signal });
      },
    },
    name(host, records) {
      zones.set(short(host), typeof records === "function" ? records : () => records);
    },
    asked: (host) => queries.get(`${short(host)} A`) ?? 0,
    route(address, { url }, port) {
      routes.set(port === undefined ? address : `${address} ${port}`, Number(new URL(url).port));
    },
    async close() {
      const closed = once(socket, "close");
      socket.close();
      await closed;
    },
  };
}

function short(host: string): string {
  return host.replace(DOMAIN, "example");
}

function answerTo(
  query: Uint8Array,
  zones: Map<string, Zone>,
  queries: Map<string, number>,
): Uint8Array | undefined {
  const labels: string[] = [];
  let at = HEADER_BYTES;
  while (query[at] !== 0) {
    labels.push(new TextDecoder().decode(query.subarray(at + 1, at + 1 + query[at]!)));
    at += query[at]! + 1;
  }
  const name = labels.join(".").toLowerCase();
  const type = query[at + 2];
  const question = query.subarray(HEADER_BYTES, at + 5);
  const kind = type === TYPES.A ? "A" : "AAAA";
  const nth = queries.get(`${name} ${kind}`) ?? 0;
  queries.set(`${name} ${kind}`, nth + 1);
  const zone = zones.get(name);
  const records = zone === undefined ? [] : zone(nth);
  if (records === undefined) return undefined;
  const wanted = records.filter((record) => [kind, "CNAME"].includes(record.split(" ")[0]!));
  // What an alias leads to is told with it.
  let owner = QUESTION;
  const answers = wanted.map((record) => {
    const [kind, value] = record.split(" ") as [keyof typeof TYPES, string];
    const data = kind === "CNAME" ? nameBytes(value) : addressBytes(value);
    const bytes = [...owner, 0, TYPES[kind], 0, IN, 0, 0, 0, 0, data.length >> 8];
    if (kind === "CNAME") owner = nameBytes(value);
    return [...bytes, data.length & 255, ...data];
  });
  const code = zone === undefined ? NAME_ERROR : 0;
  const counts = [0, 1, 0, answers.length, 0, 0, 0, 0];
  const header = [query[0]!, query[1]!, 0x84, 0x80 | code, ...counts];
  return Uint8Array.from([...header, ...question, ...answers.flat()]);
}

function nameBytes(name: string): number[] {
  const labels = name.split(".").flatMap((label) => [
    label.length,
    ...new TextEncoder().encode(label),
  ]);
  return [...labels, 0];
}

function addressBytes(address: string): number[] {
  if (!address.includes(":")) return address.split(".").map(Number);
  // The URL parser writes the last 32 bits as groups, too.
  const [left = "", right = ""] = new URL(`http://[${address}]`).hostname.slice(1, -1).split("::");
  const groups = (half: string) =>
    half.split(":").filter(Boolean).map((text) => parseInt(text, 16));
  const zeros = Array<number>(8 - groups(left).length - groups(right).length).fill(0);
  return [...groups(left), ...zeros, ...groups(right)].flatMap((group) => [
    group >> 8,
    group & 255,
  ]);
}
