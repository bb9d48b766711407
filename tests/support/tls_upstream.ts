/** Web servers on loopback that speak TLS, with certificates of tests/fixtures/tls. */

import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { TLSSocket } from "node:tls";
import { fileURLToPath } from "node:url";

export interface TlsUpstream {
  /** `https://localhost:<port>` */
  url: string;
  /** What came, oldest first. */
  requests: TlsRequest[];
  /** How many connections are open; an upstream that asks for no certificate does not know. */
  open(): number;
  close(): Promise<void>;
}

export interface TlsRequest {
  path: string;
  headers: Headers;
  /** The name in the certificate that the client showed; `undefined` if it showed none. */
  client?: string;
}

export type TlsAnswer = (path: string) => Response | Promise<Response>;

const FIXTURES = new URL("../fixtures/tls/", import.meta.url);

/** The text of a certificate or key. */
export function pem(name: string): string {
  return Deno.readTextFileSync(new URL(name, FIXTURES));
}

/** The path of a certificate or key. */
export function pemPath(name: string): string {
  return fileURLToPath(new URL(name, FIXTURES));
}

/** Answers over HTTP/2 and HTTP/1.1 with a certificate for the key `server.key`. */
export function startTlsUpstream(answer: TlsAnswer, certificate = "server.pem"): TlsUpstream {
  const requests: TlsRequest[] = [];
  const address = { hostname: "127.0.0.1", port: 0, onListen() {} };
  const identity = { cert: pem(certificate), key: pem("server.key") };
  const server = Deno.serve({ ...address, ...identity }, (request) => {
    const { pathname } = new URL(request.url);
    requests.push({ path: pathname, headers: new Headers([...request.headers]) });
    return answer(pathname);
  });
  return {
    url: `https://localhost:${server.addr.port}`,
    requests,
    open: () => 0,
    close: () => server.shutdown(),
  };
}

/**
 * Answers over HTTP/1.1, and asks for a certificate of `client_authority.pem`. A client that shows
 * none or another is sent away if it is `required`.
 */
export async function startMutualUpstream(
  answer: TlsAnswer,
  mode: "asked" | "required",
): Promise<TlsUpstream> {
  const requests: TlsRequest[] = [];
  let open = 0;
  const server = createServer({
    cert: pem("server.pem"),
    key: pem("server.key"),
    ca: pem("client_authority.pem"),
    requestCert: true,
    rejectUnauthorized: mode === "required",
  }, async (request, response) => {
    const path = request.url ?? "";
    const client = (request.socket as TLSSocket).getPeerCertificate().subject?.CN;
    const headers = new Headers(request.headers as Record<string, string>);
    requests.push({ path, headers, ...typeof client === "string" && { client } });
    pass(await answer(path), response);
  });
  server.on("secureConnection", (socket) => {
    open++;
    socket.on("close", () => open--);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `https://localhost:${(server.address() as AddressInfo).port}`,
    requests,
    open: () => open,
    async close() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function pass(from: Response, to: ServerResponse): Promise<void> {
  to.writeHead(from.status, Object.fromEntries(from.headers));
  const reader = from.body?.getReader();
  to.on("close", () => reader?.cancel());
  for (;;) {
    const { done = true, value } = await reader?.read() ?? {};
    if (done) break;
    to.write(value);
  }
  to.end();
}
