/** Downloads a chart's archive, or its icon. */

import { type Call, callPlace, explainConnection, readBody, refuseUnlessOk } from "./call.ts";
import type { Egress } from "./egress.ts";
import { archivePlace } from "./place.ts";
import type { FetchFile, FileRequest } from "./source.ts";
import { HTTP_LIMITS, type HttpLimits, Watch } from "./watch.ts";

/** The longest that one may take in all: who waits for it is a caller, or a page with many icons. */
const TOTAL_MS = { archive: 60_000, icon: 5_000 };

/** A fetcher of archives and icons that calls only what `egress` lets through. */
export function createFileSource(egress: Egress, limits: HttpLimits = HTTP_LIMITS): FetchFile {
  return async (request) => {
    const totalMs = Math.min(limits.totalMs, TOTAL_MS[request.what]);
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
  { what, url, credential, tls, reference, maxBytes }: FileRequest,
  egress: Egress,
  watch: Watch,
  redirects: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const place = archivePlace(url, credential, reference, what);
  // Some servers say of a .tgz that gzip is its encoding. Helm takes it as it is, and so does
  // Deno if it was asked for nothing else (seen with Deno 2.9).
  const headers = new Headers({ "accept-encoding": "identity" });
  const call: Call = { what, place, tls, headers, maxBytes };
  const response = await callPlace(call, egress, watch, redirects);
  await refuseUnlessOk(response, place);
  const pieces = await Array.fromAsync(readBody(response, call, watch));
  return await new Blob(pieces as BlobPart[]).bytes() as Uint8Array<ArrayBuffer>;
}
