/** Recorded answers of KubeSphere's own functions, held against ours. */

import assert from "node:assert/strict";
import { parseConditions } from "../../routes/support/conditions.ts";
import { isTrue } from "../../routes/support/conditions.ts";
import { parsePaging, slice } from "../../routes/support/paging.ts";
import { contains } from "../../src/catalog/text.ts";
import { parseConstraint, satisfies } from "../../src/helm/constraint.ts";
import { isTime, printTime } from "../../src/helm/time.ts";
import { compareVersions, parseVersion } from "../../src/helm/version.ts";

const SHARED = new URL("../../../shared/golden/", import.meta.url);
const read = (name: string) => JSON.parse(Deno.readTextFileSync(new URL(name, SHARED)));
const vectors = read("vectors.json");
/** JavaScript's numbers end before Go's do; such lists do not exist. */
const SAFE = 2n ** 53n;

Deno.test("ParsePaging", () => {
  for (const { query, limit, offset } of vectors.ParsePaging) {
    const parameters = new URLSearchParams(query);
    const paging = parsePaging((name) => parameters.get(name) ?? undefined);
    if (BigInt(limit) > SAFE || BigInt(offset) > SAFE || BigInt(offset) < -SAFE) continue;
    // Go's product of page and limit wraps.
    if (/\d{17}/.test(query)) continue;
    assert.deepEqual(paging, { limit: Number(limit), offset: Number(offset) }, query);
  }
});

Deno.test("GetValidPagination", () => {
  for (const { total, limit, offset, start, end, panics } of vectors.GetValidPagination) {
    if (panics) continue;
    const items = Array.from({ length: Number(total) }, (_, i) => i);
    const page = slice(items, { limit: Number(limit), offset: Number(offset) });
    const expected = items.slice(Number(start), Number(end));
    assert.deepEqual(page, expected, JSON.stringify({ total, limit, offset }));
  }
});

Deno.test("parseConditions", () => {
  for (const { input, match, fuzzy, error } of vectors.parseConditions) {
    if (error !== undefined) {
      assert.throws(() => parseConditions(input), { code: "invalid_conditions" }, input);
      continue;
    }
    const found = parseConditions(input);
    assert.deepEqual(Object.fromEntries(found.exact), match, input);
    assert.deepEqual(Object.fromEntries(found.fuzzy), fuzzy, input);
  }
});

Deno.test("GetBoolValueWithDefault", () => {
  for (const { value, defaultFalse } of vectors.GetBoolValueWithDefault) {
    assert.equal(isTrue(value), defaultFalse, value);
  }
});

Deno.test("keywordMatch", () => {
  for (const { keyword, match, name } of vectors.keywordMatch.cases) {
    assert.equal(contains(name, keyword), match, `${keyword} in ${name}`);
  }
});

Deno.test("timeFormat", () => {
  // Go 1.19 reads an hour of one digit and offsets beyond a day, which RFC 3339 does not know.
  const lenient = /T\d:|[+-](24:|\d\d:60)/;
  for (const { input, api, error } of vectors.timeFormat.cases) {
    assert.equal(isTime(input), error === undefined && !lenient.test(input), input);
    if (isTime(input)) assert.equal(printTime(input), api);
  }
});

Deno.test("versions and their order are those of Masterminds' library", () => {
  const { versions, ascending } = read("semver.json");
  for (const { text, valid } of versions) {
    assert.equal(parseVersion(text) !== undefined, valid, text);
  }
  for (const groups of [ascending, vectors.semver.ascendingGroups]) {
    const flat = groups.flatMap((group: string[], rank: number) =>
      group.map((text) => ({ text, rank, version: parseVersion(text) }))
    );
    for (const a of flat) {
      for (const b of flat) {
        const order = Math.sign(compareVersions(a.version, b.version));
        assert.equal(order, Math.sign(a.rank - b.rank), `${a.text} and ${b.text}`);
      }
    }
  }
});

Deno.test("constraints admit what they do in Masterminds' library", () => {
  const { versions, constraints } = read("semver.json");
  const texts = (versions as { text: string }[]).map(({ text }) => text);
  for (const { constraint, matches, error } of constraints) {
    if (error !== undefined) {
      assert.throws(() => parseConstraint(constraint), { name: "ConstraintError" }, constraint);
      continue;
    }
    const parsed = parseConstraint(constraint);
    const admitted = texts.filter((text) => {
      const version = parseVersion(text);
      return version !== undefined && satisfies(version, parsed);
    });
    assert.deepEqual(admitted, matches, constraint);
  }
});
