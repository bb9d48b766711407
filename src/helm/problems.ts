/** What could not be used of an index. */

import type { Problem } from "./chart.ts";
import { detach } from "./detach.ts";
import { IndexError } from "./index_error.ts";

/** Most problems that are described; all are counted. */
const MAX_PROBLEMS = 1_000;
/** A document with more problems than this is not meant to be an index. */
const MAX_PROBLEM_COUNT = 100_000;
/** Most characters of a text in a problem. */
const MAX_PROBLEM_TEXT = 200;

/** Problems of an index, or of one chart. */
export class Problems {
  /** The first of them. */
  readonly list: Problem[] = [];
  count = 0;

  add({ chart, version, position, reason }: Problem): void {
    this.#countOn(1);
    if (this.list.length === MAX_PROBLEMS) return;
    this.list.push({
      chart: short(chart),
      ...(version && { version: short(version) }),
      position,
      reason: short(reason),
    });
  }

  addAll(others: Problems): void {
    this.#countOn(others.count);
    this.list.push(...others.list.slice(0, MAX_PROBLEMS - this.list.length));
  }

  #countOn(count: number) {
    this.count += count;
    if (this.count <= MAX_PROBLEM_COUNT) return;
    const message = `the document has more than ${MAX_PROBLEM_COUNT} entries that are none`;
    throw new IndexError("not_an_index", message);
  }
}

function short(text: string): string {
  return detach(text.slice(0, MAX_PROBLEM_TEXT));
}
