/** Paging as KubeSphere's lists do it; reference: its `ParsePaging` and `GetValidPagination`. */

export interface Paging {
  /** -1 is everything. */
  limit: number;
  offset: number;
}

const DEFAULT_LIMIT = 10;
const DEFAULT_PAGE = 1;
const MAX_INT64 = 2n ** 63n - 1n;

/** Reads `paging=limit=N,page=N`, or else `limit` and `page`; `start` replaces the offset. */
export function parsePaging(query: (name: string) => string | undefined): Paging {
  const { limit, page } = readPages(query);
  const start = readInteger(query("start"));
  return { limit, offset: start ?? ((page - 1) * limit || 0) };
}

/** One page of a list. */
export function slice<T>(items: readonly T[], paging: Paging): T[] {
  return takePage(items.values(), items.length, paging).page;
}

function readPages(query: (name: string) => string | undefined) {
  const paging = query("paging");
  if (!paging) {
    return {
      limit: readInteger(query("limit")) ?? DEFAULT_LIMIT,
      page: readInteger(query("page")) ?? DEFAULT_PAGE,
    };
  }
  const [, limit, page] = /^limit=(-?\d+),page=(\d+)$/.exec(paging) ?? [];
  return {
    limit: readInteger(limit) ?? DEFAULT_LIMIT,
    page: readInteger(page) ?? DEFAULT_PAGE,
  };
}

/** What Go's `strconv.Atoi` reads; `undefined` where it fails. */
function readInteger(text: string | undefined): number | undefined {
  if (text === undefined || !/^[+-]?\d+$/.test(text)) return undefined;
  const value = BigInt(text.replace("+", ""));
  return value > MAX_INT64 || value < -MAX_INT64 - 1n ? undefined : Number(value);
}

/** The items of one page, taken from all of them, and whether there are more behind it. */
export function takePage<T>(
  items: Iterator<T>,
  total: number,
  paging: Paging,
): { page: T[]; more: boolean } {
  const page: T[] = [], walk = walkPage(items, total, paging);
  let step = walk.next();
  for (; !step.done; step = walk.next()) page.push(step.value);
  return { page, more: step.value };
}

/** The same, one item after the other. */
export function* walkPage<T>(
  items: Iterator<T>,
  total: number,
  { limit, offset }: Paging,
): Generator<T, boolean> {
  if (limit < -1 || (limit !== -1 && (offset < 0 || offset > total))) return false;
  const end = limit === -1 ? Infinity : offset + limit;
  let next = items.next();
  for (let at = 0; at < end && !next.done; at++, next = items.next()) {
    if (limit === -1 || at >= offset) yield next.value;
  }
  return !next.done;
}
