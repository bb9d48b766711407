/** An OIDC issuer on loopback, with keys of its own, that tells what it was asked. */

import { exportJWK, generateKeyPair, type JWK, SignJWT } from "jose";
import { type Chartroom, type Options, START, startChartroom } from "./chartroom.ts";

/** A key, and the name and algorithm that it has in a JWT's header. */
export interface Key {
  kid: string;
  alg: string;
  jwk: JWK;
  privateKey: CryptoKey;
}

export interface Issuer {
  url: string;
  /** Paths, oldest first. */
  requests: string[];
  /** What it publishes. */
  configuration: unknown;
  keys: unknown[];
  /** In the place of what it publishes. */
  answer: ((path: string, signal: AbortSignal) => Response | Promise<Response>) | undefined;
  close(): Promise<void>;
}

export const AUDIENCE = "chartroom";
const CONFIGURATION = "/.well-known/openid-configuration";

export function startIssuer(path = ""): Issuer {
  const base = path.replace(/\/$/, "");
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    const { pathname } = new URL(request.url);
    issuer.requests.push(pathname);
    if (issuer.answer !== undefined) return issuer.answer(pathname, request.signal);
    if (pathname === base + CONFIGURATION) return Response.json(issuer.configuration);
    if (pathname === `${base}/keys`) return Response.json({ keys: issuer.keys });
    return new Response("not here", { status: 404 });
  });
  const url = `http://127.0.0.1:${server.addr.port}${path}`;
  const issuer: Issuer = {
    url,
    requests: [],
    configuration: { issuer: url, jwks_uri: new URL(`${base}/keys`, url).href },
    keys: [],
    answer: undefined,
    close: () => server.shutdown(),
  };
  return issuer;
}

/** Makes a key; `more` is published with it. */
export async function makeKey(kid: string, alg = "RS256", more: object = {}): Promise<Key> {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  const jwk = { ...await exportJWK(publicKey), kid, alg, use: "sig", ...more };
  return { kid, alg, jwk, privateKey };
}

/** Claims that let an editor of all workspaces in. */
export function claimsOf(issuer: Issuer, more: object = {}): Record<string, unknown> {
  return {
    iss: issuer.url,
    aud: AUDIENCE,
    sub: "u-1",
    exp: START / 1_000 + 3_600,
    chartroom_role: "editor",
    chartroom_workspaces: "*",
    ...more,
  };
}

/** A JWT; a member of `header` that is `undefined` is left out. */
export async function signed(
  { kid, alg, privateKey }: Key,
  claims: Record<string, unknown>,
  header: object = {},
): Promise<string> {
  const whole = JSON.parse(JSON.stringify({ alg, kid, typ: "JWT", ...header }));
  return await new SignJWT(claims).setProtectedHeader(whole).sign(privateKey);
}

/** Of any text, one part of a JWT. */
export function part(text: string): string {
  return new TextEncoder().encode(text).toBase64({ alphabet: "base64url", omitPadding: true });
}

/** A JWT of RS256 with header and claims as they are written, which no library would sign. */
export async function signedRaw(key: Key, header: string, claims: string): Promise<string> {
  const text = `${part(header)}.${part(claims)}`;
  const signature = await crypto.subtle.sign(
    "RSASSA-PKCS1-v1_5",
    key.privateKey,
    new TextEncoder().encode(text),
  );
  const alphabet = "base64url";
  return `${text}.${new Uint8Array(signature).toBase64({ alphabet, omitPadding: true })}`;
}

/** A Chartroom that trusts an issuer, which has one key. */
export interface Place extends Chartroom {
  issuer: Issuer;
  key: Key;
  /** Who shows this, as `/whoami` says. */
  ask(token: string): ReturnType<Chartroom["call"]>;
}

/** Runs a test with both, and ends them. */
export async function withIssuer(
  test: (place: Place) => Promise<void>,
  options: Options & { path?: string } = {},
): Promise<void> {
  const issuer = startIssuer(options.path), key = await makeKey("one");
  issuer.keys = [key.jwk];
  const chartroom = await startChartroom({
    ...options,
    environment: {
      CHARTROOM_OIDC_ISSUER: issuer.url,
      CHARTROOM_OIDC_AUDIENCE: AUDIENCE,
      ...options.environment,
    },
  });
  const ask = (token: string) =>
    chartroom.call("GET", "/v1/whoami", undefined, { authorization: `Bearer ${token}` });
  try {
    await test({ ...chartroom, issuer, key, ask });
  } finally {
    await chartroom.close();
    await issuer.close();
  }
}
