/** What is typed into the form of a repository, and what the API is told of it. */

import type { Repo } from "../api.ts";

export const PROTOCOLS = ["https", "http", "s3"] as const;
export const UNITS = ["s", "m", "h", "d"] as const;
/** Whether what is stored is kept. */
export const CHOICES = ["keep", "replace", "remove"] as const;
export type Choice = typeof CHOICES[number];

const SECONDS = { s: 1, m: 60, h: 3_600, d: 86_400 } as const;
/** The API would make more of less, without a word. */
const MIN_PERIOD_S = 180;

const S3_FIELDS = [
  "accessKeyID",
  "secretAccessKey",
  "sessionToken",
  "region",
  "endpoint",
] as const;
const TEXTS = [
  "name",
  "description",
  "username",
  "password",
  ...S3_FIELDS,
  "period",
  "ca_bundle",
  "client_certificate",
  "client_key",
] as const;
/** What never goes back to a browser. */
export const SECRETS = ["password", "secretAccessKey", "sessionToken", "client_key"] as const;

/** The fields of the form. */
export type Values = Record<typeof TEXTS[number], string> & {
  protocol: typeof PROTOCOLS[number];
  /** The URL without its protocol. */
  address: string;
  unit: typeof UNITS[number];
  suspended: boolean;
  credential_choice: Choice;
  ca_choice: Choice;
  client_choice: Choice;
};

/** The fields of the API that errors name. */
export type ApiField =
  | "name"
  | "url"
  | "credential"
  | "description"
  | "sync_period"
  | "ca_bundle"
  | "client_certificate"
  | "client_key";

/** Why values are not even sent: the API's field, and the name of what is said. */
export interface Objection {
  field: ApiField;
  words: "periodWrong" | "empty";
}

/** What the API takes, but for `name` and `url` of a new one. */
export interface Body {
  name?: string;
  url?: string;
  description?: string;
  sync_period?: string;
  suspended?: boolean;
  credential?: string;
  ca_bundle?: string;
  client_certificate?: string;
  client_key?: string;
}

/** The form of a new repository, empty. */
export const BLANK: Values = {
  ...Object.fromEntries(TEXTS.map((name) => [name, ""])) as Record<typeof TEXTS[number], string>,
  protocol: "https",
  address: "",
  period: "1",
  unit: "h",
  suspended: false,
  credential_choice: "replace",
  ca_choice: "replace",
  client_choice: "replace",
};

/** The form of a repository as it is stored. */
export function valuesOf(repo: Repo): Values {
  const seconds = repo.sync.period_seconds;
  const unit = UNITS.toReversed().find((unit) => seconds % SECONDS[unit] === 0) ?? "s";
  const choice = (isSet: boolean) => isSet ? "keep" as const : "replace" as const;
  return {
    ...BLANK,
    ...takeApart(repo.url, BLANK),
    name: repo.name,
    description: repo.description ?? "",
    period: `${seconds / SECONDS[unit]}`,
    unit: seconds === 0 ? "h" : unit,
    suspended: repo.suspended,
    credential_choice: choice(repo.credential_set),
    ca_choice: choice(repo.ca_bundle_set),
    client_choice: choice(repo.client_certificate_set),
  };
}

/** Reads what a browser sent. A whole URL in the address is taken apart. */
export function readValues(fields: Readonly<Record<string, string | undefined>>): Values {
  const one = <T extends string>(of: readonly T[], name: string) =>
    of.find((known) => known === fields[name]);
  const values: Values = {
    ...BLANK,
    // Browsers end lines as mail does.
    ...Object.fromEntries(
      TEXTS.map((name) => [name, (fields[name] ?? "").replaceAll("\r\n", "\n")]),
    ),
    protocol: one(PROTOCOLS, "protocol") ?? BLANK.protocol,
    unit: one(UNITS, "unit") ?? BLANK.unit,
    suspended: fields.suspended === "true",
    credential_choice: one(CHOICES, "credential_choice") ?? "replace",
    ca_choice: one(CHOICES, "ca_choice") ?? "replace",
    client_choice: one(CHOICES, "client_choice") ?? "replace",
  };
  return { ...values, ...takeApart((fields.address ?? "").trim(), values) };
}

/** The protocol of a URL, what follows it, and the credentials that it holds. */
function takeApart(text: string, before: Values): Partial<Values> {
  const [, scheme, rest = text] = /^(https?|s3):\/\/(.*)$/is.exec(text) ?? [];
  const protocol = PROTOCOLS.find((known) => known === scheme?.toLowerCase()) ?? before.protocol;
  const [, user, password = "", address] = /^([^/?#:]*)(?::([^/?#]*))?@(.*)$/s.exec(rest) ?? [];
  if (address === undefined || protocol === "s3") return { protocol, address: rest };
  return {
    protocol,
    address,
    username: decoded(user!),
    password: decoded(password),
    credential_choice: "replace",
  };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The URL that the form means. */
export function urlOf({ protocol, address }: Values): string {
  return `${protocol}://${address}`;
}

/** Whether what is stored sealed would be removed, since another host is asked. */
export function isMoved(values: Values, repo: Repo): boolean {
  const originOf = (url: string) => /^[^/]*\/\/[^/?]*/.exec(url)?.[0].toLowerCase();
  return originOf(urlOf(values)) !== originOf(repo.url);
}

/** What stands in the way of sending values. `repo`: as it is stored, unless it is new. */
export function objectionTo(values: Values, repo: Repo | undefined): Objection | undefined {
  const seconds = secondsOf(values);
  if (!Number.isInteger(seconds) || (seconds > 0 && seconds < MIN_PERIOD_S)) {
    // What a repository has already is not changed.
    if (repo?.sync.period_seconds !== seconds) {
      return { field: "sync_period", words: "periodWrong" };
    }
  }
  const empty = (field: ApiField): Objection => ({ field, words: "empty" });
  const { credential_set, ca_bundle_set, client_certificate_set } = repo ?? {};
  if (credential_set && values.credential_choice === "replace" && !credentialOf(values)) {
    return empty("credential");
  }
  if (ca_bundle_set && values.ca_choice === "replace" && !values.ca_bundle.trim()) {
    return empty("ca_bundle");
  }
  const isPairEmpty = !values.client_certificate.trim() && !values.client_key.trim();
  if (client_certificate_set && values.client_choice === "replace" && isPairEmpty) {
    return empty("client_certificate");
  }
  return undefined;
}

/** What registers a repository. */
export function bodyOf(values: Values): Body & { url: string } {
  return {
    ...(values.name.trim() !== "" && { name: values.name }),
    url: urlOf(values),
    description: values.description,
    sync_period: periodOf(values),
    suspended: values.suspended,
    ...sealedOf(values, undefined),
  };
}

/** What changes a repository into what is typed; `{}`: nothing. */
export function changesOf(values: Values, repo: Repo): Body {
  const url = urlOf(values);
  return {
    ...(values.name !== repo.name && { name: values.name }),
    ...(url !== repo.url && { url }),
    ...(values.description !== (repo.description ?? "") && { description: values.description }),
    ...(secondsOf(values) !== repo.sync.period_seconds && { sync_period: periodOf(values) }),
    ...(values.suspended !== repo.suspended && { suspended: values.suspended }),
    ...sealedOf(values, repo),
  };
}

function sealedOf(values: Values, repo: Repo | undefined): Body {
  const { ca_bundle, client_certificate, client_key } = values;
  const credential = credentialOf(values);
  const body: Body = {};
  if (values.credential_choice === "replace" && credential) body.credential = credential;
  if (values.ca_choice === "replace" && ca_bundle.trim()) body.ca_bundle = ca_bundle;
  if (values.client_choice === "replace") {
    if (client_certificate.trim()) body.client_certificate = client_certificate;
    if (client_key.trim()) body.client_key = client_key;
  }
  if (values.credential_choice === "remove" && repo?.credential_set) body.credential = "";
  if (values.ca_choice === "remove" && repo?.ca_bundle_set) body.ca_bundle = "";
  if (values.client_choice === "remove" && repo?.client_certificate_set) {
    Object.assign(body, { client_certificate: "", client_key: "" });
  }
  return body;
}

/** JSON in a string, of the fields of the protocol; `undefined`: none is filled in. */
function credentialOf(values: Values): string | undefined {
  if (values.protocol !== "s3") {
    const { username, password } = values;
    return username || password ? JSON.stringify({ username, password }) : undefined;
  }
  const filled = S3_FIELDS.map((name) => [name, values[name].trim()]).filter(([, text]) => text);
  return filled.length === 0 ? undefined : JSON.stringify(Object.fromEntries(filled));
}

/** `NaN`: what is typed is no number. */
function secondsOf({ period, unit }: Values): number {
  return /^\d{1,9}$/.test(period.trim()) ? Number(period) * SECONDS[unit] : NaN;
}

/** The API knows no days. */
function periodOf(values: Values): string {
  const { period, unit } = values;
  return unit === "d" ? `${Number(period) * 24}h` : `${Number(period)}${unit}`;
}
