/**
 * Ids of apps and versions. They are derived, not drawn: an app's id contains its repository's, so
 * a request for an app finds its home without a table, and a chart that vanishes from an index and
 * comes back has the id that it had.
 */

import { createHash } from "node:crypto";

const ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz";
const REPO_ID = /^repo-[0-9a-z]{14}$/;
const APP_ID = /^app-([0-9a-z]{14})-([0-9a-z]{10})$/;

/** A new repository's id, from at least 14 random bytes. */
export function newRepoId(random: Uint8Array): string {
  return `repo-${Array.from(random.subarray(0, 14), (byte) => ALPHABET[byte % 36]).join("")}`;
}

/** Whether a text can be a repository's id. */
export function isRepoId(text: string): boolean {
  return REPO_ID.test(text);
}

/** The part of an app's id that stands for its chart, 10 characters. */
export function appKey(chart: string): string {
  return base36(chart).slice(0, 10);
}

/** `app-<repository>-<chart>` */
export function appId(repoId: string, key: string): string {
  return `app-${repoId.slice("repo-".length)}-${key}`;
}

/** `ctg-<hash of the name>`; of apps without a category, as in KubeSphere, `ctg-uncategorized`. */
export function categoryId(name: string): string {
  return `ctg-${name === "" ? "uncategorized" : base36(name).slice(0, 10)}`;
}

/** `appv-<repository>-<chart and version>` */
export function versionId(repoId: string, chart: string, version: string): string {
  return `appv-${repoId.slice("repo-".length)}-${base36(`${chart}\0${version}`).slice(0, 14)}`;
}

/** The repository and the chart that an app's id names; `undefined` if it is no such id. */
export function parseAppId(id: string): { repoId: string; key: string } | undefined {
  const match = APP_ID.exec(id);
  return match === null ? undefined : { repoId: `repo-${match[1]}`, key: match[2]! };
}

function base36(text: string): string {
  const digest = createHash("sha256").update(text).digest("hex");
  return BigInt(`0x${digest}`).toString(36).padStart(50, "0");
}
