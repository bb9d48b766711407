/**
 * Searches a folder with the output of the tests, and with what they left behind, for their
 * secrets. Usage: `leaks.ts FOLDER`.
 */

import { leakIn } from "../tests/support/canary.ts";

const ESCAPES = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, "g");

const [folder] = Deno.args;
if (folder === undefined) throw new Error("a folder is wanted");
let found = 0;
for await (const path of filesIn(folder)) {
  const bytes = await Deno.readFile(path);
  const leak = leakIn(bytes);
  if (leak === undefined) continue;
  found++;
  const offset = Number(/, at (\d+)/.exec(leak)![1]);
  const before = new TextDecoder("latin1").decode(bytes.subarray(0, offset));
  // deno-lint-ignore no-console -- for who reads CI's log
  console.error(`a secret has leaked into ${path}${testIn(before)}: ${leak}`);
}
Deno.exit(found > 0 ? 1 : 0);

async function* filesIn(path: string): AsyncGenerator<string> {
  for await (const { name, isDirectory, isFile } of Deno.readDir(path)) {
    if (isDirectory) yield* filesIn(`${path}/${name}`);
    else if (isFile) yield `${path}/${name}`;
  }
}

/** Which test was running when the output had come this far. */
function testIn(output: string): string {
  const text = output.replaceAll(ESCAPES, "");
  const file = [...text.matchAll(/^running \d+ tests? from (\S+)$/gm)].at(-1)?.[1];
  const test = [...text.matchAll(/^(\S.*) \.\.\./gm)].at(-1)?.[1];
  return file === undefined ? "" : ` in ${file}${test === undefined ? "" : `, ${test}`}`;
}
