/** `/session`: a browser's way in, which keeps tokens out of the hands of scripts. */

import { Hono } from "hono";
import type { Identity } from "../src/access/policy.ts";
import { invalid, Refused, unknownField } from "../src/refused.ts";
import type { Services } from "../src/services.ts";
import { networkOf } from "./support/address.ts";
import { tellAudit, whoOf } from "./support/audit.ts";
import type { Env } from "./support/authenticate.ts";
import { limitBody, readObject } from "./support/body.ts";
import { refuseOtherSites } from "./support/own_site.ts";
import {
  forgetSession,
  identifySession,
  rememberSession,
  sessionIn,
} from "./support/session_cookie.ts";
import { identityView } from "./tokens.ts";

export function session({ identities, attempts, clock }: Services) {
  const begin = async (token: string) => {
    const begun = await identities.begin(token);
    if (begun !== undefined) return begun;
    throw new Refused("unauthorized", "token: expected a valid bearer token", "token");
  };

  return new Hono<Env>()
    .use(limitBody(), async (c, next) => {
      c.header("Cache-Control", "no-store");
      await next();
    })
    .post("/", async (c) => {
      // Else another site could have its visitor work under a name of its own.
      refuseOtherSites(c, "not denied");
      const text = readToken(await readObject(c)), address = networkOf(c.get("address"));
      const begun = await attempts.attempt({ address, text }, () => begin(text));
      tellAudit(c, { who: whoOf(begun.identity) });
      // Else a neighbour who guesses would lock out who has just logged in.
      attempts.admit({ address, text: begun.text });
      const before = sessionIn(c);
      if (before !== undefined) await identities.end(before);
      rememberSession(c, begun.text, begun.expireTime - clock());
      return c.json(sessionView(begun.identity, begun.expireTime));
    })
    .get("/", async (c) => {
      const session = sessionIn(c);
      if (session === undefined) throw new Refused("unauthorized", "there is no session", "cookie");
      const identity = await identifySession(c, identities, session);
      return c.json(sessionView(identity, identity.expireTime!));
    })
    .delete("/", async (c) => {
      refuseOtherSites(c, "shown");
      const session = sessionIn(c);
      if (session !== undefined) {
        tellAudit(c, { who: whoOf(await identities.ofSession(session)) });
        await identities.end(session);
      }
      forgetSession(c);
      return c.json({ message: "success" });
    });
}

function readToken({ token, ...rest }: Record<string, unknown>): string {
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined) throw unknownField(unknown, ["token"]);
  if (typeof token !== "string" || token === "") throw invalid("token", "a bearer token");
  return token;
}

function sessionView(identity: Identity, expireTime: number) {
  return { ...identityView(identity), expire_time: new Date(expireTime).toISOString() };
}
