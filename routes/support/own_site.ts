/** What browsers tell of the page that is behind a request. */

import type { Context } from "hono";
import { createMiddleware } from "hono/factory";
import { Refused } from "../../src/refused.ts";
import type { Services } from "../../src/services.ts";

/** Methods that change nothing (RFC 9110, 9.2.1); what they answer, a foreign page cannot read. */
const SAFE = ["GET", "HEAD", "OPTIONS"];
/** A page of this very origin, or nobody's: an address that was typed. */
const OWN = ["same-origin", "none"];
/** This machine by address, or by the one name that no DNS answers for (RFC 6761, 6.3). */
const LOOPBACK = /^https?:\/\/(localhost|127(\.\d{1,3}){3}|\[::1\])\.?(:\d+)?([/?#]|$)/i;

/**
 * Refuses a change that a page of another site makes with what its visitor's browser sends by
 * itself. `shown`: that it is no such page must be told; `not denied`: what tells nothing, as
 * `curl` does, is taken, for a browser would.
 */
export function refuseOtherSites({ req }: Context, wanted: "shown" | "not denied"): void {
  if (SAFE.includes(req.method)) return;
  const site = req.header("sec-fetch-site"), origin = req.header("origin");
  const isSilent = site === undefined && origin === undefined;
  if (isSilent && wanted === "not denied") return;
  // Browsers that send no Sec-Fetch-Site send Origin. TLS may end before us, so hosts are compared.
  const isOwn = site === undefined ? isHost(origin, req.url) : OWN.includes(site);
  if (isOwn) return;
  const expected = "expected Sec-Fetch-Site: same-origin, or Origin with the host that is asked";
  throw new Refused("forbidden", `this may come from a page of another site: ${expected}`);
}

/** Apps that show pages have schemes of their own, and call their pages' host `localhost`. */
function isHost(origin: string | undefined, url: string): boolean {
  const host = URL.parse(url)?.host, from = URL.parse(origin ?? "");
  return host !== undefined && /^https?:$/.test(from?.protocol ?? "") && from?.host === host;
}

/**
 * Refuses what is sent to this machine by a name that others may have too, where nobody proves
 * anything: a page whose name leads here by DNS would read and change it all.
 */
export function refuseOtherHosts({ identities: { isOpen } }: Services) {
  return createMiddleware(async (c, next) => {
    if (isOpen && !isForLoopback(c.req.raw.url)) throw misdirected();
    await next();
  });
}

function misdirected(): Refused {
  const message =
    "host: expected localhost or a loopback address, since nobody is asked for a token";
  return new Refused("misdirected", message, "host");
}

/** Whether a request was sent to this machine by a name that only this machine has. */
export function isForLoopback(url: string): boolean {
  return LOOPBACK.test(url);
}
