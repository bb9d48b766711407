/** What an index says of a chart and its versions. */

import { timeOf } from "./time.ts";

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

export interface Maintainer {
  name?: string;
  email?: string;
  url?: string;
}

/**
 * One version of a chart as its index describes it. The fields that Helm types as strings hold
 * their source text (`1.10` stays `1.10`); fields that Helm does not know are kept as they are.
 */
export interface ChartVersion {
  name: string;
  version: string;
  appVersion?: string;
  description?: string;
  home?: string;
  icon?: string;
  /** RFC 3339, as written. */
  created?: string;
  digest?: string;
  type?: string;
  kubeVersion?: string;
  deprecated?: boolean;
  urls?: string[];
  keywords?: string[];
  sources?: string[];
  maintainers?: Maintainer[];
  annotations?: { [key: string]: string };
  dependencies?: Json[];
  [field: string]: Json | Maintainer[] | undefined;
}

/** What an index lists under one key of `entries`, in its order. No two versions are the same. */
export interface Chart {
  name: string;
  versions: ChartVersion[];
}

/** Something in an index that could not be used; the rest of the index was. */
export interface Problem {
  chart: string;
  version?: string;
  /** Where in the chart's list, from 0; `null` if the list itself is meant. */
  position: number | null;
  reason: string;
}

/** A version as it is kept: what the index says, and when it was first seen if the index does not. */
export interface KeptVersion {
  chart: ChartVersion;
  /** Milliseconds of the epoch; present if and only if `chart.created` is absent. */
  firstSeen?: number;
}

/** When a kept version was made, in milliseconds of the epoch. */
export function createdAt(version: KeptVersion): number {
  return version.chart.created === undefined ? version.firstSeen! : timeOf(version.chart.created);
}

/** The same as RFC 3339 text, with the offset that the index gave. */
export function createdText(version: KeptVersion): string {
  return version.chart.created ?? new Date(version.firstSeen!).toISOString();
}

/** Annotations that name an app's category; KubeSphere's own wins. */
const CATEGORY_ANNOTATIONS = ["app.kubesphere.io/category", "category"];

/** The category that a version's annotations name, if any. */
export function categoryOf(chart: ChartVersion): string | undefined {
  return CATEGORY_ANNOTATIONS.map((key) => chart.annotations?.[key]?.trim()).find(Boolean);
}
