/** The request of an example, as a line for a shell. */

import type { Example } from "./operation.ts";

interface Parameter {
  name: string;
  in: string;
  example?: string;
}

interface Place {
  method: string;
  path: string;
  base: string;
}

/** Writes it; `$CHARTROOM` is where the service is, `$TOKEN` what it takes from who is asking. */
export function curlOf(
  { parameters = [], security }: { parameters?: Parameter[]; security?: unknown[] },
  { method, path, base }: Place,
  { query = {}, headers = {}, body }: Example,
): string {
  const examples = new Map(parameters.map(({ name, example }) => [name, example]));
  const filled = path.replace(/\{(\w+)\}/g, (_, name) => examples.get(name) ?? name);
  const search = Object.entries(query).map(([name, value]) => `${name}=${encode(value)}`).join("&");
  const address = (base === "/" ? "" : base) + filled + (search && `?${search}`);
  const implied = body === undefined ? "get" : "post";
  return [
    `curl${method === implied ? "" : ` -X ${method.toUpperCase()}`} "$CHARTROOM${address}"`,
    // What has no security of its own is for those who may write.
    ...(security === undefined ? ['-H "authorization: Bearer $TOKEN"'] : []),
    ...Object.entries(headers).map(([name, value]) => `-H '${name}: ${value}'`),
    ...(body === undefined ? [] : [
      "-H 'content-type: application/json'",
      `-d '${JSON.stringify(body, null, 2).replaceAll("\n", "\n  ")}'`,
    ]),
  ].join(" \\\n  ");
}

/** As an address needs it, and as people can read it. */
function encode(value: string): string {
  return encodeURIComponent(value).replace(/%(2C|2F|3A|3D)/g, decodeURIComponent);
}
