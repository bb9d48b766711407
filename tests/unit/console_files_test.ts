/** Colours of YAML, trees of schemas and what changed: right for charts, bounded for strangers. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { diffOf } from "../../routes/console/files/diff.ts";
import { linesOf } from "../../routes/console/files/lines.ts";
import { type SchemaNode, schemaTree } from "../../routes/console/files/schema_tree.ts";
import { type Grammar, grammarOf, tokensOf } from "../../routes/console/files/tokens.ts";
import { treeOf } from "../../routes/console/files/tree.ts";

/** What a bounded piece of work may take on a machine that is busy. */
const SOON_MS = 5_000;

function colours(text: string, grammar: Grammar = "yaml"): string[] {
  return tokensOf(text.split("\n"), grammar)
    .map((line) => line.map(([kind, text]) => kind === "" ? text : `${kind}(${text})`).join(""));
}

Deno.test("YAML has its comments, keys, texts, numbers, booleans and anchors told apart", () => {
  const table: [line: string, expected: string][] = [
    ["# about", "c(# about)"],
    ["---", "p(---)"],
    ["a: 1", "k(a)p(: )n(1)"],
    ["a: 1.2.3", "k(a)p(: )s(1.2.3)"],
    ['"a b": true # c', 'k("a b")p(: )b(true )c(# c)'],
    ["a: 'it''s # in' # out", "k(a)p(: )s('it''s # in' )c(# out)"],
    ["url: http://x:80/#y", "k(url)p(: )s(http://x:80/#y)"],
    ["  - name: &x ~", "  p(- )k(name)p(: )a(&x )b(~)"],
    ["- {a: 1, b: [x, null]}", "p(- {)k(a)p(: )n(1)p(, )k(b)p(: [)s(x)p(, )b(null)p(]})"],
    ["<<: *x", "k(<<)p(: )a(*x)"],
    ["", ""],
  ];
  for (const [line, expected] of table) assert.deepEqual(colours(line), [expected]);
  assert.deepEqual(colours("a: |\n  b: 1\n\n  # c\nd: 2"), [
    "k(a)p(: |)",
    "s(  b: 1)",
    "",
    "s(  # c)",
    "k(d)p(: )n(2)",
  ]);
  assert.deepEqual(colours('a: "one\n  two: 2"\nb: 3'), [
    'k(a)p(: )s("one)',
    's(  two: 2")',
    "k(b)p(: )n(3)",
  ]);
});

Deno.test("template actions are told apart wherever they stand", () => {
  assert.deepEqual(
    colours('{{- /* a\nb */ -}}\nname: {{ include "x: y" . }}-z\nk: "{{ .a }}"', "template"),
    [
      "c({{- /* a)",
      "c(b */ -}})",
      'k(name)p(: )t({{ include "x: y" . }})s(-z)',
      'k(k)p(: )s(")t({{ .a }})s(")',
    ],
  );
  assert.equal(grammarOf("charts/a/templates/x.yaml"), "template");
  assert.equal(grammarOf("values.yaml"), "yaml");
  assert.equal(grammarOf("README.md"), "plain");
});

Deno.test("no text loses a character by its colours, or takes long", () => {
  const texts = fc.array(fc.string({ unit: "grapheme" }).map((text) => text.replaceAll("\n", "")));
  const odd = fc.array(
    fc.stringMatching(/^[-?:#&*!|>'"{}[\],. a1\\{}]{0,40}$/),
  );
  for (const grammar of ["yaml", "template", "plain"] as const) {
    fc.assert(fc.property(fc.oneof(texts, odd), (lines) => {
      const found = tokensOf(lines, grammar).map((line) => line.map(([, text]) => text).join(""));
      assert.deepEqual(found, lines);
    }));
  }
  const start = performance.now();
  for (const piece of ["'", '"', "{{", "- ", ": ", "a:", "[", " #", "{}", "&"]) {
    tokensOf(Array(200).fill(piece.repeat(1_000)), "template");
  }
  assert.ok(performance.now() - start < SOON_MS);
});

Deno.test("past so many pieces, lines have no colours", () => {
  for (const piece of ["0,", "- ", "& ", "{{}}0,"]) {
    const lines = Array.from({ length: 200 }, () => `a: [${piece.repeat(300)}`);
    for (const grammar of ["yaml", "template"] as const) {
      const found = tokensOf(Array(10).fill(lines).flat(), grammar);
      assert.deepEqual(found.at(-1), [["", lines[0]!]]);
      assert.ok(found.flat().length < 65_000);
    }
  }
  // Charts of this world are not as long.
  assert.equal(tokensOf(Array(8_000).fill("  name: value # why"), "yaml").at(-1)!.length, 5);
});

Deno.test("lines are cut into parts for pages, and long ones at their ends", () => {
  assert.deepEqual(linesOf("a\r\nb\n").parts, [{ first: 1, lines: ["a", "b"] }]);
  const many = linesOf("x\n".repeat(20_000));
  assert.deepEqual(many.parts.map(({ first, lines }) => [first, lines.length]), [
    [1, 8_000],
    [8_001, 8_000],
    [16_001, 4_000],
  ]);
  const long = linesOf("y".repeat(1_000_000));
  assert.ok(long.isCut && long.parts[0]!.lines[0]!.length < 2_010);
  assert.ok(linesOf("wide\n".repeat(9) + "z".repeat(1_999)).parts.length === 1);
  assert.ok(linesOf(`${"z".repeat(1_999)}\n`.repeat(1_000)).parts.length > 4);
  assert.ok(linesOf("a\u202eb").hasUnseen && !linesOf("a港口b").hasUnseen);
});

const count = (node: SchemaNode): number =>
  node.children.reduce((sum, child) => sum + count(child), 1);
const find = (node: SchemaNode, name: string): SchemaNode =>
  node.children.find(({ role }) => role.as === "property" && role.name === name)!;

Deno.test("a schema's referrals are followed within the document, and not in circles", () => {
  const { root, isCut } = schemaTree(JSON.parse(`{
    "properties": {
      "a": { "$ref": "#/$defs/x~1y%20z", "description": "beside" },
      "b": { "$ref": "#/$defs/loop" },
      "c": { "$ref": "https://example.org/x.json" },
      "d": { "$ref": "#" },
      "e": { "$ref": "#/$defs/gone" },
      "f": { "$ref": "#/$defs/one" },
      "__proto__": { "type": "string", "const": null }
    },
    "required": ["a"],
    "$defs": {
      "x/y z": { "type": "integer", "minimum": 0, "description": "there" },
      "loop": { "properties": { "again": { "$ref": "#/$defs/loop" } } },
      "one": { "$ref": "#/$defs/two" },
      "two": { "$ref": "#/$defs/one" }
    }
  }`))!;
  assert.equal(isCut, false);
  const a = find(root, "a");
  assert.deepEqual([a.types, a.description, a.constraints], [["integer"], "beside", [
    { name: "minimum", value: "0" },
  ]]);
  assert.deepEqual(a.role, { as: "property", name: "a", required: true });
  const again = find(find(root, "b"), "again");
  assert.deepEqual(again.referral, { to: "#/$defs/loop", why: "repeats" });
  assert.equal(find(root, "c").referral?.why, "unresolved");
  assert.equal(find(root, "d").referral?.why, "repeats");
  assert.equal(find(root, "e").referral?.why, "unresolved");
  assert.equal(find(root, "f").referral?.why, "repeats");
  assert.equal(find(root, "__proto__").const, "null");
});

Deno.test("groups, items and other names are in the tree", () => {
  const { root } = schemaTree({
    oneOf: [{ type: "string" }, false],
    items: [{ type: "null" }],
    additionalProperties: { enum: [1, { a: [] }] },
    patternProperties: { "^x": {} },
    not: { const: 1 },
  })!;
  const roles = root.children.map(({ role }) => role.as === "group" ? role.group : role.as);
  assert.deepEqual(roles, ["pattern", "additional", "item", "oneOf", "not"]);
  assert.deepEqual(root.children[1]!.enum, { values: ["1", '{"a": []}'], more: 0 });
  assert.equal(root.children[3]!.children[1]!.isNever, true);
});

Deno.test("schemas without end are cut, and that is told", () => {
  const start = performance.now();
  const wide = {
    properties: Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`p${i}`, {}])),
  };
  const deep = JSON.parse(`${'{"items":'.repeat(50_000)}{}${"}".repeat(50_000)}`);
  const value = JSON.parse(`{"default":${"[".repeat(50_000)}${"]".repeat(50_000)}}`);
  const many = {
    properties: Object.fromEntries(
      Array.from({ length: 1_400 }, (_, i) => [`p${i}`, { $ref: "#/$defs/wide" }]),
    ),
    $defs: { wide: { ...wide, default: wide.properties } },
  };
  const doubling: Record<string, unknown> = {};
  for (let i = 0; i < 40; i++) {
    const next = { $ref: `#/$defs/d${i + 1}` };
    doubling[`d${i}`] = { properties: { a: next, b: next } };
  }
  for (const schema of [wide, deep, many, { $ref: "#/$defs/d0", $defs: doubling }]) {
    const { root, isCut } = schemaTree(schema)!;
    assert.ok(isCut && count(root) <= 1_500, `${count(root)}`);
  }
  assert.equal(schemaTree(value)!.root.default, "[[[[[…]]]]]");
  assert.ok(performance.now() - start < SOON_MS);
  for (const odd of [null, 1, "x", [], true]) assert.equal(schemaTree(odd), undefined);
  const broken = {
    type: 5,
    properties: [1],
    required: "x",
    enum: {},
    oneOf: {},
    $ref: 7,
    items: 3,
  };
  assert.equal(count(schemaTree({ properties: { broken } })!.root), 2);
});

Deno.test("a value is looked at as far as it is shown, once for all that refer to it", () => {
  let reads = 0;
  const leaf = new Proxy([], {
    get(target, name) {
      if (name === "length") reads++;
      return Reflect.get(target, name);
    },
  });
  const nest = (depth: number): unknown =>
    depth === 0 ? leaf : Array.from({ length: 20 }, () => nest(depth - 1));
  const shared = { default: nest(3), const: nest(3), enum: [nest(3), nest(3)] };
  const { root, isCut } = schemaTree({
    $defs: { shared },
    properties: Object.fromEntries(
      Array.from({ length: 300 }, (_, i) => [`p${i}`, { $ref: "#/$defs/shared" }]),
    ),
  })!;
  assert.equal(isCut, false);
  assert.match(find(root, "p299").default!, /^\[\[\[\[\], \[\], .*…$/);
  assert.ok(reads > 0 && reads < 1_000, `${reads}`);
});

Deno.test("pointers are followed once each, and only so many of them", () => {
  const path = Array.from({ length: 32 }, () => "a"), pointer = `#/${path.join("/")}`;
  let reads = 0;
  const counted = (schema: Record<string, unknown>) =>
    new Proxy(schema, {
      get(target, name) {
        if (name === "a") reads++;
        return Reflect.get(target, name);
      },
    });
  const nested = path.reduce<Record<string, unknown>>((a) => counted({ a }), { type: "string" });
  const properties = (ref: unknown) =>
    Object.fromEntries(Array.from({ length: 1_000 }, (_, i) => [`p${i}`, ref]));
  const near = schemaTree(counted({ a: nested.a, properties: properties({ $ref: pointer }) }))!;
  assert.deepEqual(find(near.root, "p999").types, ["string"]);
  assert.ok(reads > 0 && reads < 100, `${reads}`);
  const far = schemaTree({ a: nested, properties: properties({ $ref: `${pointer}/a` }) })!;
  assert.equal(find(far.root, "p0").referral?.why, "unresolved");
  const chain = Object.fromEntries(
    Array.from({ length: 12 }, (_, i) => [`c${i}`, { $ref: `#/$defs/c${i + 1}` }]),
  );
  const many = schemaTree({
    $defs: { ...chain, c12: { type: "string" } },
    properties: properties({ $ref: "#/$defs/c0" }),
  })!;
  assert.ok(many.isCut);
  assert.deepEqual(find(many.root, "p0").types, ["string"]);
  assert.equal(find(many.root, "p999").referral?.why, "unresolved");
});

Deno.test("a tree has no more characters than a page can hold", () => {
  const text = "x".repeat(600);
  const { root, isCut } = schemaTree({
    $defs: { fat: { description: text, enum: Array(20).fill(text), type: Array(20).fill(text) } },
    properties: Object.fromEntries(
      Array.from({ length: 1_400 }, (_, i) => [`p${i}`, { $ref: "#/$defs/fat" }]),
    ),
  })!;
  assert.ok(isCut && root.isCut && root.children.length > 10);
  assert.ok(JSON.stringify(root).length < 510_000);
});

Deno.test("what changed is told by lines and by words, and the rest is folded", () => {
  const lines = Array.from({ length: 30 }, (_, i) => `line ${i}: old`);
  const from = lines.join("\n"), to = from.replace("15: old", "15: new") + "\nlast: one\n";
  const diff = diffOf(from, to);
  assert.ok(diff.is === "diff");
  assert.deepEqual([diff.added, diff.removed, diff.isCut], [2, 1, false]);
  const shapes = diff.stretches.map(({ isFolded, count }) => [isFolded, count]);
  assert.deepEqual(shapes, [[true, 12], [false, 8], [true, 8], [false, 4]]);
  const changed = diff.stretches[1]!.lines.filter(({ kind }) => kind !== "same");
  assert.deepEqual(changed.map(({ kind, from, to, pieces }) => [kind, from, to, pieces]), [
    ["removed", 16, 15, [["line 15: ", false], ["old", true]]],
    ["added", 16, 16, [["line 15: ", false], ["new", true]]],
  ]);
  assert.equal(diffOf("a\nb", "a\r\nb\r\n").is, "same");
});

Deno.test("texts that are too different, or too long, are not compared to the end", () => {
  const start = performance.now();
  const noise = (seed: number) =>
    Array.from({ length: 15_000 }, (_, i) => `${(i * seed) % 99_991}`).join("\n");
  assert.equal(diffOf(noise(7), noise(13)).is, "beyond");
  assert.equal(diffOf("", "x\n".repeat(30_000)).is, "beyond");
  const all = diffOf("", "x\n".repeat(4_000));
  assert.ok(all.is === "diff" && all.isCut && all.added === 4_000);
  assert.ok(performance.now() - start < SOON_MS);
});

Deno.test("a comparison shows only so many characters, and so many words", () => {
  const lines = (mark: string, count: number) =>
    Array.from({ length: count }, (_, i) => `${i} ${"x".repeat(1_900)} ${mark}`).join("\n");
  const diff = diffOf("", lines("new", 300));
  assert.ok(diff.is === "diff");
  const shown = diff.stretches.flatMap(({ lines }) => lines.map(({ pieces }) => pieces));
  assert.ok(diff.isCut && diff.added === 300);
  assert.ok(shown.flat().reduce((sum, [text]) => sum + text.length, 0) <= 400_000);
  // What is in folds does not take the place of what changed.
  const same = lines("same", 500);
  const folded = diffOf(`${same}\nold`, `${same}\nnew`);
  assert.ok(folded.is === "diff" && !folded.isCut);
  const [hidden, changed] = folded.stretches;
  assert.deepEqual([hidden!.count, changed!.lines.length], [497, 5]);
  assert.ok(hidden!.lines.length < 200);
  const words = (mark: string, count: number) => Array(count).fill(`a b c d e ${mark}`);
  const few = diffOf(words("old", 130).join("\n"), words("new", 130).join("\n"));
  assert.ok(few.is === "diff");
  const marked = few.stretches[0]!.lines.filter(({ pieces }) => pieces.length > 1);
  assert.equal(marked.length, 2 * 100);
});

Deno.test("names of files become a tree of bounded depth and size", () => {
  const tree = treeOf(["Chart.yaml", "templates/a.yaml", "templates/tests/b.yaml"]);
  assert.deepEqual(tree.files, [{ label: "Chart.yaml", name: "Chart.yaml" }]);
  assert.deepEqual([...tree.folders.get("templates")!.folders.keys()], ["tests"]);
  let deep = treeOf(["a/".repeat(1_000) + "b"]), levels = 0;
  while (deep.folders.size > 0) {
    deep = deep.folders.get("a")!;
    levels++;
  }
  assert.ok(levels <= 8 && deep.files[0]!.name.length === 2_001);
  assert.equal(treeOf(Array.from({ length: 9_000 }, (_, i) => `${i}`)).files.length, 2_000);
});
