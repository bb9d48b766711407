/** A chart repository's web server on loopback that answers as a test wants. */

import "./leaks.ts";

export interface Upstream {
  /** `http://127.0.0.1:<port>` */
  url: string;
  /** What came, oldest first. */
  requests: { method: string; path: string; headers: Headers }[];
  /** Answers `path` with a text, or with what a function makes of the request. */
  serve(path: string, answer: string | Uint8Array | Answer): void;
  close(): Promise<void>;
}

type Answer = (request: Request) => Response | Promise<Response>;

export function startUpstream(): Upstream {
  const answers = new Map<string, Answer>();
  const requests: Upstream["requests"] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    const { pathname, search } = new URL(request.url);
    const headers = new Headers([...request.headers]);
    requests.push({ method: request.method, path: pathname + search, headers });
    const answer = answers.get(pathname);
    return answer === undefined ? new Response("nothing here", { status: 404 }) : answer(request);
  });
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    requests,
    serve(path, answer) {
      const body = answer as string;
      answers.set(path, typeof answer === "function" ? answer : () => new Response(body));
    },
    close: () => server.shutdown(),
  };
}

/** Lets the upstream's next answers wait until the test says so. */
export function holdBack(upstream: Upstream, answer: string) {
  const asked = Promise.withResolvers<void>(), go = Promise.withResolvers<void>();
  upstream.serve("/index.yaml", async ({ signal }) => {
    // A test that fails before it says so must not hang.
    signal.addEventListener("abort", () => go.resolve());
    asked.resolve();
    await go.promise;
    return new Response(answer);
  });
  return { asked: asked.promise, go: go.resolve };
}

/** Serves half of an index at once, and the rest when a test says so. */
export function holdHalf(upstream: Upstream, text = indexOf({ one: ["1.0.0"] })) {
  const asked = Promise.withResolvers<void>(), rest = Promise.withResolvers<void>();
  const bytes = new TextEncoder().encode(text);
  const half = bytes.length >> 1;
  upstream.serve("/index.yaml", () => {
    asked.resolve();
    const body = new ReadableStream({
      async start(controller) {
        controller.enqueue(bytes.subarray(0, half));
        await rest.promise;
        controller.enqueue(bytes.subarray(half));
        controller.close();
      },
    });
    return new Response(body, { headers: { "content-length": `${bytes.length}` } });
  });
  return { asked: asked.promise, release: rest.resolve, half, length: bytes.length };
}

/** A version of {@link indexOf}'s charts; `x.y.z` alone stands for one with nothing special. */
export interface VersionSpec {
  version: string;
  created?: string;
  digest?: string;
  [field: string]: unknown;
}

/** An `index.yaml` as `helm repo index` writes it, of the given charts. */
export function indexOf(charts: Record<string, (string | VersionSpec)[]>): string {
  const entries = Object.entries(charts).map(([name, versions]) => {
    const items = versions.map((spec) => {
      const given = typeof spec === "string" ? { version: spec } : spec;
      const entry = {
        apiVersion: "v2",
        created: "2024-01-02T03:04:05.678901234Z",
        description: `The ${name} chart`,
        digest: "0".repeat(64),
        name,
        urls: [`${name}-${given.version}.tgz`],
        ...given,
      };
      const lines = Object.entries(entry).sort(([a], [b]) => a < b ? -1 : 1)
        .map(([field, value]) => `    ${field}: ${JSON.stringify(value)}\n`).join("");
      return `  -${lines.slice(3)}`;
    });
    return items.length === 0 ? `  ${name}: []\n` : `  ${name}:\n${items.join("")}`;
  });
  const body = entries.length === 0 ? "entries: {}\n" : `entries:\n${entries.join("")}`;
  return `apiVersion: v1\n${body}generated: "2024-06-01T00:00:00Z"\n`;
}
