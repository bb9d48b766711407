/** Downloads by a source, without a repository around it. */

import type {
  FetchIndex,
  IndexRequest,
  S3Credential,
  Validators,
} from "../../src/sources/source.ts";

const MAX_BYTES = 1_048_576;

/** A request for an index of at most 1 MiB. */
export function ask(url: string, credential?: S3Credential, validators?: Validators): IndexRequest {
  return {
    url,
    maxBytes: MAX_BYTES,
    ...(credential && { credential }),
    ...(validators && { validators }),
  };
}

/** Downloads to the end; the text and the validators. Throws if nothing came. */
export async function download(fetchIndex: FetchIndex, request: IndexRequest) {
  const answer = await fetchIndex(request);
  if (answer.kind !== "index") throw new Error("no index");
  const pieces = await Array.fromAsync(answer.body);
  await answer.leave();
  return { text: await new Blob(pieces as BlobPart[]).text(), validators: answer.validators };
}
