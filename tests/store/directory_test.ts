import assert from "node:assert/strict";
import {
  CHECK_EVERY_MS,
  createDirectory,
  type Directory,
  NOTICE_MS,
  type Snapshot,
} from "../../src/catalog/directory.ts";
import type { Pointer } from "../../src/store/generations.ts";
import { keys } from "../../src/store/keys.ts";
import { type Kv, StoreUnavailable } from "../../src/store/kv.ts";
import { deleteRepo, insertRepo, type Repo, updateRepo } from "../../src/store/repos.ts";
import { holdBack, storeGeneration, type WatchedKv, withWatchedKv } from "../support/store.ts";
import { indexOf } from "../support/upstream.ts";

const INDEX = indexOf({ one: ["1.0.0"] });

const repo = (id: string): Repo => ({
  id,
  workspace: "",
  name: id,
  url: "https://charts.example.org",
  host: "charts.example.org",
  description: "",
  period: { text: "", seconds: 0 },
  creator: "",
  createTime: 0,
  revision: 1,
});

const pointerOf = (generation: number) => ({ generation }) as Pointer;

/** Which generation of each repository there is; 0: none yet. */
function generations({ repos, pointers }: Snapshot): Record<string, number> {
  const ids = [...repos.keys()];
  return Object.fromEntries(ids.map((id) => [id, pointers.get(id)?.generation ?? 0]));
}

interface Context {
  kv: WatchedKv;
  directory: Directory;
  clock: { now: number };
}

/** A directory of repositories `a` and `b`, each with a generation. `isRead`: it was read once. */
function withDirectory(test: (context: Context) => Promise<void>, isRead = true): Promise<void> {
  return withWatchedKv(async (kv) => {
    for (const id of ["a", "b"]) {
      await insertRepo(kv, repo(id));
      await storeGeneration(kv, id, 1, INDEX);
    }
    const clock = { now: 5_000 };
    const directory = createDirectory(kv, () => clock.now);
    if (isRead) await directory.current();
    await test({ kv, directory, clock });
  });
}

for (const count of [0, 1, 60]) {
  Deno.test(`${count} repositories take one small read a second`, () =>
    withWatchedKv(async (kv) => {
      for (let i = 0; i < count; i++) {
        await insertRepo(kv, repo(`r${i}`));
        await storeGeneration(kv, `r${i}`, 1, INDEX);
      }
      let now = 0;
      const directory = createDirectory(kv, () => now);
      const readByMany = async () =>
        new Set(await Promise.all(Array.from({ length: 20 }, () => directory.current())));
      assert.equal(directory.peek(), undefined);
      const [snapshot, ...others] = await readByMany();
      assert.equal(others.length, 0);
      assert.deepEqual([snapshot!.repos.size, snapshot!.pointers.size], [count, count]);
      const first = { ...kv.calls };
      assert.deepEqual([first.get, first.getMany, first.list], [0, 1, 2]);
      for (let second = 1; second <= 3; second++) {
        now = second * CHECK_EVERY_MS - 1;
        assert.equal(directory.peek(), snapshot);
        assert.deepEqual(await readByMany(), new Set([snapshot]));
        assert.deepEqual(kv.calls, { ...first, getMany: second });
        now = second * CHECK_EVERY_MS;
        assert.equal(directory.peek(), undefined);
        assert.deepEqual(await readByMany(), new Set([snapshot]));
        assert.deepEqual(kv.calls, { ...first, getMany: second + 1 });
      }
    }));
}

const BY_OTHERS: readonly [
  what: string,
  change: (kv: Kv) => Promise<unknown>,
  seen: (snapshot: Snapshot) => unknown,
  expected: unknown,
  same: keyof Snapshot,
][] = [
  ["commit", (kv) => storeGeneration(kv, "b", 2, INDEX), generations, { a: 1, b: 2 }, "repos"],
  [
    "registration",
    (kv) => insertRepo(kv, repo("c")),
    generations,
    { a: 1, b: 1, c: 0 },
    "pointers",
  ],
  [
    "modification",
    (kv) => updateRepo(kv, "a", (repo) => ({ repo: { ...repo, description: "new" } })),
    ({ repos }) => repos.get("a")?.description,
    "new",
    "pointers",
  ],
  ["deletion", (kv) => deleteRepo(kv, "a", 0), generations, { b: 1 }, "pointers"],
];

for (const [what, change, seen, expected, same] of BY_OTHERS) {
  Deno.test(`another process's ${what} shows after a second, and no more is read for it`, () =>
    withDirectory(async ({ kv, directory, clock }) => {
      const before = await directory.current();
      await change(kv);
      clock.now += CHECK_EVERY_MS - 1;
      assert.equal(await directory.current(), before);
      clock.now += 1;
      const { list } = kv.calls;
      const after = await directory.current();
      assert.deepEqual(seen(after), expected);
      assert.equal(after[same], before[same]);
      assert.equal(kv.calls.list, list + 1);
      assert.notDeepEqual(seen(before), expected, "a snapshot was changed");
      assert.equal(directory.peek(), after);
    }));
}

Deno.test("what is read anew and was not changed stays the object that it was", () =>
  withDirectory(async ({ kv, directory, clock }) => {
    const before = await directory.current();
    await storeGeneration(kv, "a", 2, INDEX);
    await updateRepo(kv, "b", (repo) => ({ repo: { ...repo, description: "new" } }));
    clock.now += CHECK_EVERY_MS;
    const after = await directory.current();
    assert.equal(after.pointers.get("b"), before.pointers.get("b"));
    assert.equal(after.repos.get("a"), before.repos.get("a"));
    assert.deepEqual(generations(after), { a: 2, b: 1 });
    assert.equal(after.repos.get("b")?.description, "new");
  }));

Deno.test("the directory tells when the database told last what is current", () =>
  withDirectory(async ({ kv, directory, clock }) => {
    const read = clock.now;
    assert.equal(directory.verifiedAt(), read);
    assert.ok(directory.isRecent(read));
    clock.now += CHECK_EVERY_MS;
    kv.gate = () => Promise.reject(new StoreUnavailable("down"));
    await directory.current();
    assert.equal(directory.verifiedAt(), read);
    clock.now = read + NOTICE_MS - 1;
    assert.ok(directory.isRecent(read));
    clock.now++;
    assert.ok(!directory.isRecent(directory.verifiedAt()));
    kv.gate = () => {};
    clock.now += CHECK_EVERY_MS;
    await directory.current();
    assert.equal(directory.verifiedAt(), clock.now);
  }));

Deno.test("an own commit shows at once without a read, and an older one never again", () =>
  withDirectory(async ({ kv, directory, clock }) => {
    const before = await directory.current(), calls = { ...kv.calls };
    for (const [id, generation, shown] of [["a", 3, 3], ["a", 2, 3], ["b", 5, 5]] as const) {
      directory.commit(id, pointerOf(generation));
      assert.equal(directory.peek()?.pointers.get(id)?.generation, shown);
    }
    assert.deepEqual(generations(await directory.current()), { a: 3, b: 5 });
    assert.deepEqual(generations(before), { a: 1, b: 1 });
    clock.now += CHECK_EVERY_MS;
    assert.deepEqual(generations(await directory.current()), { a: 3, b: 5 });
    assert.deepEqual(kv.calls, { ...calls, getMany: calls.getMany + 1 });
  }));

const UNDER_WAY: readonly [
  what: string,
  isRead: boolean,
  held: "getMany" | "list",
  change: (kv: Kv) => Promise<unknown>,
  expected: Record<string, number>,
][] = [
  ["the first one", false, "list", async () => {}, { a: 7, b: 1 }],
  [
    "one of generations",
    true,
    "list",
    (kv) => storeGeneration(kv, "b", 2, INDEX),
    { a: 7, b: 2 },
  ],
  ["one of repositories", true, "list", (kv) => insertRepo(kv, repo("c")), { a: 7, b: 1, c: 0 }],
  ["one that finds nothing new", true, "getMany", async () => {}, { a: 7, b: 1 }],
];

for (const [what, isRead, held, change, expected] of UNDER_WAY) {
  Deno.test(`an own commit is not lost by a read that began before it: ${what}`, () =>
    withDirectory(async ({ kv, directory, clock }) => {
      clock.now += CHECK_EVERY_MS;
      await change(kv);
      const { reached, release } = holdBack(kv, held);
      const reading = directory.current();
      await reached;
      directory.commit("a", await storeGeneration(kv, "a", 7, INDEX));
      release();
      assert.deepEqual(generations(await reading), expected);
      assert.equal(directory.peek(), await reading);
      clock.now += CHECK_EVERY_MS;
      assert.deepEqual(generations(await directory.current()), expected);
    }, isRead));
}

Deno.test("an own change shows at once after refresh", () =>
  withDirectory(async ({ kv, directory }) => {
    await insertRepo(kv, repo("c"));
    assert.equal((await directory.current()).repos.has("c"), false);
    directory.refresh();
    assert.equal(directory.peek(), undefined);
    const { getMany } = kv.calls;
    const [snapshot, ...others] = new Set(
      await Promise.all(Array.from({ length: 20 }, () => directory.current())),
    );
    assert.deepEqual(generations(snapshot!), { a: 1, b: 1, c: 0 });
    assert.equal(others.length, 0);
    assert.equal(kv.calls.getMany, getMany + 1);
    assert.equal(directory.peek(), snapshot);
  }));

Deno.test("after refresh, all is read anew, even if what tells of changes is behind", () =>
  withDirectory(async ({ kv, directory }) => {
    const behind = await kv.getMany([keys.reposChange, keys.indexesChange]);
    kv.getMany = () => Promise.resolve(behind as never);
    await insertRepo(kv, repo("c"));
    await storeGeneration(kv, "a", 2, INDEX);
    directory.refresh();
    assert.deepEqual(generations(await directory.current()), { a: 2, b: 1, c: 0 });
  }));

Deno.test("what was being read before refresh does not replace what is read after it", () =>
  withDirectory(async ({ kv, directory, clock }) => {
    clock.now += CHECK_EVERY_MS;
    await storeGeneration(kv, "a", 2, INDEX);
    const first = holdBack(kv, "list"), early = directory.current();
    await first.reached;
    await insertRepo(kv, repo("c"));
    directory.refresh();
    const second = holdBack(kv, "list"), late = directory.current();
    await second.reached;
    const { getMany } = kv.calls;
    first.release();
    assert.equal((await early).repos.has("c"), false);
    assert.equal(directory.peek(), undefined);
    const later = directory.current();
    assert.equal(kv.calls.getMany, getMany);
    second.release();
    assert.deepEqual(generations(await late), { a: 2, b: 1, c: 0 });
    assert.equal(await later, await late);
    assert.equal(directory.peek(), await late);
  }));

Deno.test("what was read in vain, since more changed meanwhile, is read again", () =>
  withDirectory(async ({ kv, directory }) => {
    await updateRepo(kv, "a", (repo) => ({ repo: { ...repo, name: "renamed" } }));
    directory.refresh();
    const overtaken = directory.current();
    directory.refresh();
    await overtaken;
    assert.equal((await directory.current()).repos.get("a")!.name, "renamed");
  }));

Deno.test("without the database, the last snapshot is served, and one read a second tries", () =>
  withDirectory(async ({ kv, directory, clock }) => {
    const fail = () => {
      throw new StoreUnavailable("down");
    };
    kv.gate = fail;
    await assert.rejects(directory.current(), StoreUnavailable);
    kv.gate = () => {};
    const known = await directory.current();
    kv.gate = fail;
    await storeGeneration(kv, "a", 2, INDEX);
    for (let second = 0; second < 3; second++) {
      clock.now += CHECK_EVERY_MS;
      const { getMany } = kv.calls;
      for (let i = 0; i < 5; i++) assert.equal(await directory.current(), known);
      assert.equal(directory.peek(), known);
      assert.equal(kv.calls.getMany, getMany + 1);
    }
    kv.gate = () => {};
    clock.now += CHECK_EVERY_MS;
    assert.deepEqual(generations(await directory.current()), { a: 2, b: 1 });
  }, false));

Deno.test("what failed after refresh is tried again by the next read, and shows then", () =>
  withDirectory(async ({ kv, directory }) => {
    const known = await directory.current();
    await insertRepo(kv, repo("c"));
    directory.refresh();
    kv.gate = () => {
      throw new StoreUnavailable("down");
    };
    assert.equal(await directory.current(), known);
    kv.gate = () => {};
    assert.equal(directory.peek(), undefined);
    assert.equal((await directory.current()).repos.has("c"), true);
  }));

Deno.test("a mistake of our own is not taken for a database that is down", () =>
  withDirectory(async ({ kv, directory, clock }) => {
    clock.now += CHECK_EVERY_MS;
    kv.gate = () => {
      throw new TypeError("too many keys");
    };
    await assert.rejects(directory.current(), TypeError);
  }));

Deno.test("a database that hangs is waited for after refresh, and else only without a snapshot", () =>
  withDirectory(async ({ kv, directory, clock }) => {
    const known = await directory.current();
    const changed = createDirectory(kv, () => clock.now), none = createDirectory(kv, () => 0);
    await changed.current();
    await storeGeneration(kv, "a", 2, INDEX);
    changed.refresh();
    clock.now += CHECK_EVERY_MS;
    const { release } = holdBack(kv, "list");
    const has: string[] = [];
    const waiting = [
      changed.current().finally(() => has.push("changed")),
      none.current().finally(() => has.push("none")),
    ];
    const { getMany } = kv.calls;
    const read = [directory.current(), directory.current()];
    assert.deepEqual(await Promise.all(read), [known, known]);
    assert.deepEqual(has, []);
    assert.equal(kv.calls.getMany, getMany + 1);
    release();
    for (const snapshot of [...await Promise.all(waiting), await directory.current()]) {
      assert.deepEqual(generations(snapshot), { a: 2, b: 1 });
    }
  }));
