/** The names of repositories and categories of which a list knows the ids. */

import { ChartroomError } from "../client.ts";
import type { Page } from "./page.ts";

/** Ids of one address whose names are looked up; more of them come from nobody who means well. */
const MAX_LOOKED_UP = 10;

interface FacetValue {
  value: string;
  category_id?: string | undefined;
  name?: string | undefined;
  count: number;
}

/** Facets as the API tells them. */
export type FacetsOfApi = Partial<
  Record<string, FacetValue[] | undefined>
>;

/** Adds the names of the apps' repositories that are not among those with most apps. */
export async function nameRepos(
  { api }: Page,
  apps: readonly { app_id: string; repo_id: string }[],
  names: Map<string, string>,
): Promise<void> {
  const missing = new Map(
    apps.filter(({ repo_id }) => !names.has(repo_id)).map((app) => [app.repo_id, app.app_id]),
  );
  if (missing.size === 0) return;
  const conditions = `app_id=${[...missing.values()].join("|")}`;
  const query = { conditions, facets: "repo", limit: "0" };
  const { facets } = await (await api.apps.$get({ query })).json();
  for (const { value, name } of facets?.repo ?? []) names.set(value, name ?? value);
}

/** The labels of chosen categories and repositories that no app has beside what else is chosen. */
export async function nameChosen(
  { api }: Page,
  chosen: { category: readonly string[]; repo: readonly string[] },
  facets: FacetsOfApi,
  repoNames: Map<string, string>,
): Promise<Map<string, string>> {
  const known = new Set(facets.category?.map(({ category_id }) => category_id));
  const labels = new Map(repoNames);
  const missing = (facet: keyof typeof chosen, isKnown: (value: string) => boolean) =>
    chosen[facet].filter((value) => !isKnown(value)).slice(0, MAX_LOOKED_UP);
  await Promise.all([
    ...missing("category", (id) => known.has(id)).map(async (category) => {
      const answer = await api.categories[":category"].$get({ param: { category } })
        .catch(unlessMissing);
      const name = (await answer?.json())?.name;
      if (name !== undefined) labels.set(category, name);
    }),
    ...missing("repo", (id) => labels.has(id)).map(async (repo) => {
      const answer = await api.repos[":repo"].$get({ param: { repo }, query: {} })
        .catch(unlessMissing);
      const name = (await answer?.json())?.name;
      if (name !== undefined) labels.set(repo, name);
    }),
  ]);
  return labels;
}

function unlessMissing(error: unknown): undefined {
  if (!(error instanceof ChartroomError) || error.status !== 404) throw error;
}
