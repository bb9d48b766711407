/** The app that a path names. */

import type { Context } from "hono";
import { type Catalog, numberOf } from "../../src/catalog/catalog.ts";
import { isCurrent, type Source } from "../../src/catalog/places.ts";
import type { App } from "../../src/catalog/views.ts";
import { parseAppId } from "../../src/helm/ids.ts";
import { Refused } from "../../src/refused.ts";
import type { Services } from "../../src/services.ts";
import type { Recipe } from "./answers.ts";
import { type Env, scopeOf } from "./authenticate.ts";
import { drawnFrom } from "./recipe.ts";

/** What an answer about one app is drawn from, and the app itself, for who makes it. */
export interface AppDraft extends Omit<Recipe, "kind" | "query" | "make"> {
  appId: string;
  read: () => Promise<AppRead>;
}

/** An app, of which generation it is, and whether that is the current one. */
export interface AppRead {
  app: App;
  generation: number;
  current: boolean;
}

/** Finds an app's repository. Throws a `Refused` if the caller sees no such app, now or when it is read. */
export async function draftOfApp(c: Context<Env>, services: Services): Promise<AppDraft> {
  // KubeSphere's store has copies of apps under this suffix.
  const appId = c.req.param("app")!.replace(/-store$/, "");
  const parsed = parseAppId(appId);
  const scope = await scopeOf(c, services);
  const source = parsed && scope.byId.get(parsed.repoId);
  if (source === undefined) throw appNotFound(appId);
  return {
    ...drawnFrom(c, scope, [source], services.clock()),
    appId,
    async read() {
      const catalog = await catalogOf(services, source);
      const number = catalog === undefined ? -1 : numberOf(catalog, parsed!.key);
      if (number < 0) throw appNotFound(appId);
      const [entry] = services.hot.entries(catalog!, [number]);
      return {
        app: { repo: source.repo, entry: entry! },
        generation: catalog!.generation,
        current: isCurrent(source, catalog!),
      };
    },
  };
}

async function catalogOf(
  { hot }: Services,
  { repo, pointer }: Source,
): Promise<Catalog | undefined> {
  return pointer && (await hot.catalogs([[repo.id, pointer]]))[0];
}

function appNotFound(id: string): Refused {
  return new Refused("not_found", `there is no app ${id.slice(0, 40)}`, "app_id");
}
