import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { IndexError } from "../../src/helm/index_error.ts";
import { parseIndex } from "../../src/helm/index_parser.ts";
import { decodeIndex } from "../../src/helm/index_text.ts";
import { inPieces, parseWhole, type WholeIndex } from "../support/parse.ts";
import { indexOf } from "../support/upstream.ts";

/** An index with one chart and the given fields of its one version. */
const withFields = (fields: string) =>
  parseWhole(
    `apiVersion: v1\nentries:\n  one:\n  - name: one\n    version: 1.0.0\n${
      fields.replace(/^/gm, "    ")
    }\ngenerated: null\n`,
  );
const entryOf = (index: WholeIndex) => ({ ...index.charts[0]!.versions[0]! });
const reasonOf = async (text: string): Promise<string> => {
  try {
    await parseWhole(text);
  } catch (error) {
    assert.ok(error instanceof IndexError, String(error));
    return error.reason;
  }
  return "none";
};

Deno.test("string fields keep their source text, whatever YAML would make of it", async () => {
  const texts = [
    "1.10",
    "2",
    "0x1F",
    "1e5",
    "2020-01-02",
    "true",
    "~x",
    ".5",
    "0123",
    "1_000",
    "no",
  ];
  for (const text of texts) {
    assert.equal(entryOf(await withFields(`appVersion: ${text}`)).appVersion, text);
    assert.equal(entryOf(await withFields(`appVersion: "${text}"`)).appVersion, text);
  }
  const index = await parseWhole(
    "apiVersion: v1\nentries:\n  1.0:\n  - {name: 123, version: 1.10, digest: 12e5}\ngenerated: x\n",
  );
  assert.equal(index.charts[0]!.name, "1.0");
  assert.deepEqual(entryOf(index), { name: "123", version: "1.10", digest: "12e5" });
});

Deno.test("null is nothing, and quoted null is text", async () => {
  const entry = entryOf(
    await withFields("home: null\nicon: ~\ndescription:\nengine: 'null'\nkeywords: [a, null, b]"),
  );
  assert.deepEqual(entry, {
    name: "one",
    version: "1.0.0",
    engine: "null",
    keywords: ["a", "b"],
  });
});

Deno.test("fields are typed by name", async () => {
  const index = await withFields(
    `deprecated: yes
removed: "false"
keywords: [1, 2.50, true]
annotations: {a: 1.10, b: true, c: null}
maintainers: [{name: Ann, email: 1}, null]
dependencies: [{name: x, version: 1.20, enabled: false, tags: [1], import-values: [{a: 1}]}]`,
  );
  assert.deepEqual(index.problems, []);
  assert.deepEqual(JSON.parse(JSON.stringify(entryOf(index))), {
    name: "one",
    version: "1.0.0",
    deprecated: true,
    removed: false,
    keywords: ["1", "2.50", "true"],
    annotations: { a: "1.10", b: "true" },
    maintainers: [{ name: "Ann", email: "1" }],
    dependencies: [
      { name: "x", version: "1.20", enabled: false, tags: ["1"], "import-values": [{ a: 1 }] },
    ],
  });
});

Deno.test("fields that Helm does not know are kept, with numbers as JSON can hold them", async () => {
  const { name: _, version: __, ...rest } = entryOf(
    await withFields(
      "x: [1, 1.50, 0x10, 12345678901234567890, .inf, true, null, a]\n__proto__: {y: 1}",
    ),
  );
  const expected = JSON.parse(
    '{"x":[1,"1.50","0x10","12345678901234567890",".inf",true,null,"a"],"__proto__":{"y":1}}',
  );
  assert.deepEqual(JSON.parse(JSON.stringify(rest)), expected);
});

Deno.test("a field of a wrong type costs that field, and is told", async () => {
  const wrong: [string, string][] = [
    ["created: 2024-02-30T00:00:00Z", '"2024-02-30T00:00:00Z" is not an RFC 3339 time'],
    ["created: 2024-01-01", '"2024-01-01" is not an RFC 3339 time'],
    ["deprecated: perhaps", "expected true or false"],
    ["urls: a.tgz", "expected a list"],
    ["keywords: {a: b}", "expected a list"],
    ["maintainers: [Ann]", "expected a mapping"],
    ["annotations: [a]", "expected a mapping"],
    ["description: [a]", "expected a string"],
    ["dependencies: [{name: [a]}]", "expected a string"],
  ];
  for (const [field, reason] of wrong) {
    const index = await withFields(field);
    const name = field.split(":")[0]!;
    assert.deepEqual(index.problems, [
      {
        chart: "one",
        version: "1.0.0",
        position: 0,
        reason: `\`${name}\` was left out: ${reason}`,
      },
    ]);
    assert.deepEqual(entryOf(index), { name: "one", version: "1.0.0" });
  }
});

Deno.test("a bad entry is a problem, and the rest is used", async () => {
  const index = await parseWhole(`apiVersion: v1
entries:
  a:
  - {name: a, version: 1.0.0}
  -
  - text
  - {version: 1.0.0}
  - {name: a}
  - {name: "", version: 2.0.0}
  - {name: a, version: [3]}
  b: {name: b, version: 1.0.0}
  c: null
  d: []
  __proto__:
  - {name: p, version: 1.0.0}
generated: null
`);
  assert.deepEqual(index.problems, [
    { chart: "a", position: 1, reason: "the entry is null" },
    { chart: "a", position: 2, reason: "the entry is not a mapping" },
    { chart: "a", version: "1.0.0", position: 3, reason: "the entry has no name" },
    { chart: "a", position: 4, reason: "the entry has no version" },
    { chart: "a", version: "2.0.0", position: 5, reason: "the entry has no name" },
    { chart: "a", position: 6, reason: "`version` must be a string" },
    { chart: "b", position: null, reason: "expected a list of versions" },
  ]);
  assert.deepEqual(index.charts.map(({ name }) => name), ["a", "__proto__"]);
});

Deno.test("of a version that is listed twice, the one made last counts", async () => {
  const twice = (a: string, b: string) =>
    parseWhole(
      `apiVersion: v1\nentries:\n  x:\n  - {name: x, version: 1.0.0, digest: a${a}}\n` +
        `  - {name: x, version: 1.0.0, digest: b${b}}\ngenerated: null\n`,
    );
  const created = (day: number) => `, created: 2024-01-0${day}T00:00:00Z`;
  const cases: [string, string, string, number][] = [
    ["", "", "a", 1],
    [created(1), created(2), "b", 0],
    [created(2), created(1), "a", 1],
    ["", created(1), "b", 0],
  ];
  for (const [a, b, digest, position] of cases) {
    const index = await twice(a, b);
    assert.equal(entryOf(index).digest, digest);
    assert.equal(index.charts[0]!.versions.length, 1);
    assert.deepEqual(index.problems.map((problem) => problem.position), [position]);
  }
});

Deno.test("anchors, aliases and merge keys are followed", async () => {
  const index = await parseWhole(`apiVersion: v1
entries:
  a:
  - &base {name: a, version: 1.0.0, home: h, urls: &urls [a.tgz]}
  - {<<: *base, version: 2.0.0}
  b: [{name: b, version: 1.0.0, urls: *urls}]
generated: null
`);
  assert.deepEqual(index.charts[0]!.versions.map((version) => ({ ...version })), [
    { name: "a", version: "1.0.0", home: "h", urls: ["a.tgz"] },
    { name: "a", version: "2.0.0", home: "h", urls: ["a.tgz"] },
  ]);
  assert.deepEqual(index.charts[1]!.versions[0]!.urls, ["a.tgz"]);
});

Deno.test("bombs end in an error or a problem, and soon", async () => {
  const levels = Array.from({ length: 9 }, (_, i) => {
    const target = i === 0 ? "lol" : `*l${i - 1}`;
    return `l${i}: &l${i} [${Array(9).fill(target).join(", ")}]\n`;
  }).join("");
  const bomb = await parseWhole(
    `apiVersion: v1\n# ${
      "-".repeat(1_200_000)
    }\n${levels}entries:\n  a:\n  - {name: a, version: 1.0.0, x: *l8}\n` +
      `  - {name: a, version: 2.0.0}\ngenerated: null\n`,
  );
  assert.equal(bomb.problems[0]!.reason, "the entry is larger than 1048576 characters");
  assert.equal(bomb.charts[0]!.versions.length, 1);

  // Lists of nothing, used again and again, cost as much as if they were written out.
  const nothing = `apiVersion: v1\nentries:\n  a: &l [${"~,".repeat(5_000)}~]\n` +
    Array.from({ length: 900 }, (_, i) => `  c${i}: *l\n`).join("") + "generated: null\n";
  assert.equal(await reasonOf(nothing), "not_an_index");
  assert.equal(
    await reasonOf(`apiVersion: v1\nentries:\n  a: [${"[],".repeat(200_000)}]\n`),
    "not_an_index",
  );
  const named = await parseWhole(
    `apiVersion: v1\nentries:\n  ${"n".repeat(100_000)}: [${
      "~,".repeat(3_000)
    }]\ngenerated: null\n`,
  );
  assert.equal(named.problemCount, 3_000);
  assert.equal(named.problems.length, 1_000);
  assert.ok(JSON.stringify(named.problems).length < 300_000);

  const long = "z".repeat(500_000);
  const uses = Array.from({ length: 900 }, (_, i) => `  - {name: a, version: 1.${i}.0, x: *x}\n`);
  const repeated = `apiVersion: v1\nx: &x ${long}\nentries:\n  a:\n${
    uses.join("")
  }generated: null\n`;
  assert.equal(await reasonOf(repeated), "not_an_index");

  const many = `apiVersion: v1\nx: &x 1\ny: [${Array(2_000).fill("*x").join(", ")}]\n`;
  assert.equal(await reasonOf(many), "syntax");
  assert.equal(await reasonOf(`apiVersion: v1\nx: ${"[".repeat(100_000)}\n`), "syntax");
});

Deno.test("what is no index is refused with its reason", async () => {
  const cases: [string, string][] = [
    ["", "empty"],
    [" \n", "empty"],
    ["# nothing here\n", "no_api_version"],
    ["null\n", "no_api_version"],
    ["5\n", "not_an_index"],
    ["text\n", "not_an_index"],
    ["[]\n", "not_an_index"],
    ["entries: {}\n", "no_api_version"],
    ['apiVersion: ""\n', "no_api_version"],
    ["apiVersion: v1\nentries: []\n", "not_an_index"],
    ["apiVersion: v1\nkind: ConfigMap\n", "not_an_index"],
    ["apiVersion: v1\nentries: text\n", "not_an_index"],
    ["a: 1\na: 2\n", "syntax"],
    ["a: [1\nb: 2\n", "syntax"],
    ["apiVersion: v1\n---\napiVersion: v1\n", "not_an_index"],
    ["<!doctype html>\n<p>", "html"],
    ["<html><title>Log in</title>", "login_page"],
    ["\n <?xml version='1.0'?><Error/>", "html"],
    ["apiVersion: v1\nentries: {a: [{name: a, ver", "truncated"],
    ['apiVersion: v1\nentries:\n  a:\n  - name: "a', "truncated"],
    ["apiVersion: v1\nentries:\n  a:\n  - name: a\n    version: 1.0", "truncated"],
  ];
  for (const [text, reason] of cases) {
    assert.equal(await reasonOf(text), reason, JSON.stringify(text));
  }
});

Deno.test("an index without entries is empty, and not refused", async () => {
  for (const entries of ["", "entries:\n", "entries: null\n", "entries: {}\n"]) {
    const index = await parseWhole(`apiVersion: v1\n${entries}`);
    assert.deepEqual([index.charts, index.problems], [[], []]);
  }
});

Deno.test("an index cut at any byte is refused, or lacks its `generated`", async () => {
  const text = indexOf({ one: ["1.0.0", "2.0.0"], two: ["0.1.0"] });
  for (let end = 1; end < text.length - 1; end++) {
    const cut = text.slice(0, end);
    if (await reasonOf(cut) !== "none") continue;
    const index = await parseWhole(cut);
    // Between entries, or inside of the last key, nothing of the text itself tells.
    assert.ok(cut.endsWith("\n") || cut.includes("generated"), JSON.stringify(cut.slice(-80)));
    assert.ok(index.openEnded || cut.includes("generated:"), JSON.stringify(cut.slice(-80)));
  }
});

Deno.test("UTF-16 with a byte order mark is read, and wrong UTF-8 is refused", async () => {
  const text = "\ufeffapiVersion: v1 \u{1f600}\nentries: {}\n";
  const units = Array.from({ length: text.length }, (_, i) => text.charCodeAt(i));
  const utf16 = new Uint8Array(Uint16Array.from(units).buffer);
  for (const size of [1, 2, 3, 7, 100]) {
    assert.equal((await parseWhole(utf16, { size })).apiVersion, "v1 \u{1f600}");
    await assert.rejects(parseWhole(new Uint8Array([0x61, 0xff, 0x61]), { size }), {
      reason: "encoding",
    });
  }
});

Deno.test("a chart that is known by the digest of its text is not read", async () => {
  const text = indexOf({ one: ["1.0.0"], two: ["1.0.0", "1.0.0"], three: ["2.0.0"] });
  const digests = new Map<string, string>();
  const remember = (name: string, digest: string) => {
    digests.set(name, digest);
    return false;
  };
  for (const size of [5, 65_536]) {
    assert.equal((await parseWhole(text, { size, isKnown: remember })).charts.length, 3);
    const one = text.slice(text.indexOf("  one:"), text.indexOf("  two:"));
    const digest = createHash("sha256").update(`1\n${one}`).digest("hex");
    assert.equal(digests.get("one"), digest);
    const isKnown = (name: string, digest: string) =>
      name !== "two" && digests.get(name) === digest;
    const again = await parseWhole(text.replace("2.0.0", "2.0.1"), { size, isKnown });
    assert.deepEqual(again.charts.map(({ name }) => name), ["two", "three"]);
  }
});

Deno.test("a chart has a digest if nothing of it is a problem, and it was read alone", async () => {
  const digests: Record<string, boolean> = {};
  const text = `apiVersion: v1
entries:
  good:
  - {name: good, version: 1.0.0}
  bad:
  - name: bad
  - name: bad
    version: 1.0.0
  anchored:
  - &a {name: anchored, version: 1.0.0}
generated: null
`;
  await parseIndex(inPieces(text, 9), {
    isKnown: () => false,
    take: ({ name }, digest) => void (digests[name] = digest !== undefined),
  });
  assert.deepEqual(digests, { good: true, bad: false, anchored: false });
});

Deno.test("an index that goes on for long gives turns, within a chart too", async () => {
  const versions = Array.from({ length: 5_000 }, (_, i) => `1.${i}.0`);
  let turns = 0;
  const turn = async () => {
    turns++;
    await undefined;
  };
  const text = indexOf({ one: versions });
  await parseIndex(inPieces(text, text.length), { take() {} }, turn);
  assert.ok(turns > text.length / 100_000, `${turns} for ${text.length} characters`);
});

Deno.test("an error is told with its place, also behind charts that were read", async () => {
  const chart = (name: string, more = "") =>
    `  ${name}:\n  - name: ${name}\n    version: 1.0.0\n${more}`;
  const messageOf = async (text: string) => {
    const error = await parseWhole(text).then(() => undefined, (error) => error);
    return error?.message;
  };
  const bad = "    x: [\n";
  const begin = "apiVersion: v1\nentries:\n";
  assert.match(await messageOf(`${begin}${chart("a", bad)}generated: x\n`), / in line 7: /);
  const behind = `${begin}${chart("a")}${chart("b", bad)}${chart("c")}generated: x\n`;
  assert.match(
    await messageOf(behind),
    / in line 4 of the chart `b`: /,
  );
  const tail = `${begin}${chart("a")}generated: x\ny: "a" b\n`;
  assert.match(await messageOf(tail), / in line 2 after the charts that could be read: /);
});

Deno.test("what is indented otherwise than in the item before is read anew", async () => {
  const item = (version: string, column: number) =>
    `  - name: a\n    annotations:\n${" ".repeat(column)}k: b\n       c\n    version: ${version}\n`;
  const text = (column: number) =>
    `apiVersion: v1\nentries:\n  a:\n${item("1.0.0", 6)}${item("2.0.0", column)}generated: x\n`;
  const { charts } = await parseWhole(text(5));
  assert.deepEqual(charts[0]!.versions.map(({ annotations }) => annotations?.k), ["b c", "b c"]);
  assert.equal(await reasonOf(text(8)), "syntax");
});

Deno.test("the names of fields count for the size of an entry", async () => {
  const key = "k".repeat(1_100_000);
  const text = `apiVersion: v1\nentries:\n  a:\n  - {name: a, version: 1.0.0, ? ${key} : v}\n`;
  const { charts, problems } = await parseWhole(`${text}generated: x\n`);
  assert.deepEqual(charts, []);
  assert.equal(problems[0]!.reason, "the entry is larger than 1048576 characters");
});

Deno.test("UTF-8 and line breaks are read alike, wherever they are cut", async () => {
  const text =
    "apiVersion: v1\r\nx: |+\r\n  é\r\r\n\n  \u{1f600}\r\nentries: {}\r\ngenerated: ü\r\n";
  const whole = await parseWhole(text);
  assert.equal(whole.generated, "ü");
  for (let size = 1; size < 12; size++) assert.deepEqual(await parseWhole(text, { size }), whole);
  const pieces = async (size: number) => {
    let all = "";
    for await (const { text: piece } of decodeIndex(inPieces(text, size))) all += piece;
    return all;
  };
  for (let size = 1; size < 12; size++) {
    assert.equal(await pieces(size), text.replace(/\r\n?/g, "\n"));
  }
});

Deno.test("an ampersand in a text is no anchor, and entries may stand in quotes", async () => {
  const text = `%YAML 1.2
---
apiVersion: v1
"entries":
  a:
  - {name: a, version: 1.0.0, keywords: [b], description: Logging & Monitoring * all}
generated: null
`;
  const digests: boolean[] = [];
  await parseIndex(inPieces(text, 9), {
    isKnown: () => false,
    take: (_, digest) => void digests.push(digest !== undefined),
  });
  assert.deepEqual(digests, [true]);
});
