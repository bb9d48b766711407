/** `/healthz`: the process answers. `/readyz`: so does the database. */

import { Hono } from "hono";
import type { Services } from "../src/services.ts";
import { probe } from "../src/store/probe.ts";

/** For how long one answer of the database does for all who ask. */
const PROBED_MS = 1_000;

export function health({ kv, clock }: Services) {
  let probed: { at: number; ended: Promise<void> } | undefined;
  const probeOnce = () => {
    if (probed === undefined || Math.abs(clock() - probed.at) >= PROBED_MS) {
      const ended = probe(kv);
      probed = { at: clock(), ended };
      // It may answer again at once.
      ended.catch(() => probed = undefined);
    }
    return probed.ended;
  };

  return new Hono()
    .get("/healthz", (c) => c.json({ status: "ok" }))
    .get("/readyz", async (c) => {
      await probeOnce();
      return c.json({ status: "ready" });
    });
}
