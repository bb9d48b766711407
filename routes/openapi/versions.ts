/** The contract of the versions of an app. */

import { OpenAPIHono, z } from "@hono/zod-openapi";
import { VERSION_ORDERS } from "../../src/catalog/versions.ts";
import { CONDITIONS } from "../support/conditions.ts";
import { json, operation } from "./operation.ts";
import {
  app,
  conditions,
  constraint,
  flag,
  orderBy,
  paging,
  reverse,
  version,
} from "./parameters.ts";
import { AppVersion, listOf } from "./schemas.ts";

const tags = ["Versions"];

const listVersions = operation({
  method: "get",
  path: "/apps/{app}/versions",
  operationId: "listVersions",
  summary: "List the versions of an app",
  tags,
  request: {
    params: z.object({ app }),
    query: z.object({
      conditions: conditions(
        CONDITIONS.versions,
        "`keyword=` is part of the version or of what it packages.",
        "prerelease=false",
      ),
      constraint,
      orderBy: orderBy(
        VERSION_ORDERS,
        ": `sequence` as Helm orders them, oldest first; `stable_first` newest first, " +
          "pre-releases at the end",
      ),
      reverse,
      ...paging,
    }),
  },
  responses: { 200: json(listOf(AppVersion).openapi("AppVersionList"), "A page of them.") },
}, {
  access: "read",
  fails: [400, 404],
  conditional: true,
  example: { query: { constraint: "^1", reverse: "true" } },
});

const readVersion = operation({
  method: "get",
  path: "/apps/{app}/versions/{version}",
  operationId: "readVersion",
  summary: "Describe a version, or find the one to take",
  tags,
  request: {
    params: z.object({ app, version }),
    query: z.object({
      constraint,
      prerelease: flag("With `latest`: take pre-releases too, where there is no `constraint`."),
    }),
  },
  responses: { 200: json(AppVersion, "The version.") },
}, { access: "read", fails: [400, 404], conditional: true });

const never = (() => undefined) as never;

export const versions = new OpenAPIHono()
  .openapi(listVersions, never)
  .openapi(readVersion, never);
