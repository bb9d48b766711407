/** The version that a path names. */

import type { Context } from "hono";
import { latestVersion, type VersionQuery } from "../../src/catalog/versions.ts";
import type { KeptVersion } from "../../src/helm/chart.ts";
import { ConstraintError, parseConstraint } from "../../src/helm/constraint.ts";
import { versionId } from "../../src/helm/ids.ts";
import { Refused } from "../../src/refused.ts";
import type { Services } from "../../src/services.ts";
import type { Recipe } from "./answers.ts";
import { type AppRead, draftOfApp } from "./app_draft.ts";
import type { Env } from "./authenticate.ts";
import { readFlag } from "./conditions.ts";

/** What an answer about one version is drawn from, and the version itself, for who makes it. */
export interface VersionDraft extends Omit<Recipe, "kind" | "make"> {
  read: () => Promise<AppRead & { version: KeptVersion }>;
}

/** Finds a version's app as `draftOfApp` does; `latest` is the one to take, or by a constraint. */
export async function draftOfVersion(
  c: Context<Env>,
  services: Services,
): Promise<VersionDraft> {
  const id = c.req.param("version")!;
  const latest = id === "latest" ? readLatest(c) : undefined;
  const { appId, read, ...draft } = await draftOfApp(c, services);
  return {
    ...draft,
    query: [appId, id, latest],
    async read() {
      const found = await read();
      const { repo, entry } = found.app;
      const all = await services.hot.versions(repo.id, entry);
      const version = latest
        ? latestVersion(all, entry, latest)
        : all.find(({ chart }) => versionId(repo.id, entry.name, chart.version) === id);
      if (version === undefined) throw versionNotFound(id, latest?.constraint);
      return { ...found, version };
    },
  };
}

function readLatest(c: Context): Pick<VersionQuery, "constraint" | "prerelease"> {
  const prerelease = readFlag("prerelease", c.req.query("prerelease"));
  return { ...readConstraint(c), prerelease };
}

/** The constraint that a query asks for, if any. */
export function readConstraint(c: Context): { constraint?: string } {
  const constraint = c.req.query("constraint");
  if (!constraint) return {};
  try {
    parseConstraint(constraint);
  } catch (error) {
    if (!(error instanceof ConstraintError)) throw error;
    throw new Refused("invalid_field", `constraint: ${error.message}`, "constraint");
  }
  return { constraint };
}

function versionNotFound(id: string, constraint: string | undefined): Refused {
  const which = constraint === undefined
    ? id.slice(0, 50)
    : `that satisfies ${JSON.stringify(constraint)}`;
  const field = constraint === undefined ? "version_id" : "constraint";
  return new Refused("not_found", `the app has no version ${which}`, field);
}
