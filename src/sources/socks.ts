/** The server's side of SOCKS 5 (RFC 1928), as far as `fetch` speaks it. */

import { timingSafeEqual } from "node:crypto";
import { once } from "node:events";
import type { Socket } from "node:net";

const VERSION = 5, AUTH_VERSION = 1, BY_PASSWORD = 2, CONNECT = 1, DOMAIN_NAME = 3, IPV4 = 1;
const PORT_BYTES = 2;

/** How a request ends. `fetch` has a text for each: of `refused`, that which it has anyway. */
export const REPLY = { connected: 0, notAllowed: 2, unreachable: 4, refused: 5 } as const;

export interface SocksRequest {
  /** A host name, as the URL has it. */
  host: string;
  port: number;
}

/**
 * What a client wants to be connected with. Throws if it does not prove by `user` and `password`
 * (RFC 1929) that it is of this process, if it wants anything but that, and when `signal` is aborted.
 */
export async function readSocksRequest(
  client: Socket,
  { user, password }: { user: string; password: string },
  signal: AbortSignal,
): Promise<SocksRequest> {
  const take = (length: number) => takeBytes(client, length, signal);
  const takeText = async () => await take((await take(1))[0]!);
  const [version, methods] = await take(2);
  expect(version === VERSION && (await take(methods!)).includes(BY_PASSWORD));
  client.write(Uint8Array.of(VERSION, BY_PASSWORD));
  expect((await take(1))[0] === AUTH_VERSION);
  const given = [await takeText(), await takeText()];
  expect([user, password].every((text, i) => isText(given[i]!, text)));
  client.write(Uint8Array.of(AUTH_VERSION, 0));
  const [again, command, , type] = await take(4);
  expect(again === VERSION && command === CONNECT && type === DOMAIN_NAME);
  const host = new TextDecoder().decode(await takeText());
  const [high, low] = await take(PORT_BYTES);
  return { host, port: (high! << 8) + low! };
}

/** The answer to a request. The address in it is none: nobody looks at it. */
export function socksReply(reply: number): Uint8Array {
  return Uint8Array.of(VERSION, reply, 0, IPV4, 0, 0, 0, 0, 0, 0);
}

function expect(isSo: boolean) {
  if (!isSo) throw new Error("the client does not say what it should");
}

function isText(bytes: Uint8Array, text: string): boolean {
  const wanted = new TextEncoder().encode(text);
  return bytes.length === wanted.length && timingSafeEqual(bytes, wanted);
}

async function takeBytes(client: Socket, length: number, signal: AbortSignal): Promise<Uint8Array> {
  for (;;) {
    const bytes: Uint8Array | null = client.read(length);
    if (bytes !== null) {
      expect(bytes.length === length);
      return bytes;
    }
    expect(length > 0 && !client.readableEnded);
    await once(client, "readable", { signal });
  }
}
