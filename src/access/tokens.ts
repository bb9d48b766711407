/** Tokens that Chartroom makes, and who shows them. */

import { createHash } from "node:crypto";
import { invalid, Refused, unknownField } from "../refused.ts";
import type { Kv } from "../store/kv.ts";
import {
  deleteToken,
  findToken,
  findTokenById,
  insertToken,
  type ListedToken,
  listTokens,
  type Role,
  ROLES,
  type Token,
  tokenId,
} from "../store/tokens.ts";
import { drawSecret, type RandomBytes } from "./drawn.ts";
import { createKnown } from "./known.ts";
import { type Identity, WORKSPACE } from "./policy.ts";

const PREFIX = "crt_";
const TOKEN = /^crt_[A-Za-z0-9_-]{43}$/;
/** How long a token works if its maker does not say. */
const DEFAULT_LIFE_MS = 90 * 86_400_000;
/** Most tokens of a workspace, and most that count everywhere. */
const MAX_TOKENS = 1_000;
const NAME = /^(?=.*\S)[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}]{1,100}$/u;

/** A token to be made. */
export interface TokenInput {
  name: string;
  workspace: string;
  role: Role;
  expireTime: number | null;
}

export interface Tokens {
  /** Who shows this; `undefined` if it is no token that works. */
  identify(text: string): Promise<Identity | undefined>;
  /** Whose token has this hash; `undefined` if it does not work any more. */
  identifyHash(hash: string): Promise<Identity | undefined>;
  /** Makes a token, which is not to be had again. */
  create(input: TokenInput, creator: string): Promise<{ id: string; token: string }>;
  list(): Promise<ListedToken[]>;
  find(id: string): Promise<ListedToken | undefined>;
  /** From now on nobody gets in with it here, and a second later nowhere. */
  revoke(id: string): Promise<void>;
}

export interface TokensDeps {
  kv: Kv;
  clock: () => number;
  randomBytes: RandomBytes;
}

/** Hexadecimal SHA-256. */
export function hashOf(secret: string): string {
  return createHash("sha256").update(secret).digest("hex");
}

export function createTokens({ kv, clock, randomBytes }: TokensDeps): Tokens {
  const known = createKnown((hash) => findToken(kv, hash), clock);

  async function identifyHash(hash: string): Promise<Identity | undefined> {
    const token = await known.look(hash);
    if (token === undefined || isOver(token, clock())) return undefined;
    const { name, role, workspace, expireTime } = token;
    return {
      kind: "token",
      name,
      role,
      workspaces: workspace === "*" ? workspace : [workspace],
      tokenId: tokenId(hash),
      ...(expireTime !== null && { expireTime }),
    };
  }

  return {
    identify: async (text) => TOKEN.test(text) ? await identifyHash(hashOf(text)) : undefined,
    identifyHash,
    async create({ name, workspace, role, expireTime }, creator) {
      const all = await listTokens(kv);
      if (all.filter((token) => token.workspace === workspace).length >= MAX_TOKENS) {
        const message = `workspace: ${workspace} has ${MAX_TOKENS} tokens, which is most`;
        throw new Refused("quota_exceeded", message, "workspace");
      }
      const token = drawSecret(PREFIX, randomBytes), hash = hashOf(token);
      const createTime = clock();
      await insertToken(kv, hash, { name, workspace, role, creator, createTime, expireTime });
      return { id: tokenId(hash), token };
    },
    list: () => listTokens(kv),
    async find(id) {
      const found = await findTokenById(kv, id);
      return found && { ...found.token, id };
    },
    async revoke(id) {
      const found = await findTokenById(kv, id);
      if (found === undefined) return;
      await deleteToken(kv, found.hash);
      known.forget(found.hash);
    },
  };
}

/** Reads what a token is to be. Throws a `Refused` that names what is wrong. */
export function parseTokenInput(body: Record<string, unknown>, now: number): TokenInput {
  const { name, workspace, role, expire_time, ...rest } = body;
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined) {
    throw unknownField(unknown, ["name", "workspace", "role", "expire_time"]);
  }
  if (typeof name !== "string" || !NAME.test(name)) {
    throw invalid("name", "1 to 100 characters in one line");
  }
  if (typeof workspace !== "string" || !(workspace === "*" || WORKSPACE.test(workspace))) {
    throw invalid("workspace", 'a workspace\'s name, or "*" for all');
  }
  if (!ROLES.includes(role as Role)) throw invalid("role", `one of ${ROLES.join(", ")}`);
  return {
    name: name.trim(),
    workspace,
    role: role as Role,
    expireTime: expire_time === null ? null : readExpiry(expire_time, now),
  };
}

function readExpiry(value: unknown, now: number): number {
  if (value === undefined) return now + DEFAULT_LIFE_MS;
  const text = typeof value === "string" ? value : "";
  const isTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/i.test(text);
  const time = isTime ? Date.parse(text) : NaN;
  if (time > now) return time;
  throw invalid("expire_time", "a time to come, such as 2027-01-31T12:00:00Z, or null for never");
}

function isOver({ expireTime }: Token, now: number): boolean {
  return expireTime !== null && expireTime <= now;
}
