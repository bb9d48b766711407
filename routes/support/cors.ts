/** Web pages of other origins that may call: https://fetch.spec.whatwg.org/#http-cors-protocol. */

import type { MiddlewareHandler } from "hono";
import { cors } from "hono/cors";
import type { Config } from "../../src/config.ts";

/** How long a browser need not ask again, in seconds; Chromium takes no more. */
const MAX_AGE_S = 7_200;

/**
 * Lets pages of these origins read answers, with a token if they have one, and never with what a
 * browser sends by itself. To a preflight nothing else is said.
 */
export function shareWith(origins: Config["corsOrigins"]): MiddlewareHandler {
  return cors({
    origin: origins as string | string[],
    allowMethods: ["GET", "HEAD", "POST", "PATCH", "DELETE"],
    allowHeaders: ["Authorization", "Content-Type", "Last-Event-ID"],
    exposeHeaders: ["ETag", "Link", "Location", "RateLimit", "RateLimit-Policy", "Retry-After"],
    maxAge: MAX_AGE_S,
  });
}
