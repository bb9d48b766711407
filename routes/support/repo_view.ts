/** Repositories and their events as KubeSphere's API writes them, with `sync` to say more. */

import { NO_TIME } from "../../src/helm/time.ts";
import type { Services } from "../../src/services.ts";
import type { SyncEvent } from "../../src/store/events.ts";
import type { Pointer } from "../../src/store/generations.ts";
import { leasedRepos } from "../../src/store/leases.ts";
import type { Repo } from "../../src/store/repos.ts";
import { NEVER_SYNCED, readStatuses, type SyncStatus } from "../../src/store/sync_status.ts";
import { type Progress, readProgress } from "../../src/store/progress.ts";
import { type Standing, standingOf } from "../../src/sync/watch.ts";

/** A repository, and how it stands. */
export interface RepoRow {
  repo: Repo;
  /** Of the generation that is served, if there is one. */
  pointer: Pointer | undefined;
  status: SyncStatus;
  standing: Standing;
}

/** How the given repositories stand, in their order. */
export async function readRepoRows(
  { kv, syncer, clock, directory }: Services,
  repos: readonly Repo[],
): Promise<RepoRow[]> {
  const now = clock();
  // Before the rest: a sync that ends meanwhile would be over, with the status from before it.
  const leased = await leasedRepos(kv, now);
  const [statuses, { pointers }] = await Promise.all([
    readStatuses(kv, repos.map(({ id }) => id)),
    directory.current(),
  ]);
  const busy = repos.filter(({ id }) => leased.has(id)).map(({ id }) => id);
  const written = await readProgress(kv, busy);
  return repos.map((repo, i) => {
    const status = statuses[i] ?? NEVER_SYNCED;
    const told = [syncer.progress(repo.id), written[busy.indexOf(repo.id)]];
    const standing = standingOf(status, leased.has(repo.id), told, now);
    return { repo, pointer: pointers.get(repo.id), status, standing };
  });
}

/**
 * A repository. Its credential is never shown, only whether there is one; and the query of its URL,
 * in which some servers want a token, only to who `mayChange` it.
 */
export function repoView(row: RepoRow, mayChange: boolean) {
  const { repo, pointer, status } = row;
  return {
    category_set: null,
    create_time: time(repo.createTime),
    credential: "{}",
    ...(repo.description && { description: repo.description }),
    labels: null,
    name: repo.name,
    ...(repo.creator && { creator: repo.creator }),
    providers: null,
    repo_id: repo.id,
    selectors: null,
    status: status.state,
    status_time: status.lastAttempt ? time(status.lastAttempt) : NO_TIME,
    url: mayChange ? repo.url : repo.url.replace(/\?.*$/s, ""),
    ...(repo.period.seconds > 0 && { sync_period: repo.period.text }),
    workspace: repo.workspace,
    credential_set: repo.credential !== undefined,
    ca_bundle_set: repo.ca_bundle !== undefined,
    client_certificate_set: repo.client_certificate !== undefined,
    webhook_set: repo.webhook !== undefined,
    suspended: repo.suspended ?? false,
    app_total: pointer?.apps ?? 0,
    version_total: pointer?.versions ?? 0,
    sync: syncView(row),
  };
}

function syncView({ repo, status, standing }: RepoRow) {
  const { reason, message, failures, lastAttempt, lastSuccess } = status;
  return {
    ...standingView(standing),
    ...(reason && { reason }),
    ...(message && { message }),
    failures,
    problems: status.problems,
    period_seconds: repo.period.seconds,
    last_attempt: lastAttempt ? time(lastAttempt) : null,
    last_success: lastSuccess ? time(lastSuccess) : null,
    ...(status.durationMs !== undefined && { duration_ms: status.durationMs }),
    ...(status.bytes !== undefined && { index_bytes: status.bytes }),
  };
}

function progressView({ phase, bytes, totalBytes, charts }: Partial<Progress> = {}) {
  return { phase, bytes, total_bytes: totalBytes, charts };
}

/** How a repository's sync stands, for who follows it. */
export function standingView({ state, id, nextDue, ...progress }: Standing) {
  return {
    state,
    repo_event_id: id,
    ...progressView(progress),
    next_sync: nextDue === null ? null : time(nextDue),
  };
}

/** What a sync left behind. */
export function eventView(repoId: string, event: SyncEvent) {
  const { changes } = event;
  return {
    create_time: time(event.finishedAt),
    repo_id: repoId,
    type: event.kind ?? "sync",
    ...(event.message && { result: event.message }),
    status: event.state,
    status_time: time(event.finishedAt),
    repo_event_id: event.id,
    ...(event.reason && { reason: event.reason }),
    generation: event.generation,
    duration_ms: event.durationMs,
    index_bytes: event.bytes,
    ...(changes && {
      changes: {
        apps_added: changes.appsAdded,
        apps_removed: changes.appsRemoved,
        versions_added: changes.versionsAdded,
        versions_removed: changes.versionsRemoved,
        versions_republished: changes.versionsRepublished,
      },
    }),
  };
}

/** The same in numbers, for who shows many of them. */
export function recentSyncView(event: SyncEvent) {
  const { changes } = event;
  return {
    repo_event_id: event.id,
    status: event.state,
    status_time: time(event.finishedAt),
    ...(event.reason && { reason: event.reason }),
    duration_ms: event.durationMs,
    index_bytes: event.bytes,
    ...(changes && {
      changes: {
        apps_added: changes.appsAdded.count,
        apps_removed: changes.appsRemoved.count,
        versions_added: changes.versionsAdded.count,
        versions_removed: changes.versionsRemoved.count,
        versions_republished: changes.versionsRepublished.count,
      },
    }),
  };
}

function time(epochMs: number): string {
  return new Date(epochMs).toISOString();
}
