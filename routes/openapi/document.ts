/** The document that is published: the contract, with its examples, and said once what is the same. */

import { addElsewhere } from "./elsewhere.ts";
import { contract } from "./contract.ts";
import { curlOf } from "./curl.ts";
import { hoist } from "./hoist.ts";
import { IN_WORKSPACE, INFO, SECURITY_SCHEMES, SERVERS, TAGS } from "./head.ts";
import { SAMPLE } from "./sample.ts";
import { type Example, problemOf, REFERENCE } from "./operation.ts";

// deno-lint-ignore no-explicit-any -- a document, which is JSON, and a linter holds its shape
type Json = any;

/** Answers to the examples' requests, by the id of the operation, as they were recorded. */
export type Recorded = Record<string, { status: number; body?: unknown }>;

export interface Operation {
  operationId: string;
  parameters?: Json[];
  requestBody?: Json;
  responses: Record<string, Json>;
  /** Of all that is here. */
  "x-codeSamples"?: [{ lang: string; label: string; source: string }];
  [key: string]: Json;
}

export interface Document {
  paths: Record<string, Record<string, Operation>>;
  components: Record<string, Record<string, Json>>;
  [key: string]: Json;
}

/** Of each path below it. */
export const WORKSPACE = {
  name: "workspace",
  in: "path",
  required: true,
  description: "What is seen and changed is this workspace's; global repositories are seen too.",
  schema: { type: "string", pattern: "^[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$" },
  example: SAMPLE.workspace,
};

/** The same where it is not looked at. */
export const ANY_WORKSPACE = {
  ...WORKSPACE,
  description: "Says nothing here.",
  schema: { type: "string" },
};

/** Makes the document. */
export function makeDocument(version: string, recorded: Recorded): Document {
  const written = contract.getOpenAPI31Document({
    openapi: "3.1.0",
    info: { ...INFO, version },
    servers: [...SERVERS],
    security: [{ bearer: [] }, { session: [] }],
    tags: [...TAGS],
  });
  // A copy: parts of it are the contract's own.
  const { webhooks: _none, ...document }: Json = JSON.parse(JSON.stringify(written));
  document.components = {
    securitySchemes: SECURITY_SCHEMES,
    schemas: document.components.schemas,
  };
  for (const [path, operations] of Object.entries<Record<string, Json>>(document.paths)) {
    const servers = serversOf(path);
    for (const [method, operation] of Object.entries(operations)) {
      const { "x-example": example, "x-any-workspace": anyWorkspace, ...rest } = operation;
      if (path.startsWith(IN_WORKSPACE)) putInWorkspace(rest, anyWorkspace);
      operations[method] = finish(rest, { method, path, base: (servers ?? SERVERS)[0]!.url }, {
        example,
        answer: recorded[rest.operationId],
      });
    }
    if (servers !== undefined) document.paths[path] = { servers, ...operations };
  }
  addElsewhere(document);
  hoist(document);
  return document;
}

/** Where a path is, if it is not below each base. */
function serversOf(path: string) {
  const isOwn = /^\/((webhooks|tokens|whoami|audit|session)\b|workspaces$)/.test(path);
  if (isOwn) return SERVERS.slice(0, 1);
  if (!/^\/(healthz|readyz|openapi\.json|docs)/.test(path)) return undefined;
  return [{ url: "/", description: "Without a base." }];
}

function putInWorkspace(operation: Json, any: boolean): void {
  operation.operationId = operation.operationId.replace(/^[a-z]+/, "$&Workspace");
  operation.parameters = [
    { ...(any ? ANY_WORKSPACE : WORKSPACE) },
    ...(operation.parameters ?? []),
  ];
  if (!any) operation.responses[400] ??= problemOf(400, REFERENCE);
}

function finish(
  operation: Json,
  place: { method: string; path: string; base: string },
  { example, answer }: { example: Example; answer: Recorded[string] | undefined },
): Operation {
  for (const { schema } of operation.parameters ?? []) delete schema.description;
  if (example.body !== undefined) {
    for (const content of Object.values<Json>(operation.requestBody.content)) {
      content.example = example.body;
    }
  }
  if (answer?.body !== undefined) {
    for (const content of Object.values<Json>(operation.responses[answer.status].content)) {
      content.example = answer.body;
    }
  }
  const source = curlOf(operation, place, example);
  return { ...operation, "x-codeSamples": [{ lang: "Shell", label: "curl", source }] };
}
