/** The repositories of a list: filtered and sorted. */

import { compareText } from "../helm/version.ts";
import type { Repo } from "../store/repos.ts";
import type { SyncStatus } from "../store/sync_status.ts";
import { contains } from "./text.ts";

/** All given conditions must hold; an empty one always does. Parts match in any case. */
export interface RepoFilter {
  id?: string;
  name?: string;
  nameContains?: readonly (string | undefined)[];
  descriptionContains?: string;
  /** Part of the name or of the description. */
  textContains?: string;
}

export type RepoOrder = "create_time" | "update_time" | "name" | "status";

/** Whether a repository passes a filter. */
export function matchesRepo({ id, name, description }: Repo, filter: RepoFilter): boolean {
  const part = (text: string, wanted: string | undefined) => !wanted || contains(text, wanted);
  const same = (text: string, wanted: string | undefined) => !wanted || text === wanted;
  const { nameContains = [], descriptionContains, textContains } = filter;
  return same(id, filter.id) && same(name, filter.name) &&
    nameContains.every((wanted) => part(name, wanted)) &&
    part(description, descriptionContains) &&
    (part(name, textContains) || part(description, textContains));
}

/** Sorts repositories with their statuses; ties go by name, then by id. */
export function sortRepos<T extends { repo: Repo; status: SyncStatus }>(
  rows: readonly T[],
  order: RepoOrder,
  reverse: boolean,
): T[] {
  const rank = ({ repo, status }: T) => ({
    create_time: repo.createTime,
    update_time: status.lastAttempt ?? 0,
    name: 0,
    status: ["failed", "successful", "syncing"].indexOf(status.state),
  }[order]);
  const sorted = rows.toSorted((a, b) =>
    rank(a) - rank(b) || compareText(a.repo.name, b.repo.name) || compareText(a.repo.id, b.repo.id)
  );
  return reverse ? sorted.reverse() : sorted;
}
