/** Work that is done once for all who wait for its result, and ends when nobody does. */

import { unlessAborted } from "../aborted.ts";
import { Refused } from "../refused.ts";
import type { Repo } from "../store/repos.ts";
import { type Bounds, Queue } from "../sync/queue.ts";

export interface SharedWorkDeps {
  /** For people: what is worked on. */
  what: string;
  /** What may wait, itself included: in all and of one repository. */
  maxWaiting: { total: number; perRepo: number };
}

/** What somebody waits for. */
export interface Wanted<T> {
  /** The same for all to whom the same result will do. */
  key: string;
  /** For which it is. */
  repo: Pick<Repo, "id" | "workspace">;
  /** Of who waits. */
  signal: AbortSignal;
  /** Called for the first who asks; its signal is aborted when nobody waits any more. */
  run: (signal: AbortSignal) => Promise<T>;
}

/**
 * Gives what `run` gives, once its turn comes. Throws what it throws, the signal's reason, or a
 * `Refused` if too much is waiting.
 */
export type Lane = <T>(wanted: Wanted<T>) => Promise<T>;

export interface SharedWork {
  /** A lane for so much at once, whose hosts are repositories; keys are those of all lanes. */
  lane(bounds: Bounds): Lane;
  /** Ends what is under way. */
  close(): void;
}

interface Job {
  repoId: string;
  run: (signal: AbortSignal) => Promise<unknown>;
  result: PromiseWithResolvers<unknown>;
  stop: AbortController;
  waiting: number;
}

export function createSharedWork({ what, maxWaiting }: SharedWorkDeps): SharedWork {
  const jobs = new Map<string, Job>();
  const queues: Queue[] = [];

  async function work(key: string): Promise<void> {
    const job = jobs.get(key);
    // Nobody waits for it any more.
    if (job === undefined) return;
    await job.run(job.stop.signal).then(job.result.resolve, job.result.reject);
  }

  function start({ key, repo, run }: Wanted<unknown>, queue: Queue): Job {
    const ofRepo = jobs.values().filter(({ repoId }) => repoId === repo.id);
    const isFull = [...ofRepo].length >= maxWaiting.perRepo;
    if (isFull || jobs.size >= maxWaiting.total) {
      throw new Refused("unavailable", `too many ${what} are being fetched; try again later`);
    }
    const result = Promise.withResolvers<unknown>();
    // It may fail when nobody waits any more.
    result.promise.catch(() => {});
    const job = { repoId: repo.id, run, result, stop: new AbortController(), waiting: 0 };
    jobs.set(key, job);
    queue.add(key, { host: repo.id, workspace: repo.workspace });
    return job;
  }

  return {
    lane(bounds) {
      const queue = new Queue(bounds, work);
      queues.push(queue);
      return async <T>(wanted: Wanted<T>) => {
        const { key, signal } = wanted;
        const job = jobs.get(key) ?? start(wanted, queue);
        job.waiting++;
        try {
          return await unlessAborted(job.result.promise as Promise<T>, signal);
        } finally {
          if (--job.waiting === 0) {
            if (jobs.get(key) === job) jobs.delete(key);
            job.stop.abort();
          }
        }
      };
    },
    close() {
      for (const queue of queues) queue.clear();
      const reason = new Refused("unavailable", "Chartroom is stopping");
      for (const { stop, result } of jobs.values()) {
        stop.abort(reason);
        result.reject(reason);
      }
    },
  };
}
