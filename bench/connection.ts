/** A connection that stays open, and as much of HTTP/1.1 as the servers here speak. */

/** Holds most answers whole. */
const READ_BYTES = 65_536;
const CR = 13;

/** A request without a body, as it goes over a connection. */
export function requestBytes(path: string, headers: Record<string, string> = {}): Uint8Array {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const text = `GET ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\n${lines.join("")}\r\n`;
  return new TextEncoder().encode(text);
}

/** It has one request at a time. `fetch` would cost more than the servers that are measured. */
export class Connection {
  readonly #conn: Deno.Conn;
  readonly #buffer = new Uint8Array(READ_BYTES);
  readonly #decoder = new TextDecoder("latin1");

  private constructor(conn: Deno.Conn) {
    this.#conn = conn;
  }

  static async open(port: number): Promise<Connection> {
    const conn = await Deno.connect({ hostname: "127.0.0.1", port });
    conn.setNoDelay();
    return new Connection(conn);
  }

  /** Sends a request, and reads the answer to its end. Gives the length of its body. */
  async ask(request: Uint8Array, status: number): Promise<number> {
    for (let sent = 0; sent < request.length;) {
      sent += await this.#conn.write(request.subarray(sent));
    }
    let filled = 0, bodyAt = 0;
    while (bodyAt === 0) {
      filled += await this.#read(this.#buffer.subarray(filled));
      bodyAt = endOfHead(this.#buffer.subarray(0, filled));
    }
    const head = this.#decoder.decode(this.#buffer.subarray(0, bodyAt));
    const length = bodyLength(head, status);
    let left = bodyAt + length - filled;
    while (left > 0) left -= await this.#read(this.#buffer);
    if (left < 0) throw new Error(`more came than was announced: ${head}`);
    return length;
  }

  close(): void {
    this.#conn.close();
  }

  async #read(into: Uint8Array): Promise<number> {
    const count = await this.#conn.read(into);
    if (count) return count;
    throw new Error("the server closed a connection, or its answer's head has no end");
  }
}

/** Where the empty line behind a head ends; 0 if it has not come yet. */
function endOfHead(bytes: Uint8Array): number {
  for (let at = bytes.indexOf(CR); at >= 0; at = bytes.indexOf(CR, at + 2)) {
    if (bytes[at + 2] === CR && at + 4 <= bytes.length) return at + 4;
  }
  return 0;
}

function bodyLength(head: string, status: number): number {
  if (!head.startsWith(`HTTP/1.1 ${status} `)) throw new Error(`expected ${status}: ${head}`);
  if (status === 304) return 0;
  const length = /\r\ncontent-length: (\d+)\r\n/i.exec(head)?.[1];
  if (length === undefined) throw new Error(`an answer without a length: ${head}`);
  return Number(length);
}
