/** Whom the calls of one repository trust, and what they show of themselves. */

import { IndexError } from "../helm/index_error.ts";
import type { Pin } from "./dialler.ts";
import type { Tls } from "./source.ts";

/**
 * The HTTP clients of one download. They are made when they are first called for, and no other
 * download uses them, so no repository's call goes over a connection that another's key opened.
 */
export interface TlsClients {
  /**
   * The client for a call of `url`, which goes by `pin` if there is one; `undefined` is the one that
   * `fetch` has without being told.
   */
  clientFor(url: URL, pin?: Pin): Deno.HttpClient | undefined;
  /** May be called again. What is still being received is no longer of use. */
  close(): void;
}

/**
 * Clients for `tls`. The certificate and its key are for calls of `ownOrigin` alone; the CA bundle
 * is also for where redirects lead. Certificates are verified in any case. Deno adds the bundle to
 * the authorities that it knows anyway, those of `DENO_TLS_CA_STORE` and `DENO_CERT` (seen with
 * Deno 2.9). `clientFor` throws an `IndexError` if `tls` cannot be used.
 */
export function createTlsClients(
  tls: Tls | undefined,
  ownOrigin: string | undefined,
): TlsClients {
  /** By whether they are for the own origin, and whether they are pinned. */
  const made = new Map<string, Deno.HttpClient>();
  return {
    clientFor({ protocol, origin }, pin) {
      if (tls === undefined || protocol !== "https:") return pin?.client;
      const isOwn = origin === ownOrigin;
      const used = isOwn ? tls : bundleOf(tls);
      if (Object.keys(used).length === 0) return pin?.client;
      const key = `${isOwn} ${pin !== undefined}`;
      const client = made.get(key) ?? clientOf(used, pin?.proxy);
      made.set(key, client);
      return client;
    },
    close() {
      for (const client of made.values()) client.close();
      made.clear();
    },
  };
}

function bundleOf({ caBundle }: Tls): Tls {
  return { ...caBundle !== undefined && { caBundle } };
}

/** What cannot be used, found by making a client; `mismatch`: the key is of another certificate. */
export type TlsObjection = "authority" | "certificate" | "key" | "mismatch";

/** Why Deno makes no client of PEM blocks; `undefined` if it does. It passes over other text. */
export function tlsObjection(tls: Tls): TlsObjection | undefined {
  const { caBundle, ...identity } = tls;
  if (caBundle !== undefined && errorOf({ caBundle }) !== undefined) return "authority";
  const error = errorOf(identity);
  if (error === undefined) return undefined;
  if (/KeyMismatch/.test(error)) return "mismatch";
  return /private key|no keys|decode key/i.test(error) ? "key" : "certificate";
}

function errorOf(tls: Tls): string | undefined {
  try {
    makeClient(tls).close();
    return undefined;
  } catch (error) {
    return String(error);
  }
}

function clientOf(tls: Tls, proxy: Deno.Proxy | undefined): Deno.HttpClient {
  try {
    return makeClient(tls, proxy);
  } catch {
    // What Deno says of it is not passed on: nobody promises that it is free of the key.
    throw new IndexError("unreachable", "the CA bundle, client certificate or key cannot be used");
  }
}

function makeClient({ caBundle, certificate, key }: Tls, proxy?: Deno.Proxy): Deno.HttpClient {
  return Deno.createHttpClient({
    ...proxy !== undefined && { proxy },
    ...caBundle !== undefined && { caCerts: [caBundle] },
    ...certificate !== undefined && { cert: certificate },
    ...key !== undefined && { key },
  });
}

/** What Deno's text says is wrong with the upstream's certificate. */
const CERTIFICATE_FAULTS: readonly [RegExp, string][] = [
  [/UnknownIssuer/, "is from an unknown authority, which a CA bundle can make known"],
  [/expired/, "has expired"],
  [/not valid yet/, "is not valid yet"],
  [/not valid for name/, "is for another host name"],
  [/extended key usage/, "is not for a server"],
  [/BadSignature/, "is not signed by the authority of that name which is known"],
  [/UnsupportedSignatureAlgorithm/, "is signed in a way that is not accepted, such as with SHA-1"],
  [/UnsupportedCertVersion/, "is not of X.509 version 3"],
  // Of a server that shows the certificate which `openssl req -x509` makes by default.
  [/CaUsedAsEndEntity/, "is an authority's own (CA:TRUE), which no server may show"],
];
/** Alerts of an upstream that does not like the certificate that it was shown (RFC 8446, 6.2). */
const REFUSALS = new Set([
  "AccessDenied",
  "BadCertificate",
  "CertificateExpired",
  "CertificateRevoked",
  "CertificateUnknown",
  "UnknownCA",
  "UnsupportedCertificate",
]);

/**
 * What a text of `fetch` says of TLS, for people; `undefined` if nothing. The names in the
 * upstream's certificate are left out: Chartroom does not repeat what it does not trust.
 */
export function explainTls(text: string, tls: Tls | undefined): string | undefined {
  const [, fault] = /invalid peer certificate: (.*)/s.exec(text) ?? [];
  if (fault !== undefined) {
    const found = CERTIFICATE_FAULTS.find(([pattern]) => pattern.test(fault));
    return `the upstream's certificate ${found?.[1] ?? "cannot be verified"}`;
  }
  const [, alert] = /received fatal alert: (\w+)/.exec(text) ?? [];
  if (alert !== undefined) return `${explainAlert(alert, tls)} (TLS alert ${alert})`;
  if (/corrupt message of type InvalidContentType/.test(text)) {
    return "the upstream does not speak TLS on this port";
  }
  if (/DoesNotSupportTls/.test(text)) return "the upstream speaks neither TLS 1.2 nor 1.3";
  if (/tls handshake eof/.test(text)) {
    return "the upstream closed the connection during the TLS handshake";
  }
  if (/corrupt message|peer (is incompatible|misbehaved)/.test(text)) {
    return "the TLS handshake failed";
  }
  return undefined;
}

function explainAlert(alert: string, tls: Tls | undefined): string {
  const wants = "the upstream wants a client certificate";
  if (alert === "CertificateRequired") return wants;
  if (REFUSALS.has(alert)) {
    return tls?.certificate ? "the upstream refuses the client certificate" : wants;
  }
  if (alert === "ProtocolVersion") return "the upstream speaks neither TLS 1.2 nor 1.3";
  // Before TLS 1.3 there is no alert for a certificate that is wanted.
  const maybe = alert === "HandshakeFailure" && !tls?.certificate;
  return `the TLS handshake failed${maybe ? "; the upstream may want a client certificate" : ""}`;
}
