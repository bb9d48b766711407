/** What is in a version's archive: `/package`, `/contents`, `/files` and `/readme` below `/apps/{app}/versions/{version}`. */

import { type Context, Hono } from "hono";
import {
  type Archive,
  type ArchiveOwner,
  digestOf,
  titleOf,
} from "../src/catalog/fetch_archive.ts";
import type { FileFacts } from "../src/catalog/look_through.ts";
import { readArchive } from "../src/helm/archive.ts";
import { versionId } from "../src/helm/ids.ts";
import { Refused } from "../src/refused.ts";
import type { Services } from "../src/services.ts";
import { takeTurns } from "../src/turn.ts";
import type { Answers, Recipe } from "./support/answers.ts";
import type { Env } from "./support/authenticate.ts";
import { draftOfVersion } from "./support/version_draft.ts";

/** Bytes that are written at once: three make four letters of base64. */
const PIECE_BYTES = 3 * 16_384;
/** Of a README that is looked at by itself. */
const README_POLICY = "default-src 'none'; sandbox; frame-ancestors 'none'";

export function archives(services: Services, answers: Answers) {
  return new Hono<Env>()
    .get("/package", (c) => answers.give(c, () => packageOf(c, services)))
    .get("/contents", (c) => answers.give(c, () => contentsOf(c, services)))
    .get("/files", (c) => answers.give(c, () => filesOf(c, services)))
    .get("/readme", (c) => answers.give(c, () => readmeOf(c, services)));
}

/** An archive that is there, and the id of its version. */
interface Fetched {
  owner: ArchiveOwner;
  archive: Archive;
  id: string;
}

function packageOf(c: Context<Env>, services: Services): Promise<Recipe> {
  // As it was asked for, as in KubeSphere.
  const appId = c.req.param("app")!;
  return fromArchive(
    c,
    services,
    "package",
    appId,
    ({ archive, id }) => packageJson(appId, archive.bytes, id),
  );
}

/** Which files there are, without what is in them. */
function contentsOf(c: Context<Env>, services: Services): Promise<Recipe> {
  return fromArchive(
    c,
    services,
    "contents",
    null,
    async ({ owner, archive, id }, signal) =>
      contentsJson(await services.archives.contents(owner, archive, signal), id),
  );
}

/**
 * The files that `files` names, or all. A name that the chart does not have is listed as missing,
 * and not refused: KubeSphere gives an answer whatever is named, and who asks for a README and for
 * values wants the one although the other is not there.
 */
function filesOf(c: Context<Env>, services: Services): Promise<Recipe> {
  const asked = c.req.query("files")?.split(",").map((name) => name.trim()) ?? [];
  const wanted = [...new Set(asked)].filter((name) => name !== "").sort();
  return fromArchive(c, services, "files", wanted, async ({ owner, archive, id }, signal) => {
    const names = await services.archives.names(owner, archive, signal);
    const numbers = new Set(
      wanted.length === 0 ? names.values() : wanted.map((name) => names.get(name)),
    );
    const missing = wanted.filter((name) => !names.has(name));
    return filesJson(archive.bytes, numbers, { missing, version_id: id });
  });
}

/** The README as HTML: a fragment, safe to be put into a page. Its answer is kept. */
async function readmeOf(c: Context<Env>, services: Services): Promise<Recipe> {
  const { archives } = services;
  const { read, ...draft } = await draftOfVersion(c, services);
  return {
    ...draft,
    kind: "readme",
    // How it is shown may change with a new Chartroom.
    lastModified: undefined,
    async make() {
      const { app: { repo }, version: { chart }, generation, current } = await read();
      const owner = { repo, generation, chart };
      // It is for all who ask meanwhile: who asked first may leave.
      const { signal } = new AbortController();
      const archive = await archives.get(owner, signal);
      const release = archives.lend(archive);
      const readme = await archives.readme(owner, archive, signal).finally(release);
      if (readme === undefined) {
        throw new Refused("no_readme", `the archive of ${titleOf(chart)} has no README`);
      }
      // Who does not ask for it does not wait until it is loaded.
      const { renderCut, renderMarkdown } = await import("./support/markdown.ts");
      return {
        body: readme.isWhole ? renderMarkdown(readme.text) : renderCut(readme.text),
        type: "text/html; charset=utf-8",
        headers: { "Content-Security-Policy": README_POLICY },
        keep: current,
      };
    },
  };
}

/** An answer that follows from a version's archive, what `query` says, and the version's id. */
async function fromArchive(
  c: Context<Env>,
  services: Services,
  kind: "package" | "contents" | "files",
  query: unknown,
  write: (fetched: Fetched, signal: AbortSignal) => Written | Promise<Written>,
): Promise<Recipe> {
  const { read, ...draft } = await draftOfVersion(c, services);
  return {
    ...draft,
    kind,
    query: [draft.query, query],
    async make() {
      const { app: { repo, entry }, version: { chart }, generation, current } = await read();
      const owner = { repo, generation, chart };
      const id = versionId(repo.id, entry.name, chart.version);
      const nameOf = (sha256: string) => `${id} ${sha256}`;
      const digest = digestOf(chart);
      return {
        keep: current,
        name: digest && nameOf(digest),
        async open(signal) {
          const archive = await services.archives.get(owner, signal);
          const release = services.archives.lend(archive);
          try {
            const body = await write({ owner, archive, id }, signal);
            return { name: nameOf(archive.sha256), body, release };
          } catch (error) {
            release();
            throw error;
          }
        },
      };
    },
  };
}

/** JSON in pieces. */
type Written = AsyncGenerator<string>;

async function* packageJson(appId: string, bytes: Uint8Array, version_id: string): Written {
  yield `{"app_id":${JSON.stringify(appId)},"package":"`;
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
    yield bytes.subarray(at, at + PIECE_BYTES).toBase64();
  }
  yield `","version_id":${JSON.stringify(version_id)}}`;
}

async function* contentsJson(
  files: ReadonlyMap<string, FileFacts>,
  version_id: string,
): Written {
  let text = '{"items":[', comma = "";
  for (const [name, facts] of files) {
    text += comma + JSON.stringify({ name, ...facts });
    comma = ",";
    if (text.length < PIECE_BYTES) continue;
    yield text;
    text = "";
  }
  yield `${text}],${JSON.stringify({ total_count: files.size, version_id }).slice(1)}`;
}

/** The files of an archive that stand at some numbers in it, and more members behind them. */
async function* filesJson(
  bytes: Uint8Array,
  numbers: ReadonlySet<number | undefined>,
  more: Record<string, unknown>,
): Written {
  let text = '{"files":{', comma = "", number = 0;
  for await (const { name, content } of readArchive(bytes, takeTurns())) {
    if (!numbers.has(number++)) continue;
    text += `${comma}${JSON.stringify(name)}:"`;
    comma = ",";
    for await (const piece of inThrees(content)) {
      text += piece.toBase64();
      if (text.length < PIECE_BYTES) continue;
      yield text;
      text = "";
    }
    text += '"';
  }
  yield `${text}},${JSON.stringify(more).slice(1)}`;
}

/** The same bytes in pieces of which all but the last can be written in base64 by themselves. */
async function* inThrees(content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let rest: Uint8Array = new Uint8Array();
  for await (const piece of content) {
    const bytes = new Uint8Array(rest.length + piece.length);
    bytes.set(rest);
    bytes.set(piece, rest.length);
    const end = bytes.length - bytes.length % 3;
    yield bytes.subarray(0, end);
    rest = bytes.subarray(end);
  }
  yield rest;
}
