import assert from "node:assert/strict";
import { readChanges } from "../../src/store/changes.ts";
import { type Ask, type Asked, duePages, requestSync } from "../../src/store/due.ts";
import { keys } from "../../src/store/keys.ts";
import type { Kv } from "../../src/store/kv.ts";
import {
  deleteRepo,
  findRepo,
  insertRepo,
  listRepos,
  type Repo,
  updateRepo,
} from "../../src/store/repos.ts";
import { readStatuses } from "../../src/store/sync_status.ts";
import { onEachDatabase, withFile } from "../support/databases.ts";

const repo = (id: string, more: Partial<Repo> = {}): Repo => ({
  id: `repo-${id.padEnd(14, "0")}`,
  workspace: "ws",
  name: id,
  url: "https://charts.example.org",
  host: "charts.example.org",
  description: "",
  period: { text: "1h", seconds: 3_600 },
  creator: "",
  createTime: 1_000,
  revision: 1,
  ...more,
});

const dueIds = async (kv: Kv, now: number, size = 10) =>
  (await Array.fromAsync(duePages(kv, now, size))).flat().map(({ id }) => id);
const dueRows = async (kv: Kv) => (await kv.list({ prefix: keys.dues })).map(({ key }) => key);

onEachDatabase("insertRepo makes a repository that is due, once per name", async (kv) => {
  const a = repo("a");
  assert.equal(await insertRepo(kv, a), true);
  assert.equal(await insertRepo(kv, repo("b", { name: "a" })), false);
  assert.equal(await insertRepo(kv, repo("c", { name: "a", workspace: "other" })), true);
  assert.deepEqual(await findRepo(kv, a.id), a);
  assert.deepEqual((await listRepos(kv)).map(({ value }) => value.id), [a.id, repo("c").id]);
  assert.deepEqual(await dueIds(kv, 1_000), [a.id, repo("c").id]);
  assert.deepEqual(await dueIds(kv, 999), []);
  assert.deepEqual(await dueIds(kv, 1_000, 1), [a.id, repo("c").id]);
  assert.equal(await findRepo(kv, "repo-none"), undefined);
});

onEachDatabase("updateRepo renames, and moves the due row with the status", async (kv) => {
  const a = repo("a");
  await insertRepo(kv, a);
  await insertRepo(kv, repo("b"));
  const change = (await readChanges(kv)).repos;
  const rename = (name: string) => updateRepo(kv, a.id, (repo) => ({ repo: { ...repo, name } }));
  assert.equal(await rename("b"), "name_taken");
  assert.equal(await rename("c"), "updated");
  assert.notEqual((await readChanges(kv)).repos, change);
  assert.equal(await insertRepo(kv, repo("d", { name: "a" })), true);
  const move = (nextDue: number | null) =>
    updateRepo(kv, a.id, (repo, status) => ({ repo, status: { ...status, nextDue } }));
  await move(5_000);
  assert.deepEqual(await dueIds(kv, 4_999), [repo("b").id, repo("d").id]);
  assert.equal((await readStatuses(kv, [a.id]))[0]!.nextDue, 5_000);
  await move(null);
  assert.equal((await dueRows(kv)).length, 2);
  assert.equal(await updateRepo(kv, "repo-none", (repo) => ({ repo })), "absent");
});

const ask = (now: number, more: Partial<Ask> = {}): Ask => ({
  id: `sync at ${now}`,
  force: false,
  by: "caller",
  now,
  ...more,
});

onEachDatabase("requestSync leaves one due row per repository, and one sync", async (kv) => {
  const a = repo("a");
  await insertRepo(kv, a);
  const ids = new Set<string>();
  for (const now of [2_000, 2_000, 3_000, 500]) {
    const asked = await requestSync(kv, a.id, ask(now));
    ids.add((asked as { id: string }).id);
  }
  assert.deepEqual([...ids], ["sync at 2000"]);
  const rows = await dueRows(kv);
  assert.equal(rows.length, 1);
  assert.equal((await readStatuses(kv, [a.id]))[0]!.nextDue, rows[0]![1]);
  assert.equal(await requestSync(kv, "repo-none", ask(1)), "absent");
});

onEachDatabase("a delivery counts once within a day, and once per repository", async (kv) => {
  const a = repo("a"), b = repo("b");
  await insertRepo(kv, a);
  await insertRepo(kv, b);
  const send = async (id: string, now: number, delivery: string) =>
    await requestSync(kv, id, ask(now, { by: "webhook", delivery })) as Asked;
  const first = await send(a.id, 2_000, "x");
  assert.equal(first.kind, "asked");
  assert.deepEqual(await send(a.id, 3_000, "x"), { kind: "known", id: first.id });
  assert.equal((await send(a.id, 3_000, "y")).kind, "asked");
  assert.equal((await send(b.id, 3_000, "x")).kind, "asked");
  assert.equal((await send(a.id, 2_000 + 86_399_999, "x")).kind, "known");
  assert.equal((await send(a.id, 2_000 + 86_400_000, "x")).kind, "asked");
  const many = await Promise.all(Array.from({ length: 20 }, () => send(a.id, 9_000, "z")));
  assert.equal(many.filter(({ kind }) => kind === "asked").length, 1);
});

onEachDatabase("deleteRepo leaves nothing but what is swept later", async (kv) => {
  const a = repo("a");
  await insertRepo(kv, a);
  assert.equal(await deleteRepo(kv, a.id, 2_000), "deleted");
  assert.equal(await deleteRepo(kv, a.id, 2_000), "absent");
  const left = (await kv.list({ prefix: [] })).map(({ key }) => key[0]);
  assert.deepEqual(left, ["garbage", "repos_change"]);
  assert.equal(await insertRepo(kv, a), true);
});

Deno.test("two handles on one file never lose a change, though the file is locked at times", () =>
  withFile(async (open) => {
    const handles = await Promise.all([open(), open(), open()]);
    const a = repo("a");
    await insertRepo(handles[0]!, a);
    const perHandle = 60;
    await Promise.all(handles.map(async (kv) => {
      for (let i = 0; i < perHandle; i++) {
        const outcome = await updateRepo(kv, a.id, (repo, status) => ({
          repo: { ...repo, revision: repo.revision + 1 },
          status: { ...status, nextDue: status.nextDue! + 1 },
        }));
        assert.equal(outcome, "updated");
      }
    }));
    const total = perHandle * handles.length;
    assert.equal((await findRepo(handles[1]!, a.id))!.revision, 1 + total);
    assert.deepEqual(await dueRows(handles[2]!), [keys.due(1_000 + total, a.id)]);
  }));

Deno.test("of many that register one name at once, through two handles, one does", () =>
  withFile(async (open) => {
    const [one, two] = await Promise.all([open(), open()]);
    const outcomes = await Promise.all(
      Array.from(
        { length: 20 },
        (_, i) => insertRepo(i % 2 === 0 ? one! : two!, repo(`r${i}`, { name: "same" })),
      ),
    );
    assert.equal(outcomes.filter(Boolean).length, 1);
    assert.equal((await listRepos(one!)).length, 1);
  }));
