/** What may not stay so. */

import { answered, bodyOf, type Difference, fieldOf } from "./difference.ts";

export const UNDECIDED: readonly Difference[] = [
  {
    name: "an empty name or URL is refused",
    kubesphere: '`PATCH` ignores `"name":""` and `"url":""`',
    chartroom: "400",
    why: "Whoever empties a field of a form learns that it cannot be empty",
    covers: ({ at }, exchange) =>
      at === "status" && exchange.recording.request.method === "PATCH" &&
      answered(exchange, 200, 400, "invalid_field") &&
      bodyOf(exchange)[fieldOf(exchange) ?? ""] === "",
  },
];
