/** What callers hold for a while: so many in all, and so many each. */

import { Refused } from "../../src/refused.ts";

export class AtOnce {
  readonly #what: string;
  readonly #most: { all: number; each: number };
  readonly #held = new Map<string, number>();
  #all = 0;

  /** `what`: their name in the message. */
  constructor(what: string, most: { all: number; each: number }) {
    [this.#what, this.#most] = [what, most];
  }

  /**
   * Takes one for a caller, until what it answers is called. Throws a `Refused` if there is none
   * left. A caller of `""` is nobody in particular, and counts in all alone.
   */
  enter(caller: string): () => void {
    const { all, each } = this.#most, held = this.#held.get(caller) ?? 0;
    const isFull = this.#all >= all;
    if (isFull || caller !== "" && held >= each) {
      const message = isFull ? `${all} ${this.#what}` : `${each} ${this.#what} of yours`;
      throw new Refused("unavailable", `there are ${message}; try again later`);
    }
    this.#all++;
    this.#held.set(caller, held + 1);
    return () => {
      this.#all--;
      const left = this.#held.get(caller)! - 1;
      if (left === 0) this.#held.delete(caller);
      else this.#held.set(caller, left);
    };
  }
}
