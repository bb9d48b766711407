/** Index files to measure with: generated ones, and real ones if they lie beside the project. */

import { inFreshProcess } from "./fresh_process.ts";
import type { Shape } from "./generate.ts";

const REAL = new URL("../../shared/indexes/", import.meta.url);

/** The file of a generated index; another process makes it if it is not there. */
export async function generatedIndex(folder: string, shape: Shape): Promise<string> {
  const more = Object.entries(shape.more ?? {}).map(([name, count]) => `+${count}-${name}`);
  const path = `${folder}/generated-${shape.versions}${more.join("")}.yaml`;
  const exists = await Deno.stat(path).then(() => true, () => false);
  if (!exists) await inFreshProcess("generate.ts", "writeIndex", { path, shape });
  return path;
}

/** The files of real indexes. */
export async function realIndexes(): Promise<string[]> {
  try {
    const names = await Array.fromAsync(Deno.readDir(REAL), ({ name }) => name);
    return names.sort().map((name) => new URL(name, REAL).pathname);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

/** The bytes of an index as they come from a network. */
export async function* inPieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  const size = 65_536;
  for (let i = 0; i < bytes.length; i += size) yield bytes.subarray(i, i + size);
}
