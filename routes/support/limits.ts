/** What a request may be, and how many of them one caller may send. */

import type { Context } from "hono";
import { createMiddleware } from "hono/factory";
import type { Identity } from "../../src/access/policy.ts";
import type { RateLimit } from "../../src/access/rate_limit.ts";
import { RateLimited, Refused } from "../../src/refused.ts";
import type { Services } from "../../src/services.ts";
import { addressOf, networkOf } from "./address.ts";
import { type Env, shownIn } from "./authenticate.ts";
import { costOf } from "./costs.ts";

/** A path with its query. The longest that make sense have a hundred ids. */
const MAX_TARGET = 8_192;
/** Names and values of all headers, in characters. */
const MAX_HEADERS = 32_768;

/**
 * Refuses what is too long or for no host, finds out where a request comes from, and counts it
 * there, unless it is for {@link countIdentity} to count.
 */
export function limitRequests({ limits, trustedProxies }: Services) {
  return createMiddleware<Env>(async (c, next) => {
    const { raw, path } = c.req;
    c.set("address", addressOf(raw, c.env, trustedProxies));
    refuseIfUnfit(raw);
    const isIdentified = IDENTIFIED.test(path) && shownIn(c) !== undefined;
    if (!isIdentified) take(c, limits.callers, addressKey(c.get("address")));
    await next();
  });
}

/** Where credentials are looked at. A webhook's are for one repository, a session's for itself. */
const IDENTIFIED = /^\/(?:v1\/(?!webhooks\/|session\b)|kapis\/openpitrix\.io\/v1\/)/;

/** Counts a request of somebody who has shown who they are. */
export function countIdentity({ limits }: Services) {
  return createMiddleware<Env>(async (c, next) => {
    if (shownIn(c) !== undefined) {
      const { kind, workspaces } = c.get("identity");
      take(c, limits.callers, callerOf(c));
      // Who administers a workspace makes as many tokens as they like.
      if (kind === "token" && workspaces !== "*") {
        take(c, limits.workspaces, `workspace ${workspaces.join()}`);
      }
    }
    await next();
  });
}

/** Who a request is counted for; `""` if that is not known. */
export function callerOf(c: Context<Env>): string {
  const { kind, name, tokenId, subject = name }: Identity = c.get("identity");
  if (kind === "open" || kind === "anonymous") return addressKey(c.get("address"));
  return tokenId === undefined ? `${kind} ${subject}` : `token ${tokenId}`;
}

/** Whose requests without credentials are counted together. */
export function addressKey(address: string): string {
  return address === "" ? "" : `address ${networkOf(address)}`;
}

function take(c: Context, limit: RateLimit, key: string) {
  // Where nobody can be told from anybody else, one would stand for all.
  const units = key === "" ? 0 : costOf(c.req);
  const waitMs = units === 0 ? 0 : limit.take(key, units);
  if (waitMs === 0) return;
  throw new RateLimited(`this costs ${units} units, which are used up; wait`, waitMs, limit.rate);
}

function refuseIfUnfit({ url, headers }: Request) {
  const origin = URL.parse(url)?.origin;
  // Deno takes any Host header, and makes a URL of it that may be none.
  if (origin === undefined) {
    throw new Refused("misdirected", "host: expected a host's name or address", "host");
  }
  if (url.length - origin.length > MAX_TARGET) {
    throw new Refused("uri_too_long", `path and query: expected at most ${MAX_TARGET} characters`);
  }
  let length = 0;
  for (const [name, value] of headers) length += name.length + value.length;
  if (length > MAX_HEADERS) {
    const message = `headers: expected at most ${MAX_HEADERS} characters`;
    throw new Refused("headers_too_large", message);
  }
}
