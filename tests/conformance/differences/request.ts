/** What a request asks for. */

import type { Exchange } from "../replay.ts";

/** The path below KubeSphere's prefix, without the workspace, and the parameters. */
export function partsOf({ target }: Exchange): { path: string; query: URLSearchParams } {
  const [path = "", query = ""] = target.split(/\?(.*)/s);
  const below = path.replace(/^\/kapis\/openpitrix\.io\/v1/, "");
  return { path: below.replace(/^\/workspaces\/[^/]*/, ""), query: new URLSearchParams(query) };
}

/** A condition of the request by its key and operator, such as `name~`. */
export function condition(exchange: Exchange, keyAndOperator: string): string | undefined {
  const items = (partsOf(exchange).query.get("conditions") ?? "").split(",");
  return items.findLast((item) => item.startsWith(keyAndOperator))?.slice(keyAndOperator.length);
}

/** The request's body, if it is JSON; `{}` otherwise. */
// deno-lint-ignore no-explicit-any -- a body of whatever kind
export function bodyOf({ sent }: Exchange): any {
  try {
    return JSON.parse(sent) ?? {};
  } catch {
    return {};
  }
}
