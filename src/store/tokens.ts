/** Tokens and sessions, found by the SHA-256 of what their bearers show, which is not kept. */

import { keys } from "./keys.ts";
import type { Kv } from "./kv.ts";

export const ROLES = ["viewer", "editor", "admin"] as const;
/** Each may what those before it may: a viewer reads, an editor changes, an admin lets others in. */
export type Role = typeof ROLES[number];

/** What a token stands for. Times are milliseconds of the epoch. */
export interface Token {
  name: string;
  /** `*`: all of them. */
  workspace: string;
  role: Role;
  creator: string;
  createTime: number;
  /** `null`: never. */
  expireTime: number | null;
}

/** A token with its id: the beginning of its hash, which says nothing of the token. */
export interface ListedToken extends Token {
  id: string;
}

/** Hexadecimal characters of a token's id. */
const ID_LENGTH = 20;

/** Most rows that are read to find one by its id: two with the same beginning will not be met. */
const ONE = 1;

/** The id of the token with a hash. */
export function tokenId(hash: string): string {
  return hash.slice(0, ID_LENGTH);
}

/** Stores a token; the database drops it some time after it has expired. */
export async function insertToken(kv: Kv, hash: string, token: Token): Promise<void> {
  const key = keys.token(hash), { createTime, expireTime } = token;
  const life = expireTime === null ? {} : { expireIn: Math.max(1, expireTime - createTime) };
  await kv.commit((op) => op.set(key, token, life));
}

/** The token with a hash, expired or not. */
export async function findToken(kv: Kv, hash: string): Promise<Token | undefined> {
  return (await kv.get<Token>(keys.token(hash), "eventual")).value ?? undefined;
}

/** All tokens. */
export async function listTokens(kv: Kv): Promise<ListedToken[]> {
  const rows = await kv.list<Token>({ prefix: keys.tokens });
  return rows.map(({ key, value }) => ({ ...value, id: tokenId(key[1] as string) }));
}

/** The token with an id, and its hash. */
export async function findTokenById(
  kv: Kv,
  id: string,
): Promise<{ hash: string; token: Token } | undefined> {
  // `g` comes after all hexadecimal digits.
  const range = { start: keys.token(id), end: keys.token(`${id}g`) };
  const [row] = id.length === ID_LENGTH ? await kv.list<Token>(range, ONE) : [];
  return row && { hash: row.key[1] as string, token: row.value };
}

/** From now on nobody gets in with the token. */
export async function deleteToken(kv: Kv, hash: string): Promise<void> {
  await kv.commit((op) => op.delete(keys.token(hash)));
}
