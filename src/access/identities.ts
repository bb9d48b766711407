/** Who somebody is, from what they show. */

import { createHash, timingSafeEqual } from "node:crypto";
import type { Identity } from "./policy.ts";
import type { Tokens } from "./tokens.ts";

export interface Identities {
  /** Who shows this as a bearer token; `undefined` if it is none that works. */
  ofBearer(text: string): Promise<Identity | undefined>;
  /** Who shows nothing; `undefined` if nobody gets in like that. */
  ofNobody(): Identity | undefined;
}

export interface IdentitiesDeps {
  tokens: Tokens;
  /** Without one, who shows nothing may do everything. */
  adminToken?: string | undefined;
  /** Whether who shows nothing may read what is global. */
  anonymousRead: boolean;
}

const BOOTSTRAP: Identity = { kind: "bootstrap", name: "admin", role: "admin", workspaces: "*" };
const ANONYMOUS: Identity = { kind: "anonymous", name: "", role: "viewer", workspaces: [] };
/** On loopback, where nobody said who may do what. */
const OPEN: Identity = { kind: "open", name: "", role: "admin", workspaces: "*" };

export function createIdentities(
  { tokens, adminToken, anonymousRead }: IdentitiesDeps,
): Identities {
  const adminHash = adminToken === undefined ? undefined : sha256(adminToken);
  const isOpen = adminHash === undefined;
  return {
    async ofBearer(text) {
      // Of hashes, so that neither time nor length tells anything.
      if (adminHash !== undefined && timingSafeEqual(sha256(text), adminHash)) return BOOTSTRAP;
      return await tokens.identify(text);
    },
    ofNobody: () => isOpen ? OPEN : anonymousRead ? ANONYMOUS : undefined,
  };
}

function sha256(text: string): Uint8Array {
  return createHash("sha256").update(text).digest();
}
