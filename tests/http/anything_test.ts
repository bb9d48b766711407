/** Whatever comes, the answer is one that was meant: never a 500. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { withChartroom } from "../support/chartroom.ts";
import { indexOf } from "../support/upstream.ts";

const FIELDS = [
  "name",
  "url",
  "credential",
  "description",
  "sync_period",
  "workspace",
  "__proto__",
];
const text = fc.oneof(
  fc.string(),
  fc.string({ unit: "binary" }),
  fc.constantFrom("http://user:p%40ss@10.0.0.1/x", "https://[::1]/", "1h", "{}", "http://%/", "-1"),
);
const body = fc.oneof(
  fc.dictionary(fc.constantFrom(...FIELDS), fc.oneof(text, fc.jsonValue())),
  fc.jsonValue(),
);
const query = fc.dictionary(
  fc.constantFrom("conditions", "orderBy", "reverse", "limit", "page", "paging", "start", "x"),
  fc.oneof(
    text,
    fc.constantFrom("keyword=a", "repo_id=x|y", "name~b,status=", "limit=1,page=2", "1"),
  ),
);

Deno.test("no body and no query makes Chartroom fail", () =>
  withChartroom(async ({ call, register, log }, upstream) => {
    upstream.serve("/index.yaml", indexOf({ one: ["1.0.0"] }));
    const id = await register(upstream.url);
    const { body: { items } } = await call("GET", "/v1/apps");
    const paths = ["/v1/repos", "/v1/apps", `/v1/apps/${items[0].app_id}/versions`];
    const meant = (status: number) => status === 200 || (status >= 400 && status < 500);
    await fc.assert(
      fc.asyncProperty(body, async (body) => {
        const json = JSON.stringify(body);
        for (
          const [method, path] of [
            ["POST", "/v1/repos"],
            ["POST", `/v1/repos/${id}/action`],
            ["PATCH", `/v1/repos/${id}`],
          ]
        ) {
          const { status } = await call(method!, path!, json);
          assert.ok(meant(status), `${method} ${path}: ${status}`);
        }
      }),
      { numRuns: 300 },
    );
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...paths), query, async (path, query) => {
        const { status } = await call("GET", `${path}?${new URLSearchParams(query)}`);
        assert.ok(meant(status), `${path}: ${status}`);
      }),
      { numRuns: 500 },
    );
    await fc.assert(
      fc.asyncProperty(fc.webPath(), async (path) => {
        const { status } = await call("GET", `/v1/${path}`);
        // An empty segment is left out.
        assert.ok(meant(status) || status === 301, `${path}: ${status}`);
      }),
      { numRuns: 300 },
    );
    assert.deepEqual(log.filter(({ event }) => event !== "synced"), []);
  }));
