/** What an intended difference is, and what the tables of them ask of an exchange. */

import type { Body } from "../../support/chartroom.ts";
import type { Discrepancy } from "../compare.ts";
import type { Exchange } from "../replay.ts";
import { isAsked, same } from "./asked.ts";
import { partsOf } from "./request.ts";

/** A difference that is meant, and what it excuses. */
export interface Difference {
  name: string;
  kubesphere: string;
  chartroom: string;
  why: string;
  /** Whether a discrepancy is this one. It is narrow: what it does not know is a mistake. */
  covers(found: Discrepancy, exchange: Exchange): boolean;
}

/**
 * Whether both answered with these statuses, and ours is an error with this code, or what a request
 * that succeeds is answered.
 */
export function answered(
  exchange: Exchange,
  their: number | readonly number[],
  our: number,
  code?: string,
): boolean {
  const { theirs, ours } = exchange;
  return [their].flat().includes(theirs.status) && ours.status === our &&
    (our < 400 ? isDone(exchange) : isProblem(ours) && ours.body.code === code);
}

/** Whether our answer says that what was asked for was done, or is what was asked for. */
function isDone(exchange: Exchange): boolean {
  const { recording: { request: { method } }, ours: { type, body }, here, made } = exchange;
  const { path, query } = partsOf(exchange);
  if (method === "HEAD") return body === "" && type === here.plain?.type;
  if (type !== "application/json") return false;
  if (method === "PATCH") return body.message === "success";
  if (method === "POST" && query.get("validate") === "true") return body.ok === true;
  if (method === "POST") return made !== undefined && made.repo_id === body.repo_id;
  const [, app, rest] = /^\/apps\/([^/]+?)(?:-store)?(\/versions)?$/.exec(path) ?? [];
  if (app === undefined) return isPlain(exchange) || isAsked(exchange);
  if (rest === undefined) return here.apps.some((one) => one.app_id === app && same(one, body));
  return isOfOneApp(exchange);
}

/** Whether our answer is a list of the versions of the app that is asked for. */
export function isOfOneApp(exchange: Exchange): boolean {
  const { items = [] } = exchange.ours.body;
  const [, app] = /^\/apps\/([^/]+?)(?:-store)?\/versions$/.exec(partsOf(exchange).path) ?? [];
  return items.length > 0 && items.every(({ app_id }: Body) => app_id === app);
}

/** Whether our answer is the one to another request: on the global path, with an `Accept` for JSON. */
export function isPlain({ ours: { status, type, body }, here: { plain } }: Exchange): boolean {
  return plain !== undefined && same({ status, type, body }, plain);
}

/** Whether our answer is an error as it should be. */
export function isProblem({ status, type, body }: Exchange["ours"]): boolean {
  return type === "application/problem+json" && body.status === status &&
    typeof body.code === "string" && typeof body.message === "string" && body.message !== "";
}

/** The field of a request that our error is about. */
export function fieldOf({ ours }: Exchange): string | undefined {
  return isProblem(ours) ? ours.body.field : undefined;
}

/** A place such as `body.items.3.name`, without the position. */
export function placeOf({ at }: Discrepancy): string {
  return at.replace(/\.\d+(?=\.|$)/g, "");
}

/** The item of a list in which a discrepancy is, or the whole bodies. */
export function itemOf({ item }: Discrepancy, { theirs, ours }: Exchange) {
  return item ?? { theirs: theirs.body, ours: ours.body };
}

/** Whether a discrepancy is in which items a list has, and in which order. */
export function inList({ at }: Discrepancy): boolean {
  return /^body\.(items\.(unknown|twice|missing|extra|order|length)|total_count)$/.test(at);
}

/** Whether a list has others than theirs. */
export function has(exchange: Exchange, what: "unknown" | "twice" | "missing" | "extra"): boolean {
  return exchange.discrepancies.some(({ at }) => at === `body.items.${what}`);
}
