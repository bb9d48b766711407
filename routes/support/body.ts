/** JSON bodies of requests. */

import type { Context } from "hono";
import { bodyLimit } from "hono/body-limit";
import { Refused } from "../../src/refused.ts";
import { tellFields } from "./audit.ts";
import { problem } from "./problem.ts";

/** Nothing that Chartroom takes of a caller is longer. */
const MAX_BODY_BYTES = 65_536;
/** PATCH bodies are plain objects, whatever patch type a client declares; KubeSphere's way. */
const JSON_TYPES = [
  "application/json",
  "application/merge-patch+json",
  "application/json-patch+json",
];

/** Refuses a longer body than so many bytes before it is read. */
export function limitBody(maxSize = MAX_BODY_BYTES) {
  return bodyLimit({
    maxSize,
    onError: (c) =>
      problem(c, new Refused("body_too_large", `body: expected at most ${maxSize} bytes`)),
  });
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
    throw new Refused("invalid_field", `body: expected JSON, but ${error.message}`, "body");
  }
  if (typeof body !== "object" || body === null || Array.isArray(body)) {
    throw new Refused("invalid_field", "body: expected a JSON object", "body");
  }
  const fields = Object.entries(body).map(([name, value]) => [name.toLowerCase(), value] as const);
  tellFields(c, fields.map(([name]) => name));
  return Object.fromEntries(fields);
}
