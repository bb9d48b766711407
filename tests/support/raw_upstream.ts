/** A server on loopback that speaks bytes, for answers that no HTTP server would give. */

export interface RawUpstream {
  url: string;
  /** Ends when every answer has. */
  close(): Promise<void>;
}

/**
 * `answer` writes to a connection whose request was read, of which it gets the first 4 KiB, and
 * leaves it; then it is closed.
 */
export function startRawUpstream(
  answer: (connection: Deno.TcpConn, request: string) => Promise<void>,
): RawUpstream {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const connections = new Set<Deno.TcpConn>();
  const handled: Promise<void>[] = [];
  const handle = async (connection: Deno.TcpConn) => {
    connections.add(connection);
    try {
      const buffer = new Uint8Array(4_096);
      const count = await connection.read(buffer);
      await answer(connection, new TextDecoder().decode(buffer.subarray(0, count ?? 0)));
    } catch {
      // The client went away, which is what most of these answers are for.
    } finally {
      connections.delete(connection);
      try {
        connection.close();
      } catch {
        // It was closed by the test.
      }
    }
  };
  (async () => {
    for await (const connection of listener) handled.push(handle(connection));
  })();
  return {
    url: `http://127.0.0.1:${listener.addr.port}`,
    async close() {
      listener.close();
      for (const connection of connections) connection.close();
      await Promise.all(handled);
    },
  };
}

/** Sends text, or bytes, as they are. */
export async function send(connection: Deno.TcpConn, data: string | Uint8Array): Promise<void> {
  const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data;
  for (let sent = 0; sent < bytes.length;) sent += await connection.write(bytes.subarray(sent));
}
