/** Who else knocks at the dialler: other processes of the machine, and what they may not have. */

import assert from "node:assert/strict";
import { connect } from "node:net";
import { once } from "node:events";
import { type Dial, DIAL_LIMITS, Dialler } from "../../src/sources/dialler.ts";
import { startUpstream } from "../support/upstream.ts";

const HOST = "charts.example.org", PORT = 8_080;

/** Runs a test with a dialler that dials an upstream, and tells what it dialled. */
async function withDialler(
  test: (knock: typeof knockAt, dialled: string[], dialler: Dialler) => Promise<void>,
) {
  const upstream = startUpstream();
  upstream.serve("/", "here");
  const dialled: string[] = [];
  const dial: Dial = (address, port, signal) => {
    dialled.push(`${address} ${port}`);
    const to = Number(new URL(upstream.url).port);
    return Deno.connect({ hostname: "127.0.0.1", port: to, signal });
  };
  const dialler = new Dialler(dial, { ...DIAL_LIMITS, handshakeMs: 100 });
  const { proxy, release } = await dialler.pin(HOST, PORT, ["93.184.216.34"]);
  const { port, password } = new URL((proxy as { url: string }).url);
  try {
    await test((parts) => knockAt(parts, Number(port), password), dialled, dialler);
  } finally {
    release();
    await dialler.close();
    await upstream.close();
  }
}

type Part = string | number[];

/** Says things, of which `PASSWORD` is the one that is right, and tells the answer until the end. */
async function knockAt(parts: Part[], port = 0, password = ""): Promise<number[]> {
  const socket = connect(port, "127.0.0.1");
  const said: number[] = [];
  socket.on("data", (bytes) => said.push(...bytes));
  // The dialler hangs up.
  socket.on("error", () => {});
  const encoder = new TextEncoder();
  for (const part of parts) {
    const text = part === "PASSWORD" ? password : part;
    socket.write(Uint8Array.from(typeof text === "string" ? encoder.encode(text) : text));
  }
  await once(socket, "close");
  return said;
}

const GREETING = [5, 1, 2], LOGIN: Part[] = [[1, 9], "chartroom", [32], "PASSWORD"];
const TO = (host: string, port = PORT): Part[] => [
  [5, 1, 0, 3, host.length],
  host,
  [port >> 8, port & 255],
];
const GET = `GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`;
const WELCOME = [5, 2, 1, 0], NOT_ALLOWED = [5, 2, 0, 1, 0, 0, 0, 0, 0, 0];

/** What a client says, and what it is told before it is hung up on. */
const KNOCKS: Record<string, [Part[], number[]]> = {
  "nothing": [[], []],
  "HTTP": [["GET / HTTP/1.1\r\n\r\n"], []],
  "SOCKS 4": [[[4, 1, 0, 80, 127, 0, 0, 1, 0]], []],
  "that it has no password": [[[5, 1, 0]], []],
  "that it has no way to prove itself": [[[5, 0]], []],
  "half a greeting": [[[5, 3, 0]], []],
  "no login": [[GREETING], [5, 2]],
  "another version of the login": [[GREETING, [2, 1], "a", [1], "b"], [5, 2]],
  "another password": [[GREETING, [1, 9], "chartroom", [32], "0".repeat(32)], [5, 2]],
  "a shorter password": [[GREETING, [1, 9], "chartroom", [1], "0"], [5, 2]],
  "no password": [[GREETING, [1, 9], "chartroom", [0]], [5, 2]],
  "another user": [[GREETING, [1, 5], "admin", [32], "PASSWORD"], [5, 2]],
  "no request": [[GREETING, ...LOGIN], WELCOME],
  "an IPv4 address": [[GREETING, ...LOGIN, [5, 1, 0, 1, 127, 0, 0, 1, 0, 80]], WELCOME],
  "an IPv6 address": [
    [GREETING, ...LOGIN, [5, 1, 0, 4, ...Array<number>(15).fill(0), 1, 0, 80]],
    WELCOME,
  ],
  "that it wants to listen": [[GREETING, ...LOGIN, [5, 2, 0, 3, 1], "a", [0, 80]], WELCOME],
  "a name that is not called": [
    [GREETING, ...LOGIN, ...TO("metadata.google.internal")],
    [...WELCOME, ...NOT_ALLOWED],
  ],
  "another port of the name": [
    [GREETING, ...LOGIN, ...TO(HOST, 22)],
    [...WELCOME, ...NOT_ALLOWED],
  ],
  "no name": [[GREETING, ...LOGIN, ...TO("")], [...WELCOME, ...NOT_ALLOWED]],
};

for (const [name, [parts, told]] of Object.entries(KNOCKS)) {
  Deno.test(`a client of the dialler that says ${name} is hung up on`, () =>
    withDialler(async (knock, dialled) => {
      assert.deepEqual(await knock(parts), told);
      assert.deepEqual(dialled, []);
    }));
}

Deno.test("a client with the password gets to the address of a name that is pinned, and no longer", () =>
  withDialler(async (knock, dialled, dialler) => {
    const parts = [GREETING, ...LOGIN, ...TO(HOST), GET];
    const text = new TextDecoder().decode(Uint8Array.from(await knock(parts)));
    assert.match(text, /HTTP\/1\.1 200 OK\r\n.*here/s);
    assert.deepEqual(dialled, [`93.184.216.34 ${PORT}`]);

    const other = await dialler.pin("other.example.org", PORT, ["93.184.216.35"]);
    const same = await dialler.pin("other.example.org", PORT, ["93.184.216.36"]);
    const ask = () => knock([GREETING, ...LOGIN, ...TO("other.example.org"), GET]);
    other.release();
    other.release();
    // Released twice, it is still one call's, and the other one goes on.
    assert.match(new TextDecoder().decode(Uint8Array.from(await ask())), /here/);
    same.release();
    assert.deepEqual(await ask(), [...WELCOME, ...NOT_ALLOWED]);
    assert.deepEqual(dialled.slice(1), [`93.184.216.36 ${PORT}`]);
  }));
