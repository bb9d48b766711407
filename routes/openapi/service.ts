/** The contract of what is there for who runs the service, and for who reads about it. */

import { OpenAPIHono, z } from "@hono/zod-openapi";
import { header, json, operation } from "./operation.ts";
import { CacheCounts } from "./schemas.ts";

const tags = ["Service"];

const readCache = operation({
  method: "get",
  path: "/cache",
  operationId: "readCache",
  summary: "What reads find in memory",
  description: "For the administrator, who sets how much there may be.",
  tags,
  responses: {
    200: json(
      z.object({
        catalogs: CacheCounts,
        answers: CacheCounts,
        archives: CacheCounts,
        icons: CacheCounts,
      }).openapi("Cache"),
      "Counts.",
    ),
  },
}, { access: "admin", anyWorkspace: true });

const checkHealth = operation({
  method: "get",
  path: "/healthz",
  operationId: "checkHealth",
  summary: "The process answers",
  tags,
  responses: { 200: json(z.object({ status: z.literal("ok") }).openapi("Health"), "It does.") },
}, { access: "open" });

const checkReadiness = operation({
  method: "get",
  path: "/readyz",
  operationId: "checkReadiness",
  summary: "The database answers too",
  tags,
  responses: {
    200: json(z.object({ status: z.literal("ready") }).openapi("Readiness"), "It does."),
  },
}, { access: "open", fails: [500, 503] });

const kept = (type: string, description: string) => ({
  200: {
    description,
    content: {
      [type]: { schema: type === "application/json" ? z.object({}).loose() : z.string() },
    },
    headers: { ETag: header("Names its bytes."), "Cache-Control": header("It may be kept.") },
  },
  304: {
    description: "The client has it.",
    headers: { ETag: header("Names its bytes."), "Cache-Control": header("It may be kept.") },
  },
});

const readDocument = operation({
  method: "get",
  path: "/openapi.json",
  operationId: "readDocument",
  summary: "This document",
  tags,
  responses: kept("application/json", "OpenAPI 3.1."),
}, { access: "open" });

const readReference = operation({
  method: "get",
  path: "/docs",
  operationId: "readReference",
  summary: "This document, for people",
  tags,
  responses: kept("text/html", "A page without scripts, and without anything from elsewhere."),
}, { access: "open" });

const readStyle = operation({
  method: "get",
  path: "/docs/style.css",
  operationId: "readStyle",
  summary: "How that page looks",
  tags,
  responses: kept("text/css", "A style sheet."),
}, { access: "open" });

const never = (() => undefined) as never;

export const cache = new OpenAPIHono().openapi(readCache, never);

export const service = new OpenAPIHono()
  .openapi(checkHealth, never)
  .openapi(checkReadiness, never)
  .openapi(readDocument, never)
  .openapi(readReference, never)
  .openapi(readStyle, never);
