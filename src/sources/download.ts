/** Downloads an index, if it has changed. */

import type { Egress } from "./egress.ts";
import { type Call, callPlace, explainConnection, readBody, refuseUnlessOk } from "./call.ts";
import { basicAuth } from "./http.ts";
import { placeOf } from "./place.ts";
import type { Credential, FetchIndex, IndexAnswer, IndexRequest, Validators } from "./source.ts";
import { HTTP_LIMITS, type HttpLimits, Watch } from "./watch.ts";

/** Longer validators are not kept: they stand in the pointer, which is one KV value. */
const MAX_VALIDATOR = 1_024;

/** A fetcher of indexes that calls only what `egress` lets through. */
export function createSource(egress: Egress, limits: HttpLimits = HTTP_LIMITS): FetchIndex {
  return async (request) => {
    const watch = new Watch(request.signal, limits);
    try {
      const downloaded = download(request, egress, watch, limits.redirects);
      const explain = (text: string) => explainConnection(text, request.tls);
      const answer = await watch.guard(downloaded, explain);
      if (answer.kind === "unchanged") watch.stop();
      else watch.pause();
      return answer;
    } catch (error) {
      watch.stop();
      throw error;
    }
  };
}

async function download(
  request: IndexRequest,
  egress: Egress,
  watch: Watch,
  redirects: number,
): Promise<IndexAnswer> {
  const { url, credential, tls, maxBytes, onBytes, validators } = request;
  const place = placeOf(url, credential);
  const headers = headersFor(validators);
  const call: Call = { what: "index", place, tls, headers, maxBytes, onBytes };
  const response = await callPlace(call, egress, watch, redirects);
  const conditional = Boolean(validators?.etag || validators?.lastModified);
  await refuseUnlessOk(response, place, { notModified: conditional });
  if (response.status === 304) return { kind: "unchanged" };
  return {
    kind: "index",
    body: readBody(response, call, watch),
    // A body that is being read is cancelled by whoever reads it.
    async leave() {
      watch.stop();
      await response.body?.cancel().catch(() => {});
    },
    validators: validatorsOf(response.headers, credential),
    ...totalOf(response.headers),
  };
}

function headersFor(validators: Validators | undefined): Headers {
  // Whoever stands between shall ask the upstream: Chartroom asks seldom enough.
  const headers = new Headers({ "cache-control": "no-cache" });
  if (validators?.etag) headers.set("if-none-match", validators.etag);
  if (validators?.lastModified) headers.set("if-modified-since", validators.lastModified);
  return headers;
}

/** What is encoded is longer when decoded. */
function totalOf(headers: Headers): { totalBytes?: number } {
  const length = headers.get("content-length");
  const told = length !== null && /^\d{1,15}$/.test(length) && !headers.has("content-encoding");
  return told ? { totalBytes: Number(length) } : {};
}

function validatorsOf(headers: Headers, credential: Credential | undefined): Validators {
  const kept = (name: string) => {
    const value = headers.get(name);
    const isKept = value !== null && value.length <= MAX_VALIDATOR && !repeats(value, credential);
    return isKept ? value : undefined;
  };
  const etag = kept("etag"), lastModified = kept("last-modified");
  return { ...(etag && { etag }), ...(lastModified && { lastModified }) };
}

/** Whether an upstream says again what it was shown, which would be kept without being sealed. */
function repeats(text: string, credential: Credential | undefined): boolean {
  if (credential === undefined) return false;
  const shown = "username" in credential
    ? [credential.password, basicAuth(credential).replace("Basic ", "")]
    : [credential.sessionToken];
  return shown.some((secret) => secret && text.includes(secret));
}
