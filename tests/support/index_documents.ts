/** Documents that are, or nearly are, indexes in YAML, written in every style that there is. */

import fc from "fast-check";

/** Text with a meaning somewhere in YAML, to stand where it may mean something else. */
const FRAGMENTS = [
  "a",
  "b c",
  "1.10",
  "2",
  "0x1F",
  "1e5",
  "12e5",
  "0123",
  ".5",
  "5.",
  "-1",
  "+1",
  "1_000",
  ".inf",
  "2020-01-02",
  "2024-01-02T03:04:05Z",
  "true",
  "False",
  "yes",
  "null",
  "~",
  "Null",
  "NULL",
  "x:y",
  "x: y",
  "x:",
  ":x",
  "x #y",
  "x# y",
  "#x",
  "- x",
  "-x",
  "--",
  "---",
  "...",
  "?",
  "? x",
  "?x",
  "[]",
  "{}",
  "[ ]",
  "[a, b]",
  "{a: 1}",
  "[a",
  "{a",
  "]",
  "}",
  ",",
  "a, b",
  "[]x",
  "{} # c",
  "&a x",
  "&a",
  "*a",
  "!!str 1",
  "!!int x",
  "!local x",
  "!",
  "<<",
  "@x",
  "`x`",
  "%x",
  "|",
  ">",
  "|-x",
  "'a'",
  "'a''b'",
  "'a'b",
  "'a",
  '"a"',
  '"a\\n\\x41\\u00e9\\U0001f600"',
  '"a\\q"',
  '"a',
  '"a" b',
  "'' ",
  '"\\',
  "a\\b",
  "\\",
  "é",
  "😀",
  "\u0085",
  "\u007f",
  "\u00a0",
  "\ufeff",
  "\u2028",
  "a\tb",
  "\ta",
  "a\t",
  "a\t# c",
  "a  ",
  "  a",
  "=",
  "$a",
  "(a)",
  "a*b",
  "a&b",
  "a!b",
  "a|b",
  "a>b",
  "",
  "v1.2.3",
  "1.2.3-rc.1+b",
  "https://example.org/a:1?b=c#d",
  ">=1.2.0-0",
  "a'b",
  'a"b',
];
const KEYS = [
  "name",
  "version",
  "appVersion",
  "description",
  "created",
  "digest",
  "urls",
  "keywords",
  "icon",
  "deprecated",
  "annotations",
  "maintainers",
  "dependencies",
  "x",
  "y",
  "a b",
  "a.b/c",
  "1",
  "true",
];
const ODD_KEYS = [
  "'q'",
  '"q"',
  '"q\\n"',
  "'q",
  "null",
  "~",
  "<<",
  "__proto__",
  "constructor",
  "a:b",
  "a ",
  "? x",
  "&k k",
  "*a",
  "[a]",
  "{a}",
  "!t x",
  "-",
  "- a",
  "a #b",
  "é",
  "è",
  "\u0085",
  "a\tb",
  "",
  "#a",
  "|",
];
const COMMENTS = ["", "", "", "", "", " # c", " #", "  ", "\t", " \t# c", "#c"];
const HEADERS = [
  "|",
  ">",
  "|-",
  ">-",
  "|+",
  ">+",
  "|2",
  ">1",
  "|2-",
  ">-2",
  "|+1",
  "| # c",
  ">- ",
  "|0",
  "|x",
];

type Node =
  | { kind: "text"; lines: string[]; deeper: number; comment: string }
  | { kind: "quoted"; quote: string; lines: string[]; deeper: number; comment: string }
  | { kind: "block"; header: string; lines: [number, string][]; deeper: number }
  | { kind: "map"; fields: [string, Node][]; deeper: number; comment: string; between: string }
  | { kind: "list"; items: Node[]; deeper: number; comment: string; between: string };

const fragment = fc.constantFrom(...FRAGMENTS);
const comment = fc.constantFrom(...COMMENTS);
const between = fc.constantFrom("", "", "", "", "", "", "\n", "# c\n", "   # c\n", "  \n", "\t\n");
const deeper = fc.constantFrom(2, 2, 2, 1, 3, 4, 0);
const key = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom(...KEYS) },
  { weight: 1, arbitrary: fc.constantFrom(...ODD_KEYS) },
);
const quotedLine = fc.constantFrom(
  "a",
  "a b",
  " a",
  "a ",
  "",
  "a: b",
  "a # b",
  "\\n",
  "\\\\",
  "\\x4",
  "\\",
  "''",
  "'",
  '\\"',
  '"',
  "é",
  "\\ ",
);

const { node } = fc.letrec<{ node: Node }>((tie) => ({
  node: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant("text" as const),
        lines: fc.array(fragment, { minLength: 1, maxLength: 1 }),
        deeper,
        comment,
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant("text" as const),
        lines: fc.array(fragment, { minLength: 1, maxLength: 3 }),
        deeper,
        comment,
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant("quoted" as const),
        quote: fc.constantFrom("'", '"'),
        lines: fc.array(quotedLine, { minLength: 1, maxLength: 3 }),
        deeper,
        comment,
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant("block" as const),
        header: fc.constantFrom(...HEADERS),
        lines: fc.array(fc.tuple(fc.constantFrom(0, 0, 0, 1, 2, -1, -2), fragment), {
          maxLength: 4,
        }),
        deeper,
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant("map" as const),
        fields: fc.array(fc.tuple(key, tie("node")), { minLength: 1, maxLength: 3 }),
        deeper,
        comment,
        between,
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant("list" as const),
        items: fc.array(tie("node"), { minLength: 1, maxLength: 3 }),
        deeper,
        comment,
        between,
      }),
    },
  ),
}));

/** The lines of a node after its key or dash; `column` is that of the collection it stands in. */
function write(node: Node, column: number, inList: boolean): string {
  const pad = (count: number) => " ".repeat(Math.max(0, count));
  switch (node.kind) {
    case "text":
      return ` ${node.lines.join(`\n${pad(column + node.deeper)}`)}${node.comment}\n`;
    case "quoted": {
      const { quote, lines } = node;
      return ` ${quote}${lines.join(`\n${pad(column + node.deeper)}`)}${quote}${node.comment}\n`;
    }
    case "block": {
      const indent = column + node.deeper;
      const lines = node.lines.map(([more, text]) => `${pad(indent + more)}${text}\n`);
      return ` ${node.header}\n${lines.join("")}`;
    }
    case "map": {
      // In a list, the first key mostly stands in the line of the dash.
      const compact = inList && node.comment === "" && node.deeper === 2;
      const inner = column + node.deeper;
      const fields = node.fields.map(([key, value], i) =>
        `${compact && i === 0 ? " " : pad(inner)}${key}:${write(value, inner, false)}`
      );
      return `${compact ? "" : `${node.comment}\n`}${fields.join(node.between)}`;
    }
    case "list": {
      const inner = column + node.deeper;
      const items = node.items.map((item) => `${pad(inner)}-${write(item, inner, true)}`);
      return `${node.comment}\n${items.join(node.between)}`;
    }
  }
}

interface ChartNode {
  name: string;
  items: Node[];
  deeper: number;
  comment: string;
  between: string;
}

const version = fc.record({
  kind: fc.constant("map" as const),
  fields: fc.array(fc.tuple(key, node), { maxLength: 5 }).map((fields): [string, Node][] => [
    ["name", text("n")],
    ...fields,
  ]),
  deeper: fc.constant(2),
  comment: fc.constant(""),
  between,
}).chain((map) =>
  fc.tuple(fc.nat({ max: 9 }), fc.constantFrom("version", "version", "version", "x")).map((
    [minor, key],
  ) => ({ ...map, fields: [...map.fields, [key, text(`1.${minor}.0`)] as [string, Node]] }))
);

function text(line: string): Node {
  return { kind: "text", lines: [line], deeper: 2, comment: "" };
}

/** A version, and others that differ from it in a field or two, as those of a chart do. */
const versions = fc.tuple(
  version,
  fc.array(fc.tuple(fc.nat(), fc.constantFrom("change", "remove", "add", "same"), key, node), {
    maxLength: 4,
  }),
).map(([first, edits]) => {
  let fields = first.fields;
  const all: Node[] = [first];
  for (const [at, edit, key, value] of edits) {
    const i = at % fields.length;
    if (edit === "change") fields = fields.with(i, [fields[i]![0], value]);
    if (edit === "remove") fields = fields.toSpliced(i, 1);
    if (edit === "add") fields = fields.toSpliced(i, 0, [key, value]);
    if (fields.length === 0) fields = first.fields;
    all.push({ ...first, fields });
  }
  return all;
});

const chart: fc.Arbitrary<ChartNode> = fc.record({
  name: fc.oneof(
    {
      weight: 8,
      arbitrary: fc.constantFrom("one", "two", "three-4", "five_6", "'seven'", '"8"', "9"),
    },
    { weight: 1, arbitrary: fc.constantFrom(...ODD_KEYS) },
  ),
  items: fc.oneof({ weight: 5, arbitrary: versions }, {
    weight: 1,
    arbitrary: fc.array(node, { maxLength: 2 }),
  }),
  deeper: fc.constantFrom(0, 0, 0, 2, 2, 1),
  comment,
  between,
});

/** A document, and in how large pieces it comes. */
export const documents: fc.Arbitrary<{ text: string; size: number }> = fc.record({
  head: fc.constantFrom(
    "",
    "",
    "",
    "",
    "\ufeff",
    "---\n",
    "# c\n",
    "%YAML 1.2\n---\n",
    "\n",
    "--- # c\n",
  ),
  charts: fc.array(chart, { maxLength: 3 }),
  column: fc.constantFrom(2, 2, 2, 1, 4),
  entries: fc.constantFrom(
    "entries:",
    "entries:",
    "entries:",
    "entries: # c",
    '"entries":',
    "entries: &e",
  ),
  before: fc.constantFrom(
    "apiVersion: v1\n",
    "apiVersion: v1\n",
    "apiVersion: v1\nx: [a,\n b]\n",
    "x: |\n  a\napiVersion: v1\n",
  ),
  after: fc.constantFrom(
    "",
    "",
    "",
    "x: {a: b}\n",
    "annotations:\n  a: b\n",
    "x: *a\n",
    "# c\n",
    "x: &a\n  - y\n",
    "...\n",
    "---\n",
  ),
  lineBreak: fc.constantFrom("\n", "\n", "\n", "\r\n", "\r"),
  size: fc.constantFrom(1, 7, 64, 65_536),
}).map(({ head, charts, column, entries, before, after, lineBreak, size }) => {
  const pad = " ".repeat(column);
  const lists = charts.map(({ name, items, deeper, comment, between }) => {
    const list: Node = { kind: "list", items, deeper, comment, between };
    return `${pad}${name}:${items.length === 0 ? " []\n" : write(list, column, false)}`;
  });
  const text = `${head}${before}${entries}\n${lists.join("")}generated: "2024"\n${after}`;
  return { text: text.replaceAll("\n", lineBreak), size };
});

/** What may be done to a document's text to make it another, perhaps a wrong one. */
const edit = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  length: fc.constantFrom(0, 0, 1, 1, 2, 5, 30),
  insert: fc.oneof(
    fc.constantFrom(
      "",
      "",
      " ",
      "  ",
      "\n",
      "\t",
      "-",
      "- ",
      ":",
      ": ",
      "#",
      " #",
      "'",
      '"',
      "\\",
      "&a ",
      "*a",
      "{",
      "[",
      "|",
      "\r",
    ),
    fragment,
  ),
});

/** Documents made from one that is right, by changes of single characters and pieces. */
export function mutationsOf(text: string): fc.Arbitrary<{ text: string; size: number }> {
  return fc.record({
    edits: fc.array(edit, { minLength: 1, maxLength: 4 }),
    size: fc.constantFrom(3, 65_536),
  }).map(({ edits, size }) => ({
    text: edits.reduce((text, { at, length, insert }) => {
      const start = Math.floor(at * text.length);
      // Half of a character cannot come over the network.
      return (text.slice(0, start) + insert + text.slice(start + length)).toWellFormed();
    }, text),
    size,
  }));
}
