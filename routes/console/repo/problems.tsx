/** The entries of an index that could not be used. */

import { Icon } from "../parts/icon.tsx";
import { Empty, Pager } from "../parts/parts.tsx";
import { countText } from "../parts/text.ts";
import { pathOf, type Problem, type Shown } from "./data.ts";

/** Problems that the API keeps of an index. */
export const PROBLEMS_KEPT = "1000";
/** Problems on a page. */
const LIMIT = 50;
const MAX_QUERY = 200;

/** `problems`: all that are kept. `number`: of the page, from 1. */
export function Problems(
  { page, repo, problems, number }: Shown & { problems: readonly Problem[]; number: number },
) {
  const { words: { repo: words, common }, url } = page;
  if (problems.length === 0) {
    const isRead = repo.sync.last_success !== null;
    return (
      <Empty icon={isRead ? "check" : "clock"} title={words.noProblems}>
        {isRead ? words.noProblemsText : words.noProblemsYet}
      </Empty>
    );
  }
  const query = (url.searchParams.get("q") ?? "").slice(0, MAX_QUERY);
  const found = matching(problems, query);
  const count = (of: number) => countText(page, of);
  const all = repo.sync.problems;
  return (
    <section aria-labelledby="problems">
      <h2 id="problems" class="seen-by-none">{words.problems}</h2>
      <p class="quiet">
        {words.problemsLede}
        {all > problems.length && ` ${words.problemsCut(count(problems.length), count(all))}`}
      </p>
      <form class="filters" method="get" action={pathOf(page, repo)} data-live="problems-found">
        <input type="hidden" name="tab" value="problems" />
        <div class="search">
          <label for="q">{words.searchProblems}</label>
          <Icon of="search" />
          <input id="q" name="q" type="search" value={query} maxlength={MAX_QUERY} data-search />
        </div>
        <button type="submit" class="unscripted">{common.search}</button>
      </form>
      <div id="problems-found">
        <p class="quiet" role="status">{words.found(count(found.length))}</p>
        {found.length > 0 && (
          <ProblemTable
            page={page}
            problems={found.slice((number - 1) * LIMIT, number * LIMIT)}
          />
        )}
        <Pager page={page} total={found.length} limit={LIMIT} />
      </div>
    </section>
  );
}

/** Those in which every word of a query stands, in any case. */
function matching(problems: readonly Problem[], query: string): readonly Problem[] {
  const wanted = query.toLowerCase().split(/\s+/).filter((word) => word !== "");
  if (wanted.length === 0) return problems;
  return problems.filter(({ chart, version = "", reason }) => {
    const text = `${chart} ${version} ${reason}`.toLowerCase();
    return wanted.every((word) => text.includes(word));
  });
}

function ProblemTable({ page, problems }: Pick<Shown, "page"> & { problems: readonly Problem[] }) {
  const { words: { repo: words } } = page;
  return (
    <table class="table repo-problems">
      <thead>
        <tr>
          <th scope="col">{words.problemChart}</th>
          <th scope="col">{words.problemVersion}</th>
          <th scope="col" class="number" title={words.problemPositionHint}>
            {words.problemPosition}
          </th>
          <th scope="col">{words.problemReason}</th>
        </tr>
      </thead>
      <tbody>
        {problems.map(({ chart, version, position, reason }) => (
          <tr>
            <th scope="row">{chart}</th>
            <td data-label={words.problemVersion}>{version ?? "–"}</td>
            <td data-label={words.problemPosition} class="number">
              {position ?? words.wholeList}
            </td>
            <td data-label={words.problemReason}>{reason}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
