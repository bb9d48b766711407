/**
 * A client of Chartroom's API with the types of its contract. Nothing of the service is loaded with
 * it, nor what checks schemas.
 */

import { type ClientRequestOptions, hc } from "hono/client";
import type { Contract } from "./openapi/contract.ts";
import type { ProblemCode } from "./support/problem.ts";

/** A request that Chartroom refused, or could not answer. */
export class ChartroomError extends Error {
  override readonly name = "ChartroomError";

  constructor(
    readonly status: number,
    message: string,
    /** Absent if the answer is not Chartroom's, but that of a proxy, say. */
    readonly code?: ProblemCode,
    /** The parameter or field that is meant. */
    readonly field?: string,
    /** Why an upstream's answer could not be used. */
    readonly reason?: string,
  ) {
    super(message);
  }
}

/** Options of Hono's client, and a bearer token. */
export interface ClientOptions extends Omit<ClientRequestOptions, "headers"> {
  token?: string;
}

/**
 * Makes a client. What is not answered as it was meant to be is thrown as a {@link ChartroomError}.
 *
 * @param url Where the API is, with its base: `http://127.0.0.1:8000/v1`.
 */
export function createClient(url: string, options: ClientOptions = {}) {
  const { token, fetch: send = fetch, ...others } = options;
  return hc<Contract>(url, {
    ...others,
    ...(token !== undefined && { headers: { authorization: `Bearer ${token}` } }),
    async fetch(...request: Parameters<typeof fetch>) {
      const response = await send(...request);
      if (response.status >= 400) throw await errorOf(response);
      return response;
    },
  });
}

async function errorOf(response: Response): Promise<ChartroomError> {
  const { status, headers } = response;
  const isProblem = headers.get("content-type")?.startsWith("application/problem+json");
  if (!isProblem) {
    await response.body?.cancel();
    return new ChartroomError(status, `${status} ${response.statusText}`.trim());
  }
  const { message, code, field, reason } = await response.json();
  return new ChartroomError(status, message, code, field, reason);
}
