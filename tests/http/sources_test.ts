/** Repositories on S3 servers and behind TLS, as callers register, modify and check them. */

import assert from "node:assert/strict";
import { confirmFirstKey } from "../../src/access/key_check.ts";
import { createSecrets } from "../../src/access/secrets.ts";
import { openKv } from "../../src/store/kv.ts";
import { listRepos } from "../../src/store/repos.ts";
import { createPrivateKey } from "node:crypto";
import { canary, keyCanary } from "../support/canary.ts";
import {
  type Answer,
  type Chartroom,
  type Options,
  startChartroom,
  withChartroom,
} from "../support/chartroom.ts";
import { type S3Server, startS3Server } from "../support/s3_server.ts";
import {
  pem,
  startMutualUpstream,
  startTlsUpstream,
  type TlsAnswer,
} from "../support/tls_upstream.ts";
import { indexOf, startUpstream, type Upstream } from "../support/upstream.ts";

const GOOD = indexOf({ alpha: ["1.0.0", "1.1.0"], beta: ["0.1.0"] });
const OTHER = indexOf({ gamma: ["3.0.0"] });
const SECRET = canary("K7MDENG/bPxRfiCYEXAMPLEKEY");
const TOKEN = canary("FwoGZXIvYXdzEB0a/+==");
const KEYS = { accessKeyID: "AKIAUSER", secretAccessKey: SECRET };
const SESSION = { accessKeyID: "ASIASESSION", secretAccessKey: SECRET, sessionToken: TOKEN };
const WRONG_KEYS = { ...KEYS, secretAccessKey: canary("not/this/one") };
const USERS = {
  [KEYS.accessKeyID]: { secret: SECRET },
  [SESSION.accessKeyID]: { secret: SECRET, token: TOKEN },
};

const AUTHORITY = pem("authority.pem");
const OTHER_AUTHORITY = pem("other_authority.pem");
const EC = { client_certificate: pem("client_ec.pem"), client_key: pem("client_ec.key") };
const RSA = { client_certificate: pem("client_rsa.pem"), client_key: pem("client_rsa.key") };
const STRANGER = { client_certificate: pem("stranger.pem"), client_key: pem("stranger.key") };
const PASSWORD = canary("correct horse");
const BASIC = JSON.stringify({ username: "bob", password: PASSWORD });
const AUTHORIZATION = `Basic ${btoa(`bob:${PASSWORD}`)}`;
const LOCAL: Options = { environment: { CHARTROOM_ALLOW_UPSTREAM: "127.0.0.1,localhost" } };

const UNTRUSTED =
  "the upstream's certificate is from an unknown authority, which a CA bundle can make known";
const BAD_SIGNATURE = "the upstream refuses the credential (403 Forbidden: SignatureDoesNotMatch)";

const give: TlsAnswer = (path) =>
  path === "/charts/index.yaml" ? new Response(GOOD) : new Response("no", { status: 404 });

/** Runs a test with what has to be closed after it. */
async function using<T extends { close(): Promise<void> }[]>(
  started: [...{ [K in keyof T]: T[K] | Promise<T[K]> }],
  test: (...started: T) => Promise<void>,
): Promise<void> {
  const all = await Promise.all(started) as T;
  try {
    await test(...all);
  } finally {
    for (const one of all) await one.close();
  }
}

/** A server with an index in a bucket that only its users may read. */
function startS3(region?: string): S3Server {
  const server = startS3Server(USERS, region);
  server.put("charts", "stable/index.yaml", GOOD);
  return server;
}

async function read({ call }: Chartroom, id: string) {
  return (await call("GET", `/v1/repos/${id}`)).body;
}

async function appsOf({ call }: Chartroom, id: string): Promise<string[]> {
  const { body } = await call("GET", `/v1/apps?conditions=repo_id=${id}`);
  return body.items.map((app: { name: string }) => app.name).sort();
}

function patch({ call }: Chartroom, id: string, body: unknown): Promise<Answer> {
  return call("PATCH", `/v1/repos/${id}`, body);
}

/** Modifies a repository and waits for the sync that follows. */
async function modify(chartroom: Chartroom, id: string, body: unknown) {
  const answer = await patch(chartroom, id, body);
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  await chartroom.services.syncer.idle();
}

function assertRefused(answer: Answer, field: string, message: string) {
  assert.deepEqual([answer.status, answer.body.code], [400, "invalid_field"]);
  assert.deepEqual([answer.body.field, answer.body.message], [field, `${field}: ${message}`]);
}

function assertUnusable(answer: Answer, reason: string, message: string) {
  assert.deepEqual([answer.status, answer.body.code], [400, "index_unusable"]);
  assert.deepEqual([answer.body.reason, answer.body.message], [reason, message]);
  assert.equal(answer.body.field, "url");
}

/** What a repository's answer says of sealed fields. */
async function setOf(chartroom: Chartroom, id: string): Promise<boolean[]> {
  const repo = await read(chartroom, id);
  return [repo.credential_set, repo.ca_bundle_set, repo.client_certificate_set];
}

function rowOf({ services }: Chartroom, id: string) {
  return services.kv.get(["repo", id]);
}

/** Names of the headers that say who is asking. */
function proofsOf(server: { requests: { headers: Headers }[] }): string[] {
  return server.requests.flatMap(({ headers }) => [...headers.keys()])
    .filter((name) => /^x-amz-|^authorization$/.test(name));
}

Deno.test("an s3 repository as KubeSphere has it is synced, and asked conditionally again", () =>
  using([startS3(), startChartroom()], async (server, chartroom) => {
    const url = `s3://${server.host}/charts/stable`;
    const id = await chartroom.register(url, { credential: JSON.stringify(KEYS) });
    const repo = await read(chartroom, id);
    assert.deepEqual([repo.status, repo.url], ["successful", url]);
    assert.deepEqual([repo.credential, repo.credential_set], ["{}", true]);
    assert.equal(repo.sync.index_bytes, GOOD.length);
    assert.deepEqual(await appsOf(chartroom, id), ["alpha", "beta"]);

    const again = await chartroom.sync(id);
    assert.deepEqual([again.status, again.generation], ["successful", 1]);
    assert.deepEqual(server.requests.map(({ target }) => target), [
      "/charts/stable/index.yaml",
      "/charts/stable/index.yaml",
    ]);
    assert.deepEqual(
      server.requests.map(({ headers }) => headers.has("if-none-match")),
      [false, true],
    );
    server.put("charts", "stable/index.yaml", OTHER);
    assert.equal((await chartroom.sync(id, { force: true })).generation, 2);
    assert.deepEqual(await appsOf(chartroom, id), ["gamma"]);
  }));

Deno.test("a wrong secret of S3 fails the sync with S3's code, and appears nowhere", () =>
  using([startS3(), startChartroom()], async (server, chartroom) => {
    const url = `s3://${server.host}/charts/stable`;
    const id = await chartroom.register(url, { credential: JSON.stringify(WRONG_KEYS) });
    const repo = await read(chartroom, id);
    assert.equal(repo.status, "failed");
    assert.equal(repo.sync.reason, "unauthorized");
    assert.equal(repo.sync.message, BAD_SIGNATURE);
    assert.deepEqual(await appsOf(chartroom, id), []);
    const { body } = await chartroom.call("GET", `/v1/repos/${id}/events`);
    assert.equal(body.items[0].result, BAD_SIGNATURE);
    const said = JSON.stringify([repo, body, chartroom.log]);
    assert.doesNotMatch(said, /not\/this\/one|AKIAUSER/);
  }));

Deno.test("a credential's endpoint, region and session token are used", () =>
  using([startS3("eu-west-1"), startChartroom()], async (server, chartroom) => {
    const credential = { ...SESSION, region: "eu-west-1", endpoint: server.url };
    const id = await chartroom.register("s3://charts/stable", {
      credential: JSON.stringify(credential),
    });
    assert.equal((await read(chartroom, id)).status, "successful");
    const [{ headers, target } = assert.fail()] = server.requests;
    assert.equal(target, "/charts/stable/index.yaml");
    assert.equal(headers.get("x-amz-security-token"), TOKEN);
    assert.match(headers.get("authorization")!, /\/eu-west-1\/s3\/aws4_request/);
    // Each of them matters.
    for (
      const [member, said] of [
        ["sessionToken", "the upstream answered 400 Bad Request: InvalidToken"],
        [
          "region",
          "the upstream answered 400 Bad Request: AuthorizationHeaderMalformed, " +
          "the bucket is in the region eu-west-1",
        ],
      ] as const
    ) {
      const { [member]: _, ...less } = credential;
      const answer = await patch(chartroom, id, { credential: JSON.stringify(less) });
      assertUnusable(answer, "status", said);
    }
  }));

Deno.test("a public bucket needs no credential, a private one says that it wants one", () =>
  using([startS3(), startChartroom()], async (server, chartroom) => {
    server.put("public", "index.yaml", OTHER);
    server.buckets.get("public")!.isPublic = true;
    const id = await chartroom.register(`s3://${server.host}/public`);
    assert.deepEqual(await appsOf(chartroom, id), ["gamma"]);
    assert.equal((await read(chartroom, id)).credential_set, false);
    const other = await chartroom.register(`s3://${server.host}/charts/stable`);
    const { status, sync } = await read(chartroom, other);
    assert.deepEqual([status, sync.reason], ["failed", "unauthorized"]);
    assert.equal(sync.message, "the upstream wants a credential (403 Forbidden: AccessDenied)");
    assert.deepEqual(proofsOf(server), []);
  }));

Deno.test("a new credential for S3 is tried out before it is stored", () =>
  using([startS3(), startChartroom()], async (server, chartroom) => {
    const url = `s3://${server.host}/charts/stable`;
    const id = await chartroom.register(url, { credential: JSON.stringify(KEYS) });
    const before = await rowOf(chartroom, id);
    const answer = await patch(chartroom, id, {
      credential: JSON.stringify(WRONG_KEYS),
      name: "not this",
    });
    assertUnusable(answer, "unauthorized", BAD_SIGNATURE);
    assert.deepEqual(await rowOf(chartroom, id), before);
    assert.equal((await chartroom.sync(id)).status, "successful");

    const asked = server.requests.length;
    await modify(chartroom, id, { credential: JSON.stringify(SESSION), name: "now this" });
    const tokens = server.requests.slice(asked).map(({ headers }) =>
      headers.get("x-amz-security-token")
    );
    // Tried out, and then synced.
    assert.deepEqual(tokens, [TOKEN, TOKEN]);
    assert.deepEqual([(await read(chartroom, id)).name, (await chartroom.sync(id)).status], [
      "now this",
      "successful",
    ]);
    // Without one, the bucket is closed: removing it is tried out as well.
    assertUnusable(
      await patch(chartroom, id, { credential: "" }),
      "unauthorized",
      "the upstream wants a credential (403 Forbidden: AccessDenied)",
    );
    assert.equal((await read(chartroom, id)).credential_set, true);
  }));

Deno.test("another bucket of the same host keeps the credential, another host never sees it", () =>
  using([startS3(), startS3(), startChartroom()], async (server, other, chartroom) => {
    server.put("more", "index.yaml", OTHER);
    other.put("public", "index.yaml", indexOf({ delta: ["4.0.0"] }));
    other.buckets.get("public")!.isPublic = true;
    const credential = JSON.stringify(KEYS);
    const id = await chartroom.register(`s3://${server.host}/charts/stable`, { credential });
    await modify(chartroom, id, { url: `s3://${server.host}/more` });
    assert.deepEqual(await appsOf(chartroom, id), ["gamma"]);
    assert.equal((await read(chartroom, id)).credential_set, true);
    assert.ok(server.requests.every(({ headers }) => headers.has("authorization")));

    // The same keys would open this bucket: they are not sent.
    const before = await rowOf(chartroom, id);
    assertUnusable(
      await patch(chartroom, id, { url: `s3://${other.host}/charts/stable` }),
      "unauthorized",
      "the upstream wants a credential (403 Forbidden: AccessDenied)",
    );
    assert.deepEqual(await rowOf(chartroom, id), before);
    await modify(chartroom, id, { url: `s3://${other.host}/public` });
    assert.deepEqual(await appsOf(chartroom, id), ["delta"]);
    assert.equal((await read(chartroom, id)).credential_set, false);
    assert.equal(other.requests.length, 3);
    assert.deepEqual(proofsOf(other), []);
    // Nor the other protocol at the same address.
    await modify(chartroom, id, { url: `s3://${other.host}/charts/stable`, credential });
    other.requests.length = 0;
    const plain = await patch(chartroom, id, { url: `${other.url}/charts/stable` });
    assert.equal(plain.body.reason, "unauthorized");
    assert.deepEqual([other.requests.length, proofsOf(other)], [1, []]);
  }));

Deno.test("?validate=true reads an s3 repository and stores nothing", () =>
  using([startS3(), startChartroom()], async (server, chartroom) => {
    const { call, services } = chartroom;
    const check = (credential: object, url = `s3://${server.host}/charts/stable`) =>
      call("POST", "/v1/repos?validate=true", { url, credential: JSON.stringify(credential) });
    assert.deepEqual((await check(KEYS)).body, {
      ok: true,
      apps: 2,
      versions: 3,
      problems: 0,
      bytes: GOOD.length,
      duration_ms: 0,
      first_problems: [],
    });
    assertUnusable(await check(WRONG_KEYS), "unauthorized", BAD_SIGNATURE);
    assertUnusable(
      await check(KEYS, `s3://${server.host}/nothing`),
      "status",
      "the upstream answered 404 Not Found: NoSuchBucket",
    );
    assert.deepEqual(await services.kv.list({ prefix: ["repo"] }), []);
  }));

Deno.test("a CA bundle is needed, heals, stays with other changes, and is removed", () =>
  using([startTlsUpstream(give), startUpstream(), startChartroom(LOCAL)], async (
    upstream,
    plain,
    chartroom,
  ) => {
    const url = `${upstream.url}/charts`;
    const { call } = chartroom;
    const id = await chartroom.register(url);
    const failed = await read(chartroom, id);
    assert.deepEqual([failed.status, failed.sync.reason], ["failed", "unreachable"]);
    assert.equal(failed.sync.message, UNTRUSTED);
    assertUnusable(
      await call("POST", "/v1/repos?validate=true", { url }),
      "unreachable",
      UNTRUSTED,
    );
    assertUnusable(
      await patch(chartroom, id, { ca_bundle: OTHER_AUTHORITY }),
      "unreachable",
      UNTRUSTED,
    );
    assert.deepEqual(await setOf(chartroom, id), [false, false, false]);

    const bundle = `# ours\r\n${AUTHORITY}${OTHER_AUTHORITY}`;
    await modify(chartroom, id, { ca_bundle: bundle });
    assert.deepEqual(await setOf(chartroom, id), [false, true, false]);
    assert.equal((await read(chartroom, id)).status, "successful");
    assert.deepEqual(await appsOf(chartroom, id), ["alpha", "beta"]);

    const checked = await call("POST", "/v1/repos?validate=true", { url, ca_bundle: AUTHORITY });
    assert.deepEqual([checked.status, checked.body.apps], [200, 2]);
    const second = await chartroom.register(url, { ca_bundle: AUTHORITY });
    assert.equal((await read(chartroom, second)).status, "successful");

    // Without it the upstream is not to be reached, so it stays.
    for (const ca_bundle of ["", " \n"]) {
      assertUnusable(await patch(chartroom, id, { ca_bundle }), "unreachable", UNTRUSTED);
      assert.deepEqual(await setOf(chartroom, id), [false, true, false]);
    }
    assert.equal((await chartroom.sync(id)).status, "successful");

    plain.serve("/index.yaml", OTHER);
    const third = await chartroom.register(plain.url, { ca_bundle: AUTHORITY });
    assert.deepEqual(await setOf(chartroom, third), [false, true, false]);
    await modify(chartroom, third, { ca_bundle: "" });
    assert.deepEqual(await setOf(chartroom, third), [false, false, false]);
  }));

Deno.test("an s3 endpoint behind TLS uses the repository's CA bundle and certificate", () =>
  using([startMutualUpstream(give, "required"), startChartroom(LOCAL)], async (upstream, chart) => {
    const credential = JSON.stringify({ endpoint: upstream.url });
    const tls = { ca_bundle: AUTHORITY, ...EC };
    const id = await chart.register("s3://charts", { credential, ...tls });
    assert.deepEqual(await appsOf(chart, id), ["alpha", "beta"]);
    assert.deepEqual(upstream.requests.map(({ client }) => client), ["chartroom-ec"]);
  }));

Deno.test("a client certificate opens a repository, and is changed with its key or alone", () =>
  using([startMutualUpstream(give, "required"), startChartroom(LOCAL)], async (
    upstream,
    chartroom,
  ) => {
    const url = `${upstream.url}/charts`;
    const id = await chartroom.register(url, { ca_bundle: AUTHORITY, credential: BASIC });
    const failed = await read(chartroom, id);
    assert.deepEqual([failed.status, failed.sync.reason], ["failed", "unreachable"]);
    assert.match(failed.sync.message, /^the upstream wants a client certificate \(TLS alert /);
    assert.equal(upstream.requests.length, 0);

    // Deno's server, unlike others, sends no alert.
    const stranger = await patch(chartroom, id, STRANGER);
    assert.deepEqual([stranger.status, stranger.body.reason], [400, "unreachable"]);
    assert.match(stranger.body.message, /^the upstream (closed the connection|refuses the cl)/);
    assert.deepEqual(await setOf(chartroom, id), [true, true, false]);

    await modify(chartroom, id, EC);
    assert.deepEqual(await setOf(chartroom, id), [true, true, true]);
    assert.equal((await read(chartroom, id)).status, "successful");

    const before = await rowOf(chartroom, id);
    const asked = upstream.requests.length;
    const mismatch = "expected the key of the first certificate in client_certificate";
    for (const { client_certificate, client_key } of [RSA, STRANGER]) {
      assertRefused(await patch(chartroom, id, { client_key }), "client_key", mismatch);
      assertRefused(await patch(chartroom, id, { client_certificate }), "client_key", mismatch);
    }
    assertRefused(
      await patch(chartroom, id, { client_key: "" }),
      "client_key",
      "expected the key of client_certificate",
    );
    assertRefused(
      await patch(chartroom, id, { client_certificate: "" }),
      "client_certificate",
      "expected the certificate of client_key",
    );
    assert.deepEqual(await rowOf(chartroom, id), before);
    assert.equal(upstream.requests.length, asked);

    // The same key in another form, and a chain: each fits what is stored of the other.
    const client_key = createPrivateKey(EC.client_key).export({ format: "pem", type: "sec1" });
    await modify(chartroom, id, { client_key });
    await modify(chartroom, id, { client_certificate: EC.client_certificate + OTHER_AUTHORITY });
    assert.notDeepEqual(await rowOf(chartroom, id), before);
    await modify(chartroom, id, RSA);
    assert.equal(upstream.requests.at(-1)!.client, "chartroom-rsa");

    // A change of something else keeps all.
    await modify(chartroom, id, { name: "renamed", description: "d", sync_period: "1h" });
    assert.equal((await chartroom.sync(id)).status, "successful");
    const last = upstream.requests.at(-1)!;
    assert.equal(last.client, "chartroom-rsa");
    assert.equal(last.headers.get("authorization"), AUTHORIZATION);
    assert.equal((await read(chartroom, id)).name, "renamed");
    assert.deepEqual(await setOf(chartroom, id), [true, true, true]);
  }));

Deno.test("a new origin gets neither bundle nor certificate nor credential", () =>
  using(
    [
      startMutualUpstream(give, "required"),
      startMutualUpstream(give, "asked"),
      startUpstream(),
      startChartroom(LOCAL),
    ],
    async (upstream, other, plain, chartroom) => {
      plain.serve("/index.yaml", GOOD);
      const all = { credential: BASIC, ca_bundle: AUTHORITY, ...EC };
      const id = await chartroom.register(`${upstream.url}/charts`, all);
      assert.equal((await read(chartroom, id)).status, "successful");
      // The same origin keeps them, however its host is written.
      const same = `${upstream.url.replace("localhost", "LOCALHOST")}/charts/index.yaml`;
      await modify(chartroom, id, { url: same });
      assert.deepEqual(await setOf(chartroom, id), [true, true, true]);
      assert.equal((await read(chartroom, id)).status, "successful");

      // Not even to be trusted: the bundle was for the other one.
      const before = await rowOf(chartroom, id);
      assertUnusable(
        await patch(chartroom, id, { url: `${other.url}/charts` }),
        "unreachable",
        UNTRUSTED,
      );
      assert.deepEqual(await rowOf(chartroom, id), before);
      await modify(chartroom, id, { url: `${other.url}/charts`, ca_bundle: AUTHORITY });
      assert.deepEqual(await setOf(chartroom, id), [false, true, false]);
      assert.equal((await read(chartroom, id)).status, "successful");
      assert.deepEqual(other.requests.map(({ client }) => client), [undefined, undefined]);
      assert.deepEqual(proofsOf(other), []);

      await modify(chartroom, id, { url: `${upstream.url}/charts`, ...all });
      assert.deepEqual(await setOf(chartroom, id), [true, true, true]);
      await modify(chartroom, id, { url: plain.url });
      assert.deepEqual(await setOf(chartroom, id), [false, false, false]);
      assert.deepEqual([plain.requests.length, proofsOf(plain)], [2, []]);
      // And coming back does not bring back what was dropped.
      const back = await patch(chartroom, id, { url: `${upstream.url}/charts` });
      assertUnusable(back, "unreachable", UNTRUSTED);
    },
  ));

Deno.test("another endpoint in the credential is another origin: it gets no certificate", () =>
  using(
    [
      startMutualUpstream(give, "required"),
      startMutualUpstream(give, "asked"),
      startChartroom(LOCAL),
    ],
    async (upstream, other, chartroom) => {
      const credentialFor = (endpoint: string) => JSON.stringify({ endpoint });
      const id = await chartroom.register("s3://charts", {
        credential: credentialFor(upstream.url),
        ca_bundle: AUTHORITY,
        ...EC,
      });
      assert.equal((await read(chartroom, id)).status, "successful");
      await patch(chartroom, id, { credential: credentialFor(other.url), ca_bundle: AUTHORITY });
      await chartroom.services.syncer.idle();
      assert.ok(other.requests.length > 0);
      assert.deepEqual(other.requests.filter(({ client }) => client !== undefined), []);
    },
  ));

Deno.test("where redirects lead sees neither keys nor certificate nor credential", () =>
  using([startMutualUpstream(give, "asked"), startS3()], (other, server) => {
    const elsewhere = `${other.url}/charts/index.yaml`;
    const redirect: TlsAnswer = () => Response.redirect(elsewhere);
    server.put("moved", "index.yaml", OTHER);
    server.buckets.get("moved")!.redirect = elsewhere;
    const started = [startMutualUpstream(redirect, "required"), startChartroom(LOCAL)] as const;
    return using([...started], async (upstream, chartroom) => {
      const all = { ca_bundle: AUTHORITY, ...EC };
      for (
        const [url, credential] of [
          [upstream.url, BASIC],
          [`s3://${server.host}/moved`, JSON.stringify(SESSION)],
        ] as const
      ) {
        const id = await chartroom.register(url, { credential, ...all });
        assert.deepEqual(await appsOf(chartroom, id), ["alpha", "beta"]);
      }
      assert.deepEqual(upstream.requests.map(({ client }) => client), ["chartroom-ec"]);
      assert.ok(server.requests.every(({ headers }) => headers.has("authorization")));
      assert.deepEqual(other.requests.map(({ client }) => client), [undefined, undefined]);
      assert.deepEqual(proofsOf(other), []);
    });
  }));

Deno.test("answers say whether a repository is suspended", () =>
  withChartroom(async (chartroom, upstream) => {
    upstream.serve("/index.yaml", GOOD);
    const id = await chartroom.register(upstream.url, { suspended: true });
    const suspendedOf = async () => {
      const { body } = await chartroom.call("GET", "/v1/repos");
      const repo = await read(chartroom, id);
      assert.equal(body.items[0].suspended, repo.suspended);
      return [repo.suspended, repo.sync.next_sync === null, upstream.requests.length];
    };
    assert.deepEqual(await suspendedOf(), [true, true, 0]);
    await modify(chartroom, id, { suspended: null, description: "still" });
    assert.deepEqual(await suspendedOf(), [true, true, 0]);
    await modify(chartroom, id, { suspended: false });
    assert.deepEqual(await suspendedOf(), [false, false, 1]);
    await modify(chartroom, id, { suspended: true });
    assert.deepEqual(await suspendedOf(), [true, true, 1]);
  }));

const KEY = keyCanary("first");
const NEW_KEY = keyCanary("other");

/** A Chartroom over a database file, which another one may have used before. */
function startOver(folder: string, secretKey: string): Promise<Chartroom> {
  return startChartroom({
    environment: {
      ...LOCAL.environment,
      CHARTROOM_KV: `${folder}/kv.sqlite`,
      CHARTROOM_SECRET_KEY: secretKey,
    },
  });
}

/** Lets a database pass the check at start with another key than the one that sealed its values. */
async function passCheck(folder: string, secretKey: string) {
  const kv = await openKv({ kind: "file", path: `${folder}/kv.sqlite` });
  await confirmFirstKey(kv, await createSecrets([Uint8Array.fromBase64(secretKey)]));
  await kv.close();
}

async function withFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("with another secret key, answers name what is to be given anew until all is", () =>
  withFolder((folder) =>
    using([startMutualUpstream(give, "required")], async (upstream) => {
      const all: Record<string, string> = { credential: BASIC, ca_bundle: AUTHORITY, ...EC };
      let id = "";
      await using([startOver(folder, KEY)], async (chartroom) => {
        id = await chartroom.register(`${upstream.url}/charts`, all);
        assert.equal((await read(chartroom, id)).status, "successful");
      });
      await using([startOver(folder, `${NEW_KEY},${KEY}`)], async (chartroom) => {
        assert.equal((await chartroom.sync(id)).status, "successful");
      });
      await passCheck(folder, NEW_KEY);
      await using([startOver(folder, NEW_KEY)], async (chartroom) => {
        const asked = upstream.requests.length;
        const event = await chartroom.sync(id);
        assert.deepEqual([event.status, event.reason], ["failed", "credential_unreadable"]);
        await modify(chartroom, id, { name: "renamed" });
        const repo = await read(chartroom, id);
        assert.deepEqual([repo.name, repo.status], ["renamed", "failed"]);
        assert.deepEqual(await setOf(chartroom, id), [true, true, true]);

        const before = await rowOf(chartroom, id);
        const given: Record<string, string> = { credential: BASIC };
        while (Object.keys(given).length < 4) {
          const answer = await patch(chartroom, id, given);
          const { field } = answer.body;
          assert.ok(field in all && !(field in given), `${field}`);
          const why = `the ${field} of ${id} was sealed with another key than the one in use`;
          assertRefused(answer, field, `expected a new one, since ${why}`);
          assert.deepEqual(await rowOf(chartroom, id), before);
          given[field] = all[field]!;
        }
        assert.equal(upstream.requests.length, asked);
        await modify(chartroom, id, given);
        assert.equal((await read(chartroom, id)).status, "successful");
        assert.equal(upstream.requests.at(-1)!.headers.get("authorization"), AUTHORIZATION);
        // What was given anew opens, so that one of them can be changed alone.
        await modify(chartroom, id, { ca_bundle: AUTHORITY + OTHER_AUTHORITY });
        assert.equal((await chartroom.sync(id)).status, "successful");
      });
    })
  ));

Deno.test("with another secret key, what is not needed any more can be removed", () =>
  withFolder((folder) =>
    using([startUpstream()], async (upstream) => {
      upstream.serve("/index.yaml", GOOD);
      let id = "";
      await using([startOver(folder, KEY)], async (chartroom) => {
        id = await chartroom.register(upstream.url, { credential: BASIC, ca_bundle: AUTHORITY });
      });
      await passCheck(folder, NEW_KEY);
      await using([startOver(folder, NEW_KEY)], async (chartroom) => {
        const answer = await patch(chartroom, id, { ca_bundle: "" });
        assert.deepEqual([answer.status, answer.body.field], [400, "credential"]);
        await modify(chartroom, id, { ca_bundle: "", credential: "" });
        assert.deepEqual(await setOf(chartroom, id), [false, false, false]);
        assert.equal((await chartroom.sync(id)).status, "successful");
      });
    })
  ));

/** A text as it stands in plain, in hexadecimal digits, and in base64 inside any other text. */
function formsOf(secret: string): string[] {
  const bytes = new TextEncoder().encode(secret);
  const forms = [secret, JSON.stringify(secret).slice(1, -1), bytes.toHex()];
  for (const before of [0, 1, 2]) {
    const shifted = new Uint8Array([...new Uint8Array(before), ...bytes]);
    const whole = shifted.subarray(before === 0 ? 0 : 3, shifted.length - shifted.length % 3);
    forms.push(whole.toBase64(), whole.toBase64({ alphabet: "base64url" }));
  }
  return [...new Set(forms)];
}

/** Texts of all that a value holds, bytes as Latin-1. */
function textsIn(value: unknown): string[] {
  if (value instanceof Uint8Array) return [new TextDecoder("latin1").decode(value)];
  if (typeof value !== "object" || value === null) return [String(value)];
  const entries = value instanceof Map ? [...value] : Object.entries(value);
  return entries.flatMap(([key, member]) => [String(key), ...textsIn(member)]);
}

/** Lines of a PEM text that say something of their own. */
function linesOf(text: string): string[] {
  return text.split("\n").filter((line) => line.length > 20 && !line.startsWith("-----"));
}

Deno.test("what is sealed is in plain neither in the database, nor in answers, nor in the log", () =>
  withFolder((folder) =>
    using([startMutualUpstream(give, "required"), startS3()], async (upstream, server) => {
      const secrets = [
        PASSWORD,
        PASSWORD.replace(" ", "%20"),
        AUTHORIZATION.slice("Basic ".length),
        SECRET,
        TOKEN,
        KEYS.accessKeyID,
        canary("not/this/one"),
        ...[EC, RSA, STRANGER].flatMap(Object.values).flatMap(linesOf),
        ...linesOf(AUTHORITY),
      ];
      const forms = secrets.flatMap(formsOf);
      const find = (text: string) => forms.filter((form) => text.includes(form));
      const answers: unknown[] = [];
      let webhookSecret = "";
      await using([startOver(folder, KEY)], async (chartroom) => {
        const { call, services, log } = chartroom;
        const ask = async (method: string, path: string, body?: unknown) => {
          const answer = await call(method, path, body);
          answers.push(answer.body, [...answer.headers]);
          await services.syncer.idle();
          return answer;
        };
        const https = `${upstream.url}/charts`, s3 = `s3://${server.host}/charts/stable`;
        const all = { credential: BASIC, ca_bundle: AUTHORITY, ...EC };
        const keys = JSON.stringify(KEYS);
        const ids: string[] = [];
        for (
          const body of [
            { name: "https", url: https, ...all },
            {
              name: "userinfo",
              url: https.replace("//", `//bob:${PASSWORD.replace(" ", "%20")}@`),
              ...RSA,
            },
            { name: "s3", url: s3, credential: keys },
            { name: "wrong", url: s3, credential: JSON.stringify(WRONG_KEYS) },
          ]
        ) ids.push((await ask("POST", "/v1/repos", body)).body.repo_id);
        const [first, second, third] = ids;
        const wrongs: unknown[] = [
          STRANGER,
          { client_key: RSA.client_key },
          { ca_bundle: EC.client_key },
          { client_key: `${EC.client_key}x${RSA.client_key}` },
          { credential: keys },
          { credential: BASIC.slice(0, -1) },
          { url: https.replace("//", `//bob:${PASSWORD.replace(" ", "%20")}@`), credential: BASIC },
        ];
        for (const wrong of wrongs) {
          assert.equal((await ask("PATCH", `/v1/repos/${first}`, wrong)).status, 400);
        }
        for (const credential of [JSON.stringify(WRONG_KEYS), BASIC]) {
          assert.equal((await ask("PATCH", `/v1/repos/${third}`, { credential })).status, 400);
        }
        const session = { credential: JSON.stringify(SESSION) };
        assert.equal((await ask("PATCH", `/v1/repos/${third}`, session)).status, 200);
        assert.equal((await ask("PATCH", `/v1/repos/${second}`, { ...all, ...RSA })).status, 200);
        webhookSecret = (await call("POST", `/v1/repos/${first}/webhook`)).body.secret;
        for (const id of ids) {
          await ask("POST", `/v1/repos/${id}/action`, { action: "index" });
          for (const path of ["", "/events", "/problems"]) {
            await ask("GET", `/v1/repos/${id}${path}`);
          }
        }
        await ask("GET", `/v1/repos/${first}/webhook`);
        const { body } = await ask("GET", "/v1/repos");
        assert.deepEqual(
          body.items.map((repo: { status: string }) => repo.status).sort(),
          ["failed", "successful", "successful", "successful"],
        );

        forms.push(...formsOf(webhookSecret), ...formsOf(webhookSecret.slice("crw_".length)));
        const rows = await services.kv.list({ prefix: [] });
        assert.ok(rows.filter(({ key }) => key[0] === "repo").length === 4);
        for (const { key, value } of rows) {
          for (const text of textsIn([key, value])) assert.deepEqual(find(text), [], `${key}`);
        }
        for (const text of textsIn([answers, log])) assert.deepEqual(find(text), []);
      });
      for await (const { name } of Deno.readDir(folder)) {
        const bytes = await Deno.readFile(`${folder}/${name}`);
        assert.deepEqual(find(new TextDecoder("latin1").decode(bytes)), [], name);
      }
      // The search finds what is there.
      assert.equal(find(`x${btoa(`abc ${SECRET}`)}`).length, 1);
      assert.ok(find(new TextEncoder().encode(BASIC).toHex()).length > 0);
    })
  ));

/** As much as fits into a number of bytes, of PEM texts. */
function fill(first: string, maxBytes: number, pieces: readonly string[]): string {
  const reached = new Map<number, string>([[first.length, first]]);
  for (let size = 0; size <= maxBytes; size++) {
    const text = reached.get(size);
    if (text === undefined) continue;
    for (const piece of pieces) {
      const longer = size + piece.length;
      if (longer <= maxBytes && !reached.has(longer)) reached.set(longer, text + piece);
    }
  }
  return reached.get(Math.max(...reached.keys()))!;
}

/** A key in PKCS#8 with an attribute that makes it longer, and says nothing. */
function padded(key: string, bytes: number): string {
  const der = Uint8Array.fromBase64(key.replaceAll(/-----.*-----|\n/g, ""));
  const tagged = (tag: number, content: Uint8Array | number[]) => [
    ...[tag, 0x82, content.length >> 8, content.length & 255],
    ...content,
  ];
  const name = [0x06, 0x03, 0x55, 0x04, 0x0d];
  const value = tagged(0x31, tagged(0x04, new Uint8Array(bytes)));
  const attributes = tagged(0xa0, tagged(0x30, [...name, ...value]));
  const inside = der.subarray(der[1]! < 0x80 ? 2 : der[1] === 0x81 ? 3 : 4);
  const text = new Uint8Array(tagged(0x30, [...inside, ...attributes])).toBase64();
  const lines = text.match(/.{1,64}/g)!.join("\n");
  return `-----BEGIN PRIVATE KEY-----\n${lines}\n-----END PRIVATE KEY-----\n`;
}

Deno.test("the largest legal values of every field fit together", () =>
  withChartroom(async (chartroom: Chartroom, upstream: Upstream) => {
    const { call } = chartroom;
    const emoji = "\u{1f6a2}";
    const pieces = [AUTHORITY, OTHER_AUTHORITY, pem("client_v1.pem"), pem("self_signed.pem")];
    const ca_bundle = fill("", 20 * 1_024, pieces);
    const client_certificate = fill(EC.client_certificate, 12 * 1_024, pieces);
    const client_key = padded(EC.client_key, 5_815);
    assert.ok(ca_bundle.length > 20 * 1_024 - 4 && client_certificate.length > 12 * 1_024 - 8);
    assert.ok(client_key.length > 8 * 1_024 - 66 && client_key.length <= 8 * 1_024);
    const room = 4_096 - JSON.stringify({ username: "u", password: "" }).length;
    const password = canary("long").padEnd(room, "x");
    const credential = JSON.stringify({ username: "u", password });
    // One letter beyond Latin-1, and each takes two bytes.
    const url = `${upstream.url}/\u20ac${"u".repeat(2_046 - upstream.url.length)}`;
    assert.deepEqual([credential.length, url.length], [4_096, 2_048]);

    upstream.serve("/index.yaml", GOOD);
    upstream.serve(`${new URL(url).pathname}/index.yaml`, GOOD);
    const id = await chartroom.register(upstream.url);
    const steps: Record<string, string>[] = [
      { url },
      { ca_bundle },
      { client_certificate, client_key },
      { credential },
      { name: emoji.repeat(128), description: emoji.repeat(512) },
    ];
    for (const step of steps) await modify(chartroom, id, step);
    const branches = Array.from({ length: 20 }, () => "\u20ac".repeat(128)), paths = branches;
    const made = await call("POST", `/v1/repos/${id}/webhook`, { branches, paths });
    assert.equal(made.status, 200, JSON.stringify(made.body));
    // And with the webhook there, each of them can be changed.
    for (const step of steps) await modify(chartroom, id, step);
    const repo = await read(chartroom, id);
    assert.deepEqual([repo.url, repo.description], [url, emoji.repeat(512)]);
    assert.deepEqual(await setOf(chartroom, id), [true, true, true]);
    assert.equal(repo.webhook_set, true);
    const webhook = await call("GET", `/v1/repos/${id}/webhook`);
    assert.deepEqual(webhook.body.branches, branches);
    assert.deepEqual(webhook.body.paths, paths);
    assert.equal((await chartroom.sync(id)).status, "successful");
    assert.ok(upstream.requests.at(-1)!.headers.get("authorization")!.length > 5_000);
  }));

Deno.test("a body of 64 KiB is read, and a byte more is too large", () =>
  withChartroom(async ({ call, register }, upstream) => {
    upstream.serve("/index.yaml", GOOD);
    const id = await register(upstream.url);
    const asked = upstream.requests.length;
    for (const [method, path] of [["POST", "/v1/repos"], ["PATCH", `/v1/repos/${id}`]] as const) {
      const padding = (total: number) => `{"ca_bundle":"${"x".repeat(total - 16)}"}`;
      const read = await call(method, path, padding(65_536));
      assert.deepEqual([read.status, read.body.field], [400, "ca_bundle"]);
      const refused = await call(method, path, padding(65_537));
      assert.deepEqual([refused.status, refused.body.code], [413, "body_too_large"]);
      assert.equal(refused.body.message, "body: expected at most 65536 bytes");
    }
    assert.equal(upstream.requests.length, asked);
  }));

Deno.test("buckets at one endpoint count as one host, with a web server there", () =>
  withChartroom(async ({ call, services }) => {
    const credential = JSON.stringify({ endpoint: "http://127.0.0.1:9" });
    for (const name of ["one", "two"]) {
      await call("POST", "/v1/repos", { name, url: `s3://bucket-${name}/charts`, credential });
    }
    await call("POST", "/v1/repos", { name: "web", url: "http://127.0.0.1:9/charts" });
    const hosts = (await listRepos(services.kv)).map(({ value }) => value.host);
    assert.deepEqual(hosts, ["127.0.0.1:9", "127.0.0.1:9", "127.0.0.1:9"]);
  }));
