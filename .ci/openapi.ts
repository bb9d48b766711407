/**
 * Writes the OpenAPI document from the contract: `deno task openapi`. With `--record` it also asks a
 * Chartroom in this process what the examples' requests are answered.
 */

import { makeDocument } from "../routes/openapi/document.ts";

const FOLDER = new URL("../routes/openapi/", import.meta.url);
const read = async (path: string) => JSON.parse(await Deno.readTextFile(new URL(path, FOLDER)));
const { version } = await read("../../deno.json");

async function write(name: string, value: unknown) {
  await Deno.writeTextFile(new URL(name, FOLDER), `${JSON.stringify(value, null, 2)}\n`);
}

const writeDocument = async () =>
  await write("document.json", makeDocument(version, await read("examples.json")));

await writeDocument();
if (Deno.args.includes("--record")) {
  // It holds what it is answered against the document, so that this comes first.
  const { runExamples } = await import("../tests/support/examples.ts");
  await write("examples.json", await runExamples(await read("document.json")));
  await writeDocument();
}
const fmt = new Deno.Command(Deno.execPath(), { args: ["fmt", "--quiet", FOLDER.pathname] });
await fmt.output();
