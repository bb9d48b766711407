/** What a caller says of a repository, checked before anything is done with it. */

import { invalid, unknownField } from "../refused.ts";
import { isS3 } from "../sources/place.ts";
import { s3CredentialObjection } from "../sources/s3.ts";
import type { BasicCredential, S3Credential } from "../sources/source.ts";
import type { Period, SealedField } from "../store/repos.ts";
import { parsePeriod } from "./period.ts";
import { parseCaBundle, parseClientCertificate, parseClientKey } from "./tls_input.ts";

/** Absent is what the caller did not say. */
export interface RepoInput {
  name?: string;
  /** Without userinfo. */
  url?: string;
  description?: string;
  period?: Period;
  suspended?: boolean;
  /** `null` removes what is stored. */
  sealed: Partial<Record<SealedField, string | null>>;
}

const MAX_NAME = 128;
const MAX_DESCRIPTION = 512;
const MAX_URL = 2_048;
const MAX_CREDENTIAL = 4_096;

/** Sent by KubeSphere's console, and without effect there too; in lower case. */
export const IGNORED_FIELDS: ReadonlySet<string> = new Set([
  "app_default_status",
  "category_id",
  "providers",
  "repotype",
  "type",
  "visibility",
  "workspace",
]);
const TEXTS = [
  "name",
  "url",
  "credential",
  "description",
  "sync_period",
  "ca_bundle",
  "client_certificate",
  "client_key",
] as const;
const FIELDS = [...TEXTS, "suspended"];
const S3_FIELDS = ["accessKeyID", "secretAccessKey", "sessionToken", "region", "endpoint"];

/** Reads the body of a request. Throws a `Refused` that names the field that is wrong. */
export function parseRepoInput(body: Readonly<Record<string, unknown>>): RepoInput {
  const { suspended, ...others } = body;
  if (!["boolean", "undefined"].includes(typeof (suspended ?? undefined))) {
    throw invalid("suspended", "true or false");
  }
  const fields = readStrings(others);
  const input: RepoInput = { sealed: {} };
  if (typeof suspended === "boolean") input.suspended = suspended;
  if (fields.name !== undefined) input.name = parseName(fields.name);
  if (fields.description !== undefined) {
    if (lengthOf(fields.description) > MAX_DESCRIPTION) {
      throw invalid("description", `at most ${MAX_DESCRIPTION} characters`);
    }
    input.description = fields.description;
  }
  if (fields.sync_period !== undefined) input.period = parsePeriod(fields.sync_period);
  const fromUrl = fields.url === undefined ? undefined : parseUrl(fields.url);
  if (fromUrl !== undefined) input.url = fromUrl.url;
  const { sealed } = input;
  const credential = fields.credential === undefined
    ? undefined
    : parseCredential(fields.credential);
  if (credential !== undefined) sealed.credential = credential;
  if (fromUrl?.credential !== undefined) {
    if (sealed.credential) {
      throw invalid("credential", "nothing, since the url holds a credential already");
    }
    sealed.credential = JSON.stringify(fromUrl.credential);
  }
  const pem = { ca_bundle: parseCaBundle, client_certificate: parseClientCertificate };
  for (const [field, parse] of Object.entries({ ...pem, client_key: parseClientKey })) {
    const text = fields[field as SealedField];
    if (text !== undefined) sealed[field as SealedField] = text.trim() === "" ? null : parse(text);
  }
  return input;
}

function readStrings(body: Readonly<Record<string, unknown>>) {
  const result: Partial<Record<typeof TEXTS[number], string>> = {};
  for (const [field, value] of Object.entries(body)) {
    const known = TEXTS.find((name) => name === field);
    if (known === undefined) {
      if (IGNORED_FIELDS.has(field)) continue;
      throw unknownField(field, FIELDS);
    }
    if (value === null) continue;
    if (typeof value !== "string") throw invalid(field, "a string");
    // Half of a character cannot be written in UTF-8, nor be found again.
    result[known] = value.toWellFormed();
  }
  return result;
}

function parseName(text: string): string {
  const name = text.trim();
  if (name === "" || lengthOf(name) > MAX_NAME) {
    throw invalid("name", `1 to ${MAX_NAME} characters`);
  }
  // A name comes into logs, and into commands that are pasted into terminals.
  if (/\p{Cc}/u.test(name)) throw invalid("name", "text without control characters");
  return name;
}

/** The URL keeps the text that it has, but for its userinfo. */
function parseUrl(text: string): { url: string; credential?: BasicCredential } {
  // deno-lint-ignore no-control-regex -- the URL parser drops them without a word
  const malformed = /[\s\x00-\x1f\x7f#\\]|%(?![0-9a-f]{2})/i.test(text);
  const url = /^(https?|s3):\/\/[^/?#]/i.test(text) ? URL.parse(text) : null;
  if (url === null || malformed || text.length > MAX_URL) {
    throw invalid(
      "url",
      "an http, https or s3 URL without spaces or `#`, such as `https://charts.example.org/stable`",
    );
  }
  // What an s3 URL names is for its own rules, and its credential has a field.
  if (isS3(text)) return { url: text };
  const stripped = text.replace(/^(https?:\/\/)[^/?]*@/i, "$1");
  if (url.username === "" && url.password === "") return { url: stripped };
  try {
    return {
      url: stripped,
      credential: {
        username: decodeURIComponent(url.username),
        password: decodeURIComponent(url.password),
      },
    };
  } catch {
    throw invalid("url", "a user name and password in UTF-8");
  }
}

/**
 * A credential is JSON in a string, as KubeSphere has it. `{}` says nothing, since that is what a
 * client was told that the credential is; an empty string removes it.
 */
function parseCredential(text: string): string | null | undefined {
  if (text.trim() === "") return null;
  const value = readObject(text);
  const names = value === undefined || new TextEncoder().encode(text).length > MAX_CREDENTIAL
    ? undefined
    : Object.keys(value);
  if (names?.length === 0) return undefined;
  const isText = Object.values(value ?? {}).every((member) => typeof member === "string");
  if (names !== undefined && isText) {
    if (names.every((name) => S3_FIELDS.includes(name))) return s3Credential(value as S3Credential);
    const { username, password, ...rest } = value as Partial<BasicCredential>;
    if (username && password !== undefined && Object.keys(rest).length === 0) {
      return JSON.stringify({ username, password });
    }
  }
  throw invalid(
    "credential",
    'a JSON text such as {"username":"...","password":"..."}, or for an s3 URL ' +
      '{"accessKeyID":"...","secretAccessKey":"..."}',
  );
}

function s3Credential(credential: S3Credential): string {
  const objection = s3CredentialObjection(credential);
  if (objection !== undefined) throw invalid("credential", objection);
  return JSON.stringify(credential);
}

function readObject(text: string): object | undefined {
  try {
    const value = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function lengthOf(text: string): number {
  return Array.from(text).length;
}
