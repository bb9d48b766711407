/** Sessions of browsers: what a cookie has in the place of the token that was shown for it. */

import type { Kv } from "../store/kv.ts";
import {
  deleteSession,
  findSession,
  insertSession,
  type Said,
  type Session,
} from "../store/sessions.ts";
import { drawSecret, type RandomBytes } from "./drawn.ts";
import { createKnown } from "./known.ts";
import { hashOf } from "./tokens.ts";

const PREFIX = "crs_";
const SESSION = /^crs_[A-Za-z0-9_-]{43}$/;
/** The longest that a session lasts. */
export const MAX_LIFE_MS = 12 * 3_600_000;
/** Most sessions of one token; the next one ends the oldest. */
export const MAX_PER_TOKEN = 50;

/** What a session is worth, when it begins. */
export interface Shown {
  token: string;
  said?: Said | undefined;
  /** When it works no more, in milliseconds of the epoch. */
  expireTime?: number | undefined;
}

export interface Sessions {
  /** The session that a cookie is of; `undefined` if it has ended, or never was. */
  find(text: string): Promise<Session | undefined>;
  /** Begins one, and tells what its cookie shall have, which is not to be had again. */
  begin(shown: Shown): Promise<{ text: string; expireTime: number }>;
  /** From now on the cookie is nobody's here, and a second later nowhere. */
  end(text: string): Promise<void>;
}

export interface SessionsDeps {
  kv: Kv;
  clock: () => number;
  randomBytes: RandomBytes;
}

export function createSessions({ kv, clock, randomBytes }: SessionsDeps): Sessions {
  const known = createKnown((hash) => findSession(kv, hash), clock);

  async function find(text: string): Promise<Session | undefined> {
    const session = SESSION.test(text) ? await known.look(hashOf(text)) : undefined;
    return session && session.expireTime > clock() ? session : undefined;
  }

  return {
    find,
    async begin({ token, said, expireTime: end = Infinity }) {
      const text = drawSecret(PREFIX, randomBytes);
      const createTime = clock(), expireTime = Math.min(end, createTime + MAX_LIFE_MS);
      const session = { token: hashOf(token), ...(said && { said }), createTime, expireTime };
      await insertSession(kv, hashOf(text), session, MAX_PER_TOKEN);
      return { text, expireTime };
    },
    async end(text) {
      const session = await find(text), hash = hashOf(text);
      if (session !== undefined) await deleteSession(kv, hash, session);
      known.forget(hash);
    },
  };
}
