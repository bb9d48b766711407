/** Work that waits its turn: so much at once in all, and so much per host. */

export interface Bounds {
  /** Most at once. */
  total: number;
  /** Most at once for one host. */
  perHost: number;
}

/** A queue of keys to be worked on, each by one at a time. */
export class Queue {
  readonly #bounds: Bounds;
  readonly #work: (key: string, host: string) => Promise<void>;
  /** Hosts by key, the longest waiting first. */
  #waiting = new Map<string, string>();
  readonly #running = new Map<string, Promise<void>>();
  readonly #busyHosts = new Map<string, number>();
  #wanted = Promise.withResolvers<void>();

  /** `work` must not throw. */
  constructor(bounds: Bounds, work: (key: string, host: string) => Promise<void>) {
    this.#bounds = bounds;
    this.#work = work;
  }

  /** Lets a key be worked on, before the others if it is `urgent`; again if it is worked on now. */
  add(key: string, host: string, urgent = false): void {
    if (urgent) {
      this.#waiting.delete(key);
      this.#waiting = new Map([[key, host], ...this.#waiting]);
    } else {
      // The host may have changed; the place in the queue stays.
      this.#waiting.set(key, host);
    }
    // The others have found no place since they came.
    this.#begin(key, host);
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
    for (const [key, host] of this.#waiting) {
      if (this.#running.size >= this.#bounds.total) return;
      this.#begin(key, host);
    }
    if (this.#running.size >= this.#bounds.total) return;
    this.#wanted.resolve();
    this.#wanted = Promise.withResolvers();
  }

  /** Begins what waits, if there is a place for it. */
  #begin(key: string, host: string) {
    if (this.#running.size >= this.#bounds.total) return;
    const busy = this.#busyHosts.get(host) ?? 0;
    // One that runs stays waiting: what asked for it may have come after its work began.
    if (this.#running.has(key) || busy >= this.#bounds.perHost) return;
    this.#waiting.delete(key);
    this.#busyHosts.set(host, busy + 1);
    this.#running.set(key, this.#run(key, host));
  }

  async #run(key: string, host: string) {
    await this.#work(key, host);
    this.#running.delete(key);
    const busy = this.#busyHosts.get(host)! - 1;
    if (busy === 0) this.#busyHosts.delete(host);
    else this.#busyHosts.set(host, busy);
    this.#fill();
  }
}
