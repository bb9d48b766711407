/** Versions of an app: `/apps/{app}/versions`. */

import { type Context, Hono } from "hono";
import { listVersions, VERSION_ORDERS, type VersionQuery } from "../src/catalog/versions.ts";
import { versionDetailView, versionView } from "../src/catalog/views.ts";
import type { Services } from "../src/services.ts";
import { archives } from "./archives.ts";
import type { Answers } from "./support/answers.ts";
import { draftOfApp } from "./support/app_draft.ts";
import { isActive } from "./support/app_query.ts";
import type { Env } from "./support/authenticate.ts";
import { CONDITIONS, isTrue, readConditions, readFlag, readOrder } from "./support/conditions.ts";
import { parsePaging, slice } from "./support/paging.ts";
import { draftOfVersion, readConstraint } from "./support/version_draft.ts";

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
        const { read, ...draft } = await draftOfVersion(c, services);
        return {
          ...draft,
          kind: "version",
          async make() {
            const { app, version, current } = await read();
            return { body: JSON.stringify(versionDetailView(app, version)), keep: current };
          },
        };
      }))
    .route("/:version", archives(services, answers));
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
