/** Certificates and keys as callers type them: what is kept of them, and what is refused. */

import assert from "node:assert/strict";
import { createPrivateKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { Refused } from "../../src/refused.ts";
import { tlsObjection } from "../../src/sources/tls.ts";
import {
  checkPair,
  MAX_CA_BUNDLE,
  MAX_CLIENT_CERTIFICATE,
  MAX_CLIENT_KEY,
  parseCaBundle,
  parseClientCertificate,
  parseClientKey,
} from "../../src/sync/tls_input.ts";
import { pem } from "../support/tls_upstream.ts";

const AUTHORITY = pem("authority.pem");
const OTHER = pem("other_authority.pem");
const EC = pem("client_ec.pem"), EC_KEY = pem("client_ec.key");
const RSA = pem("client_rsa.pem"), RSA_KEY = pem("client_rsa.key");
const V1 = pem("client_v1.pem");
const SEC1_KEY = exported(EC_KEY, "sec1"), PKCS1_KEY = exported(RSA_KEY, "pkcs1");

/** A key in another of its forms. */
function exported(key: string | KeyObject, type: "pkcs8" | "sec1" | "pkcs1"): string {
  const object = typeof key === "string" ? createPrivateKey(key) : key;
  return object.export({ format: "pem", type } as { format: "pem"; type: "pkcs8" }) as string;
}

/** A key of a kind that is made for the occasion. */
const made = {
  rsa: () => generateKeyPairSync("rsa", { modulusLength: 2_048 }),
  weak: () => generateKeyPairSync("rsa", { modulusLength: 1_024 }),
  bitcoin: () => generateKeyPairSync("ec", { namedCurve: "secp256k1" }),
  p384: () => generateKeyPairSync("ec", { namedCurve: "secp384r1" }),
  p521: () => generateKeyPairSync("ec", { namedCurve: "secp521r1" }),
  ed25519: () => generateKeyPairSync("ed25519"),
  ed448: () => generateKeyPairSync("ed448"),
  x25519: () => generateKeyPairSync("x25519"),
};

function keyOf(kind: keyof typeof made): string {
  return exported(made[kind]().privateKey, "pkcs8");
}

/** A PEM block of bytes or of base64. */
function block(label: string, content: Uint8Array | string): string {
  const text = typeof content === "string" ? content : content.toBase64();
  return `-----BEGIN ${label}-----\n${text}\n-----END ${label}-----\n`;
}

function bytesOf(text: string): Uint8Array {
  return Uint8Array.fromBase64(text.replace(/-----.*-----/g, ""));
}

/** Not of a certificate, but too long. */
function times(text: string, maxBytes: number): string {
  return text.repeat(Math.ceil((maxBytes + 1) / text.length));
}

type Parse = (text: string) => string;

/** What is typed and what is kept of it. */
const TAKEN: Record<string, [Parse, string, string]> = {
  "an authority": [parseCaBundle, AUTHORITY, AUTHORITY],
  "several": [parseCaBundle, AUTHORITY + OTHER, AUTHORITY + OTHER],
  "an authority with what `openssl x509 -text` says": [
    parseCaBundle,
    `Certificate:\n    Data:\n        Version: 3 (0x2)\n-------------\n${AUTHORITY}\n# end`,
    AUTHORITY,
  ],
  "CRLF, BOM and indentation": [
    parseCaBundle,
    `\ufeff${(AUTHORITY + OTHER).replaceAll("\n", "\r\n    ")}`,
    AUTHORITY + OTHER,
  ],
  "one line of base64": [parseCaBundle, block("CERTIFICATE", bytesOf(AUTHORITY)), AUTHORITY],
  "an authority of version 1": [parseCaBundle, V1, V1],
  "a server's own certificate": [parseCaBundle, pem("self_signed.pem"), pem("self_signed.pem")],
  "an authority that is not valid any more": [
    parseCaBundle,
    pem("expired.pem"),
    pem("expired.pem"),
  ],
  "a client certificate": [parseClientCertificate, EC, EC],
  "a client certificate and its authority": [parseClientCertificate, RSA + OTHER, RSA + OTHER],
  "a key in PKCS#8": [parseClientKey, EC_KEY, EC_KEY],
  "a key in SEC1": [parseClientKey, SEC1_KEY, SEC1_KEY],
  "a key in PKCS#1": [parseClientKey, PKCS1_KEY, PKCS1_KEY],
  "an RSA key in PKCS#8": [parseClientKey, RSA_KEY, RSA_KEY],
  "a key with its curve before it": [
    parseClientKey,
    `${block("EC PARAMETERS", "BggqhkjOPQMBBw==")}${SEC1_KEY}`,
    SEC1_KEY,
  ],
  "a key as PKCS#12 gives it": [
    parseClientKey,
    `Bag Attributes\r\n    localKeyID: 01\r\n${RSA_KEY.replaceAll("\n", "\r\n")}`,
    RSA_KEY,
  ],
};

for (const [name, [parse, text, kept]] of Object.entries(TAKEN)) {
  Deno.test(`${parse.name} takes ${name}`, () => assert.equal(parse(text), kept));
}

for (const kind of ["p384", "p521", "ed25519"] as const) {
  Deno.test(`parseClientKey takes a key on ${kind}`, () => {
    const key = keyOf(kind);
    assert.equal(parseClientKey(key), key);
    // The key is not the certificate's, but one that Deno can use.
    assert.equal(tlsObjection({ certificate: EC, key }), "mismatch");
  });
}

const CERTIFICATES = "one or more certificates in PEM, and nothing else";
const NO_KEY = "certificates without a private key, which belongs in client_key";
const MALFORMED = "PEM: lines from `-----BEGIN ...-----` to `-----END ...-----`";
const ONE_KEY = "one private key in PEM (PKCS#8, PKCS#1 or SEC1), and nothing else";
const READABLE_KEY = "a private key in PEM that can be read";
const NO_PASSPHRASE = "a key that no passphrase protects";
const USABLE_KEY = "an RSA key of 2048 to 8192 bits, an ECDSA key on P-256, P-384 or P-521, " +
  "or an Ed25519 key";

function unreadable(number: number): string {
  return `certificates in PEM that can be read, unlike number ${number}`;
}

/** What is typed and what is expected instead. */
const REFUSED: Record<string, [Parse, string, string]> = {
  "no text": [parseCaBundle, "", CERTIFICATES],
  "another text": [parseCaBundle, "hush", CERTIFICATES],
  "base64 alone": [parseCaBundle, bytesOf(AUTHORITY).toBase64(), CERTIFICATES],
  "a text with `\\n` for its ends of lines": [
    parseCaBundle,
    AUTHORITY.replaceAll("\n", "\\n"),
    MALFORMED,
  ],
  "a block without an end": [parseCaBundle, AUTHORITY.slice(0, -20), MALFORMED],
  "a block without a beginning": [parseCaBundle, AUTHORITY.slice(30), MALFORMED],
  "a block in a block": [parseCaBundle, `-----BEGIN CERTIFICATE-----\n${AUTHORITY}`, MALFORMED],
  "an end of something else": [
    parseCaBundle,
    AUTHORITY.replace("END CERT", "END X509 CERT"),
    MALFORMED,
  ],
  "a certificate that is not base64": [
    parseCaBundle,
    AUTHORITY + block("CERTIFICATE", "hush!"),
    unreadable(2),
  ],
  "a certificate of no bytes": [parseCaBundle, block("CERTIFICATE", ""), unreadable(1)],
  "a certificate that is none": [parseCaBundle, block("CERTIFICATE", "hush"), unreadable(1)],
  "a certificate cut off": [
    parseCaBundle,
    AUTHORITY + OTHER + block("CERTIFICATE", bytesOf(AUTHORITY).slice(0, -9)),
    unreadable(3),
  ],
  "bytes after a certificate": [
    parseCaBundle,
    block("CERTIFICATE", new Uint8Array([...bytesOf(AUTHORITY), 1, 2, 3])),
    unreadable(1),
  ],
  "a revocation list": [parseCaBundle, AUTHORITY + block("X509 CRL", "aHVzaA=="), CERTIFICATES],
  "OpenSSL's trusted certificate": [
    parseCaBundle,
    block("TRUSTED CERTIFICATE", bytesOf(AUTHORITY)),
    CERTIFICATES,
  ],
  "PKCS#7": [parseCaBundle, block("PKCS7", bytesOf(AUTHORITY)), CERTIFICATES],
  "a private key": [parseCaBundle, EC_KEY, NO_KEY],
  "a private key among certificates": [parseCaBundle, AUTHORITY + SEC1_KEY + OTHER, NO_KEY],
  "an encrypted key among certificates": [
    parseCaBundle,
    AUTHORITY + pem("client_encrypted.key"),
    NO_KEY,
  ],
  "a key of OpenSSH's": [parseCaBundle, block("OPENSSH PRIVATE KEY", "aHVzaA=="), NO_KEY],
  "too many certificates": [parseCaBundle, times(AUTHORITY, MAX_CA_BUNDLE), "at most 20 KiB"],
  "no text of a client": [parseClientCertificate, " \n", CERTIFICATES],
  "a certificate with its key": [parseClientCertificate, EC + EC_KEY, NO_KEY],
  "a certificate with its key in PKCS#1": [parseClientCertificate, RSA + PKCS1_KEY, NO_KEY],
  "a chain with something else": [
    parseClientCertificate,
    EC + block("CERTIFICATE", "aHVzaA=="),
    unreadable(2),
  ],
  "too long a chain": [
    parseClientCertificate,
    times(EC, MAX_CLIENT_CERTIFICATE),
    "at most 12 KiB",
  ],
  "no key": [parseClientKey, "", ONE_KEY],
  "a certificate for a key": [parseClientKey, EC, ONE_KEY],
  "a key with its certificate": [parseClientKey, EC_KEY + EC, ONE_KEY],
  "two keys": [parseClientKey, EC_KEY + RSA_KEY, ONE_KEY],
  "a curve alone": [parseClientKey, block("EC PARAMETERS", "BggqhkjOPQMBBw=="), ONE_KEY],
  "a public key": [parseClientKey, block("PUBLIC KEY", "aHVzaA=="), ONE_KEY],
  "a key of SSH's": [parseClientKey, block("OPENSSH PRIVATE KEY", "aHVzaA=="), ONE_KEY],
  "a key cut off": [parseClientKey, EC_KEY.slice(0, -9), MALFORMED],
  "a key that is none": [parseClientKey, block("PRIVATE KEY", "aHVzaA=="), READABLE_KEY],
  "a key of no bytes": [parseClientKey, block("PRIVATE KEY", ""), READABLE_KEY],
  "a key that is not base64": [parseClientKey, block("EC PRIVATE KEY", "hush!"), READABLE_KEY],
  "an encrypted key": [parseClientKey, pem("client_encrypted.key"), NO_PASSPHRASE],
  "a key that OpenSSL encrypted before PKCS#8": [
    parseClientKey,
    pem("client_encrypted_pkcs1.key"),
    NO_PASSPHRASE,
  ],
  "a key with much behind it": [
    parseClientKey,
    block("PRIVATE KEY", new Uint8Array([...bytesOf(EC_KEY), ...new Uint8Array(MAX_CLIENT_KEY)])),
    "at most 8 KiB",
  ],
  "a key of 1024 bits": [parseClientKey, keyOf("weak"), USABLE_KEY],
  "a key for RSA-PSS alone": [parseClientKey, pem("pss.key"), USABLE_KEY],
  "a key on secp256k1": [parseClientKey, keyOf("bitcoin"), USABLE_KEY],
  "a key on Ed448": [parseClientKey, keyOf("ed448"), USABLE_KEY],
  "a key that signs nothing": [parseClientKey, keyOf("x25519"), USABLE_KEY],
};

const FIELDS = new Map<Parse, string>([
  [parseCaBundle, "ca_bundle"],
  [parseClientCertificate, "client_certificate"],
  [parseClientKey, "client_key"],
]);

function assertRefused(work: () => unknown, field: string, expected: string) {
  assert.throws(work, (error) => {
    assert.ok(error instanceof Refused, String(error));
    assert.equal(error.code, "invalid_field");
    assert.equal(error.field, field);
    assert.equal(error.message, `${field}: expected ${expected}`);
    return true;
  });
}

for (const [name, [parse, text, expected]] of Object.entries(REFUSED)) {
  Deno.test(`${parse.name} refuses ${name}`, () => {
    assertRefused(() => parse(text), FIELDS.get(parse)!, expected);
  });
}

Deno.test("what a key is worth is the same here and in Deno", () => {
  for (const kind of ["weak", "bitcoin", "ed448", "x25519"] as const) {
    assert.equal(tlsObjection({ certificate: EC, key: keyOf(kind) }), "key", kind);
  }
  assert.equal(tlsObjection({ certificate: EC, key: pem("pss.key") }), "key");
});

Deno.test("a bound counts what is kept", () => {
  const room = MAX_CLIENT_KEY - EC_KEY.length;
  assert.equal(parseClientKey(`${"# hush\n".repeat(room)}${EC_KEY}`), EC_KEY);
});

Deno.test("a text of many beginnings is read once", () => {
  const text = "-----BEGIN CERTIFICATE-----\n".repeat(100_000);
  assertRefused(() => parseCaBundle(text), "ca_bundle", MALFORMED);
});

Deno.test("a key belongs to the first certificate, in whatever form it is", () => {
  checkPair(EC, EC_KEY);
  checkPair(EC, SEC1_KEY);
  checkPair(RSA, RSA_KEY);
  checkPair(RSA, PKCS1_KEY);
  checkPair(EC + pem("client_authority.pem"), EC_KEY);
});

Deno.test("a pair that is none is refused", () => {
  const anothers = "the key of the first certificate in client_certificate";
  const noClient = "an X.509 v3 certificate first, which a client can show";
  for (
    const [certificate, key, field, expected] of [
      [EC, RSA_KEY, "client_key", anothers],
      [RSA, EC_KEY, "client_key", anothers],
      [EC, pem("stranger.key"), "client_key", anothers],
      [RSA, keyOf("rsa"), "client_key", anothers],
      [pem("client_authority.pem") + EC, EC_KEY, "client_key", anothers],
      [V1, EC_KEY, "client_certificate", noClient],
      [EC, keyOf("bitcoin"), "client_key", USABLE_KEY],
    ] as const
  ) {
    assertRefused(() => checkPair(certificate, key), field, expected);
  }
});
