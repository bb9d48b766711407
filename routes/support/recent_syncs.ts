/** The last syncs of the repositories of a page: `recent=N`. */

import { invalid } from "../../src/refused.ts";
import { listSyncs } from "../../src/store/events.ts";
import type { Kv } from "../../src/store/kv.ts";
import type { Paging } from "./paging.ts";
import { recentSyncView } from "./repo_view.ts";

/** Most syncs of each repository. */
export const MAX_RECENT = 30;
/** Most repositories of a page that tells them. */
export const MAX_RECENT_REPOS = 100;
/** Repositories whose events are in memory at once: one can have 50 KB. */
const READS_AT_ONCE = 16;

/** Reads `recent`; 0 if it is not there. */
export function readRecent(text: string | undefined): number {
  if (!text) return 0;
  const count = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  if (count < 1 || count > MAX_RECENT) throw invalid("recent", `1 to ${MAX_RECENT}`);
  return count;
}

/** Refuses a page that is too long for what is asked of its repositories. */
export function checkRecentPage(recent: number, { limit }: Paging): void {
  if (recent === 0 || (limit >= 0 && limit <= MAX_RECENT_REPOS)) return;
  throw invalid("limit", `at most ${MAX_RECENT_REPOS} with recent`);
}

/** What repositories tell of their last syncs, in their order; nothing if `recent` is 0. */
export async function readRecentSyncs(kv: Kv, repoIds: readonly string[], recent: number) {
  if (recent === 0) return [];
  const found: { recent_syncs: ReturnType<typeof recentSyncView>[] }[] = [];
  for (let from = 0; from < repoIds.length; from += READS_AT_ONCE) {
    const batch = repoIds.slice(from, from + READS_AT_ONCE).map(async (id) => ({
      recent_syncs: (await listSyncs(kv, id, recent)).map(recentSyncView),
    }));
    found.push(...await Promise.all(batch));
  }
  return found;
}
