/** Hostile indexes: small ones that unfold, deep ones, long ones; each ends in a clear result. */

import assert from "node:assert/strict";
import { IndexError } from "../../src/helm/index_error.ts";
import { parseWhole } from "../support/parse.ts";

/** How much survives, how many problems there are, and the first; or the refusal. */
type Outcome = { charts: number; versions: number; problems: number; first?: string } | string;

const END = "generated: null\n";
const index = (entries: string) => `apiVersion: v1\nentries:\n${entries}${END}`;
const json = (entries: string) => `{"apiVersion":"v1","entries":{${entries}}}`;
const chart = (name: string) => `  ${name}:\n  - name: ${name}\n    version: 1.0.0\n`;
const jsonChart = (name: string) => `"${name}":[{"name":"${name}","version":"1.0.0"}]`;
/** Many of something, each with its number. */
const each = (count: number, make: (i: number) => string, between = "") =>
  Array.from({ length: count }, (_, i) => make(i)).join(between);
/** Chart `a` with two versions, of which the first has these fields as well, and chart `b`. */
const within = (fields: string) =>
  index(`${chart("a")}${fields}  - name: a\n    version: 2.0.0\n${chart("b")}`);
const items = (count: number, field: string) =>
  `  a:\n${each(count, (i) => `  - {name: a, version: 1.${i}.0, ${field}}\n`)}`;

const ALL = kept(2, 3);
const TOO_LARGE = kept(2, 2, 1, "a[0]: the entry is larger than 1048576 characters");
const TOO_LARGE_ALONE = kept(0, 0, 1, "a[0]: the entry is larger than 1048576 characters");
const TOO_MANY = "too_many_charts: the index has more than 200000 charts";
const NO_ENTRIES = "not_an_index: the document has more than 100000 entries that are none";
const UNFOLDS = "not_an_index: the aliases of the index expand beyond all measure";

function kept(charts: number, versions: number, problems = 0, first?: string): Outcome {
  return { charts, versions, problems, ...(first !== undefined && { first }) };
}

function syntax(line: number, reason: string): string {
  return `syntax: the index has a syntax error in line ${line}: ${reason}`;
}

function tooDeep(line: number): string {
  return syntax(line, "nesting exceeded maxDepth (100)");
}

async function read(text: string | Uint8Array, size = 65_536): Promise<Outcome> {
  try {
    const { charts, problems: [first], problemCount } = await parseWhole(text, { size });
    const versions = charts.reduce((sum, { versions }) => sum + versions.length, 0);
    const told = first && `${first.chart}[${first.position}]: ${first.reason}`;
    return kept(charts.length, versions, problemCount, told);
  } catch (error) {
    if (!(error instanceof IndexError)) throw error;
    return `${error.reason}: ${error.message}`;
  }
}

function test(name: string, bombs: Record<string, [make: () => string, outcome: Outcome]>) {
  Deno.test(name, async (t) => {
    for (const [name, [make, outcome]] of Object.entries(bombs)) {
      await t.step(name, async () => assert.deepEqual(await read(make()), outcome));
    }
  });
}

const LISTS = each(
  9,
  (i) => `l${i}: &l${i} [${each(9, () => i === 0 ? "lol" : `*l${i - 1}`, ",")}]\n`,
);
const MAPS = each(
  9,
  (i) => `m${i}: &m${i} {${each(9, (k) => `k${k}: ${i === 0 ? "lol" : `*m${i - 1}`}`, ",")}}\n`,
);
const WIDE = `x: &x {${each(20_000, (i) => `k${i}: v`, ",")}}\n`;

test("what unfolds by aliases and merges costs no more than what is written out", {
  "lists of lists in an item": [() => LISTS + index(items(1, "x: *l8")), TOO_LARGE_ALONE],
  "lists of lists in 900 items": [() => LISTS + index(items(900, "x: *l8")), UNFOLDS],
  "maps of maps in an item": [() => MAPS + index(items(1, "x: *m8")), TOO_LARGE_ALONE],
  "maps of maps as annotations": [
    () => MAPS + index(items(1, "annotations: *m8")),
    kept(1, 1, 1, "a[0]: `annotations` was left out: expected a string"),
  ],
  "the list of a chart in 900 others": [
    () => index(items(1_000, "x: y").replace("a:", "a: &l") + each(900, (i) => `  c${i}: *l\n`)),
    UNFOLDS,
  ],
  "a map merged into 900 items": [
    () => WIDE + index(items(900, "<<: *x")),
    syntax(5, "merge keys exceeded maxTotalMergeKeys (10000)"),
  ],
  "a map merged 900 times into one item": [
    () => WIDE + index(items(1, `<<: [${each(900, () => "*x", ",")}]`)),
    syntax(5, "abnormal merge sequence size"),
  ],
  "charts merged 900 times": [
    () => `x: &x\n${chart("a")}${index(`  <<: [${each(900, () => "*x", ",")}]\n`)}`,
    syntax(7, "abnormal merge sequence size"),
  ],
  "a chart merged into itself": [
    () => index("  a: &a\n    <<: *a\n"),
    kept(0, 0, 1, "a[null]: expected a list of versions"),
  ],
});

const DEPTH = 100_000;

test("what is nested too deep is refused", {
  "[ in an item": [() => within(`    x: ${"[".repeat(DEPTH)}${"]".repeat(DEPTH)}\n`), tooDeep(6)],
  "{ in an item": [
    () => within(`    x: ${"{a: ".repeat(DEPTH)}${"}".repeat(DEPTH)}\n`),
    tooDeep(6),
  ],
  "- in an item": [() => within(`    x:\n    ${"- ".repeat(DEPTH)}a\n`), tooDeep(7)],
  "? in an item": [() => within(`    x:\n      ${"? ".repeat(DEPTH)}a\n`), tooDeep(7)],
  "- in a list": [() => index(`  a:\n  ${"- ".repeat(DEPTH)}a\n`), tooDeep(4)],
  "- at the top": [() => `${"- ".repeat(DEPTH)}a\n`, tooDeep(1)],
  "lines that go deeper": [
    () => within(each(1_000, (i) => `    ${" ".repeat(i)}k:\n`)),
    tooDeep(102),
  ],
  "dashes that go deeper": [
    () => within(`    x:\n${each(1_000, (i) => `    ${" ".repeat(i)}-\n`)}`),
    tooDeep(103),
  ],
  "[ in JSON": [() => json(`"a":${"[".repeat(DEPTH)}${"]".repeat(DEPTH)}`), tooDeep(1)],
  "{ in JSON": [() => json(`"a":${'{"a":'.repeat(DEPTH)}1${"}".repeat(DEPTH)}`), tooDeep(1)],
  "[ in an item in JSON": [
    () => json(`"a":[{"name":"a","version":"1","x":${"[".repeat(DEPTH)}${"]".repeat(DEPTH)}}]`),
    tooDeep(1),
  ],
  "[ in JSON, not closed": [
    () => `{"apiVersion":"v1","entries":{"a":${"[".repeat(DEPTH)}`,
    tooDeep(1),
  ],
});

/** A text of some characters in every way to write it. */
const scalars = (characters: number): Record<string, string> => ({
  plain: "x".repeat(characters),
  "plain, over lines": `x${"\n      xxxxxxxxx".repeat(characters / 10)}`,
  "in quotes": `"${"x".repeat(characters)}"`,
  "in quotes, escaped": `"${"\\n".repeat(characters)}"`,
  "in single quotes": `'${"''".repeat(characters)}'`,
  "literal, in one line": `|\n      ${"x".repeat(characters)}`,
  "literal, in short lines": `|${"\n      x".repeat(characters / 2)}`,
  "literal, of blank lines": `|\n      x${"\n".repeat(characters)}      y`,
  folded: `>${"\n      x".repeat(characters / 2)}`,
  "a number": "1".repeat(characters),
});

Deno.test("a text that is too large costs its version, however it is written", async (t) => {
  for (const [name, text] of Object.entries(scalars(1_200_000))) {
    await t.step(name, async () => {
      const version = within(`    description: ${text}\n`);
      assert.deepEqual(await read(version), TOO_LARGE);
    });
  }
  for (const [name, text] of Object.entries(scalars(400_000))) {
    await t.step(`a third of it: ${name}`, async () => {
      assert.deepEqual(await read(within(`    description: ${text}\n`)), ALL);
    });
  }
  const inJson = (text: string) =>
    json(`"a":[{"name":"a","version":"1.0.0","x":${text}},{"name":"a","version":"2"}],"b":[]`);
  await t.step("in JSON", async () => {
    for (const text of [`"${"x".repeat(1_200_000)}"`, "1".repeat(1_200_000)]) {
      const first = "a[0]: the entry is larger than 1048576 characters";
      assert.deepEqual(await read(inJson(text)), kept(1, 1, 1, first));
    }
  });
});

const LINES = 200_000;
const COMMENTS = "    # a comment\n".repeat(LINES);
const BLANKS = "\n".repeat(LINES);

test("lines that say nothing are passed", {
  "comments at the top": [() => COMMENTS + within(""), ALL],
  "comments before the charts": [() => index(COMMENTS + chart("a")), kept(1, 1)],
  "comments before an item": [() => index(chart("a").replace("\n", `\n${COMMENTS}`)), kept(1, 1)],
  "comments after an item": [() => within(COMMENTS), ALL],
  "comments between fields": [() => within(`    a: b\n${COMMENTS}    c: d\n`), ALL],
  "comments at the end": [() => within("") + COMMENTS, ALL],
  "blank lines at the top": [() => BLANKS + within(""), ALL],
  "blank lines after an item": [() => within(BLANKS), ALL],
  "blank lines that end in CR LF": [() => within(BLANKS.replaceAll("\n", "\r\n")), ALL],
  "blank lines in quotes": [() => within(`    x: "a\n${BLANKS}      b"\n`), ALL],
  "blank lines at the end": [() => within("") + BLANKS, ALL],
  "blank lines in JSON": [() => json(jsonChart("a").replace(",", `,${BLANKS}`)), kept(1, 1)],
  "markers at the end": [() => within("") + "---\n".repeat(100_000), ALL],
});

test("charts and items by the hundred thousand are read, or refused with the reason", {
  "charts": [() => index(each(100_000, (i) => chart(`c${i}`))), kept(100_000, 100_000)],
  "charts, in JSON": [
    () => json(each(100_000, (i) => jsonChart(`c${i}`), ",")),
    kept(100_000, 100_000),
  ],
  "as many empty charts as there may be": [
    () => index(each(200_000, (i) => `  c${i}: []\n`)),
    kept(0, 0),
  ],
  "empty charts": [() => index(each(250_000, (i) => `  c${i}: []\n`)), TOO_MANY],
  "charts that are null": [() => index(each(250_000, (i) => `  c${i}:\n`)), TOO_MANY],
  "empty charts, in JSON": [() => json(each(250_000, (i) => `"c${i}":[]`, ",")), TOO_MANY],
  "empty charts, in flow style": [
    () => `apiVersion: v1\nentries: {${each(250_000, (i) => `c${i}: []`, ",")}}\n`,
    TOO_MANY,
  ],
  "charts that are text": [() => index(each(120_000, (i) => `  c${i}: x\n`)), NO_ENTRIES],
  "items that are null": [() => index(`  a:\n${"  -\n".repeat(200_000)}`), NO_ENTRIES],
  "items that are null, in flow style": [
    () => index(`  a: [${"~,".repeat(200_000)}]\n`),
    NO_ENTRIES,
  ],
  "items that are null, in JSON": [
    () => json(`"a":[${"null,".repeat(200_000)}null]`),
    NO_ENTRIES,
  ],
  "as many null items as there may be": [
    () => index(`  a:\n${"  -\n".repeat(100_000)}  - name: a\n    version: 1.0.0\n`),
    kept(1, 1, 100_000, "a[0]: the entry is null"),
  ],
  "items of one version": [
    () => index(`  a:\n${"  - name: a\n    version: 1.0.0\n".repeat(200_000)}`),
    NO_ENTRIES,
  ],
});

Deno.test("a chart without an end is too large, and so is a line", async () => {
  const starts = [
    "apiVersion: v1\nentries:\n  a:\n  - name: ",
    '{"apiVersion":"v1","entries":{"a":[{"name":"',
    "apiVersion: v1\nx: ",
  ];
  for (const start of starts) {
    // Twice the bound, since that is looked at when the text has doubled.
    const bytes = new Uint8Array(70_000_000).fill(0x78);
    new TextEncoder().encodeInto(start, bytes);
    for (const size of [65_536, 1_000_000]) {
      await assert.rejects(parseWhole(bytes, { size }), { reason: "too_large" });
    }
  }
});

Deno.test("names that every object has are names like any other", async () => {
  const names = ["__proto__", "constructor", "toString", "hasOwnProperty", "valueOf"];
  const before = Object.getOwnPropertyNames(Object.prototype);
  const entryOf = (name: string) =>
    `{"name":"${name}","version":"1.0.0","annotations":{${
      names.map((key) => `"${key}":"text"`)
    }},"dependencies":[{${names.map((key) => `"${key}":"d"`)}}],${
      names.map((key) => `"${key}":{"polluted":"yes","${key}":"deep"}`)
    }}`;
  const inJson = json(names.map((name) => `"${name}":[${entryOf(name)}]`).join());
  const expected = names.map((name) => `{"name":"${name}","versions":[${entryOf(name)}]}`).join();
  const writings: Record<string, string> = {
    JSON: inJson,
    "JSON with a comment": `${inJson} # not to the letter\n`,
    "block style": index(
      names.map((name) =>
        `  ${name}:\n  - name: ${name}\n    version: 1.0.0\n    annotations:\n${
          names.map((key) => `      ${key}: text\n`).join("")
        }    dependencies:\n${
          names.map((key, i) => `    ${i === 0 ? "-" : " "} ${key}: d\n`).join("")
        }${names.map((key) => `    ${key}:\n      polluted: "yes"\n      ${key}: deep\n`).join("")}`
      ).join(""),
    ),
    "flow style": index(names.map((name) => `  ${name}: [${entryOf(name)}]\n`).join("")),
    "merged": index(
      names.map((name) => `  ${name}:\n  - <<: ${entryOf(name)}\n`).join(""),
    ),
  };
  for (const [name, text] of Object.entries(writings)) {
    for (const size of [65_536, 7, 1]) {
      const { charts, problems } = await parseWhole(text, { size });
      assert.deepEqual(problems, [], name);
      assert.equal(JSON.stringify(charts), `[${expected}]`, name);
    }
  }
  assert.deepEqual(Object.getOwnPropertyNames(Object.prototype), before);
  assert.equal(Reflect.get({}, "polluted"), undefined);
});
