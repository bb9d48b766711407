/** Sessions of browsers, found by the SHA-256 of what their cookies have, which is not kept. */

import { keys } from "./keys.ts";
import type { Kv } from "./kv.ts";
import type { Role } from "./tokens.ts";

/** Who somebody was by a JWT, which nothing is kept of but this. */
export interface Said {
  issuer: string;
  /** Of whom, by that issuer. */
  subject: string;
  name: string;
  role: Role;
  workspaces: "*" | readonly string[];
}

/** A session, which is worth what was shown when it began. Times are milliseconds of the epoch. */
export interface Session {
  /** Hexadecimal SHA-256 of what was shown. */
  token: string;
  /** If that was a JWT; others are looked up. */
  said?: Said;
  createTime: number;
  expireTime: number;
}

/** Stores a session, in the place of the oldest ones if its token has more than `most`. */
export async function insertSession(
  kv: Kv,
  hash: string,
  session: Session,
  most: number,
): Promise<void> {
  const { token, createTime, expireTime } = session;
  const rows = await kv.list<number>({ prefix: keys.tokenSessions(token) });
  const oldest = rows.sort((a, b) => a.value - b.value).slice(
    0,
    Math.max(0, rows.length + 1 - most),
  );
  const life = { expireIn: Math.max(1, expireTime - createTime) };
  await kv.commit((op) => {
    for (const { key } of oldest) op.delete(key).delete(keys.session(key[2] as string));
    return op.set(keys.session(hash), session, life)
      .set(keys.tokenSession(token, hash), createTime, life);
  });
}

/** The session with a hash, expired or not. */
export async function findSession(kv: Kv, hash: string): Promise<Session | undefined> {
  const key = keys.session(hash);
  const { value } = await kv.get<Session>(key, "eventual");
  // Who has just logged in may ask where that is not known yet.
  return value ?? (await kv.get<Session>(key)).value ?? undefined;
}

/** From now on the session is nobody's. */
export async function deleteSession(kv: Kv, hash: string, { token }: Session): Promise<void> {
  await kv.commit((op) => op.delete(keys.session(hash)).delete(keys.tokenSession(token, hash)));
}
