/**
 * `parseIndex` and `js-yaml` either agree on what a document says, or both refuse it. To run it for
 * longer: `DIFFERENTIAL_RUNS=1000000 deno test --allow-env tests/unit/differential_test.ts`.
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import { documents, mutationsOf } from "../support/index_documents.ts";
import { agree, readByJsYaml } from "../support/reference.ts";

const RUNS = Number(Deno.env.get("DIFFERENTIAL_RUNS") ?? 20_000);

const SAMPLE = `apiVersion: v1
entries:
  one:
  - annotations:
      category: Database
      images: |
        - name: one
          image: example.org/one:1.2.0

      notes: >-
        folded
        text
    apiVersion: v2
    appVersion: 1.10
    created: "2024-01-02T03:04:05.678901234Z"
    dependencies:
    - condition: a.enabled
      name: a
      repository: https://example.org/charts
      version: 2.x.x
    - name: b
      version: ">= 1.0"
    deprecated: true
    description: A chart, "quoted" and
      'folded', see https://example.org/#one
    digest: 0123456789abcdef
    home: https://example.org
    keywords: []
    maintainers:
    - email: ann@example.org
      name: 'Ann O''Neil'
    name: one
    urls:
    - https://example.org/one-1.2.0.tgz
    version: 1.2.0
  - apiVersion: v2
    appVersion: 1.9
    created: "2024-01-01T03:04:05.678901234Z"
    description: "A chart, \\"quoted\\" and \\
      folded"
    name: one
    urls:
    - https://example.org/one-1.1.0.tgz
    version: 1.1.0 # the first

  two:
    - name: two
      version: 0.1.0
      urls:
        - two-0.1.0.tgz
    - name: two
      version: 0.0.1
generated: "2024-06-01T00:00:00Z"
`;

Deno.test("a generated document is read as js-yaml reads it", async () => {
  const property = fc.asyncProperty(documents, ({ text, size }) => agree(text, size));
  await fc.assert(property, { numRuns: RUNS });
});

Deno.test("a document with a few mistakes is read as js-yaml reads it", async () => {
  assert.notEqual(readByJsYaml(SAMPLE), "refused");
  const property = fc.asyncProperty(mutationsOf(SAMPLE), ({ text, size }) => agree(text, size));
  await fc.assert(property, { numRuns: RUNS / 2 });
});
