/** `/webhooks/{repo}`: others announce that a repository has something new. */

import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { Refused } from "../src/refused.ts";
import type { Services } from "../src/services.ts";
import { receive } from "../src/sync/webhooks.ts";
import { problem } from "./support/problem.ts";

/** Senders tell of commits and files; what is longer is cut off by most of them too. */
const MAX_BODY_BYTES = 1_048_576;

export function webhooks({ repositories }: Services) {
  return new Hono()
    .use(bodyLimit({
      maxSize: MAX_BODY_BYTES,
      onError: (c) =>
        problem(c, new Refused("body_too_large", `body: expected at most ${MAX_BODY_BYTES} bytes`)),
    }))
    .post("/:repo", async (c) => {
      const readBody = async () => new Uint8Array(await c.req.arrayBuffer());
      const id = c.req.param("repo");
      const received = await receive(repositories, id, c.req.raw.headers, readBody);
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
