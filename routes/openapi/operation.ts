/** How operations of the contract are written down. */

import { createRoute, type RouteConfig, z } from "@hono/zod-openapi";
import { conditionalHeaders } from "./parameters.ts";
import { codesOf, MEANING, Problem } from "./problem.ts";

/** A request that the document shows; its path has the examples of the path's parameters. */
export interface Example {
  query?: Record<string, string>;
  headers?: Record<string, string>;
  body?: unknown;
}

/** What an operation does beside its answers in case of success. */
export interface Behaviour {
  /** Who may: who reads, writes or administers, everybody, or who `security` names in the route. */
  access: "read" | "write" | "admin" | "open" | "own";
  /** Statuses of problems, beside those that `access` says. */
  fails?: readonly number[];
  /** Whether its answer has validators, unless it is not to be kept. */
  conditional?: boolean;
  /** Whether it does not even look at the workspace of its path. */
  anyWorkspace?: boolean;
  example?: Example;
}

type Path<P extends string> = Omit<RouteConfig, "path"> & { path: P };
type Answer = { headers?: object };
type Header = { description: string; schema: { type: "string" }; required?: boolean };

/** Problems of whatever is asked. */
const ALWAYS = [414, 421, 429, 431];
/** Problems that come with the right to ask. */
const FAILS = {
  read: [401, 403, 500, 503],
  write: [401, 403, 500, 503],
  admin: [401, 403, 500, 503],
  open: [],
  own: [401, 500, 503],
};
/** Problems of a body that does not come, or comes broken. */
const OF_BODIES = [400, 408];

/**
 * An operation. Types have its answers in case of success alone, since the client throws all
 * others; the document has them all.
 */
export function operation<P extends string, R extends Path<P>>(
  route: R,
  { access, fails = [], conditional = false, anyWorkspace = false, example = {} }: Behaviour,
) {
  const ofBody = ["post", "patch", "delete"].includes(route.method) ? OF_BODIES : [];
  const statuses = [...new Set([...ALWAYS, ...FAILS[access], ...ofBody, ...fails])].sort();
  const headers = conditional ? { headers: z.object(conditionalHeaders) } : {};
  const success = Object.entries(route.responses).map(([status, answer]) => {
    const all = { ...headersOf(access, conditional), ...(answer as Answer).headers };
    return [status, { ...answer, ...withHeaders(all) }];
  });
  const full = {
    ...route,
    ...(access === "read" && { security: [{ bearer: [] }, { session: [] }, {}] }),
    ...(access === "open" && { security: [] }),
    request: { ...route.request, ...headers },
    responses: {
      ...Object.fromEntries(success),
      ...(conditional && { 304: notModified() }),
      ...Object.fromEntries(statuses.map((status) => [status, problemOf(status)])),
    },
    "x-example": example,
    "x-any-workspace": anyWorkspace,
  };
  // Deliberately less than it is; see above.
  return createRoute<P, R>(full as unknown as R);
}

/** An answer in JSON. */
export function json<T extends z.ZodType>(schema: T, description: string) {
  return { description, content: { "application/json": { schema } } };
}

/** A body in JSON. */
export function body<T extends z.ZodType>(schema: T, required = true) {
  return { required, content: { "application/json": { schema } } };
}

/** A header of an answer. */
export function header(description: string, required = true): Header {
  return { description, schema: { type: "string" }, ...(required && { required }) };
}

function headersOf(
  access: Behaviour["access"],
  conditional: boolean,
): Record<string, Header> {
  if (access === "open") return {};
  const cacheControl = header("What caches may do with it; `no-store` for what is of this moment.");
  if (!conditional) return { "Cache-Control": cacheControl };
  return {
    ETag: header("Names its bytes. What is not to be kept may have none.", false),
    "Last-Modified": header("When the one index that it is drawn from changed.", false),
    "Cache-Control": cacheControl,
    Vary: header("`Accept-Encoding, Authorization, Cookie`, where it may be kept.", false),
    "Deno-CDN-Cache-Control": header("What Deno Deploy's edge may do with it.", false),
    "Deno-Cache-Tag": header("By what Deno Deploy's edge drops it when a sync changes it.", false),
  };
}

function notModified() {
  return { description: "The client has it.", headers: headersOf("read", true) };
}

/** A problem's schema, where nobody makes a reference of it. */
export const REFERENCE = { $ref: "#/components/schemas/Problem" };

/** A problem as an answer. */
export function problemOf(status: number, schema: unknown = Problem) {
  const codes = codesOf(status);
  const headers: Record<string, Header> = {
    ...(status === 401 && { "WWW-Authenticate": header("`Bearer`") }),
    ...(status === 429 && {
      "Retry-After": header("Seconds after which to try again."),
      "RateLimit-Policy": header('What there is: `"requests";q=2000;w=10` is 2,000 in 10 seconds.'),
      RateLimit: header("`r` is what is left of it, `t` the seconds after which to try again."),
    }),
    ...(status === 503 && { "Retry-After": header("Seconds after which to try again.") }),
  };
  return {
    description: codes.map((code) => `\`${code}\`: ${MEANING[code]}`).join(" "),
    content: { "application/problem+json": { schema } },
    ...withHeaders(headers),
  };
}

function withHeaders(headers: object) {
  return Object.keys(headers).length === 0 ? {} : { headers };
}
