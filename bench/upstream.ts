/** A chart repository's web server, in a process of its own. */

import { denoCommand } from "./fresh_process.ts";

export interface Upstream {
  url: string;
  /** Answers with a file from now on, and with 304 to who has its ETag. */
  serve(path: string, etag?: string): Promise<void>;
  close(): Promise<void>;
}

/** Starts it; it ends with {@link Upstream.close}, or with this process. */
export async function startUpstream(): Promise<Upstream> {
  const child = denoCommand("bench/upstream.ts", [], "piped").spawn();
  const output = child.stdout.getReader();
  const { value } = await output.read();
  const url = `http://127.0.0.1:${new TextDecoder().decode(value).trim()}`;
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
    async close() {
      await child.stdin.close();
      await output.cancel();
      await child.status;
    },
  };
}

if (import.meta.main) {
  let body = new Uint8Array();
  let etag: string | undefined;
  const onListen = ({ port }: Deno.NetAddr) =>
    Deno.stdout.write(new TextEncoder().encode(`${port}\n`));
  Deno.serve({ hostname: "127.0.0.1", port: 0, onListen }, async (request) => {
    if (request.method === "POST") {
      const wanted: { path: string; etag?: string } = await request.json();
      body = await Deno.readFile(wanted.path);
      etag = wanted.etag;
      return new Response();
    }
    // Without `no-transform` Deno may compress, which an upstream pays for and not Chartroom.
    const headers = { "cache-control": "no-transform", ...(etag && { etag }) };
    const known = etag !== undefined && request.headers.get("if-none-match") === etag;
    return known ? new Response(null, { status: 304, headers }) : new Response(body, { headers });
  });
  // Standard input ends with the process that started this one.
  await Deno.stdin.readable.pipeTo(new WritableStream());
  Deno.exit(0);
}
