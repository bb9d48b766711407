/** The cookie that a browser has for a session. */

import type { Context } from "hono";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import type { Identities } from "../../src/access/identities.ts";
import type { Identity } from "../../src/access/policy.ts";
import { Refused } from "../../src/refused.ts";

const NAME = "chartroom";
/** No other host, nor a page without TLS, can set a cookie of this prefix (RFC 6265bis, 4.1.3). */
const PREFIX = "host";
const FULL_NAME = `__Host-${NAME}`;

/** What the cookie of a request has; `undefined` if there is none. */
export function sessionIn(c: Context): string | undefined {
  return getCookie(c, NAME, PREFIX);
}

/** Whether there may be a cookie of a session. */
export function hasSession(headers: Headers): boolean {
  return headers.get("cookie")?.includes(FULL_NAME) ?? false;
}

/** Whose session it is. Throws a `Refused`, and has the browser forget the cookie, if nobody's. */
export async function identifySession(
  c: Context,
  identities: Identities,
  session: string,
): Promise<Identity> {
  const identity = await identities.ofSession(session);
  if (identity !== undefined) return identity;
  forgetSession(c);
  throw new Refused("unauthorized", "the session has ended: log in again", "cookie");
}

/** Has a browser send the cookie from now on, for so many milliseconds. */
export function rememberSession(c: Context, session: string, ms: number): void {
  const maxAge = Math.ceil(ms / 1_000);
  setCookie(c, NAME, session, { prefix: PREFIX, httpOnly: true, sameSite: "Strict", maxAge });
}

/** Has a browser send it no more. */
export function forgetSession(c: Context): void {
  deleteCookie(c, NAME, { prefix: PREFIX, httpOnly: true, sameSite: "Strict" });
}
