/** Chartroom as `main.ts` puts it together, over a database file, without a server before it. */

import { createApp } from "../routes/app.ts";
import { loadConfig } from "../src/config.ts";
import { createServices, type Services } from "../src/services.ts";
import { keys } from "../src/store/keys.ts";
import { rowSize } from "./kv_meter.ts";

// deno-lint-ignore no-explicit-any -- answers are JSON, looked at field by field
type Body = any;

export interface Chartroom {
  services: Services;
  call(method: string, path: string, body?: unknown): Promise<Body>;
  /** Registers a repository and syncs it. Milliseconds from the request to the end of the sync. */
  register(url: string): Promise<{ repoId: string; ms: number }>;
  /** Syncs a repository again, and tells how long that took. */
  resync(repoId: string): Promise<number>;
  /** Bytes of a repository's generation: its segments and its pointer. */
  storedBytes(repoId: string): Promise<number>;
}

/** Opens the database in a folder, and makes it if it is not there. */
export async function openChartroom(folder: string, clock = Date.now): Promise<Chartroom> {
  const config = loadConfig({
    CHARTROOM_KV: `${folder}/chartroom.sqlite`,
    CHARTROOM_ALLOW_UPSTREAM: "127.0.0.1",
    // All callers have one address here. What counts them is measured, and never refuses.
    CHARTROOM_RATE_LIMIT: "1000000",
  });
  const services = await createServices(config, { log: () => {}, clock });
  const app = createApp(services);

  async function call(method: string, path: string, body?: unknown) {
    const headers = { "content-type": "application/json" };
    const response = await app.request(path, {
      method,
      ...(body !== undefined && { body: JSON.stringify(body), headers }),
    });
    const answer = await response.json();
    if (response.ok) return answer;
    throw new Error(`${method} ${path} answers ${JSON.stringify(answer)}`);
  }

  /** A request that starts a sync, and that sync. */
  async function sync(path: string, body: unknown) {
    const begun = performance.now();
    const answer = await call("POST", path, body);
    await services.syncer.idle();
    return { answer, ms: performance.now() - begun };
  }

  async function requireSuccess(repoId: string) {
    const { items } = await call("GET", `/v1/repos/${repoId}/events?limit=1`);
    if (items[0]?.status === "successful") return;
    throw new Error(`the sync failed: ${JSON.stringify(items[0])}`);
  }

  return {
    services,
    call,
    async register(url) {
      const { answer, ms } = await sync("/v1/repos", { name: "bench", url });
      await requireSuccess(answer.repo_id);
      return { repoId: answer.repo_id, ms };
    },
    async resync(repoId) {
      const { ms } = await sync(`/v1/repos/${repoId}/action`, { action: "index" });
      await requireSuccess(repoId);
      return ms;
    },
    async storedBytes(repoId) {
      const rows = await services.kv.list({ prefix: keys.segments(repoId) });
      const pointer = await services.kv.get(keys.index(repoId));
      return [...rows, pointer].reduce((sum, row) => sum + rowSize(row), 0);
    },
  };
}

/** Runs something with a new database, which is gone afterwards. */
export function withChartroom<T>(
  run: (chartroom: Chartroom) => Promise<T>,
  clock?: () => number,
): Promise<T> {
  return withFolder(async (folder) => {
    const chartroom = await openChartroom(folder, clock);
    try {
      return await run(chartroom);
    } finally {
      await chartroom.services.close();
    }
  });
}

/** Runs something with a folder, which is gone afterwards. */
export async function withFolder<T>(run: (folder: string) => Promise<T>): Promise<T> {
  const folder = await Deno.makeTempDir({ prefix: "chartroom-bench-" });
  try {
    return await run(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
