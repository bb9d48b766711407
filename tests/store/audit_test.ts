/** The audit log's rows: their order, their end, and pages of them. */

import assert from "node:assert/strict";
import {
  type Audit,
  type AuditRow,
  createAudit,
  type Ended,
  MAX_LOOKED_AT,
} from "../../src/access/audit.ts";
import { type AuditRange, RETENTION_MS } from "../../src/store/audit.ts";
import type { Kv } from "../../src/store/kv.ts";
import { onEachDatabase, withFile } from "../support/databases.ts";

const NOW = Date.parse("2026-01-01T00:00:00Z");
const DAY_MS = 86_400_000;

function entry(name: string, more: Partial<Ended> = {}): Ended {
  return {
    who: { kind: "token", name },
    action: "repository.update",
    route: "PATCH /v1/repos/:repo",
    workspace: "",
    fields: [],
    address: "",
    userAgent: "",
    ended: { status: 200, durationMs: 0 },
    ...more,
  };
}

/** A log of one process, with a clock of its own. */
function process(kv: Kv) {
  const clock = { now: NOW }, logged: unknown[] = [];
  const log = (event: string, fields?: unknown) => logged.push([event, fields]);
  return { clock, logged, audit: createAudit({ kv, clock: () => clock.now, log }) };
}

const all = () => true;
const namesOf = (rows: readonly AuditRow[]) => rows.map(({ who }) => who.name);

/** All pages, one after the other. `between`: called after each. */
async function walk(
  audit: Audit,
  limit: number,
  { range = {}, isWanted = all, between = () => {} }: {
    range?: AuditRange;
    isWanted?: (row: AuditRow) => boolean;
    between?: () => Promise<void> | void;
  } = {},
): Promise<AuditRow[]> {
  const rows: AuditRow[] = [];
  for (let after = range.after;;) {
    const { items, next } = await audit.page({ ...range, after }, isWanted, limit);
    rows.push(...items);
    assert.ok(items.length <= limit);
    if (next === undefined) return rows;
    after = next;
    await between();
  }
}

onEachDatabase(
  "entries keep their order, in a millisecond and when the clock is put back",
  async (kv) => {
    const { audit, clock } = process(kv);
    const names: string[] = [];
    for (const step of [0, 0, 0, 5, -3_600_000, 0, 1, 3_600_000]) {
      clock.now += step;
      names.unshift(`n${names.length}`);
      await audit.record(entry(names[0]!));
    }
    for (const limit of [1, 2, 3, 7, 8, 100]) {
      assert.deepEqual(namesOf(await walk(audit, limit)), names, `${limit}`);
    }
    const rows = await walk(audit, 100);
    assert.equal(new Set(rows.map(({ time }) => time)).size, rows.length);
  },
);

Deno.test("what several processes write at once is all there, each in its order", () =>
  withFile(async (open) => {
    const processes = [process(await open()), process(await open()), process(await open())];
    await Promise.all(processes.map(async ({ audit, clock }, i) => {
      clock.now -= i * 7;
      for (let n = 0; n < 30; n++) await audit.record(entry(`${i} ${n}`));
    }));
    const rows = await walk(processes[0]!.audit, 7);
    assert.equal(rows.length, 90);
    assert.equal(new Set(namesOf(rows)).size, 90);
    for (const i of [0, 1, 2]) {
      const own = namesOf(rows).filter((name) => name.startsWith(`${i} `));
      assert.deepEqual(own, Array.from({ length: 30 }, (_, n) => `${i} ${29 - n}`));
    }
  }));

onEachDatabase("a walk shows each entry once, whatever is written meanwhile", async (kv) => {
  const { audit, clock } = process(kv), other = process(kv);
  const names: string[] = [];
  for (let n = 0; n < 25; n++) {
    names.unshift(`n${n}`);
    clock.now += 1_000;
    await audit.record(entry(names[0]!));
  }
  // The clock of the other one is behind: what it writes may stand before and behind the cursor.
  const rows = await walk(audit, 4, {
    between: async () => {
      other.clock.now += 2_000;
      await other.audit.record(entry("other"));
      await audit.record(entry("late"));
    },
  });
  assert.deepEqual(namesOf(rows).filter((name) => name.startsWith("n")), names);
  const places = rows.map(({ time, id }) => `${time} ${id}`);
  assert.equal(new Set(places).size, places.length);
});

onEachDatabase("nothing older than 90 days is shown, by the clock that was passed", async (kv) => {
  const { audit, clock } = process(kv);
  await audit.record(entry("old"));
  clock.now += 1;
  await audit.record(entry("new"));
  clock.now = NOW + RETENTION_MS;
  assert.deepEqual(namesOf(await walk(audit, 10)), ["new", "old"]);
  clock.now += 1;
  assert.deepEqual(namesOf(await walk(audit, 10)), ["new"]);
  assert.deepEqual(namesOf(await walk(audit, 10, { range: { since: NOW } })), ["new"]);
  clock.now += 1;
  assert.deepEqual(await walk(audit, 10), []);
});

onEachDatabase("both ends of a range belong to it", async (kv) => {
  const { audit, clock } = process(kv);
  for (let day = 0; day < 5; day++) {
    clock.now = NOW + day * DAY_MS;
    await audit.record(entry(`day ${day}`));
  }
  const [since, until] = [NOW + DAY_MS, NOW + 3 * DAY_MS];
  const in3 = ["day 3", "day 2", "day 1"];
  assert.deepEqual(namesOf(await walk(audit, 1, { range: { since, until } })), in3);
  assert.deepEqual(namesOf(await walk(audit, 2, { range: { since } })), ["day 4", ...in3]);
  assert.deepEqual(namesOf(await walk(audit, 9, { range: { until } })), [...in3, "day 0"]);
  assert.deepEqual(await walk(audit, 9, { range: { since: until, until: since } }), []);
});

Deno.test("one page looks at so many entries, and the next one goes on where it found nothing", () =>
  withFile(async (open) => {
    const kv = await open(), { audit } = process(kv);
    await audit.record(entry("wanted"));
    for (let n = 0; n < MAX_LOOKED_AT + 600; n += 100) {
      await Promise.all(Array.from({ length: 100 }, () => audit.record(entry("other"))));
    }
    let pages = 1;
    const isWanted = ({ who }: AuditRow) => who.name === "wanted";
    let looked = 0;
    const first = await audit.page({}, (row) => ++looked > 0 && isWanted(row), 10);
    assert.deepEqual(first.items, []);
    assert.ok(first.next !== undefined && looked <= MAX_LOOKED_AT + 500, `${looked}`);
    const rows = await walk(audit, 10, { isWanted, between: () => void pages++ });
    assert.deepEqual([namesOf(rows), pages], [["wanted"], 2]);
  }));

onEachDatabase("what was begun is pending until it has ended, in the same place", async (kv) => {
  const { audit } = process(kv);
  const { ended: _none, ...begun } = entry("a");
  const end = await audit.begin(begun);
  await audit.record(entry("b"));
  const before = await walk(audit, 10);
  assert.deepEqual(before.map(({ ended }) => ended?.status), [200, undefined]);
  await end(entry("a", { ended: { status: 404, code: "not_found", durationMs: 3 } }));
  const after = await walk(audit, 10);
  assert.deepEqual(after[1]!.ended, { status: 404, code: "not_found", durationMs: 3 });
  assert.deepEqual(
    after.map(({ id, time }) => [id, time]),
    before.map(({ id, time }) => [id, time]),
  );
});

Deno.test("a flood fills neither the database nor hides another address, and is counted", () =>
  withFile(async (open) => {
    const { audit, clock } = process(await open());
    const from = (address: string, n: number) =>
      Promise.all(
        Array.from({ length: n }, () =>
          audit.record(entry(address, { address }), { of: "unknown", source: address })),
      );
    await from("a", 1_000);
    await from("b", 1);
    let rows = await walk(audit, 1_000);
    assert.equal(rows.length, 21);
    assert.deepEqual([rows[0]!.address, rows[0]!.omitted], ["b", 980]);
    for (const address of "cdefgh") await from(address, 100);
    rows = await walk(audit, 1_000);
    assert.equal(rows.length, 60);
    // Others are bounded by themselves.
    await audit.record(entry("known"));
    for (let n = 0; n < 10; n++) await audit.record(entry("w"), { of: "webhook", source: "repo" });
    assert.equal((await walk(audit, 1_000)).length, 67);
    clock.now += 60_000;
    await from("a", 1);
    const [last] = await walk(audit, 1_000);
    const counted = (await walk(audit, 1_000)).reduce((sum, { omitted = 0 }) => sum + omitted, 0);
    assert.equal(last!.address, "a");
    // All 1,602 are written or counted.
    assert.equal(counted, 1_602 - 61);
  }));

Deno.test("what cannot be written is in the log, and is counted again", () =>
  withFile(async (open) => {
    const kv = await open(), { audit, logged, clock } = process(kv);
    const bound = { of: "unknown", source: "a" } as const;
    for (let n = 0; n < 25; n++) await audit.record(entry("x"), bound);
    const commit = kv.commit;
    kv.commit = () => Promise.reject(new Error("no disk"));
    clock.now += 60_000;
    await audit.record(entry("lost"), bound);
    await assert.rejects(audit.begin(entry("b")), /no disk/);
    kv.commit = commit;
    assert.deepEqual(logged.length, 1);
    assert.match(JSON.stringify(logged), /audit entry not written.*"lost".*no disk/);
    await audit.record(entry("y"), bound);
    assert.equal((await walk(audit, 1))[0]!.omitted, 5);
  }));
