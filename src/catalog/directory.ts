/**
 * What there is, in memory: all repositories, and the generation of each that is current. One small
 * read a second, however many there are, tells whether something changed.
 */

import { type Changes, readChanges } from "../store/changes.ts";
import { listPointers, type Pointer } from "../store/generations.ts";
import { type Kv, StoreUnavailable } from "../store/kv.ts";
import { listRepos, type Repo } from "../store/repos.ts";
import { soon } from "./soon.ts";

/** How long what was read is taken for current without asking. */
export const CHECK_EVERY_MS = 1_000;

/** All of it as of one moment. Never changed: what comes later is another snapshot. */
export interface Snapshot {
  /** By id, as are the pointers. */
  repos: ReadonlyMap<string, Repo>;
  /** Of repositories that have a generation. */
  pointers: ReadonlyMap<string, Pointer>;
}

export interface Directory {
  /** The current snapshot if that can be told without a read. */
  peek(): Snapshot | undefined;
  /** The current snapshot, at most a second old; older only while the database does not answer. */
  current(): Promise<Snapshot>;
  /** A repository was made, modified or deleted by this process; the next read shall see all anew. */
  refresh(): void;
  /** This process has committed a generation; the next read shall see it. */
  commit(repoId: string, pointer: Pointer): void;
}

export function createDirectory(kv: Kv, clock: () => number): Directory {
  let snapshot: Snapshot | undefined;
  let changes: Changes = { repos: null, indexes: null };
  /** In which version of its row each repository was read. */
  const versionstamps = new WeakMap<Repo, string>();
  let checkedAt = -Infinity;
  /** Whether this process has changed a repository that was not read since. */
  let isNews = false;
  let loading: Promise<Snapshot> | undefined;
  /** Counts refreshes: what was read before one is not what comes after it. */
  let epoch = 0;
  /** What this process committed since the reads under way began. */
  const committed = new Map<string, Pointer>();

  async function load(): Promise<Snapshot> {
    const begun = epoch, at = clock(), old = snapshot, stale = isNews;
    committed.clear();
    try {
      // Read before the lists: what comes between the two is found with the next look.
      const current = await readChanges(kv);
      const sameRepos = old !== undefined && !stale && current.repos === changes.repos;
      const sameIndexes = old !== undefined && !stale && current.indexes === changes.indexes;
      const [repos, pointers] = await Promise.all([
        sameRepos ? old.repos : allRepos(old?.repos),
        sameIndexes ? old.pointers : listPointers(kv),
      ]);
      const read = sameRepos && sameIndexes
        ? snapshot!
        : { repos, pointers: withNewer(pointers, committed) };
      if (begun === epoch) [snapshot, changes, checkedAt, isNews] = [read, current, at, false];
      return read;
    } catch (error) {
      if (snapshot === undefined || !(error instanceof StoreUnavailable)) throw error;
      // Not every request shall wait for a database that does not answer.
      if (begun === epoch) checkedAt = clock();
      return snapshot;
    }
  }

  /** A repository that was not changed stays the object that it was. */
  async function allRepos(old?: ReadonlyMap<string, Repo>): Promise<Map<string, Repo>> {
    const rows = await listRepos(kv);
    return new Map(rows.map(({ value, versionstamp }) => {
      const known = old?.get(value.id);
      if (known !== undefined && versionstamps.get(known) === versionstamp) {
        return [value.id, known];
      }
      versionstamps.set(value, versionstamp);
      return [value.id, value];
    }));
  }

  function peek(): Snapshot | undefined {
    return !isNews && clock() - checkedAt < CHECK_EVERY_MS ? snapshot : undefined;
  }

  return {
    peek,
    async current() {
      const known = peek();
      if (known !== undefined) return known;
      if (loading === undefined) {
        const current = load().finally(() => {
          if (loading === current) loading = undefined;
        });
        loading = current;
      }
      return snapshot === undefined || isNews ? await loading : await soon(loading, snapshot);
    },
    refresh() {
      isNews = true;
      loading = undefined;
      epoch++;
    },
    commit(repoId, pointer) {
      committed.set(repoId, pointer);
      if (snapshot === undefined) return;
      const pointers = withNewer(snapshot.pointers, new Map([[repoId, pointer]]));
      snapshot = { ...snapshot, pointers };
    },
  };
}

/** A generation never goes back, whichever is read last. */
function withNewer(
  pointers: ReadonlyMap<string, Pointer>,
  others: ReadonlyMap<string, Pointer>,
): ReadonlyMap<string, Pointer> {
  const newer = [...others].filter(([id, { generation }]) =>
    generation > (pointers.get(id)?.generation ?? 0)
  );
  return newer.length === 0 ? pointers : new Map([...pointers, ...newer]);
}
