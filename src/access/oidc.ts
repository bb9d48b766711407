/** JWTs of one OIDC issuer, and who shows them. */

import type { JWTPayload } from "jose";
import { Refused } from "../refused.ts";
import { type ClaimNames, readClaims } from "./claims.ts";
import { createIssuerKeys, type IssuerDeps } from "./issuer_keys.ts";
import type { Identity } from "./policy.ts";
import { hashOf } from "./tokens.ts";

export interface OidcConfig extends ClaimNames {
  /** As its JWTs have it, character by character. */
  readonly issuer: string;
  /** What a JWT is for if it is for Chartroom. */
  readonly audience: string;
}

export interface Oidc {
  readonly issuer: string;
  /**
   * Who shows this; `undefined` if it is no JWT. Throws a `Refused` that says why one is not taken,
   * or that the issuer's keys cannot be had.
   */
  identify(text: string): Promise<Identity | undefined>;
}

/** With a private key that stays at the issuer (RFC 7518, RFC 8037, RFC 9864): none is a secret here. */
const ALGORITHMS = [
  ...["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"],
  ...["ES256", "ES384", "ES512", "EdDSA", "Ed25519"],
];
/** RFC 7519 and RFC 9068; others (`logout+jwt`, for one) let nobody in. Some issuers give none. */
const TYPE = /^(application\/)?(at\+)?jwt$/i;
const JWT = /^[\w-]+\.[\w-]+\.[\w-]+$/;
/** In characters; a longer one hardly comes through as a header. */
export const MAX_JWT = 8_192;
/** Hexadecimal characters of a subject's hash that tell it from all others. */
const SUBJECT_LENGTH = 20;
/** By how many seconds the issuer's clock and this one may differ. */
export const CLOCK_TOLERANCE_S = 30;

export function createOidc(config: OidcConfig, deps: IssuerDeps): Oidc {
  const { issuer, audience } = config;
  const keyOf = createIssuerKeys(issuer, deps);

  async function verify(text: string): Promise<JWTPayload> {
    // Who gets no JWT does not wait until it is loaded.
    const { jwtVerify, errors } = await import("jose");
    try {
      const { payload, protectedHeader } = await jwtVerify(text, keyOf, {
        issuer,
        audience,
        algorithms: ALGORITHMS,
        requiredClaims: ["exp"],
        clockTolerance: CLOCK_TOLERANCE_S,
        currentDate: new Date(deps.clock()),
      });
      const { typ } = protectedHeader;
      if (typ !== undefined && !TYPE.test(typ)) throw notTaken("its type is another");
      return payload;
    } catch (error) {
      if (error instanceof Refused) throw error;
      // What else is thrown comes from bytes that nobody could have signed.
      throw notTaken(error instanceof errors.JOSEError ? error.message : "it cannot be read");
    }
  }

  return {
    issuer,
    async identify(text) {
      if (text.length > MAX_JWT || !JWT.test(text)) return undefined;
      const payload = await verify(text);
      const { name, role, workspaces } = readClaims(payload, config);
      if (name === "") throw notTaken("it says of nobody who they are");
      if (role === undefined) {
        const expected = "expected viewer, editor or admin";
        throw new Refused("forbidden", `the JWT's claim ${config.roleClaim}: ${expected}`);
      }
      const subject = hashOf(`${payload.sub ?? name}`).slice(0, SUBJECT_LENGTH);
      return { kind: "oidc", name, subject, role, workspaces, expireTime: payload.exp! * 1_000 };
    },
  };
}

function notTaken(why: string): Refused {
  return new Refused("unauthorized", `the JWT is not accepted: ${why}`, "authorization");
}
