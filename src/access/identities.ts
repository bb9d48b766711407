/** Who somebody is, from what they show. */

import { createHash, timingSafeEqual } from "node:crypto";
import type { Session } from "../store/sessions.ts";
import type { Oidc } from "./oidc.ts";
import type { Identity } from "./policy.ts";
import type { Sessions } from "./sessions.ts";
import type { Tokens } from "./tokens.ts";

export interface Identities {
  /** Who shows this as a bearer token; `undefined` if it is none that works. */
  ofBearer(text: string): Promise<Identity | undefined>;
  /** Who shows this as the cookie of a session; `undefined` if it is none that works. */
  ofSession(text: string): Promise<Identity | undefined>;
  /** Who shows nothing; `undefined` if nobody gets in like that. */
  ofNobody(): Identity | undefined;
  /** Begins a session for who shows a bearer token, which `undefined` says is none that works. */
  begin(token: string): Promise<Begun | undefined>;
  /** Ends a session. */
  end(text: string): Promise<void>;
  /** Whether who shows nothing may do everything. */
  readonly isOpen: boolean;
}

/** A session that has begun. */
export interface Begun {
  identity: Identity;
  /** For the cookie. */
  text: string;
  expireTime: number;
}

export interface IdentitiesDeps {
  tokens: Tokens;
  sessions: Sessions;
  oidc?: Oidc | undefined;
  /** Without one, and without an issuer, who shows nothing may do everything. */
  adminToken?: string | undefined;
  /** Whether who shows nothing may read what is global. */
  anonymousRead: boolean;
  clock: () => number;
}

const BOOTSTRAP: Identity = { kind: "bootstrap", name: "admin", role: "admin", workspaces: "*" };
const ANONYMOUS: Identity = { kind: "anonymous", name: "", role: "viewer", workspaces: [] };
/** On loopback, where nobody said who may do what. */
const OPEN: Identity = { kind: "open", name: "", role: "admin", workspaces: "*" };

export function createIdentities(
  { tokens, sessions, oidc, adminToken, anonymousRead, clock }: IdentitiesDeps,
): Identities {
  const adminHash = adminToken === undefined ? undefined : sha256(adminToken);
  const isOpen = adminHash === undefined && oidc === undefined;

  /** Of hashes, so that neither time nor length tells anything. */
  function isAdmin(hash: Uint8Array): boolean {
    return adminHash !== undefined && timingSafeEqual(hash, adminHash);
  }

  async function ofBearer(text: string): Promise<Identity | undefined> {
    if (isAdmin(sha256(text))) return BOOTSTRAP;
    return await tokens.identify(text) ?? await oidc?.identify(text);
  }

  async function ofShown({ token, said }: Session): Promise<Identity | undefined> {
    if (said === undefined) {
      return isAdmin(Uint8Array.fromHex(token)) ? BOOTSTRAP : await tokens.identifyHash(token);
    }
    const { issuer, ...identity } = said;
    return issuer === oidc?.issuer ? { kind: "oidc", ...identity } : undefined;
  }

  return {
    isOpen,
    ofBearer,
    async ofSession(text) {
      const session = await sessions.find(text);
      const identity = session && await ofShown(session);
      return identity && { ...identity, expireTime: session!.expireTime };
    },
    ofNobody: () => isOpen ? OPEN : anonymousRead ? ANONYMOUS : undefined,
    async begin(token) {
      const identity = await ofBearer(token);
      if (identity === undefined) return undefined;
      const { kind, name, subject = name, role, workspaces, expireTime } = identity;
      // A JWT counts for a little longer than it says.
      if (expireTime !== undefined && expireTime <= clock()) return undefined;
      const said = kind === "oidc"
        ? { issuer: oidc!.issuer, subject, name, role, workspaces }
        : undefined;
      return { identity, ...await sessions.begin({ token, said, expireTime }) };
    },
    end: (text) => sessions.end(text),
  };
}

function sha256(text: string): Uint8Array {
  return createHash("sha256").update(text).digest();
}
