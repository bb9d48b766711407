/**
 * The contract: all that Chartroom answers. No handler of it is ever called; the service's own
 * routes check what they are given themselves, and tests hold them against this.
 */

import { OpenAPIHono } from "@hono/zod-openapi";
import type { Hono } from "hono";
import type { BlankEnv, Endpoint, ExtractSchema } from "hono/types";
import type { Simplify } from "hono/utils/types";
import { access } from "./access.ts";
import { audit } from "./audit.ts";
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
  .route("/", deliveries)
  .route("/", access)
  .route("/", audit);

/** With what stands beside the bases. */
export const contract = new OpenAPIHono().route("/", below).route("/", service);

type Base = ExtractSchema<typeof below>;

/** For the typed client, which has a base for its address. */
export type Contract = Hono<
  BlankEnv,
  { [Path in keyof Base]: { [Method in keyof Base[Path]]: Lenient<Base[Path][Method]> } },
  "/"
>;

/** An endpoint, which need not be given what may be empty; Hono's types know no such part. */
type Lenient<E> = E extends Endpoint ? {
    [K in keyof E]: K extends "input" ? Simplify<
        & Omit<E["input"], MayBeAbsent<E["input"]>>
        & Partial<Pick<E["input"], MayBeAbsent<E["input"]>>>
      >
      : E[K];
  }
  : never;

/** Headers and a query of which every one is optional, and a body that is. */
type MayBeAbsent<I> = {
  [K in keyof I]-?: K extends "header" | "query" ? (object extends I[K] ? K : never)
    : undefined extends I[K] ? K
    : never;
}[keyof I];
