/** What is new, as a list and as an Atom feed (RFC 4287). */

import type { HotIndex } from "../../src/catalog/hot_index.ts";
import {
  appsOfNews,
  type News,
  type NewsPosition,
  newsPosition,
  readNews,
} from "../../src/catalog/news.ts";
import type { Found } from "../../src/catalog/query.ts";
import { versionView } from "../../src/catalog/views.ts";
import { appId, versionId } from "../../src/helm/ids.ts";
import { invalid } from "../../src/refused.ts";
import type { Made } from "./answers.ts";
import type { AppsQuery } from "./app_query.ts";
import { readCursor, writeCursor } from "./cursor.ts";
import type { Paging } from "./paging.ts";

/** News of one page. */
const MAX_LIMIT = 100;
/** News of a feed: readers come often and want little. */
const FEED_LENGTH = 50;

/** Which part of the news is asked for. */
export interface NewsPage {
  limit: number;
  offset: number;
  after?: NewsPosition | undefined;
}

/** Reads where a page of news begins. */
export function newsAfter(paging: Paging, cursor: string | undefined, query: AppsQuery): NewsPage {
  const { limit, offset } = paging;
  if (limit < 1 || limit > MAX_LIMIT) throw invalid("limit", `1 to ${MAX_LIMIT}`);
  if (offset < 0) throw invalid("page", "1 or more");
  if (cursor === undefined) return { limit, offset };
  const position = readCursor<[number, string, string, string]>(cursor, query, [
    "number",
    "string",
    "string",
    "string",
  ]);
  if (position === undefined) return { limit, offset: 0 };
  const [time, repoId, name, version] = position;
  return { limit, offset: 0, after: { time, repoId, name, version } };
}

/** Writes a page of news. */
export async function pageOfNews(
  hot: HotIndex,
  found: Found,
  query: AppsQuery,
  { limit, offset, after }: NewsPage,
): Promise<Made> {
  const all = appsOfNews(found.rows());
  const { news, more } = offset < all.versions
    ? await readNews(hot, all, { after, count: offset + limit })
    : { news: [], more: false };
  const page = news.slice(offset);
  const last = page.at(-1);
  const next = last && newsPosition(last);
  return {
    body: JSON.stringify({
      items: page.map((item) => ({
        ...versionView(item, item.version),
        app_name: item.entry.name,
        repo_id: item.repo.id,
        repo_name: item.repo.name,
      })),
      total_count: all.versions,
      ...(more && next && {
        next_cursor: writeCursor(query, [next.time, next.repoId, next.name, next.version]),
      }),
    }),
  };
}

/** Writes the feed of what is new. `self`: its address. */
export async function feedOfNews(
  hot: HotIndex,
  found: Found,
  title: string,
  self: URL,
): Promise<Made> {
  const { news } = await readNews(hot, appsOfNews(found.rows()), { count: FEED_LENGTH });
  const updated = news.length === 0 ? 0 : Math.max(...news.map(({ time }) => time));
  const body = `<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom">
<id>${xml(self.href)}</id>
<title>${xml(title)}</title>
<updated>${new Date(updated).toISOString()}</updated>
<author><name>Chartroom</name></author>
<link rel="self" type="application/atom+xml" href="${xml(self.href)}"/>
${news.map((item) => entryXml(item, self)).join("")}</feed>
`;
  return { body, type: "application/atom+xml; charset=utf-8" };
}

function entryXml({ repo, entry, version: { chart }, time }: News, self: URL): string {
  const app = appId(repo.id, entry.key), version = versionId(repo.id, entry.name, chart.version);
  const base = self.pathname.slice(0, self.pathname.lastIndexOf("/changes.atom"));
  const link = new URL(`${base}/${app}/versions/${version}`, self).href;
  return `<entry>
<id>urn:chartroom:${version}</id>
<title>${xml(`${entry.name} ${chart.version}`)}</title>
<updated>${new Date(time).toISOString()}</updated>
<link rel="alternate" type="application/json" href="${xml(link)}"/>
<category term="${xml(repo.name)}"/>
<summary>${xml(chart.description ?? "")}</summary>
</entry>
`;
}

/** Text for XML: what it may not have at all is left out. */
function xml(text: string): string {
  return text
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, "")
    .replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
