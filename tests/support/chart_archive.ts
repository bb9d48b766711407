/** Archives of charts, good and bad, made in memory. */

import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { packTar, type TarEntry } from "modern-tar";

/** A file, or its whole header; a body goes beside it. */
export type Packed = readonly [
  path: string | TarEntry["header"],
  body?: string | Uint8Array<ArrayBuffer>,
];

/** A tar of files, in their order. */
export async function tarOf(files: readonly Packed[]): Promise<Uint8Array<ArrayBuffer>> {
  return await packTar(files.map(([path, content = ""]) => {
    const body = typeof content === "string" ? new TextEncoder().encode(content) : content;
    if (typeof path !== "string") return { header: path, body };
    return { header: { name: path, size: body.length, type: "file", mtime: new Date(0) }, body };
  }));
}

/** The same in gzip. */
export async function archiveOf(files: readonly Packed[]): Promise<Uint8Array<ArrayBuffer>> {
  return gzip(await tarOf(files));
}

export function gzip(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(gzipSync(bytes));
}

/** An archive of a small chart. `mark` tells it from others. */
export async function chartArchive(name: string, mark = ""): Promise<Uint8Array<ArrayBuffer>> {
  return await archiveOf([
    [`${name}/Chart.yaml`, `name: ${name}\n`],
    [`${name}/values.yaml`, ""],
    [`${name}/README.md`, `# ${name}\n${mark}\n`],
    [`${name}/templates/service.yaml`, "kind: Service\n"],
  ]);
}

/** As indexes have it: SHA-256 in hexadecimal digits. */
export function digestOf(archive: Uint8Array): string {
  return createHash("sha256").update(archive).digest("hex");
}
