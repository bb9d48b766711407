/** What a caller says of a repository, checked before anything is done with it. */

import { invalid, unknownField } from "../refused.ts";
import type { Credential } from "../sources/source.ts";
import type { Period } from "../store/repos.ts";
import { parsePeriod } from "./period.ts";

/** Absent is what the caller did not say. */
export interface RepoInput {
  name?: string;
  /** Without userinfo. */
  url?: string;
  /** From the URL's userinfo or the field; `null` removes the one that is stored. */
  credential?: Credential | null;
  description?: string;
  period?: Period;
}

const MAX_NAME = 128;
const MAX_DESCRIPTION = 512;
const MAX_URL = 2_048;
const MAX_CREDENTIAL = 4_096;

/** Sent by KubeSphere's console, and without effect there too. */
const IGNORED_FIELDS = new Set([
  "app_default_status",
  "category_id",
  "providers",
  "repoType",
  "type",
  "visibility",
  "workspace",
]);
const FIELDS = ["name", "url", "credential", "description", "sync_period"] as const;

/** Reads the body of a request. Throws a `Refused` that names the field that is wrong. */
export function parseRepoInput(body: Readonly<Record<string, unknown>>): RepoInput {
  const fields = readStrings(body);
  const input: RepoInput = {};
  if (fields.name !== undefined) input.name = parseName(fields.name);
  if (fields.description !== undefined) {
    if (lengthOf(fields.description) > MAX_DESCRIPTION) {
      throw invalid("description", `at most ${MAX_DESCRIPTION} characters`);
    }
    input.description = fields.description;
  }
  if (fields.sync_period !== undefined) input.period = parsePeriod(fields.sync_period);
  const fromUrl = fields.url === undefined ? undefined : parseUrl(fields.url);
  const fromField = fields.credential === undefined
    ? undefined
    : parseCredential(fields.credential);
  if (fromUrl?.credential && fromField) {
    throw invalid("credential", "nothing, since the url holds a credential already");
  }
  if (fromUrl !== undefined) input.url = fromUrl.url;
  const credential = fromUrl?.credential ?? fromField;
  if (credential !== undefined) input.credential = credential;
  return input;
}

function readStrings(body: Readonly<Record<string, unknown>>) {
  const result: Partial<Record<typeof FIELDS[number], string>> = {};
  for (const [field, value] of Object.entries(body)) {
    const known = FIELDS.find((name) => name === field);
    if (known === undefined) {
      if (IGNORED_FIELDS.has(field)) continue;
      throw unknownField(field, FIELDS);
    }
    if (value === null) continue;
    if (typeof value !== "string") throw invalid(field, "a string");
    result[known] = value;
  }
  return result;
}

function parseName(text: string): string {
  const name = text.trim();
  if (name === "" || lengthOf(name) > MAX_NAME) {
    throw invalid("name", `1 to ${MAX_NAME} characters`);
  }
  return name;
}

/** The URL keeps the text that it has, but for its userinfo. */
function parseUrl(text: string): { url: string; credential?: Credential } {
  const url = /^https?:\/\/[^/?#]/i.test(text) ? URL.parse(text) : null;
  // deno-lint-ignore no-control-regex -- the URL parser drops them without a word
  const malformed = /[\s\x00-\x1f\x7f#\\]|%(?![0-9a-f]{2})/i.test(text);
  if (url === null || malformed || text.length > MAX_URL) {
    throw invalid(
      "url",
      "an http or https URL without spaces or `#`, such as `https://charts.example.org/stable`",
    );
  }
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
function parseCredential(text: string): Credential | null | undefined {
  if (text.trim() === "") return null;
  const expected = 'a JSON text such as {"username":"...","password":"..."}';
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // Told below.
  }
  if (typeof value !== "object" || value === null || text.length > MAX_CREDENTIAL) {
    throw invalid("credential", expected);
  }
  const { username, password, ...rest } = value as Record<string, unknown>;
  if (username === undefined && password === undefined && Object.keys(rest).length === 0) {
    return undefined;
  }
  const isText = typeof username === "string" && username !== "" && typeof password === "string";
  if (!isText || Object.keys(rest).length > 0) throw invalid("credential", expected);
  return { username, password };
}

function lengthOf(text: string): number {
  return Array.from(text).length;
}
