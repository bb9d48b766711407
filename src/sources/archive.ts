/** Downloads a chart's archive. */

import { type Call, callPlace, explainConnection, readBody, refuseUnlessOk } from "./call.ts";
import type { Egress } from "./egress.ts";
import { archivePlace } from "./place.ts";
import type { ArchiveRequest, FetchArchive } from "./source.ts";
import { HTTP_LIMITS, type HttpLimits, Watch } from "./watch.ts";

/** The longest that one archive may take in all: who waits for it is a caller. */
const TOTAL_MS = 60_000;

/** A fetcher of archives that calls only what `egress` lets through. */
export function createArchiveSource(
  egress: Egress,
  limits: HttpLimits = HTTP_LIMITS,
): FetchArchive {
  const totalMs = Math.min(limits.totalMs, TOTAL_MS);
  return async (request) => {
    const watch = new Watch(request.signal, { ...limits, totalMs });
    try {
      const downloaded = download(request, egress, watch, limits.redirects);
      return await watch.guard(downloaded, (text) => explainConnection(text, request.tls));
    } finally {
      watch.stop();
    }
  };
}

async function download(
  { url, credential, tls, reference, maxBytes }: ArchiveRequest,
  egress: Egress,
  watch: Watch,
  redirects: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const place = archivePlace(url, credential, reference);
  // Some servers say of a .tgz that gzip is its encoding. Helm takes it as it is, and so does
  // Deno if it was asked for nothing else (seen with Deno 2.9).
  const headers = new Headers({ "accept-encoding": "identity" });
  const call: Call = { what: "archive", place, tls, headers, maxBytes };
  const response = await callPlace(call, egress, watch, redirects);
  await refuseUnlessOk(response, place);
  const pieces = await Array.fromAsync(readBody(response, call, watch));
  return await new Blob(pieces as BlobPart[]).bytes() as Uint8Array<ArrayBuffer>;
}
