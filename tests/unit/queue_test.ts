import assert from "node:assert/strict";
import { Queue } from "../../src/sync/queue.ts";

for (const urgent of [true, false]) {
  Deno.test(`what has moved to another host waits for that one alone, urgent: ${urgent}`, async () => {
    const begun: string[] = [];
    const go = Promise.withResolvers<void>();
    const queue = new Queue({ total: 3, perHost: 1 }, async (key, host) => {
      begun.push(`${key}@${host}`);
      await go.promise;
    });
    queue.add("a", "old");
    queue.add("b", "old");
    assert.deepEqual(begun, ["a@old"]);
    queue.add("b", "new", urgent);
    assert.deepEqual(begun, ["a@old", "b@new"]);
    go.resolve();
    await queue.idle();
    assert.equal(begun.length, 2);
  });
}
