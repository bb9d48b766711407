/** All apps: searched as one types, narrowed down by facets, as a grid or a list. */

import { Hono } from "hono";
import { type Facet, FACETS } from "../../../src/catalog/filter.ts";
import { ChartroomError } from "../../client.ts";
import { Facets, KubeVersion, Since } from "./facets.tsx";
import { type FacetsOfApi, nameChosen, nameRepos } from "./names.ts";
import { type Emptiness, LIVE, Results } from "./results.tsx";
import {
  APPS_OF_PAGE,
  type Asked,
  isFiltered,
  isValue,
  MAX_SEARCH,
  queryOf,
  readAsked,
} from "./query.ts";
import { show } from "../opened.tsx";
import type { ConsoleContext, ConsoleEnv, Page } from "../page.ts";
import { Icon } from "../parts/icon.tsx";
import { Head } from "../parts/parts.tsx";

/** Repositories of a group that are named. */
const REPOS_OF_GROUP = 4;

/** What the API tells of an app; see the contract. */
export type App = Extract<
  Awaited<ReturnType<typeof readList>>["items"][number],
  { app_id: string }
>;

/** A value of a facet. */
export interface Value {
  /** For the address. */
  value: string;
  label: string;
  count: number;
  isChosen: boolean;
}

/** Apps of one name; without grouping, of one repository. */
export interface Entry {
  name: string;
  /** How many repositories have it. */
  count: number;
  /** Some of them, the first for all. */
  apps: readonly App[];
}

/** What was found. */
export interface Found {
  asked: Asked;
  total: number;
  entries: readonly Entry[];
  facets: Readonly<Record<Facet, readonly Value[]>>;
  /** The names of the repositories that are shown, by their ids. */
  repoNames: ReadonlyMap<string, string>;
  /** What there is to say, where nothing is found. */
  emptiness?: Emptiness | undefined;
}

/** Mounted below `/apps`. */
export function apps() {
  return new Hono<ConsoleEnv>().get("/", showApps);
}

async function showApps(c: ConsoleContext) {
  const page = c.get("page");
  const asked = readAsked(page.url);
  const { title, titleOf } = page.words.apps;
  const heading = asked.q === "" ? title : titleOf(asked.q);
  try {
    return await show(c, heading, <Apps page={page} found={await find(page, asked)} />);
  } catch (error) {
    // What is typed into a field may be wrong for a while; the page stays as it is around that.
    if (!(error instanceof ChartroomError) || error.status !== 400) throw error;
    const found = { asked, total: 0, entries: [], facets: valuesOf(page, asked, {}, new Map()) };
    const { field, message } = error;
    const refused = { field: field ?? "", message };
    const shown = <Apps page={page} found={{ ...found, repoNames: new Map() }} refused={refused} />;
    return await show(c, heading, shown, 400);
  }
}

/** What the API refused. */
export interface Refusal {
  field: string;
  message: string;
}

async function readList({ api, now }: Page, asked: Asked) {
  const answer = await api.apps.$get({
    query: {
      ...queryOf(asked, now),
      facets: FACETS.join(","),
      limit: `${APPS_OF_PAGE}`,
      page: `${asked.number}`,
    },
  });
  return await answer.json();
}

async function find(page: Page, asked: Asked): Promise<Found> {
  const { items, total_count: total, facets = {} } = await readList(page, asked);
  const entries: Entry[] = items.map((item) =>
    "apps" in item
      ? { ...item, apps: item.apps.slice(0, REPOS_OF_GROUP) }
      : { name: item.name, count: 1, apps: [item] }
  );
  const repoNames = new Map((facets.repo ?? []).map(({ value, name = value }) => [value, name]));
  await nameRepos(page, entries.flatMap(({ apps }) => apps), repoNames);
  const chosenNames = await nameChosen(page, asked.chosen, facets, repoNames);
  return {
    asked,
    total,
    entries,
    facets: valuesOf(page, asked, facets, chosenNames),
    repoNames,
    ...(total === 0 && { emptiness: await emptinessOf(page, asked) }),
  };
}

/** The values of all facets, with those that were chosen, whether an app has them or not. */
function valuesOf(
  { words: { apps: { values: words } } }: Page,
  { chosen }: Asked,
  facets: FacetsOfApi,
  names: ReadonlyMap<string, string>,
): Found["facets"] {
  const wordOf = (facet: Facet, value: string): string | undefined =>
    (words as Partial<Record<Facet, Record<string, string>>>)[facet]?.[value];
  return Object.fromEntries(FACETS.map((facet) => {
    const known = (facets[facet] ?? []).map(({ value, category_id, name, count }) => ({
      value: category_id ?? value,
      label: wordOf(facet, value) ?? name ?? value,
      count,
    }));
    const more = chosen[facet].filter((value) => !known.some((one) => one.value === value))
      .map((value) => ({
        value,
        label: wordOf(facet, value) ?? names.get(value) ?? value,
        count: 0,
      }));
    const shown = [...more, ...known].filter(({ value }) => isValue(value));
    return [facet, shown.map((one) => ({ ...one, isChosen: chosen[facet].includes(one.value) }))];
  })) as Record<Facet, Value[]>;
}

/** Why there is nothing. */
async function emptinessOf({ api }: Page, asked: Asked): Promise<Emptiness> {
  const [repo, ...others] = asked.chosen.repo;
  const isOne = repo !== undefined && others.length === 0;
  if (isOne && asked.q === "" && !isFiltered({ ...asked, chosen: { ...asked.chosen, repo: [] } })) {
    const { status } = await (await api.repos[":repo"].$get({ param: { repo }, query: {} })).json();
    return status === "successful" ? "noApps" : status;
  }
  if (asked.q !== "" || isFiltered(asked)) return "nothing";
  const count = async (conditions?: string) => {
    const query = { limit: "1", ...(conditions && { conditions }) };
    return (await (await api.repos.$get({ query })).json()).total_count;
  };
  if (await count() === 0) return "noRepos";
  return await count("status=syncing") > 0 ? "syncing" : "noApps";
}

function Apps({ page, found, refused }: { page: Page; found: Found; refused?: Refusal }) {
  const { words: { apps, common }, base } = page;
  const { asked } = found;
  return (
    <>
      <Head page={page} title={apps.title}>
        <p class="lede">{apps.lede}</p>
      </Head>
      <div class="browse">
        <form
          class="browse-form"
          role="search"
          aria-label={apps.search}
          action={`${base}/apps`}
          data-live={LIVE}
        >
          <div class="browse-search">
            <label class="seen-by-none" for="q">{apps.search}</label>
            <Icon of="search" />
            <input
              type="search"
              id="q"
              name="q"
              value={asked.q}
              placeholder={apps.placeholder}
              maxlength={MAX_SEARCH}
              autocomplete="off"
              spellcheck={false}
              data-search
            />
            <kbd class="scripted" aria-hidden="true">/</kbd>
            <button type="submit" class="main unscripted">{common.search}</button>
          </div>
          <details class="fold browse-facets">
            <summary>
              <Icon of="filter" />
              {apps.filters}
            </summary>
            <div>
              <Facets page={page} found={found} />
              <KubeVersion page={page} asked={asked} refused={refused} />
              <Since page={page} asked={asked} />
              <button type="submit" class="unscripted">{common.apply}</button>
            </div>
          </details>
        </form>
        <p class="seen-by-none" role="status" data-says="count"></p>
        <Results page={page} found={found} refused={refused} />
      </div>
    </>
  );
}
