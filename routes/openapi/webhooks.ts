/** The contract of webhooks: how a repository gets one, and what is sent to it. */

import { OpenAPIHono, z } from "@hono/zod-openapi";
import { body, header, json, operation } from "./operation.ts";
import { repo } from "./parameters.ts";
import { SAMPLE } from "./sample.ts";
import { Message, time } from "./schemas.ts";

const tags = ["Webhooks"];
const params = z.object({ repo });

const patterns = (what: string) =>
  z.array(z.string().min(1).max(128)).max(20).describe(`${what}; \`*\` is any text. Empty: all.`);
const filter = {
  branches: patterns("Branches, pushes to which count"),
  paths: patterns("Paths, of which a push must change one to count"),
};
const PushFilter = z.object({
  branches: filter.branches.nullish(),
  paths: filter.paths.nullish(),
}).openapi("PushFilter", {
  description:
    "Which pushes count; what is absent or null stays. A push that does not say all is " +
    "never left out.",
});
const Webhook = z.object({ url: z.string(), create_time: time(), ...filter }).openapi("Webhook");
const NewWebhook = z.object({
  url: z.string().describe("Where deliveries go."),
  secret: z.string().describe("Told this once."),
}).openapi("NewWebhook");

const makeWebhook = operation({
  method: "post",
  path: "/repos/{repo}/webhook",
  operationId: "makeWebhook",
  summary: "Make a webhook, or its secret anew",
  tags,
  request: { params, body: body(PushFilter.optional(), false) },
  responses: { 200: json(NewWebhook, "Where deliveries go, and what proves them.") },
}, {
  access: "write",
  fails: [400, 404, 413, 415],
  example: { body: { branches: ["main"], paths: ["charts/*"] } },
});

const readWebhook = operation({
  method: "get",
  path: "/repos/{repo}/webhook",
  operationId: "readWebhook",
  summary: "Describe a webhook",
  tags,
  request: { params },
  responses: { 200: json(Webhook, "The webhook, without its secret.") },
}, { access: "write", fails: [404] });

const changeWebhook = operation({
  method: "patch",
  path: "/repos/{repo}/webhook",
  operationId: "changeWebhook",
  summary: "Change which pushes count",
  tags,
  request: { params, body: body(PushFilter) },
  responses: { 200: json(Message, "It is changed.") },
}, {
  access: "write",
  fails: [400, 404, 413, 415],
  example: { body: { branches: ["main", "release-*"] } },
});

const removeWebhook = operation({
  method: "delete",
  path: "/repos/{repo}/webhook",
  operationId: "removeWebhook",
  summary: "Delete a webhook",
  tags,
  request: { params },
  responses: { 200: json(Message, "From now on nobody can announce anything.") },
}, { access: "write", fails: [404, 413] });

const PROOFS = [
  "hubSignature",
  "giteaSignature",
  "forgejoSignature",
  "gitlabToken",
  "webhookSecret",
  "webhookHeader",
].map((scheme) => ({ [scheme]: [] }));

const Delivery = z.unknown().openapi("Delivery", {
  description: "As GitHub, Gitea, Forgejo, GitLab or Harbor write it, or anything else.",
});

const id = (of: string) => z.string().optional().describe(`The id of a delivery, of ${of}.`);

const deliver = operation({
  method: "post",
  path: "/webhooks/{repo}",
  operationId: "deliver",
  summary: "Announce something new",
  description:
    "For those who send webhooks; one of the proofs is enough. A delivery that is sent " +
    "again within a day, by its id, is not repeated.",
  tags,
  security: PROOFS,
  request: {
    params,
    headers: z.object({
      "X-GitHub-Delivery": id("GitHub"),
      "X-Gitea-Delivery": id("Gitea"),
      "X-Forgejo-Delivery": id("Forgejo"),
      "Idempotency-Key": id("GitLab and others"),
      "webhook-id": id("Standard Webhooks"),
      "ce-id": id("CloudEvents, with `ce-source`"),
      "ce-source": z.string().optional().describe("Where a CloudEvent comes from."),
    }),
    body: {
      required: false,
      content: {
        "application/json": { schema: Delivery },
        "*/*": { schema: Delivery },
      },
    },
  },
  responses: {
    200: json(
      z.object({ message: z.string(), repo_event_id: z.string().optional() }).openapi("Noted"),
      "No sync comes of it: it came before, does not count, or was a ping.",
    ),
    202: {
      ...json(
        z.object({ message: z.string(), repo_event_id: z.string() }).openapi("Announced"),
        "A sync comes of it.",
      ),
      headers: { Location: header("Of the event that it will leave behind.") },
    },
  },
}, {
  access: "own",
  fails: [408, 413],
  example: { headers: { authorization: `Bearer ${SAMPLE.secret}` } },
});

const never = (() => undefined) as never;

export const webhook = new OpenAPIHono()
  .openapi(makeWebhook, never)
  .openapi(readWebhook, never)
  .openapi(changeWebhook, never)
  .openapi(removeWebhook, never);

export const deliveries = new OpenAPIHono().openapi(deliver, never);
