/** Repositories in a bucket that speaks Amazon's S3. */

import type { Place } from "./place.ts";
import type { S3Credential } from "./source.ts";

/** The index of a repository at an `s3` URL. */
export function s3Place(_repoUrl: string, _credential: S3Credential | undefined): Place {
  throw new Error("to be written");
}
