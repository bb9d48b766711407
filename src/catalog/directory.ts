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
/** How long after a change a process knows of it, as long as the database answers. */
export const NOTICE_MS = 2 * CHECK_EVERY_MS;

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
  /** When the database last told what is current, in milliseconds of the epoch. */
  verifiedAt(): number;
  /** Whether a time is less than {@link NOTICE_MS} ago. */
  isRecent(time: number): boolean;
  /** A repository was made, modified or deleted by this process; the next read shall see all anew. */
  refresh(): void;
  /** This process has committed a generation; the next read shall see it. */
  commit(repoId: string, pointer: Pointer): void;
}

export function createDirectory(kv: Kv, clock: () => number): Directory {
  let snapshot: Snapshot | undefined;
  let changes: Changes = { repos: null, indexes: null };
  /** In which version of its row each value was read. */
  const versionstamps = new WeakMap<Repo | Pointer, string>();
  let checkedAt = -Infinity, verifiedAt = -Infinity;
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
        sameRepos ? old.repos : byId(listRepos(kv), old?.repos),
        sameIndexes ? old.pointers : byId(listPointers(kv), old?.pointers),
      ]);
      const read = sameRepos && sameIndexes
        ? snapshot!
        : { repos, pointers: withNewer(pointers, committed) };
      if (begun === epoch) {
        [snapshot, changes, isNews] = [read, current, false];
        checkedAt = verifiedAt = at;
      }
      return read;
    } catch (error) {
      if (snapshot === undefined || !(error instanceof StoreUnavailable)) throw error;
      // Not every request shall wait for a database that does not answer.
      if (begun === epoch) checkedAt = clock();
      return snapshot;
    }
  }

  /** Values by the last part of their keys. What was not changed stays the object that it was. */
  async function byId<T extends Repo | Pointer>(
    rows: Promise<Deno.KvEntry<T>[]>,
    old: ReadonlyMap<string, T> | undefined,
  ): Promise<Map<string, T>> {
    return new Map((await rows).map(({ key, value, versionstamp }) => {
      const id = key.at(-1) as string, known = old?.get(id);
      if (known !== undefined && versionstamps.get(known) === versionstamp) return [id, known];
      versionstamps.set(value, versionstamp);
      return [id, value];
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
    verifiedAt: () => verifiedAt,
    isRecent: (time) => clock() - time < NOTICE_MS,
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
