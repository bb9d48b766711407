/** The server's side of SOCKS 5 (RFC 1928), as far as `fetch` speaks it. */

import { timingSafeEqual } from "node:crypto";
import type { Socket } from "node:net";

const VERSION = 5, AUTH_VERSION = 1, BY_PASSWORD = 2, CONNECT = 1, DOMAIN_NAME = 3, IPV4 = 1;
const PORT_BYTES = 2;

/** How a request ends. `fetch` has a text for each: of `refused`, that which it has anyway. */
export const REPLY = { connected: 0, notAllowed: 2, unreachable: 4, refused: 5 } as const;

export interface SocksRequest {
  /** A host name, as the URL has it. */
  host: string;
  port: number;
  /** What the client said already of that which is to be passed on. */
  early: Uint8Array;
}

/**
 * What a client, of which `pieces` come, wants to be connected with. Throws if it does not prove by
 * `user` and `password` (RFC 1929) that it is of this process, if it wants anything else, and if it
 * goes.
 */
export async function readSocksRequest(
  client: Socket,
  pieces: AsyncIterator<Uint8Array>,
  { user, password }: { user: string; password: string },
): Promise<SocksRequest> {
  let left: Uint8Array = new Uint8Array();
  const take = async (length: number) => {
    while (left.length < length) {
      const { done, value } = await pieces.next();
      expect(!done);
      left = Uint8Array.of(...left, ...value);
    }
    const taken = left.subarray(0, length);
    left = left.subarray(length);
    return taken;
  };
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
  return { host, port: (high! << 8) + low!, early: left };
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
