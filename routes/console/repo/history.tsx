/** The timeline of a repository's syncs. */

import { Icon, type IconName } from "../parts/icon.tsx";
import { Bytes, Choice, Empty, hrefWith, Pager, Time, type Tone } from "../parts/parts.tsx";
import { Sparkline } from "../parts/sync_state.tsx";
import { durationText } from "../parts/text.ts";
import { Changes } from "./changes.tsx";
import { reasonOf, type Shown, type SyncEvent } from "./data.ts";

/** Events on a page. */
const LIMIT = 25;
/** Fewer syncs are not drawn. */
const FEW = 3;

const MATCHES = {
  all: () => true,
  failed: ({ status }: SyncEvent) => status === "failed",
  changed: ({ changes }: SyncEvent) => changes !== undefined,
} as const;
type Filter = keyof typeof MATCHES;

/** `events`: all that are kept, newest first. `number`: of the page, from 1. */
export function History(
  { page, events, number }: Shown & { events: readonly SyncEvent[]; number: number },
) {
  const { words: { repo: words }, url } = page;
  const filter = filterOf(url);
  const found = events.filter(MATCHES[filter]);
  if (events.length === 0) {
    return <Empty icon="clock" title={words.noHistory}>{words.noHistoryText}</Empty>;
  }
  return (
    <section class="repo-history" aria-labelledby="history">
      <h2 id="history" class="seen-by-none">{words.history}</h2>
      <div class="repo-history-head">
        <p class="quiet">{words.historyLede}</p>
        <Choice
          label={words.filter}
          links={(Object.keys(MATCHES) as Filter[]).map((name) => ({
            href: hrefWith(url, { filter: name === "all" ? null : name, page: null, done: null }),
            text: words.filters[name],
            count: events.filter(MATCHES[name]).length,
            current: name === filter,
          }))}
        />
      </div>
      {found.length === 0
        ? (
          <Empty icon="filter" title={words.noMatch}>
            <p class="actions">
              <a class="button" href={hrefWith(url, { filter: null, page: null })}>
                {words.showAll}
              </a>
            </p>
          </Empty>
        )
        : (
          <>
            <Durations page={page} events={found} />
            <ol class="timeline">
              {found.slice((number - 1) * LIMIT, number * LIMIT).map((event) => (
                <Event page={page} event={event} />
              ))}
            </ol>
            <Pager page={page} total={found.length} limit={LIMIT} />
          </>
        )}
    </section>
  );
}

function filterOf(url: URL): Filter {
  const wanted = url.searchParams.get("filter") ?? "";
  return Object.hasOwn(MATCHES, wanted) ? wanted as Filter : "all";
}

/** How long the syncs took, which the list says too. */
function Durations({ page, events }: Pick<Shown, "page"> & { events: readonly SyncEvent[] }) {
  const syncs = events.filter(({ type }) => type === "sync");
  if (syncs.length < FEW) return null;
  return <Sparkline page={page} syncs={syncs} most={syncs.length} label={page.words.repo.chart} />;
}

function Event({ page, event }: Pick<Shown, "page"> & { event: SyncEvent }) {
  const { words: { repo: words } } = page;
  const { type, status_time, duration_ms, index_bytes, changes, result } = event;
  const isSync = type === "sync";
  const { tone, icon, title } = lookOf(page, event);
  return (
    <li class={`event ${tone}`}>
      <span class="dot">
        <Icon of={icon} />
      </span>
      <div>
        <p class="event-head">
          <strong>{title}</strong>
          <Time page={page} at={status_time} />
          {isSync && (
            <span class="quiet" title={words.duration}>
              {durationText(page, duration_ms)}
            </span>
          )}
          {isSync && index_bytes > 0 && (
            <span class="quiet">
              <Bytes page={page} of={index_bytes} />
            </span>
          )}
        </p>
        {result && <p class="repo-message">{result}</p>}
        {!isSync && <p>{words.republishedHint}</p>}
        {changes && <Changes page={page} changes={changes} />}
      </div>
    </li>
  );
}

function lookOf(
  page: Shown["page"],
  { type, status, reason, changes }: SyncEvent,
): { tone: Tone; icon: IconName; title: string } {
  const { words: { repo: words } } = page;
  if (type === "republished") {
    return { tone: "warn", icon: "warning", title: words.eventRepublished };
  }
  if (status === "failed") {
    return {
      tone: "bad",
      icon: "cross",
      title: reasonOf(page, reason)?.short ?? words.eventFailed,
    };
  }
  return changes
    ? { tone: "good", icon: "diff", title: words.eventChanged }
    : { tone: "quiet", icon: "check", title: words.eventOk };
}
