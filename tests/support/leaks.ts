/**
 * Searches whatever comes out of Chartroom for secrets, in every test whose file imports this,
 * which all of this folder that takes something out do. A test with a leak fails when it ends.
 */

import type { Log } from "../../src/log.ts";
import { DrawnSecrets, hasDrawn, leakIn, sealedLeakIn } from "./canary.ts";

/** Requests whose answer tells a new secret. */
const TELLING = /^POST \S*\/(webhook|tokens|session)(\?|$)/;
/** Pages whose form makes one: the API has told it to the page. */
const TELLING_PAGE = /^POST (\/workspaces\/[^/]+)?\/(repos\/[^/]+\/webhook|tokens)(\?|$)/;
/** What who may change a repository is shown with its query. */
const SHOWN_URL = /"url": ?"(?:[^"\\]|\\.)*"/g;
/** Of the ways to read a body. */
const READERS = ["text", "json", "bytes", "arrayBuffer"] as const;

const leaks: string[] = [];
const drawn = new DrawnSecrets();
const requests = new WeakMap<Response, string>();

/** Searches what everybody may read: a log, an event, what a process writes. */
export function watchOutput(place: string, text: string) {
  note(place, leakIn(text) ?? drawn.leakIn(text));
  if (hasDrawn(text)) note(place, "a secret that Chartroom has drawn");
}

/** A log that keeps what it is told. */
export function watchLog(
  kept: { event: string; fields?: Readonly<Record<string, unknown>> | undefined }[],
): Log {
  return (event, fields) => {
    kept.push({ event, fields });
    watchOutput("the log", JSON.stringify({ event, ...fields }));
  };
}

/** Searches an answer: its status text, its headers, and the text that has been read of it. */
export function watchAnswer(
  { statusText, headers }: Pick<Response, "statusText" | "headers">,
  text: string,
  request?: string,
) {
  const place = request === undefined ? "an answer" : `the answer to ${request}`;
  const others = [...headers].filter(([name]) => name !== "set-cookie");
  const head = [statusText, ...others.map(([name, value]) => `${name}: ${value}`)].join("\n");
  // A session is told in its cookie.
  const cookies = headers.getSetCookie().join("\n");
  note(`${place}, its head`, leakIn(head) ?? drawn.leakIn(head));
  note(`${place}, its cookies`, leakIn(cookies) ?? drawn.tell(cookies));
  const mayTell = request === undefined || TELLING.test(request);
  note(place, sealedLeakIn(text) ?? leakIn(text.replaceAll(SHOWN_URL, "")));
  const isPage = TELLING_PAGE.test(request ?? "");
  const tell = () => isPage ? drawn.tellAgain(text) : drawn.tell(text);
  note(place, mayTell ? tell() : drawn.leakIn(text));
  if (!mayTell && hasDrawn(text)) note(place, "a secret that Chartroom has drawn");
}

/** Says which request, as `METHOD path`, an answer is to that will be read. */
export function answerTo(request: string, response: Response): Response {
  requests.set(response, request);
  return response;
}

/** Searches a file as it is stored; the queries of URLs stand there. */
export function watchStored(place: string, bytes: Uint8Array) {
  note(place, sealedLeakIn(bytes) ?? drawn.leakIn(bytes));
}

function note(place: string, leak: string | undefined) {
  if (leak !== undefined) leaks.push(`${place}: ${leak}`);
}

/** What has leaked since this was last asked. */
export function takeLeaks(): string[] {
  drawn.clear();
  return leaks.splice(0);
}

/** Bodies that a test reads; those that the service reads are its upstreams'. */
function watchBodies() {
  for (const reader of READERS) {
    const read = Response.prototype[reader] as (this: Response) => Promise<unknown>;
    const watched = async function (this: Response) {
      const caller = new Error();
      // Not to be had when the body has been read.
      const request = requests.get(this), value = await read.call(this);
      if (!isService(caller)) watchAnswer(this, textOf(value), request);
      return value;
    };
    Object.defineProperty(Response.prototype, reader, { value: watched });
  }
}

function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  if (value instanceof Uint8Array) return new TextDecoder("latin1").decode(value);
  if (value instanceof ArrayBuffer) return textOf(new Uint8Array(value));
  return JSON.stringify(value);
}

/**
 * Whether the service, or a library of it, made the call that an error was made in. The console
 * reads the answers of the API; what it shows of them is searched when a test reads that.
 */
function isService({ stack = "" }: Error): boolean {
  const [caller = ""] = stack.split("\n").slice(1).filter((line) => !line.includes("/leaks.ts"));
  return /\/src\/|\/routes\/console\/|\/node_modules\/|\/npm\//.test(caller);
}

/** Databases, logs and whatever else a test leaves in a folder, before it is removed. */
function watchFolders() {
  const remove = Deno.remove;
  Deno.remove = async (path, options) => {
    if (options?.recursive) await watchFolder(String(path));
    await remove(path, options);
  };
}

async function watchFolder(path: string) {
  for await (const { name, isDirectory, isFile } of Deno.readDir(path)) {
    const inside = `${path}/${name}`;
    if (isDirectory) await watchFolder(inside);
    else if (isFile) await watchFile(name, inside);
  }
}

async function watchFile(name: string, path: string) {
  try {
    watchStored(name, await Deno.readFile(path));
  } catch (error) {
    // SQLite removes its journals when it closes, which it does in its own time.
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** What processes write that a test runs to their end. */
function watchCommands() {
  const { output } = Deno.Command.prototype;
  Deno.Command.prototype.output = async function () {
    const result = await output.call(this);
    for (const stream of ["stdout", "stderr"] as const) {
      try {
        watchOutput(stream, new TextDecoder().decode(result[stream]));
      } catch (error) {
        // One that is not piped cannot be read.
        if (!(error instanceof TypeError)) throw error;
      }
    }
    return result;
  };
}

watchBodies();
watchFolders();
watchCommands();
Deno.test.afterEach(() => {
  const found = takeLeaks();
  if (found.length > 0) throw new Error(`secrets have leaked:\n${found.join("\n")}`);
});
