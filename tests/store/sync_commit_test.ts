import assert from "node:assert/strict";
import { duePages, requestSync } from "../../src/store/due.ts";
import { listEvents, type SyncEvent } from "../../src/store/events.ts";
import { type Pointer, readPointer } from "../../src/store/generations.ts";
import type { Kv } from "../../src/store/kv.ts";
import { acquireLease, type Lease, LEASE_MS, leasedRepos } from "../../src/store/leases.ts";
import { insertRepo, readRepoAndStatus, type Repo, updateRepo } from "../../src/store/repos.ts";
import { commitSync } from "../../src/store/sync_commit.ts";
import { onEachDatabase } from "../support/databases.ts";

const ID = "repo-00000000000001";
const NOW = 1_000_000;

const REPO: Repo = {
  id: ID,
  workspace: "",
  name: "one",
  url: "https://charts.example.org",
  host: "charts.example.org",
  description: "",
  period: { text: "1h", seconds: 3_600 },
  creator: "",
  createTime: NOW,
  revision: 1,
};
const EVENT: SyncEvent = {
  id: "event",
  finishedAt: NOW + 5,
  state: "successful",
  generation: 1,
  durationMs: 5,
  bytes: 9,
};
const POINTER = {
  format: 2,
  generation: 1,
  catalog: new Uint8Array(),
  problems: new Uint8Array(),
} as unknown as Pointer;

const dueIds = async (kv: Kv, now: number) =>
  (await Array.fromAsync(duePages(kv, now, 10))).flat().map(({ id }) => id);

/** A sync up to its commit, with what `meanwhile` does in between. */
async function commit(kv: Kv, meanwhile: (kv: Kv) => Promise<unknown>): Promise<boolean> {
  await insertRepo(kv, REPO);
  const lease = await acquireLease(kv, ID, "me", NOW) as Lease;
  const [repo, status] = await readRepoAndStatus(kv, ID);
  await meanwhile(kv);
  return await commitSync(kv, lease, repo, status, {
    status: { ...status.value!, state: "successful", nextDue: NOW + 3_600_000, syncs: 1 },
    event: EVENT,
    pointer: POINTER,
  });
}

onEachDatabase("commitSync writes everything at once, and gives the lease back", async (kv) => {
  assert.equal(await commit(kv, () => Promise.resolve()), true);
  const [, status] = await readRepoAndStatus(kv, ID);
  assert.equal(status.value!.state, "successful");
  assert.deepEqual(await dueIds(kv, NOW + 3_599_999), []);
  assert.deepEqual(await dueIds(kv, NOW + 3_600_000), [ID]);
  assert.deepEqual(await readPointer(kv, ID), POINTER);
  assert.deepEqual(await listEvents(kv, ID), [EVENT]);
  assert.deepEqual(await leasedRepos(kv, NOW), new Set());
});

const meanwhile: Record<string, (kv: Kv) => Promise<unknown>> = {
  "the repository was changed": (kv) =>
    updateRepo(kv, ID, (repo) => ({ repo: { ...repo, description: "new" } })),
  "a sync was asked for": (kv) =>
    requestSync(kv, ID, { id: "asked", force: false, by: "caller", now: NOW + 1 }),
  "the lease was lost": (kv) => acquireLease(kv, ID, "another", NOW + LEASE_MS),
};

for (const [what, happens] of Object.entries(meanwhile)) {
  onEachDatabase(`commitSync writes nothing if ${what} meanwhile`, async (kv) => {
    assert.equal(await commit(kv, happens), false);
    assert.equal(await readPointer(kv, ID), null);
    assert.deepEqual(await listEvents(kv, ID), []);
    const [, status] = await readRepoAndStatus(kv, ID);
    assert.equal(status.value!.state, "syncing");
    assert.deepEqual(await dueIds(kv, NOW + 1), [ID]);
  });
}
