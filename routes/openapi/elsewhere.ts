/** What is not here, in the document: no more than that it is refused, so that nobody looks for it. */

import { ELSEWHERE } from "../elsewhere.ts";
import { ANY_WORKSPACE, type Document, type Operation } from "./document.ts";
import { IN_WORKSPACE } from "./head.ts";
import { problemOf, REFERENCE } from "./operation.ts";

/** Adds it on the path of all workspaces, and on that of one. */
export function addElsewhere({ paths }: Document): void {
  for (const prefix of ["", IN_WORKSPACE]) {
    for (const [methods, route, what] of ELSEWHERE) {
      const path = prefix + route.replace(/:(\w+)/g, "{$1}");
      const operations = paths[path] ??= {};
      for (const method of methods.map((method) => method.toLowerCase())) {
        operations[method] = operationOf(method, path, what);
      }
    }
  }
}

function operationOf(method: string, path: string, what: string): Operation {
  const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!);
  const words = path.replace(IN_WORKSPACE, "/workspace").split(/\W+/).filter(Boolean);
  const parameters = names.map((name) =>
    name === ANY_WORKSPACE.name
      ? { ...ANY_WORKSPACE }
      : { name, in: "path", required: true, schema: { type: "string" } }
  );
  return {
    operationId: method + words.map((word) => word[0]!.toUpperCase() + word.slice(1)).join(""),
    summary: `KubeSphere ${what}`,
    tags: ["Not here"],
    ...(parameters.length > 0 && { parameters }),
    responses: Object.fromEntries(
      [401, 403, 413, 421, 501].map((status) => [status, problemOf(status, REFERENCE)]),
    ),
  };
}
