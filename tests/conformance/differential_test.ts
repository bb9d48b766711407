/**
 * Real indexes, where they lie beside the project, and what mistakes make of pieces of them, held
 * against js-yaml's reading.
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import { mutationsOf } from "../support/index_documents.ts";
import { readIndex, realIndexes } from "../support/real_indexes.ts";
import { agree, readByJsYaml } from "../support/reference.ts";

/** Characters of an index that are taken for a piece. */
const PIECE = 12_000;
const MUTATIONS = 150;

/** The beginning of an index, which ends within an entry. */
function pieceOf(text: string): string {
  const begin = text.slice(0, text.indexOf("\n", PIECE) + 1);
  return `${begin}generated: null\n`;
}

for (const name of await realIndexes()) {
  const text = await readIndex(name);
  Deno.test(`${name} is read as js-yaml reads it`, async () => {
    assert.notEqual(readByJsYaml(text), "refused");
    await agree(text, 65_536);
    await agree(text, 1_000);
    await agree(text.replaceAll("\n", "\r\n"), 65_536);
  });
  Deno.test(`a piece of ${name} with mistakes is read as js-yaml reads it`, async () => {
    const mutations = mutationsOf(pieceOf(text));
    const property = fc.asyncProperty(mutations, ({ text, size }) => agree(text, size));
    await fc.assert(property, { numRuns: MUTATIONS });
  });
}
