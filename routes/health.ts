/** `/healthz`: the process answers. `/readyz`: so does the database. */

import { Hono } from "hono";
import type { Services } from "../src/services.ts";
import { probe } from "../src/store/probe.ts";

export function health({ kv }: Services) {
  return new Hono()
    .get("/healthz", (c) => c.json({ status: "ok" }))
    .get("/readyz", async (c) => {
      await probe(kv);
      return c.json({ status: "ready" });
    });
}
