/** Problems of the contract: the closed list of their codes, and what each says. */

import { z } from "@hono/zod-openapi";
import { type ProblemCode, STATUS } from "../support/problem.ts";

/** What each code says. A code that is missing here does not compile. */
export const MEANING: Readonly<Record<ProblemCode, string>> = {
  invalid_field: "A parameter or a field of the body is not what it must be; `field` names it.",
  unknown_field: "The body has a field that is not known; `field` names it.",
  invalid_conditions: "`conditions` has a key that this list does not know, or cannot be read.",
  index_unusable: "The index of the repository could not be had or read; `reason` says why.",
  bad_request: "The request cannot be taken as it came.",
  gone: "The client left before it was answered.",
  unauthorized: "A valid token, or a webhook's proof, is wanted.",
  forbidden: "The caller is known, and may not do this, or not from a page of another site.",
  quota_exceeded: "The workspace has as many of these as it may have.",
  misdirected: "The request names a host that Chartroom is not.",
  rate_limited: "Too many requests came from this caller or address; see `Retry-After`.",
  uri_too_long: "The path and query are longer than what is taken.",
  headers_too_large: "The headers are longer than what is taken.",
  not_found: "There is no such thing, or none that the caller may see on this path.",
  method_not_allowed: "The path takes other methods; `Allow` lists them.",
  no_archive: "The index says nowhere where the version's archive is.",
  no_icon: "The index names no picture of the chart.",
  no_readme: "The version's archive has no README.",
  name_taken: "The workspace has a repository of this name.",
  conflict: "Somebody else changed the same thing meanwhile; try again.",
  body_too_large: "The body is longer than what is taken here.",
  unsupported_media_type: "The body is not declared as `application/json`.",
  not_implemented: "KubeSphere does something here that Chartroom does not.",
  internal: "Chartroom failed on this request; its log says why.",
  archive_unavailable: "The version's archive cannot be had from upstream; `reason` says why.",
  archive_unusable: "The version's archive is none that Helm would take; `reason` says why.",
  icon_unavailable: "The chart's picture cannot be had from upstream; `reason` says why.",
  icon_unusable: "What came is no picture of a known type, or too large; `reason` says which.",
  unavailable:
    "The database or the OIDC issuer does not answer, or too much is going on; see `Retry-After`.",
};

/** All codes there are. */
export const PROBLEM_CODES = Object.keys(MEANING) as ProblemCode[];

/** Of what is no refusal: the framework itself refuses nothing but a body that is too slow. */
const OTHERS = { bad_request: 408, gone: 400, internal: 500 } as const;

const STATUS_OF: Readonly<Record<ProblemCode, number>> = { ...STATUS, ...OTHERS };

/** The codes that come with a status. */
export function codesOf(status: number): ProblemCode[] {
  return PROBLEM_CODES.filter((code) => STATUS_OF[code] === status);
}

/** What tools show beside each code. */
const DESCRIPTIONS = Object.fromEntries(
  PROBLEM_CODES.map((code) => [code, `${STATUS_OF[code]}: ${MEANING[code]}`]),
);

export const Problem = z.object({
  type: z.literal("about:blank"),
  title: z.string().describe("The status in words."),
  status: z.int().min(400).max(599),
  detail: z.string().describe("The same as `message`."),
  code: z.enum(PROBLEM_CODES as [ProblemCode]).describe("Stable; what a program looks at.")
    .openapi({ "x-enumDescriptions": DESCRIPTIONS }),
  message: z.string().describe("For people; names what was expected. Never holds a secret."),
  field: z.string().optional()
    .describe("The parameter, header or field of the body that is meant, if it is one."),
  reason: z.string().optional()
    .describe("Why an upstream's answer could not be used: a stable word, as in sync events."),
}).openapi("Problem", { description: "Any error, as RFC 9457 has it." });
