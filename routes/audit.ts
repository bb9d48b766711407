/** `/audit`: who did what, for administrators. */

import { type Context, Hono } from "hono";
import type { Audit, AuditRow } from "../src/access/audit.ts";
import { allowed } from "../src/access/policy.ts";
import { invalid, Refused } from "../src/refused.ts";
import type { Services } from "../src/services.ts";
import type { AuditRange } from "../src/store/audit.ts";
import { AtOnce } from "./support/at_once.ts";
import { entryOf } from "./support/audit.ts";
import { authorizeSomewhere, type Env } from "./support/authenticate.ts";
import { alternatives, CONDITIONS, readConditions, readMoment } from "./support/conditions.ts";
import { callerOf } from "./support/limits.ts";
import { readCursor, writeCursor } from "./support/cursor.ts";
import { streamOf } from "./support/stream.ts";

/** Exports that are read at once: each may go through the whole log. */
const EXPORTS = { all: 4, each: 1 };
const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1_000;
/** Entries of an export that are in memory at once. */
const EXPORT_BATCH = 500;

export const OUTCOMES = ["success", "refused", "failed", "pending"] as const;

export function audit(services: Services) {
  const exports = new AtOnce("exports under way", EXPORTS);

  return new Hono<Env>().get("/", async (c) => {
    authorizeSomewhere(c, "read", "audit");
    const type = linesType(c);
    const { range, query, isWanted } = readQuery(c);
    if (type !== undefined) return await exported(c, services, { range, isWanted, type }, exports);
    const cursor = readCursor<[number, string]>(c.req.query("cursor"), query, ["number", "string"]);
    const after = cursor && { time: cursor[0], id: cursor[1] };
    const limit = readLimit(c.req.query("limit"));
    const { items, next } = await services.audit.page({ ...range, after }, isWanted, limit);
    return c.json({
      items: items.map(auditView),
      ...(next && { next_cursor: writeCursor(query, [next.time, next.id]) }),
    });
  });
}

/** What is asked for, of what the caller may see. */
function readQuery(c: Context<Env>) {
  const { exact } = readConditions(c.req.query("conditions"), CONDITIONS.audit);
  const since = readMoment("since", c.req.query("since"));
  const until = readMoment("until", c.req.query("until"));
  const outcomes: readonly string[] = OUTCOMES;
  if (![...alternatives(exact.get("outcome"))].every((outcome) => outcomes.includes(outcome))) {
    const expected = `conditions: outcome: expected ${OUTCOMES.join(", ")}`;
    throw new Refused("invalid_conditions", expected, "outcome");
  }
  const wanted = Object.entries(VALUES)
    .map(([key, valueOf]) => ({ values: alternatives(exact.get(key)), valueOf }))
    .filter(({ values }) => values.size > 0);
  const identity = c.get("identity");
  return {
    range: {
      since: since && Math.ceil(since),
      until: until && Math.floor(until),
    },
    query: [...[...exact].sort(), since ?? "", until ?? ""],
    isWanted: (row: AuditRow) =>
      allowed(identity, "read", { kind: "audit", workspace: row.workspace }) &&
      wanted.every(({ values, valueOf }) => values.has(valueOf(row))),
  };
}

/** What each condition looks at. */
const VALUES: Readonly<Record<string, (row: AuditRow) => string>> = {
  action: ({ action }) => action,
  name: ({ who }) => who.name,
  workspace: ({ workspace }) => workspace,
  repo_id: ({ resource }) => resource?.id ?? "",
  outcome: outcomeOf,
};

function readLimit(text: string | undefined): number {
  if (!text) return DEFAULT_LIMIT;
  const limit = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (limit < 1 || limit > MAX_LIMIT) throw invalid("limit", `1 to ${MAX_LIMIT}`);
  return limit;
}

/** The type of the lines that are asked for; `undefined` for a page. */
function linesType(c: Context): string | undefined {
  const format = c.req.query("format");
  if (format === "jsonl") return "application/jsonl";
  if (format !== undefined && format !== "json") throw invalid("format", "json or jsonl");
  const accept = c.req.header("accept") ?? "";
  return /\bapplication\/(jsonl|x-ndjson)\b/i.exec(accept)?.[0].toLowerCase();
}

/** All of it, as lines that are read from the database as the client takes them. */
async function exported(
  c: Context<Env>,
  services: Services,
  { range, isWanted, type }: {
    range: AuditRange;
    isWanted: (row: AuditRow) => boolean;
    type: string;
  },
  exports: AtOnce,
) {
  const day = new Date(services.clock()).toISOString().slice(0, 10);
  c.header("Content-Type", type);
  c.header("Content-Disposition", `attachment; filename="audit-${day}.jsonl"`);
  if (c.req.raw.method === "HEAD") return c.body(null);
  const leave = exports.enter(callerOf(c));
  const entry = await entryOf(c, services);
  const ended = { status: 200, durationMs: 0 };
  await services.audit.record({ ...entry, action: "audit.read", ended });
  const lines = linesOf(services.audit, range, isWanted, c.req.raw.signal);
  return c.body(streamOf(lines, leave));
}

async function* linesOf(
  audit: Audit,
  range: AuditRange,
  isWanted: (row: AuditRow) => boolean,
  signal: AbortSignal,
) {
  let { after } = range;
  do {
    const { items, next } = await audit.page({ ...range, after }, isWanted, EXPORT_BATCH);
    if (items.length > 0) yield items.map((row) => `${JSON.stringify(auditView(row))}\n`).join("");
    after = next;
    // Where few are wanted, it is long until the next piece, and nobody may be waiting for it.
  } while (after !== undefined && !signal.aborted);
}

function outcomeOf({ ended }: AuditRow): typeof OUTCOMES[number] {
  if (ended === undefined) return "pending";
  if (ended.status < 400) return "success";
  return ended.status < 500 ? "refused" : "failed";
}

function auditView(row: AuditRow) {
  const { id, time, who, ended, address, userAgent, omitted } = row;
  return {
    audit_id: id,
    time: new Date(time).toISOString(),
    who: {
      kind: who.kind,
      name: who.name,
      ...(who.subject !== undefined && { subject: who.subject }),
      ...(who.tokenId !== undefined && { token_id: who.tokenId }),
    },
    action: row.action,
    route: row.route,
    workspace: row.workspace,
    ...(row.resource && { resource: row.resource }),
    fields: row.fields,
    from: { address, user_agent: userAgent },
    outcome: outcomeOf(row),
    ...(ended && {
      status: ended.status,
      ...(ended.code !== undefined && { code: ended.code }),
      duration_ms: ended.durationMs,
    }),
    ...(omitted !== undefined && { omitted }),
  };
}
