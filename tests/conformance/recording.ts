/** Recorded requests with the answers of a real KubeSphere, and the names that stand in them. */

import { appId, appKey, versionId } from "../../src/helm/ids.ts";

/** One request of a sequence; the format is that of `../shared/golden/README.md`. */
export interface Recording {
  name: string;
  note?: string;
  /** What happened before the request. */
  before?: Step[];
  /** What the id that is answered is called from here on. */
  bind?: string;
  request: {
    method: string;
    path: string;
    user?: string;
    contentType?: string;
    headers?: Record<string, string>;
    body?: string;
  };
  response: {
    status: number;
    contentType?: string;
    headers?: Record<string, string>;
    body: string;
    /** There was no answer: the handler crashed. */
    connectionClosed?: boolean;
  };
  /** Why the order of the items says nothing. */
  unstable?: string;
  /** What the repository's web server was asked meanwhile. */
  upstream?: Call[];
  /** KubeSphere's object in its store. */
  stored?: Stored;
}

export type Step =
  | ServeStep
  | SyncStep
  | { op: "createObject"; id: string; name: string }
  | { op: "clock"; step: string };

/** A sync that is due runs to its end. */
export interface SyncStep {
  op: "sync";
  repo: string;
  outcome: string;
  upstream?: Call[];
}

/** The repository's web server answers a path with something from now on. */
export interface ServeStep {
  op: "serve";
  path: string;
  /** A file of the folder that the recordings are in. */
  file?: string;
  body?: string;
  status?: number;
  requireBasicAuth?: string;
  location?: string;
}

export interface Call {
  method: string;
  path: string;
  /** `user:password` */
  auth?: string;
}

export interface Stored {
  spec?: { name?: string; url?: string; description?: string; syncPeriod?: number };
  savedIndex?: SavedIndex;
}

/** What is kept of an index: its charts by name, with their versions. */
export interface SavedIndex {
  apps?: Record<string, { appId: string; charts?: SavedVersion[] }>;
}

/** A version as Helm's library writes it. */
export type SavedVersion = { verId: string } & Record<string, unknown>;

/** A folder of recordings. */
export interface Collection {
  name: string;
  root: URL;
  files: string[];
}

/** No sequences of requests. */
const NO_RECORDINGS = ["vectors.json", "semver.json"];

/** The project's own recordings, and KubeSphere's where they lie beside the project. */
export async function findCollections(): Promise<Collection[]> {
  const own = new URL("../fixtures/conformance/", import.meta.url);
  const golden = new URL("../../../shared/golden/", import.meta.url);
  const found = await Promise.all([collect("own", own), collect("KubeSphere's", golden)]);
  return found.filter((collection) => collection !== undefined);
}

async function collect(name: string, root: URL): Promise<Collection | undefined> {
  try {
    const entries = await Array.fromAsync(Deno.readDir(root));
    const files = entries.map((entry) => entry.name)
      .filter((file) => file.endsWith(".json") && !NO_RECORDINGS.includes(file));
    return { name, root, files: files.sort() };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

export async function readRecordings(root: URL, file: string): Promise<Recording[]> {
  return JSON.parse(await Deno.readTextFile(new URL(file, root)));
}

/**
 * Puts this run's ids in the place of their names. Ours are derived: what got a second id from
 * KubeSphere (`#2`) has one here. A name without an id stays as it is.
 */
export function substitute(text: string, ids: ReadonlyMap<string, string>, charts: string): string {
  const repo = (alias: string) => ids.get(`repo.${alias}`);
  return text.replace(/\{\{([^{}]+)\}\}/g, (whole, name: string) => {
    if (name === "charts") return charts;
    if (ids.has(name)) return ids.get(name)!;
    const [, kind, alias, key, version] =
      /^(app|ver)\.([^.]+)\.(.*?)(?:@(.*))?$/s.exec(name.replace(/#\d+$/, "")) ?? [];
    const id = alias && repo(alias);
    if (!id) return whole;
    return kind === "app" ? appId(id, appKey(key!)) : versionId(id, key!, version ?? "");
  });
}

/** Whether a text names something that is not there in this run. */
export function hasUnknown(text: string): boolean {
  return /\{\{(?!now\}\})[^{}]+\}\}/.test(text);
}
