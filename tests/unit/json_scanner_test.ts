import assert from "node:assert/strict";
import fc from "fast-check";
import type { ChartText } from "../../src/helm/scanner.ts";
import { JsonScanner, readJson } from "../../src/helm/json_scanner.ts";
import {
  isMap,
  parseYaml,
  PlainScalar,
  setOwn,
  type YamlMap,
  type YamlNode,
} from "../../src/helm/yaml.ts";

/** Cuts a text into pieces, whose lengths are used over and over. */
function cut(text: string, lengths: number[]): string[] {
  const pieces: string[] = [];
  for (let from = 0; from < text.length;) {
    const to = from + lengths[pieces.length % lengths.length]!;
    pieces.push(text.slice(from, to));
    from = to;
  }
  return pieces;
}

const itemTexts = ({ text, items }: ChartText) =>
  Array.from({ length: items.length / 2 }, (_, i) => text.slice(items[2 * i], items[2 * i + 1]));

/** Scans pieces as a reader does; asserts that nothing of them is lost or moved. */
function scan(pieces: string[], isTaken = (_: ChartText) => true) {
  const scanner = new JsonScanner();
  const charts: ChartText[] = [];
  const all: string[] = [];
  const add = scanner.rest.add.bind(scanner.rest);
  scanner.rest.add = (text, chart) => {
    all.push(text);
    add(text, chart);
  };
  const take = (found: Iterable<ChartText>) => {
    for (const chart of found) {
      if (isTaken(chart)) {
        charts.push(chart);
        all.push(chart.text);
        scanner.rest.leaveOut();
      } else scanner.rest.add(chart.text, chart.name);
    }
  };
  for (const piece of pieces) take(scanner.push(piece));
  take(scanner.end());
  assert.equal(all.join(""), pieces.join(""));
  return {
    charts,
    rest: scanner.rest.text,
    merges: scanner.rest.merges,
    placeOf: (offset: number) => scanner.rest.placeOf(offset),
  };
}

/** The charts of a document with the texts of their items, and the rest. */
function found(document: string) {
  const { charts, rest } = scan([document]);
  return { charts: charts.map((chart) => [chart.name, ...itemTexts(chart)]), rest };
}

const REFUSED = "js-yaml refuses the text";
function parsed(text: string): YamlNode[] | typeof REFUSED {
  try {
    return parseYaml(text);
  } catch {
    return REFUSED;
  }
}

/** An item as a reader of charts reads it. */
function readItem(text: string): YamlNode | undefined {
  const node = readJson(text);
  if (node !== undefined) return node;
  const documents = parsed(text);
  return documents !== REFUSED && documents.length === 1 ? documents[0] : undefined;
}

Deno.test("the charts of a JSON index are cut out of it", () => {
  const { charts, rest } = found(
    '{"apiVersion": "v1", "entries": {"one": [{"a": [1]}, {"b": 2} ], "two" :[],\n"three":["x",3]\n},"z":0}\n',
  );
  assert.deepEqual(charts, [["one", '{"a": [1]}', '{"b": 2}'], ["two"], ["three", '"x"', "3"]]);
  assert.equal(rest, '{"apiVersion": "v1", "entries": {},"z":0}\n');
});

Deno.test("a chart goes from its key to the next one, or to the bracket that closes entries", () => {
  const { charts, rest } = scan(['{"entries":{ "one":\n[ ]\n,\n"two":[1]\n }}']);
  assert.deepEqual(charts, [
    { name: "one", text: '"one":\n[ ]\n,\n', items: [] },
    { name: "two", text: '"two":[1]\n ', items: [7, 8] },
  ]);
  assert.equal(rest, '{"entries":{ }}');
});

Deno.test("what follows a chart is not moved to where it means something else", () => {
  for (const odd of ["#\n", "--- x: 1", "... x: 1"]) {
    const document = `{"entries":{\n"a":[1],${odd}}}`;
    assert.deepEqual(found(document), { charts: [], rest: document });
  }
});

Deno.test("what is no chart is in the rest at once", () => {
  const scanner = new JsonScanner();
  let text = "";
  for (
    const piece of ['{"a":[{},', '2],"entries":{"b":', "{", "},", ' "c":0', "},", "# ", "x", "y"]
  ) {
    for (const _ of scanner.push(piece)) assert.fail();
    text += piece;
    assert.ok(text.length - scanner.rest.text.length <= 9, scanner.rest.text);
  }
  assert.equal(scanner.rest.text, text);
});

Deno.test("a chart's name is what its key stands for", () => {
  const { charts } = found('{"entries":{"\\u0061\\"b\\/":[],"":[],"__proto__":[]}}');
  assert.deepEqual(charts, [['a"b/'], [""], ["__proto__"]]);
});

Deno.test("what is no list stays in the rest", () => {
  const { charts, rest } = found(
    '{"entries":{"a":null,"b":[],"c":{"d":[1],"e":{}},"f":"[","g":1}}',
  );
  assert.deepEqual(charts, [["b"]]);
  assert.equal(rest, '{"entries":{"a":null,"c":{"d":[1],"e":{}},"f":"[","g":1}}');
});

Deno.test("only the top-level object's entries count", () => {
  const documents = [
    '{"x":{"entries":{"a":[1]}}}',
    '[{"entries":{"a":[1]}}]',
    '{"x":["entries",{"a":[1]}]}',
    '{"x":"entries","y":{"a":[1]}}',
    '{"entries":null,"y":{"a":[1]}}',
    '{"entries":[{"a":[1]}]}',
    '"entries"',
    "",
    " \n",
  ];
  for (const document of documents) {
    assert.deepEqual(found(document), { charts: [], rest: document });
  }
});

Deno.test("from the first token on that is not JSON nothing is cut out", () => {
  const begin = '{"entries":{"a":[1],', end = ',"z":[1]},"y":0}';
  const parts = [
    "'b':[2]",
    "b:[2]",
    '"b":[2] #',
    ',"b":[2]',
    '"b":[2,]',
    '"b":[,2]',
    '"b":[2 3]',
    '"b":["x" "y"]',
    '"b":["x":2]',
    '"b":[x]',
    '"b":[01]',
    '"b":[True]',
    "\"b\":['x']",
    '"b":[{]}]',
    '"b":[{"c":2]}',
    '"b":[{"c",2}]',
    '"b":[{"c":}]',
    '"b":[{2:3}]',
    '"b":[{"c"::"]"}]',
    '"b":[null:"],"]',
    '"b":[null "],"]',
    '"b":&x [2]',
    '"b":[2] [3]',
    '"b":[2]:3',
    '"b"[2]',
    '"b":[2\u00a0]',
    '"b":[2\ufeff]',
    '"b":[2\f]',
    '"b\n":[2]',
    '"\\x62":[2]',
    '"b":2}}{"entries":{"c":[3]',
  ];
  for (const part of parts) {
    const document = begin + part + end;
    const { charts, rest } = found(document);
    // If the next key is none, it is not certain that the chart ends where it seems to.
    const count = part.startsWith('"') ? 1 : 0;
    assert.equal(charts.length, count, part);
    assert.equal(rest, count === 0 ? document : '{"entries":{' + part + end);
  }
});

Deno.test("what follows the document, or comes before it, makes it YAML", () => {
  const document = '{"entries":{"a":[1]}}';
  for (const after of ["x", ",", "}", '"', ":", "[]", "\n---\n{}", '\n{"entries":{"b":[1]}}']) {
    assert.deepEqual(found(document + after), {
      charts: [["a", "1"]],
      rest: '{"entries":{}}' + after,
    });
  }
  assert.deepEqual(found(document + " \n\t"), {
    charts: [["a", "1"]],
    rest: '{"entries":{}} \n\t',
  });
  for (const before of ["---\n", "# x\n", "x: ", "[", '"a",', "1 "]) {
    assert.deepEqual(found(before + document), { charts: [], rest: before + document });
  }
});

Deno.test("a merge is told, which may bring in a chart that was found before", () => {
  const document = '{"entries":{"a":[1],<<: {"a":[2]},"b":[3]}}';
  assert.deepEqual(parsed(document), parsed('{"entries":{"a":[1],"b":[3]}}'));
  assert.equal(scan(cut(document, [1])).merges, true);
  assert.equal(scan(["#", document]).merges, true);
  assert.equal(scan(['{"entries":{"a":[1],"<<":{"a":[2]}}}']).merges, false);
  assert.equal(scan(['{"entries":{"a":[1],b:[2]}}']).merges, false);
});

Deno.test("brackets nest as deep as js-yaml lets them", () => {
  const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth);
  for (const [depth, count] of [[99, 1], [100, 0], [500_000, 0]] as const) {
    const document = `{"entries":{"a":${nested(depth - 2)}}}`;
    assert.equal(found(document).charts.length, count);
    assert.equal(parsed(document) === REFUSED, count === 0);
    const node = readJson(nested(depth));
    assert.equal(node === undefined, count === 0);
  }
});

Deno.test("a chart that cannot be read alone comes back in its place, which is known", () => {
  const text = '{"entries":{\n"a":[\n1],\n"b":[\n2],\n"c":[\n3]\n}}\n';
  const { rest, placeOf } = scan(cut(text, [7]), ({ name }) => name !== "b");
  assert.equal(rest, '{"entries":{\n"b":[\n2],\n}}\n');
  assert.equal(placeOf(rest.indexOf("{\n")), "line 1");
  assert.equal(placeOf(rest.indexOf("2")), "line 2 of the chart `b`");
  const behind = "line 1 after the charts that could be read";
  assert.equal(placeOf(rest.indexOf("}}")), behind);
});

Deno.test("a chart has its bound", () => {
  const tooLarge = { name: "IndexError", reason: "too_large", message: /^a chart of the index/ };
  const begin = '{"entries":{"a":["';
  assert.throws(() => scan([begin, "x".repeat(33_554_432)]), tooLarge);
});

Deno.test("a text that was cut off is no index", () => {
  const text =
    '{"a":"\\u0041\\\\","entries":{"one":[{"b":[null,-1.5e3]},"\\""],"n":null,"two":[],"m":true},\n "g":[0]}';
  assert.equal(scan([text]).charts.length, 2);
  for (let length = 1; length < text.length; length++) {
    for (const lengths of [[1], [3, 5], [length]]) {
      const { charts, rest } = scan(cut(text.slice(0, length), lengths));
      assert.equal(parsed(rest), REFUSED, rest);
      const whole = ['"n"', '"m"'].filter((next) => text.slice(0, length).includes(next));
      assert.equal(charts.length, whole.length);
    }
  }
});

/** JSON as it is written: with the pairs of an object in their order, and twice if they are. */
type Json = string | number | boolean | null | Json[] | Pairs;
class Pairs {
  constructor(readonly pairs: readonly (readonly [string, Json])[]) {}
}

function write(json: Json, space: () => string = () => ""): string {
  const wrapped = (text: string) => space() + text + space();
  const list = (parts: string[]) => parts.length === 0 ? space() : parts.join(",");
  if (Array.isArray(json)) {
    return wrapped(`[${list(json.map((item) => write(item, space)))}]`);
  }
  if (!(json instanceof Pairs)) return wrapped(JSON.stringify(json));
  const pairs = json.pairs.map(([key, value]) =>
    `${wrapped(JSON.stringify(key))}:${write(value, space)}`
  );
  return wrapped(`{${list(pairs)}}`);
}

const key = fc.oneof(
  fc.constantFrom("a", "b", "entries", "__proto__", "", "<<", "1", "constructor"),
  fc.string({ unit: fc.constantFrom(..."{}[],:\"\\/' \t\n#-&*!|>%@?eé\u2028😀"), maxLength: 6 }),
  fc.string({ unit: "binary", maxLength: 3 }),
);
const scalar = fc.oneof(
  key,
  fc.constantFrom(null, true, false, 0, -0.5, 1e21, 1e-7, "null", "1", "true", "~"),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);
const { json } = fc.letrec<{ json: Json }>((tie) => ({
  json: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    scalar,
    fc.array(tie("json"), { maxLength: 3 }),
    fc.array(fc.tuple(key, tie("json")), { maxLength: 3 }).map((pairs) => new Pairs(pairs)),
  ),
}));
const charts = fc.array(
  fc.tuple(key, fc.oneof({ weight: 3, arbitrary: fc.array(json, { maxLength: 4 }) }, json)),
  { maxLength: 5 },
).map((pairs) => new Pairs(pairs));
const otherPairs = fc.array(fc.tuple(key.filter((name) => name !== "entries"), json), {
  maxLength: 2,
});
const entriesPairs = fc.oneof<fc.WeightedArbitrary<[string, Json][]>[]>(
  { weight: 8, arbitrary: charts.map((value) => [["entries", value]]) },
  { weight: 1, arbitrary: fc.constantFrom([], [["entries", null]], [["entries", []]]) },
);
const index = fc.tuple(otherPairs, entriesPairs, otherPairs).map((parts) =>
  new Pairs(parts.flat())
);

const spaces = fc.array(fc.constantFrom("", "", " ", "\t", "\n", "\n  ", " \n\t\n"), {
  minLength: 1,
  maxLength: 9,
});
/** Ways to write JSON. Before it is no space: js-yaml wants lines to be indented as deep as that. */
const writer = fc.option(spaces, { nil: [""] }).map((spaces) => (json: Json) => {
  let count = 0;
  return write(json, () => spaces[count++ % spaces.length]!).trimStart();
});
const lengths = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 });

/** Asserts that charts and the rest are what js-yaml makes of the whole document. */
function assertSame(document: string, lengths: number[]) {
  const taken: [string, YamlNode[]][] = [];
  const { rest, merges } = scan(cut(document, lengths), (chart) => {
    const items = itemTexts(chart).map(readItem);
    if (items.includes(undefined)) return false;
    taken.push([chart.name, items as YamlNode[]]);
    return true;
  });
  const expected = parsed(document);
  const actual = parsed(rest);
  if (actual === REFUSED) return assert.equal(expected, REFUSED);
  for (const [name, items] of taken) {
    const entries = (actual[0] as YamlMap)["entries"]!;
    assert.ok(isMap(entries));
    const isTwice = Object.hasOwn(entries, name);
    if (isTwice && !merges) return assert.equal(expected, REFUSED);
    if (isTwice && expected === REFUSED) return;
    setOwn(entries, name, items);
  }
  assert.deepEqual(actual, expected);
}

Deno.test("charts and the rest make up every JSON index, however it is written and cut", () => {
  fc.assert(
    fc.property(index, writer, lengths, (index, write, lengths) => {
      const text = write(index);
      const pairs = index.pairs.flatMap(([key, value]) =>
        key === "entries" && value instanceof Pairs ? value.pairs : []
      );
      const { charts, rest } = scan(cut(text, lengths));
      const lists = pairs.filter(([, value]) => Array.isArray(value));
      assert.deepEqual(charts.map(({ name }) => name), lists.map(([name]) => name));
      charts.forEach((chart, i) => {
        const items = lists[i]![1] as Json[];
        const value = (text: string) => JSON.parse(text);
        const texts = itemTexts(chart);
        assert.deepEqual(texts.map(value), items.map((item) => value(write(item))));
        assert.deepEqual(texts, texts.map((text) => text.trim()));
      });
      const without = new Pairs(index.pairs.map(([key, value]) => {
        if (key !== "entries" || !(value instanceof Pairs)) return [key, value];
        return [key, new Pairs(value.pairs.filter(([, value]) => !Array.isArray(value)))];
      }));
      assert.deepEqual(parsed(rest), parsed(write(without)));
      assertSame(text, lengths);
    }),
    { numRuns: 1_000 },
  );
});

/** What YAML knows and JSON does not, and what JSON does not know there. */
const oddPart = fc.constantFrom(
  ...["'", '"', "#", " # x\n", "\n# ]\n", "&a ", "*a", "!t ", "? ", "- ", "x", "null", "1", "-"],
  ...[",", ":", ": ", "[", "]", "{", "}", "\\", "\n---\n", "\n...\n", "'x'", "null:", ' "', "::"],
  ...["\n", "\u00a0", "\f", "x: ", "<<: ", "~", "|\n", '"a" ', '"],"', "%", "@", "true ", "\\x41"],
);

Deno.test("with anything in it that is not JSON, an index means the same as to js-yaml", () => {
  const change = fc.tuple(fc.nat(), fc.nat(2), fc.array(oddPart, { maxLength: 2 }));
  fc.assert(
    fc.property(index, writer, lengths, change, (index, write, lengths, [at, left, parts]) => {
      const text = write(index);
      const from = at % text.length;
      assertSame(text.slice(0, from) + parts.join("") + text.slice(from + left), lengths);
    }),
    { numRuns: 3_000 },
  );
});

Deno.test("no order of tokens makes a chart end elsewhere than in YAML", () => {
  const part = fc.oneof(
    oddPart,
    fc.constantFrom('"a"', '"a":', '{"a":1}', "[1]", "],", '"b":[', "1,", '"],"', '"]'),
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 7 }), lengths, (parts, lengths) => {
      assertSame(`{"entries":{"a":[${parts.join("")}],"b":[{"c":"],"}]},"d":0}`, lengths);
      assertSame(`{"entries":{"a":[1],${parts.join("")},"b":[2]},"d":0}`, lengths);
    }),
    { numRuns: 5_000 },
  );
});

Deno.test("readJson reads what is certain", () => {
  assert.equal(readJson('"a"'), "a");
  assert.equal(readJson("null"), null);
  assert.deepEqual(readJson("true"), new PlainScalar("true", true));
  assert.deepEqual(readJson(' {"a":[false,{}],\n"b" : null} '), {
    a: [new PlainScalar("false", false), {}],
    b: null,
  });
  for (const text of ["", "x", "1", '{"a":[1]}', '{"a":"","a":""}', '{"a":{"b":0}}', "[1,]"]) {
    assert.equal(readJson(text), undefined, text);
  }
  assert.equal(readJson('{"a":"","\\u0061":""}'), undefined);
  const node = readJson('{"__proto__":{"a":true}}');
  assert.deepEqual(Object.keys(node as YamlMap), ["__proto__"]);
  assert.equal(Object.getPrototypeOf(node), Object.prototype);
});

/** Whether nothing is in it that `readJson` has to refuse, or may take for a second key. */
function isCertain(json: Json): boolean {
  if (typeof json === "string") return !/(^|")\s*:/.test(json);
  if (Array.isArray(json)) return json.every(isCertain);
  if (!(json instanceof Pairs)) return typeof json !== "number";
  const keys = json.pairs.map(([key]) => key);
  return new Set(keys).size === keys.length && json.pairs.flat().every(isCertain);
}

Deno.test("readJson gives the nodes of js-yaml", () => {
  fc.assert(
    fc.property(json, writer, (json, write) => {
      const text = write(json);
      const node = readJson(text);
      if (node !== undefined) assert.deepEqual([node], parsed(text));
      else assert.ok(!isCertain(json), text);
    }),
    { numRuns: 2_000 },
  );
});
