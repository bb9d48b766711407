/** Parameters of the contract that several operations take. */

import { z } from "@hono/zod-openapi";
import { SAMPLE } from "./sample.ts";

/** A parameter that is a number; in an address, a text. */
export function integer(
  description: string,
  bounds: { default?: number; minimum?: number; maximum?: number } = {},
) {
  // A text to TypeScript, which writes addresses; a number to everybody else.
  const more = { type: "integer", ...bounds } as const;
  return z.string().optional().describe(description).openapi(more as { type: "integer" });
}

/** A parameter that is true or false. */
export function flag(description: string) {
  return z.string().optional().describe(description)
    .openapi({ type: "boolean", default: false as unknown as string });
}

/** A parameter that is a text. */
export function text(description: string, example?: string) {
  return z.string().optional().describe(description)
    .openapi(example === undefined ? {} : { param: { example } });
}

/** `orderBy`, of which the first is the default. */
export function orderBy<const T extends readonly [string, ...string[]]>(orders: T, more = "") {
  return z.enum(orders).optional().describe(`What to order by${more}.`)
    .openapi({ default: orders[0] as never });
}

/** `conditions`, with the keys that a list knows. */
export function conditions(
  keys: { exact: readonly string[]; fuzzy: readonly string[] },
  more: string,
  example: string,
) {
  const known = [
    ...keys.exact.map((key) => `\`${key}=\``),
    ...keys.fuzzy.map((key) => `\`${key}~\``),
  ];
  return text(
    `\`key=value,key~value\`: all of them must hold; \`~\` is a part of a text in any case. ` +
      `Keys: ${known.join(", ")}. ${more}`,
    example,
  );
}

export const reverse = flag("The other way around.");

const START = "How many items to leave out; takes the place of `page`.";

/** The three ways in which lists take a page. What is no number counts as absent. */
export const paging = {
  limit: integer("How many items; -1: all.", { default: 10 }),
  page: integer("Which page, from 1.", { default: 1 }),
  start: integer(START),
  paging: text(
    "`limit=N,page=N` in one, as KubeSphere's clients send it; takes the place of both.",
    "limit=10,page=1",
  ),
};

/** The same where there is never all at once, and what cannot be meant is refused. */
export const boundedPaging = {
  limit: integer("How many items.", { default: 10, minimum: 1, maximum: 100 }),
  page: integer("Which page, from 1.", { default: 1, minimum: 1 }),
  start: integer(START, { minimum: 0 }),
  paging: text(
    "`limit=N,page=N` in one, with the same bounds; takes the place of both.",
    "limit=10,page=1",
  ),
};

export const cursor = text(
  "`next_cursor` of an answer to the same query: go on behind its last item, whatever syncs do " +
    "meanwhile. Takes the place of `page`.",
);

export const constraint = text(
  "Versions that satisfy this, in Helm's language: `>=1.2, <2`, `^1`, `~1.2 || 2.x`.",
  "^1",
);

const id = (description: string, example: string) =>
  z.string().describe(description).openapi({ param: { example } });

export const repo = id("A repository's id.", SAMPLE.repo);
export const app = id("An app's id.", SAMPLE.app);
export const category = id("A category's id.", SAMPLE.category);
export const event = id("The id of a sync's event.", SAMPLE.event);
export const version = id(
  "A version's id; or `latest`: the one to take, by `constraint` and `prerelease`.",
  SAMPLE.version,
);

export const conditionalHeaders = {
  "If-None-Match": z.string().optional()
    .describe("`ETag` of an answer that the client has; 304 if it is still right."),
  "If-Modified-Since": z.string().optional()
    .describe("`Last-Modified` of one; counts where there is no `If-None-Match`."),
};
