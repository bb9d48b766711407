/** Ends a download that takes too long, and has its errors explained. */

import { IndexError } from "../helm/index_error.ts";

/** Bounds of one download, redirects included; milliseconds. */
export interface HttpLimits {
  /** Without a byte. */
  idleMs: number;
  totalMs: number;
  redirects: number;
}

export const HTTP_LIMITS: HttpLimits = { idleMs: 30_000, totalMs: 300_000, redirects: 5 };

/** Ends a download that takes too long, and has its errors explained. */
export class Watch {
  readonly signal: AbortSignal;
  /** Called when the download ends in whatever way, and maybe again. */
  onStop: () => void = () => {};
  readonly #caller: AbortSignal | undefined;
  readonly #controller = new AbortController();
  readonly #limits: HttpLimits;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Since when something is waited for, and how long it was before, in milliseconds. */
  #since: number | undefined;
  #waited = 0;

  constructor(caller: AbortSignal | undefined, limits: HttpLimits) {
    this.#caller = caller;
    this.#limits = limits;
    this.signal = AbortSignal.any([this.#controller.signal, ...caller ? [caller] : []]);
    this.wait();
    this.#look();
  }

  /** Something is waited for, anew. */
  wait() {
    this.pause();
    this.#since = performance.now();
  }

  /** Nothing is waited for: the upstream is not to blame for the time that passes. */
  pause() {
    if (this.#since !== undefined) this.#waited += performance.now() - this.#since;
    this.#since = undefined;
  }

  stop() {
    this.pause();
    clearTimeout(this.#timer);
    this.onStop();
  }

  /** Looks whether it has taken too long, and when to look again: a timer a piece would cost more. */
  #look() {
    const { idleMs, totalMs } = this.#limits;
    const idle = this.#since === undefined ? 0 : performance.now() - this.#since;
    const total = this.#waited + idle;
    if (idle >= idleMs) this.#end(`nothing came for ${idleMs / 1_000} s`);
    else if (idle > 0 && total >= totalMs) {
      this.#end(`the download took longer than ${totalMs / 1_000} s`);
    } else {
      const left = this.#since === undefined ? idleMs : Math.min(idleMs - idle, totalMs - total);
      this.#timer = setTimeout(() => this.#look(), Math.max(1, Math.ceil(left)));
    }
  }

  /** Waits for work, and has `explain` say what an error of `fetch` means there. */
  async guard<T>(work: Promise<T>, explain: (text: string) => IndexError): Promise<T> {
    try {
      return await work;
    } catch (error) {
      if (error instanceof IndexError || this.#caller?.aborted) throw error;
      if (this.#controller.signal.aborted) throw this.#controller.signal.reason;
      throw explain(`${error} ${(error as Error).cause ?? ""}`);
    }
  }

  #end(message: string) {
    this.#controller.abort(new IndexError("timeout", message));
  }
}
