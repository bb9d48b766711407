/** What requests cost, in units: one is up to 5 ms of a core, with what the request sets going. */

import type { HonoRequest } from "hono";
import { parsePaging } from "./paging.ts";

interface Cost {
  methods: RegExp;
  /** The end of the path. */
  path: RegExp;
  units: number;
}

/** The first that fits counts; `deno task bench` and docs/operations.md say what they are drawn from. */
const COSTS: readonly Cost[] = [
  { methods: /^/, path: /^\/(healthz|readyz)\/?$/, units: 0 },
  // An index is downloaded and read, now or soon after.
  { methods: /^POST$/, path: /\/repos\/?$/, units: 100 },
  { methods: /^PATCH$/, path: /\/repos\/[^/]+\/?$/, units: 100 },
  { methods: /^POST$/, path: /\/repos\/[^/]+\/action\/?$/, units: 20 },
  { methods: /^POST$/, path: /\/webhooks\/[^/]+\/?$/, units: 5 },
  // Whatever else is written.
  { methods: /^(POST|PUT|PATCH|DELETE)$/, path: /^/, units: 5 },
  // An archive is fetched, looked through and unpacked; and nothing of it is kept but itself.
  { methods: /^/, path: /\/files\/?$/, units: 50 },
  { methods: /^/, path: /\/package\/?$/, units: 10 },
];

/** Items that every list has for one unit. */
const ITEMS = 1_000;
/** Everything may be 100,000 apps. */
const EVERYTHING = 100;
const SEARCH = 2;
const FACETS = 5;

/** The units of a request. */
export function costOf(request: HonoRequest): number {
  const { method, path } = request;
  const found = COSTS.find((cost) => cost.methods.test(method) && cost.path.test(path));
  if (found !== undefined) return found.units;
  const query = (name: string) => request.query(name);
  const { limit } = parsePaging(query);
  const items = limit === -1 ? EVERYTHING : Math.min(Math.ceil(limit / ITEMS), EVERYTHING);
  return Math.max(1, items) + (query("q") ? SEARCH : 0) + (query("facets") ? FACETS : 0);
}
