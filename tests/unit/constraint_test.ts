import assert from "node:assert/strict";
import fc from "fast-check";
import { ConstraintError, parseConstraint, resolve, satisfies } from "../../src/helm/constraint.ts";
import { parseVersion } from "../../src/helm/version.ts";
import recorded from "../fixtures/constraints.json" with { type: "json" };

const RELEASES = ["3.0.0-rc.1", "2.1.0", "1.10.0", "1.2.3+b1", "1.2.3", "1.2.0", "1.2", "latest"];

function admitted(constraint: string, versions: readonly string[]): string[] {
  const parsed = parseConstraint(constraint);
  return versions.filter((text) => satisfies(parseVersion(text)!, parsed));
}

function take(constraint: string, versions = RELEASES): string | undefined {
  return resolve(versions, constraint, (text) => text);
}

Deno.test("constraints admit what Masterminds' library does, and nothing else", () => {
  for (const [constraint, expected] of Object.entries(recorded.admitted)) {
    assert.deepEqual(admitted(constraint, recorded.versions), expected, constraint);
  }
});

Deno.test("parseConstraint refuses what Masterminds' library does", () => {
  for (const text of recorded.invalid) {
    assert.throws(() => parseConstraint(text), ConstraintError, text);
  }
});

Deno.test("parseConstraint refuses what only looks like a constraint", () => {
  const cases = [
    ...["> =1", "=>>1", ",1", "1,,2", "V1", "1.xx", "1.x.y", "1.x.2.3", "1.2.3x", "1.2.3-01"],
    ...["1.2.3+", "1.2.3-a..b", ">1 2 - 3", "18446744073709551616.x"],
  ];
  for (const text of cases) assert.throws(() => parseConstraint(text), ConstraintError, text);
});

Deno.test("parseConstraint says what is wrong", () => {
  const cases: [text: string, message: string][] = [
    ["", '"" is no version constraint: a part is missing'],
    ["^1 || ", '"^1 || " is no version constraint: a part is missing'],
    [">=1,", '">=1," is no version constraint: a part is missing'],
    ["^1, 1.2.3.4", '"^1, 1.2.3.4" is no version constraint: "1.2.3.4" cannot be read'],
    ["^1 - 2", '"^1 - 2" is no version constraint: "^>=1" cannot be read'],
    ["^1\u00a0", '"\u00a0" has no place in a version constraint'],
    ["1".repeat(513), "a version constraint is longer than 512 characters"],
  ];
  for (const [text, message] of cases) {
    assert.throws(() => parseConstraint(text), { name: "ConstraintError", message });
  }
});

Deno.test("parseConstraint takes any text, and throws nothing but a ConstraintError", () => {
  const symbols = [..."01xX*v.-+ ,|<>=!~^a\t", " - ", "||", "1.2.3"];
  const text = fc.string({ unit: fc.constantFrom(...symbols), maxLength: 600 });
  fc.assert(fc.property(text, (text) => {
    try {
      parseConstraint(text);
    } catch (error) {
      assert.ok(error instanceof ConstraintError, text);
    }
  }));
});

Deno.test("corners that the recording leaves out are as Helm's", () => {
  const cases: [constraint: string, admits: string[], refuses: string[]][] = [
    ["~0.0.0", ["0.0.0", "0.3.0", "7.0.0"], ["0.0.1-a"]],
    ["~*-b", ["0.0.0-b", "7.0.0", "7.0.0-a"], ["0.0.0-a"]],
    ["<=*", ["0.0.0", "0.0.9"], ["0.1.0", "1.0.0"]],
    ["!=*", ["0.0.1", "1.0.0"], ["0.0.0", "1.0.0-a"]],
    ["!=1.2-a", ["1.2.5", "1.2.5-b", "1.3.0-a"], ["1.2.0-a", "1.2.5-a"]],
    ["!=1", ["0.9.0", "2.0.0"], ["1.0.0", "1.9.9", "2.0.0-a"]],
    ["!=1-a", ["0.9.0-b", "2.0.0"], ["1.0.0", "1.0.0-a", "1.2.0-b"]],
    ["^0.0.3-a", ["0.0.3-a", "0.0.3-b", "0.0.3"], ["0.0.4", "0.1.0", "1.0.3"]],
    ["1.x.5", ["1.0.0", "1.9.9"], ["2.0.0"]],
    ["18446744073709551614.x", ["18446744073709551614.1.0"], ["18446744073709551615.0.0"]],
    ["1 - 2 || 4 - 5", ["1.0.0", "2.1.0", "4.0.0"], ["3.0.0", "6.0.0"]],
    ["1||2 - 3", ["1.0.0", "4.0.0"], ["0.9.0"]],
    [">  1.2\n<\t1.4", ["1.3.0"], ["1.2.0", "1.4.0"]],
    ["1 - 2 !=1.5.0,\t!=1.6.0", ["1.4.0", "2.9.9"], ["1.5.0", "1.6.0", "3.0.0"]],
  ];
  for (const [constraint, admits, refuses] of cases) {
    assert.deepEqual(admitted(constraint, [...admits, ...refuses]), admits, constraint);
  }
});

Deno.test("resolve takes the newest version that fits, a pre-release only on request", () => {
  assert.equal(take(""), "2.1.0");
  assert.equal(take("*"), "2.1.0");
  assert.equal(take(">0.0.0-0"), "3.0.0-rc.1");
  assert.equal(take("^1"), "1.10.0");
  assert.equal(take("<1.10"), "1.2.3+b1");
  assert.equal(take("", ["1.0.0", "2.0.0"]), "1.0.0", "the order is the list's");
});

Deno.test("resolve prefers the version that is named to the letter", () => {
  assert.equal(take("3.0.0-rc.1"), "3.0.0-rc.1");
  assert.equal(take("1.2.3"), "1.2.3");
  assert.equal(take("v1.2.3"), "1.2.3+b1", "no such text, so the first that equals it");
  assert.equal(take("1.2"), "1.2");
  assert.equal(take("1.2", ["1.2.3", "1.2.0"]), "1.2.3", "no such text, so a range");
});

Deno.test("resolve passes over what is no version, and finds nothing where nothing fits", () => {
  assert.equal(take("*", ["latest", "1.2.3.4", "1.0.0"]), "1.0.0");
  assert.equal(take("*", ["latest"]), undefined);
  assert.equal(take("^4"), undefined);
  assert.equal(take("*", []), undefined);
});

Deno.test("resolve refuses what is no constraint, even where a version is called so", () => {
  for (const text of ["latest", "  ", "^foo"]) {
    assert.throws(() => take(text), ConstraintError, text);
  }
});

Deno.test("resolve gives the item itself", () => {
  const items = RELEASES.map((version) => ({ version }));
  assert.equal(resolve(items, "^1", (item) => item.version), items[2]);
});
