import assert from "node:assert/strict";
import { Queue } from "../../src/sync/queue.ts";

for (const urgent of [true, false]) {
  Deno.test(`what has moved to another host waits for that one alone, urgent: ${urgent}`, async () => {
    const begun: string[] = [];
    const ends = new Map<string, () => void>();
    const queue = new Queue({ total: 2, perHost: 1 }, (key, host) => {
      begun.push(`${key}@${host}`);
      return new Promise((resolve) => ends.set(key, resolve));
    });
    for (const [key, host] of [["a", "old"], ["b", "old"], ["c", "other"]]) queue.add(key!, host!);
    assert.deepEqual(begun, ["a@old", "c@other"]);
    queue.add("b", "new", urgent);
    ends.get("c")!();
    // The end of one is the beginning of the next, a turn of promises later.
    await Promise.resolve().then(() => {});
    assert.deepEqual(begun, ["a@old", "c@other", "b@new"]);
    for (const end of ends.values()) end();
    await queue.idle();
  });
}
