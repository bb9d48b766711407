/** From what was kept of a chart and what its index says now, to what is kept of it next. */

import { createHash } from "node:crypto";
import {
  categoryOf,
  type Chart,
  type ChartVersion,
  createdAt,
  createdText,
  type KeptVersion,
} from "./chart.ts";
import { appKey } from "./ids.ts";
import { newestFirst, parseVersion } from "./version.ts";

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
  /** SHA-256 of the versions as the index gave them. */
  digest: string;
  /** Whether a version has no `created` of its own, so that when it was first seen must be kept. */
  undated: boolean;
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

/** What is kept of an app; its versions are fetched only if they matter. */
export interface KeptApp {
  record: AppRecord;
  versions(): Promise<KeptVersion[]>;
}

/** Fields that a list does not show. */
const LONG_FIELDS = new Set(["annotations", "dependencies"]);

/** Merges one chart, version by version string. `now` is in milliseconds of the epoch. */
export async function mergeChart(
  chart: Chart,
  kept: KeptApp | undefined,
  now: number,
): Promise<MergedApp> {
  const digest = createHash("sha256").update(JSON.stringify(chart.versions)).digest("hex");
  const unchanged = kept?.record.digest === digest;
  const old = kept && (!unchanged || kept.record.undated) ? await kept.versions() : [];
  const seen = new Map(old.map((version) => [version.chart.version, version]));
  const versions = newestFirst(
    chart.versions.map((version) => keep(version, seen.get(version.version), now)),
    (version) => ({ version: version.chart.version, created: createdAt(version) }),
  );
  return {
    record: {
      ...describe(chart.name, versions, kept?.record, now),
      digest,
      undated: versions.some((version) => version.firstSeen !== undefined),
    },
    versions,
    changes: unchanged ? NO_CHANGES : compare(seen, versions),
  };
}

const NO_CHANGES: ChartChanges = { added: [], removed: [], republished: [] };

function keep(chart: ChartVersion, old: KeptVersion | undefined, now: number): KeptVersion {
  if (chart.created !== undefined) return { chart };
  return { chart, firstSeen: old === undefined ? now : createdAt(old) };
}

function describe(
  name: string,
  versions: KeptVersion[],
  old: AppRecord | undefined,
  now: number,
): Omit<AppRecord, "digest" | "undated"> {
  const latest = latestOf(versions);
  const dated = versions.map((version) => ({ version, at: createdAt(version) }));
  const oldest = dated.reduce((a, b) => b.at < a.at ? b : a);
  const newest = dated.reduce((a, b) => b.at >= a.at ? b : a);
  const category = categoryOf(latest.chart);
  return {
    name,
    key: appKey(name),
    created: old?.created ??
      (oldest.at <= now ? createdText(oldest.version) : new Date(now).toISOString()),
    updated: createdText(newest.version),
    versionCount: versions.length,
    latest: withoutLongFields(latest),
    installable: parseVersion(latest.chart.version) !== undefined,
    ...(category === undefined ? {} : { category }),
  };
}

/** The highest stable version; a pre-release only where there is none; else what is listed first. */
function latestOf(newestFirst: KeptVersion[]): KeptVersion {
  return newestFirst.find((version) =>
    parseVersion(version.chart.version)?.prerelease.length === 0
  ) ??
    newestFirst[0]!;
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
