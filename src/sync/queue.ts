/** Work that waits its turn: so much at once in all, per host, and per workspace. */

export interface Bounds {
  /** Most at once. */
  total: number;
  /** Most at once for one host. */
  perHost: number;
  /** Most at once for one workspace; what is global is bounded by the others alone. */
  perWorkspace: number;
}

/** What work is for. */
export interface Place {
  host: string;
  /** Empty for what is global. */
  workspace: string;
}

/** A queue of keys to be worked on, each by one at a time. */
export class Queue {
  readonly #bounds: Bounds;
  readonly #work: (key: string, place: Place) => Promise<void>;
  /** By key, the longest waiting first. */
  #waiting = new Map<string, Place>();
  readonly #running = new Map<string, Promise<void>>();
  readonly #busyHosts = new Map<string, number>();
  readonly #busyWorkspaces = new Map<string, number>();
  #wanted = Promise.withResolvers<void>();

  /** `work` must not throw. */
  constructor(bounds: Bounds, work: (key: string, place: Place) => Promise<void>) {
    this.#bounds = bounds;
    this.#work = work;
  }

  /** Lets a key be worked on, before the others if it is `urgent`; again if it is worked on now. */
  add(key: string, place: Place, urgent = false): void {
    if (urgent) {
      this.#waiting.delete(key);
      this.#waiting = new Map([[key, place], ...this.#waiting]);
    } else {
      // The host may have changed; the turn in the queue stays.
      this.#waiting.set(key, place);
    }
    // The others have found no place since they came.
    this.#begin(key, place);
  }

  /** Forgets what waits. */
  clear(): void {
    this.#waiting.clear();
    this.#fill();
  }

  /** Ends when there is a place that nothing which waits can take. */
  async room(): Promise<void> {
    if (this.#running.size >= this.#bounds.total) await this.#wanted.promise;
  }

  /** Ends when nothing is being worked on. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running.values());
  }

  #fill() {
    for (const [key, place] of this.#waiting) {
      if (this.#running.size >= this.#bounds.total) return;
      this.#begin(key, place);
    }
    if (this.#running.size >= this.#bounds.total) return;
    this.#wanted.resolve();
    this.#wanted = Promise.withResolvers();
  }

  /** Begins what waits, if there is a place for it. */
  #begin(key: string, place: Place) {
    const { total, perHost, perWorkspace } = this.#bounds, { host, workspace } = place;
    // One that runs stays waiting: what asked for it may have come after its work began.
    if (this.#running.size >= total || this.#running.has(key)) return;
    if ((this.#busyHosts.get(host) ?? 0) >= perHost) return;
    if (workspace !== "" && (this.#busyWorkspaces.get(workspace) ?? 0) >= perWorkspace) return;
    this.#waiting.delete(key);
    count(this.#busyHosts, host, 1);
    count(this.#busyWorkspaces, workspace, 1);
    this.#running.set(key, this.#run(key, place));
  }

  async #run(key: string, place: Place) {
    await this.#work(key, place);
    this.#running.delete(key);
    count(this.#busyHosts, place.host, -1);
    count(this.#busyWorkspaces, place.workspace, -1);
    this.#fill();
  }
}

function count(busy: Map<string, number>, name: string, by: 1 | -1) {
  const now = (busy.get(name) ?? 0) + by;
  if (now === 0) busy.delete(name);
  else busy.set(name, now);
}
