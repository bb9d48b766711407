/** What caches may do with answers: those of browsers, those of proxies, and Deno Deploy's edge. */

import { REPOSITORIES_TAG, workspaceTag } from "../../src/edge_tags.ts";

/** Tags that one answer may have on Deno Deploy; its kind is one. */
const MAX_TAGS = 500;

/** Kinds of answers that are drawn from generations. All others are `no-store`. */
export type Kind =
  | "apps"
  | "app"
  | "versions"
  | "version"
  | "package"
  | "contents"
  | "files"
  | "readme"
  | "icon"
  | "changes"
  | "feed"
  | "categories";

/**
 * How long the edge may answer by itself, in seconds: with what is `fresh`; then with what is stale,
 * while it asks for news; and with what is stale while the service fails. A commit purges what it
 * changes, so these only bound what a purge that is lost would cost.
 */
const EDGE: Readonly<Record<Kind, { fresh: number; revalidating: number; failing: number }>> = {
  apps: { fresh: 60, revalidating: 30, failing: 86_400 },
  app: { fresh: 60, revalidating: 30, failing: 86_400 },
  versions: { fresh: 60, revalidating: 30, failing: 86_400 },
  version: { fresh: 60, revalidating: 30, failing: 86_400 },
  package: { fresh: 60, revalidating: 30, failing: 86_400 },
  contents: { fresh: 60, revalidating: 30, failing: 86_400 },
  files: { fresh: 60, revalidating: 30, failing: 86_400 },
  readme: { fresh: 60, revalidating: 30, failing: 86_400 },
  // What it shows may change without a commit, and seldom does.
  icon: { fresh: 3_600, revalidating: 3_600, failing: 86_400 },
  changes: { fresh: 60, revalidating: 30, failing: 86_400 },
  categories: { fresh: 60, revalidating: 30, failing: 86_400 },
  feed: { fresh: 300, revalidating: 60, failing: 86_400 },
};

/** How long all caches may answer with a public icon by themselves, in seconds: a list shows many. */
const ICON_MAX_AGE_S = 3_600;

/** Of an answer that nobody is to keep. */
export const NO_STORE = { "Cache-Control": "no-store" };

/** Where an answer comes from: repositories by their ids, or all that can be seen. */
export type Origin = readonly string[] | "all";

/** The headers of an answer that may be cached, but for its validators. */
export function cacheHeaders(
  kind: Kind,
  isPublic: boolean,
  origin: Origin,
): Record<string, string> {
  // Who shows a token, or has a session, sees other things at the same address.
  const Vary = "Accept-Encoding, Authorization, Cookie";
  if (!isPublic) {
    return {
      Vary,
      "Cache-Control": "private, max-age=0, must-revalidate",
      "Deno-CDN-Cache-Control": "private, no-store",
    };
  }
  const { fresh, revalidating, failing } = EDGE[kind];
  return {
    Vary,
    "Cache-Control": `public, max-age=${kind === "icon" ? ICON_MAX_AGE_S : 0}, must-revalidate`,
    "Deno-CDN-Cache-Control":
      `public, s-maxage=${fresh}, stale-while-revalidate=${revalidating}, stale-if-error=${failing}`,
    "Deno-Cache-Tag": [...originTags(origin), `kind-${kind}`].join(","),
  };
}

function originTags(origin: Origin): string[] {
  // Only global repositories are ever in a public answer.
  if (origin === "all" || origin.length >= MAX_TAGS) return [workspaceTag(""), REPOSITORIES_TAG];
  return [...origin];
}
