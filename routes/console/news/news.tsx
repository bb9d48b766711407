/** What is new: the versions that were made last, by day. */

import { Hono } from "hono";
import { nameChosen } from "../apps/names.ts";
import { isValue, MAX_SEARCH } from "../apps/query.ts";
import { type News, NewsList } from "./list.tsx";
import { show } from "../opened.tsx";
import type { ConsoleContext, ConsoleEnv, Page } from "../page.ts";
import { FilterSelect, SearchField } from "../parts/filters.tsx";
import { Icon } from "../parts/icon.tsx";
import { CursorPager, Head } from "../parts/parts.tsx";
import { clip } from "../parts/text.ts";

/** Versions of one page. */
const VERSIONS_OF_PAGE = 40;
/** Characters of a name to choose. */
const MAX_NAME = 60;

/** What is asked for. */
interface Asked {
  q: string;
  category: string;
  repo: string;
  cursor: string;
}

interface Option {
  value: string;
  text: string;
}

interface Found {
  asked: Asked;
  news: readonly News[];
  next: string | undefined;
  /** What may be chosen from. */
  categories: readonly Option[];
  repos: readonly Option[];
}

/** Mounted below `/news`. */
export function news() {
  return new Hono<ConsoleEnv>().get("/", showNews);
}

async function showNews(c: ConsoleContext) {
  const page = c.get("page");
  const asked = readAsked(page.url);
  const [{ news, next }, options] = await Promise.all([
    readNews(page, asked),
    readOptions(page, asked),
  ]);
  const found = { asked, news, next, ...options };
  return await show(c, page.words.news.title, <NewsPage page={page} found={found} />);
}

function readAsked({ searchParams }: URL): Asked {
  const text = (name: string) => searchParams.get(name)?.trim() ?? "";
  const value = (name: string) => isValue(text(name)) ? text(name) : "";
  return {
    q: text("q").slice(0, MAX_SEARCH),
    category: value("category"),
    repo: value("repo"),
    cursor: text("cursor"),
  };
}

/** The query of the API that asks for the same, but for the page. */
function queryOf({ q, category, repo }: Asked) {
  const conditions = [category && `category_id=${category}`, repo && `repo_id=${repo}`]
    .filter(Boolean).join(",");
  return { ...(q && { q }), ...(conditions && { conditions }) };
}

async function readNews({ api }: Page, asked: Asked) {
  const { cursor } = asked;
  const query = { ...queryOf(asked), limit: `${VERSIONS_OF_PAGE}`, ...(cursor && { cursor }) };
  const { items, next_cursor } = await (await api.apps.changes.$get({ query })).json();
  const apps = await readApps(api, items.map(({ app_id }) => app_id));
  const news = items.map((version): News => {
    const app = apps.get(version.app_id);
    const isFirst = app?.version_total === 1 || app?.create_time === version.create_time;
    const isNewest = app?.latest_app_version.version_id === version.version_id;
    return {
      ...version,
      hasIcon: app?.icon !== undefined,
      kind: isFirst ? "first" : isNewest ? "newest" : "other",
    };
  });
  return { news, next: next_cursor };
}

/** The apps that versions are of. */
async function readApps(api: Page["api"], ids: readonly string[]) {
  if (ids.length === 0) return new Map();
  const query = { conditions: `app_id=${[...new Set(ids)].join("|")}`, limit: "-1" };
  const { items } = await (await api.apps.$get({ query })).json();
  return new Map(items.flatMap((app) => "app_id" in app ? [[app.app_id, app]] : []));
}

async function readOptions(page: Page, { category, repo }: Asked) {
  const query = { facets: "category,repo", limit: "0" };
  const { facets = {} } = await (await page.api.apps.$get({ query })).json();
  const repos = new Map(facets.repo?.map(({ value, name = value }) => [value, name]));
  const chosen = { category: category ? [category] : [], repo: repo ? [repo] : [] };
  const names = await nameChosen(page, chosen, facets, repos);
  const categories = new Map(
    facets.category?.map(({ category_id = "", value }) => [
      category_id,
      value || page.words.news.uncategorized,
    ]),
  );
  if (category && !categories.has(category)) {
    categories.set(category, names.get(category) ?? category);
  }
  if (repo && !repos.has(repo)) repos.set(repo, names.get(repo) ?? repo);
  return { categories: optionsOf(page, categories), repos: optionsOf(page, repos) };
}

/** All, and these by name. */
function optionsOf({ language, words }: Page, names: ReadonlyMap<string, string>): Option[] {
  const { compare } = new Intl.Collator(language);
  const options = [...names].map(([value, text]) => ({ value, text: clip(text, MAX_NAME) }));
  return [
    { value: "", text: words.news.all },
    ...options.sort((a, b) => compare(a.text, b.text)),
  ];
}

function NewsPage({ page, found }: { page: Page; found: Found }) {
  const { words: { news, common }, base } = page;
  const { asked, categories, repos, next } = found;
  const query = `${new URLSearchParams(queryOf(asked))}`;
  const hrefOf = (path: string) => `/v1${base}/apps/${path}${query && `?${query}`}`;
  return (
    <>
      <Head page={page} title={news.title}>
        <p class="lede">{news.lede}</p>
      </Head>
      <form
        class="filters news-filters"
        role="search"
        aria-label={news.filters}
        action={`${base}/news`}
        data-live="news"
      >
        <SearchField
          label={news.search}
          value={asked.q}
          placeholder={news.placeholder}
          maxlength={MAX_SEARCH}
        />
        <FilterSelect
          name="category"
          label={news.category}
          value={asked.category}
          options={categories}
        />
        <FilterSelect name="repo" label={news.repo} value={asked.repo} options={repos} />
        <button type="submit" class="unscripted">{common.search}</button>
      </form>
      <p class="seen-by-none" role="status" data-says="news-count"></p>
      <div id="news">
        <p class="feeds">
          <a href={hrefOf("changes.atom")} type="application/atom+xml" title={news.feedHint}>
            <Icon of="news" />
            {news.feed}
          </a>
          <a href={hrefOf("changes")} type="application/json">
            <Icon of="file" />
            {news.json}
          </a>
        </p>
        <NewsList
          page={page}
          news={found.news}
          isFiltered={asked.q !== "" || asked.category !== "" || asked.repo !== ""}
        />
        <CursorPager page={page} next={next} />
      </div>
    </>
  );
}
