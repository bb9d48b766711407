/** What is new: the versions of all apps, the one made last first. */

import { createdAt, type KeptVersion } from "../helm/chart.ts";
import { compareText } from "../helm/version.ts";
import type { CatalogEntry } from "../store/generations.ts";
import type { App } from "./views.ts";
import type { HotIndex } from "./hot_index.ts";
import { type Position, positionOf, type Row } from "./query.ts";

/** Apps whose versions are read at once. */
const BATCH = 20;
/** Apps, those updated last, whose versions are news. */
const MAX_APPS = 500;

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

/** Apps whose versions may be news. */
export interface NewsApps {
  /** The one that was updated last first. */
  apps: Row[];
  /** The one behind them: nothing older than it is news, or news would have gaps. */
  border: Row | undefined;
  /** How many versions the apps have: there are not more news. */
  versions: number;
}

/** Takes them from all apps of a list, the one that was updated last first. */
export function appsOfNews(rows: Iterator<Row>): NewsApps {
  const taken = Iterator.from(rows).take(MAX_APPS + 1).toArray();
  const apps = taken.slice(0, MAX_APPS);
  const count = ({ place, number }: Row) => place.catalog.versions[number]!;
  return {
    apps,
    border: taken[MAX_APPS],
    versions: apps.reduce((sum, app) => sum + count(app), 0),
  };
}

/** The first `count` news behind a position, and whether there are more. */
export async function readNews(
  hot: HotIndex,
  { apps, border }: NewsApps,
  { after, count }: { after?: NewsPosition | undefined; count: number },
): Promise<{ news: News[]; more: boolean }> {
  const found: News[] = [];
  let certain: News[] = [];
  for (let at = 0; at < apps.length; at += BATCH) {
    const batch = apps.slice(at, at + BATCH), next = apps[at + BATCH] ?? border;
    for (const news of await Promise.all(batch.map((row) => newsOf(hot, row)))) {
      for (const one of news) {
        if (after === undefined || compareNews(one, after) > 0) found.push(one);
      }
    }
    // What comes before an app that is still to come comes before all versions of it.
    const end = next && positionOf(next);
    certain = end === undefined ? found : found.filter((one) => compareToApp(one, end) < 0);
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
