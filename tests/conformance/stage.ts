/** What a sequence of recordings is played on: Chartroom over HTTP, and a repository's server. */

import { createApp } from "../../routes/app.ts";
import { askForSync } from "../../src/sync/repositories.ts";
import { type Body, type Chartroom, startChartroom } from "../support/chartroom.ts";
import { type RawAnswer, type RawRequest, sendRaw } from "../support/raw_client.ts";
import { startUpstream, type Upstream } from "../support/upstream.ts";
import type { Call, ServeStep } from "./recording.ts";

/** When the first object of a sequence is made, after everything in the indexes. */
export const START = Date.parse("2027-01-01T00:00:00Z");

export interface Stage {
  /** Host and port of the repository's server. */
  charts: string;
  /** Sends a request of a user, who may do everything, or of nobody. */
  send(request: RawRequest, user?: string): Promise<RawAnswer>;
  /** A look at Chartroom that is no part of what is compared. */
  look(path: string): Promise<Body>;
  serve(step: ServeStep): Promise<void>;
  /** Runs a repository's sync, which waits until then. */
  sync(repoId: string): Promise<void>;
  remove(repoId: string): Promise<void>;
  /** What the repository's server was asked since this was called last. */
  calls(): Call[];
  /** Moves the clock on, by the time between two objects that are made. */
  tick(ms: number): void;
  close(): Promise<void>;
}

/** Starts Chartroom on a socket, and serves the fixtures of a folder. */
export async function openStage(root: URL): Promise<Stage> {
  const upstream = startUpstream();
  const charts = new URL(upstream.url).host;
  const chartroom = await startChartroom({ environment: { CHARTROOM_RATE_LIMIT: "1000000" } });
  const { services, clock } = chartroom;
  clock.now = START;
  await serveFixtures(upstream, root);
  // A sync is run when the recording says so, and not before.
  const start = services.syncer.start.bind(services.syncer);
  services.syncer.start = () => {};
  const options = { hostname: "127.0.0.1", port: 0, onListen() {} };
  const server = Deno.serve(options, createApp(services).fetch);
  const bearers = new Map<string, Promise<{ authorization: string }>>();
  const bearerOf = (name: string) => {
    let bearer = bearers.get(name);
    if (bearer === undefined) bearers.set(name, bearer = makeBearer(chartroom, name));
    return bearer;
  };
  return {
    charts,
    async send(request, user) {
      const bearer = user === undefined ? {} : await bearerOf(user);
      const headers = { ...request.headers, ...bearer };
      return await sendRaw(server.addr.port, { ...request, headers });
    },
    look: (path) => look(chartroom, path),
    serve: (step) => serve(upstream, root, step),
    async sync(repoId) {
      const repo = (await services.directory.current()).repos.get(repoId);
      if (repo === undefined) throw new Error(`there is no repository ${repoId} to sync`);
      clock.now += 1;
      await askForSync(services.repositories, repo, false);
      start(repo);
      await services.syncer.idle();
    },
    async remove(repoId) {
      const { status } = await chartroom.call("DELETE", `/v1/repos/${repoId}`);
      if (status !== 200) throw new Error(`cannot remove ${repoId}: ${status}`);
    },
    calls: () => upstream.requests.splice(0).map(callOf),
    tick: (ms) => clock.now += ms,
    async close() {
      await server.shutdown();
      await chartroom.close();
      await upstream.close();
    },
  };
}

async function makeBearer({ services }: Chartroom, name: string) {
  const everything = { workspace: "*", role: "admin", expireTime: null } as const;
  const { token } = await services.tokens.create({ name, ...everything }, "");
  return { authorization: `Bearer ${token}` };
}

async function look({ call }: Chartroom, path: string): Promise<Body> {
  const { status, body } = await call("GET", `/v1${path}`);
  return status === 200 ? body : undefined;
}

function callOf({ method, path, headers }: Upstream["requests"][number]): Call {
  const [, basic] = /^Basic (.+)$/.exec(headers.get("authorization") ?? "") ?? [];
  return { method, path, ...(basic && { auth: atob(basic) }) };
}

/** The fixed pages of the repository's server. */
async function serveFixtures(upstream: Upstream, root: URL): Promise<void> {
  await serveIndexes(upstream, new URL("fixtures/", root), "/fx");
  await serveIndexes(upstream, new URL("fixtures/parse/", root), "/parse");
  await serveIndexes(upstream, new URL("../indexes/", root), "");
  const file = (path: string, name: string, requireBasicAuth?: string) =>
    unlessAbsent(serve(upstream, root, {
      op: "serve",
      path,
      file: `fixtures/${name}`,
      ...(requireBasicAuth && { requireBasicAuth }),
    }));
  const charts = new URL(upstream.url).host;
  const bob = "bob:pa:ss", alpha = "charts/alpha-1.1.0.tgz";
  await file("/private/index.yaml", "basic.yaml", bob);
  await file("/private/charts/alpha-1.1.0.tgz", alpha, bob);
  await file("/fx/basic/charts/alpha-1.1.0.tgz", alpha);
  await file("/fx/basic//charts/alpha-1.1.0.tgz", alpha);
  await file("/files/alpha-1.0.0.tgz", "charts/alpha-1.0.0.tgz");
  await file("/fx/basic/charts/beta.tgz", "charts/nochart.tgz");
  const page = (path: string, status: number, more: Partial<ServeStep> = {}) =>
    serve(upstream, root, { op: "serve", path, status, ...more });
  await page("/redir/index.yaml", 302, { location: `http://${charts}/fx/basic/index.yaml` });
  await page("/s204/index.yaml", 204);
  await page("/s500/index.yaml", 500);
  await page("/sp%20ace/index.yaml", 200, { body: "apiVersion: v1\n" });
  const query = ({ url }: Request) =>
    new URL(url).search.endsWith("/index.yaml")
      ? new Response("apiVersion: v1\n")
      : new Response("not found", { status: 404 });
  upstream.serve("/q", query);
}

async function serveIndexes(upstream: Upstream, folder: URL, prefix: string): Promise<void> {
  const entries = await unlessAbsent(Array.fromAsync(Deno.readDir(folder))) ?? [];
  for (const { name, isFile } of entries) {
    if (!isFile) continue;
    const path = `${prefix}/${name.replace(/\.yaml$/, "")}/index.yaml`;
    upstream.serve(path, await readFixture(upstream, new URL(name, folder)));
  }
}

/** What is in a file or folder, which one collection has and another has not. */
async function unlessAbsent<T>(read: Promise<T>): Promise<T | undefined> {
  try {
    return await read;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/**
 * KubeSphere takes what has no date for the oldest of all, and Chartroom for what is new: that would
 * move every page of a list. So this has the date here that it has there. Nor does KubeSphere look
 * at digests, so that a chart has words for them, which Chartroom would not take for its package's.
 */
function withoutTraps(text: string): string {
  const date = '    created: "0001-01-01T00:00:00Z"';
  return text.replace(/- name: "?(nodate-|gamma).*\n/g, `$&${date}\n`)
    .replace(/^ *digest: aaaa.*\n/gm, "");
}

/** A file with the server's host and port in it. Packages, and files to be parsed, stay as they are. */
async function readFixture(upstream: Upstream, file: URL): Promise<string | Uint8Array> {
  if (/\.tgz$|\/parse\//.test(file.pathname)) return await Deno.readFile(file);
  const text = await Deno.readTextFile(file);
  return withoutTraps(text.replaceAll("{{charts}}", new URL(upstream.url).host));
}

async function serve(upstream: Upstream, root: URL, step: ServeStep): Promise<void> {
  const { path, file, status = 200, requireBasicAuth, location } = step;
  const body = file === undefined
    ? step.body?.replaceAll("{{charts}}", new URL(upstream.url).host) ?? ""
    : await readFixture(upstream, new URL(file, root));
  upstream.serve(path, ({ headers }) => {
    const wanted = requireBasicAuth && `Basic ${btoa(requireBasicAuth)}`;
    if (wanted && headers.get("authorization") !== wanted) {
      return new Response("who are you?", { status: 401 });
    }
    const empty = status === 204 || status === 304;
    return new Response(empty ? null : body as BodyInit, {
      status,
      ...(location && { headers: { location } }),
    });
  });
}
