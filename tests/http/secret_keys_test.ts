/** Keys that are wrong, replaced and lost, and what is sealed put where it does not belong. */

import assert from "node:assert/strict";
import { checkKeys, confirmFirstKey } from "../../src/access/key_check.ts";
import { resealAll } from "../../src/access/reseal.ts";
import { createSecrets, type Secrets } from "../../src/access/secrets.ts";
import { ConfigError, loadConfig } from "../../src/config.ts";
import { checkSecrets } from "../../src/database.ts";
import { keys } from "../../src/store/keys.ts";
import { type Kv, openKv, StoreUnavailable } from "../../src/store/kv.ts";
import { findRepo, type Repo } from "../../src/store/repos.ts";
import { type Chartroom, startChartroom } from "../support/chartroom.ts";
import { withFolder } from "../support/process.ts";
import { pem } from "../support/tls_upstream.ts";
import { indexOf, startUpstream, type Upstream } from "../support/upstream.ts";

const [OLD, NEW, STRANGE] = [1, 2, 3].map((byte) => new Uint8Array(32).fill(byte).toBase64()) as [
  string,
  string,
  string,
];
const BASIC = JSON.stringify({ username: "bob", password: "correct horse" });
const WRONG_KEY = "CHARTROOM_SECRET_KEY does not open what the database keeps sealed: give the " +
  "key back that sealed it; only if that is lost, `deno task reseal --forget` drops all that it " +
  "sealed";

interface Place {
  upstream: Upstream;
  /** Where the database and a key file are. */
  folder: string;
  /** Runs a test with a Chartroom over the folder's database. */
  over(secretKey: string, test: (chartroom: Chartroom) => Promise<void>): Promise<void>;
  /** Opens the database without a Chartroom. */
  raw(test: (kv: Kv) => Promise<void>): Promise<void>;
}

async function withPlace(test: (place: Place) => Promise<void>): Promise<void> {
  const upstream = startUpstream();
  upstream.serve(
    "/index.yaml",
    ({ headers }) =>
      headers.get("authorization") === `Basic ${btoa("bob:correct horse")}`
        ? new Response(indexOf({ one: ["1.0.0"] }))
        : new Response("no", { status: 401 }),
  );
  const using = async <T extends { close(): Promise<void> }>(
    starting: Promise<T>,
    test: (started: T) => Promise<void>,
  ) => {
    const started = await starting;
    try {
      await test(started);
    } finally {
      await started.close();
    }
  };
  try {
    await withFolder(async (folder) => {
      const path = `${folder}/kv.sqlite`;
      await test({
        upstream,
        folder,
        over(secretKey, test) {
          const environment = { CHARTROOM_KV: path, CHARTROOM_SECRET_KEY: secretKey };
          return using(startChartroom({ environment: { ...ALLOW, ...environment } }), test);
        },
        raw: (test) => using(openKv({ kind: "file", path }), test),
      });
    });
  } finally {
    await upstream.close();
  }
}

const ALLOW = { CHARTROOM_ALLOW_UPSTREAM: "127.0.0.1" };

function secretsOf(list: string): Promise<Secrets> {
  return createSecrets(list.split(",").map((key) => Uint8Array.fromBase64(key)));
}

/** Registers a repository that has everything sealed. */
async function registerSealed(chartroom: Chartroom, upstream: Upstream): Promise<string> {
  const id = await chartroom.register(upstream.url, {
    name: crypto.randomUUID(),
    credential: BASIC,
    ca_bundle: pem("authority.pem"),
    client_certificate: pem("client_ec.pem"),
    client_key: pem("client_ec.key"),
  });
  assert.equal((await chartroom.call("POST", `/v1/repos/${id}/webhook`)).status, 200);
  return id;
}

async function outcomeOf(chartroom: Chartroom, id: string): Promise<string> {
  const { status, reason } = await chartroom.sync(id);
  return reason ?? status;
}

async function wrongKey({ over }: Place, secretKey: string) {
  await assert.rejects(over(secretKey, async () => {}), (error: Error) => {
    assert.ok(error instanceof ConfigError);
    assert.equal(error.message, WRONG_KEY);
    return true;
  });
}

const events = ({ log }: Chartroom) =>
  log.map(({ event }) => event).filter((event) => event !== "synced");

/** As a Chartroom left it that knew no check at start. */
const forgetCheck = (kv: Kv) => kv.commit((op) => op.delete(keys.secretCheck)).then(() => {});

Deno.test("a wrong key stops the start, and the right one goes on as before", () =>
  withPlace(async (place) => {
    let id = "";
    await place.over(OLD, async (chartroom) => {
      id = await registerSealed(chartroom, place.upstream);
    });
    await wrongKey(place, NEW);
    await wrongKey(place, `${NEW},${STRANGE}`);
    await place.over(OLD, async (chartroom) => {
      assert.equal(await outcomeOf(chartroom, id), "successful");
      assert.deepEqual(events(chartroom), []);
    });
  }));

Deno.test("an empty database is sealed with the first key from then on", () =>
  withPlace(async (place) => {
    await place.over(OLD, async () => {});
    await wrongKey(place, NEW);
    await place.over(`${OLD},${NEW}`, async () => {});
    await wrongKey(place, NEW);
  }));

Deno.test("a key before the old one is told to need a reseal, one behind it is not", () =>
  withPlace(async (place) => {
    let id = "";
    await place.over(OLD, async (chartroom) => {
      id = await registerSealed(chartroom, place.upstream);
    });
    await place.over(`${OLD},${NEW}`, (chartroom) => {
      assert.deepEqual(events(chartroom), []);
      return Promise.resolve();
    });
    await place.over(`${NEW},${OLD}`, async (chartroom) => {
      const [line] = chartroom.log;
      assert.equal(line?.event, "old key in use");
      assert.match(String(line.fields?.message), /`deno task reseal`/);
      assert.equal(await outcomeOf(chartroom, id), "successful");
    });
    // What was not resealed still needs it.
    await wrongKey(place, NEW);
  }));

Deno.test("an older database is tried out itself", () =>
  withPlace(async (place) => {
    let id = "";
    await place.over(OLD, async (chartroom) => {
      id = await registerSealed(chartroom, place.upstream);
    });
    await place.raw(forgetCheck);
    await wrongKey(place, NEW);
    for (let i = 0; i < 2; i++) {
      await place.over(`${NEW},${OLD}`, async (chartroom) => {
        assert.deepEqual(events(chartroom), ["old key in use"]);
        assert.equal((await chartroom.services.kv.get(keys.secretCheck)).value, null);
      });
    }
    await place.over(OLD, async (chartroom) => {
      assert.deepEqual(events(chartroom), []);
      await chartroom.call("DELETE", `/v1/repos/${id}`);
    });
    await wrongKey(place, NEW);
  }));

Deno.test("an older database of which a part alone can be opened starts, and says so", () =>
  withPlace(async (place) => {
    let first = "", second = "";
    await place.over(OLD, async (chartroom) => {
      first = await registerSealed(chartroom, place.upstream);
    });
    await place.raw(async (kv) => await confirmFirstKey(kv, await secretsOf(NEW)));
    await place.over(NEW, async (chartroom) => {
      second = await registerSealed(chartroom, place.upstream);
    });
    await place.raw(forgetCheck);
    await place.over(NEW, async (chartroom) => {
      assert.deepEqual(events(chartroom), ["old key in use"]);
      assert.equal(await outcomeOf(chartroom, first), "credential_unreadable");
      assert.equal(await outcomeOf(chartroom, second), "successful");
    });
  }));

Deno.test("of processes that start at once with different keys, one kind starts", () =>
  withPlace(async (place) => {
    const started: string[] = [];
    let refused = 0;
    const hold = Promise.withResolvers<void>();
    const starts = [OLD, NEW, OLD, NEW].map((key) =>
      place.over(key, () => {
        started.push(key);
        if (started.length + refused === 4) hold.resolve();
        return hold.promise;
      }).catch((error) => {
        assert.equal(error.message, WRONG_KEY);
        refused++;
        if (started.length + refused === 4) hold.resolve();
      })
    );
    await Promise.all(starts);
    assert.deepEqual([started.length, new Set(started).size, refused], [2, 1, 2]);
  }));

Deno.test("a database that does not answer at start is told as that, not as a wrong key", async () => {
  const config = loadConfig({ CHARTROOM_KV: ":memory:" });
  const silent = { get: () => Promise.reject(new StoreUnavailable("it sleeps")) } as unknown as Kv;
  const database = { kv: silent, secrets: await secretsOf(OLD) };
  await assert.rejects(checkSecrets(config, database, () => {}), (error: Error) => {
    assert.ok(error instanceof ConfigError);
    assert.equal(error.message, "CHARTROOM_KV cannot be read: it sleeps");
    return true;
  });
});

Deno.test("a start with the first key takes one read, at the nearest replica", async () => {
  const secrets = await secretsOf(OLD);
  const kv = await openKv({ kind: "memory" });
  try {
    assert.equal(await checkKeys(kv, secrets), "first");
    const reads: (string | undefined)[] = [];
    const watched: Kv = {
      ...kv,
      get(key, consistency) {
        reads.push(consistency);
        return kv.get(key, consistency);
      },
    };
    assert.equal(await checkKeys(watched, secrets), "first");
    assert.deepEqual(reads, ["eventual"]);
    // What is far behind there must not stop a start.
    assert.equal(await checkKeys(watched, await secretsOf(NEW)), "none");
    assert.equal(reads.at(-1), "strong");
  } finally {
    await kv.close();
  }
});

Deno.test("a key file that everybody may read stops the start until it is mended", async () => {
  if (Deno.build.os === "windows") return;
  await withFolder(async (folder) => {
    const environment = { CHARTROOM_KV: `${folder}/kv.sqlite` };
    const start = () => startChartroom({ environment }).then((chartroom) => chartroom.close());
    await start();
    const file = `${folder}/secret.key`;
    for (const mode of [0o644, 0o604, 0o602]) {
      await Deno.chmod(file, mode);
      await assert.rejects(start(), {
        message: `CHARTROOM_SECRET_KEY is not set, and ${file}: everybody on this machine may ` +
          `use it: \`chmod 600 ${file}\``,
      });
    }
    for (const mode of [0o600, 0o400, 0o640]) {
      await Deno.chmod(file, mode);
      await start();
    }
    await Deno.remove(file);
    await assert.rejects(start(), {
      message: WRONG_KEY.replace("KEY does", `KEY is not set, and ${file} does`),
    });
  });
});

Deno.test("what was sealed for another repository or field, or was tampered with, opens nowhere", () =>
  withPlace(({ over, upstream }) =>
    over(OLD, async (chartroom) => {
      const { kv } = chartroom.services;
      const a = await registerSealed(chartroom, upstream);
      const b = await registerSealed(chartroom, upstream);
      const [mine, other] = (await Promise.all([a, b].map((id) => findRepo(kv, id)))) as [
        Repo,
        Repo,
      ];
      const flip = (at: number) => {
        const sealed = mine.credential!;
        return sealed.with(at, sealed.at(at)! ^ 1);
      };
      const wrong: [string, Partial<Repo>][] = [
        ["credential", { credential: other.credential! }],
        ["credential", { credential: mine.ca_bundle! }],
        ["credential", { credential: mine.webhook!.secret }],
        ["client_key", { client_key: other.client_key! }],
        ["credential", { credential: flip(0) }],
        ["credential", { credential: flip(20) }],
        ["credential", { credential: flip(mine.credential!.length - 1) }],
        ["credential", { credential: mine.credential!.slice(0, 30) }],
        ["credential", { credential: new Uint8Array() }],
      ];
      for (const [field, changes] of wrong) {
        await kv.commit((op) =>
          op.set(keys.repo(a), { ...mine, ...changes }).set(keys.reposChange, true)
        );
        const asked = upstream.requests.length;
        const event = await chartroom.sync(a);
        assert.equal(event.reason, "credential_unreadable");
        const { message } = (await chartroom.call("GET", `/v1/repos/${a}`)).body.sync;
        const why = `the ${field} of ${a} was sealed with another key than the one in use`;
        assert.ok(message.includes(why), message);
        assert.equal(upstream.requests.length, asked, "nobody is called without it");
        assert.equal(await outcomeOf(chartroom, b), "successful");
      }
      await kv.commit((op) => op.set(keys.repo(a), mine).set(keys.reposChange, true));
      assert.equal(await outcomeOf(chartroom, a), "successful");
    })
  ));

Deno.test("a reseal leaves everything but the seals as it is, and a running process sees it", () =>
  withPlace(async ({ over, raw, upstream }) => {
    const ids: string[] = [];
    await over(OLD, async (chartroom) => {
      for (let i = 0; i < 3; i++) ids.push(await registerSealed(chartroom, upstream));
    });
    await over(`${NEW},${OLD}`, async (chartroom) => {
      await chartroom.call("GET", "/v1/apps");
      const { kv } = chartroom.services;
      const rowsOf = () =>
        kv.getMany<unknown[]>(ids.flatMap((id) => [keys.sync(id), keys.index(id)]));
      const bareOf = async () =>
        (await Promise.all(ids.map((id) => findRepo(kv, id)))).map((repo) => {
          const { credential: _, ca_bundle: __, client_certificate: ___, ...rest } = repo!;
          const { client_key: _key, webhook, ...bare } = rest;
          return { ...bare, webhook: { ...webhook, secret: undefined } };
        });
      const before = [await rowsOf(), await bareOf()], asked = upstream.requests.length;
      await raw(async (kv) => {
        const secrets = await secretsOf(`${NEW},${OLD}`);
        const none = { unreadable: [], forgotten: [] };
        assert.deepEqual(await resealAll(kv, secrets, false), {
          resealed: 15,
          already: 0,
          ...none,
        });
        assert.deepEqual(await resealAll(kv, secrets, false), {
          resealed: 0,
          already: 15,
          ...none,
        });
      });
      assert.deepEqual([await rowsOf(), await bareOf()], before);
      assert.equal(upstream.requests.length, asked, "no sync");
      chartroom.clock.now += 2_000;
      const { repos } = await chartroom.services.directory.current();
      const newest = await secretsOf(NEW);
      for (const id of ids) {
        const place = { owner: id, field: "credential" } as const;
        assert.equal(await newest.open(place, repos.get(id)!.credential!), BASIC);
      }
    });
    await over(NEW, async (chartroom) => {
      assert.deepEqual(events(chartroom), []);
      for (const id of ids) assert.equal(await outcomeOf(chartroom, id), "successful");
    });
  }));

Deno.test("a change that comes between wins over a reseal, and is sealed anew as well", () =>
  withPlace(async ({ over, raw, upstream }) => {
    let id = "";
    await over(OLD, async (chartroom) => {
      id = await registerSealed(chartroom, upstream);
      await raw(async (kv) => {
        let changes = 0;
        const between: Kv = {
          ...kv,
          async commit(build) {
            // By a process that was not started with the new key yet.
            if (changes++ === 0) {
              const body = { description: "changed", credential: BASIC };
              await chartroom.call("PATCH", `/v1/repos/${id}`, body);
              await chartroom.services.syncer.idle();
            }
            return await kv.commit(build);
          },
        };
        const done = await resealAll(between, await secretsOf(`${NEW},${OLD}`), false);
        assert.deepEqual(done, { resealed: 5, already: 0, unreadable: [], forgotten: [] });
      });
    });
    await over(NEW, async (chartroom) => {
      const { body } = await chartroom.call("GET", `/v1/repos/${id}`);
      assert.equal(body.description, "changed");
      assert.equal(await outcomeOf(chartroom, id), "successful");
    });
  }));

Deno.test("what no key opens is left, and listed, until it is to be forgotten", () =>
  withPlace(async (place) => {
    const { over, raw, upstream } = place;
    let lost = "", kept = "";
    await over(OLD, async (chartroom) => {
      lost = await registerSealed(chartroom, upstream);
      kept = await registerSealed(chartroom, upstream);
    });
    const strange = await secretsOf(STRANGE);
    await raw(async (kv) => {
      const repo = (await findRepo(kv, lost))!;
      const seal = (field: "client_key" | "webhook") => strange.seal({ owner: lost, field }, "x");
      const webhook = { ...repo.webhook!, secret: await seal("webhook") };
      const client_key = await seal("client_key");
      await kv.commit((op) => op.set(keys.repo(lost), { ...repo, webhook, client_key }));
      const both = await secretsOf(`${NEW},${OLD}`);
      const unreadable = ["client_key", "webhook"].map((field) => ({ owner: lost, field }));
      const left = await resealAll(kv, both, false);
      assert.deepEqual(left, { resealed: 8, already: 0, unreadable, forgotten: [] });
      assert.deepEqual((await findRepo(kv, lost))!.webhook, webhook);
    });
    // It may still be given back.
    await wrongKey(place, NEW);
    await raw(async (kv) => {
      const { revision } = (await findRepo(kv, lost))!;
      const done = await resealAll(kv, await secretsOf(`${NEW},${OLD}`), true);
      // A certificate is worth nothing without its key.
      const forgotten = ["client_certificate", "client_key", "webhook"];
      assert.deepEqual(done.forgotten, forgotten.map((field) => ({ owner: lost, field })));
      assert.deepEqual([done.unreadable, done.resealed], [[], 0]);
      const repo = (await findRepo(kv, lost))!;
      assert.deepEqual(forgotten.filter((field) => field in repo), []);
      assert.equal(repo.revision, revision + 1);
      assert.equal((await findRepo(kv, kept))!.revision, revision);
    });
    await over(NEW, async (chartroom) => {
      assert.deepEqual(events(chartroom), []);
      assert.equal(await outcomeOf(chartroom, lost), "successful");
      assert.equal(await outcomeOf(chartroom, kept), "successful");
      const { status } = await chartroom.call("GET", `/v1/repos/${lost}/webhook`);
      assert.equal(status, 404);
    });
  }));
