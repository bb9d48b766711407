/** All repositories, in memory: who reads apps need not ask KV where they belong. */

import { type Kv, StoreUnavailable } from "../store/kv.ts";
import { listRepos, readReposChange, type Repo } from "../store/repos.ts";
import { CHECK_EVERY_MS } from "./hot_index.ts";
import { soon } from "./soon.ts";

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
  /** Whether this process has changed something that was not read since. */
  let isNews = false;
  let loading: Promise<ReadonlyMap<string, Repo>> | undefined;
  /** Counts refreshes: what was read before one is not what comes after it. */
  let epoch = 0;

  async function load(): Promise<ReadonlyMap<string, Repo>> {
    const begun = epoch, at = clock(), stale = isNews;
    try {
      // Read before the list: what comes between the two is found with the next look.
      const current = await readReposChange(kv);
      const read = repos !== undefined && !stale && current === change
        ? repos
        : new Map((await listRepos(kv)).map((repo) => [repo.id, repo]));
      if (begun === epoch) [repos, change, checkedAt, isNews] = [read, current, at, false];
      return read;
    } catch (error) {
      if (repos === undefined || !(error instanceof StoreUnavailable)) throw error;
      // Not every request shall wait for a database that does not answer.
      if (begun === epoch) checkedAt = clock();
      return repos;
    }
  }

  return {
    async repos() {
      if (repos !== undefined && !isNews && clock() - checkedAt < CHECK_EVERY_MS) return repos;
      if (loading === undefined) {
        const current = load().finally(() => {
          if (loading === current) loading = undefined;
        });
        loading = current;
      }
      return repos === undefined || isNews ? await loading : await soon(loading, repos);
    },
    refresh() {
      isNews = true;
      loading = undefined;
      epoch++;
    },
  };
}
