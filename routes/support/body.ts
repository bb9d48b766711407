/** JSON bodies of requests. */

import type { Context } from "hono";
import { createMiddleware } from "hono/factory";
import { HTTPException } from "hono/http-exception";
import { invalid, Refused } from "../../src/refused.ts";
import { tellFields } from "./audit.ts";

/** Nothing that Chartroom takes of a caller is longer. */
const MAX_BODY_BYTES = 65_536;
/** PATCH bodies are plain objects, whatever patch type a client declares; KubeSphere's way. */
const JSON_TYPES = [
  "application/json",
  "application/merge-patch+json",
  "application/json-patch+json",
];

/** How long a body may take to come, in milliseconds. */
const BODY_MS = 15_000;
/** Pieces in which a body may come: each costs a turn, and a chunk of one byte is six on the wire. */
const MAX_PIECES = 4_096;

const TOO_SLOW = "the body is too slow";

/** Takes in a body of at most so many bytes, before anything is done with it. */
export function limitBody(maxBytes = MAX_BODY_BYTES) {
  return createMiddleware(async (c, next) => {
    const { raw } = c.req;
    if (raw.body !== null) {
      const tooLong = new Refused("body_too_large", `body: expected at most ${maxBytes} bytes`);
      if (Number(raw.headers.get("content-length")) > maxBytes) throw tooLong;
      const bytes = await readWithin(raw.body, maxBytes);
      if (bytes === undefined) throw tooLong;
      c.req.raw = new Request(raw, { body: bytes });
    }
    await next();
  });
}

/** The bytes of a body; `undefined` if there are more. Throws if it does not come. */
async function readWithin(
  body: ReadableStream<Uint8Array>,
  maxBytes: number,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const reader = body.getReader();
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new HTTPException(408, { message: TOO_SLOW })),
    BODY_MS,
  );
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  try {
    for (let length = 0;;) {
      const { done, value } = await Promise.race([reader.read(), late.promise]);
      if (done) return await new Blob(pieces).bytes();
      length += value.length;
      if (length > maxBytes) return undefined;
      if (pieces.push(new Uint8Array(value)) > MAX_PIECES) {
        throw invalid("body", `at most ${MAX_PIECES} pieces`);
      }
    }
  } catch (error) {
    if (error instanceof HTTPException || error instanceof Refused) throw error;
    throw invalid("body", "what was announced, but it broke off or is not coded as HTTP has it");
  } finally {
    clearTimeout(timer);
    // What has not come is not waited for.
    reader.cancel().catch(() => {});
  }
}

/** Reads a body that must be one JSON object. As in Go, the names of its fields are in any case. */
export async function readObject(c: Context): Promise<Record<string, unknown>> {
  const type = c.req.header("content-type")?.replace(/;.*$/s, "").trim().toLowerCase();
  if (type === undefined || !JSON_TYPES.includes(type)) {
    throw new Refused(
      "unsupported_media_type",
      "content-type: expected application/json",
      "content-type",
    );
  }
  if ((c.req.header("content-encoding") ?? "identity") !== "identity") {
    const message = "content-encoding: expected a body that is not encoded";
    throw new Refused("unsupported_media_type", message, "content-encoding");
  }
  let body: unknown;
  try {
    body = JSON.parse(await c.req.text());
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    // V8 quotes what stands there, which may be a password.
    const place = /at position \d+(?= \()/.exec(error.message)?.[0];
    const message = `body: expected JSON${place === undefined ? "" : `, unlike what is ${place}`}`;
    throw new Refused("invalid_field", message, "body");
  }
  if (typeof body !== "object" || body === null || Array.isArray(body)) {
    throw new Refused("invalid_field", "body: expected a JSON object", "body");
  }
  const fields = Object.entries(body).map(([name, value]) => [name.toLowerCase(), value] as const);
  tellFields(c, fields.map(([name]) => name));
  return Object.fromEntries(fields);
}
