import assert from "node:assert/strict";
import fc from "fast-check";
import { compareText, compareVersions, newestFirst, parseVersion } from "../../src/helm/version.ts";
import vectors from "../fixtures/versions.json" with { type: "json" };

Deno.test("parseVersion accepts and refuses what Masterminds' library does", () => {
  for (const text of vectors.accepted) assert.ok(parseVersion(text), text);
  for (const text of vectors.refused) assert.equal(parseVersion(text), undefined, text);
});

Deno.test("compareVersions orders as Masterminds' library does", () => {
  vectors.ascending.forEach((group, i) => {
    for (const a of group) {
      for (const b of group) {
        assert.equal(compareVersions(parseVersion(a), parseVersion(b)), 0, `${a} = ${b}`);
      }
      for (const b of vectors.ascending[i + 1] ?? []) {
        assert.ok(compareVersions(parseVersion(a), parseVersion(b)) < 0, `${a} < ${b}`);
        assert.ok(compareVersions(parseVersion(b), parseVersion(a)) > 0, `${b} > ${a}`);
      }
    }
  });
});

Deno.test("newestFirst gives one order, whatever the order of the input", () => {
  const expected = [
    "2.0.0",
    "2.0.0-rc.1",
    "v1.10.0",
    "1.9.0+late",
    "1.9.0+b",
    "1.9.0+a",
    "1",
    "nightly",
    "latest",
  ].map((version) => ({ version, created: version.endsWith("late") ? 2 : 1 }));
  fc.assert(fc.property(fc.shuffledSubarray(expected, { minLength: expected.length }), (input) => {
    assert.deepEqual(newestFirst(input), expected);
  }));
});

Deno.test("compareText orders by code point, as Go orders the bytes of UTF-8", () => {
  const bytes = (text: string) => new TextEncoder().encode(text).toHex();
  fc.assert(
    fc.property(
      fc.string({ unit: "binary" }),
      fc.string({ unit: "binary" }),
      (a, b) => {
        const expected = bytes(a) < bytes(b) ? -1 : bytes(a) > bytes(b) ? 1 : 0;
        assert.equal(Math.sign(compareText(a, b)), expected);
      },
    ),
  );
});
