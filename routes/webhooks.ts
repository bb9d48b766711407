/** `/webhooks/{repo}`: others announce that a repository has something new. */

import { Hono } from "hono";
import { createMiddleware } from "hono/factory";
import { HTTPException } from "hono/http-exception";
import { timeout } from "hono/timeout";
import { offersProof } from "../src/access/webhook_proof.ts";
import { Refused } from "../src/refused.ts";
import type { Services } from "../src/services.ts";
import { notProven, receive } from "../src/sync/webhooks.ts";
import { tellAudit } from "./support/audit.ts";
import { limitBody } from "./support/body.ts";

/** Senders tell of commits and files; what is longer is cut off by most of them too. */
const MAX_BODY_BYTES = 1_048_576;
/** Deliveries of one process at once: nobody knows who sends them before their body is there. */
const MAX_AT_ONCE = 128;
/** How long one may take to come, and to be taken. */
const DELIVERY_MS = 15_000;

export function webhooks({ repositories }: Services) {
  const limits = [
    bounded(),
    timeout(DELIVERY_MS, () => new HTTPException(408, { message: "the body is too slow" })),
    limitBody(MAX_BODY_BYTES),
  ] as const;

  return new Hono()
    .post("/:repo", ...limits, async (c) => {
      const id = c.req.param("repo");
      const body = new Uint8Array(await c.req.arrayBuffer());
      const received = await receive(repositories, id, c.req.raw.headers, body);
      tellAudit(c, { who: { kind: "webhook", name: id } });
      c.header("Cache-Control", "no-store");
      switch (received.kind) {
        case "asked":
          c.header("Location", `/v1/repos/${id}/events/${received.id}`);
          return c.json({ message: "success", repo_event_id: received.id }, 202);
        case "known":
          return c.json({ message: "this delivery came before", repo_event_id: received.id });
        case "ignored":
          return c.json({ message: `ignored: ${received.why}` });
        case "pong":
          return c.json({ message: "pong" });
      }
    });
}

/** Reads no body that proves nothing anyway, and only so many at once. */
function bounded() {
  let atOnce = 0;
  return createMiddleware(async (c, next) => {
    if (!offersProof(c.req.raw.headers)) throw notProven();
    if (atOnce >= MAX_AT_ONCE) {
      throw new Refused("unavailable", `${MAX_AT_ONCE} deliveries are coming; try again later`);
    }
    atOnce++;
    try {
      await next();
    } finally {
      atOnce--;
    }
  });
}
