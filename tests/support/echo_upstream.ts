/** An upstream that says again all that it is told, wherever an answer can say something. */

import { send, startRawUpstream } from "./raw_upstream.ts";

export interface EchoUpstream {
  url: string;
  host: string;
  /** The heads of requests as they came. */
  received: string[];
  close(): Promise<void>;
}

/** Makes an answer, without its length; `said` is one line. */
export type Echo = (said: string) => { head: string; body?: string };

/** The first folder or file of a path says which of the answers comes; any other path has none. */
export function startEchoUpstream(echoes: Readonly<Record<string, Echo>>): EchoUpstream {
  const received: string[] = [];
  const upstream = startRawUpstream(async (connection, head) => {
    received.push(head);
    const name = Object.keys(echoes).find((name) =>
      /^\S+ ([^ ?]*)/.exec(head)![1]!.includes(`/${name}`)
    );
    const { head: answer, body = "" } = name === undefined
      ? { head: "HTTP/1.1 404 Not Found" }
      : echoes[name]!(`${head.replaceAll(/[\r\n]+/g, " | ")}${decodedIn(head)}`);
    const length = new TextEncoder().encode(body).length;
    const headers = `connection: close\r\ncontent-length: ${length}`;
    await send(connection, `${answer}\r\n${headers}\r\n\r\n${body}`);
  });
  return { ...upstream, host: new URL(upstream.url).host, received };
}

/** User name and password of Basic authentication. */
function decodedIn(head: string): string {
  const [, token] = /^authorization: Basic (\S+)/im.exec(head) ?? [];
  return token === undefined ? "" : atob(token);
}
