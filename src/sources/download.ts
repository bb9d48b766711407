/** Downloads an index: redirects, time limits, byte limits, and what errors mean. */

import { IndexError } from "../helm/index_error.ts";
import type { Egress } from "./egress.ts";
import { type Place, placeOf } from "./place.ts";
import type { FetchIndex, IndexAnswer, IndexRequest, Tls, Validators } from "./source.ts";
import { createTlsClients, explainTls } from "./tls.ts";

/** Bounds of one download, redirects included; milliseconds. */
export interface HttpLimits {
  /** Without a byte. */
  idleMs: number;
  totalMs: number;
  redirects: number;
}

export const HTTP_LIMITS: HttpLimits = { idleMs: 30_000, totalMs: 300_000, redirects: 5 };

const REDIRECTS = new Set([301, 302, 303, 307, 308]);
const USER_AGENT = "chartroom/0.1";
/** Longer validators are not kept: they stand in the pointer, which is one KV value. */
const MAX_VALIDATOR = 1_024;
/** The longest that an upstream's `Retry-After` is followed. */
const MAX_RETRY_AFTER_MS = 86_400_000;

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
  const place = placeOf(request.url, request.credential);
  const clients = createTlsClients(request.tls, place.url.origin);
  watch.onStop = () => clients.close();
  let url = place.url;
  for (let hop = 0; hop <= redirects; hop++) {
    await watch.unlessEnded(egress.check(url));
    const headers = await headersFor(request, place, url);
    const client = clients.clientFor(url);
    const response = await fetch(url, {
      headers,
      redirect: "manual",
      signal: watch.signal,
      ...(client && { client }),
    });
    watch.wait();
    const location = response.headers.get("location");
    if (!REDIRECTS.has(response.status) || location === null) {
      return await readAnswer(response, request, place, watch);
    }
    await response.body?.cancel();
    url = redirectTarget(location, url);
  }
  throw new IndexError("redirect", `the upstream redirects more than ${redirects} times`);
}

async function headersFor(
  { validators }: IndexRequest,
  place: Place,
  url: URL,
): Promise<Headers> {
  const headers = new Headers({ "user-agent": USER_AGENT, accept: "*/*" });
  // Whoever stands between shall ask the upstream: Chartroom asks seldom enough.
  headers.set("cache-control", "no-cache");
  if (validators?.etag) headers.set("if-none-match", validators.etag);
  if (validators?.lastModified) headers.set("if-modified-since", validators.lastModified);
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

async function readAnswer(
  response: Response,
  request: IndexRequest,
  place: Place,
  watch: Watch,
): Promise<IndexAnswer> {
  const said = response.status === 200 ? undefined : await place.explain?.(response);
  // It is refused whatever its body says, and however that ends.
  if (response.status !== 200) await response.body?.cancel().catch(() => {});
  const { etag, lastModified } = request.validators ?? {};
  if (response.status === 304 && (etag || lastModified)) return { kind: "unchanged" };
  if (response.status === 401 || response.status === 403) {
    const verdict = place.authorize ? "refuses the credential" : "wants a credential";
    const because = [statusOf(response), said].filter(Boolean).join(": ");
    throw new IndexError("unauthorized", `the upstream ${verdict} (${because})`);
  }
  if (response.status !== 200) {
    const because = [statusOf(response), said].filter(Boolean).join(": ");
    const answer = `the upstream answered ${because}`;
    throw new IndexError("status", answer, retryAfter(response.headers.get("retry-after")));
  }
  return {
    kind: "index",
    body: readBody(response, request, watch),
    // A body that is being read is cancelled by whoever reads it.
    async leave() {
      watch.stop();
      await response.body?.cancel().catch(() => {});
    },
    validators: validatorsOf(response.headers),
    ...totalOf(response.headers),
  };
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

/** What is encoded is longer when decoded. */
function totalOf(headers: Headers): { totalBytes?: number } {
  const length = headers.get("content-length");
  const told = length !== null && /^\d{1,15}$/.test(length) && !headers.has("content-encoding");
  return told ? { totalBytes: Number(length) } : {};
}

function validatorsOf(headers: Headers): Validators {
  const short = (name: string) => {
    const value = headers.get(name);
    return value !== null && value.length <= MAX_VALIDATOR ? value : undefined;
  };
  const etag = short("etag"), lastModified = short("last-modified");
  return { ...(etag && { etag }), ...(lastModified && { lastModified }) };
}

/** The decoded body. More than the limit is an error, never a shorter index. */
async function* readBody(
  response: Response,
  { maxBytes, onBytes }: IndexRequest,
  watch: Watch,
): AsyncGenerator<Uint8Array> {
  const chunks = (response.body ?? new Blob([]).stream())[Symbol.asyncIterator]();
  let total = 0;
  try {
    for (;;) {
      watch.wait();
      const { done, value } = await watch.guard(chunks.next(), explainBody);
      if (done) return;
      watch.pause();
      total += value.length;
      if (total > maxBytes) {
        throw new IndexError("too_large", `the index is larger than ${maxBytes} bytes`);
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

/** Ends a download that takes too long, and has its errors explained. */
class Watch {
  readonly signal: AbortSignal;
  /** Called when the download ends in whatever way, and maybe again. */
  onStop: () => void = () => {};
  readonly #caller: AbortSignal | undefined;
  readonly #controller = new AbortController();
  readonly #limits: HttpLimits;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Since when something is waited for, and how long it was before, in milliseconds. */
  #since: number | undefined;
  #waited = 0;

  constructor(caller: AbortSignal | undefined, limits: HttpLimits) {
    this.#caller = caller;
    this.#limits = limits;
    this.signal = AbortSignal.any([this.#controller.signal, ...caller ? [caller] : []]);
    this.wait();
    this.#look();
  }

  /** Something is waited for, anew. */
  wait() {
    this.pause();
    this.#since = performance.now();
  }

  /** Nothing is waited for: the upstream is not to blame for the time that passes. */
  pause() {
    if (this.#since !== undefined) this.#waited += performance.now() - this.#since;
    this.#since = undefined;
  }

  stop() {
    this.pause();
    clearTimeout(this.#timer);
    this.onStop();
  }

  /** Looks whether it has taken too long, and when to look again: a timer a piece would cost more. */
  #look() {
    const { idleMs, totalMs } = this.#limits;
    const idle = this.#since === undefined ? 0 : performance.now() - this.#since;
    const total = this.#waited + idle;
    if (idle >= idleMs) this.#end(`nothing came for ${idleMs / 1_000} s`);
    else if (idle > 0 && total >= totalMs) {
      this.#end(`the download took longer than ${totalMs / 1_000} s`);
    } else {
      const left = this.#since === undefined ? idleMs : Math.min(idleMs - idle, totalMs - total);
      this.#timer = setTimeout(() => this.#look(), Math.max(1, Math.ceil(left)));
    }
  }

  /** Waits for work that has no signal, as long as the download goes on. */
  async unlessEnded<T>(work: Promise<T>): Promise<T> {
    const ended = Promise.withResolvers<never>();
    const end = () => ended.reject(this.signal.reason);
    this.signal.addEventListener("abort", end);
    if (this.signal.aborted) end();
    try {
      return await Promise.race([work, ended.promise]);
    } finally {
      this.signal.removeEventListener("abort", end);
    }
  }

  /** Waits for work, and has `explain` say what an error of `fetch` means there. */
  async guard<T>(work: Promise<T>, explain: (text: string) => IndexError): Promise<T> {
    try {
      return await work;
    } catch (error) {
      if (error instanceof IndexError || this.#caller?.aborted) throw error;
      if (this.#controller.signal.aborted) throw this.#controller.signal.reason;
      throw explain(`${error} ${(error as Error).cause ?? ""}`);
    }
  }

  #end(message: string) {
    this.#controller.abort(new IndexError("timeout", message));
  }
}

function explainBody(text: string): IndexError {
  if (/corrupt|invalid|decod|header|brotli|crc/i.test(text)) {
    return new IndexError("encoding", "the body is not encoded as its header says");
  }
  return new IndexError("truncated", "the connection broke before the whole index had come");
}

/** `fetch` says what happened in the cause's text alone, and names the URL there, so that stays. */
function explainConnection(text: string, tls: Tls | undefined): IndexError {
  // The URL stands before this, and may hold any of these words.
  const said = text.replace(/^.*?client error \(\w+\): /s, "");
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
