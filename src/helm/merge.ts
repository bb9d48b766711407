/** From what was kept of a chart and what its index says now, to what is kept of it next. */

import {
  categoryOf,
  type Chart,
  type ChartVersion,
  createdAt,
  createdText,
  type KeptVersion,
} from "./chart.ts";
import { appKey } from "./ids.ts";
import { type Dated, newestFirst, parseVersion } from "./version.ts";

/** What a list shows of an app: one record of a repository's catalog. */
export interface AppRecord {
  /** The chart's key under `entries`. */
  name: string;
  /** The chart's part of the app's id. */
  key: string;
  /** RFC 3339: when the app was made, fixed when it is first seen. */
  created: string;
  /** RFC 3339: when its newest version was made. */
  updated: string;
  versionCount: number;
  /** The version to show and to install, without its long fields. */
  latest: KeptVersion;
  /** Whether {@link latest} is a version in Helm's eyes. */
  installable: boolean;
  category?: string;
  /** SHA-256 of the text that it was read from; absent if that has to be read each time. */
  source?: string;
}

/** What a merge changed in one chart, as version strings. */
export interface ChartChanges {
  added: string[];
  removed: string[];
  /** The same version with another digest. */
  republished: string[];
}

export interface MergedApp {
  record: AppRecord;
  /** Newest first. */
  versions: KeptVersion[];
  changes: ChartChanges;
}

/** What is kept of an app. */
export interface KeptApp {
  record: AppRecord;
  versions: KeptVersion[];
}

/** Fields that a list does not show. */
const LONG_FIELDS = new Set(["annotations", "dependencies"]);

/**
 * Merges one chart, version by version string. `source`: the digest of its text, if that says all
 * of it. `now` is in milliseconds of the epoch.
 */
export function mergeChart(
  chart: Chart,
  source: string | undefined,
  kept: KeptApp | undefined,
  now: number,
): MergedApp {
  const seen = new Map(kept?.versions.map((version) => [version.chart.version, version]));
  const dated = newestFirst(chart.versions.map((version) => {
    const keptVersion = keep(version, seen.get(version.version), now);
    return { version: version.version, created: createdAt(keptVersion), kept: keptVersion };
  }));
  const versions = dated.map(({ kept }) => kept);
  return {
    record: { ...describe(chart.name, dated, kept?.record, now), ...(source && { source }) },
    versions,
    changes: compare(seen, versions),
  };
}

interface DatedVersion extends Dated {
  kept: KeptVersion;
}

function keep(chart: ChartVersion, old: KeptVersion | undefined, now: number): KeptVersion {
  if (chart.created !== undefined) return { chart };
  return { chart, firstSeen: old === undefined ? now : createdAt(old) };
}

function describe(
  name: string,
  versions: DatedVersion[],
  old: AppRecord | undefined,
  now: number,
): AppRecord {
  const latest = latestOf(versions);
  const oldest = versions.reduce((a, b) => b.created < a.created ? b : a);
  const newest = versions.reduce((a, b) => b.created >= a.created ? b : a);
  const category = categoryOf(latest.chart);
  return {
    name,
    key: appKey(name),
    created: old?.created ??
      (oldest.created <= now ? createdText(oldest.kept) : new Date(now).toISOString()),
    updated: createdText(newest.kept),
    versionCount: versions.length,
    latest: withoutLongFields(latest),
    installable: parseVersion(latest.chart.version) !== undefined,
    ...(category === undefined ? {} : { category }),
  };
}

/** The highest stable version; a pre-release only where there is none; else what is listed first. */
function latestOf(newestFirst: DatedVersion[]): KeptVersion {
  const stable = newestFirst.find(({ version }) => parseVersion(version)?.prerelease.length === 0);
  return (stable ?? newestFirst[0]!).kept;
}

function withoutLongFields(version: KeptVersion): KeptVersion {
  const short = Object.entries(version.chart).filter(([field]) => !LONG_FIELDS.has(field));
  return { ...version, chart: Object.fromEntries(short) as ChartVersion };
}

function compare(old: Map<string, KeptVersion>, versions: KeptVersion[]): ChartChanges {
  const now = new Map(versions.map((version) => [version.chart.version, version]));
  return {
    added: [...now.keys()].filter((version) => !old.has(version)),
    removed: [...old.keys()].filter((version) => !now.has(version)),
    republished: [...now.keys()].filter((version) => {
      const before = old.get(version)?.chart.digest, after = now.get(version)!.chart.digest;
      return before !== undefined && after !== undefined && before !== after;
    }),
  };
}
