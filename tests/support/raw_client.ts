/** Sends requests over HTTP/1.1 as they are, where `fetch` would put them right first. */

import { watchAnswer } from "./leaks.ts";
import { send } from "./raw_upstream.ts";

export interface RawRequest {
  method: string;
  /** The request's target, as it is sent. */
  target: string;
  headers?: Readonly<Record<string, string>>;
  body?: string;
}

export interface RawAnswer {
  status: number;
  headers: Headers;
  text: string;
}

/** Sends one request on a connection of its own, and reads the answer to its end. */
export async function sendRaw(port: number, request: RawRequest): Promise<RawAnswer> {
  const { method, target, headers = {}, body } = request;
  const bytes = new TextEncoder().encode(body ?? "");
  const lines = [
    `${method} ${target} HTTP/1.1`,
    `host: 127.0.0.1:${port}`,
    "connection: close",
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    ...body === undefined ? [] : [`content-length: ${bytes.length}`],
  ];
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  try {
    await send(connection, `${lines.join("\r\n")}\r\n\r\n`);
    await send(connection, bytes);
    const answer = parse(await readAll(connection));
    watchAnswer({ statusText: "", headers: answer.headers }, answer.text, `${method} ${target}`);
    return answer;
  } finally {
    connection.close();
  }
}

/** A server that has said `connection: close` ends the answer by closing. */
async function readAll(connection: Deno.TcpConn): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  const buffer = new Uint8Array(65_536);
  for (;;) {
    const count = await connection.read(buffer);
    if (count === null) return join(pieces);
    pieces.push(buffer.slice(0, count));
  }
}

function parse(bytes: Uint8Array): RawAnswer {
  // One character for each byte, until it is known which are the body's.
  const text = new TextDecoder("latin1").decode(bytes);
  const end = text.indexOf("\r\n\r\n");
  if (end < 0) throw new Error(`no answer: ${JSON.stringify(text)}`);
  const [first, ...lines] = text.slice(0, end).split("\r\n");
  const headers = new Headers(
    lines.map((line) => /^([^:]+): ?(.*)$/.exec(line)!.slice(1) as [string, string]),
  );
  const body = bytes.subarray(end + 4);
  const whole = headers.get("transfer-encoding") === "chunked" ? unchunk(body) : body;
  return {
    status: Number(/^HTTP\/1\.1 (\d{3})/.exec(first!)![1]),
    headers,
    text: new TextDecoder().decode(whole),
  };
}

function unchunk(bytes: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const line = bytes.indexOf(13, at);
    const size = parseInt(new TextDecoder().decode(bytes.subarray(at, line)), 16);
    if (!(size > 0)) break;
    parts.push(bytes.subarray(line + 2, line + 2 + size));
    at = line + 2 + size + 2;
  }
  return join(parts);
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((total, { length }) => total + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
