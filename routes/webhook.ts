/** The webhook of a repository: `/repos/{repo}/webhook`. What it is sent goes to `/webhooks`. */

import { type Context, Hono } from "hono";
import type { Services } from "../src/services.ts";
import { parsePushFilter } from "../src/sync/push_filter.ts";
import { filterWebhook, readWebhook, removeWebhook, setWebhook } from "../src/sync/webhooks.ts";
import { type Env, requireRepo } from "./support/authenticate.ts";
import { readObject } from "./support/body.ts";

export function webhook(services: Services) {
  const { repositories, config: { publicUrl } } = services;
  const repo = (c: Context<Env>) => requireRepo(c, services, c.req.param("repo")!, "write");
  // What a request says of its host is as good as who sent it.
  const urlOf = (c: Context, id: string) =>
    new URL(`/v1/webhooks/${id}`, publicUrl ?? c.req.url).href;

  return new Hono<Env>()
    .post("/", async (c) => {
      const { id } = await repo(c);
      const filter = parsePushFilter(await readOptional(c));
      const secret = await setWebhook(repositories, id, filter);
      return c.json({ url: urlOf(c, id), secret });
    })
    .get("/", async (c) => {
      const { id } = await repo(c);
      const { filter, createTime } = await readWebhook(repositories, id);
      const create_time = new Date(createTime).toISOString();
      return c.json({ url: urlOf(c, id), create_time, ...filter });
    })
    .patch("/", async (c) => {
      const { id } = await repo(c);
      await filterWebhook(repositories, id, parsePushFilter(await readObject(c)));
      return c.json({ message: "success" });
    })
    .delete("/", async (c) => {
      const { id } = await repo(c);
      await removeWebhook(repositories, id);
      return c.json({ message: "success" });
    });
}

/** No body is none of its fields. */
async function readOptional(c: Context): Promise<Record<string, unknown>> {
  return await c.req.text() === "" ? {} : await readObject(c);
}
