/** All repositories, in memory: who reads apps need not ask KV where they belong. */

import { type Kv, StoreUnavailable } from "../store/kv.ts";
import { listRepos, readReposChange, type Repo } from "../store/repos.ts";
import { CHECK_EVERY_MS } from "./hot_index.ts";

export interface Directory {
  /** Every repository by its id, at most a second old. */
  repos(): Promise<ReadonlyMap<string, Repo>>;
  /** A repository was made, modified or deleted by this process; the next read shall see it. */
  refresh(): void;
}

export function createDirectory(kv: Kv, clock: () => number): Directory {
  let repos: ReadonlyMap<string, Repo> | undefined;
  let change: string | null = null;
  let checkedAt = -Infinity;
  let loading: Promise<ReadonlyMap<string, Repo>> | undefined;
  /** Counts refreshes: what was read before one is not what comes after it. */
  let epoch = 0;

  async function load(stale: boolean): Promise<ReadonlyMap<string, Repo>> {
    const begun = epoch;
    try {
      // Read before the list: what comes between the two is found with the next look.
      const current = await readReposChange(kv);
      if (repos !== undefined && !stale && current === change) return repos;
      const read = new Map((await listRepos(kv)).map((repo) => [repo.id, repo]));
      if (begun === epoch) [repos, change] = [read, current];
      return read;
    } catch (error) {
      if (repos === undefined || !(error instanceof StoreUnavailable)) throw error;
      return repos;
    }
  }

  return {
    async repos() {
      if (repos !== undefined && clock() - checkedAt < CHECK_EVERY_MS) return repos;
      if (loading === undefined) {
        const stale = checkedAt === -Infinity;
        checkedAt = clock();
        const current = load(stale).finally(() => {
          if (loading === current) loading = undefined;
        });
        loading = current;
      }
      return await loading;
    },
    refresh() {
      checkedAt = -Infinity;
      loading = undefined;
      epoch++;
    },
  };
}
