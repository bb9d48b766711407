/** Versions of an app: `/apps/{app}/versions`. */

import { type Context, Hono } from "hono";
import {
  latestVersion,
  listVersions,
  VERSION_ORDERS,
  type VersionQuery,
} from "../src/catalog/versions.ts";
import { versionView } from "../src/catalog/views.ts";
import { ConstraintError, parseConstraint } from "../src/helm/constraint.ts";
import { versionId } from "../src/helm/ids.ts";
import { Refused } from "../src/refused.ts";
import type { Services } from "../src/services.ts";
import type { Answers } from "./support/answers.ts";
import { draftOfApp } from "./support/app_draft.ts";
import { isActive } from "./support/app_query.ts";
import type { Env } from "./support/authenticate.ts";
import { CONDITIONS, isTrue, readConditions, readFlag, readOrder } from "./support/conditions.ts";
import { parsePaging, slice } from "./support/paging.ts";

export function versions(services: Services, answers: Answers) {
  const { hot } = services;

  return new Hono<Env>()
    .get("/", (c) =>
      answers.give(c, async () => {
        const query = readVersionsQuery(c);
        const paging = parsePaging((name) => c.req.query(name));
        const { appId, read, ...draft } = await draftOfApp(c, services);
        return {
          ...draft,
          kind: "versions",
          query: [appId, query, paging],
          async make() {
            const { app, current } = await read();
            const all = query.none ? [] : await hot.versions(app.repo.id, app.entry);
            const found = listVersions(all, query);
            const items = slice(found, paging).map((version) => versionView(app, version));
            return { body: JSON.stringify({ items, total_count: found.length }), keep: current };
          },
        };
      }))
    .get("/:version", (c) =>
      answers.give(c, async () => {
        const id = c.req.param("version");
        const latest = id === "latest" ? readLatest(c) : undefined;
        const { appId, read, ...draft } = await draftOfApp(c, services);
        return {
          ...draft,
          kind: "version",
          query: [appId, id, latest],
          async make() {
            const { app, current } = await read();
            const all = await hot.versions(app.repo.id, app.entry);
            const version = latest
              ? latestVersion(all, app.entry, latest)
              : all.find(({ chart }) =>
                versionId(app.repo.id, app.entry.name, chart.version) === id
              );
            if (version === undefined) throw versionNotFound(id, latest?.constraint);
            return { body: JSON.stringify(versionView(app, version)), keep: current };
          },
        };
      }));
}

function readVersionsQuery(c: Context): VersionQuery & { none: boolean } {
  const { exact } = readConditions(c.req.query("conditions"), CONDITIONS.versions);
  const flag = (name: string) => {
    const text = exact.get(name);
    return text ? { [name]: readFlag(name, text) } : {};
  };
  return {
    keyword: exact.get("keyword") ?? "",
    ...readConstraint(c),
    ...flag("prerelease"),
    ...flag("deprecated"),
    order: readOrder(c.req.query("orderBy"), VERSION_ORDERS),
    reverse: isTrue(c.req.query("reverse")),
    none: !isActive(exact.get("status")),
  };
}

function readLatest(c: Context): Pick<VersionQuery, "constraint" | "prerelease"> {
  const prerelease = readFlag("prerelease", c.req.query("prerelease"));
  return { ...readConstraint(c), prerelease };
}

function readConstraint(c: Context): { constraint?: string } {
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
