/** From what an index says of a version to its archive, checked. */

import { type Secrets, SecretUnreadable } from "../access/secrets.ts";
import type { ChartVersion } from "../helm/chart.ts";
import { IndexError } from "../helm/index_error.ts";
import { Refused } from "../refused.ts";
import type { FetchFile } from "../sources/source.ts";
import type { Repo } from "../store/repos.ts";
import { accessOf, open } from "../sync/sealed.ts";

/** The longest archive. */
const MAX_ARCHIVE_BYTES = 20 * 1_048_576;
/** Of the URLs that an index gives, those that are tried. */
const MAX_URLS = 3;

/** Whose archive is asked for. */
export interface ArchiveOwner {
  repo: Repo;
  /** The generation that `chart` is of. */
  generation: number;
  chart: ChartVersion;
}

export interface Archive {
  bytes: Uint8Array<ArrayBuffer>;
  /** In hexadecimal digits. */
  sha256: string;
}

export interface FetchDeps {
  fetchFile: FetchFile;
  secrets: Secrets;
}

/** The SHA-256 that an index gives, in lower-case digits; `undefined` if it gives none. */
export function digestOf({ name, version, digest }: ChartVersion): string | undefined {
  if (!digest) return undefined;
  const [, digits] = /^(?:sha256:)?([0-9a-f]{64})$/i.exec(digest.trim()) ?? [];
  if (digits !== undefined) return digits.toLowerCase();
  const expected = "the index should give a SHA-256 of 64 hexadecimal digits as its digest";
  throw unavailable({ name, version }, "digest", expected);
}

/** Throws a `Refused` if an index says nowhere where an archive is. */
export function requireUrls(chart: ChartVersion): void {
  if (chart.urls?.[0]) return;
  throw new Refused("no_archive", `the index gives no URL of the archive of ${titleOf(chart)}`);
}

/** From the first of the version's URLs that gives what it should, or else the first one's error. */
export async function fetchFirst(
  { fetchFile, secrets }: FetchDeps,
  { repo, chart }: ArchiveOwner,
  signal: AbortSignal,
): Promise<Archive> {
  let first: Refused | undefined;
  try {
    const access = {
      what: "archive" as const,
      url: repo.url,
      ...accessOf(await open(secrets, repo)),
    };
    for (const reference of chart.urls!.slice(0, MAX_URLS)) {
      const request = { ...access, reference, maxBytes: MAX_ARCHIVE_BYTES, signal };
      try {
        return await checked(chart, await fetchFile(request));
      } catch (error) {
        first ??= asRefused(chart, error, signal);
      }
    }
  } catch (error) {
    throw asRefused(chart, error, signal);
  }
  throw first;
}

async function checked(chart: ChartVersion, bytes: Uint8Array<ArrayBuffer>): Promise<Archive> {
  const wanted = digestOf(chart);
  const sha256 = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
  if (wanted === undefined || wanted === sha256) return { bytes, sha256 };
  throw unavailable(chart, "digest", `the index says sha256:${wanted}, but it is ${sha256}`);
}

/** What a download's error is to the caller. Throws what is none of the upstream's. */
function asRefused(chart: ChartVersion, error: unknown, signal: AbortSignal): Refused {
  signal.throwIfAborted();
  if (error instanceof Refused) return error;
  const { reason, message } = explainFailure(error);
  return unavailable(chart, reason, message);
}

/** Why a file could not be had. Throws what is neither the upstream's nor the credential's fault. */
export function explainFailure(error: unknown): { reason: string; message: string } {
  if (error instanceof IndexError) return error;
  if (error instanceof SecretUnreadable) {
    return { reason: "credential_unreadable", message: error.message };
  }
  throw error;
}

type Titled = Pick<ChartVersion, "name" | "version">;

function unavailable(chart: Titled, reason: string, because: string): Refused {
  const message = `the archive of ${titleOf(chart)} cannot be had: ${because}`;
  return new Refused("archive_unavailable", message, undefined, { reason });
}

/** A version, for people. */
export function titleOf({ name, version }: Titled): string {
  return `${name.slice(0, 100)} ${version.slice(0, 100)}`;
}
