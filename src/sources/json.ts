/** JSON that a server of the operator's has. */

import type { HttpLimits } from "./watch.ts";

/** Reads JSON at an address that needs no egress policy. Throws an `Error` that says what is wrong. */
export type FetchJson = (url: URL) => Promise<unknown>;

/** Longest answer, decoded. */
export const MAX_JSON_BYTES = 262_144;
/** Longest that one may take, in milliseconds. Somebody waits, and mostly for two of them. */
const TOTAL_MS = 2_500;

/** A fetcher that follows no redirect, and takes a 200 alone. */
export function createJsonSource(limits: HttpLimits): FetchJson {
  const totalMs = Math.min(limits.totalMs, TOTAL_MS);
  return async (url) => {
    const response = await fetch(url, {
      headers: { accept: "application/json" },
      redirect: "manual",
      signal: AbortSignal.timeout(totalMs),
    });
    if (response.status !== 200) {
      await response.body?.cancel().catch(() => {});
      throw new Error(`it answered ${response.status}`);
    }
    return JSON.parse(await readText(response));
  };
}

async function readText({ body }: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = "", total = 0;
  // Whoever reads no further cancels what is left.
  for await (const piece of body ?? []) {
    total += piece.length;
    if (total > MAX_JSON_BYTES) throw new Error(`it is larger than ${MAX_JSON_BYTES} bytes`);
    text += decoder.decode(piece, { stream: true });
  }
  return text + decoder.decode();
}
