/** What is not the project's own comes in one version, which somebody has looked at. */

import assert from "node:assert/strict";
import config from "../../deno.json" with { type: "json" };

const ROOT = new URL("../../", import.meta.url);

Deno.test("every dependency is an npm package in one exact version, held by the lock file", () => {
  for (const [name, specifier] of Object.entries(config.imports)) {
    assert.match(specifier, /^npm:\/?(@[\w-]+\/)?[\w-]+@\d+\.\d+\.\d+\/?$/, name);
  }
  assert.equal(config.lock.frozen, true);
  assert.equal(config.minimumDependencyAge, "P3D");
});

Deno.test("every program that is run from npm is in one exact version", async () => {
  for (const path of ["README.md", ".ci/run"]) {
    const text = await Deno.readTextFile(new URL(path, ROOT));
    const programs = [...text.matchAll(/\bnpx (?:-\S+ )*(\S+)/g)].map(([, program]) => program!);
    assert.ok(programs.length > 0, path);
    for (const program of programs) assert.match(program, /^(@[\w-]+\/)?[\w-]+@\d+\.\d+\.\d+$/);
  }
});
