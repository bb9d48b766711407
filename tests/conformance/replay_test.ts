/**
 * Recorded answers of a real KubeSphere, held against Chartroom's: every key that KubeSphere sends
 * must be there with the same value. What differs on purpose is named below.
 */

import assert from "node:assert/strict";
import { appId, appKey, versionId } from "../../src/helm/ids.ts";
import { type Body, startChartroom } from "../support/chartroom.ts";
import { startUpstream, type Upstream } from "../support/upstream.ts";

const SHARED = new URL("../../../shared/", import.meta.url);
const FILES = [
  "apps-paging",
  "apps-conditions",
  "apps-sort",
  "list-repos",
  "versions",
  "real-indexes",
];

interface Recording {
  name: string;
  before?: { op: string; step?: string }[];
  bind?: string;
  request: { method: string; path: string; contentType?: string; body?: string; user?: string };
  response: { status: number; body: string; connectionClosed?: boolean };
  unstable?: boolean;
}

/** A difference by its name: where in the answer it may be, or the statuses that it is about. */
const DIFFERENCES: Record<string, (at: string, theirs: unknown, ours: unknown) => boolean> = {
  "times of repositories are those of this run": (at) =>
    /^(items\.\d+\.)?(create_time|status_time)$/.test(at),
  "a repository is synced as soon as it is made": (at, theirs, ours) =>
    /^(items\.\d+\.)?status$/.test(at) && theirs === "syncing" && ours === "successful",
  "there are no users yet": (at, _theirs, ours) =>
    /(creator|owner)$/.test(at) && ours === undefined,
  "update_time is when the newest version was made": (at) =>
    /^(items\.\d+\.)?update_time$/.test(at),
};

/** Whole answers that differ on purpose, by the recording's name, with the status that is ours. */
const OTHER_ANSWERS: [file: string, name: RegExp, status: number, why: string][] = [
  ["apps-paging", /9223372036854775807&start=25|4611686018427387904/, 200, "numbers do not wrap"],
  ["apps-paging", /^foreign workspace route$/, 404, "a workspace sees its own repositories"],
  ["apps-paging", /^before the first sync$/, 200, "an empty page until the first sync"],
  ["apps-conditions", /repo_id={{repo.c}}\|{{repo.b}}$/, 200, "several repositories at once"],
  ["apps-conditions", /repo_id= {{repo.c}}$|repo_id=repo-none$/, 404, "not found is 404"],
  ["apps-conditions", /repo_id=repo-helm/, 404, "there is no app store"],
  ["apps-conditions", /repo_id~|app_id~|status~/, 400, "`~` is for some conditions"],
  ["apps-conditions", /(keywords|repo_name|description|workspace|version_id)=/, 400, "unknown"],
  ["apps-conditions", /conditions (=x|~x)$|na\sme=x$/, 400, "unknown conditions"],
  ["apps-conditions", /keyword=redis\|kafka$/, 200, "keyword takes several"],
  ["apps-conditions", /,name=kafka$/, 200, "`name=` is a condition"],
  ["apps-conditions", /^conditions (status=active|keyword=redis|=|)$/, 200, "all apps"],
  ["apps-conditions", /plain query is ignored|^workspace route, no repo/, 200, "all apps"],
  [
    "apps-conditions",
    /repo of another workspace$|^foreign workspace route$/,
    404,
    "a workspace sees its own repositories",
  ],
  ["apps-conditions", /^semicolon in query/, 404, "a semicolon is a letter like any other"],
  ["apps-sort", /orderBy=(name|update_time|status)/, 200, "orderBy is followed"],
  ["apps-sort", /orderBy=(?!create_time)./, 400, "an unknown order is refused"],
  ["apps-sort", /^v /, 200, "the latest version is the newest stable one"],
  ["list-repos", /orderBy=-name/, 400, "an unknown order is refused"],
  ["list-repos", /9223372036854775807&start=1/, 200, "numbers do not wrap"],
  ["list-repos", /conditions (=x|Keyword=redis|foo=bar)$|workspace~/, 400, "unknown conditions"],
  ["list-repos", /conditions (keyword|name)~redis$/, 200, "`~` is followed"],
  ["list-repos", /conditions (repo_id=|status=syncing)/, 200, "repo_id and status are conditions"],
  ["list-repos", /no valid label value$/, 400, "a workspace is a label's value"],
  ["list-repos", /^workspace label selector/, 400, "a workspace is a label's value"],
  ["versions", /^dups|^workspace query/, 200, "a version is listed once"],
  ["versions", /version_id=x$|name=1\.0\.0$/, 400, "unknown conditions are refused"],
  ["versions", /^foreign workspace$/, 404, "a workspace sees its own repositories"],
  ["versions", /^missing app$/, 404, "not found is 404"],
  ["versions", /^create version without/, 405, "there is no app store"],
];

const occurred = new Set<string>();

Deno.test("recorded answers of KubeSphere's lists are Chartroom's", async (t) => {
  for (const file of FILES) {
    const recordings: Recording[] = JSON.parse(
      await Deno.readTextFile(new URL(`golden/${file}.json`, SHARED)),
    );
    await t.step(`${file}: ${recordings.length} recordings`, () => replay(file, recordings));
  }
  await t.step("every named difference occurs", () => {
    const named = [...Object.keys(DIFFERENCES), ...OTHER_ANSWERS.map(String)];
    assert.deepEqual(named.filter((name) => !occurred.has(name)), []);
  });
});

async function replay(file: string, recordings: Recording[]) {
  const upstream = startUpstream();
  await serveFixtures(upstream);
  const chartroom = await startChartroom();
  const repos = new Map<string, string>();
  const wrong: string[] = [];
  const fill = (text: string) => substitute(text, repos, new URL(upstream.url).host);
  // After everything in the indexes.
  chartroom.clock.now = Date.parse("2027-01-01T00:00:00Z");
  let step = 60_000;
  for (const recording of recordings) {
    const { name, before = [], bind, request, response } = recording;
    for (const { op, step: text } of before) {
      if (op === "clock") step = text!.startsWith("0 ") ? 0 : 60_000;
    }
    const answer = await chartroom.call(
      request.method,
      fill(request.path),
      request.body && fill(request.body),
      request.contentType === undefined ? {} : { "content-type": request.contentType },
    );
    if (bind !== undefined && answer.status === 200) {
      repos.set(bind.replace("repo.", ""), answer.body.repo_id);
      await chartroom.services.syncer.idle();
      chartroom.clock.now += step;
    }
    const other = OTHER_ANSWERS.find(([of, pattern]) => of === file && pattern.test(name));
    if (other !== undefined) occurred.add(String(other));
    if (answer.status !== (other?.[2] ?? response.status)) {
      wrong.push(`${name}: ${answer.status} ${JSON.stringify(answer.body).slice(0, 200)}`);
    } else if (other === undefined && response.status === 200) {
      const theirs = JSON.parse(fill(response.body));
      for (const [at, a, b] of differences(theirs, answer.body, recording.unstable ?? false)) {
        const named = Object.entries(DIFFERENCES).find(([, covers]) => covers(at, a, b));
        if (named === undefined) {
          wrong.push(`${name}: ${at}: theirs ${JSON.stringify(a)}, ours ${JSON.stringify(b)}`);
        } else occurred.add(named[0]);
      }
    }
  }
  await chartroom.close();
  await upstream.close();
  assert.deepEqual(wrong.slice(0, 10), [], `${wrong.length} differences`);
}

/** Places in which two answers differ; keys that only ours has do not count. */
function* differences(
  theirs: Body,
  ours: Body,
  unordered: boolean,
  at: string[] = [],
): Generator<[string, unknown, unknown]> {
  if (typeof theirs !== "object" || theirs === null || typeof ours !== "object" || ours === null) {
    const same = theirs === ours || isJsonText(theirs) && sameJson(theirs, ours);
    if (!same) yield [at.join("."), theirs, ours];
    return;
  }
  if (unordered && Array.isArray(theirs)) {
    const names = (items: Body[]) => items.map(({ name }) => name).sort();
    if (JSON.stringify(names(theirs)) !== JSON.stringify(names(ours))) {
      yield [at.join("."), names(theirs), names(ours)];
    }
    return;
  }
  if (Array.isArray(theirs) && theirs.length !== ours.length) {
    yield [[...at, "length"].join("."), theirs.length, ours.length];
  }
  for (const key of Object.keys(theirs)) {
    yield* differences(theirs[key], ours[key], unordered, [...at, key]);
  }
}

function isJsonText(value: unknown): value is string {
  return typeof value === "string" && /^[[{]/.test(value);
}

function sameJson(a: string, b: unknown): boolean {
  if (!isJsonText(b)) return false;
  return typeof b === "string" && JSON.stringify(JSON.parse(a)) === JSON.stringify(JSON.parse(b));
}

function substitute(text: string, repos: Map<string, string>, charts: string): string {
  const repo = (alias: string) => repos.get(alias) ?? `{{repo.${alias}}}`;
  return text
    .replaceAll("{{charts}}", charts)
    .replace(/\{\{repo\.([^}]+)\}\}/g, (_, alias) => repo(alias))
    .replace(/\{\{app\.([^.}]+)\.([^}]+)\}\}/g, (_, alias, key) => appId(repo(alias), appKey(key)))
    .replace(
      /\{\{ver\.([^.}]+)\.([^}]+?)@([^}]+)\}\}/g,
      (_, alias, key, version) => versionId(repo(alias), key, version.replace(/#\d+$/, "")),
    );
}

async function serveFixtures(upstream: Upstream) {
  const host = new URL(upstream.url).host;
  const serve = async (folder: URL, prefix: string) => {
    for await (const { name, isFile } of Deno.readDir(folder)) {
      if (!isFile) continue;
      const bytes = await Deno.readFile(new URL(name, folder));
      const path = `${prefix}/${name.replace(".yaml", "")}/index.yaml`;
      if (name.includes("utf16") || name.includes("latin1")) upstream.serve(path, bytes);
      else {
        const text = new TextDecoder().decode(bytes).replaceAll("{{charts}}", host);
        // KubeSphere takes what has no date for the oldest of all, and so it is here.
        const date = '    created: "0001-01-01T00:00:00Z"';
        upstream.serve(
          path,
          text.replace(/- name: "?(nodate-|gamma).*\n/g, `$&${date}\n`),
        );
      }
    }
  };
  await serve(new URL("golden/fixtures/", SHARED), "/fx");
  await serve(new URL("golden/fixtures/parse/", SHARED), "/parse");
  await serve(new URL("indexes/", SHARED), "");
}
