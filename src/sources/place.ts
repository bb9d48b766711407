/** Where an index is on the network, found from a repository's URL. */

import { httpPlace } from "./http.ts";
import { s3Place } from "./s3.ts";
import type { Credential } from "./source.ts";

/** An address over HTTP, and what proves there that an index may be had. */
export interface Place {
  /** Of the index: `http` or `https`, without userinfo. */
  url: URL;
  /** Whether it is elsewhere than the repository, whose proofs are not for it, nor for its redirects. */
  isForeign?: boolean;
  /** Adds what proves it to the headers of a call of `url`, which is of this place's origin. */
  authorize?(url: URL, headers: Headers): void | Promise<void>;
  /** What an answer other than 200 says beside its status; for people, and without secrets. */
  explain?(response: Response): Promise<string | undefined>;
}

/**
 * The place of a repository's index. The URL's scheme is `http`, `https` or `s3`; a credential of
 * the other kind counts as none.
 */
export function placeOf(repoUrl: string, credential: Credential | undefined): Place {
  if (isS3(repoUrl)) {
    return s3Place(repoUrl, credential && "username" in credential ? undefined : credential);
  }
  return httpPlace(repoUrl, credential && "username" in credential ? credential : undefined);
}

/** Whether a repository's URL names a bucket. */
export function isS3(repoUrl: string): boolean {
  return /^s3:/i.test(repoUrl);
}
