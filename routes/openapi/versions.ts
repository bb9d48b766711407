/** The contract of the versions of an app. */

import { OpenAPIHono, z } from "@hono/zod-openapi";
import { VERSION_ORDERS } from "../../src/catalog/versions.ts";
import { CONDITIONS } from "../support/conditions.ts";
import { header, json, operation } from "./operation.ts";
import {
  app,
  conditions,
  constraint,
  flag,
  orderBy,
  paging,
  reverse,
  text,
  version,
} from "./parameters.ts";
import { AppVersion, AppVersionDetail, Contents, Files, listOf, Package } from "./schemas.ts";

const tags = ["Versions"];

/** What narrows `latest` down. */
const latest = {
  constraint,
  prerelease: flag("With `latest`: take pre-releases too, where there is no `constraint`."),
};

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
    query: z.object(latest),
  },
  responses: { 200: json(AppVersionDetail, "The version.") },
}, { access: "read", fails: [400, 404], conditional: true });

const readPackage = operation({
  method: "get",
  path: "/apps/{app}/versions/{version}/package",
  operationId: "readPackage",
  summary: "Get the archive of a version",
  description: "As it came from upstream, its digest checked. At most 20 MiB.",
  tags,
  request: { params: z.object({ app, version }), query: z.object(latest) },
  responses: { 200: json(Package, "The archive.") },
}, { access: "read", fails: [400, 404, 502], conditional: true });

const readContents = operation({
  method: "get",
  path: "/apps/{app}/versions/{version}/contents",
  operationId: "readContents",
  summary: "List the files of the archive of a version",
  description: "Without what is in them; digests tell which of them two versions share.",
  tags,
  request: { params: z.object({ app, version }), query: z.object(latest) },
  responses: { 200: json(Contents, "The names, sizes and digests.") },
}, { access: "read", fails: [400, 404, 502], conditional: true });

const readFiles = operation({
  method: "get",
  path: "/apps/{app}/versions/{version}/files",
  operationId: "readFiles",
  summary: "Get files of the archive of a version",
  tags,
  request: {
    params: z.object({ app, version }),
    query: z.object({
      files: text("A comma list of names, without the chart's folder; absent: all.", "README.md"),
      ...latest,
    }),
  },
  responses: { 200: json(Files, "The files.") },
}, {
  access: "read",
  fails: [400, 404, 502],
  conditional: true,
  example: { query: { files: "README.md,values.yaml" } },
});

const readReadme = operation({
  method: "get",
  path: "/apps/{app}/versions/{version}/readme",
  operationId: "readReadme",
  summary: "Get the README of a version as HTML",
  description: "`README.md` or `README` in the chart's folder, in any case. Of its Markdown and " +
    "HTML stays what can be put into a page: no scripts, styles, forms and pictures, which are " +
    "links; ids begin with `readme-`. Over 512 KiB it is cut off, and that, or what would take " +
    "long, stands as it is written.",
  tags,
  request: { params: z.object({ app, version }), query: z.object(latest) },
  responses: {
    200: {
      description: "A fragment of HTML.",
      content: { "text/html": { schema: z.string() } },
      headers: {
        "Content-Security-Policy": header("Of the fragment as a document of its own."),
      },
    },
  },
}, { access: "read", fails: [400, 404, 502], conditional: true });

const never = (() => undefined) as never;

export const versions = new OpenAPIHono()
  .openapi(listVersions, never)
  .openapi(readVersion, never)
  .openapi(readPackage, never)
  .openapi(readContents, never)
  .openapi(readFiles, never)
  .openapi(readReadme, never);
