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
    /** Seconds after which it may be tried again. */
    readonly retryAfter?: number,
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
  return coded(hc<Contract>(url, {
    ...others,
    ...(token !== undefined && { headers: { authorization: `Bearer ${token}` } }),
    async fetch(...request: Parameters<typeof fetch>) {
      const response = await send(...request);
      if (response.status >= 400) throw await errorOf(response);
      return response;
    },
  }));
}

/**
 * Hono's client puts parameters into the path as they are: `../tokens/1` in the place of a
 * repository would be another resource.
 */
function coded<Part extends object>(part: Part): Part {
  return new Proxy(part, {
    get(target, name) {
      const value = Reflect.get(target, name);
      return typeof value === "function" ? coded(value) : value;
    },
    apply(target, self, [args, ...more]) {
      const call = target as unknown as (...args: unknown[]) => unknown;
      const params = Object.entries(args?.param ?? {});
      const wrong = params.find(([, value]) => !isSegment(`${value}`));
      if (wrong !== undefined) return Promise.reject(nothingAt(wrong[0]));
      const param = Object.fromEntries(
        params.map(([name, value]) => [name, encodeURIComponent(`${value}`)]),
      );
      return Reflect.apply(call, self, [args && { ...args, param }, ...more]);
    },
  });
}

/** Whether a text, coded, can stand between two slashes. */
function isSegment(text: string): boolean {
  return !["", ".", ".."].includes(text) && text.isWellFormed();
}

function nothingAt(name: string): ChartroomError {
  return new ChartroomError(404, `${name}: there is none of this name`, "not_found", name);
}

async function errorOf(response: Response): Promise<ChartroomError> {
  const { status, headers } = response;
  const retryAfter = Number(headers.get("retry-after")) || undefined;
  const isProblem = headers.get("content-type")?.startsWith("application/problem+json");
  if (!isProblem) {
    await response.body?.cancel();
    const message = `${status} ${response.statusText}`.trim();
    return new ChartroomError(status, message, undefined, undefined, undefined, retryAfter);
  }
  const { message, code, field, reason } = await response.json();
  return new ChartroomError(status, message, code, field, reason, retryAfter);
}
