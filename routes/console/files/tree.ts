/** Names of files as a tree of folders. */

/** Files that are listed, and folders within each other; what is further in stands in one line. */
export const MAX_LISTED = 2_000;
const MAX_DEPTH = 8;

export interface Folder {
  folders: Map<string, Folder>;
  /** The last part of the name, and the whole of it. */
  files: { label: string; name: string }[];
}

/** The first {@link MAX_LISTED} of the names, as a tree. */
export function treeOf(names: readonly string[]): Folder {
  const root = newFolder();
  for (const name of names.slice(0, MAX_LISTED)) {
    const parts = name.split("/");
    let folder = root;
    let depth = 0;
    for (; depth < Math.min(parts.length - 1, MAX_DEPTH); depth++) {
      const part = parts[depth]!;
      let inner = folder.folders.get(part);
      if (inner === undefined) folder.folders.set(part, inner = newFolder());
      folder = inner;
    }
    folder.files.push({ label: parts.slice(depth).join("/"), name });
  }
  return root;
}

function newFolder(): Folder {
  return { folders: new Map(), files: [] };
}
