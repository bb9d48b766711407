/** Versions by the days on which they were made. */

import { isPrerelease } from "../../../src/helm/version.ts";
import type { Page } from "../page.ts";
import { AppIcon, Badge, Empty, Time, type Tone } from "../parts/parts.tsx";
import { clip, countText, DAY_MS, dayOf, isUndated, weekdayText } from "../parts/text.ts";

/** Characters of a description that are shown. */
const MAX_ABOUT = 160;
const TONES: Readonly<Record<News["kind"], Tone>> = {
  first: "good",
  newest: "info",
  other: "quiet",
};

/** A version, and what it is to its app. */
export interface News {
  app_id: string;
  app_name: string;
  repo_id: string;
  repo_name: string;
  version_id: string;
  version: string;
  app_version?: string | undefined;
  description?: string | undefined;
  deprecated: boolean;
  create_time: string;
  /** Whether its app names an icon. */
  hasIcon: boolean;
  /** The first of its app, the one to take, or neither. */
  kind: "first" | "newest" | "other";
}

/** What is new, or that nothing is. */
export function NewsList(
  { page, news, isFiltered }: { page: Page; news: readonly News[]; isFiltered: boolean },
) {
  const { words, base } = page;
  const count = words.news.versions(news.length, countText(page, news.length));
  if (news.length === 0) {
    return (
      <Empty icon="news" title={isFiltered ? words.news.nothing : words.news.empty}>
        <p id="news-count">{isFiltered ? words.news.nothingHint : words.news.emptyHint}</p>
        <p class="actions">
          {isFiltered
            ? <a class="button" href={`${base}/news`}>{words.news.removeAll}</a>
            : <a class="button" href={`${base}/repos`}>{words.news.showRepos}</a>}
        </p>
      </Empty>
    );
  }
  return (
    <>
      <p id="news-count" class="seen-by-none">{count}</p>
      {[...byDay(news)].map(([day, versions]) => (
        <section class="news-day" aria-label={titleOf(page, day)}>
          <h2>
            {day === "" ? words.news.undated : <time datetime={day}>{titleOf(page, day)}</time>}
            <span class="count">
              {words.news.versions(versions.length, countText(page, versions.length))}
            </span>
          </h2>
          <ul>
            {versions.map((version) => <Row page={page} version={version} />)}
          </ul>
        </section>
      ))}
    </>
  );
}

/** Versions by days of UTC, in their order; `""`: those without a date. */
function byDay(news: readonly News[]): Map<string, News[]> {
  return Map.groupBy(
    news,
    ({ create_time }) => isUndated(create_time) ? "" : dayOf(Date.parse(create_time)),
  );
}

function titleOf(page: Page, day: string): string {
  const { words: { news }, now } = page;
  if (day === "") return news.undated;
  const text = weekdayText(page, day);
  if (day === dayOf(now)) return `${news.today}, ${text}`;
  return day === dayOf(now - DAY_MS) ? `${news.yesterday}, ${text}` : text;
}

function Row({ page, version }: { page: Page; version: News }) {
  const { words: { news }, base } = page;
  const { app_id, app_name, kind, app_version, repo_name, create_time } = version;
  const href = `${base}/apps/${app_id}?${new URLSearchParams({ version: version.version_id })}`;
  const icon = version.hasIcon ? `/v1${base}/apps/${app_id}/icon` : undefined;
  return (
    <li class="news-row">
      <AppIcon name={app_name} href={icon} />
      <div>
        <p class="news-what">
          <a href={href} data-item>
            <bdi>{app_name}</bdi> <span class="app-version">{clip(version.version, 60)}</span>
          </a>
          <Badge tone={TONES[kind]} title={news.kindHints[kind]}>{news.kinds[kind]}</Badge>
          {version.deprecated && <Badge tone="warn" icon="warning">{news.deprecated}</Badge>}
          {isPrerelease(version.version) && <Badge>{news.prerelease}</Badge>}
        </p>
        <p class="news-about" dir="auto">{clip(version.description ?? "", MAX_ABOUT)}</p>
      </div>
      <p class="news-from">
        <span>
          {app_version && `${news.packages(clip(app_version, 40))} · `}
          <a href={`${base}/news?${new URLSearchParams({ repo: version.repo_id })}`}>
            <bdi>{repo_name}</bdi>
          </a>
        </span>
        {!isUndated(create_time) && <Time page={page} at={create_time} />}
      </p>
    </li>
  );
}
