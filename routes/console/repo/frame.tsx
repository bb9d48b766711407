/** What stands above each tab of a repository: its name, its state, what to do, a sync under way. */

import type { Child } from "hono/jsx";
import { Icon } from "../parts/icon.tsx";
import { Badge, Head, hrefWith, Notice, Tabs } from "../parts/parts.tsx";
import { bytesText, countText } from "../parts/text.ts";
import { pathOf, type Shown, stateOf, type Tab, tabPath, TABS, TONES } from "./data.ts";

/** How often the page looks for a sync that begins by itself, in milliseconds. */
const LOOK_MS = "30000";
const ICONS = {
  running: "sync",
  queued: "clock",
  failed: "cross",
  never: "clock",
  successful: "check",
} as const;

/** A tab, in the page of its repository. */
export function RepoFrame({ tab, children, ...shown }: Shown & { tab: Tab; children: Child }) {
  const { page, repo, mayChange } = shown;
  const { words: { repo: words, common }, base } = page;
  const tabs = TABS.filter((name) => name !== "webhook" || mayChange);
  return (
    <>
      <Head
        page={page}
        title={repo.name}
        crumbs={[{ href: `${base}/repos`, text: common.repositories }]}
        actions={<Actions {...shown} />}
      >
        <Standing {...shown} />
      </Head>
      <Done {...shown} />
      <Progress {...shown} tab={tab} />
      <Tabs
        label={words.tabs}
        tabs={tabs.map((name) => ({
          href: tabPath(page, repo, name),
          text: words[name],
          count: name === "problems" && repo.sync.problems > 0 ? repo.sync.problems : undefined,
          current: name === tab,
        }))}
      />
      <div id="repo-tab">{children}</div>
    </>
  );
}

function Standing({ page, repo }: Shown) {
  const { words: { repo: words, common } } = page;
  const state = stateOf(repo);
  return (
    <p class="repo-standing" id="repo-standing">
      <Badge tone={TONES[state]} icon={ICONS[state]}>
        {state === "never" ? words.neverBadge : common.states[state]}
      </Badge>
      {repo.suspended && <Badge tone="warn" icon="pause">{words.suspendedBadge}</Badge>}
      <Badge>{repo.workspace || words.global}</Badge>
      <code class="quiet">{repo.url}</code>
    </p>
  );
}

function Actions({ page, repo, mayChange }: Shown) {
  const { words: { repo: words, common }, base } = page;
  const isBusy = repo.sync.state !== "idle";
  return (
    <>
      <a class="button" id="show-apps" href={`${base}/apps?repo=${repo.repo_id}`}>
        <Icon of="app" />
        {words.showApps}
      </a>
      {mayChange && (
        <>
          <a class="button" id="edit" href={pathOf(page, repo, "/edit")}>
            <Icon of="edit" />
            {common.edit}
          </a>
          <SuspendForm page={page} repo={repo} id="suspend" />
          <form method="post" action={pathOf(page, repo, "/sync")}>
            <Next page={page} repo={repo} />
            <button type="submit" class="main" id="sync-now" disabled={isBusy}>
              <Icon of="sync" />
              {words.syncNow}
            </button>
          </form>
        </>
      )}
    </>
  );
}

/** Where a form leads when it is done. */
export function Next({ page, repo }: Pick<Shown, "page" | "repo">) {
  return <input type="hidden" name="next" value={tabPath(page, repo, "overview")} />;
}

/** A button that suspends a repository, or that has it synced by itself again. */
export function SuspendForm({ page, repo, id }: Pick<Shown, "page" | "repo"> & { id: string }) {
  const { words: { repo: words } } = page;
  return (
    <form method="post" action={pathOf(page, repo, "/suspend")}>
      <Next page={page} repo={repo} />
      <input type="hidden" name="suspended" value={repo.suspended ? "false" : "true"} />
      <button type="submit" id={id}>
        <Icon of={repo.suspended ? "play" : "pause"} />
        {repo.suspended ? words.resume : words.suspend}
      </button>
    </form>
  );
}

/** What was done a moment ago, and where a repository that cannot be changed here can be. */
function Done({ page, repo }: Shown) {
  const { words: { repo: words }, url, workspace } = page;
  const done = words.done[url.searchParams.get("done") ?? ""];
  const isElsewhere = repo.workspace === "" && workspace !== "" && page.who?.role !== "viewer";
  return (
    <>
      {done && <Notice tone="good" live>{done}</Notice>}
      {isElsewhere && (
        <Notice>
          {words.globalHint} <a href={`/repos/${repo.repo_id}`}>{words.openGlobal}</a>
        </Notice>
      )}
    </>
  );
}

/**
 * A sync under way, as it goes. Where none is, the page looks now and then whether one has begun;
 * but not over a form that somebody fills in.
 */
function Progress({ page, repo, tab }: Shown & { tab: Tab }) {
  const { words: { repo: words }, base, url } = page;
  const { state, phase, bytes = 0, total_bytes, charts = 0, repo_event_id } = repo.sync;
  const isForm = tab === "webhook";
  if (state === "idle" && isForm) return <div id="repo-progress" />;
  if (state === "idle") return <div id="repo-progress" data-poll={LOOK_MS} data-parts="main" />;
  const { phases } = words;
  const shown = state === "running" ? phase ?? "begun" : "queued";
  const isKnown = phase === "download" && !!total_bytes;
  const stream = `/v1${base}/repos/${repo.repo_id}/events/stream`;
  return (
    <div
      id="repo-progress"
      class="card repo-progress"
      data-stream={repo_event_id === undefined ? stream : `${stream}?sync=${repo_event_id}`}
      data-parts={isForm ? "repo-standing repo-progress" : "main"}
      data-queued={phases.queued}
      data-begun={phases.begun}
      data-download={phases.download}
      data-store={phases.store}
    >
      <h2>
        <Icon of={state === "running" ? "sync" : "clock"} spins={state === "running"} />
        <span>{state === "running" ? words.running : words.queued}</span>
      </h2>
      <progress
        aria-label={words.bar}
        max={1}
        value={isKnown ? Math.min(1, bytes / total_bytes) : undefined}
      />
      <p class="amounts">
        <span data-phase aria-live="polite">{phases[shown]}</span>
        <span>
          <span data-bytes>{bytes > 0 ? bytesText(page, bytes) : ""}</span>
          <span data-total>{total_bytes ? bytesText(page, total_bytes) : ""}</span>
        </span>
        <span data-charts data-unit={words.charts}>
          {charts > 0 ? countText(page, charts) : ""}
        </span>
      </p>
      <p class="unscripted">
        {words.reload} <a href={hrefWith(url, { done: null })}>{words.reloadLink}</a>
      </p>
    </div>
  );
}
