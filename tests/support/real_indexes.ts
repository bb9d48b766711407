/** Indexes of public repositories, which lie beside the project or are not there. */

const INDEXES = new URL("../../../shared/indexes/", import.meta.url);

/** The names of the indexes; none where there is no such folder. */
export async function realIndexes(): Promise<string[]> {
  try {
    return (await Array.fromAsync(Deno.readDir(INDEXES), ({ name }) => name)).sort();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

export async function readIndex(name: string): Promise<string> {
  return await Deno.readTextFile(new URL(name, INDEXES));
}
