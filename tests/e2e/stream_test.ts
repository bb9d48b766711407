/** Streams over HTTP: of another process's sync, over a restart, to an EventSource, and cut off. */

import assert from "node:assert/strict";
import { call, eventually, type Process, startProcess, withFolder } from "../support/process.ts";
import { follow } from "../support/stream.ts";
import { holdHalf, indexOf, startUpstream, type Upstream } from "../support/upstream.ts";

/** Of one caller. */
const MAX_STREAMS = 20;
const NEW = indexOf({ one: ["1.0.0", "1.1.0"] });

async function withRepo(
  test: (start: (more?: Record<string, string>) => Promise<Process>, upstream: Upstream) => Promise<
    void
  >,
) {
  const upstream = startUpstream();
  upstream.serve("/index.yaml", indexOf({ one: ["1.0.0"] }));
  const started: Process[] = [];
  const stopped = new Set<Process>();
  try {
    await withFolder(async (folder) => {
      const start = async (more: Record<string, string> = {}) => {
        const process = await startProcess({
          CHARTROOM_KV: `${folder}/kv.sqlite`,
          CHARTROOM_ALLOW_UPSTREAM: "127.0.0.1",
          ...more,
        });
        started.push(process);
        process.status.then(() => stopped.add(process));
        return process;
      };
      try {
        await test(start, upstream);
      } finally {
        for (const process of started) if (!stopped.has(process)) process.kill("SIGKILL");
        await Promise.all(started.map(({ status }) => status));
      }
    });
  } finally {
    await upstream.close();
  }
}

async function register(process: Process, { url }: Upstream): Promise<string> {
  const { repo_id: id } = await call(process, "POST", "/v1/repos", { name: "r", url });
  const shown = () => call(process, "GET", `/v1/repos/${id}`);
  await eventually(shown, ({ status }) => status === "successful");
  return id;
}

async function ask(process: Process, id: string): Promise<string> {
  const action = { action: "index" };
  return (await call(process, "POST", `/v1/repos/${id}/action`, action)).repo_event_id;
}

const streamOf = ({ url }: Process, id: string, query = "") =>
  `${url}/v1/repos/${id}/events/stream${query}`;

Deno.test("a process tells of another's sync, and of what ended while it was not there", () =>
  withRepo(async (start, upstream) => {
    const [a, b] = await Promise.all([start(), start()]);
    const id = await register(a, upstream);
    await eventually(
      () => call(b, "GET", `/v1/repos/${id}`),
      ({ repo_id }) => repo_id === id,
    );
    const open = follow(await fetch(streamOf(b, id)));
    assert.equal((await open.next()).data.state, "idle");
    const { release, half } = holdHalf(upstream, NEW);
    const sync = await ask(a, id);
    const { data } = await open.until(({ data }) => data.bytes > 0);
    assert.deepEqual([data.state, data.repo_event_id, data.bytes], ["running", sync, half]);
    release();
    const result = await open.until(({ event }) => event === "result");
    assert.equal(result.data.repo_event_id, sync);
    assert.equal(result.data.changes.versions_added.count, 1);

    // Stopped, it ends its streams as streams end.
    const rest = open.rest();
    const begun = performance.now();
    b.kill("SIGTERM");
    assert.ok((await rest).every(({ event }) => event === "progress"));
    assert.equal((await b.status).code, 0);
    assert.ok(performance.now() - begun < 2_000);
    assert.ok(b.lines.some((line) => line.includes('"event":"stopped"')));

    const missed = await ask(a, id);
    const one = () => call(a, "GET", `/v1/repos/${id}/events/${missed}`);
    await eventually(one, ({ status }) => status === "successful");
    const again = await start();
    const headers = { "last-event-id": result.id! };
    const resumed = follow(await fetch(streamOf(again, id), { headers }));
    const [first, second] = await resumed.take(2);
    assert.deepEqual([first!.event, first!.data], ["result", await one()]);
    assert.equal(second!.event, "progress");
    await resumed.leave();
  }));

Deno.test("an EventSource follows a sync over a restart, is told once, and stops", () =>
  withRepo(async (start, upstream) => {
    const process = await start();
    const id = await register(process, upstream);
    const { release } = holdHalf(upstream, NEW);
    const sync = await ask(process, id);
    const source = new EventSource(streamOf(process, id, `?sync=${sync}`));
    const running = Promise.withResolvers<void>(), over = Promise.withResolvers<void>();
    const results: string[] = [];
    source.addEventListener("progress", ({ data }) => {
      if (JSON.parse(data).state === "running") running.resolve();
    });
    source.addEventListener("result", ({ data }) => results.push(JSON.parse(data).repo_event_id));
    // It is closed when it came back for more, and there was none.
    source.addEventListener("error", () => {
      if (source.readyState === EventSource.CLOSED) over.resolve();
    });
    await running.promise;
    // The sync that is cut off is done by who comes next, before the EventSource is back.
    process.kill("SIGTERM");
    assert.equal((await process.status).code, 0);
    release();
    const next = await start({ PORT: new URL(process.url).port });
    const one = () => call(next, "GET", `/v1/repos/${id}/events/${sync}`);
    await eventually(one, ({ status }) => status === "successful");
    await over.promise;
    assert.deepEqual(results, [sync]);
  }));

Deno.test("clients that are cut off make room for others", () =>
  withRepo(async (start, upstream) => {
    const process = await start();
    const id = await register(process, upstream);
    const { hostname, port } = new URL(process.url);
    const path = streamOf(process, id).slice(process.url.length);
    const request = new TextEncoder().encode(`GET ${path} HTTP/1.1\r\nHost: ${hostname}\r\n\r\n`);
    const connections = await Promise.all(Array.from({ length: MAX_STREAMS }, async () => {
      const connection = await Deno.connect({ hostname, port: Number(port) });
      await connection.write(request);
      // Each has its place before somebody looks whether there is another.
      const start = new Uint8Array("HTTP/1.1 200".length);
      const read = await connection.read(start);
      assert.equal(new TextDecoder().decode(start.subarray(0, read!)), "HTTP/1.1 200");
      return connection;
    }));
    const statusOf = async () => {
      const response = await fetch(process.url + path);
      await response.body?.cancel();
      return response.status;
    };
    // None of them has read what it is told.
    assert.equal(await statusOf(), 503);
    const [first, ...others] = connections;
    first!.close();
    await eventually(statusOf, (status) => status === 200);
    process.kill("SIGTERM");
    const begun = performance.now();
    assert.equal((await process.status).code, 0);
    assert.ok(performance.now() - begun < 5_000);
    for (const connection of others) connection.close();
  }));
