/** A binary heap: of many things, the first by some order, again and again. */
export class Heap<T> {
  readonly #items: T[];
  readonly #compare: (a: T, b: T) => number;

  /** Takes over `items`. `compare`: below zero if `a` comes before `b`. */
  constructor(items: T[], compare: (a: T, b: T) => number) {
    this.#items = items;
    this.#compare = compare;
    for (let at = (items.length >> 1) - 1; at >= 0; at--) this.#sink(at);
  }

  /** The first; `undefined` if there is none. */
  get top(): T | undefined {
    return this.#items[0];
  }

  /** Takes the first out. */
  pop(): T | undefined {
    const [first] = this.#items, last = this.#items.pop();
    if (this.#items.length > 0) {
      this.#items[0] = last!;
      this.#sink(0);
    }
    return first;
  }

  /** Finds a place for the first, which comes later by now. */
  sinkTop(): void {
    this.#sink(0);
  }

  #sink(from: number) {
    const items = this.#items, item = items[from]!;
    let at = from;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= items.length) break;
      if (child + 1 < items.length && this.#compare(items[child + 1]!, items[child]!) < 0) child++;
      if (this.#compare(item, items[child]!) <= 0) break;
      items[at] = items[child]!;
      at = child;
    }
    items[at] = item;
  }
}
