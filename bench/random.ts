/** Numbers that look random and are the same on every machine. */
export class Random {
  #state: number;

  constructor(seed: string) {
    this.#state = 0x811c9dc5;
    for (let i = 0; i < seed.length; i++) {
      this.#state = Math.imul(this.#state ^ seed.charCodeAt(i), 0x01000193);
    }
  }

  /** 32 bits, by mulberry32. */
  bits(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return (t ^ (t >>> 14)) >>> 0;
  }

  /** From 0 to 1, without 1. */
  fraction(): number {
    return this.bits() / 0x1_0000_0000;
  }

  /** A whole number from 0 on, less than `end`. */
  below(end: number): number {
    return Math.floor(this.fraction() * end);
  }

  chance(probability: number): boolean {
    return this.fraction() < probability;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }

  /** The items of a list in another order. */
  shuffle<T>(list: readonly T[]): T[] {
    const left = [...list];
    return list.map(() => left.splice(this.below(left.length), 1)[0]!);
  }

  /** Different items of a list, in its order. */
  sample<T>(list: readonly T[], count: number): T[] {
    const chosen = new Set(this.shuffle(list).slice(0, count));
    return list.filter((item) => chosen.has(item));
  }

  /** Hexadecimal digits, eight for each word. */
  hex(words: number): string {
    let text = "";
    for (let i = 0; i < words; i++) text += this.bits().toString(16).padStart(8, "0");
    return text;
  }
}
