/** The contract of who is let in, and who is asking. */

import { OpenAPIHono, z } from "@hono/zod-openapi";
import { ROLES } from "../../src/store/tokens.ts";
import { body, json, operation } from "./operation.ts";
import { paging } from "./parameters.ts";
import { SAMPLE } from "./sample.ts";
import { listOf, Message, time } from "./schemas.ts";

const tags = ["Access"];

const role = z.enum(ROLES).describe(
  "A viewer reads; an editor changes repositories too; an admin lets others in as well.",
);
const workspace = z.string().describe("Where the role counts; `*` is everywhere.");
const expiry = time().nullable().describe("`null`: never.");

const NewToken = z.object({
  name: z.string().min(1).max(100).describe("Stands in what is made and recorded with it."),
  workspace,
  role,
  expire_time: expiry.optional().describe("90 days from now, if absent. `null`: never."),
}).openapi("NewToken");
const MadeToken = z.object({
  token_id: z.string(),
  token: z.string().describe("Told this once."),
  expire_time: expiry,
}).openapi("MadeToken");
const Token = z.object({
  token_id: z.string(),
  name: z.string(),
  workspace,
  role,
  creator: z.string().optional(),
  create_time: time(),
  expire_time: expiry,
}).openapi("Token");
const Identity = z.object({
  name: z.string().describe("Empty for who has none."),
  kind: z.enum(["open", "anonymous", "bootstrap", "token", "oidc"]).describe(
    "How that is known: `open` where nothing is asked for, `anonymous` where reading is free, " +
      "`bootstrap` for the administrator's token of the configuration.",
  ),
  role,
  workspaces: z.union([z.literal("*"), z.array(z.string())]).describe(
    "Where the role counts. Global repositories can be read in any case.",
  ),
}).openapi("Identity");

const makeToken = operation({
  method: "post",
  path: "/tokens",
  operationId: "makeToken",
  summary: "Make a token",
  description: "For administrators, of one workspace or of all; a token can do no more than they.",
  tags,
  request: { body: body(NewToken) },
  responses: { 200: json(MadeToken, "The token, which is not to be had again.") },
}, {
  access: "admin",
  fails: [400, 413, 415],
  example: { body: { name: "ci", workspace: SAMPLE.workspace, role: "editor" } },
});

const listTokens = operation({
  method: "get",
  path: "/tokens",
  operationId: "listTokens",
  summary: "List tokens",
  description: "Those of workspaces that the caller administers, the newest first.",
  tags,
  request: { query: z.object(paging) },
  responses: { 200: json(listOf(Token), "A page of them.") },
}, { access: "admin" });

const revokeToken = operation({
  method: "delete",
  path: "/tokens/{token}",
  operationId: "revokeToken",
  summary: "Revoke a token",
  tags,
  request: {
    params: z.object({
      token: z.string().describe("Its `token_id`.").openapi({ param: { example: SAMPLE.token } }),
    }),
  },
  responses: { 200: json(Message, "It works no more; a second later, nowhere.") },
}, { access: "admin", fails: [404, 413] });

const readIdentity = operation({
  method: "get",
  path: "/whoami",
  operationId: "readIdentity",
  summary: "Who is asking",
  tags,
  responses: { 200: json(Identity, "The caller, as Chartroom sees it.") },
}, { access: "read" });

const never = (() => undefined) as never;

export const access = new OpenAPIHono()
  .openapi(makeToken, never)
  .openapi(listTokens, never)
  .openapi(revokeToken, never)
  .openapi(readIdentity, never);
