/** The keys that an OIDC issuer signs with, as it publishes them, and for as long. */

import type { JSONWebKeySet, JWTVerifyGetKey } from "jose";
import type { Log } from "../log.ts";
import { Refused } from "../refused.ts";
import type { FetchJson } from "../sources/json.ts";

/** Names of a host that is this machine, as in a URL. */
export const LOOPBACK_HOST = /^(localhost|127(\.\d+){3}|\[::1\])$/;
/** For how long keys count without a look at the issuer: one that it has withdrawn ends with it. */
export const FRESH_MS = 600_000;
/** For how long they count while the issuer does not answer. */
export const KEPT_MS = 3_600_000;
/** The issuer is asked once in this time, whatever comes: keys that nobody knows are easily named. */
export const COOLDOWN_MS = 10_000;

export interface IssuerDeps {
  fetchJson: FetchJson;
  clock: () => number;
  log: Log;
}

/**
 * Finds the key that a JWT's header names. Asks the issuer first if that was long ago, or if the
 * key is unknown: one question at a time. Throws a `Refused` if the issuer has to be asked and does
 * not answer, and a `JOSEError` for a key that is none of the issuer's.
 */
export function createIssuerKeys(issuer: string, deps: IssuerDeps): JWTVerifyGetKey {
  const { fetchJson, clock, log } = deps;
  let known: { find: JWTVerifyGetKey; readAt: number } | undefined;
  let asking: Promise<void> | undefined;
  let askedAt = -Infinity, isDown = false;

  async function ask(): Promise<void> {
    try {
      known = { find: await readKeys(issuer, fetchJson), readAt: askedAt };
      if (isDown) log("issuer works again");
      isDown = false;
    } catch (error) {
      if (!isDown) log("issuer failed", { issuer, error: String(error) });
      isDown = true;
    }
  }

  async function askAgain(): Promise<void> {
    if (asking === undefined && clock() - askedAt >= COOLDOWN_MS) {
      askedAt = clock();
      asking = ask().finally(() => asking = undefined);
    }
    await asking;
  }

  function isWithin(age: number): boolean {
    return known !== undefined && clock() - known.readAt < age;
  }

  return async (header, token) => {
    const { JWKSNoMatchingKey } = (await import("jose")).errors;
    if (!isWithin(FRESH_MS)) await askAgain();
    if (!isWithin(KEPT_MS)) throw noAnswer();
    try {
      return await known!.find(header, token);
    } catch (error) {
      if (!(error instanceof JWKSNoMatchingKey)) throw error;
    }
    await askAgain();
    // It may be a new one.
    if (isDown) throw noAnswer();
    return await known!.find(header, token);
  };
}

async function readKeys(issuer: string, fetchJson: FetchJson): Promise<JWTVerifyGetKey> {
  const { createLocalJWKSet } = await import("jose");
  const place = `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
  const described = await fetchJson(new URL(place)) as Record<string, unknown> | null;
  // OIDC Discovery 1.0, section 4.3: exactly the same.
  if (described?.issuer !== issuer) throw new Error("its configuration is that of another issuer");
  const url = URL.parse(String(described.jwks_uri));
  if (url === null || !isTrusted(url, new URL(issuer))) {
    throw new Error("its jwks_uri is no https URL");
  }
  return createLocalJWKSet(await fetchJson(url) as JSONWebKeySet);
}

/** An issuer on this machine alone may have its keys where nobody proves who they are. */
function isTrusted({ protocol, hostname }: URL, issuer: URL): boolean {
  const isHere = LOOPBACK_HOST.test(hostname) && LOOPBACK_HOST.test(issuer.hostname);
  return protocol === "https:" || protocol === "http:" && issuer.protocol === "http:" && isHere;
}

function noAnswer(): Refused {
  return new Refused("unavailable", "the OIDC issuer does not answer with its keys");
}
