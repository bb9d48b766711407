/** What is new: the versions of all apps, the one made last first. */

import { createdAt, type KeptVersion } from "../helm/chart.ts";
import { compareText } from "../helm/version.ts";
import type { CatalogEntry } from "../store/generations.ts";
import type { App } from "./views.ts";
import type { HotIndex } from "./hot_index.ts";
import { type Position, positionOf, type Row } from "./query.ts";

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
  let next = rows.next(), certain: News[] = [];
  for (let apps = 0; apps < MAX_APPS && !next.done; apps += BATCH) {
    const batch: Row[] = [];
    for (; batch.length < BATCH && !next.done; next = rows.next()) batch.push(next.value);
    for (const news of await Promise.all(batch.map((row) => newsOf(hot, row)))) {
      for (const one of news) {
        if (after === undefined || compareNews(one, after) > 0) found.push(one);
      }
    }
    // What comes before an app that is still to come comes before all versions of it.
    const border = next.done ? undefined : positionOf(next.value);
    certain = border === undefined ? found : found.filter((one) => compareToApp(one, border) < 0);
    if (certain.length > count) break;
  }
  certain.sort(compareAll);
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

function compareNews(a: News, b: NewsPosition): number {
  return compareToApp(a, { ...b, value: b.time }) ||
    compareText(a.version.chart.version, b.version);
}

/** Later ones first; ties as in a list of apps that is reversed. */
function compareToApp({ time, entry, repo }: News, app: Position): number {
  return app.value - time || compareText(app.name, entry.name) || compareText(app.repoId, repo.id);
}
