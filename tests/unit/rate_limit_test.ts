import assert from "node:assert/strict";
import fc from "fast-check";
import { createRateLimit } from "../../src/access/rate_limit.ts";

const RATE = { name: "r", perSecond: 10, burst: 50 };

/** A bucket with a clock. */
function start(rate = RATE) {
  const clock = { now: 1_700_000_000_000 };
  return { clock, limit: createRateLimit(rate, () => clock.now) };
}

Deno.test("a bucket lets through no more than its burst and what has come since, and no less", () =>
  fc.assert(fc.property(
    fc.record({
      perSecond: fc.constantFrom(1 / 6, 1, 7, 200),
      burst: fc.integer({ min: 1, max: 100 }),
    }),
    fc.array(fc.tuple(fc.nat(3_000), fc.integer({ min: 1, max: 120 })), { maxLength: 60 }),
    (rate, asked) => {
      const { clock, limit } = start({ name: "r", ...rate });
      // The same with a level instead of a time.
      let level = rate.burst, taken = 0;
      const begun = clock.now;
      for (const [after, units] of asked) {
        clock.now += after;
        level = Math.min(rate.burst, level + rate.perSecond * after / 1_000);
        const wanted = Math.min(units, rate.burst), waitMs = limit.take("k", units);
        if (waitMs === 0) {
          taken += wanted;
          level -= wanted;
        }
        assert.ok(level > -1e-6, `takes ${-level} that is not there`);
        assert.ok(waitMs === 0 || level < wanted + 1e-6, "refuses what is there");
        assert.ok(taken <= rate.burst + rate.perSecond * (clock.now - begun) / 1_000 + 1e-6);
        if (waitMs === 0) continue;
        // Then it is there, and a moment before it is not.
        const missingMs = (wanted - level) / rate.perSecond * 1_000;
        assert.ok(waitMs >= missingMs - 1e-3 && waitMs < missingMs + 1.001, `${waitMs}`);
      }
    },
  )));

Deno.test("what waits as long as it is told gets in; each key has a bucket of its own", () => {
  const { clock, limit } = start();
  assert.equal(limit.take("a", 50), 0);
  assert.equal(limit.take("b", 50), 0);
  assert.equal(limit.take("a", 5), 500);
  clock.now += 499;
  assert.equal(limit.take("a", 5), 1);
  clock.now += 1;
  assert.equal(limit.take("a", 5), 0);
  // What is more than there can be is all that there can be.
  assert.equal(limit.take("a", 1_000), 5_000);
});

Deno.test("a bucket that is charged may owe as much as it holds, and no more", () => {
  const { clock, limit } = start();
  for (let i = 0; i < 49; i++) limit.charge("a");
  assert.equal(limit.wait("a"), 0);
  limit.charge("a");
  assert.equal(limit.wait("a"), 100);
  for (let i = 0; i < 1_000; i++) limit.charge("a");
  assert.equal(limit.wait("a"), 5_100);
  assert.equal(limit.wait("b"), 0);
  clock.now += 5_100;
  assert.equal(limit.wait("a"), 0);
});

Deno.test("a clock that is set back locks nobody out, and one that is set forward fills buckets", () => {
  const { clock, limit } = start();
  limit.take("a", 50);
  clock.now -= 86_400_000;
  assert.ok(limit.wait("a") <= 5_100, `${limit.wait("a")}`);
  clock.now += 10_000;
  limit.take("a", 1);
  clock.now += 86_400_000;
  assert.equal(limit.take("a", 50), 0);
});

Deno.test("of buckets that nobody has used for long, none is kept; those in use are", () => {
  const { limit } = start();
  limit.take("a", 50);
  for (let i = 0; i < 20_000; i++) {
    limit.take(`other ${i}`, 1);
    if (i % 1_000 === 0) assert.notEqual(limit.take("a", 50), 0);
  }
  assert.notEqual(limit.take("other 19999", 50), 0);
  assert.equal(limit.take("other 0", 50), 0);
});
