/** The main job, shown: a sample repository is registered, synced and listed, and then served. */

import { createApp } from "../../routes/app.ts";
import { type Config, loadConfig } from "../../src/config.ts";
import { createServices } from "../../src/services.ts";
import { serveOnLoopback, startSampleRepository } from "./sample_repository.ts";

const POLL_MS = 20;
const NAME = "sample";

interface SampleRepo {
  repo_id: string;
  status: string;
  sync: { state: string; phase?: string; message?: string; index_bytes?: number };
}

interface SampleApp {
  app_id: string;
  name: string;
  deprecated: boolean;
  category?: string;
  version_total: number;
  description: string;
  latest_app_version: { version: string; app_version?: string };
}

const config = configOrExit();
const { port } = config;
const sample = await startSampleRepository(port + 1);
say(`Sample repository  ${sample.url}  (${sample.charts} charts, ${sample.archives} archives)`);

const services = await createServices(config, { log: () => {} });
Deno.cron("sync what is due", "* * * * *", () => services.syncer.tick());
const server = serveOnLoopback(port, createApp(services).fetch);
const base = `http://127.0.0.1:${server.addr.port}`;
for (const signal of ["SIGINT", "SIGTERM"] as const) Deno.addSignalListener(signal, stop);
say(`Chartroom          ${base}  (database: data/demo/chartroom.sqlite)\n`);

const id = await register();
await watchSync(id);
const { items } = await call<{ items: SampleApp[] }>(
  "GET",
  `/v1/apps?conditions=repo_id=${id}&orderBy=name&limit=-1`,
);
printTable(items);
say(`
Open the console:
  ${base}/

Or curl:
  ${base}/v1/repos/${id}
  ${base}/v1/repos/${id}/events
  ${base}/v1/apps?conditions=repo_id=${id}&reverse=true
  ${base}/v1/apps/${items[0]!.app_id}/versions
  ${sample.url}/index.yaml

Ctrl-C ends it.`);

function configOrExit(): Config {
  try {
    return loadConfig({
      PORT: Deno.env.get("PORT"),
      CHARTROOM_KV: "data/demo/chartroom.sqlite",
      CHARTROOM_ALLOW_UPSTREAM: "127.0.0.1",
    });
  } catch (error) {
    say(String((error as Error).message));
    Deno.exit(1);
  }
}

function say(text: string) {
  // deno-lint-ignore no-console -- what it says is what it is for
  console.log(text);
}

async function call<T>(method: string, path: string, body?: unknown): Promise<T> {
  const response = await fetch(base + path, {
    method,
    ...(body !== undefined &&
      { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(`${method} ${path}: ${answer.message}`);
  return answer;
}

/** A demonstration that ran before left its repository behind, under another port. */
async function register(): Promise<string> {
  const known = await call<{ items: SampleRepo[] }>("GET", `/v1/repos?conditions=name=${NAME}`);
  const id = known.items[0]?.repo_id;
  if (id === undefined) {
    const repo = { name: NAME, url: sample.url, sync_period: "3m" };
    const made = await call<{ repo_id: string }>("POST", "/v1/repos", repo);
    say(`Registered "${NAME}" as ${made.repo_id}`);
    return made.repo_id;
  }
  await call("PATCH", `/v1/repos/${id}`, { url: sample.url });
  await call("POST", `/v1/repos/${id}/action`, { action: "index" });
  say(`"${NAME}" is ${id} already; its URL is the new one now`);
  return id;
}

async function watchSync(id: string) {
  let shown = "";
  for (;;) {
    const { status, sync } = await call<SampleRepo>("GET", `/v1/repos/${id}`);
    const line = sync.phase === undefined ? sync.state : `${sync.state}: ${sync.phase}`;
    if (sync.state === "idle") {
      const [event] = (await call<{ items: { duration_ms: number; generation: number }[] }>(
        "GET",
        `/v1/repos/${id}/events?limit=1`,
      )).items;
      say(
        `  sync ${status}${sync.message ? `: ${sync.message}` : ""} in ${event!.duration_ms} ms, ` +
          `${sync.index_bytes} bytes, generation ${event!.generation}\n`,
      );
      return;
    }
    if (line !== shown) say(`  sync ${line}`);
    shown = line;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

function printTable(apps: SampleApp[]) {
  const rows = [["APP", "VERSION", "APP VERSION", "VERSIONS", "CATEGORY", "DESCRIPTION"]];
  for (const app of apps) {
    const { version, app_version: packaged = "" } = app.latest_app_version;
    rows.push([
      app.name + (app.deprecated ? " (deprecated)" : ""),
      version,
      packaged,
      String(app.version_total),
      app.category ?? "-",
      app.description,
    ]);
  }
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  for (const row of rows) {
    say(row.map((cell, i) => cell.padEnd(widths[i]!)).join("  ").trimEnd());
  }
}

async function stop() {
  await Promise.all([server.shutdown(), sample.close()]);
  await services.close();
  Deno.exit(0);
}
