/** What is in an archive: all of it is unpacked, piece by piece, so that whatever is wrong shows. */

import { createHash } from "node:crypto";
import { type ChartFile, readArchive } from "../helm/archive.ts";
import { ArchiveError } from "../helm/archive_error.ts";
import type { ChartVersion } from "../helm/chart.ts";
import { Refused } from "../refused.ts";
import { takeTurns } from "../turn.ts";
import { titleOf } from "./fetch_archive.ts";

/** Bytes of a README that are read. */
const MAX_README_BYTES = 524_288;
/** Names of a README in the chart's folder, the best first. */
const README_NAMES = [/^README\.md$/, /^readme\.md$/i, /^readme$/i];

/** The text of a README. What is not UTF-8 in it stands as replacement characters. */
export interface Readme {
  text: string;
  /** Otherwise it is longer than {@link MAX_README_BYTES}, and this is how it begins. */
  isWhole: boolean;
}

/** Names of files, each with where its file stands among all of them: the last one of a name. */
export async function namesIn(
  chart: ChartVersion,
  bytes: Uint8Array,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, number>> {
  const names = new Map<string, number>();
  let number = 0;
  await lookThrough(chart, bytes, signal, ({ name }) => {
    names.set(name, number++);
  });
  return names;
}

/** What is told of a file without its content. */
export interface FileFacts {
  /** Bytes, without a byte order mark at the beginning. */
  size: number;
  /** Of these bytes, in hexadecimal digits. */
  sha256: string;
}

/** All files by name, in the order of the archive; of those of one name, the last one. */
export async function contentsIn(
  chart: ChartVersion,
  bytes: Uint8Array,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, FileFacts>> {
  const files = new Map<string, FileFacts>();
  await lookThrough(chart, bytes, signal, async ({ name, content }) => {
    const hash = createHash("sha256");
    let size = 0;
    for await (const piece of content) {
      hash.update(piece);
      size += piece.length;
    }
    files.set(name, { size, sha256: hash.digest("hex") });
  });
  return files;
}

/** The README in the chart's folder, if there is one. */
export async function readmeIn(
  chart: ChartVersion,
  bytes: Uint8Array,
  signal: AbortSignal,
): Promise<Readme | undefined> {
  let readme: Readme | undefined, best = README_NAMES.length;
  await lookThrough(chart, bytes, signal, async ({ name, content }) => {
    const rank = README_NAMES.findIndex((pattern) => pattern.test(name));
    // Of several with one name, Helm takes the last one.
    if (rank < 0 || rank > best) return;
    best = rank;
    readme = await textOf(content);
  });
  return readme;
}

async function lookThrough(
  chart: ChartVersion,
  bytes: Uint8Array,
  signal: AbortSignal,
  look: (file: ChartFile) => void | Promise<void>,
): Promise<void> {
  try {
    for await (const file of readArchive(bytes, takeTurns())) {
      signal.throwIfAborted();
      await look(file);
    }
  } catch (error) {
    if (!(error instanceof ArchiveError)) throw error;
    const message = `the archive of ${titleOf(chart)} cannot be used: ${error.message}`;
    throw new Refused("archive_unusable", message, undefined, { reason: error.reason });
  }
}

async function textOf(content: AsyncIterable<Uint8Array>): Promise<Readme> {
  const decoder = new TextDecoder();
  let text = "", left = MAX_README_BYTES;
  // To its end, since all of the archive is looked through anyway.
  for await (const piece of content) {
    if (left > 0) text += decoder.decode(piece.subarray(0, left), { stream: true });
    left -= piece.length;
  }
  const isWhole = left >= 0;
  return { text: isWhole ? text + decoder.decode() : text, isWhole };
}
