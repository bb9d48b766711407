/** What an answer is drawn from, in the words of its recipe. */

import type { Context } from "hono";
import type { Source } from "../../src/catalog/places.ts";
import type { Scope } from "../../src/catalog/scope.ts";
import type { Recipe } from "./answers.ts";
import { hasCredentials } from "./authenticate.ts";

type Drawn = Pick<Recipe, "snapshot" | "version" | "origin" | "isPublic" | "lastModified">;

/** Drawn from all that the caller sees. */
export function drawnFromAll(c: Context, scope: Scope): Drawn {
  return {
    snapshot: scope.snapshot,
    version: `scope ${scope.id}`,
    origin: "all",
    isPublic: scope.isGlobal && !hasCredentials(c.req.raw.headers),
  };
}

/** Drawn from some repositories that the caller sees. `now`: milliseconds of the epoch. */
export function drawnFrom(
  c: Context,
  scope: Scope,
  sources: readonly Source[],
  now: number,
): Drawn {
  return {
    snapshot: scope.snapshot,
    version: JSON.stringify(
      sources.map(({ repo, pointer }) => [repo.id, pointer?.generation, repo.name]),
    ),
    origin: sources.map(({ repo }) => repo.id),
    isPublic: sources.every(({ repo }) => repo.workspace === "") &&
      !hasCredentials(c.req.raw.headers),
    lastModified: lastModified(sources, now),
  };
}

/**
 * When the generation was made, if there is one: several could change within one second. A time to
 * come is none that may be told, by RFC 9110, section 8.8.2.1.
 */
function lastModified(sources: readonly Source[], now: number): number | undefined {
  if (sources.length !== 1) return undefined;
  const committedAt = sources[0]!.pointer?.committedAt;
  if (committedAt === undefined || committedAt > now) return undefined;
  return Math.floor(committedAt / 1_000) * 1_000;
}
