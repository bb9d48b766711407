/** Checks of functions that KubeSphere has too, by the groups of its vectors. */

import assert from "node:assert/strict";
import { Hono } from "hono";
import { isTrue, parseConditions } from "../../routes/support/conditions.ts";
import { parsePaging, slice } from "../../routes/support/paging.ts";
import { contains } from "../../src/catalog/text.ts";
import { parseConstraint, satisfies } from "../../src/helm/constraint.ts";
import { isTime, printTime, timeOf } from "../../src/helm/time.ts";
import { compareVersions, newestFirst, parseVersion } from "../../src/helm/version.ts";
import { parsePeriod } from "../../src/sync/period.ts";
import { parseRepoInput } from "../../src/sync/repo_input.ts";
import { withChartroom } from "../support/chartroom.ts";
import { indexOf } from "../support/upstream.ts";

// deno-lint-ignore no-explicit-any -- each group has a shape of its own
type Group = any;
export type Vectors = Record<string, Group>;

/** Groups for which there is no function, and why. */
export const NOT_OURS: Readonly<Record<string, string>> = {
  ShortenString: "texts that are too long are refused, and not cut",
};

/** JavaScript's numbers end before Go's do; such lists do not exist. */
const SAFE = 2n ** 53n;
/** The time span in which Go's nanoseconds of the epoch do not wrap around. */
const NANOS = { from: Date.parse("1678-01-01"), to: Date.parse("2262-01-01") };
/** Longer periods are refused. */
const YEAR_S = 365 * 86_400;

/** The check of each group. */
export const GROUPS: Readonly<Record<string, (group: Group) => void | Promise<void>>> = {
  ParsePaging(group) {
    for (const { query, limit, offset } of group) {
      const parameters = new URLSearchParams(query);
      const paging = parsePaging((name) => parameters.get(name) ?? undefined);
      if (BigInt(limit) > SAFE || BigInt(offset) > SAFE || BigInt(offset) < -SAFE) continue;
      // Go's product of page and limit wraps.
      if (/\d{17}/.test(query)) continue;
      assert.deepEqual(paging, { limit: Number(limit), offset: Number(offset) }, query);
    }
  },
  GetValidPagination(group) {
    for (const { total, limit, offset, start, end, panics } of group) {
      if (panics) continue;
      const items = Array.from({ length: Number(total) }, (_, i) => i);
      const page = slice(items, { limit: Number(limit), offset: Number(offset) });
      const expected = items.slice(Number(start), Number(end));
      assert.deepEqual(page, expected, JSON.stringify({ total, limit, offset }));
    }
  },
  parseConditions(group) {
    for (const { input, ...expected } of group) checkConditions(input, input, expected);
  },
  async conditionsFromRawQuery(group) {
    for (const { rawQuery, ...expected } of group) {
      // Go drops a parameter with a semicolon or a broken escape, and puts U+FFFD for what is no
      // UTF-8; here such letters stay as they are written.
      if (/;|%zz|%ff|%bd$/.test(rawQuery)) continue;
      checkConditions(rawQuery, await queried(rawQuery), expected);
    }
  },
  GetBoolValueWithDefault(group) {
    for (const { value, defaultFalse } of group) assert.equal(isTrue(value), defaultFalse, value);
  },
  keywordMatch({ cases }) {
    for (const { keyword, match, name } of cases) {
      assert.equal(contains(name, keyword), match, `${keyword} in ${name}`);
    }
  },
  timeFormat({ cases }) {
    // Go 1.19 reads an hour of one digit and offsets beyond a day, which RFC 3339 does not know.
    const lenient = /T\d:|[+-](24:|\d\d:60)/;
    for (const { input, api, error } of cases) {
      assert.equal(isTime(input), error === undefined && !lenient.test(input), input);
      if (isTime(input)) assert.equal(printTime(input), api);
    }
  },
  jsonString({ cases }) {
    for (const { inputHex, json } of cases) {
      const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(
        Uint8Array.fromHex(inputHex),
      );
      // Go escapes more letters than it must; what they say is the same.
      assert.equal(JSON.parse(JSON.stringify(text)), JSON.parse(json), json);
    }
  },
  semver({ parse = [], ascendingGroups }) {
    for (const { input, valid, major, minor, patch, prerelease } of parse) {
      const version = parseVersion(input);
      assert.equal(version !== undefined, valid, input);
      if (!valid) continue;
      assert.deepEqual(version!.core, [major, minor, patch], input);
      assert.equal(version!.prerelease.join("."), prerelease, input);
    }
    checkOrder(ascendingGroups);
  },
  library({ versions, ascending, constraints }) {
    for (const { text, valid } of versions) {
      assert.equal(parseVersion(text) !== undefined, valid, text);
    }
    checkOrder(ascending);
    const texts = (versions as { text: string }[]).map(({ text }) => text);
    for (const expected of constraints) checkConstraint(texts, expected);
  },
  indexSortEntries({ sets }) {
    for (const { input, sorted } of sets) {
      const ours = newestFirst(input.map((version: string) => ({ version, created: 0 })));
      // Among equals the order is that of Go's sort, which means nothing.
      const ranks = (versions: string[]) => versions.map((version) => rankOf(version, sorted));
      assert.deepEqual(ranks(ours.map(({ version }) => version)), ranks(sorted));
    }
  },
  sortVersions({ sets }) {
    for (const { input, ascending } of sets) {
      // What is behind a space is no part of the version there, and makes it none here.
      const known = input.filter(({ version }: Group) => !version.includes(" "));
      const dated = known.map(({ version, versionName, created }: Group) => (
        { version, name: versionName, created: Date.parse(created) }
      ));
      const names = newestFirst<Group>(dated).map(({ name }) => name).reverse();
      assert.deepEqual(names, ascending.filter((name: string) => names.includes(name)));
    }
  },
  async sortApps({ sets }) {
    for (const set of sets) await checkApps(set);
  },
  syncPeriod({ cases }) {
    for (const { input, create, error, nanoseconds } of cases) {
      // Space around it is no mistake, and less than a nanosecond is not nothing.
      if (input !== input.trim() || nanoseconds === "0" && /[1-9]/.test(input)) continue;
      const negative = /^-(?!0$)/.test(input);
      if (error !== undefined || negative || create > YEAR_S) {
        assert.throws(() => parsePeriod(input), { code: "invalid_field" }, input);
      } else assert.equal(parsePeriod(input).seconds, create, input);
    }
  },
  repoUrl({ cases }) {
    for (const expected of cases) checkUrl(expected);
  },
};

function checkConditions(message: string, text: string, { match, fuzzy, error }: Group): void {
  if (error !== undefined) {
    assert.throws(() => parseConditions(text), { code: "invalid_conditions" }, message);
    return;
  }
  const found = parseConditions(text);
  assert.deepEqual(Object.fromEntries(found.exact), match, message);
  assert.deepEqual(Object.fromEntries(found.fuzzy), fuzzy, message);
}

/** The parameter `conditions` as a route gets it. */
async function queried(rawQuery: string): Promise<string> {
  const app = new Hono().get("/", (c) => c.text(c.req.query("conditions") ?? ""));
  return await (await app.request(`/?${rawQuery}`)).text();
}

function checkOrder(groups: string[][]): void {
  const flat = groups.flatMap((group, rank) =>
    group.map((text) => ({ text, rank, version: parseVersion(text) }))
  );
  for (const a of flat) {
    for (const b of flat) {
      const order = Math.sign(compareVersions(a.version, b.version));
      assert.equal(order, Math.sign(a.rank - b.rank), `${a.text} and ${b.text}`);
    }
  }
}

function checkConstraint(texts: string[], { constraint, matches, error }: Group): void {
  if (error !== undefined) {
    assert.throws(() => parseConstraint(constraint), { name: "ConstraintError" }, constraint);
    return;
  }
  const parsed = parseConstraint(constraint);
  const admitted = texts.filter((text) => {
    const version = parseVersion(text);
    return version !== undefined && satisfies(version, parsed);
  });
  assert.deepEqual(admitted, matches, constraint);
}

/** The place of the first version in a list that is equal to this one. */
function rankOf(version: string, sorted: string[]): number {
  return sorted.findIndex((other) =>
    compareVersions(parseVersion(other), parseVersion(version)) === 0
  );
}

/** Apps are sorted where they are stored, so it takes a Chartroom to see it. */
async function checkApps({ input, ascending, reverse }: Group): Promise<void> {
  const within = (time: number) => time >= NANOS.from && time < NANOS.to;
  const isFirst = (created: string) => created.startsWith("0001-");
  const wraps = (input as Group[]).some(({ created }) =>
    !within(timeOf(created)) && !isFirst(created)
  );
  const known = (input as Group[]).filter(({ created }) =>
    // The year 1 wraps into the 18th century, and comes first there too if nothing is before it.
    within(timeOf(created)) || !wraps && isFirst(created)
  )
    // Times count to the millisecond.
    .filter(({ created }) => !/\.\d{3}\d*[1-9]/.test(created));
  // An app that is made later than now is made now.
  const past = known.filter(({ name, created }) =>
    name !== "" && timeOf(created) < Date.parse("2026-01-01")
  );
  const names = new Set(past.map(({ name }) => name));
  await withChartroom(async ({ call, register }, upstream) => {
    const charts = past.map(({ name, created }) => [name, [{ version: "1.0.0", created }]]);
    upstream.serve("/index.yaml", indexOf(Object.fromEntries(charts)));
    const id = await register(upstream.url);
    const list = async (more: string) =>
      (await call("GET", `/v1/apps?conditions=repo_id=${id}&limit=-1${more}`)).body.items
        .map(({ name }: Group) => name);
    const only = (all: string[]) => all.filter((name) => names.has(name));
    const [up, down] = [await list(""), await list("&reverse=true")];
    assert.deepEqual(up, only(ascending));
    assert.deepEqual(down, only(reverse));
  });
}

function checkUrl({ input, stored, error, username, password }: Group): void {
  const http = /^https?:\/\/[^/]/i.test(input);
  // Refused: what is no web address, and letters that come from copying.
  const refused = error !== undefined || !/^(https?|s3):\/\/[^/]/i.test(input) ||
    /[\s#\\]|:\d+:|:99999/.test(input);
  if (refused) {
    assert.throws(() => parseRepoInput({ url: input }), { code: "invalid_field" }, input);
    return;
  }
  const { url, sealed } = parseRepoInput({ url: input });
  // The text stays as it is, where Go escapes letters and writes the scheme in lower case.
  const same = (text: string) =>
    encodeURI(decodeURI(text)).replace(/^HTTPS?/i, (it) => it.toLowerCase());
  assert.equal(same(url!), same(stored), input);
  const given = http && (username || password);
  const expected = given ? JSON.stringify({ username, password }) : undefined;
  assert.equal(sealed.credential, expected, input);
}
