import assert from "node:assert/strict";
import { Queue } from "../../src/sync/queue.ts";

for (const urgent of [true, false]) {
  Deno.test(`what has moved to another host waits for that one alone, urgent: ${urgent}`, async () => {
    const begun: string[] = [];
    const ends = new Map<string, () => void>();
    const queue = new Queue({ total: 2, perHost: 1, perWorkspace: 2 }, (key, { host }) => {
      begun.push(`${key}@${host}`);
      return new Promise((resolve) => ends.set(key, resolve));
    });
    for (const [key, host] of [["a", "old"], ["b", "old"], ["c", "other"]]) {
      queue.add(key!, { host: host!, workspace: "" });
    }
    assert.deepEqual(begun, ["a@old", "c@other"]);
    queue.add("b", { host: "new", workspace: "" }, urgent);
    ends.get("c")!();
    // The end of one is the beginning of the next, a turn of promises later.
    await Promise.resolve().then(() => {});
    assert.deepEqual(begun, ["a@old", "c@other", "b@new"]);
    for (const end of ends.values()) end();
    await queue.idle();
  });
}

Deno.test("a workspace takes its share of the places, and what is global all of them", async () => {
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const queue = new Queue({ total: 6, perHost: 9, perWorkspace: 2 }, (key) => {
    begun.push(key);
    return new Promise((resolve) => ends.set(key, resolve));
  });
  const add = (key: string, workspace: string) => queue.add(key, { host: "h", workspace });
  for (const key of ["a1", "a2", "a3", "a4"]) add(key, "a");
  add("b1", "b");
  for (const key of ["g1", "g2", "g3", "g4"]) add(key, "");
  assert.deepEqual(begun, ["a1", "a2", "b1", "g1", "g2", "g3"]);
  for (const [key, next] of [["b1", "g4"], ["g1", undefined], ["a1", "a3"], ["a2", "a4"]]) {
    begun.length = 0;
    ends.get(key!)!();
    await Promise.resolve().then(() => {});
    assert.deepEqual(begun, next === undefined ? [] : [next]);
  }
  for (const end of ends.values()) end();
  await queue.idle();
});
