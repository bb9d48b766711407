/** What changed from one version to another: in what the chart says of itself, and in its files. */

import { loadVersion, type Opened, type Version } from "../app/frame.tsx";
import type { ConsoleContext, Page } from "../page.ts";
import { Badge, Empty, hrefWith, type Tone } from "../parts/parts.tsx";
import { SelectField } from "../parts/form.tsx";
import { Icon } from "../parts/icon.tsx";
import { countText } from "../parts/text.ts";
import { openArchive, type VersionArchive } from "./archive.ts";
import { DiffView } from "./diff_view.tsx";
import { factsOf } from "./facts.ts";
import { shownName, showTab } from "./tab.tsx";

/** Versions to choose from; files that are listed. */
const MAX_VERSIONS = 300, MAX_FILES = 500;
/** Which are looked at first. */
const FIRST = ["values.yaml", "Chart.yaml"];

/** Answers with what changed between the versions of `?from=` and `?to=`. */
export async function compare(c: ConsoleContext): Promise<Response> {
  return await showTab(c, "diff", async (opened) => {
    const { page, app } = opened;
    const { compare: words } = page.words.files;
    const choice = await chooseVersions(opened, c.req.query("from"), c.req.query("to"));
    if (choice === undefined) {
      return (
        <Empty icon="diff" title={words.only}>
          <p>{words.onlyHint}</p>
        </Empty>
      );
    }
    const { from, to } = choice;
    const form = <Choice opened={opened} choice={choice} />;
    if (from.version_id === to.version_id) {
      return (
        <>
          {form}
          <Empty icon="diff" title={words.same} />
        </>
      );
    }
    const [old, fresh] = await Promise.all([
      openArchive(page, app.app_id, from.version_id),
      openArchive(page, app.app_id, to.version_id),
    ]);
    const changes = changesOf(old, fresh);
    const file = c.req.query("file") ?? firstOf(changes);
    return (
      <>
        {form}
        <FactsTable page={page} from={from} to={to} />
        <Changes page={page} changes={changes} current={file} />
        {file !== undefined && (
          <DiffView
            opened={opened}
            from={{ version: from, archive: old }}
            file={file}
            to={{ version: to, archive: fresh }}
            texts={await textsOf(old, fresh, file)}
          />
        )}
      </>
    );
  });
}

async function textsOf(old: VersionArchive, fresh: VersionArchive, file: string) {
  const [from, to] = await Promise.all([old.read([file]), fresh.read([file])]);
  return { from: from.get(file), to: to.get(file) };
}

interface VersionChoice {
  from: Version;
  to: Version;
  items: readonly Version[];
  total: number;
}

/** `undefined`: there are not two. Throws a `ChartroomError` for one that is not there. */
async function chooseVersions(
  { page, app }: Opened,
  asked: string | undefined,
  askedTo: string | undefined,
): Promise<VersionChoice | undefined> {
  const answer = await page.api.apps[":app"].versions.$get({
    param: { app: app.app_id },
    query: { orderBy: "stable_first", limit: `${MAX_VERSIONS}` },
  });
  const { items, total_count: total } = await answer.json();
  if (total < 2) return undefined;
  const [newest] = items;
  const to = askedTo ? await loadVersion(page, app, askedTo) : newest;
  if (to === undefined) return undefined;
  const place = items.findIndex(({ version_id }) => version_id === to.version_id);
  const before = items[place + 1] ?? items[place - 1] ?? newest!;
  // Their details are not in the list.
  const from = await loadVersion(page, app, asked || before.version);
  return { from, to: await loadVersion(page, app, to.version_id), items, total };
}

function Choice({ opened, choice }: { opened: Opened; choice: VersionChoice }) {
  const { page, app } = opened;
  const { from, to, items, total } = choice;
  const { compare: words } = page.words.files;
  const file = page.url.searchParams.get("file");
  const listed = (chosen: Version) => {
    const texts = items.map(({ version }) => version);
    return (texts.includes(chosen.version) ? texts : [chosen.version, ...texts])
      .map((text) => ({ value: text, text }));
  };
  return (
    <form class="compare" method="get" action={`${page.base}/apps/${app.app_id}/diff`}>
      {file !== null && <input type="hidden" name="file" value={file} />}
      <SelectField
        page={page}
        name="from"
        label={words.from}
        value={from.version}
        options={listed(from)}
      />
      <SelectField page={page} name="to" label={words.to} value={to.version} options={listed(to)} />
      <button type="submit" class="main">{words.submit}</button>
      <a class="button" href={hrefWith(page.url, { from: to.version, to: from.version })}>
        <Icon of="sync" />
        {words.swap}
      </a>
      {total > items.length && <p class="quiet">{words.newest(countText(page, items.length))}</p>}
    </form>
  );
}

function FactsTable({ page, from, to }: { page: Page; from: Version; to: Version }) {
  const { compare: words } = page.words.files;
  const facts = factsOf(from, to);
  if (facts.length === 0) return null;
  return (
    <section class="card">
      <h2>{words.facts}</h2>
      <dl class="facts">
        {facts.map((fact) => (
          <>
            <dt>
              {fact.name === "dependency" ? <bdi>{shownName(fact.of)}</bdi> : words[fact.name]}
            </dt>
            <dd>
              {fact.from === fact.to ? <bdi>{fact.to || words.none}</bdi> : (
                <span class="became">
                  <del>{fact.from || words.none}</del>
                  <Icon of="right" />
                  <ins>{fact.to || words.none}</ins>
                </span>
              )}
            </dd>
          </>
        ))}
      </dl>
    </section>
  );
}

interface Change {
  name: string;
  status: "added" | "removed" | "changed";
}

interface ChangeList {
  changes: Change[];
  unchanged: number;
}

/** Files that differ, those of {@link FIRST} before all others. */
function changesOf(old: VersionArchive, fresh: VersionArchive): ChangeList {
  const changes: Change[] = [];
  let unchanged = 0;
  for (const name of [...new Set([...FIRST, ...old.files.keys(), ...fresh.files.keys()])]) {
    const from = old.files.get(name), to = fresh.files.get(name);
    if (from !== undefined && to !== undefined && from.sha256 === to.sha256) unchanged++;
    else if (to !== undefined) changes.push({ name, status: from ? "changed" : "added" });
    else if (from !== undefined) changes.push({ name, status: "removed" });
  }
  return { changes, unchanged };
}

function firstOf({ changes }: ChangeList): string | undefined {
  return changes[0]?.name;
}

const TONES: Readonly<Record<Change["status"], Tone>> = {
  added: "good",
  removed: "bad",
  changed: "info",
};
const SIGNS = { added: "+", removed: "−", changed: "±" } as const;

function Changes(
  { page, changes: { changes, unchanged }, current }: {
    page: Page;
    changes: ChangeList;
    current: string | undefined;
  },
) {
  const { compare: words, more } = page.words.files;
  return (
    <section class="card changes">
      <h2>
        {words.files} <span class="count">{countText(page, changes.length)}</span>
      </h2>
      {changes.length === 0 && <p>{words.noChanges}</p>}
      <ul>
        {changes.slice(0, MAX_FILES).map(({ name, status }) => (
          <li>
            <Badge tone={TONES[status]}>
              <span aria-hidden="true">{SIGNS[status]}</span>
              {words.status[status]}
            </Badge>
            <a
              href={`${hrefWith(page.url, { file: name })}#diff`}
              aria-current={name === current ? "true" : undefined}
            >
              <bdi>{shownName(name)}</bdi>
            </a>
          </li>
        ))}
      </ul>
      <p class="quiet">
        {changes.length > MAX_FILES && more(countText(page, changes.length - MAX_FILES))}{" "}
        {unchanged > 0 && words.unchanged(unchanged, countText(page, unchanged))}
      </p>
    </section>
  );
}
