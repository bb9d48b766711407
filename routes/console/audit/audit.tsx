/** Who did what, for administrators. */

import { Hono } from "hono";
import { ChartroomError } from "../../client.ts";
import type { Api } from "../api.ts";
import { AuditTable } from "./table.tsx";
import { show } from "../opened.tsx";
import type { ConsoleEnv, Page } from "../page.ts";
import { described, Field } from "../parts/form.tsx";
import { Icon } from "../parts/icon.tsx";
import { CursorPager, Empty, Head, Notice } from "../parts/parts.tsx";

/** Entries of a page. */
const LIMIT = 50;
/** Repositories of one name, each in another workspace, that are looked for at once. */
const MAX_REPOS = "20";
const REPO_ID = /^repo-[0-9a-z]+$/;

/** Without the lines of an export. */
export type AuditPage = Exclude<
  Awaited<ReturnType<Awaited<ReturnType<Api["audit"]["$get"]>>["json"]>>,
  string
>;

/** What is looked for, as the URL has it. */
interface Filter {
  action: string;
  name: string;
  outcome: string;
  repo: string;
  since: string;
  until: string;
}

/** Mounted below `/audit`. */
export function audit() {
  return new Hono<ConsoleEnv>().get("/", async (c) => {
    const page = c.get("page"), { words: { audit }, url } = page;
    const filter = filterOf(url), query = await queryOf(page, filter);
    const cursor = url.searchParams.get("cursor");
    try {
      if (/[,|]/.test(filter.name)) {
        throw new ChartroomError(400, audit.noName, "invalid_conditions", "name");
      }
      const found = await page.root.audit.$get({
        query: { ...query, limit: `${LIMIT}`, ...(cursor && { cursor }) },
      });
      const content = (
        <Log page={page} filter={filter} query={query} list={await found.json() as AuditPage} />
      );
      return await show(c, audit.title, content);
    } catch (error) {
      if (!(error instanceof ChartroomError) || error.status !== 400) throw error;
      const none = { items: [] };
      const content = <Log {...{ page, filter, query }} list={none} wrong={error} />;
      return await show(c, audit.title, content, 400);
    }
  });
}

function filterOf({ searchParams }: URL): Filter {
  const of = (name: string) => searchParams.get(name)?.trim() ?? "";
  return {
    action: of("action"),
    name: of("name"),
    outcome: of("outcome"),
    repo: of("repo"),
    since: of("since"),
    until: of("until"),
  };
}

/** What the API is asked for: of repositories it knows the ids alone. */
async function queryOf({ root }: Page, { action, name, outcome, repo, since, until }: Filter) {
  const repoId = repo === "" || REPO_ID.test(repo) ? repo : await idsOf(root, repo);
  // A comma begins another condition.
  const conditions = Object.entries({ action, name, outcome, repo_id: repoId })
    .filter(([, value]) => value !== "")
    .map(([key, value]) => `${key}=${value.replaceAll(",", "")}`).join();
  const isDay = /^\d{4}-\d\d-\d\d$/.test(until);
  return {
    ...(conditions && { conditions }),
    ...(since && { since }),
    ...(until && { until: isDay ? `${until}T23:59:59.999Z` : until }),
  };
}

/** The ids of the repositories of a name; the name, which is nobody's id, if there are none. */
async function idsOf(root: Api, name: string): Promise<string> {
  if (/[,|]/.test(name)) return name;
  const query = { conditions: `name=${name}`, limit: MAX_REPOS };
  const { items } = await (await root.repos.$get({ query })).json();
  return items.map(({ repo_id }) => repo_id).join("|") || name;
}

interface LogProps {
  page: Page;
  filter: Filter;
  query: Record<string, string>;
  list: AuditPage;
  wrong?: ChartroomError;
}

function Log({ page, filter, query, list: { items, next_cursor }, wrong }: LogProps) {
  const { words: { audit }, url } = page;
  const more = new URLSearchParams({ format: "jsonl", ...query });
  const exported = (
    <a class="button" href={`/v1/audit?${more}`} title={audit.exportHint} download>
      <Icon of="log" />
      {audit.exportAll}
    </a>
  );
  const isLater = url.searchParams.has("cursor");
  const isAll = !isLater && !next_cursor && Object.keys(query).length === 0;
  return (
    <>
      <Head page={page} title={audit.title} actions={exported}>
        <p class="lede">{audit.lede}</p>
      </Head>
      <Filters page={page} filter={filter} wrong={wrong} />
      <div id="found">
        {wrong && !fieldOf(wrong) && <Notice tone="bad" live>{wrong.message}</Notice>}
        {items.length > 0
          ? <AuditTable page={page} items={items} />
          : !wrong && <Nothing page={page} isAll={isAll} isEnd={!next_cursor} />}
        <CursorPager page={page} next={next_cursor} />
      </div>
    </>
  );
}

/** `isAll`: all of the log was looked at; `isEnd`: or all of it that is left. */
function Nothing({ page, isAll, isEnd }: { page: Page; isAll: boolean; isEnd: boolean }) {
  const { audit } = page.words;
  if (isAll) return <Empty icon="log" title={audit.nothing} />;
  return (
    <Empty icon="search" title={isEnd ? audit.nothingFound : audit.nothingYet}>
      <p>{isEnd ? audit.nothingHint : audit.nothingYetHint}</p>
    </Empty>
  );
}

/** The field of ours that is meant. */
function fieldOf({ field }: ChartroomError): keyof Filter | undefined {
  return (["action", "name", "outcome", "since", "until"] as const).find((name) => name === field);
}

function Filters(
  { page, filter, wrong }: { page: Page; filter: Filter; wrong: ChartroomError | undefined },
) {
  const { words: { audit, common } } = page;
  const errorOf = (name: string) => wrong && fieldOf(wrong) === name ? wrong.message : undefined;
  const input = (name: keyof Filter, label: string, hint?: string, type = "text") => {
    const error = errorOf(name);
    return (
      <Field page={page} name={name} label={label} error={error}>
        <input
          type={type}
          value={filter[name]}
          placeholder={hint}
          maxlength={200}
          {...described(name, { error })}
        />
      </Field>
    );
  };
  const select = (name: keyof Filter, label: string, texts: Readonly<Record<string, string>>) => {
    const error = errorOf(name);
    return (
      <Field page={page} name={name} label={label} error={error}>
        <select {...described(name, { error })}>
          <option value="">{common.all}</option>
          {Object.entries(texts).map(([value, text]) => (
            <option value={value} selected={value === filter[name]}>{text}</option>
          ))}
        </select>
      </Field>
    );
  };
  const isSet = Object.values(filter).some((value) => value !== "");
  return (
    <form class="filters audit-filters" method="get" action="/audit">
      {select("action", audit.action, audit.actions)}
      {select("outcome", audit.outcome, audit.outcomes)}
      {input("name", audit.who, audit.whoHint)}
      {input("repo", audit.repo, audit.repoHint)}
      {input("since", audit.since, undefined, "date")}
      {input("until", audit.until, undefined, "date")}
      <div class="actions">
        <button type="submit" class="main">
          <Icon of="filter" />
          {audit.show}
        </button>
        {isSet && <a class="button plain" href="/audit">{common.clear}</a>}
      </div>
    </form>
  );
}
