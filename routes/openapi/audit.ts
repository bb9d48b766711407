/** The contract of the audit log. */

import { OpenAPIHono, z } from "@hono/zod-openapi";
import { OUTCOMES } from "../audit.ts";
import { ACTIONS } from "../support/audit.ts";
import { CONDITIONS } from "../support/conditions.ts";
import { header, json, operation } from "./operation.ts";
import { conditions, integer, text } from "./parameters.ts";
import { PROBLEM_CODES } from "./problem.ts";
import { SAMPLE } from "./sample.ts";
import { time } from "./schemas.ts";

const WORDS = [...Object.values(ACTIONS), "repository.check", "audit.read", "none"];

const AuditEntry = z.object({
  audit_id: z.string(),
  time: time().describe("When it came. Of one process no two have the same time."),
  who: z.object({
    kind: z.enum(["open", "anonymous", "bootstrap", "token", "oidc", "webhook"]).describe(
      "As in `/whoami`; `anonymous` is also who was not let in; `webhook` has proven that it is " +
        "that of the repository in `name`.",
    ),
    name: z.string().describe("Empty for who has none."),
    subject: z.string().optional()
      .describe("Of a JWT: tells people of one name apart; a hash of what the issuer calls them."),
    token_id: z.string().optional(),
  }),
  action: z.string().describe(
    `A stable word: ${WORDS.map((word) => `\`${word}\``).join(", ")}. \`none\`: the path has no ` +
      "such method.",
  ),
  route: z.string().describe("Method and path, with the names of its parameters."),
  workspace: z.string().describe("That of the resource; empty: global, or nobody knows."),
  resource: z.object({ id: z.string(), name: z.string() }).optional()
    .describe("The repository or token; absent if it was not there."),
  fields: z.array(z.string()).describe("Fields that were sent, by name. Values are not recorded."),
  from: z.object({
    address: z.string().describe("Empty: unknown."),
    user_agent: z.string(),
  }),
  outcome: z.enum(OUTCOMES).describe(
    "`pending`: it is under way, or Chartroom was ended before it could say how it went.",
  ),
  status: z.int().optional().describe("That was answered."),
  code: z.enum(PROBLEM_CODES as [string]).optional().describe("Of the problem."),
  duration_ms: z.int().min(0).optional(),
  omitted: z.int().min(1).optional().describe(
    "So many entries before this one were left out by the same process: of callers that nobody " +
      "knows at most 60 a minute are kept, 20 of one address; of deliveries to one webhook 6.",
  ),
}).openapi("AuditEntry");

const Page = z.object({
  items: z.array(AuditEntry),
  next_cursor: z.string().optional().describe(
    "There may be more behind it, even where `items` is empty: one answer looks at 5,000 entries.",
  ),
}).openapi("AuditPage");

const readAudit = operation({
  method: "get",
  path: "/audit",
  operationId: "readAudit",
  summary: "Read the audit log",
  description: "Whatever changed something, or was refused that, in the last 90 days, newest " +
    "first. For administrators, of one workspace or of all: each sees what concerns theirs. As " +
    "JSON lines, with `format=jsonl` or `Accept: application/jsonl`, it is all of it at once; " +
    "that is recorded too.",
  tags: ["Access"],
  request: {
    query: z.object({
      conditions: conditions(
        CONDITIONS.audit,
        "`name` is that of the caller; several values of one key stand with `|` between them.",
        "outcome=refused|failed",
      ),
      since: text("Not before this day, or time in RFC 3339.", "2025-12-01"),
      until: text("Not after it.", "2026-01-31T12:00:00Z"),
      limit: integer("How many entries of a page.", { default: 100, minimum: 1, maximum: 1000 }),
      cursor: text("`next_cursor` of an answer to the same query."),
      format: z.enum(["json", "jsonl"]).optional().openapi({ default: "json" as never }),
    }),
  },
  responses: {
    200: {
      ...json(Page, "A page of it; or all of it, an entry in each line."),
      content: {
        "application/json": { schema: Page },
        "application/jsonl": { schema: z.string() },
        "application/x-ndjson": { schema: z.string() },
      },
      headers: {
        "Content-Disposition": header("A name for the file, of lines.", false),
      },
    },
  },
}, {
  access: "admin",
  fails: [400],
  example: { query: { conditions: `repo_id=${SAMPLE.repo}`, limit: "2" } },
});

const never = (() => undefined) as never;

export const audit = new OpenAPIHono().openapi(readAudit, never);
