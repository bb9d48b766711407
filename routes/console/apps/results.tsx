/** The apps that were found, how they are ordered and shown, and what was chosen to find them. */

import { FACETS } from "../../../src/catalog/filter.ts";
import type { Entry, Found, Refusal } from "./apps.tsx";
import { AppCard, AppTable, GroupCard } from "./entry.tsx";
import {
  APPS_OF_PAGE,
  hrefUnfiltered,
  hrefWithout,
  isFiltered,
  type Sort,
  SORTS,
} from "./query.ts";
import type { Page } from "../page.ts";
import { Icon, type IconName } from "../parts/icon.tsx";
import { Choice, Empty, hrefWith, Notice, Pager } from "../parts/parts.tsx";
import { countText } from "../parts/text.ts";

/** Why there is nothing. */
export type Emptiness = "nothing" | "noRepos" | "noApps" | "syncing" | "failed";

/** The parts of the page that change with what is asked for. */
export const LIVE = "facets kube-error results";
const POLL_MS = 3_000;

interface Of {
  page: Page;
  found: Found;
}

/** What was found. */
export function Results({ page, found, refused }: Of & { refused: Refusal | undefined }) {
  const { words: { apps } } = page;
  const { total, entries, emptiness } = found;
  if (refused !== undefined) {
    return (
      <section id="results" aria-labelledby="count">
        <h2 id="count" class="seen-by-none">{apps.refused}</h2>
        <Notice tone="bad" title={apps.refused}>{refused.message}</Notice>
      </section>
    );
  }
  return (
    <section
      id="results"
      aria-labelledby="count"
      data-poll={emptiness === "syncing" ? POLL_MS : undefined}
    >
      <div class="browse-bar">
        <Total page={page} found={found} />
        {emptiness === undefined && <Ways page={page} found={found} />}
      </div>
      <Chips page={page} found={found} />
      {emptiness !== undefined
        ? <Nothing page={page} found={found} emptiness={emptiness} />
        : entries.length === 0
        ? (
          <Empty icon="app" title={apps.behindEnd}>
            <p class="actions">
              <a class="button" href={hrefWith(page.url, { page: null })}>{apps.firstPage}</a>
            </p>
          </Empty>
        )
        : <Entries page={page} found={found} />}
      {emptiness === undefined && <Pager page={page} total={total} limit={APPS_OF_PAGE} />}
    </section>
  );
}

function Total({ page, found: { asked, total } }: Of) {
  const { words: { apps } } = page;
  const what = (asked.isGrouped ? apps.groups : apps.apps)(total, countText(page, total));
  return <h2 id="count">{asked.q === "" ? what : apps.found(what, asked.q)}</h2>;
}

function Entries({ page, found }: Of) {
  const { entries, repoNames, asked } = found;
  if (asked.isList) return <AppTable page={page} entries={entries} repoNames={repoNames} />;
  const Card = asked.isGrouped ? GroupCard : AppCard;
  return (
    <ul class="apps">
      {entries.map((entry: Entry) => <Card page={page} entry={entry} repoNames={repoNames} />)}
    </ul>
  );
}

/** In which order and how apps are shown. */
function Ways({ page, found: { asked } }: Of) {
  const { words: { apps }, url } = page;
  const sorts = SORTS.filter((sort) => sort !== "relevance" || asked.q !== "");
  const first: Sort = asked.q === "" ? "updated" : "relevance";
  return (
    <>
      <Choice
        label={apps.sort}
        isLabelled
        live={LIVE}
        links={sorts.map((sort) => ({
          href: hrefWith(url, { sort: sort === first ? null : sort, page: null }),
          text: apps.sorts[sort],
          current: sort === asked.sort,
        }))}
      />
      <Choice
        label={apps.view}
        live={LIVE}
        links={(["grid", "list"] as const).map((view) => ({
          href: hrefWith(url, { view: view === "grid" ? null : view }),
          text: apps.views[view],
          icon: view,
          current: (view === "list") === asked.isList,
        }))}
      />
      <a
        class="button small toggle"
        href={hrefWith(url, { group: asked.isGrouped ? null : "name", page: null })}
        data-live={LIVE}
        id="group"
        title={apps.groupHint}
        aria-current={asked.isGrouped ? "true" : undefined}
      >
        <Icon of={asked.isGrouped ? "check" : "copy"} />
        {apps.group}
      </a>
    </>
  );
}

/** What was chosen, to be taken back. */
function Chips({ page, found: { asked, facets } }: Of) {
  const { words: { apps }, url } = page;
  if (!isFiltered(asked)) return null;
  const chips = [
    ...asked.name === "" ? [] : [{ name: "name", value: asked.name, facet: apps.name }],
    ...FACETS.flatMap((facet) =>
      facets[facet].filter(({ isChosen }) => isChosen)
        .map(({ value, label }) => ({ name: facet, value, label, facet: apps.facets[facet] }))
    ),
    ...asked.kube === "" ? [] : [{ name: "kube", value: asked.kube, facet: "Kubernetes" }],
    ...asked.since === "" ? [] : [{
      name: "since",
      value: asked.since,
      label: apps.sinceValues[asked.since],
      facet: apps.since,
    }],
  ];
  return (
    <ul class="chips" aria-label={apps.chips}>
      {chips.map(({ name, value, facet, ...more }) => {
        const label = "label" in more ? more.label : value;
        return (
          <li>
            <a
              class="chip"
              href={hrefWithout(url, name, value)}
              data-live={LIVE}
              aria-label={apps.removeChip(facet, label)}
            >
              <span dir="auto">{apps.chip(facet, label)}</span>
              <Icon of="close" />
            </a>
          </li>
        );
      })}
      <li>
        <a class="chip all" href={hrefUnfiltered(url)} data-live={LIVE}>{apps.removeAll}</a>
      </li>
    </ul>
  );
}

/** What to do where there is nothing. */
function Nothing({ page, found: { asked }, emptiness }: Of & { emptiness: Emptiness }) {
  const { words: { apps }, base, url, mayWrite } = page;
  const [repo] = asked.chosen.repo;
  const repoHref = repo === undefined ? `${base}/repos` : `${base}/repos/${repo}`;
  const repoText = repo === undefined ? apps.showRepos : apps.showRepo;
  const link = (href: string, text: string, isMain = false) => (
    <a class={isMain ? "button main" : "button"} href={href}>{text}</a>
  );
  const [icon, title, hint, actions] = {
    nothing: ["search", apps.nothing, apps.nothingHint, [
      isFiltered(asked) && link(hrefUnfiltered(url), apps.removeAll),
      asked.q !== "" && link(hrefWith(url, { q: null, page: null }), apps.clearSearch),
    ]],
    noRepos: ["repo", apps.noRepos, apps.noReposHint, [
      mayWrite && link(`${base}/repos/new`, apps.addRepo, true),
    ]],
    noApps: ["app", apps.noApps, apps.noAppsHint, [link(repoHref, repoText)]],
    syncing: ["sync", apps.syncing, apps.syncingHint, [link(repoHref, repoText)]],
    failed: ["warning", apps.failed, apps.failedHint, [link(repoHref, repoText)]],
  }[emptiness] as [IconName, string, string, unknown[]];
  return (
    <Empty icon={icon} title={title}>
      <p>{hint}</p>
      <p class="actions">{actions as never}</p>
    </Empty>
  );
}
