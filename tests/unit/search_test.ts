/** Search, compared with its rules: as examples, and as a reference that takes its time. */

import assert from "node:assert/strict";
import v8 from "node:v8";
import vm from "node:vm";
import fc from "fast-check";
import {
  indexApps,
  prepareQuery,
  type Searchable,
  type SearchIndex,
} from "../../src/catalog/search.ts";
import { queryWords } from "../../src/catalog/search_words.ts";
import { createVocabulary } from "../../src/catalog/vocabulary.ts";
import { takeTurns } from "../../src/turn.ts";

const app = (fields: Partial<Searchable>): Searchable => ({
  name: "",
  keywords: [],
  description: "",
  maintainers: [],
  ...fields,
});
const named = (name: string) => app({ name });

/** What a field of an app may be, with a text in it. */
const IN: Record<string, (text: string) => Searchable> = {
  name: (text) => named(`x ${text}`),
  keywords: (text) => app({ keywords: ["x", text] }),
  description: (text) => app({ description: `x ${text}` }),
  maintainers: (text) => app({ maintainers: ["x", text] }),
};

/** The scores of apps in an index of their own; `undefined` if none matches. */
async function scores(apps: readonly Searchable[], query: string): Promise<number[] | undefined> {
  const vocabulary = createVocabulary();
  const index = await indexApps(vocabulary, apps, takeTurns());
  const scores = prepareQuery(vocabulary, query)?.score(index);
  return scores && [...scores];
}

async function matches(one: Searchable, query: string): Promise<boolean> {
  return (await scores([one], query)) !== undefined;
}

Deno.test("a query of several words finds apps with all of them, in any field and order", async () => {
  const found = app({ name: "kube-stack", keywords: ["Metrics"], maintainers: ["Ada L"] });
  for (const query of ["stack kube", "metrics, kube!", "ada STACK metrics", "kube kube"]) {
    assert.equal(await matches(found, query), true, query);
  }
  for (const query of ["stack redis", "kube metrics ada bob"]) {
    assert.equal(await matches(found, query), false, query);
  }
  const some = [named("one"), app({ description: "two" }), app({ description: "two one" })];
  assert.deepEqual((await scores(some, "one two"))!.map(Boolean), [false, false, true]);
  // The first name does not go on with the second.
  const names = ["kube", "kube", "kube-kube"].map(named);
  assert.deepEqual(await scores(names, "kube kube"), [100, 100, 200]);
});

Deno.test("a query without a word has no answer, and one with another word has none either", async () => {
  const vocabulary = createVocabulary();
  const index = await indexApps(vocabulary, [named("redis")], takeTurns());
  for (const query of ["", "  ", "-./_", "\u0301", "🚢"]) {
    assert.equal(prepareQuery(vocabulary, query), undefined, query);
  }
  assert.equal(prepareQuery(vocabulary, "kafka")!.score(index), undefined);
  assert.equal(prepareQuery(vocabulary, "redis kafka")!.score(index), undefined);
});

Deno.test("matching is by whole words, prefixes, parts and typing errors", async (t) => {
  // A query, a word, and the fields in which it finds the word.
  const ALL = Object.keys(IN), PARTS = ["name", "keywords"];
  const cases: [query: string, word: string, fields: string[]][] = [
    ["mysql", "MySQL", ALL],
    ["MYSQL", "mysql", ALL],
    ["my", "mysql", ALL],
    ["m", "mysql", ALL],
    ["sql", "mysql", PARTS],
    ["ysq", "mysql", PARTS],
    ["ql", "mysql", []],
    ["mysql", "my", []],
    // One edit from five letters on.
    ["mysk", "mysq", []],
    ["mysqk", "mysql", ALL],
    ["mysl2", "mysql2", ALL],
    ["mysqll", "mysql", ALL],
    ["ymsql", "mysql", ALL],
    ["mysxx", "mysql", []],
    ["grafnaaa", "grafana", []],
    // Two from nine on; no letter has a part in both.
    ["prometheus", "prmetheis", ALL],
    ["rpometehus", "prometheus", ALL],
    ["mongodbxx", "mongodb", ALL],
    ["mongodbx", "mongo", []],
    ["promexxxus", "prometheus", []],
    ["bacdefghij", "axbcdefghij", []],
    // A part in names and keywords, and a typing error elsewhere.
    ["rafana", "grafana", ALL],
    // An edited prefix.
    ["prometkeu", "prometheus-operator".replace("-", ""), []],
    // Other scripts.
    ["ÉLAN", "élan", ALL],
    ["база", "Базы-база", ALL],
    ["数据", "数据库", ALL],
    ["据库", "数据库", ALL],
    ["数据库", "大数据库", ALL],
    ["数据库", "数据 据库", ALL],
    ["数库", "数据库", []],
    ["数", "数据库", ALL],
    ["库", "安装 库", ALL],
    ["数据redis", "Redis数据", ALL],
    ["データ", "ビッグデータ", ALL],
    ["데이터", "빅데이터", ALL],
    ["k8s", "K8s集群", ALL],
    ["𠀀𠀁", "𠀂𠀀𠀁", ALL],
    ["𠀀𠀂", "𠀂𠀀𠀁", []],
  ];
  for (const [query, word, fields] of cases) {
    await t.step(`${query} in ${word}`, async () => {
      const found = [];
      for (const [field, of] of Object.entries(IN)) {
        if (await matches(of(word), query)) found.push(field);
      }
      assert.deepEqual(found, fields);
    });
  }
});

Deno.test("apps that match better come first", async (t) => {
  const inFields = (word: string, fields = Object.values(IN)) => fields.map((of) => of(word));
  const { name, keywords, description } = IN as Record<string, (text: string) => Searchable>;
  const orders: Record<string, [query: string, bestFirst: Searchable[]]> = {
    "name, prefix, word of the name, keyword, description, maintainer": [
      "redis",
      [named("Redis"), named("redis-ha"), ...inFields("redis")],
    ],
    "the same for prefixes": ["redi", [named("redis-ha"), ...inFields("redis")]],
    "the same for parts": ["edi", inFields("redis", [name!, keywords!])],
    "the same for one typing error": ["redjs", inFields("redis")],
    "the same for two": ["promxtheux", inFields("prometheus")],
    "whole words, prefixes, parts, typing errors in a name": [
      "prometheus",
      ["prometheus", "prometheuses", "aprometheus", "prometeus", "promxtheux"].map(name!),
    ],
    "the same in a description": [
      "prometheus",
      ["prometheus", "prometheuses", "prometeus", "promxtheux"].map(description!),
    ],
    "an app's best field, not one more": [
      "redis",
      [app({ name: "x-redis" }), app({ keywords: ["redis"], description: "redis", name: "x" })],
    ],
    "the sum over the words": [
      "redis cache",
      [
        app({ name: "x-redis", keywords: ["cache"] }),
        app({ name: "x-redis", description: "cache" }),
        app({ keywords: ["redis"], description: "cache" }),
      ],
    ],
    "an exact name before one that begins so, before the same words elsewhere": [
      "kube prometheus stack",
      [
        named("Kube-Prometheus_Stack"),
        named("kube.prometheus stack-next"),
        named("my-kube-prometheus-stack"),
        app({ keywords: ["kube", "prometheus", "stack"] }),
      ],
    ],
    "an unfinished name before the same words in another order": [
      "kube-prom",
      [named("kube-prometheus"), named("prometheus-kube")],
    ],
    "an exact name in a script without spaces": [
      "数据库",
      [named("数据库"), named("数据库工具"), named("大数据库")],
    ],
  };
  for (const [title, [query, bestFirst]] of Object.entries(orders)) {
    await t.step(title, async () => {
      const found = (await scores(bestFirst, query))!;
      found.forEach((score, i) => assert.ok(score > (found[i + 1] ?? 0), `${i}: ${found}`));
    });
  }
});

Deno.test("what is too long is used up to a limit", async () => {
  const many = (n: number) => Array.from({ length: n }, (_, i) => `w${i}`);
  const letters = "abcdefgh".repeat(8);
  const cases: [title: string, Searchable, query: string, isFound: boolean][] = [
    ["word 500", app({ description: `${many(499).join(" ")} last` }), "last", true],
    ["word 501", app({ description: `${many(500).join(" ")} last` }), "last", false],
    ["pair 500", app({ description: `${"数".repeat(500)}库` }), "数库", true],
    ["pair 501", app({ description: `${"数".repeat(501)}库` }), "数库", false],
    ["keyword 64", app({ keywords: [...many(63), "last"] }), "last", true],
    ["keyword 65", app({ keywords: [...many(64), "last"] }), "last", false],
    ["maintainer 65", app({ maintainers: [...many(64), "last"] }), "last", false],
    ["word 501 of one keyword", app({ keywords: [many(500).join(" "), "last"] }), "last", false],
    ["letter 64 of a word", named(`${letters.slice(3)}xyz`), `${letters.slice(3)}uvw`, false],
    ["word 12 of a query", named("a"), `${"a ".repeat(11)}no`, false],
    ["word 13 of a query", named("a"), `${"a ".repeat(12)}no`, true],
    ["character 200 of a query", named("a"), `a${" ".repeat(198)}b`, false],
    ["character 201 of a query", named("a"), `a${" ".repeat(199)}b`, true],
  ];
  for (const [title, one, query, isFound] of cases) {
    assert.equal(await matches(one, query), isFound, title);
  }
  const [exact] = (await scores([named("abc")], "abc"))!;
  assert.deepEqual(await scores([named(`${letters}xyz`)], `${letters}uvw`), [exact]);
});

Deno.test("an index finds an app behind more than 16 bits can number", async () => {
  const apps = Array.from({ length: 17_000 }, (_, i) => named(`app-${i}`));
  const found = (await scores(apps, "app 16987"))!;
  assert.equal(found.indexOf(Math.max(...found)), 16_987);
});

const pool = ["mysql", "prometheus", "kube", "sql", "数据库", "データ", "Élan", "k8s", "a"];
const short = fc.string({ unit: fc.constantFrom("a", "b", "B", "1", "数", "据"), maxLength: 11 });
const text = fc.array(
  fc.tuple(fc.oneof(fc.constantFrom(...pool), short), fc.constantFrom(" ", "-", "._ ", "")),
  { maxLength: 5 },
).map((parts) => parts.flat().join(""));
const searchable = fc.record({
  name: text,
  keywords: fc.array(text, { maxLength: 3 }),
  description: text,
  maintainers: fc.array(text, { maxLength: 2 }),
});
/** A text, or a piece of one that an app has, with some letters replaced. */
const searches = fc.array(searchable, { minLength: 1, maxLength: 4 }).chain((apps) => {
  const texts = apps.flatMap((app) => [app.name, ...app.keywords, app.description]);
  const piece = fc.tuple(fc.constantFrom(...texts), fc.nat(4), fc.nat(30), fc.array(fc.nat(30)))
    .map(([text, start, length, edits]) =>
      Array.from(text.slice(start, start + length), (letter, i) => edits[0] === i ? "x" : letter)
        .filter((_, i) => edits[1] !== i).join("")
    );
  return fc.tuple(fc.constant(apps), fc.oneof(text, piece));
});

Deno.test("every score is what the rules say, whatever else is in the index", async () => {
  await fc.assert(
    fc.asyncProperty(searches, fc.array(searchable), async ([apps, query], others) => {
      // The rules below know no bound.
      const names = [...apps, ...others].map(({ name }) => name);
      fc.pre([query, ...names].every((text) => queryWords(text).length < 12));
      const vocabulary = createVocabulary();
      const indexes = [
        await indexApps(vocabulary, others, takeTurns()),
        await indexApps(vocabulary, apps, takeTurns()),
      ];
      const prepared = prepareQuery(vocabulary, query);
      [others, apps].forEach((apps, i) => {
        const expected = apps.map((app) => expectedScore(app, query));
        const found = prepared?.score(indexes[i]!);
        assert.deepEqual(found && [...found], expected.some(Boolean) ? expected : undefined);
      });
    }),
    { numRuns: 1_000 },
  );
});

/** What a match is worth, by the field and the way. */
const POINTS: Record<string, Record<string, number>> = {
  name: { whole: 100, prefix: 80, part: 50, one: 10, two: 5 },
  keywords: { whole: 60, prefix: 48, part: 30, one: 6, two: 3 },
  description: { whole: 30, prefix: 24, one: 4, two: 2 },
  maintainers: { whole: 16, prefix: 12, one: 2, two: 1 },
};

function expectedScore(app: Searchable, query: string): number {
  const wanted = expectedWords(query);
  let sum = 0;
  for (const one of new Set(wanted)) {
    let best = 0;
    for (const [field, points] of Object.entries(POINTS)) {
      for (const word of expectedWords([app[field as keyof Searchable]].flat().join(" "))) {
        for (const way of expectedWays(one, word)) best = Math.max(best, points[way] ?? 0);
      }
    }
    if (best === 0) return 0;
    sum += best;
  }
  const name = expectedWords(app.name), last = wanted.length - 1;
  const begins = wanted.every((word, i) => i < last ? name[i] === word : name[i]?.startsWith(word));
  if (!begins || sum === 0) return sum;
  return sum + (name.length === wanted.length && name[last] === wanted[last] ? 100 : 50);
}

function expectedWords(text: string): string[] {
  const unspaced = /[\p{scx=Han}\p{scx=Hiragana}\p{scx=Katakana}\p{scx=Hangul}]/u;
  const runs: string[] = [];
  let before = "";
  for (const letter of text.toLowerCase()) {
    const kind = !/[\p{L}\p{N}]/u.test(letter) ? "" : unspaced.test(letter) ? "unspaced" : "spaced";
    if (kind !== "" && kind === before) runs.push(runs.pop()! + letter);
    else if (kind !== "") runs.push(letter);
    before = kind;
  }
  return runs.flatMap((run) => {
    const letters = [...run];
    if (letters.length === 1 || !unspaced.test(run)) return [run];
    return letters.slice(1).map((letter, i) => letters[i] + letter);
  });
}

function expectedWays(wanted: string, word: string): string[] {
  const edits = distance(wanted, word);
  return [
    ...(wanted === word ? ["whole"] : []),
    ...(word.startsWith(wanted) ? ["prefix"] : []),
    ...(wanted.length >= 3 && word.includes(wanted) ? ["part"] : []),
    ...(wanted.length >= 5 && edits === 1 ? ["one"] : []),
    ...(wanted.length >= 9 && edits === 2 ? ["two"] : []),
  ];
}

/** Edits between two words by the textbook: Levenshtein's, and swapped neighbours. */
function distance(a: string, b: string): number {
  const table = Array.from({ length: a.length + 1 }, (_, i) => [i]);
  for (let j = 1; j <= b.length; j++) table[0]![j] = j;
  const at = (i: number, j: number) => table[i]![j]!;
  for (let i = 1; i <= a.length; i++) {
    for (let j = 1; j <= b.length; j++) {
      const replaced = at(i - 1, j - 1) + Number(a[i - 1] !== b[j - 1]);
      const isSwapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swapped = isSwapped ? at(i - 2, j - 2) + 1 : Infinity;
      table[i]![j] = Math.min(at(i - 1, j) + 1, at(i, j - 1) + 1, replaced, swapped);
    }
  }
  return at(a.length, b.length);
}

Deno.test("indexes that are built at once, a turn at a time, do not mix", async () => {
  const vocabulary = createVocabulary();
  let turns = 0;
  const turn = () => Promise.resolve(void turns++);
  const [one, other] = await Promise.all([
    indexApps(vocabulary, [named("redis"), named("kafka")], turn),
    indexApps(vocabulary, [named("kafka"), named("nginx")], turn),
  ]);
  assert.ok(turns >= 4);
  const found = (query: string, index: SearchIndex) =>
    Array.from(prepareQuery(vocabulary, query)!.score(index) ?? [], Boolean);
  assert.deepEqual(found("kafka", one), [false, true]);
  assert.deepEqual(found("kafka", other), [true, false]);
  assert.deepEqual(found("redis", other), []);
  assert.deepEqual([one.count, other.count], [2, 2]);
});

Deno.test("an index that cannot be built leaves no words", async () => {
  const vocabulary = createVocabulary();
  function* apps() {
    yield named("redis");
    throw new Error();
  }
  await assert.rejects(indexApps(vocabulary, apps(), takeTurns()));
  assert.equal(vocabulary.size, 0);
});

Deno.test("a word loses its number to another with its last use, and is not found from then on", () => {
  const vocabulary = createVocabulary();
  const [redis, kafka] = [vocabulary.acquire("redisinsight"), vocabulary.acquire("kafka")];
  const more = Array.from({ length: 5_000 }, (_, i) => vocabulary.acquire(`word${i}`));
  const { bytes } = vocabulary;
  assert.equal(vocabulary.acquire("redisinsight"), redis);
  assert.equal(vocabulary.bytes, bytes);
  vocabulary.release([redis, kafka, ...more]);
  assert.equal(vocabulary.size, 1);
  for (const query of ["k", "kafka"]) assert.deepEqual(vocabulary.match(query).ids, []);
  for (const query of ["r", "redis"]) assert.deepEqual(vocabulary.match(query).ids, [redis]);
  const again = Array.from({ length: 5_001 }, (_, i) => vocabulary.acquire(`other${i}`));
  assert.deepEqual(again.toSorted(), [kafka, ...more].toSorted());
  vocabulary.release([redis, ...again]);
  assert.deepEqual([vocabulary.size, vocabulary.bytes], [0, 0]);
});

Deno.test("an index keeps its words until nothing refers to it", async () => {
  v8.setFlagsFromString("--expose-gc");
  const collect: () => void = vm.runInNewContext("gc");
  const vocabulary = createVocabulary();
  const held = await indexApps(vocabulary, [named("redis-ha")], takeTurns());
  await (async () => void await indexApps(vocabulary, [named("kafka-ha")], takeTurns()))();
  assert.equal(vocabulary.size, 3);
  for (let i = 0; i < 100 && vocabulary.size > 2; i++) {
    collect();
    await new Promise((resolve) => setTimeout(resolve));
  }
  assert.equal(vocabulary.size, 2);
  assert.ok(prepareQuery(vocabulary, "redis ha")!.score(held));
  assert.equal(vocabulary.acquire("nginx"), 2);
});

Deno.test("an index says what it takes, its new words included", async () => {
  const vocabulary = createVocabulary();
  const apps = Array.from({ length: 100 }, (_, i) => named(`app-${i}`));
  const first = await indexApps(vocabulary, apps, takeTurns());
  const second = await indexApps(vocabulary, apps, takeTurns());
  assert.equal(first.bytes - second.bytes, vocabulary.bytes);
  const more = await indexApps(vocabulary, [...apps, ...apps], takeTurns());
  assert.ok(more.bytes > second.bytes);
});
