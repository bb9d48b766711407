/**
 * The contract: all that Chartroom answers. No handler of it is ever called; the service's own
 * routes check what they are given themselves, and tests hold them against this.
 */

import { OpenAPIHono } from "@hono/zod-openapi";
import { apps } from "./apps.ts";
import { categories } from "./categories.ts";
import { events } from "./events.ts";
import { repos } from "./repos.ts";
import { cache, service } from "./service.ts";
import { versions } from "./versions.ts";
import { deliveries, webhook } from "./webhooks.ts";

/** Below each base: on the path of all workspaces, and on that of one. */
const api = new OpenAPIHono()
  .route("/", repos)
  .route("/", events)
  .route("/", webhook)
  .route("/", apps)
  .route("/", versions)
  .route("/", categories)
  .route("/", cache);

const below = new OpenAPIHono()
  .route("/", api)
  .route("/workspaces/:workspace", api)
  .route("/", deliveries);

/** With what stands beside the bases. */
export const contract = new OpenAPIHono().route("/", below).route("/", service);

/** For the typed client, which has a base for its address. */
export type Contract = typeof below;
