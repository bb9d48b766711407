/** The contract of who is let in, and who is asking. */

import { OpenAPIHono, z } from "@hono/zod-openapi";
import { ROLES } from "../../src/store/tokens.ts";
import { body, header, json, operation } from "./operation.ts";
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
const who = {
  name: z.string().describe("Empty for who has none."),
  kind: z.enum(["open", "anonymous", "bootstrap", "token", "oidc"]).describe(
    "How that is known: `open` where nothing is asked for, `anonymous` where reading is free, " +
      "`bootstrap` for the administrator's token of the configuration, `token` for one that " +
      "Chartroom made, `oidc` for a JWT.",
  ),
  role,
  workspaces: z.union([z.literal("*"), z.array(z.string())]).describe(
    "Where the role counts. Global repositories can be read in any case.",
  ),
};
const Identity = z.object(who).openapi("Identity");

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

const Workspace = z.object({
  workspace: z.string().describe("Empty: where repositories are global."),
  repositories: z.int().min(0).describe("How many there are."),
  may_write: z.boolean().describe("Whether the caller may register and change repositories there."),
}).openapi("Workspace");

const listWorkspaces = operation({
  method: "get",
  path: "/workspaces",
  operationId: "listWorkspaces",
  summary: "List workspaces",
  description:
    "Those in which the caller sees repositories or has a role, by name. The first one " +
    "is where repositories are global.",
  tags,
  request: { query: z.object(paging) },
  responses: { 200: json(listOf(Workspace).openapi("WorkspaceList"), "A page of them.") },
}, { access: "read" });

const Session = z.object({ ...who, expire_time: time() }).openapi("Session");
const withCookie = (answer: object, description: string) => ({
  ...answer,
  headers: { "Set-Cookie": header(description) },
});
const cookie = { cookie: `__Host-chartroom=${SAMPLE.session}` };

const beginSession = operation({
  method: "post",
  path: "/session",
  operationId: "beginSession",
  security: [],
  summary: "Log in",
  description: "For browsers: the cookie stands for the token from now on, for 12 hours at most, " +
    "and never for longer than the token works. No script can read it, and a page of another site " +
    "cannot use it. A token has 50 sessions at most; the next one ends the oldest.",
  tags,
  request: {
    body: body(
      z.object({ token: z.string().min(1).describe("Any bearer token that works.") }).openapi(
        "Login",
      ),
    ),
  },
  responses: {
    200: withCookie(json(Session, "Who that is, and until when."), "`__Host-chartroom=crs_...`"),
  },
}, {
  access: "own",
  fails: [400, 403, 413, 415],
  example: { body: { token: SAMPLE.bearer } },
});

const readSession = operation({
  method: "get",
  path: "/session",
  operationId: "readSession",
  summary: "Who is logged in",
  tags,
  security: [{ session: [] }],
  responses: { 200: json(Session, "Who that is, and until when.") },
}, { access: "own", fails: [413], example: { headers: cookie } });

const endSession = operation({
  method: "delete",
  path: "/session",
  operationId: "endSession",
  summary: "Log out",
  tags,
  security: [{ session: [] }],
  responses: {
    200: withCookie(
      json(Message, "There is no such session any more; a second later, nowhere."),
      "Has the browser forget it.",
    ),
  },
}, {
  access: "own",
  fails: [403, 413],
  example: { headers: { ...cookie, "sec-fetch-site": "same-origin" } },
});

const never = (() => undefined) as never;

export const access = new OpenAPIHono()
  .openapi(makeToken, never)
  .openapi(listTokens, never)
  .openapi(revokeToken, never)
  .openapi(readIdentity, never)
  .openapi(listWorkspaces, never)
  .openapi(beginSession, never)
  .openapi(readSession, never)
  .openapi(endSession, never);
