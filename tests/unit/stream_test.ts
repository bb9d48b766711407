/** Long bodies: what becomes of them when their reader does not read. */

import assert from "node:assert/strict";
import { STALL_MS, streamOf } from "../../routes/support/stream.ts";

/** Timers that run when the test says so. */
function withTimers(test: (timers: { ms: number; run: () => void }[]) => Promise<void>) {
  const { setTimeout, clearTimeout } = globalThis;
  const timers: { id: number; ms: number; run: () => void }[] = [];
  let last = 0;
  const fake = (run: () => void, ms: number) => {
    timers.push({ id: ++last, ms, run });
    return last;
  };
  Object.assign(globalThis, {
    setTimeout: fake,
    clearTimeout(id: number) {
      const at = timers.findIndex((timer) => timer.id === id);
      if (at >= 0) timers.splice(at, 1);
    },
  });
  return test(timers).finally(() => Object.assign(globalThis, { setTimeout, clearTimeout }));
}

function watched() {
  const seen = { made: 0, left: 0, ends: 0 };
  async function* pieces() {
    try {
      for (const piece of ["one", "two", "three"]) {
        seen.made++;
        yield piece;
      }
    } finally {
      seen.left++;
    }
  }
  return { seen, body: streamOf(pieces(), () => seen.ends++) };
}

Deno.test("a body is made while it is read, and leaves nothing behind", () =>
  withTimers(async (timers) => {
    const { seen, body } = watched();
    assert.deepEqual([seen.made, timers.length], [0, 1]);
    assert.equal(await new Response(body).text(), "onetwothree");
    assert.deepEqual([seen, timers], [{ made: 3, left: 1, ends: 1 }, []]);
  }));

Deno.test("a body that nobody reads on is cut off", () =>
  withTimers(async (timers) => {
    for (const pieces of [0, 1, 2]) {
      const { seen, body } = watched();
      const reader = body.getReader();
      for (let i = 0; i < pieces; i++) await reader.read();
      assert.deepEqual(timers.map(({ ms }) => ms), [STALL_MS]);
      timers.pop()!.run();
      await assert.rejects(reader.read(), /does not read/);
      assert.deepEqual([seen.made, seen.left, seen.ends], [pieces, pieces > 0 ? 1 : 0, 1]);
      assert.equal(timers.length, 0);
    }
  }));

Deno.test("a body whose reader goes, or whose pieces fail, ends once", () =>
  withTimers(async (timers) => {
    const { seen, body } = watched();
    const reader = body.getReader();
    await reader.read();
    await reader.cancel();
    assert.deepEqual([seen, timers.length], [{ made: 1, left: 1, ends: 1 }, 0]);
    let ends = 0;
    // deno-lint-ignore require-yield -- it fails before
    async function* failing(): AsyncGenerator<string> {
      throw new Error("broken");
    }
    const broken = streamOf(failing(), () => ends++);
    await assert.rejects(new Response(broken).text(), /broken/);
    assert.deepEqual([ends, timers.length], [1, 0]);
  }));
