/** Taking times, and what is made of them. */

import { Random } from "./random.ts";

/** The middle one, or the mean of the middle two. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle)]!) / 2;
}

export function geometricMean(values: readonly number[]): number {
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}

/** To four digits: the rest is noise. */
export function round(value: number): number {
  return Number(value.toPrecision(4));
}

/**
 * Milliseconds that something takes. Garbage is collected as it comes, and not before: a collection
 * that is forced throws away compiled code, which no process does to itself at such times.
 */
export async function timed(run: () => unknown): Promise<number> {
  const begun = performance.now();
  await run();
  return performance.now() - begun;
}

/**
 * Median times of several things that are done in turns, so that noise hits all of them alike, in
 * another order each time, so that none always comes after the same. Before the rounds that count
 * there are some to warm up.
 */
export async function inTurns<K extends string>(
  { rounds, warmUps }: { rounds: number; warmUps: number },
  things: Record<K, () => unknown>,
): Promise<Record<K, number>> {
  const names = Object.keys(things) as K[];
  const times = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Times<K>;
  const random = new Random("turns");
  for (let i = -warmUps; i < rounds; i++) {
    for (const name of random.shuffle(names)) {
      const ms = await timed(things[name]);
      if (i >= 0) times[name].push(ms);
    }
  }
  return Object.fromEntries(names.map((name) => [name, median(times[name])])) as Record<K, number>;
}

type Times<K extends string> = Record<K, number[]>;

/** Follows how long the event loop is kept from its timers, until it is ended. */
export class LoopWatch {
  readonly #gaps: number[] = [];
  #last = performance.now();
  #timer = setTimeout(() => this.#tick(), 1);

  #tick() {
    const now = performance.now();
    this.#gaps.push(now - this.#last);
    this.#last = now;
    this.#timer = setTimeout(() => this.#tick(), 1);
  }

  /** Milliseconds between two runs of a timer of 1 ms, nothing subtracted. */
  end(): Record<"max" | "p99" | "median", number> {
    clearTimeout(this.#timer);
    // What blocked the loop until now.
    this.#gaps.push(performance.now() - this.#last);
    const sorted = this.#gaps.toSorted((a, b) => a - b);
    const p99 = sorted[Math.floor(sorted.length * 0.99)]!;
    return { max: round(sorted.at(-1)!), p99: round(p99), median: round(median(sorted)) };
  }
}
