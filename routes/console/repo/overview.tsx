/** How a repository stands, what it has, and what can be done about it. */

import type { Child } from "hono/jsx";
import type { Repo } from "../api.ts";
import { Icon } from "../parts/icon.tsx";
import { Notice, Snippet, Time } from "../parts/parts.tsx";
import { bytesText, countText, durationText } from "../parts/text.ts";
import { Changes } from "./changes.tsx";
import { pathOf, reasonOf, type Shown, stateOf, type SyncEvent, tabPath } from "./data.ts";
import { SuspendForm } from "./frame.tsx";
import { helmCommand } from "./helm.ts";

/** `last`: the sync that ended last. */
export function Overview({ last, ...shown }: Shown & { last: SyncEvent | undefined }) {
  const { page } = shown;
  const { words: { repo: words } } = page;
  return (
    <div class="repo-overview">
      <div>
        <State {...shown} />
        <Amounts {...shown} />
        {last && (
          <section class="card" aria-labelledby="last-result">
            <h2 id="last-result">{words.lastResult}</h2>
            <p class="quiet">
              <Time page={page} at={last.status_time} /> · {durationText(page, last.duration_ms)}
            </p>
            {(last.changes?.versions_republished.count ?? 0) > 0 && (
              <Notice tone="warn">{words.republishedHint}</Notice>
            )}
            {last.changes
              ? <Changes page={page} changes={last.changes} />
              : <p>{last.status === "failed" ? words.failedNothing : words.unchanged}</p>}
          </section>
        )}
        <Use {...shown} />
      </div>
      <div>
        <Facts {...shown} />
        <Danger {...shown} />
      </div>
    </div>
  );
}

/** The state in words, and what to do about it. */
function State(shown: Shown) {
  const { page, repo, mayChange } = shown;
  const { words: { repo: words } } = page;
  const { app_total, version_total, suspended, sync } = repo;
  const isServing = sync.last_success !== null;
  return (
    <>
      {sync.reason && <Failure {...shown} />}
      {suspended && (
        <Notice tone="warn" title={words.suspended}>
          {words.suspendedText} {isServing && words.stillServed}
        </Notice>
      )}
      {!isServing && stateOf(repo) === "never" && (
        <Notice title={words.never}>
          {mayChange ? words.neverText : words.neverTextViewer}
        </Notice>
      )}
      {!sync.reason && isServing && app_total === 0 && (
        <Notice tone="warn" title={words.noApps}>
          {sync.problems > 0
            ? <a href={tabPath(page, repo, "problems")}>{words.noAppsProblems}</a>
            : words.noAppsText}
        </Notice>
      )}
      {!sync.reason && isServing && app_total > 0 && (
        <Notice tone="good" title={words.fine}>
          {words.fineText(countText(page, app_total), countText(page, version_total))}
        </Notice>
      )}
    </>
  );
}

function Failure(shown: Shown) {
  const { page, repo } = shown;
  const { words: { repo: words, common } } = page;
  const { reason, message = "", failures, last_success, state } = repo.sync;
  const known = reasonOf(page, reason);
  return (
    <>
      <Notice tone="bad" title={known?.short ?? common.states.failed}>
        <p>{known?.todo}</p>
        <p>{last_success === null ? words.firstFailed : words.stillServed}</p>
        <p class="repo-message">
          <span class="quiet">{words.message}:</span> <code>{message}</code>{" "}
          {reason && <code class="quiet">({reason})</code>}
        </p>
        {failures > 1 && (
          <p>
            {words.failures(countText(page, failures))}.{" "}
            <a href={`${tabPath(page, repo, "history")}&filter=failed`}>{words.readReasons}</a>
          </p>
        )}
      </Notice>
      {reason === "shrink" && state === "idle" && <Shrink {...shown} message={message} />}
    </>
  );
}

const COUNTS = /from (\d+) apps with (\d+) versions to (\d+) with (\d+)/;

/** Both sizes, and a form that accepts the smaller one. */
function Shrink({ page, repo, mayChange, message }: Shown & { message: string }) {
  const { words: { repo: words } } = page;
  const counts = COUNTS.exec(message)?.slice(1).map((count) => countText(page, Number(count)));
  return (
    <section class="card repo-shrink" aria-labelledby="shrink">
      <h2 id="shrink">{words.shrinkTitle}</h2>
      {counts && (
        <table>
          <thead>
            <tr>
              <td />
              <th scope="col">{words.apps}</th>
              <th scope="col">{words.versions}</th>
            </tr>
          </thead>
          <tbody>
            <tr>
              <th scope="row">{words.shrinkNow}</th>
              <td>{counts[0]}</td>
              <td>{counts[1]}</td>
            </tr>
            <tr>
              <th scope="row">{words.shrinkNew}</th>
              <td>{counts[2]}</td>
              <td>{counts[3]}</td>
            </tr>
          </tbody>
        </table>
      )}
      {mayChange && (
        <form method="post" action={pathOf(page, repo, "/sync")}>
          <input type="hidden" name="next" value={pathOf(page, repo)} />
          <label class="tick">
            <input type="checkbox" name="force" value="true" required id="shrink-confirm" />
            {words.shrinkConfirm}
          </label>
          <button type="submit" class="danger">{words.shrinkAccept}</button>
        </form>
      )}
    </section>
  );
}

function Amounts({ page, repo }: Shown) {
  const { words: { repo: words } } = page;
  const { app_total, version_total, sync } = repo;
  const { problems, index_bytes, duration_ms, last_success } = sync;
  const none = "–";
  const count = (of: number) => last_success === null ? none : countText(page, of);
  const amounts: { text: string; value: string; href?: string }[] = [
    { text: words.apps, value: count(app_total), href: `${page.base}/apps?repo=${repo.repo_id}` },
    { text: words.versions, value: count(version_total) },
    { text: words.problems, value: count(problems), href: tabPath(page, repo, "problems") },
    { text: words.size, value: index_bytes === undefined ? none : bytesText(page, index_bytes) },
    {
      text: words.took,
      value: duration_ms === undefined ? none : durationText(page, duration_ms),
    },
  ];
  return (
    <dl class="repo-amounts">
      {amounts.map(({ text, value, href }) => (
        <div>
          <dt>{text}</dt>
          <dd>{href && value !== none ? <a href={href}>{value}</a> : value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Use({ page, repo }: Shown) {
  const { words: { repo: words } } = page;
  const hints = [
    repo.credential_set && !repo.url.startsWith("s3:") && words.userHint,
    (repo.ca_bundle_set || repo.client_certificate_set) && words.tlsHint,
    repo.url.startsWith("s3:") && words.s3Hint,
  ].filter((hint) => hint !== false);
  return (
    <section class="card" aria-labelledby="use">
      <h2 id="use">{words.use}</h2>
      <Snippet page={page} label={words.addRepo} text={helmCommand(repo)} />
      {hints.map((hint) => <p class="hint">{hint}</p>)}
    </section>
  );
}

function Facts({ page, repo, mayChange }: Shown) {
  const { words: { repo: words } } = page;
  const { sync, sync_period } = repo;
  const set = (isSet: boolean) =>
    isSet
      ? (
        <span class="repo-set">
          <Icon of="check" /> {words.isSet}
        </span>
      )
      : <span class="quiet">{words.notSet}</span>;
  const facts: [string, Child][] = [
    [words.lastSync, <Time page={page} at={sync.last_attempt} />],
    ...sync.last_success === sync.last_attempt
      ? []
      : [[words.lastSuccess, <Time page={page} at={sync.last_success} />] as [string, Child]],
    [words.nextSync, <NextSync page={page} repo={repo} />],
    [words.period, sync_period ? words.every(sync_period) : words.periodNever],
    [words.credential, set(repo.credential_set)],
    [words.ca, set(repo.ca_bundle_set)],
    [words.certificate, set(repo.client_certificate_set)],
    [
      words.hook,
      mayChange
        ? <a href={tabPath(page, repo, "webhook")}>{set(repo.webhook_set)}</a>
        : set(repo.webhook_set),
    ],
    [
      words.registered,
      <>
        <Time page={page} at={repo.create_time} /> {repo.creator && words.by(repo.creator)}
      </>,
    ],
    [words.id, <code>{repo.repo_id}</code>],
  ];
  return (
    <section class="card" aria-labelledby="facts">
      <h2 id="facts">{words.facts}</h2>
      {repo.description && <p class="repo-description">{repo.description}</p>}
      <dl class="facts">
        {facts.map(([name, value]) => (
          <>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </>
        ))}
      </dl>
    </section>
  );
}

function NextSync({ page, repo }: { page: Shown["page"]; repo: Repo }) {
  const { words: { repo: words } } = page;
  const { next_sync } = repo.sync;
  if (next_sync === null) return <span class="quiet">{words.nextNever}</span>;
  if (Date.parse(next_sync) <= page.now) return <>{words.nextNow}</>;
  return <Time page={page} at={next_sync} />;
}

function Danger({ page, repo, mayChange }: Shown) {
  const { words: { repo: words } } = page;
  if (!mayChange) return null;
  return (
    <section class="card repo-danger" aria-labelledby="danger">
      <h2 id="danger">{words.danger}</h2>
      <div>
        <p>{repo.suspended ? words.resumeHint : words.suspendHint}</p>
        <SuspendForm page={page} repo={repo} id="suspend-below" />
      </div>
      <div>
        <p>{words.deleteHint}</p>
        <a class="button danger" href={pathOf(page, repo, "/delete")} id="delete">
          <Icon of="trash" />
          {words.deleteLink}
        </a>
      </div>
    </section>
  );
}
