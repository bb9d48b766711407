/** Periods, times, URLs, letters and secrets: small rules with sharp edges. */

import assert from "node:assert/strict";
import { loadOrMakeKey } from "../../src/access/key_file.ts";
import { createSecrets, SecretUnreadable } from "../../src/access/secrets.ts";
import { contains } from "../../src/catalog/text.ts";
import { isTime, printTime, timeOf } from "../../src/helm/time.ts";
import { indexUrl } from "../../src/sources/http.ts";
import { parsePeriod } from "../../src/sync/period.ts";
import { parseConditions } from "../../routes/support/conditions.ts";
import { parsePaging, slice } from "../../routes/support/paging.ts";
import { withoutUrlSecrets } from "../../src/log.ts";
import { canary } from "../support/canary.ts";

Deno.test("parsePeriod reads Go's durations, and raises a short one to the minimum", () => {
  const cases: [string, number][] = [
    ["", 0],
    ["0", 0],
    ["-0", 0],
    ["0s", 0],
    ["0h0m", 0],
    ["1s", 180],
    ["500ms", 180],
    ["179s", 180],
    ["181s", 181],
    ["1h30m", 5_400],
    ["1.5h", 5_400],
    ["+.5h", 1_800],
    ["24h", 86_400],
    ["3m1us", 180],
    ["200000µs3m", 180],
  ];
  for (const [text, seconds] of cases) assert.deepEqual(parsePeriod(text), { text, seconds });
  assert.deepEqual(parsePeriod(" 5m "), { text: "5m", seconds: 300 });
});

Deno.test("times are what Go takes for RFC 3339, and print with three decimals, cut", () => {
  const valid: [string, string][] = [
    ["2021-01-01T00:00:00Z", "2021-01-01T00:00:00.000Z"],
    ["2021-01-01T00:00:00.1Z", "2021-01-01T00:00:00.100Z"],
    ["2021-01-01T00:00:00.9999999+08:00", "2021-01-01T00:00:00.999+08:00"],
    ["2021-01-01T00:00:00,5-03:30", "2021-01-01T00:00:00.500-03:30"],
    ["2021-01-01T00:00:00+00:00", "2021-01-01T00:00:00.000Z"],
    ["2024-02-29T23:59:59Z", "2024-02-29T23:59:59.000Z"],
    ["0000-01-01T00:00:00Z", "0000-01-01T00:00:00.000Z"],
  ];
  for (const [text, printed] of valid) {
    assert.ok(isTime(text), text);
    assert.equal(printTime(text), printed);
  }
  const wrong = [
    "",
    "2021-01-01",
    "2021-01-01 00:00:00Z",
    "2021-01-01t00:00:00z",
    "2021-01-01T00:00:00",
    "2021-02-29T00:00:00Z",
    "1900-02-29T00:00:00Z",
    "2021-13-01T00:00:00Z",
    "2021-01-01T24:00:00Z",
    "2021-01-01T23:59:60Z",
    "2021-01-01T00:00:00+0530",
    "10000-01-01T00:00:00Z",
    "2021-01-01T00:00:00Z\n",
    "0000-01-01T00:00:00+23:00",
    "9999-12-31T23:59:59-23:00",
  ];
  for (const text of wrong) assert.equal(isTime(text), false, text);
  assert.equal(timeOf("2021-01-01T00:00:00+08:00"), Date.parse("2020-12-31T16:00:00Z"));
  assert.ok(timeOf("2021-01-01T00:00:00.0002Z") > timeOf("2021-01-01T00:00:00.0001Z"));
});

Deno.test("indexUrl joins as a user means it", () => {
  const cases: [string, string][] = [
    ["http://h", "http://h/index.yaml"],
    ["http://h/", "http://h/index.yaml"],
    ["http://h/a//", "http://h/a/index.yaml"],
    ["http://h/a/index.yaml", "http://h/a/index.yaml"],
    ["http://h/a/index.json?x=1", "http://h/a/index.json?x=1"],
    ["http://h/a%2Fb/c%20d", "http://h/a%2Fb/c%20d/index.yaml"],
    ["http://h/p?token=a%2Bb&x=/", "http://h/p/index.yaml?token=a%2Bb&x=/"],
    ["http://h/my-index.yaml", "http://h/my-index.yaml/index.yaml"],
  ];
  for (const [url, index] of cases) assert.equal(indexUrl(url).href, index);
});

Deno.test("letters match in any case, as Go lowers them", () => {
  assert.ok(contains("Redis", "REDIS"));
  assert.ok(contains("Ärger", "ärG"));
  assert.ok(contains("İstanbul", "istanbul"));
  assert.ok(contains("ΣΑΣ", "σασ"));
  assert.equal(contains("straße", "STRASSE"), false);
  assert.equal(contains("redis", "redis "), false);
});

Deno.test("paging falls back to ten from the start, and slices as KubeSphere does", () => {
  const items = Array.from({ length: 25 }, (_, i) => i);
  const page = (query: string) => {
    const parameters = new URLSearchParams(query);
    return slice(items, parsePaging((name) => parameters.get(name) ?? undefined));
  };
  const range = (from: number, to: number) => items.slice(from, to);
  assert.deepEqual(page(""), range(0, 10));
  assert.deepEqual(page("paging=limit=-1,page=3"), items);
  assert.deepEqual(page("paging=limit=-5,page=1"), []);
  assert.deepEqual(page("paging=limit=10,page=0"), []);
  assert.deepEqual(page("paging=limit=10, page=2"), range(0, 10));
  assert.deepEqual(page("paging=page=2,limit=5"), range(0, 10));
  assert.deepEqual(page("paging=x&limit=3&page=2"), range(0, 10));
  assert.deepEqual(page("limit=3&page=2"), range(3, 6));
  assert.deepEqual(page("limit=3&start=24"), range(24, 25));
  assert.deepEqual(page("limit=3&start=26"), []);
  assert.deepEqual(page("limit=3&start=abc&page=2"), range(3, 6));
  assert.deepEqual(page("limit=99999999999999999999"), range(0, 10));
});

Deno.test("conditions split at the first operator, and the last of a key counts", () => {
  const read = (text: string) => {
    const { exact, fuzzy } = parseConditions(text);
    return [Object.fromEntries(exact), Object.fromEntries(fuzzy)];
  };
  assert.deepEqual(read("key1=value1,key2~value2,key3=,key4~,key5"), [
    { key1: "value1", key3: "", key5: "" },
    { key2: "value2", key4: "" },
  ]);
  assert.deepEqual(read("a=b=c,b=b~c"), [{ a: "b=c", b: "b~c" }, {}]);
  assert.deepEqual(read("a~b=c,,k=v,k=w"), [{ k: "w" }, { a: "b=c" }]);
  assert.deepEqual(read("a=(x) y"), [{ a: "(x) y" }, {}]);
  for (const text of ["a b=c", " a=b", "a[0]=1", "(x)"]) {
    assert.throws(() => parseConditions(text), { code: "invalid_conditions" });
  }
});

Deno.test("a secret opens with any of the keys, and only in the place that it was sealed for", async () => {
  const key = (byte: number) => new Uint8Array(32).fill(byte);
  const place = { owner: "repo-1", field: "credential" } as const;
  const old = await createSecrets([key(1)]);
  const sealed = await old.seal(place, canary("hush"));
  assert.notDeepEqual(sealed, await old.seal(place, canary("hush")));
  assert.equal(await (await createSecrets([key(2), key(1)])).open(place, sealed), canary("hush"));
  await assert.rejects((await createSecrets([key(2)])).open(place, sealed), SecretUnreadable);
  await assert.rejects(old.open({ ...place, owner: "repo-2" }, sealed), SecretUnreadable);
  await assert.rejects(old.open({ ...place, field: "webhook" }, sealed), SecretUnreadable);
});

Deno.test("a sealed value that is changed, or cut off, anywhere opens nowhere", async () => {
  const secrets = await createSecrets([new Uint8Array(32).fill(1)]);
  const place = { owner: "repo-1", field: "webhook" } as const;
  const sealed = await secrets.seal(place, "hush");
  for (let bit = 0; bit < sealed.length * 8; bit++) {
    const changed = sealed.with(bit >> 3, sealed[bit >> 3]! ^ 1 << (bit & 7));
    await assert.rejects(secrets.open(place, changed), SecretUnreadable, `bit ${bit}`);
  }
  for (let length = 0; length < sealed.length; length++) {
    await assert.rejects(secrets.open(place, sealed.subarray(0, length)), SecretUnreadable);
  }
});

Deno.test("what the first key sealed is not sealed anew, and what no key opens cannot be", async () => {
  const key = (byte: number) => new Uint8Array(32).fill(byte);
  const place = { owner: "repo-1", field: "webhook" } as const;
  const old = await createSecrets([key(1)]), both = await createSecrets([key(2), key(1)]);
  const sealed = await old.seal(place, "hush");
  assert.equal(await old.reseal(place, sealed), undefined);
  const fresh = await both.reseal(place, sealed);
  assert.equal(await (await createSecrets([key(2)])).open(place, fresh!), "hush");
  assert.equal(await both.reseal(place, fresh!), undefined);
  await assert.rejects(old.reseal(place, fresh!), SecretUnreadable);
});

Deno.test("of many that make the key file at once, all have the same key", async () => {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/deep/secret.key`;
  const made = await Promise.all(Array.from({ length: 8 }, () => loadOrMakeKey(path)));
  assert.equal(new Set(made.map((key) => key.toHex())).size, 1);
  assert.equal((await Deno.stat(path)).mode! & 0o777, 0o600);
  assert.deepEqual(await Array.fromAsync(Deno.readDir(`${folder}/deep`), ({ name }) => name), [
    "secret.key",
  ]);
  for (const text of ["AAAA", "", "what is no base64"]) {
    await Deno.writeTextFile(path, text);
    await assert.rejects(loadOrMakeKey(path), /does not hold 32 bytes in base64/);
    assert.equal(await Deno.readTextFile(path), text);
  }
  await Deno.remove(folder, { recursive: true });
});

Deno.test("URLs in errors lose userinfo and query, and nothing else", () => {
  const table = [
    ["for url (http://h/p?token=hush): tcp", "for url (http://h/p): tcp"],
    ["to 'https://me:hush@h:1/?t=hush': x", "to 'https://h:1/': x"],
    ["http://h?hush#hush and s3://k:hush@b/c", "http://h and s3://b/c"],
    ["http://h/a@b ok? 1", "http://h/a@b ok? 1"],
    ["at f (file:///src/a.ts:1:2)", "at f (file:///src/a.ts:1:2)"],
  ] as const;
  for (const [text, expected] of table) assert.equal(withoutUrlSecrets(text), expected);
});
