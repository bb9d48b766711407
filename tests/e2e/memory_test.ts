import assert from "node:assert/strict";
import { type Held, KINDS, type Shape } from "../support/heap.ts";

/** A budget of bytes is of use if it is one of real bytes. */
const TOLERANCE = 0.1;

const SHAPES: Record<string, Shape> = {
  "very small": { repositories: 300, apps: 3, versions: 2, opening: "" },
  "small": { repositories: 100, apps: 100, versions: 2, opening: "" },
  "large": { repositories: 1, apps: 5_000, versions: 2, opening: "" },
  // One letter that takes two bytes makes all letters around it take two.
  "small Chinese": { repositories: 30, apps: 100, versions: 2, opening: "数据库 " },
};

for (const [what, shape] of Object.entries(SHAPES)) {
  Deno.test(`what is accounted for is what V8 holds, for ${what} repositories`, async () => {
    const held = await measure(shape);
    for (const kind of KINDS) {
      const { accounted, real } = held[kind], off = accounted / real - 1;
      assert.ok(Math.abs(off) <= TOLERANCE, `${kind}: ${accounted} for ${real} bytes`);
    }
  });
}

async function measure(shape: Shape): Promise<Held> {
  const script = new URL("../support/heap.ts", import.meta.url).pathname;
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--v8-flags=--expose-gc", script, JSON.stringify(shape)],
    stdin: "null",
  }).output();
  assert.equal(code, 0, new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout));
}
