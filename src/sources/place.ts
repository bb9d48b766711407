/** Where an index, an archive or an icon is on the network, found from a repository's URL. */

import { IndexError } from "../helm/index_error.ts";
import type { What } from "./call.ts";
import { folderUrl, httpArchivePlace, httpPlace } from "./http.ts";
import { s3ArchivePlace, s3Folder, s3ObjectUrl, s3Place, S3UrlError } from "./s3.ts";
import type { BasicCredential, Credential, S3Credential } from "./source.ts";

/** An address over HTTP, and what proves there that what is at it may be had. */
export interface Place {
  /** `http` or `https`, without userinfo. */
  url: URL;
  /** Whether it is elsewhere than the repository, whose proofs are not for it, nor for its redirects. */
  isForeign?: boolean;
  /** Adds what proves it to the headers of a call of `url`, if that is the repository's own. */
  authorize?(url: URL, headers: Headers): void | Promise<void>;
  /** What an answer other than 200 says beside its status; for people, and without secrets. */
  explain?(response: Response): Promise<string | undefined>;
}

/**
 * The place of a repository's index. The URL's scheme is `http`, `https` or `s3`; a credential of
 * the other kind counts as none.
 */
export function placeOf(repoUrl: string, credential: Credential | undefined): Place {
  if (isS3(repoUrl)) return s3Place(repoUrl, forS3(credential));
  return httpPlace(repoUrl, forHttp(credential));
}

/**
 * The place of an archive, or of an icon, that a repository's index names by `reference`: a URL, or a path from the
 * index's folder on, as Helm resolves it (`ResolveReferenceURL` in its `pkg/repo/chartrepo.go`).
 * What is elsewhere is asked for without any proof. Throws an `IndexError` for what cannot be
 * called, such as `oci`.
 */
export function archivePlace(
  repoUrl: string,
  credential: Credential | undefined,
  reference: string,
  what: What = "archive",
): Place {
  const url = isS3(repoUrl)
    ? URL.parse(reference, s3Folder(repoUrl))
    : resolveBeside(folderUrl(repoUrl), reference);
  if (url === null || !/^(https?|s3):$/.test(url.protocol)) {
    const found = url === null ? "something that is no URL" : `one of the scheme ${url.protocol}`;
    throw unsupported(what, `an http, https or s3 URL, not ${found.replace(/:$/, "")}`);
  }
  // Whatever it is, it is the index's and not the user's.
  url.username = url.password = url.hash = "";
  try {
    if (isS3(repoUrl)) return s3ArchivePlace(repoUrl, forS3(credential), url);
    if (url.protocol === "s3:") return { url: s3ObjectUrl(url), isForeign: true };
    return httpArchivePlace(repoUrl, forHttp(credential), url);
  } catch (error) {
    throw error instanceof S3UrlError ? unsupported(what, error.message) : error;
  }
}

/** Whether a repository's URL names a bucket. */
export function isS3(repoUrl: string): boolean {
  return /^s3:/i.test(repoUrl);
}

/** As Helm does it, the folder's query goes along; but not elsewhere, since it may hold a secret. */
function resolveBeside(folder: URL, reference: string): URL | null {
  const url = URL.parse(reference, folder);
  const isRelative = !URL.canParse(reference);
  if (isRelative && url?.origin === folder.origin && folder.search !== "") {
    url.search = folder.search;
  }
  return url;
}

function unsupported(what: What, expected: string): IndexError {
  return new IndexError("unsupported_url", `the index should name the ${what} by ${expected}`);
}

function forS3(credential: Credential | undefined): S3Credential | undefined {
  return credential && "username" in credential ? undefined : credential;
}

function forHttp(credential: Credential | undefined): BasicCredential | undefined {
  return credential && "username" in credential ? credential : undefined;
}
