/** The contract of what syncs leave behind. */

import { OpenAPIHono, z } from "@hono/zod-openapi";
import { header, json, operation } from "./operation.ts";
import { event, paging, repo, text } from "./parameters.ts";
import { SAMPLE } from "./sample.ts";
import { listOf, PendingEvent, SyncEvent } from "./schemas.ts";

const tags = ["Syncs"];

const listEvents = operation({
  method: "get",
  path: "/repos/{repo}/events",
  operationId: "listEvents",
  summary: "List the last 100 events of a repository",
  description: "Newest first, with what each sync changed.",
  tags,
  request: {
    params: z.object({ repo }),
    query: z.object({
      conditions: text("As in KubeSphere they have to be well-formed, and say nothing."),
      ...paging,
    }),
  },
  responses: { 200: json(listOf(SyncEvent).openapi("SyncEventList"), "A page of them.") },
}, { access: "read", fails: [400, 404], example: { query: { limit: "1" } } });

const streamEvents = operation({
  method: "get",
  path: "/repos/{repo}/events/stream",
  operationId: "streamEvents",
  summary: "Follow the syncs of a repository",
  description: "Server-sent events: `progress` (a `Standing`), and `result` and `republished` (a " +
    "`SyncEvent`).",
  tags,
  request: {
    params: z.object({ repo }),
    query: z.object({ sync: text("The id of an event: end with that sync.") }),
    headers: z.object({
      "Last-Event-ID": z.string().optional()
        .describe("Of the last message that the client has: tell what it missed."),
    }),
  },
  responses: {
    200: {
      description: "Messages, until the client leaves or `sync` has ended.",
      content: { "text/event-stream": { schema: z.string() } },
      headers: { "X-Accel-Buffering": header("`no`: a proxy shall not collect them.") },
    },
    204: { description: "The client was told of `sync` already." },
  },
}, { access: "read", fails: [404], example: { query: { sync: SAMPLE.event } } });

const readEvent = operation({
  method: "get",
  path: "/repos/{repo}/events/{event}",
  operationId: "readEvent",
  summary: "Describe an event",
  tags,
  request: { params: z.object({ repo, event }) },
  responses: {
    200: json(z.union([SyncEvent, PendingEvent]), "How the sync ended, or how it stands."),
  },
}, { access: "read", fails: [404] });

const never = (() => undefined) as never;

export const events = new OpenAPIHono()
  .openapi(listEvents, never)
  .openapi(streamEvents, never)
  .openapi(readEvent, never);
