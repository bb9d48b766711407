/**
 * The edge cases in which KubeSphere, Helm 3.11 and Helm's main branch fail or differ, and what
 * Chartroom makes of each: the versions that survive and the problems told, or the refusal.
 */

import assert from "node:assert/strict";
import type { Json } from "../../src/helm/chart.ts";
import { IndexError } from "../../src/helm/index_error.ts";
import { parseWhole } from "../support/parse.ts";

type Entry = { [field: string]: Json };
/** Charts and problems; or why the index is refused, as `reason: message`. */
type Outcome = { charts: [string, ...Entry[]][]; problems: string[] } | string;

/** How many bytes come at once. */
const SIZES = [65_536, 7, 1];
const END = "generated: null\n";

/** A chart with one version. */
const chart = (key: string, version = "1.0.0") =>
  `  ${key}:\n  - name: ${key}\n    version: ${version}\n`;
const A = chart("a");
const JSON_A = '{"apiVersion":"v1","entries":{"a":[{"name":"a","version":"1.0.0"}]}}';
const ONLY_A = kept([["a", entry("1.0.0")]]);
const NOTHING = kept([]);

function entry(version: string, more: Entry = {}): Entry {
  return { name: "a", version, ...more };
}

function kept(charts: [string, ...Entry[]][], ...problems: string[]): Outcome {
  return { charts, problems };
}

function index(entries: string): string {
  return `apiVersion: v1\nentries:\n${entries}${END}`;
}

async function read(text: string | Uint8Array, size: number): Promise<Outcome> {
  try {
    const { charts, problems } = await parseWhole(text, { size });
    return {
      charts: charts.map(({ name, versions }) => [name, ...versions as Entry[]]),
      problems: problems.map(({ chart, version, position, reason }) =>
        `${chart}[${position}]${version ? ` ${version}` : ""}: ${reason}`
      ),
    };
  } catch (error) {
    if (!(error instanceof IndexError)) throw error;
    return `${error.reason}: ${error.message}`;
  }
}

/** Three ways to write an item: for the own reader, for `js-yaml`, and for that with the whole. */
const WRITINGS = [
  (item: string) => item.replace(/^(?=.)/, " "),
  (item: string) => item.includes(": ") ? ` !!map\n${item}` : ` ${item}`,
  (item: string, i: number) => ` &i${i}\n${item}`,
];

/** Items of chart `a`; what survives of them; the problems. */
const ITEMS: Record<string, [items: string[], survive: Entry[], ...problems: string[]]> = {
  "null alone": [["null"], [], "a[0]: the entry is null"],
  "a dash alone": [[""], [], "a[0]: the entry is null"],
  "null beside a good one": [
    ["null", "name: a\nversion: 1.0.0", ""],
    [entry("1.0.0")],
    "a[0]: the entry is null",
    "a[2]: the entry is null",
  ],
  "no metadata at all": [
    ["urls: [a.tgz]\ndigest: x", "name: a\nversion: 1.0.0"],
    [entry("1.0.0")],
    "a[0]: the entry has no name",
  ],
  "no name": [
    ["version: 1.0.0", "name: a\nversion: 2.0.0"],
    [entry("2.0.0")],
    "a[0] 1.0.0: the entry has no name",
  ],
  "no version": [
    ["name: a", "name: a\nversion:", 'name: a\nversion: ""', "name: a\nversion: 2.0.0"],
    [entry("2.0.0")],
    "a[0]: the entry has no version",
    "a[1]: the entry has no version",
    "a[2]: the entry has no version",
  ],
  "no semantic version, beside a good one": [
    ["0..1.0", "1.2.3.4", "latest", "2.0.0"].map((version) => `name: a\nversion: ${version}`),
    ["0..1.0", "1.2.3.4", "latest", "2.0.0"].map((version) => entry(version)),
  ],
  "versions in Helm's lenient forms": [
    ["v1.2.3", "1.0", "1", "01.2.3"].map((version) => `name: a\nversion: ${version}`),
    ["v1.2.3", "1.0", "1", "01.2.3"].map((version) => entry(version)),
  ],
  "no apiVersion in an item": [["name: a\nversion: 1.0.0"], [entry("1.0.0")]],
  "unquoted numbers for version and appVersion": [
    ["name: a\nversion: 1.10\nappVersion: 1.10", "name: a\nversion: 2\nappVersion: 2"],
    [entry("1.10", { appVersion: "1.10" }), entry("2", { appVersion: "2" })],
  ],
  "a number for a name": [["name: 123\nversion: 1.0.0"], [entry("1.0.0", { name: "123" })]],
  "annotations that are no strings": [
    ["name: a\nversion: 1.0.0\nannotations:\n  int: 1\n  float: 1.10\n  bool: true\n  none:"],
    [entry("1.0.0", { annotations: { int: "1", float: "1.10", bool: "true" } })],
  ],
  "deprecated in quotes": [
    ['name: a\nversion: 1.0.0\ndeprecated: "true"'],
    [entry("1.0.0", { deprecated: true })],
  ],
  "keywords and urls that are strings": [
    ["name: a\nversion: 1.0.0\nkeywords: database\nurls: a.tgz"],
    [entry("1.0.0")],
    "a[0] 1.0.0: `keywords` was left out: expected a list",
    "a[0] 1.0.0: `urls` was left out: expected a list",
  ],
  "no urls": [
    ["name: a\nversion: 1.0.0\nurls: []", "name: a\nversion: 2.0.0\nurls:"],
    [entry("1.0.0", { urls: [] }), entry("2.0.0")],
  ],
  "null in lists": [
    ["name: a\nversion: 1.0.0\nmaintainers:\n-\ndependencies:\n- null\nurls: [null, a.tgz]"],
    [entry("1.0.0", { maintainers: [], dependencies: [], urls: ["a.tgz"] })],
  ],
  "two dependencies of one name": [
    ["name: a\nversion: 1.0.0\ndependencies:\n- name: d\n  version: 1\n- name: d\n  version: 1"],
    [
      entry("1.0.0", {
        dependencies: [{ name: "d", version: "1" }, { name: "d", version: "1" }],
      }),
    ],
  ],
  "an unknown type": [
    ["name: a\nversion: 1.0.0\ntype: operator"],
    [entry("1.0.0", { type: "operator" })],
  ],
  "one version twice": [
    ["x", "y"].map((digest) => `name: a\nversion: 1.0.0\ndigest: ${digest}`),
    [entry("1.0.0", { digest: "x" })],
    "a[1] 1.0.0: the version is listed more than once; the one made last counts",
  ],
  "one version with build metadata of two kinds": [
    ["name: a\nversion: 1.0.0+a", "name: a\nversion: 1.0.0+b"],
    [entry("1.0.0+a"), entry("1.0.0+b")],
  ],
  "another name than the key": [
    ["name: b\nversion: 1.0.0"],
    [entry("1.0.0", { name: "b" })],
  ],
  "a name that is a path": [
    ["name: ../x\nversion: 1.0.0"],
    [entry("1.0.0", { name: "../x" })],
  ],
  "an unknown field": [
    ["name: a\nversion: 1.0.0\nx-more:\n  numbers: [1, 1.10]\n  text: t"],
    [entry("1.0.0", { "x-more": { numbers: [1, "1.10"], text: "t" } })],
  ],
  "times in RFC 3339": [
    [
      "2024-01-02T03:04:05Z",
      "2024-01-02T03:04:05-07:00",
      '"2024-01-02T03:04:05.123456789Z"',
    ].map((time, i) => `name: a\nversion: ${i}\ncreated: ${time}`),
    [
      entry("0", { created: "2024-01-02T03:04:05Z" }),
      entry("1", { created: "2024-01-02T03:04:05-07:00" }),
      entry("2", { created: "2024-01-02T03:04:05.123456789Z" }),
    ],
  ],
  "a time that is null": [["name: a\nversion: 1.0.0\ncreated: null"], [entry("1.0.0")]],
  "times in other forms": [
    ["2024-01-02", "2024-01-02 03:04:05", '""', "1704164645"]
      .map((time, i) => `name: a\nversion: ${i}\ncreated: ${time}`),
    ["0", "1", "2", "3"].map((version) => entry(version)),
    'a[0] 0: `created` was left out: "2024-01-02" is not an RFC 3339 time',
    'a[1] 1: `created` was left out: "2024-01-02 03:04:05" is not an RFC 3339 time',
    'a[2] 2: `created` was left out: "" is not an RFC 3339 time',
    'a[3] 3: `created` was left out: "1704164645" is not an RFC 3339 time',
  ],
  "text that looks like a number or a date": [
    [
      "name: a\nversion: 1.0.0\ndigest: 12e5\nappVersion: 2020-01-02",
      "name: a\nversion: 2.0.0\ndigest: 0123",
    ],
    [
      entry("1.0.0", { digest: "12e5", appVersion: "2020-01-02" }),
      entry("2.0.0", { digest: "0123" }),
    ],
  ],
  "control characters, escaped": [
    ['name: "a\\u0001"\nversion: 1.0.0\ndescription: "a\\tb\\a\\0"'],
    [entry("1.0.0", { name: "a\u0001", description: "a\tb\u0007\0" })],
  ],
  "keys in another case": [
    ["Name: a\nVersion: 1.0.0", "name: a\nversion: 2.0.0\nURLs: [a.tgz]"],
    [entry("2.0.0", { URLs: ["a.tgz"] })],
    "a[0]: the entry has no name",
  ],
};

Deno.test("items: bad ones are skipped and told, the rest is kept as it is written", async (t) => {
  for (const [name, [items, survive, ...problems]] of Object.entries(ITEMS)) {
    await t.step(name, async () => {
      const expected = kept(survive.length === 0 ? [] : [["a", ...survive]], ...problems);
      for (const write of WRITINGS) {
        const lines = items.map((item, i) => `-${write(item, i)}\n`.replace(/\n(?=.)/g, "\n    "));
        const text = index(`  a:\n  ${lines.join("  ")}`);
        for (const size of SIZES) assert.deepEqual(await read(text, size), expected, text);
      }
    });
  }
});

const NO_API_VERSION =
  "no_api_version: the document has no `apiVersion`, so it is not a Helm index";
const NO_MAPPING = "not_an_index: the document is not a mapping, so it is not a Helm index";
const TWO_DOCUMENTS = "not_an_index: the index holds 2 documents, expected one";
const NO_ENTRIES = "not_an_index: `entries` must map chart names to lists of versions";
const TWICE = "syntax: the index has a syntax error: the chart `a` is there twice";
const DUPLICATE_KEY = "duplicated mapping key";
const TABS = "tab characters must not be used in indentation";
const NULL_KEY = "a key must be a scalar that is not null";
const NULL_BYTE = "syntax: the index has a null byte in it";
const IN_ENTRY = "truncated: the index ends in the middle of an entry, so it was cut off";
const IN_LINE = "truncated: the index ends in the middle of a line, so it was cut off";
const IN_FLOW = "unexpected end of the stream within a flow collection";

const syntax = (line: number | string, reason: string) =>
  `syntax: the index has a syntax error in line ${line}: ${reason}`;
const seemsCut = (line: number | string, reason: string) =>
  `truncated: the index seems cut off in line ${line}: ${reason}`;
const after = (line: number) => `${line} after the charts that could be read`;

/** An index as tools write it, with what may end it left away. */
const SORTED = `apiVersion: v1
entries:
  a:
  - name: a
    urls:
    - a.tgz
    version: 1.0.0
  - name: a
    urls:
    - a.tgz
    version: 2.0.0
`;
const SORTED_ENTRIES = ["1.0.0", "2.0.0"].map((version) => ({
  name: "a",
  urls: ["a.tgz"],
  version,
}));

const BOMB = Array.from("abcdefghi", (name, i) => {
  const target = i === 0 ? "lol" : `*${"abcdefghi"[i - 1]}`;
  return `${name}: &${name} [${Array(9).fill(target).join(", ")}]\n`;
}).join("");

/** Documents, and what becomes of them. */
const DOCUMENTS: Record<string, [text: string | Uint8Array, Outcome]> = {
  "empty": ["", "empty: the upstream answered with an empty index"],
  "only a comment": ["# to be filled\n", NO_API_VERSION],
  "an HTML page": [
    "<!DOCTYPE html>\n<title>Charts</title>\n",
    "html: the upstream answered with an HTML or XML page, not an index",
  ],
  "a login page": [
    '<html><form><input type="password"></form></html>',
    "login_page: the upstream answered with a login page, not an index",
  ],
  "a scalar": ["charts\n", NO_MAPPING],
  "a list": ["- apiVersion: v1\n", NO_MAPPING],
  "a list, in JSON": ["[{}]", NO_MAPPING],
  "no apiVersion": [`entries:\n${A}${END}`, NO_API_VERSION],
  "apiVersion null": [`apiVersion:\nentries:\n${A}${END}`, NO_API_VERSION],

  "entries null": [index(""), NOTHING],
  "entries {}": [`apiVersion: v1\nentries: {}\n${END}`, NOTHING],
  "entries absent": [`apiVersion: v1\n${END}`, NOTHING],
  "entries null, in JSON": ['{"apiVersion":"v1","entries":null}', NOTHING],
  "entries []": [`apiVersion: v1\nentries: []\n${END}`, NO_ENTRIES],
  "entries [], in JSON": ['{"apiVersion":"v1","entries":[]}', NO_ENTRIES],

  "charts that are null or empty": [index(`  l:\n  m: null\n  n: []\n${A}`), ONLY_A],
  "charts that are maps or text": [
    index(`  k:\n    name: k\n    version: 1.0.0\n  l: {}\n  m: 1\n${A}`),
    kept(
      [["a", entry("1.0.0")]],
      "k[null]: expected a list of versions",
      "l[null]: expected a list of versions",
      "m[null]: expected a list of versions",
    ),
  ],
  "bad charts and items, in JSON": [
    '{"apiVersion":"v1","entries":{"m":{},"n":null,"o":5,"a":[null,{"name":"a"},' +
    '{"name":"a","version":"1.0.0"}]}}',
    kept(
      [["a", entry("1.0.0")]],
      "a[0]: the entry is null",
      "a[1]: the entry has no version",
      "m[null]: expected a list of versions",
      "o[null]: expected a list of versions",
    ),
  ],
  "charts called no, 1.0 and true": [
    index(chart("no") + chart("1.0") + chart("true")),
    kept(["no", "1.0", "true"].map((name) => [name, { name, version: "1.0.0" }])),
  ],
  "a chart called null": [index(A + chart("null")), syntax("1 of the chart `null`", NULL_KEY)],
  "numbers and booleans, in JSON": [
    '{"apiVersion":"v1","entries":{"a":[{"name":"a","version":1.10,"appVersion":2,' +
    '"digest":12e5,"deprecated":true,"annotations":{"int":1,"bool":true},"x":[1,1.50]}]}}',
    kept([["a", {
      name: "a",
      version: "1.10",
      appVersion: "2",
      digest: "12e5",
      deprecated: true,
      annotations: { int: "1", bool: "true" },
      x: [1, "1.50"],
    }]]),
  ],

  "a chart twice": [index(A + chart("b") + chart("a", "2.0.0")), TWICE],
  "a chart twice, once in quotes": [index(`${A}  "a": []\n`), TWICE],
  "a chart twice, in flow style": [
    `apiVersion: v1\nentries: {a: [], b: [], a: []}\n${END}`,
    syntax(2, DUPLICATE_KEY),
  ],
  "a chart twice, in JSON": [JSON_A.replace('"a":', '"a":[],"b":[],"\\u0061":'), TWICE],
  "entries twice": [
    `apiVersion: v1\nentries:\n${A}entries:\n${END}`,
    syntax(after(1), DUPLICATE_KEY),
  ],
  "entries twice, in JSON": [
    '{"entries":{"a":[{"name":"a","version":"1.0.0"}]},\n"apiVersion":"v1",\n"entries":{}}',
    syntax(after(3), DUPLICATE_KEY),
  ],
  "a field twice": [index(`${A}    name: b\n`), syntax(6, DUPLICATE_KEY)],
  "a field twice, in JSON": [
    '{"apiVersion":"v1","entries":{"a":[{"name":"a",\n"version":"1.0.0",\n"name":"b"}]}}',
    syntax(3, DUPLICATE_KEY),
  ],

  "unknown fields at the top": [`x: {y: 1}\n${index(A)}z:\n- 1\n`, ONLY_A],
  "serverInfo and annotations": [
    `annotations:\n  a: b\n${index(A)}serverInfo:\n  contextPath: /v1\n`,
    ONLY_A,
  ],
  "a name that is a path": [
    index(chart("../x")),
    kept([["../x", { name: "../x", version: "1.0.0" }]]),
  ],
  "generated that is no time": [index(A).replace("null", "yesterday"), ONLY_A],
  "generated that is a list": [index(A).replace("null", "[2024-01-02]"), ONLY_A],

  "a byte order mark": [`\ufeff${index(A)}`, ONLY_A],
  "CRLF": [index(A).replaceAll("\n", "\r\n"), ONLY_A],
  "CR": [index(A).replaceAll("\n", "\r"), ONLY_A],
  "JSON": [JSON_A, ONLY_A],
  "JSON over many lines": [JSON.stringify(JSON.parse(JSON_A), null, 2), ONLY_A],
  "JSON with a byte order mark": [`\ufeff${JSON_A}`, ONLY_A],
  // Go's JSON reader, hence Helm, ignores the case of keys; no tool is known that writes another.
  "JSON with keys in another case": [
    '{"APIVersion":"v1","Entries":{"A":[{"Name":"a","Version":"1.0.0"}]}}',
    NO_API_VERSION,
  ],
  "UTF-16, little end first": [utf16(`\ufeff${index(A)}`, true), ONLY_A],
  "UTF-16, big end first": [utf16(`\ufeff${index(A)}`, false), ONLY_A],
  "UTF-16 without a mark": [utf16(index(A), true), NULL_BYTE],
  "UTF-16 without a mark, big end first": [utf16(index(A), false), NULL_BYTE],
  "a byte that is not UTF-8": [
    bytes(index(A).replace("null", "?"), "?", [0xff]),
    "encoding: the index is not valid UTF-8",
  ],
  "a character that is cut off": [
    bytes("apiVersion: v1\nx: ?", "?", [0xe5, 0x90]),
    "encoding: the index is not valid UTF-8",
  ],
  "tabs before charts": [`apiVersion: v1\nentries:\n${A.replaceAll("  ", "\t")}`, syntax(3, TABS)],
  "a tab before a field": [index(A.replace("    version", "\tversion")), syntax(5, TABS)],
  "a control character": [
    index(`${A}    description: a\x07b\n`),
    syntax(6, "the stream contains non-printable characters"),
  ],

  "two documents": [`${index(A)}---\n${index(A)}`, TWO_DOCUMENTS],
  "two documents, the second no index": [`${index(A)}---\nx: y\n`, TWO_DOCUMENTS],
  "two documents, in JSON": [`${JSON_A}\n---\n${JSON_A}\n`, TWO_DOCUMENTS],
  "a document between markers": [`---\n${index(A)}...\n`, ONLY_A],
  "a document after an empty one": [`---\n---\n${index(A)}---\n`, ONLY_A],
  "JSON with text after it": [
    `${JSON_A}\nx`,
    syntax(after(2), "end of the stream or a document separator is expected"),
  ],

  "cut in the middle of a token": [SORTED.slice(0, -3), IN_LINE],
  "cut in the middle of a quoted text": [
    `apiVersion: v1\nentries:\n  a:\n  - name: "a`,
    seemsCut(4, "unexpected end of the stream within a double quoted scalar"),
  ],
  "cut before the line break": [SORTED.slice(0, -1), IN_LINE],
  "cut after a name": [`${SORTED}  - name: a\n`, IN_ENTRY],
  "cut after a key": [`${SORTED}  - name: a\n    urls:\n`, IN_ENTRY],
  "cut before a version": [`${SORTED}  - name: a\n    urls:\n    - a.tgz\n`, IN_ENTRY],
  "cut after a chart's name": [`${SORTED}  b:\n`, kept([["a", ...SORTED_ENTRIES]])],
  "cut between items": [SORTED, kept([["a", ...SORTED_ENTRIES]])],
  "JSON cut after an item": [JSON_A.slice(0, -3), seemsCut(1, IN_FLOW)],
  "JSON cut after a line": [`${JSON_A.slice(0, -1)},\n`, seemsCut(after(2), IN_FLOW)],
  "JSON cut in the middle of a text": [
    JSON_A.slice(0, -7),
    seemsCut(1, "unexpected end of the stream within a double quoted scalar"),
  ],

  "an anchor in another chart": [
    index(`${A}    urls: &urls\n    - x.tgz\n${chart("b")}    urls: *urls\n`),
    kept([
      ["a", entry("1.0.0", { urls: ["x.tgz"] })],
      ["b", { name: "b", version: "1.0.0", urls: ["x.tgz"] }],
    ]),
  ],
  "an alias to nothing": [
    index(`${A}    urls: *urls\n`),
    syntax(6, 'unidentified alias "urls"'),
  ],
  "a merge key, with a field that overrides": [
    index(
      "  a:\n  - &base\n    name: a\n    version: 1.0.0\n    home: h\n" +
        "  - <<: *base\n    version: 2.0.0\n  - version: 3.0.0\n    <<: *base\n",
    ),
    kept([["a", ...["1.0.0", "2.0.0", "3.0.0"].map((version) => entry(version, { home: "h" }))]]),
  ],
  "charts that are merged": [
    `x: &x\n${chart("a", "0.1.0")}${chart("b")}${index(`  <<: *x\n${A}`)}`,
    kept([["a", entry("1.0.0")], ["b", { name: "b", version: "1.0.0" }]]),
  ],
  "an alias bomb": [
    `# ${"-".repeat(600_000)}\n${BOMB}${index(`${A}    x: *i\n${chart("b")}`)}`,
    kept(
      [["b", { name: "b", version: "1.0.0" }]],
      "a[0] 1.0.0: the entry is larger than 1048576 characters",
    ),
  ],
  "an alias bomb that nothing uses": [BOMB + index(A), ONLY_A],

  "a name in Unicode": [
    index(chart("图表-ü🚀")),
    kept([["图表-ü🚀", { name: "图表-ü🚀", version: "1.0.0" }]]),
  ],
  "control characters in names": [
    index(chart('"a\\x01\\0"')),
    kept([["a\x01\0", { name: "a\x01\0", version: "1.0.0" }]]),
  ],
  "control characters in names, in JSON": [
    JSON_A.replaceAll('"a"', '"a\\u0001\\u0000"'),
    kept([["a\x01\0", { name: "a\x01\0", version: "1.0.0" }]]),
  ],
  "a chart called __proto__": [
    index(chart("__proto__") + A),
    kept([["__proto__", { name: "__proto__", version: "1.0.0" }], ["a", entry("1.0.0")]]),
  ],
  "a chart called __proto__, in JSON": [
    JSON_A.replaceAll('"a"', '"__proto__"'),
    kept([["__proto__", { name: "__proto__", version: "1.0.0" }]]),
  ],

  "names with blanks, # and $": [
    index(
      ["my chart", "$a#b", '"a #b"', '"#a"', '"a: b"', "a:b", "100%"].map((key) => chart(key)).join(
        "",
      ),
    ),
    kept(
      ["my chart", "$a#b", "a #b", "#a", "a: b", "a:b", "100%"].map((name) => [
        name,
        { name, version: "1.0.0" },
      ]),
    ),
  ],
};

Deno.test("documents: an index is used as far as it can be, and nothing else is taken for one", async (t) => {
  for (const [name, [text, expected]] of Object.entries(DOCUMENTS)) {
    await t.step(name, async () => {
      for (const size of SIZES) {
        if (size < 7 && text.length > 100_000) continue;
        assert.deepEqual(await read(text, size), expected, `${size} bytes at once`);
      }
    });
  }
});

const URLS = [
  "charts/a-1.0.0.tgz",
  "/rooted/a-1.0.0.tgz",
  "../a-1.0.0.tgz",
  "https://other.example/a-1.0.0.tgz?token=x&y=%2F#part",
  "//other.example/a.tgz",
  "oci://registry.example/charts/a:1.0.0",
  "local://a-1.0.0.tgz",
  "a b.tgz",
  "",
];
const DIGESTS = ["0".repeat(64), `sha256:${"0".repeat(64)}`, "SHA256:AB", "md5:0"];

Deno.test("URLs and digests of all kinds are kept as they are", async () => {
  const items = DIGESTS.map((digest, i) => ({ name: "a", version: `${i}`, digest, urls: URLS }));
  const json = JSON.stringify({ apiVersion: "v1", entries: { a: items } });
  const yaml = index(
    `  a:\n${
      items.map((item) =>
        `  - digest: ${item.digest}\n    name: a\n    urls:\n${
          URLS.map((url) => `    - ${JSON.stringify(url)}\n`).join("")
        }    version: ${item.version}\n`
      ).join("")
    }`,
  );
  for (const text of [json, yaml]) {
    for (const size of SIZES) assert.deepEqual(await read(text, size), kept([["a", ...items]]));
  }
});

Deno.test("ten thousand versions of one chart, and two thousand charts with one, are read", async () => {
  const versions = Array.from({ length: 10_000 }, (_, i) => `1.${i}.0`);
  const items = versions.map((version) => `  - name: a\n    version: ${version}\n`);
  const expected = kept([["a", ...versions.map((version) => entry(version))]]);
  const names = Array.from({ length: 2_000 }, (_, i) => `c${i}`);
  const charts = index(names.map((name) => chart(name)).join(""));
  for (const size of [65_536, 7]) {
    assert.deepEqual(await read(index(`  a:\n${items.join("")}`), size), expected);
    assert.deepEqual(
      await read(charts, size),
      kept(names.map((name) => [name, { name, version: "1.0.0" }])),
    );
  }
});

/** A text's bytes, with others in the place of a mark. */
function bytes(text: string, mark: string, instead: number[]): Uint8Array {
  const [before, after] = text.split(mark).map((part) => [...new TextEncoder().encode(part)]);
  return Uint8Array.from([...before!, ...instead, ...after!]);
}

function utf16(text: string, littleEndian: boolean): Uint8Array {
  const view = new DataView(new ArrayBuffer(text.length * 2));
  for (let i = 0; i < text.length; i++) view.setUint16(i * 2, text.charCodeAt(i), littleEndian);
  return new Uint8Array(view.buffer);
}
