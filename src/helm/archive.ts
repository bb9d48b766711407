/**
 * A chart's archive: a tar in gzip with one folder, by the rules of Helm's loader
 * (`pkg/chart/loader/archive.go`), which reads all of it into memory. Here it comes in pieces, and
 * what no honest chart has is refused before it takes any room. Of gzip in several members, which
 * Helm would read, no more than the first can be unpacked here: it is refused.
 */

import { createTarDecoder, type ParsedTarEntry } from "modern-tar";
import type { Turn } from "../turn.ts";
import { ArchiveError } from "./archive_error.ts";
import { checkHeaders } from "./tar_headers.ts";

/** What an archive may hold. */
export interface ArchiveBounds {
  /** Of the tar, with its headers. Helm's own bound (`MaxDecompressedChartSize`) is the same. */
  unpackedBytes: number;
  /** Files, folders and whatever else; extended headers may be as many. */
  entries: number;
}

export const ARCHIVE_BOUNDS: ArchiveBounds = { unpackedBytes: 100 * 1_048_576, entries: 10_000 };

/** Characters of a name: that of Linux's `PATH_MAX`. */
const MAX_NAME = 4_096;
/** Characters of a name in a message. */
const MAX_SHOWN = 100;
/**
 * What is unpacked at once: gzip makes at most 1,032 times as much of it, a few of which are held
 * while nobody reads.
 */
const PIECE_BYTES = 512;
/** A tar ends with two blocks of zeros, which not every writer writes, nor Helm asks for. */
const END_OF_TAR = 1_024;
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];

/** A file of a chart. */
export interface ChartFile {
  /** From the chart's folder on: `templates/service.yaml`. Anything may be in it but `..`. */
  name: string;
  /** Without a byte order mark at its beginning, as in Helm. Gone when the next file is asked for. */
  content: AsyncIterable<Uint8Array>;
}

/**
 * The files of an archive, as they stand in it: a name may come twice, and then Helm takes the last
 * one. Folders and extended headers are passed over. `turn` is taken from time to time.
 *
 * Throws an `ArchiveError` for whatever is wrong, which may show after the last file: an archive
 * that was not read to its end was not checked.
 */
export async function* readArchive(
  archive: Uint8Array,
  turn: Turn,
  bounds: ArchiveBounds = ARCHIVE_BOUNDS,
): AsyncGenerator<ChartFile> {
  const bytes = gunzip(archive, turn, bounds.unpackedBytes);
  const tar = ReadableStream.from(checkHeaders(bytes, bounds.entries, turn));
  let files = 0;
  try {
    for await (const entry of tar.pipeThrough(createTarDecoder({ strict: true }))) {
      if (isFile(entry)) {
        files++;
        yield { name: nameOf(entry.header.name), content: withoutMark(entry.body) };
      }
      // The next one comes when this one is gone. Where one is cancelled instead, the decoder waits
      // forever for room in a later one of some hundred thousand bytes (modern-tar 0.8.6).
      for await (const _piece of entry.body);
    }
  } catch (error) {
    throw asArchiveError(error);
  }
  if (files === 0) {
    throw new ArchiveError("empty", "expected a chart's files, not an empty archive");
  }
}

/** Unpacks piece by piece, so that a bomb ends as soon as it is larger than it may be. */
async function* gunzip(
  archive: Uint8Array,
  turn: Turn,
  maxBytes: number,
): AsyncGenerator<Uint8Array> {
  const pieces = ReadableStream.from(piecesOf(archive, turn));
  let total = 0;
  try {
    for await (const piece of pieces.pipeThrough(new DecompressionStream("gzip"))) {
      total += piece.length;
      if (total > maxBytes) {
        throw new ArchiveError("too_large", `expected ${maxBytes} bytes unpacked at most`);
      }
      yield piece;
    }
  } catch (error) {
    if (error instanceof ArchiveError) throw error;
    throw new ArchiveError("not_gzip", "expected gzip that is whole");
  }
  yield new Uint8Array(END_OF_TAR);
}

async function* piecesOf(archive: Uint8Array, turn: Turn) {
  for (let at = 0; at < archive.length; at += PIECE_BYTES) {
    yield archive.slice(at, at + PIECE_BYTES);
    await turn();
  }
}

/** Whether an entry is a file rather than a folder. Throws for all that is neither. */
function isFile({ header: { type, name } }: ParsedTarEntry): boolean {
  if (type === "file") return true;
  if (type === "directory") return false;
  const found = JSON.stringify(name.slice(0, MAX_SHOWN));
  throw new ArchiveError("not_a_file", `expected files and folders, not a ${type}: ${found}`);
}

/** A name without the folder that a chart stands in. What Helm refuses is refused, and all `..`. */
function nameOf(path: string): string {
  // What was packed on Windows.
  const [folder = "", ...rest] = path.split(path.includes("\\") ? "\\" : "/");
  const inside = rest.join("/");
  const parts = inside.split("/").filter((part) => part !== "" && part !== ".");
  const isInside = folder !== "" && folder !== "Chart.yaml" && !inside.startsWith("/") &&
    parts.length > 0 && path.length <= MAX_NAME && !path.includes("\0") &&
    ![folder, ...parts].includes("..") && ![folder, parts[0]!].some(isDrive);
  if (isInside) return parts.join("/");
  const found = JSON.stringify(path.slice(0, MAX_SHOWN));
  throw new ArchiveError("name", `expected names of files in one folder, not ${found}`);
}

function isDrive(part: string): boolean {
  return /^[a-z]:$/i.test(part);
}

async function* withoutMark(content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  /** Bytes of the mark that have come; `undefined` when it is known whether there is one. */
  let marked: number | undefined = 0;
  try {
    for await (const piece of content) {
      let from = 0;
      while (marked !== undefined && from < piece.length) {
        if (piece[from] === BYTE_ORDER_MARK[marked]) {
          from++;
          marked = marked === 2 ? undefined : marked + 1;
        } else {
          yield Uint8Array.from(BYTE_ORDER_MARK.slice(0, marked));
          marked = undefined;
        }
      }
      yield piece.subarray(from);
    }
  } catch (error) {
    throw asArchiveError(error);
  }
  yield Uint8Array.from(BYTE_ORDER_MARK.slice(0, marked ?? 0));
}

function asArchiveError(error: unknown): ArchiveError {
  if (error instanceof ArchiveError) return error;
  return new ArchiveError("not_tar", "expected a tar that is whole");
}
