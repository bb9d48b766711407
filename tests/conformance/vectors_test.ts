/**
 * What KubeSphere's own functions make of their input, held against ours: few vectors of the
 * project's own, and recorded ones where they lie beside the project.
 */

import assert from "node:assert/strict";
import { GROUPS, NOT_OURS, type Vectors } from "./vectors.ts";

const own = await read(new URL("../fixtures/conformance/vectors.json", import.meta.url));
const golden = new URL("../../../shared/golden/", import.meta.url);
const recorded = await read(new URL("vectors.json", golden));
const library = await read(new URL("semver.json", golden));
const sources: Record<string, Vectors> = {
  own: own!,
  ...(recorded && library && { recorded: { ...recorded, library } }),
};

async function read(file: URL): Promise<Vectors | undefined> {
  try {
    return JSON.parse(await Deno.readTextFile(file));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

for (const [source, vectors] of Object.entries(sources)) {
  for (const [group, check] of Object.entries(GROUPS)) {
    Deno.test(`${group}: ${source} vectors`, () => check(vectors[group]));
  }
  Deno.test(`no group of ${source} vectors is forgotten`, () => {
    const known = [...Object.keys(GROUPS), ...Object.keys(NOT_OURS)];
    assert.deepEqual(Object.keys(vectors).filter((group) => !known.includes(group)), []);
  });
}
