/** `/webhooks/{repo}`: others announce that a repository has something new. */

import { Hono } from "hono";
import { createMiddleware } from "hono/factory";
import { offersProof } from "../src/access/webhook_proof.ts";
import type { Services } from "../src/services.ts";
import { notProven, receive } from "../src/sync/webhooks.ts";
import { networkOf } from "./support/address.ts";
import { AtOnce } from "./support/at_once.ts";
import { tellAudit } from "./support/audit.ts";
import type { Env } from "./support/authenticate.ts";
import { limitBody } from "./support/body.ts";
import { addressKey } from "./support/limits.ts";

/** Senders tell of commits and files; what is longer is cut off by most of them too. */
const MAX_BODY_BYTES = 1_048_576;
/** Deliveries of one process at once: nobody knows who sends them before their body is there. */
const AT_ONCE = { all: 128, each: 16 };

export function webhooks({ repositories, attempts }: Services) {
  return new Hono<Env>()
    .post("/:repo", bounded(), limitBody(MAX_BODY_BYTES), async (c) => {
      const id = c.req.param("repo"), address = networkOf(c.get("address"));
      const body = new Uint8Array(await c.req.arrayBuffer());
      const received = await attempts.attempt(
        { address, text: id, webhook: id },
        () => receive(repositories, id, c.req.raw.headers, body),
      );
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
  const deliveries = new AtOnce("deliveries coming", AT_ONCE);
  return createMiddleware<Env>(async (c, next) => {
    if (!offersProof(c.req.raw.headers)) throw notProven();
    const leave = deliveries.enter(addressKey(c.get("address")));
    await next().finally(leave);
  });
}
