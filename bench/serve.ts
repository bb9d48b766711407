/** The process of a server: `serve.ts chartroom <folder>` or `serve.ts bare <file>`. */

import { Hono } from "hono";
import { createApp } from "../routes/app.ts";
import { openChartroom } from "./chartroom.ts";
import { serveParent } from "./fresh_process.ts";
import { cpuTime, type Memory, type Ports } from "./server.ts";

/** Garbage is collected several times: what is gone may have held what else can go. */
const COLLECTIONS = 4;
const BETWEEN_COLLECTIONS_MS = 100;

interface Served {
  fetch: (request: Request) => Response | Promise<Response>;
  counts?: () => NonNullable<Memory["counts"]>;
}

async function chartroom(data: string): Promise<Served> {
  const { services } = await openChartroom(data);
  return { fetch: createApp(services).fetch, counts: () => services.hot.counts() };
}

async function bare(path: string): Promise<Served> {
  const bytes = await Deno.readFile(path);
  const headers = { "content-type": "application/json" };
  const app = new Hono().get("/v1/apps", (c) => c.body(bytes, 200, headers));
  return { fetch: app.fetch };
}

async function readMemory(): Promise<Memory> {
  const { gc } = globalThis as unknown as { gc(): void };
  for (let i = 0; i < COLLECTIONS; i++) {
    gc();
    await new Promise((resolve) => setTimeout(resolve, BETWEEN_COLLECTIONS_MS));
  }
  const { heapUsed, external, rss } = Deno.memoryUsage();
  return { heapUsed, external, rss, ...(counts && { counts: counts() }) };
}

const [kind, path] = Deno.args;
const { fetch, counts }: Served = await (kind === "bare" ? bare : chartroom)(path!);
const listen = { hostname: "127.0.0.1", port: 0, onListen() {} };
const server = Deno.serve(listen, fetch);
const control = Deno.serve(listen, async ({ url }) => {
  return Response.json(url.endsWith("/cpu") ? cpuTime() : await readMemory());
});
const ports: Ports = { port: server.addr.port, control: control.addr.port };
await serveParent(JSON.stringify(ports));
