/** A chart repository's web server, in a process of its own. */

import { fleetIndexText } from "./fleet.ts";
import { serveParent, startProcess } from "./fresh_process.ts";

export interface Upstream {
  url: string;
  /** Answers with a file from now on, and with 304 to who has its ETag. */
  serve(path: string, etag?: string): Promise<void>;
  close(): Promise<void>;
}

/**
 * Starts it; it ends with {@link Upstream.close}, or with this process. Beside the one that it is
 * told to serve it has the repositories of the fleet, at `/fleet/0` and so on.
 */
export async function startUpstream(): Promise<Upstream> {
  const { line, close } = await startProcess("bench/upstream.ts", []);
  const url = `http://127.0.0.1:${line}`;
  return {
    url,
    async serve(path, etag) {
      const response = await fetch(`${url}/serve`, {
        method: "POST",
        body: JSON.stringify({ path, etag }),
      });
      if (!response.ok) throw new Error(`the upstream cannot serve ${path}`);
      await response.body?.cancel();
    },
    close,
  };
}

if (import.meta.main) {
  let body = new Uint8Array();
  let etag: string | undefined;
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    if (request.method === "POST") {
      const wanted: { path: string; etag?: string } = await request.json();
      body = await Deno.readFile(wanted.path);
      etag = wanted.etag;
      return new Response();
    }
    // Without `no-transform` Deno may compress, which an upstream pays for and not Chartroom.
    const headers = { "cache-control": "no-transform", ...(etag && { etag }) };
    const fleet = /\/fleet\/(\d+)\//.exec(request.url)?.[1];
    if (fleet !== undefined) return new Response(fleetIndexText(Number(fleet)), { headers });
    const known = etag !== undefined && request.headers.get("if-none-match") === etag;
    return known ? new Response(null, { status: 304, headers }) : new Response(body, { headers });
  });
  await serveParent(String(server.addr.port));
}
