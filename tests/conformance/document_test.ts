/** The document of the differences is the table's. */

import assert from "node:assert/strict";
import { DOCUMENT, renderDocument } from "./document.ts";

Deno.test("docs/kubesphere-compat.md is as `deno task compat` writes it", async () => {
  assert.equal(await Deno.readTextFile(DOCUMENT), renderDocument());
});
