/**
 * Connects calls of host names with the addresses that were checked, and with no others: left to
 * itself, `fetch` resolves a name again, and the second answer may be another one (docs/adr/0006).
 */

import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { IndexError } from "../helm/index_error.ts";
import { readSocksRequest, REPLY, socksReply } from "./socks.ts";

/** Connects with an address. Throws as `Deno.connect` does, and when `signal` is aborted. */
export type Dial = (address: string, port: number, signal: AbortSignal) => Promise<Deno.TcpConn>;

/** What a call goes by, so that it gets to addresses that were checked. */
export interface Pin {
  proxy: Deno.Proxy;
  /** For calls without TLS options, which share it. */
  client: Deno.HttpClient;
  /** Ends it: connections that were made stay, and none is made. May be called again. */
  release(): void;
}

/** Bounds of connections. */
export interface DialLimits {
  /** At once, with those that wait for the next call. */
  connections: number;
  /** Until a client has said what it wants; milliseconds. */
  handshakeMs: number;
  /** For an address that is not the last one, to which the download's own bounds apply. */
  addressMs: number;
}

export const DIAL_LIMITS: DialLimits = { connections: 512, handshakeMs: 1_000, addressMs: 3_000 };
/** A name may have more. */
const MAX_ADDRESSES = 8;
/** How long a connection waits for another call of its host; each is three sockets here. */
const POOL_IDLE_MS = 4_000;
const PIECE_BYTES = 65_536;
const SECRET_BYTES = 16;
const LOOPBACK = "127.0.0.1";

const connectTcp: Dial = (hostname, port, signal) => Deno.connect({ hostname, port, signal });

/** Listens on loopback from its first pin on, for the `fetch` of this process alone. */
export class Dialler {
  readonly #dial: Dial;
  readonly #limits: DialLimits;
  readonly #identity = { user: "chartroom", password: randomText() };
  /** What may be dialled, by host and port, for as many calls as are under way. */
  readonly #pinned = new Map<string, { addresses: readonly string[]; calls: number }>();
  readonly #open = new Map<Socket, Promise<void>>();
  /** Of those that are open, how many have shown that they are of this process. */
  #proven = 0;
  #listening: Promise<{ server: Server } & Omit<Pin, "release">> | undefined;
  #isClosed = false;

  constructor(dial: Dial = connectTcp, limits: DialLimits = DIAL_LIMITS) {
    this.#dial = dial;
    this.#limits = limits;
  }

  /**
   * Lets `addresses`, of which there is one or more, be dialled for a host name and port. Throws an
   * `IndexError` if there are too many connections, or it cannot listen.
   */
  async pin(host: string, port: number, addresses: readonly string[]): Promise<Pin> {
    if (this.#proven >= this.#limits.connections) {
      throw new IndexError("unreachable", "Chartroom has too many connections open");
    }
    const shared = await this.#listen();
    const key = `${host}:${port}`;
    const pinned = this.#pinned.get(key) ?? { addresses, calls: 0 };
    // Each list was checked, so the latest does for all calls that are under way.
    pinned.addresses = addresses;
    pinned.calls++;
    this.#pinned.set(key, pinned);
    let isHeld = true;
    const release = () => {
      if (isHeld && --pinned.calls === 0) this.#pinned.delete(key);
      isHeld = false;
    };
    return { proxy: shared.proxy, client: shared.client, release };
  }

  /** Cuts off what is connected. May be called again. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const shared = await this.#listening?.catch(() => {});
    if (!shared) return;
    shared.client.close();
    const closed = once(shared.server, "close");
    shared.server.close();
    for (const client of this.#open.keys()) client.destroy();
    await Promise.all([closed, ...this.#open.values()]);
  }

  async #listen() {
    try {
      if (!this.#isClosed) return await (this.#listening ??= this.#start());
    } catch {
      this.#listening = undefined;
    }
    throw new IndexError("unreachable", `Chartroom cannot listen on ${LOOPBACK} for its own calls`);
  }

  async #start() {
    const server = createServer((client) => {
      this.#open.set(client, this.#serve(client).finally(() => this.#open.delete(client)));
    });
    // Others of this machine may knock as well.
    server.maxConnections = 2 * this.#limits.connections;
    server.listen(0, LOOPBACK);
    await once(server, "listening");
    server.on("error", () => {});
    const { user, password } = this.#identity;
    const { port } = server.address() as AddressInfo;
    const proxy = { url: `socks5h://${user}:${password}@${LOOPBACK}:${port}` };
    return {
      server,
      proxy,
      client: Deno.createHttpClient({ proxy, poolIdleTimeout: POOL_IDLE_MS }),
    };
  }

  /** From a client's first byte to its last. Never throws. */
  async #serve(client: Socket) {
    const gone = new AbortController();
    client.on("error", () => {});
    client.on("close", () => gone.abort());
    const late = setTimeout(() => client.destroy(), this.#limits.handshakeMs);
    let isProven = false;
    try {
      const pieces = client[Symbol.asyncIterator]();
      const { host, port, early } = await readSocksRequest(client, pieces, this.#identity);
      clearTimeout(late);
      isProven = true;
      this.#proven++;
      const first = pieces.next();
      // It says nothing before it is answered, but it may go.
      first.then(({ done }) => done && gone.abort(), () => {});
      const upstream = await this.#connect(`${host}:${port}`, port, gone.signal);
      if (typeof upstream === "number") return void client.end(socksReply(upstream));
      client.write(socksReply(REPLY.connected));
      await relay(client, { early, first, pieces }, upstream, gone.signal);
    } catch {
      // Not a client of ours, or it has gone.
      client.destroy();
    } finally {
      clearTimeout(late);
      if (isProven) this.#proven--;
    }
  }

  /** Tries one address after the other; a number is the reply that says why none was reached. */
  async #connect(key: string, port: number, gone: AbortSignal): Promise<Deno.TcpConn | number> {
    const addresses = this.#pinned.get(key)?.addresses.slice(0, MAX_ADDRESSES) ?? [];
    let reply: number = REPLY.notAllowed;
    for (const [i, address] of addresses.entries()) {
      const enough = new AbortController();
      const isLast = i === addresses.length - 1;
      const timer = isLast ? 0 : setTimeout(() => enough.abort(), this.#limits.addressMs);
      try {
        return await this.#dial(address, port, AbortSignal.any([gone, enough.signal]));
      } catch (error) {
        gone.throwIfAborted();
        reply = replyTo(error);
      } finally {
        clearTimeout(timer);
      }
    }
    return reply;
  }
}

/**
 * Passes bytes on until the client goes, which closes the upstream: `fetch` never closes one half.
 * An upstream that closes its half closes the client's, and one that breaks resets it, since the
 * end of a body may be told by nothing else.
 */
async function relay(
  client: Socket,
  { early, first, pieces }: {
    early: Uint8Array;
    first: Promise<IteratorResult<Uint8Array>>;
    pieces: AsyncIterator<Uint8Array>;
  },
  upstream: Deno.TcpConn,
  gone: AbortSignal,
): Promise<void> {
  const down = sendDown(upstream, client, gone).catch(() => client.resetAndDestroy());
  try {
    await writeAll(upstream, early);
    for (let piece = await first; !piece.done; piece = await pieces.next()) {
      await writeAll(upstream, piece.value);
    }
  } catch {
    // One of them broke, and the other one is told below.
  } finally {
    closeQuietly(upstream);
    await down;
  }
}

/** The reply that says why an address cannot be had; `--deny-net` may be stricter than the policy. */
function replyTo(error: unknown): number {
  if (error instanceof Deno.errors.ConnectionRefused) return REPLY.refused;
  return error instanceof Deno.errors.NotCapable ? REPLY.notAllowed : REPLY.unreachable;
}

async function writeAll(to: Deno.TcpConn, bytes: Uint8Array) {
  for (let sent = 0; sent < bytes.length;) sent += await to.write(bytes.subarray(sent));
}

async function sendDown(upstream: Deno.TcpConn, client: Socket, gone: AbortSignal) {
  for (;;) {
    const buffer = new Uint8Array(PIECE_BYTES);
    const length = await upstream.read(buffer);
    if (length === null) break;
    if (!client.write(buffer.subarray(0, length))) await once(client, "drain", { signal: gone });
  }
  client.end();
}

function closeQuietly(connection: Deno.TcpConn) {
  try {
    connection.close();
  } catch {
    // It was closed.
  }
}

function randomText(): string {
  return crypto.getRandomValues(new Uint8Array(SECRET_BYTES)).toHex();
}
