/** How the list of repositories looks. */

import type { Repo } from "../api.ts";
import type { Page } from "../page.ts";
import { FilterSelect, SearchField } from "../parts/filters.tsx";
import { Icon } from "../parts/icon.tsx";
import { Count, Empty, Head, hrefWith, Notice, Pager, Time } from "../parts/parts.tsx";
import { isBusy, Sparkline, SyncState } from "../parts/sync_state.tsx";
import { countText } from "../parts/text.ts";
import { RepoActions } from "./actions.tsx";

/** States that a list can be narrowed down to. */
export const STATES = ["successful", "failed", "syncing"] as const;
/** What a list can be sorted by; `-` turns it around. */
export const SORTS = [
  "name",
  "-name",
  "created",
  "-created",
  "updated",
  "-updated",
  "status",
  "-status",
] as const;
export type Sort = typeof SORTS[number];

/** How often rows that change are looked at. */
const POLL_MS = 3_000;

interface Shown {
  page: Page;
  /** What is searched for. */
  q: string;
  state: typeof STATES[number] | "";
  sort: Sort;
  /** Of this page. */
  items: readonly Repo[];
  /** Of all pages. */
  total_count: number;
  /** Repositories on a page. */
  limit: number;
  /** Syncs that are asked for of each. */
  recent: number;
}

/** The page of the list: what narrows it down, its rows, or what to do without any. */
export function RepoList(shown: Shown) {
  const { page, items, total_count: total, limit, q, state } = shown;
  const { words: { repos }, base, mayWrite, url } = page;
  const done = repos.done[url.searchParams.get("done") as keyof typeof repos.done];
  const isNarrowed = q !== "" || state !== "";
  const count = countText(page, total);
  return (
    <>
      <Head
        page={page}
        title={repos.title}
        actions={mayWrite && (
          <a class="button main" href={`${base}/repos/new`}>
            <Icon of="add" />
            {repos.add}
          </a>
        )}
      />
      {done && <Notice tone="good" live>{done}</Notice>}
      <Filters {...shown} />
      <div id="rows" data-poll={items.some(isBusy) ? POLL_MS : undefined}>
        {total === 0 ? <None page={page} isNarrowed={isNarrowed} /> : (
          <>
            <p class="quiet repos-total" role="status">
              {isNarrowed ? repos.found(count, total) : repos.total(count, total)}
            </p>
            <Rows {...shown} />
            <Pager page={page} total={total} limit={limit} />
          </>
        )}
      </div>
    </>
  );
}

function Filters({ page, q, state, sort }: Shown) {
  const { words: { repos, common }, base } = page;
  return (
    <form
      class="filters repo-filters"
      method="get"
      action={`${base}/repos`}
      role="search"
      data-live="rows"
    >
      <SearchField label={repos.searchFor} value={q} placeholder={repos.searchFor} />
      <FilterSelect
        name="state"
        label={repos.state}
        value={state}
        options={[
          { value: "", text: common.all },
          ...STATES.map((value) => ({ value, text: common.states[value] })),
        ]}
      />
      <FilterSelect
        name="sort"
        label={common.sort}
        value={sort}
        options={SORTS.map((value) => ({ value, text: repos.sorts[value] }))}
      />
      <button type="submit" class="unscripted">{common.apply}</button>
    </form>
  );
}

function None({ page, isNarrowed }: { page: Page; isNarrowed: boolean }) {
  const { words: { repos }, base, mayWrite } = page;
  if (isNarrowed) {
    return (
      <Empty icon="search" title={repos.nothingTitle}>
        <p>{repos.nothing}</p>
        <p class="actions">
          <a class="button" href={`${base}/repos`}>{repos.clear}</a>
        </p>
      </Empty>
    );
  }
  return (
    <Empty icon="repo" title={repos.emptyTitle}>
      <p>{mayWrite ? repos.empty : repos.emptyViewer}</p>
      {mayWrite && (
        <p class="actions">
          <a class="button main" href={`${base}/repos/new`}>
            <Icon of="add" />
            {repos.add}
          </a>
        </p>
      )}
    </Empty>
  );
}

function Rows({ page, items, recent, sort }: Shown) {
  const { words: { repos: { columns } }, mayWrite } = page;
  return (
    <table class="table repos">
      <thead>
        <tr>
          <SortHead page={page} by="name" sort={sort} text={columns.name} />
          <SortHead page={page} by="status" sort={sort} text={columns.state} />
          <SortHead page={page} by="updated" sort={sort} text={columns.last} />
          <th scope="col">{columns.next}</th>
          <th scope="col" class="number">{columns.apps}</th>
          <th scope="col" class="number">{columns.versions}</th>
          <th scope="col">{columns.recent}</th>
          {mayWrite && (
            <th scope="col">
              <span class="seen-by-none">{columns.actions}</span>
            </th>
          )}
        </tr>
      </thead>
      <tbody>
        {items.map((repo) => <Row page={page} repo={repo} recent={recent} />)}
      </tbody>
    </table>
  );
}

/** A head that sorts by its column, and again the other way around. */
function SortHead(
  { page, by, sort, text }: {
    page: Page;
    by: "name" | "status" | "updated";
    sort: Sort;
    text: string;
  },
) {
  const isBy = sort === by || sort === `-${by}`;
  // What was synced last is what people look for first.
  const first: Sort = by === "updated" ? "-updated" : by;
  const other: Sort = first === by ? `-${by}` : by;
  const href = hrefWith(page.url, { sort: sort === first ? other : first, page: null, done: null });
  const direction = !isBy ? undefined : sort.startsWith("-") ? "descending" : "ascending";
  return (
    <th scope="col" aria-sort={direction}>
      <a href={href} id={`sort-${by}`} data-live="rows sort">
        {text}
        {direction && (
          <span class={direction}>
            <Icon of="down" />
          </span>
        )}
      </a>
    </th>
  );
}

function Row({ page, repo, recent }: { page: Page; repo: Repo; recent: number }) {
  const { words: { repos: { columns }, reasons }, base, mayWrite } = page;
  const { sync } = repo;
  const reason = repo.status === "failed" && sync.reason && reasons[sync.reason];
  return (
    <tr>
      <th scope="row">
        <a href={`${base}/repos/${repo.repo_id}`} data-item>{repo.name}</a>
        <span class="url" title={repo.url}>{repo.url}</span>
      </th>
      <td class="state">
        <SyncState page={page} repo={repo} />
        {reason && <span class="reason" title={sync.message}>{reason.short}</span>}
      </td>
      <td data-label={columns.last}>
        <Time page={page} at={sync.last_attempt} />
      </td>
      <td data-label={columns.next}>
        <NextSync page={page} repo={repo} />
      </td>
      <td data-label={columns.apps} class="number">
        <Count page={page} of={repo.app_total} />
      </td>
      <td data-label={columns.versions} class="number">
        <Count page={page} of={repo.version_total} />
      </td>
      <td class="recent">
        <Sparkline page={page} syncs={repo.recent_syncs ?? []} most={recent} />
      </td>
      {mayWrite && (
        <td class="row-menu">
          <RepoActions page={page} repo={repo} />
        </td>
      )}
    </tr>
  );
}

function NextSync({ page, repo }: { page: Page; repo: Repo }) {
  const { words: { repos }, now } = page;
  const { next_sync: next } = repo.sync;
  if (next === null) return <span class="quiet">{repos.off}</span>;
  if (isBusy(repo) || Date.parse(next) <= now) return <span>{repos.now}</span>;
  return <Time page={page} at={next} />;
}
