import assert from "node:assert/strict";
import {
  acquireLease,
  type Lease,
  LEASE_MS,
  leasedRepos,
  releaseLease,
  renewLease,
} from "../../src/store/leases.ts";
import { onEachDatabase, withFile } from "../support/databases.ts";

const REPO = "repo-1";

onEachDatabase("a lease has one owner, until it runs out or is given back", async (kv) => {
  const lease = await acquireLease(kv, REPO, "a", 1_000) as Lease;
  assert.deepEqual(await acquireLease(kv, REPO, "b", 1_000), { busyUntil: 1_000 + LEASE_MS });
  assert.deepEqual(await leasedRepos(kv, 1_000), new Set([REPO]));
  assert.deepEqual(await leasedRepos(kv, 1_000 + LEASE_MS), new Set());
  const renewed = await renewLease(kv, lease, 5_000);
  assert.ok(renewed);
  assert.deepEqual(await acquireLease(kv, REPO, "b", 5_000 + LEASE_MS - 1), {
    busyUntil: 5_000 + LEASE_MS,
  });
  const taken = await acquireLease(kv, REPO, "b", 5_000 + LEASE_MS) as Lease;
  assert.equal(taken.owner, "b");
  assert.equal(await renewLease(kv, renewed, 5_001 + LEASE_MS), undefined);
  await releaseLease(kv, renewed);
  assert.ok("busyUntil" in await acquireLease(kv, REPO, "a", 5_001 + LEASE_MS));
  await releaseLease(kv, taken);
  assert.ok("versionstamp" in await acquireLease(kv, REPO, "a", 5_001 + LEASE_MS));
});

Deno.test("of many that want a lease at once, through two handles, one gets it", () =>
  withFile(async (open) => {
    const handles = await Promise.all([open(), open()]);
    for (let round = 0; round < 10; round++) {
      const outcomes = await Promise.all(
        Array.from(
          { length: 8 },
          (_, i) => acquireLease(handles[i % 2]!, `repo-${round}`, `owner ${i}`, 1_000),
        ),
      );
      assert.equal(outcomes.filter((outcome) => "versionstamp" in outcome).length, 1);
    }
  }));
