/** What is yet to come. */

import { answered, type Difference, partsOf } from "./difference.ts";

export const UNDECIDED: readonly Difference[] = [
  {
    name: "packages are not served yet",
    kubesphere: "`GET .../versions/{version}/package` and `/files`",
    chartroom: "404",
    why: "To come",
    covers: ({ at }, exchange) =>
      ["status", "upstream"].includes(at) &&
      answered(exchange, [200, 400, 404, 500], 404, "not_found") &&
      exchange.ours.body.message.startsWith("there is nothing at") &&
      /\/(package|files)$/.test(partsOf(exchange).path),
  },
];
