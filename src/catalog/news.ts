/** What is new: the versions of all apps, the one made last first. */

import { createdAt, type KeptVersion } from "../helm/chart.ts";
import { compareText } from "../helm/version.ts";
import type { CatalogEntry } from "../store/generations.ts";
import type { App } from "./views.ts";
import type { HotIndex } from "./hot_index.ts";
import type { Row } from "./query.ts";

/** Apps whose versions are read at once. */
const BATCH = 20;
/** Apps that are looked at for one page: so far back do news go. */
export const MAX_APPS = 500;

/** A version that an app has got. */
export interface News extends App {
  version: KeptVersion;
  /** When it was made, in milliseconds of the epoch. */
  time: number;
}

/** Where news go on: behind this one, whether it is still there or not. */
export interface NewsPosition {
  time: number;
  repoId: string;
  name: string;
  version: string;
}

/**
 * The first `count` news behind a position, and whether there are more. `rows`: apps, the one that
 * was updated last first.
 */
export async function readNews(
  hot: HotIndex,
  rows: Iterator<Row>,
  { after, count }: { after?: NewsPosition | undefined; count: number },
): Promise<{ news: News[]; more: boolean }> {
  const found: News[] = [];
  let next = rows.next(), certainAfter = -Infinity;
  for (let apps = 0; apps < MAX_APPS && !next.done; apps += BATCH) {
    const batch: Row[] = [];
    for (; batch.length < BATCH && !next.done; next = rows.next()) batch.push(next.value);
    for (const news of await Promise.all(batch.map((row) => newsOf(hot, row)))) {
      for (const one of news) {
        if (after === undefined || compareNews(one, after) > 0) found.push(one);
      }
    }
    // No app that is still to come has a version that was made later than this.
    certainAfter = next.done ? -Infinity : next.value.value;
    if (found.reduce((sum, { time }) => sum + Number(time > certainAfter), 0) > count) break;
  }
  const certain = found.filter(({ time }) => time > certainAfter).sort(compareAll);
  return { news: certain.slice(0, count), more: certain.length > count };
}

/** Where the list goes on behind one of its news. */
export function newsPosition({ repo, entry, version, time }: News): NewsPosition {
  return { time, repoId: repo.id, name: entry.name, version: version.chart.version };
}

async function newsOf(hot: HotIndex, { place: { repo, catalog }, number }: Row): Promise<News[]> {
  const [entry] = hot.entries(catalog, [number]) as [CatalogEntry];
  const versions = await hot.versions(repo.id, entry);
  return versions.map((version) => ({ repo, entry, version, time: createdAt(version) }));
}

function compareAll(a: News, b: News): number {
  return compareNews(a, newsPosition(b));
}

/** Later ones first; ties by repository, app and version. */
function compareNews(a: News, b: NewsPosition): number {
  const position = newsPosition(a);
  return b.time - a.time || compareText(position.repoId, b.repoId) ||
    compareText(position.name, b.name) || compareText(position.version, b.version);
}
