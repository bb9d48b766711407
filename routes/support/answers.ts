/**
 * Answers that are drawn from generations, as they go over the wire: the bytes of each normalised
 * query, their ETag, and the forms in which clients take them. An answer that was given before is
 * given again without any work, for as long as all that it was drawn from is what it was.
 */

import { createHash } from "node:crypto";
import type { Context } from "hono";
import { LRUCache } from "lru-cache";
import type { Snapshot } from "../../src/catalog/directory.ts";
import type { CacheCounts } from "../../src/catalog/hot_index.ts";
import type { Services } from "../../src/services.ts";
import { GenerationGone } from "../../src/store/generations.ts";
import { hasCredentials } from "./authenticate.ts";
import { type Derived, giveDerived } from "./derived.ts";
import { isNotModified, type Validators } from "./conditional.ts";
import { cacheHeaders, type Kind, NO_STORE, type Origin } from "./edge_cache.ts";
import { chooseEncoding, compress, type Encoding, isWorthCompressing } from "./encoding.ts";
import { streamOf } from "./stream.ts";

/** Longer addresses are not remembered as they are written. */
const MAX_URL = 1_000;
/** Bytes that an entry takes beside its bodies. */
const ENTRY_BYTES = 1_000;
const HASH_CHARACTERS = 22;
const JSON_TYPE = "application/json";

/** What an answer is, and how it is made. */
export interface Recipe {
  kind: Kind;
  /** The query, normalised: what JSON makes of it tells it from all others of its kind. */
  query: unknown;
  /** Another text whenever what it is drawn from is another. */
  version: string;
  snapshot: Snapshot;
  origin: Origin;
  /** Whether everybody may see it. */
  isPublic: boolean;
  /** When what it is drawn from changed last, in milliseconds of the epoch, if that tells all. */
  lastModified?: number | undefined;
  make: () => Promise<Made | Derived>;
}

export interface Made {
  /** As pieces, one stream of them for each call, if it is too long to be kept. */
  body: string | (() => AsyncIterable<string>);
  type?: string;
  /** That every answer has, that of a 304 too: a cache takes them for those of what it has. */
  headers?: Readonly<Record<string, string>>;
  /** `false`: it is of this moment, and not to be kept. */
  keep?: boolean;
}

/** A body in one encoding, with the answers that carry it; those go out as copies. */
interface Form extends Validators {
  encoding: Encoding;
  bytes: Uint8Array<ArrayBuffer>;
  whole?: Response;
  notModified?: Response;
}

class Answer {
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #hash: string;
  readonly #lastModified: number | undefined;
  readonly #type: string;
  /** What it has even where it may be old. */
  readonly #always: Readonly<Record<string, string>>;
  /** What a 304 has of it too. */
  readonly #headers: Readonly<Record<string, string>>;
  /** Whether it is still right a moment later. */
  readonly isKept: boolean;
  readonly #forms = new Map<Encoding, Form>();
  readonly #compressing = new Map<Encoding, Promise<Form>>();

  constructor(
    body: string,
    { type = JSON_TYPE, headers, keep = true }: Made,
    { kind, isPublic, origin, lastModified }: Recipe,
  ) {
    const bytes = new TextEncoder().encode(body);
    this.#bytes = bytes;
    this.#hash = createHash("sha256").update(bytes).digest("base64url").slice(0, HASH_CHARACTERS);
    // What is of this moment alone was not modified when its generation was made.
    this.#lastModified = keep ? lastModified : undefined;
    this.#type = type;
    this.isKept = keep;
    this.#always = { ...headers };
    this.#headers = {
      ...this.#always,
      ...(keep ? cacheHeaders(kind, isPublic, origin) : NO_STORE),
      ...(this.#lastModified !== undefined && {
        "Last-Modified": new Date(this.#lastModified).toUTCString(),
      }),
    };
    this.#forms.set("identity", this.#form(bytes, "identity"));
  }

  /** Bytes in memory, with room for what it is compressed to. */
  get size(): number {
    return Math.ceil(ENTRY_BYTES + 1.5 * this.#bytes.length);
  }

  /** The body in an encoding, if it is ready. */
  ready(encoding: Encoding): Form | undefined {
    return this.#forms.get(this.#worth(encoding));
  }

  /** The body in an encoding; compressed once, however many ask for it. */
  async form(encoding: Encoding): Promise<Form> {
    const wanted = this.#worth(encoding);
    const ready = this.#forms.get(wanted);
    if (ready !== undefined || wanted === "identity") return ready!;
    let compressing = this.#compressing.get(wanted);
    if (compressing === undefined) {
      compressing = compress(this.#bytes, wanted).then((bytes) => {
        const form = this.#form(bytes, wanted);
        this.#forms.set(wanted, form);
        return form;
      });
      this.#compressing.set(wanted, compressing);
    }
    return await compressing;
  }

  /** The headers of a form. `isCurrent`: else it may be old, and nobody is to keep it. */
  headersOf(form: Form, isCurrent: boolean): Record<string, string> {
    const { encoding } = form;
    return {
      "Content-Type": this.#type,
      ...(encoding !== "identity" && { "Content-Encoding": encoding }),
      ...(isCurrent ? this.validatorsOf(form) : { ...this.#always, ...NO_STORE }),
    };
  }

  /** The headers of a form where the client has it: RFC 9110, section 15.4.5. */
  validatorsOf({ etag }: Form): Record<string, string> {
    return { ...this.#headers, ETag: etag };
  }

  #worth(encoding: Encoding): Encoding {
    return isWorthCompressing(this.#bytes.length) ? encoding : "identity";
  }

  #form(bytes: Uint8Array<ArrayBuffer>, encoding: Encoding): Form {
    const suffix = encoding === "identity" ? "" : `-${encoding}`;
    return { bytes, encoding, etag: `"${this.#hash}${suffix}"`, lastModified: this.#lastModified };
  }
}

type Stream = () => AsyncIterable<string>;

/** An answer that is made while it is read, and goes to one client alone. */
function streamed(pieces: AsyncIterable<string>): Response {
  return new Response(streamOf(pieces), { headers: { "Content-Type": JSON_TYPE, ...NO_STORE } });
}

export interface Answers {
  /** Answers a request that was answered before, if that can be told without a read. */
  again(request: Request): Response | undefined;
  /** Answers a request; what middleware adds to the answer is for {@link Answers.keep} to keep. */
  give(c: Context, recipe: () => Promise<Recipe>): Promise<Response>;
  /** Takes what goes out for a request, and gives what to send in its place. */
  keep(request: Request, response: Response): Response;
  counts(): CacheCounts;
}

/** Answers of at most about `answerBytes` in all. */
export function createAnswers(
  { directory, answerBytes: maxBytes, config: { corsOrigins } }: Pick<
    Services,
    "directory" | "answerBytes" | "config"
  >,
): Answers {
  /** Whether what middleware adds for a request is for that one alone: the name of its origin. */
  const isForItself = (headers: Headers) =>
    typeof corsOrigins !== "string" &&
    corsOrigins.length > 0 && headers.has("origin");
  const counts = { hits: 0, misses: 0, evictions: 0 };
  const byQuery = new LRUCache<string, Answer>({
    maxSize: Math.ceil(maxBytes / 2),
    sizeCalculation: ({ size }, key) => size + 2 * key.length,
    dispose(_answer, _key, reason) {
      if (reason === "evict") counts.evictions++;
    },
  });
  /** What was given to who showed no credentials, by address as it was written. */
  const given = new LRUCache<string, Answer>({
    maxSize: Math.ceil(maxBytes / 2),
    sizeCalculation: (answer, url) => answer.size + 2 * url.length,
  });
  /** The snapshot that all of these are drawn from. */
  let givenIn: Snapshot | undefined;
  const making = new Map<string, Promise<Answer | Stream | Derived>>();
  /** What is on its way out, until middleware is done with it. */
  const leaving = new WeakMap<
    Request,
    { answer: Answer; snapshot: Snapshot; form: Form; part: "whole" | "notModified" }
  >();

  async function answerTo(recipe: Recipe): Promise<Answer | Stream | Derived> {
    const { kind, query, version, isPublic } = recipe;
    const key = JSON.stringify([kind, version, isPublic, query]);
    const known = byQuery.get(key);
    if (known !== undefined) {
      counts.hits++;
      return known;
    }
    let made = making.get(key);
    if (made === undefined) {
      counts.misses++;
      made = recipe.make().then((made) => {
        if ("open" in made) return made;
        if (typeof made.body !== "string") return made.body;
        const answer = new Answer(made.body, made, recipe);
        if (made.keep !== false) byQuery.set(key, answer);
        return answer;
      }).finally(() => making.delete(key));
      making.set(key, made);
    }
    return await made;
  }

  /** Whether answers that are drawn from a snapshot may be given without asking. */
  function isCurrent(snapshot: Snapshot | undefined): boolean {
    return snapshot !== undefined && snapshot === directory.peek() &&
      directory.isRecent(directory.verifiedAt());
  }

  async function prepare(recipe: () => Promise<Recipe>) {
    const ready = await recipe();
    const verifiedAt = directory.verifiedAt();
    return { ready, verifiedAt, answer: await answerTo(ready) };
  }

  return {
    again(request) {
      if (request.method !== "GET" || !isCurrent(givenIn)) return undefined;
      const known = given.get(request.url);
      const { headers } = request;
      if (known === undefined || hasCredentials(headers) || isForItself(headers)) return undefined;
      const form = known.ready(chooseEncoding(headers.get("accept-encoding")));
      if (form === undefined) return undefined;
      const response = isNotModified(headers, form) ? form.notModified : form.whole;
      if (response !== undefined) counts.hits++;
      return response?.clone();
    },
    async give(c, recipe) {
      const request = c.req.raw;
      const { ready, verifiedAt, answer } = await prepare(recipe).catch((error) => {
        // What was current a moment ago is swept: it is long ago that this process looked.
        if (!(error instanceof GenerationGone)) throw error;
        directory.refresh();
        return prepare(recipe);
      });
      if (typeof answer === "function") return streamed(answer());
      // Where the database is slow, others may have changed what this process does not know of yet.
      const isRecent = directory.isRecent(verifiedAt);
      if ("open" in answer) {
        return await giveDerived(request, ready, { ...answer, keep: answer.keep && isRecent });
      }
      const form = await answer.form(chooseEncoding(request.headers.get("accept-encoding")));
      if (!isRecent) {
        return new Response(form.bytes, { headers: answer.headersOf(form, false) });
      }
      const part = isNotModified(request.headers, form) ? "notModified" : "whole";
      leaving.set(request, { answer, snapshot: ready.snapshot, form, part });
      return part === "whole"
        ? new Response(form.bytes, { headers: answer.headersOf(form, true) })
        : new Response(null, { status: 304, headers: answer.validatorsOf(form) });
    },
    keep(request, response) {
      const left = leaving.get(request);
      if (left === undefined || isForItself(request.headers)) return response;
      const { answer, snapshot, form, part } = left;
      form[part] = response;
      const isForAll = answer.isKept && !hasCredentials(request.headers);
      if (isForAll && request.url.length <= MAX_URL && isCurrent(snapshot)) {
        if (snapshot !== givenIn) given.clear();
        givenIn = snapshot;
        given.set(request.url, answer);
      }
      return response.clone();
    },
    counts: () => ({
      ...counts,
      entries: byQuery.size + given.size,
      bytes: byQuery.calculatedSize + given.calculatedSize,
      max_bytes: maxBytes,
    }),
  };
}
