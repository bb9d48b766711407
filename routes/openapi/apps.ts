/** The contract of apps, and of what is new. */

import { OpenAPIHono, z } from "@hono/zod-openapi";
import { FACETS } from "../../src/catalog/filter.ts";
import { PICTURE_TYPES } from "../../src/catalog/picture_type.ts";
import { APP_ORDERS } from "../../src/catalog/query.ts";
import { CONDITIONS } from "../support/conditions.ts";
import { header, json, operation } from "./operation.ts";
import {
  app,
  boundedPaging,
  conditions,
  cursor,
  flag,
  orderBy,
  paging,
  reverse,
  text,
} from "./parameters.ts";
import { SAMPLE } from "./sample.ts";
import { App, AppGroup, Facets, listOf, News } from "./schemas.ts";

const tags = ["Apps"];

const filters = {
  conditions: conditions(
    CONDITIONS.apps,
    "Several values stand with `|` between them, up to 100, or 20 that are parts of texts. `keyword=` is part of the name; " +
      "`has_update_since=` takes a day, or a time in RFC 3339.",
    `repo_id=${SAMPLE.repo}`,
  ),
  q: z.string().max(200).optional().openapi({ param: { example: "anchr" } })
    .describe(
      "Words, all of which must match in names, keywords, descriptions or maintainers; the " +
        "beginning of one will do, and a slip is forgiven.",
    ),
};

const listed = {
  orderBy: orderBy(APP_ORDERS, "; with `q`, `relevance` is the default"),
  reverse,
  group: z.enum(["name"]).optional()
    .describe("Put the same chart of several repositories together."),
  facets: text(`A comma list of ${FACETS.join(", ")}: count the apps for each value.`, "repo"),
};

const INEFFECTIVE = "As for a list of apps, but without effect: what is new has its own order.";
/** The same where it is read, and then has no effect. */
const ineffective = {
  orderBy: z.enum(APP_ORDERS).optional().describe(INEFFECTIVE),
  reverse: flag(INEFFECTIVE),
  group: z.enum(["name"]).optional().describe(INEFFECTIVE),
  facets: text(INEFFECTIVE),
};

const next_cursor = z.string().optional().describe("Where there is more: for `cursor`.");

const AppList = z.object({
  ...listOf(App).shape,
  next_cursor,
  facets: Facets.optional(),
  sync: z.enum(["syncing", "successful", "failed"]).optional()
    .describe("Of the one repository that is asked for, where nothing is found in it."),
}).openapi("AppList");
const AppGroupList = z.object({ ...AppList.shape, ...listOf(AppGroup).shape })
  .openapi("AppGroupList");

const listApps = operation({
  method: "get",
  path: "/apps",
  operationId: "listApps",
  summary: "List and search apps",
  description: "Of all repositories that the caller sees on this path.",
  tags,
  request: {
    query: z.object({
      ...filters,
      ...listed,
      ...paging,
      cursor,
    }),
  },
  responses: {
    200: json(z.union([AppList, AppGroupList]), "A page of apps; with `group`, of groups."),
  },
}, {
  access: "read",
  fails: [400, 404],
  conditional: true,
  example: { query: { conditions: `repo_id=${SAMPLE.repo}`, facets: "category", limit: "1" } },
});

const readApp = operation({
  method: "get",
  path: "/apps/{app}",
  operationId: "readApp",
  summary: "Describe an app",
  tags,
  request: { params: z.object({ app }) },
  responses: { 200: json(App, "The app.") },
}, { access: "read", fails: [404], conditional: true });

const readIcon = operation({
  method: "get",
  path: "/apps/{app}/icon",
  operationId: "readIcon",
  summary: "Get the icon of an app",
  description: "The picture that the chart's newest version names, fetched from there or decoded " +
    "from its `data:` URL, and known for one by what is in it. At most 1 MiB. It is kept for a " +
    "day, and a failure for 5 minutes.",
  tags,
  request: { params: z.object({ app }) },
  responses: {
    200: {
      description: "The picture. Scripts in an SVG are not run, nor does it load anything.",
      content: Object.fromEntries(
        Object.values(PICTURE_TYPES).map((type) => [type, { schema: z.string() }]),
      ),
      headers: {
        "Content-Disposition": header('`inline; filename="icon.<ext>"`.'),
        "Content-Security-Policy": header("Of the picture as a document of its own."),
      },
    },
  },
}, { access: "read", fails: [404, 502], conditional: true });

const listChanges = operation({
  method: "get",
  path: "/apps/changes",
  operationId: "listChanges",
  summary: "List the versions made last",
  description: "Over the 500 apps that were updated last.",
  tags,
  request: { query: z.object({ ...filters, ...ineffective, ...boundedPaging, cursor }) },
  responses: {
    200: json(z.object({ ...listOf(News).shape, next_cursor }).openapi("NewsList"), "A page."),
  },
}, {
  access: "read",
  fails: [400, 404],
  conditional: true,
  example: { query: { limit: "1" } },
});

const feedChanges = operation({
  method: "get",
  path: "/apps/changes.atom",
  operationId: "feedChanges",
  summary: "The 50 versions made last, as an Atom feed",
  tags,
  request: { query: z.object({ ...filters, ...ineffective }) },
  responses: {
    200: {
      description: "A feed, as RFC 4287 has it.",
      content: { "application/atom+xml": { schema: z.string() } },
    },
  },
}, { access: "read", fails: [400, 404], conditional: true });

const never = (() => undefined) as never;

export const apps = new OpenAPIHono()
  .openapi(listApps, never)
  .openapi(listChanges, never)
  .openapi(feedChanges, never)
  .openapi(readApp, never)
  .openapi(readIcon, never);
