/** Says once, among the components, what a document says in several places. */

import type { Document } from "./document.ts";

/** Somewhere in a document, with the names that its value could have. */
interface Place {
  // deno-lint-ignore no-explicit-any -- any part of a document
  holder: any;
  key: string | number;
  names: string[];
}

/** Moves parameters, headers and answers that stand more than once; what is moved first is in the others. */
export function hoist({ paths, components }: Document): void {
  const operations = Object.values(paths).flatMap((path) =>
    Object.entries(path).filter(([key]) => key !== "servers").map(([, operation]) => operation)
  );
  const answers = operations.flatMap(({ operationId, responses }) =>
    Object.keys(responses).map((status): Place => ({
      holder: responses,
      key: status,
      names: [nameOf(operationId, status), `${operationId}.${status}`],
    }))
  );
  components.headers = share(
    answers.flatMap(({ holder, key, names }) => {
      const { headers = {} } = holder[key];
      return Object.keys(headers).map((header): Place => ({
        holder: headers,
        key: header,
        names: [header, `${names[0]}.${header}`, `${names[1]}.${header}`],
      }));
    }),
    "headers",
  );
  components.responses = share(answers, "responses");
  components.parameters = share(
    operations.flatMap(({ operationId, parameters = [] }) =>
      parameters.map(({ name }, key): Place => ({
        holder: parameters,
        key,
        names: [name, `${operationId}.${name}`],
      }))
    ),
    "parameters",
  );
}

function nameOf(operationId: string, status: string): string {
  if (status === "304") return "NotModified";
  return Number(status) < 400 ? operationId : `Problem${status}`;
}

function share(places: Place[], section: string): Record<string, unknown> {
  const shared: Record<string, unknown> = {};
  const same = Map.groupBy(places, ({ holder, key }) => JSON.stringify(holder[key]));
  for (const group of same.values()) {
    if (group.length === 1) continue;
    const name = group.flatMap(({ names }) => names).find((name) => !(name in shared))!;
    shared[name] = group[0]!.holder[group[0]!.key];
    for (const { holder, key } of group) holder[key] = { $ref: `#/components/${section}/${name}` };
  }
  return shared;
}
