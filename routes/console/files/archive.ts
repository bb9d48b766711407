/** What the API tells of a version's archive, within bounds: all of it is from strangers. */

import { ChartroomError } from "../../client.ts";
import type { Page } from "../page.ts";

/** Bytes of a file that is shown, and of one that is downloaded. */
export const MAX_SHOWN_BYTES = 1_048_576, MAX_DOWNLOAD_BYTES = 10_485_760;
/** Which is how long a name may be in the address of a page. */
const MAX_NAME = 1_000;
/** What has a NUL so early is no text. */
const SNIFFED_BYTES = 8_192;

export interface FileEntry {
  name: string;
  /** Bytes. */
  size: number;
  /** In hexadecimal digits: files of one digest are the same. */
  sha256: string;
}

/** What is in a file, or why it is not shown. */
export type Content =
  | { is: "text"; text: string }
  | { is: "binary" }
  | { is: "large" }
  /** Its name cannot be asked for. */
  | { is: "unnamed" };

export interface VersionArchive {
  /** By name, in the order of names. */
  files: ReadonlyMap<string, FileEntry>;
  /** Contents of those of the names that there are. */
  read(names: readonly string[]): Promise<ReadonlyMap<string, Content>>;
}

/** The archive of a version. Throws a `ChartroomError` if it is not to be had. */
export async function openArchive(
  { api }: Page,
  app: string,
  version: string,
): Promise<VersionArchive> {
  const at = api.apps[":app"].versions[":version"];
  const param = { app, version };
  const { items } = await (await at.contents.$get({ param })).json();
  const files = new Map(items.toSorted(byName).map((file) => [file.name, file]));
  return {
    files,
    async read(names) {
      const found = new Map<string, Content>();
      const asked: string[] = [];
      for (const name of names) {
        const file = files.get(name);
        if (file === undefined) continue;
        if (file.size > MAX_SHOWN_BYTES) found.set(name, { is: "large" });
        else if (!canBeAsked(name)) found.set(name, { is: "unnamed" });
        else asked.push(name);
      }
      for (const [name, bytes] of await bytesOf(at, param, asked)) {
        found.set(name, contentOf(bytes));
      }
      return found;
    },
  };
}

/**
 * The bytes of one file, read from the API as they are read here: as there, who does not read is
 * cut off. Throws a `ChartroomError` if the file is not to be had, or too large.
 */
export async function downloadFile(
  page: Page,
  app: string,
  version: string,
  name: string,
): Promise<ReadableStream<Uint8Array>> {
  const { files } = await openArchive(page, app, version);
  const file = files.get(name);
  if (file === undefined || !canBeAsked(name)) {
    throw new ChartroomError(404, `the archive has no file ${name.slice(0, 100)}`, "not_found");
  }
  if (file.size > MAX_DOWNLOAD_BYTES) {
    const message = `files of up to ${MAX_DOWNLOAD_BYTES} bytes are given one by one`;
    throw new ChartroomError(400, message, "invalid_field", "file");
  }
  const at = page.api.apps[":app"].versions[":version"];
  const { body } = await at.files.$get({ param: { app, version }, query: { files: name } });
  // Nothing is read ahead: only so does the API see that nobody reads.
  return body!.pipeThrough(new TransformStream(fileIn(name), {}, { highWaterMark: 0 }));
}

/** Takes the bytes of a file out of the API's JSON, in which it is the only one. */
function fileIn(name: string): Transformer<Uint8Array, Uint8Array> {
  const decoder = new TextDecoder(), start = `{"files":{${JSON.stringify(name)}:"`;
  let text = "", hasStarted = false, hasEnded = false;
  return {
    transform(piece, controller) {
      if (hasEnded) return;
      text += decoder.decode(piece, { stream: true });
      if (!hasStarted) {
        if (text.length < start.length) return;
        if (!text.startsWith(start)) throw new Error("the file is not where it should be");
        text = text.slice(start.length);
        hasStarted = true;
      }
      const quote = text.indexOf('"');
      hasEnded = quote >= 0;
      // Four letters are three bytes.
      const end = hasEnded ? quote : text.length - text.length % 4;
      const bytes = Uint8Array.fromBase64(text.slice(0, end));
      text = text.slice(end);
      if (bytes.length > 0) controller.enqueue(bytes);
    },
    flush() {
      if (!hasEnded) throw new Error("the file has no end");
    },
  };
}

type At = Page["api"]["apps"][":app"]["versions"][":version"];

async function bytesOf(
  at: At,
  param: { app: string; version: string },
  names: readonly string[],
): Promise<Map<string, Uint8Array<ArrayBuffer>>> {
  if (names.length === 0) return new Map();
  const answer = await at.files.$get({ param, query: { files: names.join() } });
  const { files } = await answer.json();
  return new Map(Object.entries(files).map(([name, text]) => [name, Uint8Array.fromBase64(text)]));
}

/** Names come to the API as a list with commas, and in an address. */
function canBeAsked(name: string): boolean {
  return !name.includes(",") && name === name.trim() && name.length <= MAX_NAME;
}

function contentOf(bytes: Uint8Array): Content {
  if (bytes.subarray(0, SNIFFED_BYTES).includes(0)) return { is: "binary" };
  try {
    return { is: "text", text: new TextDecoder("utf-8", { fatal: true }).decode(bytes) };
  } catch {
    return { is: "binary" };
  }
}

function byName(a: FileEntry, b: FileEntry): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}
