/** What requests cost, in units: one is up to 5 ms of a core, with what the request sets going. */

import type { HonoRequest } from "hono";
import { parsePaging } from "./paging.ts";
import { MAX_RECENT, MAX_RECENT_REPOS } from "./recent_syncs.ts";

interface Cost {
  methods: RegExp;
  /** The end of the path. */
  path: RegExp;
  units: number;
}

/**
 * The first that fits counts. Measured with 10,000 apps in 100 repositories: an index of 14,400
 * versions takes 130 ms to be looked through and 450 ms to be stored anew, an app of a list 30 µs, a
 * search 3 ms, all facets 10 ms, a sync of `recent` 80 µs.
 */
const COSTS: readonly Cost[] = [
  { methods: /^/, path: /^\/(healthz|readyz)\/?$/, units: 0 },
  // What a page asks of the API is counted there; what is in files is read and drawn here.
  {
    methods: /^/,
    path: /^\/(?!v1\/|kapis\/)(.+\/)?apps\/[^/]+\/(schema|values|templates|diff|download)\/?$/,
    units: 20,
  },
  { methods: /^/, path: /^\/(?!v1\/|kapis\/)/, units: 1 },
  // An index is downloaded and read, now or soon after.
  { methods: /^POST$/, path: /\/repos\/?$/, units: 100 },
  { methods: /^PATCH$/, path: /\/repos\/[^/]+\/?$/, units: 100 },
  { methods: /^POST$/, path: /\/repos\/[^/]+\/action\/?$/, units: 50 },
  // All that there are are read for it.
  { methods: /^/, path: /\/tokens\/?$/, units: 20 },
  { methods: /^POST$/, path: /\/webhooks\/[^/]+\/?$/, units: 5 },
  // Whatever else is written.
  { methods: /^(POST|PUT|PATCH|DELETE)$/, path: /^/, units: 5 },
  // An archive is fetched, looked through and unpacked; and nothing of it is kept but itself.
  { methods: /^/, path: /\/files\/?$/, units: 50 },
  { methods: /^/, path: /\/contents\/?$/, units: 25 },
  { methods: /^/, path: /\/package\/?$/, units: 10 },
  // Kept once it is drawn, which takes up to 200 ms.
  { methods: /^/, path: /\/readme\/?$/, units: 10 },
  { methods: /^/, path: /\/icon\/?$/, units: 2 },
  // Up to 5,000 entries are looked at for a page, and all of them for an export.
  { methods: /^/, path: /\/audit\/?$/, units: 20 },
];

/** Items of a list for a unit. */
const ITEMS = 150;
/** Of a list of repositories, for which the state of each is read. */
const REPOS = 4;
/** Units of a list without end: of apps, and of anything else, of which there is less. */
const ALL_APPS = 100, ALL = 10;
const SEARCH = 2;
const FACETS = 5;
/** Syncs of `recent` for a unit. */
const SYNCS = 50;

/** The units of a request. */
export function costOf(request: HonoRequest): number {
  const { method, path } = request;
  const found = COSTS.find((cost) => cost.methods.test(method) && cost.path.test(path));
  if (found !== undefined) return found.units;
  const { limit } = parsePaging((name) => request.query(name));
  const all = /\/apps\/?$/.test(path) ? ALL_APPS : ALL;
  const items = limit === -1 ? all : Math.min(Math.ceil(limit / ITEMS), all);
  const least = /\/repos\/?$/.test(path) ? REPOS : 1;
  const more = (request.query("q") ? SEARCH : 0) + (request.query("facets") ? FACETS : 0);
  return Math.max(least, items) + more + recentCost(request, limit);
}

/** Of the last syncs that a list of repositories tells, or one repository. */
function recentCost(request: HonoRequest, limit: number): number {
  const [found, id] = /\/repos(\/[^/]+)?\/?$/.exec(request.path) ?? [];
  const recent = Math.min(Number(request.query("recent")) || 0, MAX_RECENT);
  if (found === undefined || recent < 1) return 0;
  const repos = id === undefined ? Math.min(limit, MAX_RECENT_REPOS) : 1;
  return Math.ceil(Math.max(repos, 0) * recent / SYNCS);
}
