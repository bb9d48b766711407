/** Servers to load, each in a process of its own. */

import { cpuUsage } from "node:process";
import { startProcess } from "./fresh_process.ts";

/** Where a server listens. */
export interface Ports {
  port: number;
  /** Of a second listener, which tells of the process. */
  control: number;
}

export interface Server extends Ports {
  /** What it answers with 200. */
  get(path: string): Promise<Response>;
  memory(): Promise<Memory>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** What is in memory when garbage is gone, in bytes. */
export interface Memory {
  /** On V8's heap, and what that holds outside of it. */
  heapUsed: number;
  external: number;
  rss: number;
  /** What Chartroom says of its catalogs. */
  counts?: { bytes: number; misses: number };
}

/** Chartroom over the database in a folder. */
export function startChartroom(data: string): Promise<Server> {
  return start("chartroom", data);
}

/** Nothing but Hono, which answers a list of apps with the bytes of a file. */
export function startBare(path: string): Promise<Server> {
  return start("bare", path);
}

async function start(kind: string, path: string): Promise<Server> {
  const flags = ["--v8-flags=--expose-gc"];
  const { line, close } = await startProcess("bench/serve.ts", [kind, path], flags);
  const ports: Ports = JSON.parse(line);
  return {
    ...ports,
    get: (path) => get(ports.port, path),
    memory: async () => (await get(ports.control, "/memory")).json(),
    [Symbol.asyncDispose]: close,
  };
}

/** Seconds of CPU time that a server has used. */
export async function readCpuTime({ control }: Ports): Promise<number> {
  return (await get(control, "/cpu")).json();
}

/** Seconds of CPU time that this process has used, with all of its threads. */
export function cpuTime(): number {
  const { user, system } = cpuUsage();
  return (user + system) / 1_000_000;
}

async function get(port: number, path: string): Promise<Response> {
  const headers = { "accept-encoding": "identity" };
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers });
  if (response.ok) return response;
  throw new Error(`${path} answers ${await response.text()}`);
}
