/** The tabs of an app's page that show its archive: what each shows, of good charts and hostile ones. */

import assert from "node:assert/strict";
import { createApp } from "../../routes/app.ts";
import { STALL_MS } from "../../routes/support/stream.ts";
import { type Chartroom, withChartroom } from "../support/chartroom.ts";
import { canary } from "../support/canary.ts";
import {
  type ChartFiles,
  largeValues,
  SCHEMA,
  serveCharts,
  TEMPLATES,
  VALUES,
} from "../support/files_of_charts.ts";
import { eventually } from "../support/process.ts";
import type { Upstream } from "../support/upstream.ts";

/** No test is about how much may be asked for, and the clock stands still. */
const OPTIONS = { environment: { CHARTROOM_RATE_LIMIT: "off" } };
const FILES: ChartFiles = { "values.yaml": VALUES, "values.schema.json": SCHEMA, ...TEMPLATES };
const HOSTILE = '"><script>alert(1)</script>';

type Get = (
  path: string,
  headers?: HeadersInit,
) => Promise<{ status: number; text: string; headers: Headers }>;

/** Runs a test with the pages of a chart whose versions have these files. */
function withPages(
  versions: Readonly<Record<string, ChartFiles>>,
  test: (get: Get, upstream: Upstream) => Promise<void>,
  more?: Parameters<typeof serveCharts>[3],
): Promise<void> {
  return withChartroom(async (chartroom, upstream) => {
    const id = await serveCharts(chartroom, upstream, versions, more);
    await test(pagesOf(chartroom, id), upstream);
  }, OPTIONS);
}

/** Gets pages of an app, by what follows its id in their paths. */
function pagesOf({ services }: Chartroom, id: string): Get {
  const app = createApp(services);
  return async (path, more) => {
    const headers = new Headers(more);
    headers.set("accept", "text/html");
    const response = await app.request(`http://localhost/apps/${id}${path}`, { headers });
    return { status: response.status, headers: response.headers, text: await response.text() };
  };
}

/** What people read of a page. */
const shown = (html: string) =>
  html.slice(html.indexOf("<main")).replaceAll(/<[^>]*>/g, "").replaceAll(/\s+/g, " ");

Deno.test("values are shown in colours, with an outline, for the version that is asked for", () =>
  withPages({ "1.0.0": { "values.yaml": "old: 1\n" }, "1.1.0": FILES }, async (get) => {
    const { status, text } = await get("/values");
    assert.equal(status, 200);
    assert.match(text, /<title>Values · harbour 1\.1\.0 · Chartroom<\/title>/);
    assert.match(text, /<span class="l" id="L3"><span class="k">replicaCount<\/span>/);
    assert.match(text, /<span class="c"># as of today<\/span>/);
    assert.match(text, /<a href="#L4">image <span class="count">4<\/span><\/a>/);
    assert.match(text, /download\?version=1\.1\.0&amp;file=values\.yaml"/);
    assert.match(text, /19 lines/);
    const older = await get("/values?version=1.0.0");
    assert.match(older.text, /<span class="k">old<\/span>/);
    assert.equal((await get("/values?version=9.9.9")).status, 404);
    const chinese = await get("/values", { "accept-language": "zh-CN" });
    assert.match(shown(chinese.text), /顶层键/);
    assert.match(shown(chinese.text), /19 行/);
  }));

Deno.test("contents of strangers are texts, wherever they stand", () => {
  const files = {
    "values.yaml": `${HOSTILE}: ${HOSTILE} # ${HOSTILE}\n`,
    "values.schema.json": JSON.stringify({
      title: HOSTILE,
      properties: { [HOSTILE]: { description: HOSTILE, type: HOSTILE, enum: [HOSTILE] } },
      patternProperties: { [HOSTILE]: { $ref: HOSTILE, default: { [HOSTILE]: HOSTILE } } },
    }),
    [`templates/${HOSTILE}.yaml`]: `{{ ${HOSTILE} }}`,
    "templates/turned\u202earound.txt": "a\u202eb",
  };
  const more = { appVersion: HOSTILE, kubeVersion: HOSTILE, dependencies: [{ name: HOSTILE }] };
  return withPages(
    { "1.0.0": files, "1.1.0": { ...files, "values.yaml": HOSTILE } },
    async (get) => {
      const name = encodeURIComponent(`templates/${HOSTILE}.yaml`);
      const paths = [
        "/values",
        "/schema",
        `/templates?file=${name}`,
        `/templates?file=${encodeURIComponent(HOSTILE)}`,
        "/diff",
        `/diff?file=${encodeURIComponent(HOSTILE)}`,
        `/values?version=${encodeURIComponent(HOSTILE)}`,
      ];
      for (const path of paths) {
        const { text } = await get(path);
        assert.doesNotMatch(text, /<script>alert/, path);
      }
      const { text } = await get("/templates?file=templates/turned%E2%80%AEaround.txt");
      assert.match(shown(text), /turned\\u\{202e\}around/);
      assert.match(shown(text), /characters in this file that are not seen/);
    },
    { "1.0.0": more },
  );
});

Deno.test("what a version does not have is told in its place", () =>
  withPages({ "1.0.0": {}, "1.1.0": { "values.yaml": "" } }, async (get, upstream) => {
    const table: [path: string, status: number, told: RegExp][] = [
      ["/values?version=1.0.0", 200, /has no values\.yaml/],
      ["/values", 200, /This file is empty/],
      ["/schema", 200, /has no values\.schema\.json/],
      ["/templates?file=gone.yaml", 200, /has no file gone\.yaml/],
      ["/diff?file=gone.yaml", 200, /has no file gone\.yaml/],
      ["/diff?from=1.0.0&to=1.0.0", 200, /the same version/],
      ["/diff?from=3.0.0", 404, /no version/],
    ];
    for (const [path, status, told] of table) {
      const page = await get(path);
      assert.equal(page.status, status, path);
      assert.match(shown(page.text), told, path);
    }
    assert.equal(upstream.requests.filter(({ path }) => path.endsWith(".tgz")).length, 2);
  }));

Deno.test("an archive that is not to be had is told within the frame, with why", () =>
  withPages({ "1.0.0": FILES, "1.1.0": FILES }, async (get, upstream) => {
    upstream.serve("/harbour-1.1.0.tgz", "no archive");
    for (const path of ["/values", "/schema", "/templates", "/diff"]) {
      const { status, text } = await get(path);
      assert.equal(status, 502, path);
      assert.match(shown(text), /The archive of this version cannot be read/, path);
      assert.match(text, /<nav class="tabs"/, path);
    }
    assert.equal((await get("/values?version=1.0.0")).status, 200);
    assert.equal((await get("/download?file=values.yaml")).status, 502);
  }));

Deno.test("a schema is a tree; one that is none is shown as it is", () =>
  withPages({
    "1.0.0": FILES,
    "1.1.0": { "values.schema.json": "{ no json" },
    "1.2.0": { "values.schema.json": "[1]" },
    "1.3.0": {
      "values.schema.json": `{"properties": {${'"a":{"$ref":"#"},'.repeat(9)} "z": ${
        '{"items":'.repeat(100)
      }{}${"}".repeat(100)}}}`,
    },
  }, async (get) => {
    const { text } = await get("/schema?version=1.0.0");
    const read = shown(text);
    assert.match(read, /replicaCount integer required ?Piers ?Default 2at least 1at most 9/);
    assert.match(read, /Exactly one of these/);
    assert.match(read, /As #\/definitions\/light, in which it stands/);
    const broken = await get("/schema?version=1.1.0");
    assert.match(shown(broken.text), /is not JSON.*no json/);
    const list = await get("/schema?version=1.2.0");
    assert.match(shown(list.text), /is no schema/);
    const deep = await get("/schema?version=1.3.0");
    assert.match(shown(deep.text), /larger than what is shown here/);
  }));

Deno.test("all files are listed, and the chosen one is shown, or why it is not", () =>
  withPages({
    "1.0.0": {
      ...FILES,
      "with,comma.txt": "x",
      "large.txt": "x".repeat(1_100_000),
      "latin.txt": new Uint8Array([0xe9, 0x20, 0xe8]),
    },
  }, async (get) => {
    const { text } = await get("/templates");
    assert.match(text, /aria-current="true"[^>]*><bdi>deployment\.yaml/);
    assert.match(text, /<span class="t">\{\{ \.Values\.replicaCount \}\}<\/span>/);
    for (const name of ["_helpers.tpl", "NOTES.txt", "pier.yaml", "Chart.yaml", "lamp.yaml"]) {
      assert.ok(text.includes(`<bdi>${name}</bdi>`), name);
    }
    const table = [
      ["files/logo.bin", /This file is no text/],
      ["latin.txt", /This file is no text/],
      ["large.txt", /too large to be shown/],
      ["with,comma.txt", /because of its name/],
      ["templates/NOTES.txt", /Welcome to the harbour/],
    ] as const;
    for (const [file, told] of table) {
      const page = await get(`/templates?file=${encodeURIComponent(file)}`);
      assert.match(shown(page.text), told, file);
    }
  }));

Deno.test("a file is downloaded as it is, and never opened as a page", () =>
  withPages({ "1.0.0": { ...FILES, "odd (1)'\u00e9.html": HOSTILE } }, async (get) => {
    const file = encodeURIComponent("odd (1)'\u00e9.html");
    const { status, headers, text } = await get(`/download?file=${file}`);
    assert.deepEqual([status, text], [200, HOSTILE]);
    assert.equal(headers.get("content-type"), "application/octet-stream");
    assert.match(headers.get("content-disposition")!, /^attachment; filename\*=UTF-8''[\w%.]+$/);
    assert.match(headers.get("content-security-policy")!, /sandbox/);
    assert.equal(headers.get("x-content-type-options"), "nosniff");
    assert.equal((await get("/download?file=gone")).status, 404);
  }));

Deno.test("a download is read from the API as it is read, and its archive is let go when it ends", () =>
  withChartroom(async (chartroom, upstream) => {
    const large = "0123456789".repeat(1_000_000);
    const id = await serveCharts(chartroom, upstream, { "1.0.0": { "large.txt": large, "o": "" } });
    const { archives } = chartroom.services;
    const { lend } = archives;
    let held = 0;
    archives.lend = (archive) => {
      const release = lend(archive);
      held++;
      return () => {
        held--;
        release();
      };
    };
    const app = createApp(chartroom.services);
    const open = (file: string, method = "GET") =>
      app.request(`http://localhost/apps/${id}/download?file=${file}`, { method });
    assert.equal(await (await open("large.txt")).text(), large);
    assert.equal(await (await open("o")).text(), "");
    assert.equal((await open("large.txt", "HEAD")).status, 200);
    assert.equal(held, 0);
    const reader = (await open("large.txt")).body!.getReader();
    const { value } = await reader.read();
    assert.ok(value!.length < 1_000_000, `${value!.length}`);
    assert.equal(held, 1, "the rest is not there yet");
    await reader.cancel();
    await eventually(() => Promise.resolve(held), (count) => count === 0);
  }, OPTIONS));

Deno.test("a download that nobody reads on is cut off", () =>
  withChartroom(async (chartroom, upstream) => {
    const large = "0123456789".repeat(1_000_000);
    const id = await serveCharts(chartroom, upstream, { "1.0.0": { "large.txt": large } });
    const { setTimeout: real } = globalThis;
    const stalls: (() => void)[] = [];
    Object.assign(globalThis, {
      setTimeout: (run: () => void, ms?: number) => {
        if (ms === STALL_MS) stalls.push(run);
        return real(run, ms);
      },
    });
    try {
      const app = createApp(chartroom.services);
      const { body } = await app.request(`http://localhost/apps/${id}/download?file=large.txt`);
      const reader = body!.getReader();
      await reader.read();
      stalls.at(-1)!();
      await assert.rejects(reader.read(), /does not read/);
    } finally {
      Object.assign(globalThis, { setTimeout: real });
    }
  }, OPTIONS));

Deno.test("two versions are compared: the newest with the one before, or those that are chosen", () =>
  withPages({
    "1.0.0": FILES,
    "1.1.0": { ...FILES, "values.yaml": VALUES.replace("replicaCount: 2", "replicaCount: 3") },
    "1.2.0": { "values.yaml": VALUES, "templates/more.yaml": "a: 1\n" },
  }, async (get) => {
    const first = shown((await get("/diff")).text);
    assert.match(first, /App version ?4\.14\.2/);
    assert.match(first, /beacon ?1\.0\.0 · https:\/\/example\.org2\.0\.0/);
    assert.match(first, /-removed ?templates|removed ?templates\/service\.yaml/);
    assert.match(first, /added ?templates\/more\.yaml/);
    const chosen = await get("/diff?from=1.0.0&to=1.1.0");
    assert.match(
      chosen.text,
      /<del class="d" data-from="3" data-to="">-replicaCount: <mark>2<\/mark>/,
    );
    assert.match(chosen.text, /<ins class="d" data-from="" data-to="3">\+replicaCount: <mark>3/);
    assert.match(shown(chosen.text), /Lines added: 1, removed: 1/);
    assert.match(shown(chosen.text), /\d+ lines without changes/);
    assert.match(chosen.text, /<option value="1\.0\.0" selected/);
    // Ends of what is compared may be files of one version alone.
    const gone = await get("/diff?from=1.1.0&to=1.2.0&file=templates/service.yaml");
    assert.match(gone.text, /<del class="d" data-from="1" data-to="">-kind: Service/);
    const binary = await get("/diff?from=1.1.0&to=1.2.0&file=files/logo.bin");
    assert.match(shown(binary.text), /This file is no text.*in version 1\.1\.0/);
    const same = await get("/diff?from=1.0.0&to=1.1.0&file=README.md");
    assert.match(shown(same.text), /the same in both versions/);
  }, {
    "1.1.0": {
      appVersion: "4.1",
      dependencies: [{ name: "beacon", version: "1.0.0", repository: "https://example.org" }],
    },
    "1.2.0": { appVersion: "4.2", dependencies: [{ name: "beacon", version: "2.0.0" }] },
  }));

Deno.test("with one version there is nothing to compare", () =>
  withPages({ "1.0.0": FILES }, async (get) => {
    assert.match(shown((await get("/diff")).text), /There is only one version/);
  }));

Deno.test("values of a large chart come in parts, and weigh less than 100 KB", () =>
  withPages({ "1.0.0": { "values.yaml": largeValues().repeat(2) } }, async (get) => {
    const { text } = await get("/values");
    assert.match(shown(text), /Lines 1 to 8,000 of 11,570/);
    const second = (await get("/values?page=2")).text;
    // Lines are counted on from where the part begins.
    assert.deepEqual(second.match(/class="ten-\d"/g)?.length, 8);
    assert.match(shown(second), /Lines 8,001 to 11,570 of 11,570/);
    const bytes = new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"));
    const weight = (await new Response(bytes).arrayBuffer()).byteLength;
    assert.ok(weight < 60_000, `${weight}`);
  }));

Deno.test("who may not see an app does not see its files", () => {
  const environment = {
    CHARTROOM_ADMIN_TOKEN: canary("token"),
    CHARTROOM_ANONYMOUS_READ: "false",
  };
  return withChartroom(async (chartroom) => {
    const get = pagesOf(chartroom, "app-x");
    for (const tab of ["values", "schema", "templates", "diff", "download"]) {
      const { status, headers } = await get(`/${tab}`);
      assert.equal(status, 303);
      assert.match(headers.get("location")!, /^\/sign-in\?/);
    }
  }, { environment });
});
