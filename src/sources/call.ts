/** Calls an upstream: redirects, byte limits, and what errors mean. */

import { IndexError } from "../helm/index_error.ts";
import type { Egress } from "./egress.ts";
import type { Place } from "./place.ts";
import type { Tls } from "./source.ts";
import { createTlsClients, explainTls } from "./tls.ts";
import type { Watch } from "./watch.ts";

const REDIRECTS = new Set([301, 302, 303, 307, 308]);
const USER_AGENT = "chartroom/0.1";
/** The longest that an upstream's `Retry-After` is followed. */
const MAX_RETRY_AFTER_MS = 86_400_000;

/** What is downloaded; for people. */
export type What = "index" | "archive" | "icon";

/** A download that is wanted. */
export interface Call {
  what: What;
  place: Place;
  tls?: Tls | undefined;
  /** Beside those that every call has. */
  headers: Headers;
  /** Most bytes of the body. */
  maxBytes: number;
  onBytes?: ((total: number) => void) | undefined;
}

/**
 * The first answer that is no redirect; at most `redirects` are followed, and `egress` is asked
 * before each hop. Throws an `IndexError`, or what `fetch` throws, for {@link Watch.guard} to explain.
 */
export async function callPlace(
  { place, tls, headers }: Call,
  egress: Egress,
  watch: Watch,
  redirects: number,
): Promise<Response> {
  const clients = createTlsClients(tls, place.isForeign ? undefined : place.url.origin);
  watch.onStop = () => clients.close();
  let url = place.url;
  for (let hop = 0; hop <= redirects; hop++) {
    const pin = await egress.check(url, watch.signal);
    let response: Response;
    try {
      const client = clients.clientFor(url, pin);
      response = await fetch(url, {
        headers: await headersFor(headers, place, url),
        redirect: "manual",
        signal: watch.signal,
        ...(client && { client }),
      });
    } finally {
      pin?.release();
    }
    watch.wait();
    const location = response.headers.get("location");
    if (!REDIRECTS.has(response.status) || location === null) return response;
    await response.body?.cancel();
    url = redirectTarget(location, url);
  }
  throw new IndexError("redirect", `the upstream redirects more than ${redirects} times`);
}

async function headersFor(more: Headers, place: Place, url: URL): Promise<Headers> {
  const headers = new Headers(more);
  headers.set("user-agent", USER_AGENT);
  headers.set("accept", "*/*");
  // A redirect elsewhere gets no proof of who is asking.
  if (url.origin === place.url.origin) await place.authorize?.(url, headers);
  return headers;
}

function redirectTarget(location: string, from: URL): URL {
  const target = URL.parse(location, from);
  if (target === null) {
    throw new IndexError("redirect", "the upstream redirects to something that is no URL");
  }
  if (from.protocol === "https:" && target.protocol === "http:") {
    throw new IndexError("redirect", "the upstream redirects from https to http");
  }
  // What a redirect says of credentials is not followed.
  target.username = "";
  target.password = "";
  return target;
}

/** Throws an `IndexError` for an answer that is neither 200 nor, where `allowed`, 304. */
export async function refuseUnlessOk(
  response: Response,
  place: Place,
  allowed: { notModified: boolean } = { notModified: false },
): Promise<void> {
  if (response.status === 200) return;
  const said = await place.explain?.(response);
  // It is refused whatever its body says, and however that ends.
  await response.body?.cancel().catch(() => {});
  if (response.status === 304 && allowed.notModified) return;
  const because = [statusOf(response), said].filter(Boolean).join(": ");
  if (response.status === 401 || response.status === 403) {
    const verdict = place.authorize ? "refuses the credential" : "wants a credential";
    throw new IndexError("unauthorized", `the upstream ${verdict} (${because})`);
  }
  const answer = `the upstream answered ${because}`;
  throw new IndexError("status", answer, retryAfter(response.headers.get("retry-after")));
}

function statusOf(response: Response): string {
  return `${response.status} ${response.statusText}`.trim();
}

/** `Retry-After` in milliseconds: a number of seconds or a date, which begins with a weekday. */
function retryAfter(value: string | null): number | undefined {
  if (value === null) return undefined;
  const isDate = /^[A-Z][a-z]{2}/.test(value);
  const wait = isDate ? Date.parse(value) - Date.now() : /^\d+$/.test(value) ? +value * 1_000 : NaN;
  return wait > 0 ? Math.min(wait, MAX_RETRY_AFTER_MS) : undefined;
}

/** The body as it comes. More than the limit is an error, never a shorter body. */
export async function* readBody(
  response: Response,
  { what, maxBytes, onBytes }: Call,
  watch: Watch,
): AsyncGenerator<Uint8Array> {
  const chunks = (response.body ?? new Blob([]).stream())[Symbol.asyncIterator]();
  const explain = (text: string) => explainBody(text, what);
  let total = 0;
  try {
    for (;;) {
      watch.wait();
      const { done, value } = await watch.guard(chunks.next(), explain);
      if (done) return;
      watch.pause();
      total += value.length;
      if (total > maxBytes) {
        throw new IndexError("too_large", `the ${what} is larger than ${maxBytes} bytes`);
      }
      onBytes?.(total);
      yield value;
    }
  } finally {
    watch.stop();
    // Whoever reads no further does not care how it ends.
    await chunks.return?.().catch(() => {});
  }
}

function explainBody(text: string, what: What): IndexError {
  if (/corrupt|invalid|decod|header|brotli|crc/i.test(text)) {
    return new IndexError("encoding", "the body is not encoded as its header says");
  }
  return new IndexError("truncated", `the connection broke before the whole ${what} had come`);
}

/** `fetch` says what happened in the cause's text alone, and names the URL there, so that stays. */
export function explainConnection(text: string, tls: Tls | undefined): IndexError {
  // The URL stands before this, and may hold any of these words.
  const said = text.replace(/^.*?client error \(\w+\): /s, "");
  if (/^NotCapable|requires net access/i.test(said)) {
    return new IndexError("blocked", "the process has no permission to call that address");
  }
  const causes: [RegExp, string][] = [
    [/refused/i, "the upstream refused the connection"],
    [/dns|lookup|resolve/i, "the host name cannot be resolved"],
    [/head is too large/i, "the upstream answered with more headers than Chartroom takes"],
    [/reset|closed|unexpected end|eof/i, "the upstream closed the connection without an answer"],
    [/invalid http|parse/i, "the upstream did not answer in HTTP"],
    [/ports? .*blocked/i, "the port is one that no web server may use"],
  ];
  const found = explainTls(said, tls) ?? causes.find(([pattern]) => pattern.test(said))?.[1];
  return new IndexError("unreachable", found ?? "the upstream cannot be reached");
}
