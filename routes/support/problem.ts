/** Errors as `application/problem+json` (RFC 9457), with a stable `code` and a `message`. */

import type { Context } from "hono";
import { HTTPException } from "hono/http-exception";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { describeError, type Log } from "../../src/log.ts";
import { RateLimited, type RefusalCode, Refused } from "../../src/refused.ts";
import { StoreUnavailable } from "../../src/store/kv.ts";

/** All that an error can have as its `code`. */
export type ProblemCode = RefusalCode | "bad_request" | "gone" | "internal";

/** The status of a refused request. */
export const STATUS: Readonly<Record<RefusalCode, ContentfulStatusCode>> = {
  invalid_field: 400,
  unknown_field: 400,
  invalid_conditions: 400,
  index_unusable: 400,
  unauthorized: 401,
  forbidden: 403,
  quota_exceeded: 403,
  not_found: 404,
  no_archive: 404,
  no_icon: 404,
  no_readme: 404,
  method_not_allowed: 405,
  name_taken: 409,
  conflict: 409,
  body_too_large: 413,
  uri_too_long: 414,
  unsupported_media_type: 415,
  misdirected: 421,
  rate_limited: 429,
  headers_too_large: 431,
  not_implemented: 501,
  archive_unavailable: 502,
  archive_unusable: 502,
  icon_unavailable: 502,
  icon_unusable: 502,
  unavailable: 503,
};

const TITLE: Partial<Record<number, string>> = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  408: "Request Timeout",
  409: "Conflict",
  413: "Content Too Large",
  414: "URI Too Long",
  415: "Unsupported Media Type",
  421: "Misdirected Request",
  429: "Too Many Requests",
  431: "Request Header Fields Too Large",
  500: "Internal Server Error",
  501: "Not Implemented",
  502: "Bad Gateway",
  503: "Service Unavailable",
};

/** When a caller may come back while the database does not answer. */
const RETRY_AFTER_S = "2";

/** The answer to a refused request. */
export function problem(c: Context, refused: Refused): Response {
  const { code, message, field, extra } = refused;
  const status = STATUS[code];
  if (status === 401) c.header("WWW-Authenticate", "Bearer");
  if (status === 503) c.header("Retry-After", RETRY_AFTER_S);
  if (refused instanceof RateLimited) tellLimit(c, refused);
  return problemJson(c, status, { code, message, ...(field && { field }), ...extra });
}

/** As draft-ietf-httpapi-ratelimit-headers-11 has it, which gives a bucket as so many in a window. */
function tellLimit(c: Context, { waitMs, rate: { name, perSecond, burst } }: RateLimited) {
  const seconds = Math.ceil(waitMs / 1_000);
  c.header("Retry-After", `${seconds}`);
  c.header("RateLimit-Policy", `"${name}";q=${burst};w=${Math.ceil(burst / perSecond)}`);
  c.header("RateLimit", `"${name}";r=0;t=${seconds}`);
}

/** The answer to whatever a route throws. What went wrong inside is for the log alone. */
export function answerError(log: Log) {
  return (error: Error, c: Context): Response => {
    if (error instanceof Refused) return problem(c, error);
    if (error instanceof StoreUnavailable) {
      log("store unavailable", { path: c.req.path, ...describeError(error) });
      return problem(c, new Refused("unavailable", "the database does not answer"));
    }
    if (error instanceof HTTPException && error.status < 500) {
      // Nobody waits for the rest of the body.
      if (error.status === 408) c.header("Connection", "close");
      return problemJson(c, error.status, { code: "bad_request", message: error.message });
    }
    // Nobody is there any more to whom it matters.
    if (c.req.raw.signal.aborted) return problemJson(c, 400, { code: "gone", message: "gone" });
    log("request failed", { method: c.req.method, path: c.req.path, ...describeError(error) });
    return problemJson(c, 500, { code: "internal", message: "Chartroom failed on this request" });
  };
}

function problemJson(
  c: Context,
  status: ContentfulStatusCode,
  members: { code: ProblemCode; message: string },
): Response {
  c.set("problem", members.code);
  const title = TITLE[status] ?? "Error";
  const body = { type: "about:blank", title, status, detail: members.message, ...members };
  return c.body(JSON.stringify(body), status, {
    "Content-Type": "application/problem+json",
    "Cache-Control": "no-store",
  });
}
