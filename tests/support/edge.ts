/**
 * Deno Deploy's HTTP cache as its documentation has it: one shared cache in front of several
 * isolates, with the test's clock. Where Deploy documents nothing, it does what is worst for the
 * service: nothing is collapsed, an unsafe method invalidates nothing, tags beyond the limits are
 * lost, and a response that was overtaken by a purge is stored.
 */

/** One isolate; what it throws counts as an error of it. */
export type Origin = (request: Request) => Promise<Response> | Response;

/** A stored response. It is replaced, never changed. */
export interface StoredEntry {
  readonly url: string;
  /** The request headers it varies on, names in lower case and sorted; `null`: there was none. */
  readonly vary: Readonly<Record<string, string | null>>;
  readonly status: number;
  readonly headers: Headers;
  readonly body: Uint8Array<ArrayBuffer>;
  /** In lower case. */
  readonly tags: readonly string[];
  /** Milliseconds of the epoch: when it came, or was last found unchanged. */
  readonly storedAt: number;
}

export interface Edge {
  /**
   * Sends a request through the cache; `isolate`: which origin answers what is not in it. What may
   * be stored is read to its end first; everything else streams. A range of a stored 200 is
   * answered with the whole. Rejects as the origin does if nothing stored may stand in.
   */
  fetch(request: Request, isolate?: number): Promise<Response>;
  /** Removes what has one of the tags, `*`: everything. Throws a RangeError for more than 500. */
  purge(tags: readonly string[]): void;
  /** Ends when no revalidation is under way. */
  idle(): Promise<void>;
  /** Everything stored now, for tests that look for what must not be there. */
  entries(): StoredEntry[];
  /** How often each Cache-Status came, under its whole value: `deno; hit`. */
  readonly counts: Record<string, number>;
}

/** Milliseconds. */
interface Policy {
  freshFor: number;
  /** Beyond `freshFor`. */
  staleWhileRevalidate: number;
  /** Beyond `freshFor`. */
  staleIfError: number;
}

interface Entry extends StoredEntry {
  policy: Policy;
  /** Milliseconds of the epoch: where its age counts from. */
  bornAt: number;
}

/** An entry without what its request and the clock add. */
type Made = Pick<Entry, "status" | "headers" | "body" | "policy" | "bornAt">;

const STORABLE = [200, 203, 204, 206, 300, 301, 308, 404, 405, 410, 414, 501];
const ERRORS = [500, 502, 503, 504];
const MAX_TAGS = 500;
const MAX_TAG_LENGTH = 1_024;
const CONTROLS = ["deno-cdn-cache-control", "cdn-cache-control", "cache-control"];
const CONDITIONS = [
  "if-none-match",
  "if-modified-since",
  "if-match",
  "if-unmodified-since",
  "if-range",
];
/** What a 304 repeats of the 200 (RFC 9110, 15.4.5). */
const IN_304 = ["cache-control", "content-location", "date", "etag", "expires", "vary"];
/** What tells of the stored body, and so no 304 may change (RFC 9111, 3.2). */
const OF_BODY = ["content-length", "content-type", "content-encoding", "content-range"];

/** A cache in front of `origins`; `clock` gives milliseconds of the epoch. */
export function createEdge(origins: readonly Origin[], clock: () => number): Edge {
  /** The variants of each URL, last stored last. */
  const stored = new Map<string, Entry[]>();
  const underWay = new Set<Promise<void>>();
  const counts: Record<string, number> = {};

  const find = (request: Request) =>
    stored.get(request.url)?.findLast(({ vary }) =>
      Object.entries(vary).every(([name, value]) => request.headers.get(name) === value)
    );

  /** Milliseconds since it ceased to be fresh; below 0: it is fresh. */
  const staleness = ({ bornAt, policy }: Entry) => clock() - bornAt - policy.freshFor;

  function keep(url: string, isKept: (entry: Entry) => boolean) {
    const entries = stored.get(url)?.filter(isKept) ?? [];
    if (entries.length === 0) stored.delete(url);
    else stored.set(url, entries);
  }

  /** Stores a variant, in the place of the one before it. */
  function put(request: Request, made: Made): Entry {
    const names = namesIn(made.headers.get("vary"));
    // Else a part would be served for the whole.
    if (made.status === 206) names.push("range");
    const vary = Object.fromEntries(names.sort().map((name) => [name, request.headers.get(name)]));
    const { url } = request, variant = JSON.stringify(vary);
    const entry = { ...made, url, vary, tags: tagsOf(made.headers), storedAt: clock() };
    keep(url, ({ vary }) => JSON.stringify(vary) !== variant);
    stored.set(url, [...stored.get(url) ?? [], entry]);
    return entry;
  }

  async function ask(request: Request, isolate: number): Promise<Response> {
    const origin = origins[isolate];
    if (origin === undefined) throw new RangeError(`there is no isolate ${isolate}`);
    return await origin(request.clone());
  }

  /** Stores what may be stored, or learns from a 304; the new entry, if there is one to serve. */
  async function takeIn(request: Request, response: Response, askedAt: number) {
    if (request.method !== "GET") return undefined;
    const bornAt = askedAt - 1_000 * wholeNumber(response.headers.get("age"));
    if (response.status === 304) {
      freshen(request, response.headers, bornAt);
      return undefined;
    }
    const policy = policyOf(request, response);
    // What may not be stored replaces nothing either: the old entry serves until its windows end.
    if (policy === undefined) return undefined;
    const { status, headers } = response;
    return put(request, { status, headers, body: await response.bytes(), policy, bornAt });
  }

  function freshen(request: Request, told: Headers, bornAt: number) {
    // Looked for again: it may have been purged or replaced while the origin was asked.
    const entry = find(request);
    const etag = entry?.headers.get("etag"), unchanged = told.get("etag");
    if (!entry || !etag || !unchanged || opaque(etag) !== opaque(unchanged)) return;
    const headers = new Headers(entry.headers);
    for (const [name, value] of told) if (!OF_BODY.includes(name)) headers.set(name, value);
    const policy = policyOf(request, { status: entry.status, headers });
    keep(request.url, (other) => other !== entry);
    if (policy) put(request, { ...entry, headers, policy, bornAt });
  }

  function revalidate(entry: Entry, request: Request, isolate: number) {
    const headers = new Headers(request.headers);
    for (const name of CONDITIONS) headers.delete(name);
    if (entry.status !== 206) headers.delete("range");
    const etag = entry.headers.get("etag");
    if (etag !== null) headers.set("if-none-match", etag);
    // A GET even for a HEAD, which could not be stored, and without the client's signal.
    const question = new Request(request.url, { headers });
    const askedAt = clock();
    const work = ask(question, isolate).then(async (response) => {
      const entry = await takeIn(question, response, askedAt);
      if (entry === undefined) await response.body?.cancel();
      // A failure is nobody's: the entry stays until its windows end.
    }).catch(() => {}).finally(() => underWay.delete(work));
    underWay.add(work);
  }

  function answer(body: BodyInit | null, status: number, given: Headers, how: string): Response {
    const headers = new Headers(given), cacheStatus = `deno; ${how}`;
    headers.set("cache-status", cacheStatus);
    counts[cacheStatus] = (counts[cacheStatus] ?? 0) + 1;
    return new Response(body, { status, headers });
  }

  function serve(entry: Entry, request: Request, how: string): Response {
    const headers = new Headers(entry.headers);
    const isUnchanged = entry.status === 200 && meets(request.headers, headers);
    if (isUnchanged) {
      for (const name of [...headers.keys()]) if (!IN_304.includes(name)) headers.delete(name);
    }
    headers.set("age", `${Math.floor((clock() - entry.bornAt) / 1_000)}`);
    const status = isUnchanged ? 304 : entry.status;
    const hasBody = request.method === "GET" && status !== 304 && status !== 204;
    return answer(hasBody ? entry.body : null, status, headers, how);
  }

  return {
    async fetch(request, isolate = 0) {
      if (request.method !== "GET" && request.method !== "HEAD") {
        const { body, status, headers } = await ask(request, isolate);
        return answer(body, status, headers, "fwd=bypass");
      }
      const found = find(request);
      if (found && staleness(found) < 0) return serve(found, request, "hit");
      if (found && staleness(found) < found.policy.staleWhileRevalidate) {
        revalidate(found, request, isolate);
        return serve(found, request, "hit");
      }
      const miss = found ? "stale" : stored.has(request.url) ? "vary-miss" : "uri-miss";
      const askedAt = clock();
      const [asked] = await Promise.allSettled([ask(request, isolate)]);
      if (asked.status === "rejected" || ERRORS.includes(asked.value.status)) {
        // What was purged in the meantime may not stand in.
        const standIn = found && find(request);
        if (standIn && staleness(standIn) < standIn.policy.staleIfError) {
          if (asked.status === "fulfilled") await asked.value.body?.cancel();
          return serve(standIn, request, "fwd=stale");
        }
      }
      if (asked.status === "rejected") throw asked.reason;
      const response = asked.value;
      const isStorable = policyOf(request, response) !== undefined;
      const entry = await takeIn(request, response, askedAt);
      const body = entry && entry.status !== 204 ? entry.body : response.body;
      const how = found || isStorable ? miss : "bypass";
      return answer(body, response.status, response.headers, `fwd=${how}`);
    },
    purge(tags) {
      if (tags.length > MAX_TAGS) throw new RangeError(`more than ${MAX_TAGS} tags to purge`);
      const purged = new Set(tags.map((tag) => tag.toLowerCase()));
      if (purged.has("*")) stored.clear();
      for (const url of stored.keys()) {
        keep(url, ({ tags }) => !tags.some((tag) => purged.has(tag)));
      }
    },
    async idle() {
      while (underWay.size > 0) await Promise.all(underWay);
    },
    entries: () => [...stored.values()].flat(),
    counts,
  };
}

/** How long a response may be served, and how; `undefined`: it may not be stored. */
function policyOf(
  request: Request,
  { status, headers }: { status: number; headers: Headers },
): Policy | undefined {
  const directives = directivesOf(headers);
  const has = (...names: string[]) => names.some((name) => directives.has(name));
  const time = (name: string) => 1_000 * wholeNumber(directives.get(name));
  if (!STORABLE.includes(status) || has("no-store", "private", "no-cache")) return undefined;
  if (headers.has("set-cookie") || namesIn(headers.get("vary")).includes("*")) return undefined;
  if (request.headers.has("authorization") && !has("public", "s-maxage", "must-revalidate")) {
    return undefined;
  }
  if (!has("s-maxage", "max-age")) return undefined;
  const freshFor = time(has("s-maxage") ? "s-maxage" : "max-age");
  const mayBeStale = !has("must-revalidate");
  const staleWhileRevalidate = mayBeStale ? time("stale-while-revalidate") : 0;
  const staleIfError = mayBeStale ? time("stale-if-error") : 0;
  if (freshFor === 0 && staleWhileRevalidate === 0) return undefined;
  return { freshFor, staleWhileRevalidate, staleIfError };
}

/** The directives of the first header that has any; the others count for nothing (RFC 9213). */
function directivesOf(headers: Headers): Map<string, string> {
  const control = CONTROLS.map((name) => headers.get(name)).find(Boolean) ?? "";
  return new Map(
    control.split(",").map((directive) => {
      const [name = "", value = ""] = directive.split("=", 2);
      return [name.trim().toLowerCase(), value.trim().replaceAll('"', "")];
    }),
  );
}

function wholeNumber(text: string | null | undefined): number {
  return /^\d+$/.test(text ?? "") ? Number(text) : 0;
}

/** The members of a comma list, in lower case. */
function namesIn(list: string | null): string[] {
  return (list ?? "").split(",").map((name) => name.trim().toLowerCase()).filter(Boolean);
}

function tagsOf(headers: Headers): string[] {
  return namesIn(headers.get("deno-cache-tag") ?? headers.get("cache-tag"))
    .filter((tag) => tag.length <= MAX_TAG_LENGTH).slice(0, MAX_TAGS);
}

/** An entity tag without the mark of a weak one. */
function opaque(etag: string): string {
  return etag.replace(/^W\//, "");
}

/** Whether a client that asks so has what is stored with these headers (RFC 9110, 13.2.2). */
function meets(asked: Headers, stored: Headers): boolean {
  const etags = asked.get("if-none-match"), etag = stored.get("etag");
  if (etags === "*") return true;
  if (etags !== null) {
    const known = etags.match(/(W\/)?"[^"]*"/g) ?? [];
    return etag !== null && known.some((one) => opaque(one) === opaque(etag));
  }
  const since = Date.parse(asked.get("if-modified-since") ?? "");
  // False for what is no date, on either side.
  return Date.parse(stored.get("last-modified") ?? "") <= since;
}
