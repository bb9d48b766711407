/** Keeps the audit log, and reads it. */

import { describeError, type Log } from "../log.ts";
import {
  type AuditEntry,
  type AuditPlace,
  type AuditRange,
  deleteAudit,
  listAudit,
  putAudit,
} from "../store/audit.ts";
import type { Kv } from "../store/kv.ts";

/** Entries that one process writes in a minute for callers whom it does not know, in all. */
const MAX_UNKNOWN = 60;
/** Of these, for one address, so that it cannot hide all others. */
const MAX_OF_ADDRESS = 20;
/** Of the webhook of one repository: more deliveries than that begin no more syncs. */
const MAX_OF_WEBHOOK = 6;
/** Of what one known caller was refused. */
const MAX_OF_REFUSED = 60;
/** Rows that are read in one go. */
const BATCH = 500;
/** Rows that are looked at for one page, however few of them are wanted. */
export const MAX_LOOKED_AT = 5_000;

export type AuditRow = AuditEntry & AuditPlace;
export type Ended = AuditEntry & Required<Pick<AuditEntry, "ended">>;

/** Whose entries are left out where they are too many, and which of them this is. */
export interface Bound {
  of: "unknown" | "webhook" | "refused";
  /** An address, a repository's id, or a caller. */
  source: string;
}

/** Takes how it ended; of what is bounded and too much, the entry goes again. */
export type Begun = (entry: Ended, bound?: Bound) => Promise<void>;

export interface Audit {
  /**
   * Records what is about to be done, and gives what is to be called with how it ended. Throws
   * {@link StoreUnavailable} if it cannot be recorded: then it must not be done.
   */
  begin(entry: AuditEntry): Promise<Begun>;
  /** Records what is over. What cannot be written is logged. */
  record(entry: Ended, bound?: Bound): Promise<void>;
  /**
   * The newest entries of a range that are wanted, at most `limit`. `next`: there may be more behind
   * it, even where this found none, since one page looks at {@link MAX_LOOKED_AT} at most.
   */
  page(
    range: AuditRange,
    isWanted: (row: AuditRow) => boolean,
    limit: number,
  ): Promise<{ items: AuditRow[]; next?: AuditPlace }>;
}

export interface AuditDeps {
  kv: Kv;
  clock: () => number;
  log: Log;
}

export function createAudit({ kv, clock, log }: AuditDeps): Audit {
  const budgets = {
    unknown: new Budget(MAX_OF_ADDRESS, MAX_UNKNOWN),
    webhook: new Budget(MAX_OF_WEBHOOK, Infinity),
    refused: new Budget(MAX_OF_REFUSED, Infinity),
  };
  let last = -Infinity;

  /** Each is later than the one before, whatever the clock says: so they keep their order. */
  function nextPlace(): AuditPlace {
    last = Math.max(clock(), last + 1);
    return { time: last, id: crypto.randomUUID() };
  }

  async function write(place: AuditPlace, entry: AuditEntry): Promise<boolean> {
    try {
      await putAudit(kv, place, entry);
      return true;
    } catch (error) {
      log("audit entry not written", { auditId: place.id, entry, ...describeError(error) });
      return false;
    }
  }

  /** How an entry is to be written; `undefined` if there are too many like it. */
  function counting(entry: Ended, bound: Bound | undefined) {
    const budget = bound && budgets[bound.of];
    if (budget?.take(bound!.source, clock()) === false) return undefined;
    const omitted = budget?.omitted ?? 0;
    if (budget !== undefined) budget.omitted = 0;
    return {
      async write(place: AuditPlace) {
        const isWritten = await write(place, omitted > 0 ? { ...entry, omitted } : entry);
        if (!isWritten && budget !== undefined) budget.omitted += omitted;
      },
    };
  }

  return {
    async begin(entry) {
      const place = nextPlace();
      await putAudit(kv, place, entry);
      return async (ended, bound) => {
        const counted = counting(ended, bound);
        if (counted === undefined) await deleteAudit(kv, place).catch(() => {});
        else await counted.write(place);
      };
    },
    async record(entry, bound) {
      await counting(entry, bound)?.write(nextPlace());
    },
    async page(range, isWanted, limit) {
      const items: AuditRow[] = [];
      let { after } = range, lookedAt = 0;
      for (;;) {
        const size = Math.min(lookedAt === 0 ? limit + 1 : BATCH, BATCH);
        const rows = await listAudit(kv, { ...range, after }, clock(), size);
        for (const row of rows) {
          if (items.length === limit) return { items, next: after! };
          after = { time: row.time, id: row.id };
          if (isWanted(row)) items.push(row);
        }
        if (rows.length < size) return { items };
        lookedAt += rows.length;
        if (items.length === limit || lookedAt >= MAX_LOOKED_AT) return { items, next: after! };
      }
    },
  };
}

/** Counts what is written in a minute, and what has been left out since something was. */
class Budget {
  readonly #ofSource: number;
  readonly #inAll: number;
  readonly #written = new Map<string, number>();
  #minute = NaN;
  #total = 0;
  omitted = 0;

  constructor(ofSource: number, inAll: number) {
    this.#ofSource = ofSource;
    this.#inAll = inAll;
  }

  take(source: string, now: number): boolean {
    const minute = Math.floor(now / 60_000);
    if (minute !== this.#minute) {
      this.#minute = minute;
      this.#total = 0;
      this.#written.clear();
    }
    const written = this.#written.get(source) ?? 0;
    if (written >= this.#ofSource || this.#total >= this.#inAll) {
      this.omitted++;
      return false;
    }
    this.#written.set(source, written + 1);
    this.#total++;
    return true;
  }
}
