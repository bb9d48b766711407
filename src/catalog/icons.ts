/**
 * Charts' icons: fetched when somebody asks, known for pictures by what is in them, and kept, bounded
 * by bytes. So are failures, for a short time: every list shows icons, and some hosts of theirs are
 * gone for good.
 */

import { LRUCache } from "lru-cache";
import type { ChartVersion } from "../helm/chart.ts";
import type { Log } from "../log.ts";
import { Refused } from "../refused.ts";
import type { Repo } from "../store/repos.ts";
import { accessOf, open } from "../sync/sealed.ts";
import { decodeDataUrl } from "./data_url.ts";
import { createFailureLog } from "./failure_log.ts";
import { explainFailure, type FetchDeps, titleOf } from "./fetch_archive.ts";
import type { CacheCounts } from "./hot_index.ts";
import { PICTURE_TYPES, type PictureType, pictureTypeOf } from "./picture_type.ts";
import { createSharedWork } from "./shared_work.ts";

/** The largest icon. */
const MAX_ICON_BYTES = 1_048_576;
/** The longest URL, and the longest `data:` URL, which is read anew for each answer. */
const MAX_URL = 4_096, MAX_DATA_URL = 65_536;
/** Icons that are fetched at once, in all and of one repository. */
const FETCHES = { total: 16, perHost: 4, perWorkspace: 8 };
/** Those that may wait for that, themselves included: a page has a hundred. */
const MAX_WAITING = { total: 1_000, perRepo: 200 };
/** How long an icon is taken for what its URL still gives. */
const KEPT_MS = 86_400_000;
/** How long a URL that gave none is not asked again. */
const RETRY_MS = 300_000;
/** Beside an icon's bytes and its key: what is kept with them. */
const ENTRY_BYTES = 500;

export interface Icon {
  bytes: Uint8Array<ArrayBuffer>;
  type: PictureType;
  /** In hexadecimal digits. */
  sha256: string;
}

/** Whose icon is asked for. */
export interface IconOwner {
  repo: Repo;
  chart: ChartVersion;
}

export interface Icons {
  /**
   * A chart's icon. Throws a `Refused` if it names none or it cannot be had or used; or the signal's
   * reason. What nobody waits for any more is not fetched to its end.
   */
  get(owner: IconOwner, signal: AbortSignal): Promise<Icon>;
  counts(): CacheCounts;
  /** Ends what is under way. */
  close(): void;
}

export interface IconsDeps extends FetchDeps {
  /** For icons that are kept. */
  maxBytes: number;
  clock: () => number;
  log: Log;
}

/** What a URL gave, and until when that is not asked again; milliseconds of the epoch. */
type Kept = { until: number } & ({ icon: Icon } | { refused: Refused });

export function createIcons(deps: IconsDeps): Icons {
  const { maxBytes, clock } = deps;
  const counts = { hits: 0, misses: 0, evictions: 0 };
  const kept = new LRUCache<string, Kept>({
    maxSize: Math.ceil(maxBytes),
    sizeCalculation: (entry, key) =>
      ENTRY_BYTES + 2 * key.length + ("icon" in entry ? entry.icon.bytes.length : 0),
    dispose(_entry, _key, reason) {
      if (reason === "evict") counts.evictions++;
    },
  });
  const work = createSharedWork({ what: "icons", maxWaiting: MAX_WAITING });
  const fetches = work.lane(FETCHES);
  const logged = createFailureLog("icon failed", deps);

  async function fetchAndKeep(key: string, owner: IconOwner, signal: AbortSignal): Promise<Icon> {
    counts.misses++;
    try {
      const icon = await fetchIcon(deps, owner, signal);
      kept.set(key, { icon, until: clock() + KEPT_MS });
      return icon;
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof Refused)) throw error;
      const known = kept.peek(key), until = clock() + RETRY_MS;
      // What it was a day ago is better than nothing.
      const icon = known && "icon" in known ? known.icon : undefined;
      kept.set(key, icon ? { icon, until } : { refused: error, until });
      if (icon === undefined) throw error;
      return icon;
    }
  }

  return {
    async get(owner, signal) {
      const { repo, chart } = owner;
      const url = urlOf(chart);
      if (/^data:/i.test(url)) return await asIcon(chart, decodeDataUrl(url, MAX_ICON_BYTES));
      // Another URL or credential of the repository is another revision.
      const key = `${repo.id} ${repo.revision} ${url}`;
      const known = kept.get(key);
      if (known !== undefined && clock() < known.until) {
        counts.hits++;
        if ("refused" in known) throw known.refused;
        return known.icon;
      }
      const run = (signal: AbortSignal) => logged(repo, chart, fetchAndKeep(key, owner, signal));
      return await fetches({ key, repo, signal, run });
    },
    counts: () => ({
      ...counts,
      entries: kept.size,
      bytes: kept.calculatedSize,
      max_bytes: maxBytes,
    }),
    close: () => work.close(),
  };
}

/** Throws a `Refused` if an index names no icon, or none that could be asked for. */
function urlOf(chart: ChartVersion): string {
  const url = chart.icon?.trim();
  if (!url) throw new Refused("no_icon", `the index names no icon of ${titleOf(chart)}`);
  const most = /^data:/i.test(url) ? MAX_DATA_URL : MAX_URL;
  if (url.length <= most) return url;
  throw unusable(chart, "unsupported_url", `its URL is longer than ${most} characters`);
}

async function fetchIcon(
  { fetchFile, secrets }: IconsDeps,
  { repo, chart }: IconOwner,
  signal: AbortSignal,
): Promise<Icon> {
  try {
    const access = { url: repo.url, ...accessOf(await open(secrets, repo)) };
    const file = { what: "icon" as const, reference: urlOf(chart), maxBytes: MAX_ICON_BYTES };
    return await asIcon(chart, await fetchFile({ ...access, ...file, signal }));
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof Refused) throw error;
    const { reason, message } = explainFailure(error);
    if (reason === "too_large") throw unusable(chart, reason, message);
    const because = `the icon of ${titleOf(chart)} cannot be had: ${message}`;
    throw new Refused("icon_unavailable", because, undefined, { reason });
  }
}

/** Throws a `Refused` for bytes that are no picture; `undefined`: what was no `data:` URL. */
async function asIcon(
  chart: ChartVersion,
  bytes: Uint8Array<ArrayBuffer> | undefined,
): Promise<Icon> {
  if (bytes !== undefined && bytes.length > MAX_ICON_BYTES) {
    throw unusable(chart, "too_large", `the icon is larger than ${MAX_ICON_BYTES} bytes`);
  }
  const type = bytes && pictureTypeOf(bytes);
  if (type === undefined) {
    const known = Object.keys(PICTURE_TYPES).join(", ");
    throw unusable(chart, "not_a_picture", `expected a picture in one of ${known}`);
  }
  const sha256 = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes!)).toHex();
  return { bytes: bytes!, type, sha256 };
}

function unusable(chart: ChartVersion, reason: string, because: string): Refused {
  const message = `the icon of ${titleOf(chart)} cannot be used: ${because}`;
  return new Refused("icon_unusable", message, undefined, { reason });
}
