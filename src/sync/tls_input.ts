/** Certificates and keys as callers type them, checked before they are kept. */

import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { invalid } from "../refused.ts";
import { tlsObjection } from "../sources/tls.ts";

/** Most bytes that are kept of each, comments not counted: all stand in one KV value of 64 KiB. */
export const MAX_CA_BUNDLE = 20 * 1_024;
export const MAX_CLIENT_CERTIFICATE = 12 * 1_024;
export const MAX_CLIENT_KEY = 8 * 1_024;

/** What a PEM text marks as one piece (RFC 7468). */
interface Block {
  label: string;
  lines: string[];
}

const CERTIFICATE = "CERTIFICATE";
/** PKCS#8, PKCS#1 and SEC1. */
const KEY_LABELS = new Set(["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY"]);
/** Stands before a key that `openssl ecparam -genkey` made, and says nothing that it does not. */
const CURVE_LABEL = "EC PARAMETERS";
const LINE_LENGTH = 64;

/** Keys that Deno's TLS signs with (seen with Deno 2.9, as is that it takes no other). */
const CURVES = new Set(["prime256v1", "secp384r1", "secp521r1"]);
const MIN_RSA_BITS = 2_048;
const MAX_RSA_BITS = 8_192;
const USABLE_KEY = `an RSA key of ${MIN_RSA_BITS} to ${MAX_RSA_BITS} bits, an ECDSA key on ` +
  "P-256, P-384 or P-521, or an Ed25519 key";

/** The certificates of `ca_bundle` in PEM, without what stood between them. Throws a `Refused`. */
export function parseCaBundle(text: string): string {
  return parseCertificates(text, "ca_bundle", MAX_CA_BUNDLE);
}

/**
 * The certificate of `client_certificate` in PEM and those that lead from it to an authority,
 * without what stood between them. Throws a `Refused`.
 */
export function parseClientCertificate(text: string): string {
  return parseCertificates(text, "client_certificate", MAX_CLIENT_CERTIFICATE);
}

/** The key of `client_key` in PEM, without what stood around it. Throws a `Refused`. */
export function parseClientKey(text: string): string {
  const field = "client_key";
  const blocks = blocksOf(text, field).filter(({ label }) => label !== CURVE_LABEL);
  if (blocks.some(isEncrypted)) throw invalid(field, "a key that no passphrase protects");
  const [block] = blocks;
  if (block === undefined || blocks.length > 1 || !KEY_LABELS.has(block.label)) {
    throw invalid(field, "one private key in PEM (PKCS#8, PKCS#1 or SEC1), and nothing else");
  }
  const pem = bounded(pemOf(block), field, MAX_CLIENT_KEY);
  const key = read(() => createPrivateKey(pem));
  if (key === undefined) throw invalid(field, "a private key in PEM that can be read");
  if (!isUsable(key)) throw invalid(field, USABLE_KEY);
  return pem;
}

/**
 * Throws a `Refused` unless a client of an upstream can show the certificate, whose key this has
 * to be. Both are as the functions above return them.
 */
export function checkPair(certificate: string, key: string): void {
  switch (tlsObjection({ certificate, key })) {
    case undefined:
      return;
    case "mismatch":
      throw invalid("client_key", "the key of the first certificate in client_certificate");
    case "key":
      throw invalid("client_key", USABLE_KEY);
    default:
      throw invalid("client_certificate", "an X.509 v3 certificate first, which a client can show");
  }
}

function parseCertificates(text: string, field: string, maxBytes: number): string {
  const blocks = blocksOf(text, field);
  if (blocks.some(({ label }) => label.endsWith("PRIVATE KEY"))) {
    throw invalid(field, "certificates without a private key, which belongs in client_key");
  }
  if (blocks.length === 0 || blocks.some(({ label }) => label !== CERTIFICATE)) {
    throw invalid(field, "one or more certificates in PEM, and nothing else");
  }
  const certificates = blocks.map(pemOf);
  const bundle = bounded(certificates.join(""), field, maxBytes);
  for (const [index, certificate] of certificates.entries()) {
    const isRead = read(() => new X509Certificate(certificate)) !== undefined;
    if (!isRead || tlsObjection({ caBundle: certificate }) !== undefined) {
      throw invalid(field, `certificates in PEM that can be read, unlike number ${index + 1}`);
    }
  }
  return bundle;
}

/** The pieces of a PEM text, whatever they are. */
function blocksOf(text: string, field: string): Block[] {
  const blocks: Block[] = [];
  let open: Block | undefined;
  for (const line of text.split(/[\r\n]+/).map((line) => line.trim())) {
    const [, edge, label = ""] = /^-----(BEGIN|END) ([A-Z0-9 ]+)-----$/.exec(line) ?? [];
    if (edge === "BEGIN" && open === undefined) {
      open = { label, lines: [] };
    } else if (edge === "END" && open?.label === label) {
      blocks.push(open);
      open = undefined;
    } else if (/-----(BEGIN|END)/.test(line)) {
      throw malformed(field);
    } else {
      open?.lines.push(line);
    }
  }
  if (open !== undefined) throw malformed(field);
  return blocks;
}

function malformed(field: string): Error {
  return invalid(field, "PEM: lines from `-----BEGIN ...-----` to `-----END ...-----`");
}

/** The second way is OpenSSL's own, from before PKCS#8. */
function isEncrypted({ label, lines }: Block): boolean {
  return label === "ENCRYPTED PRIVATE KEY" || lines.some((line) => line.endsWith(",ENCRYPTED"));
}

/** A piece as every reader of PEM takes it; no text if it is not in base64. */
function pemOf({ label, lines }: Block): string {
  const bytes = read(() => Uint8Array.fromBase64(lines.join("")));
  const text = bytes?.toBase64().match(new RegExp(`.{1,${LINE_LENGTH}}`, "g"))?.join("\n");
  return text === undefined ? "" : `-----BEGIN ${label}-----\n${text}\n-----END ${label}-----\n`;
}

function isUsable({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): boolean {
  const { modulusLength = 0, namedCurve = "" } = asymmetricKeyDetails ?? {};
  switch (asymmetricKeyType) {
    case "rsa":
      return modulusLength >= MIN_RSA_BITS && modulusLength <= MAX_RSA_BITS;
    case "ec":
      return CURVES.has(namedCurve);
    default:
      return asymmetricKeyType === "ed25519";
  }
}

/** What work makes, or `undefined` if it fails: its errors may hold what it was given. */
function read<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}

function bounded(pem: string, field: string, maxBytes: number): string {
  if (pem.length > maxBytes) throw invalid(field, `at most ${maxBytes / 1_024} KiB`);
  return pem;
}
