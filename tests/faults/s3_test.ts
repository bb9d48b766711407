/** Repositories on an S3 server: what it gives and refuses, and what is said of it. */

import assert from "node:assert/strict";
import { loadConfig } from "../../src/config.ts";
import type { IndexError, IndexErrorReason } from "../../src/helm/index_error.ts";
import { createSource } from "../../src/sources/download.ts";
import { createEgress } from "../../src/sources/egress.ts";
import type { IndexRequest, S3Credential } from "../../src/sources/source.ts";
import { canary } from "../support/canary.ts";
import { ask, download } from "../support/download.ts";
import { send, startRawUpstream } from "../support/raw_upstream.ts";
import { type S3Server, startS3Server } from "../support/s3_server.ts";
import { indexOf, startUpstream } from "../support/upstream.ts";

const { allowUpstream: ALLOWED } = loadConfig({ CHARTROOM_ALLOW_UPSTREAM: "127.0.0.1" });
const LIMITS = { idleMs: 500, totalMs: 2_000, redirects: 5 };
const GOOD = indexOf({ good: ["1.0.0"] });
const REGION = "eu-west-1";
const SECRET = canary("K7MDENG/bPxRfiCYEXAMPLEKEY");
const TOKEN = canary("FwoGZXIvYXdzEB0a/+==");

/** A user, of whom the URL's server knows the region only by the credential. */
const USER = { accessKeyID: "AKIAUSER", secretAccessKey: SECRET, region: REGION };
/** The same within a session. */
const SESSION = { ...USER, accessKeyID: "ASIASESSION", sessionToken: TOKEN };

const fetchIndex = createSource(createEgress(ALLOWED), LIMITS);

async function withS3(test: (server: S3Server) => Promise<void>): Promise<void> {
  const server = startS3Server({
    [USER.accessKeyID]: { secret: SECRET },
    [SESSION.accessKeyID]: { secret: SECRET, token: TOKEN },
  }, REGION);
  server.put("charts", "stable/index.yaml", GOOD);
  try {
    await test(server);
  } finally {
    await server.close();
  }
}

async function refused(request: IndexRequest, reason: IndexErrorReason, message: RegExp) {
  await assert.rejects(fetchIndex(request), (error: IndexError) => {
    assert.match(error.message, message);
    assert.equal(error.reason, reason);
    for (const secret of [SECRET, TOKEN, USER.accessKeyID, SESSION.accessKeyID]) {
      assert.ok(!error.message.includes(secret), error.message);
    }
    return true;
  });
}

/** Names of the headers that say who is asking. */
function proofsOf(headers: Headers): string[] {
  return [...headers.keys()].filter((name) => /^x-amz|authorization/.test(name));
}

for (const [name, credential] of Object.entries({ user: USER, session: SESSION })) {
  Deno.test(`the keys of a ${name} fetch an index, which is unchanged the next time`, () =>
    withS3(async ({ host, requests }) => {
      const url = `s3://${host}/charts/stable`;
      const { text, validators } = await download(fetchIndex, ask(url, credential));
      assert.equal(text, GOOD);
      assert.match(validators.etag!, /^"[0-9a-f]{32}"$/);
      assert.deepEqual(await fetchIndex(ask(url, credential, validators)), { kind: "unchanged" });
      assert.equal(requests.length, 2);
      assert.equal(requests[1]!.headers.get("if-none-match"), validators.etag);
    }));
}

Deno.test("an endpoint serves buckets that are named alone", () =>
  withS3(async ({ url, host }) => {
    const credential = { ...USER, endpoint: url };
    assert.equal((await download(fetchIndex, ask("s3://charts/stable/", credential))).text, GOOD);
    assert.equal(
      (await download(fetchIndex, ask(`s3://${host}/charts/stable`, credential))).text,
      GOOD,
    );
  }));

Deno.test("a public bucket is read without a signature", () =>
  withS3(async (server) => {
    server.buckets.set("open", { isPublic: true });
    server.put("open", "index.yaml", GOOD);
    const { text, validators } = await download(fetchIndex, ask(`s3://${server.host}/open`));
    assert.equal(text, GOOD);
    const again = ask(`s3://${server.host}/open/index.yaml`, { region: REGION }, validators);
    assert.deepEqual(await fetchIndex(again), { kind: "unchanged" });
    for (const { headers } of server.requests) assert.deepEqual(proofsOf(headers), []);
    assert.equal((await download(fetchIndex, ask(`s3://${server.host}/open`, USER))).text, GOOD);
  }));

Deno.test("keys of any letters reach the object that is meant", () =>
  withS3(async (server) => {
    const cases: [string, string][] = [
      ["a b", "a b"],
      ["a%20b", "a b"],
      ["a+b", "a+b"],
      ["a%2Bb", "a+b"],
      ["100%25", "100%"],
      ["%2541", "%41"],
      ["a%252Fb", "a%2Fb"],
      ["größe/日本", "größe/日本"],
      ["gr%C3%B6%C3%9Fe", "größe"],
      ["%F0%9F%93%A6", "📦"],
      ["!'()*~", "!'()*~"],
      ["@:$,=&;", "@:$,=&;"],
      ["%3F%23", "?#"],
      ['"<>`{}|^[]', '"<>`{}|^[]'],
      ["back\\slash", "back\\slash"],
      ["/a//b", "/a//b"],
    ];
    for (const [path, folder] of cases) {
      server.put("charts", `${folder}/index.yaml`, folder);
      const { text } = await download(fetchIndex, ask(`s3://${server.host}/charts/${path}`, USER));
      assert.equal(text, folder);
    }
  }));

const REFUSALS: Record<string, [string, S3Credential | undefined, IndexErrorReason, RegExp]> = {
  "a wrong secret": [
    "charts/stable",
    { ...USER, secretAccessKey: canary("wrong") },
    "unauthorized",
    /^the upstream refuses the credential \(403 Forbidden: SignatureDoesNotMatch\)$/,
  ],
  "a wrong key": [
    "charts/stable",
    { ...USER, accessKeyID: "AKIANOBODY" },
    "unauthorized",
    /refuses the credential \(403 Forbidden: InvalidAccessKeyId\)$/,
  ],
  "no credential": [
    "charts/stable",
    undefined,
    "unauthorized",
    /^the upstream wants a credential \(403 Forbidden: AccessDenied\)$/,
  ],
  "a wrong token": [
    "charts/stable",
    { ...SESSION, sessionToken: canary("wrong") },
    "status",
    /^the upstream answered 400 Bad Request: InvalidToken$/,
  ],
  "a missing token": [
    "charts/stable",
    { ...USER, accessKeyID: SESSION.accessKeyID },
    "status",
    /400 Bad Request: InvalidToken$/,
  ],
  "a wrong region": [
    "charts/stable",
    { ...USER, region: "us-east-2" },
    "status",
    /400 Bad Request: AuthorizationHeaderMalformed, the bucket is in the region eu-west-1$/,
  ],
  "a missing object": [
    "charts/unstable",
    USER,
    "status",
    /^the upstream answered 404 Not Found: NoSuchKey$/,
  ],
  "a missing bucket": ["nothing/stable", USER, "status", /404 Not Found: NoSuchBucket$/],
  "a bucket of another region": [
    "faraway/stable",
    USER,
    "status",
    /301 Moved Permanently: PermanentRedirect, the bucket is in the region ap-south-1$/,
  ],
};

Deno.test("what the server refuses is said by its code", async (t) => {
  for (const [name, [path, credential, reason, message]] of Object.entries(REFUSALS)) {
    await t.step(name, () =>
      withS3(async (server) => {
        server.buckets.set("faraway", { region: "ap-south-1" });
        await refused(ask(`s3://${server.host}/${path}`, credential), reason, message);
        assert.equal(server.requests.length, 1);
      }));
  }
});

Deno.test("clocks that differ too much are said to", () =>
  withS3(async (server) => {
    const request = ask(`s3://${server.host}/charts/stable`, USER);
    server.skew = 14 * 60_000;
    assert.equal((await download(fetchIndex, request)).text, GOOD);
    server.skew = 16 * 60_000;
    await refused(request, "unauthorized", /403 Forbidden: RequestTimeTooSkewed\)$/);
  }));

Deno.test("a redirect out of the bucket gets no signature, and one within it gets its own", () =>
  withS3(async (server) => {
    const other = startUpstream();
    other.serve("/index.yaml", GOOD);
    server.buckets.set("moved", { redirect: `${other.url}/index.yaml` });
    const { text } = await download(fetchIndex, ask(`s3://${server.host}/moved`, SESSION));
    assert.equal(text, GOOD);
    assert.equal(other.requests.length, 1);
    assert.deepEqual(proofsOf(other.requests[0]!.headers), []);

    const moved: [location: string, signed: boolean][] = [
      ["/moved/a%2Bb%20c%3F/index.yaml", true],
      ["/moved/a+b/index.yaml", false],
      ["/moved/..%2Fcharts/index.yaml", false],
      ["/moved/index.yaml?versionId=1", false],
      ["/moved2/index.yaml", false],
      ["/charts/stable/index.yaml", false],
    ];
    for (const [location, signed] of moved) {
      other.serve(
        "/moved/index.yaml",
        ({ url }) =>
          new URL(url).search === ""
            ? new Response(null, { status: 302, headers: { location } })
            : new Response("odd"),
      );
      other.serve(location, "odd");
      other.requests.length = 0;
      const { host } = new URL(other.url);
      const { text } = await download(fetchIndex, ask(`s3://${host}/moved`, SESSION));
      assert.equal(text, "odd", location);
      const sent = other.requests.map(({ headers }) => headers.has("authorization"));
      assert.deepEqual(sent, [true, signed], location);
    }
    await other.close();
  }));

const DENIED = "<Error><Code>AccessDenied</Code>";

for (
  const [name, answer] of Object.entries({
    "is no XML": `HTTP/1.1 403 Forbidden\r\nContent-Length: 4\r\n\r\nhush`,
    "is empty": `HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n`,
    "has no end": `HTTP/1.1 403 Forbidden\r\nContent-Length: 9999999\r\n\r\n${DENIED}` +
      " ".repeat(100_000),
  })
) {
  Deno.test({
    name: `an error whose body ${name} is one all the same, and leaves nothing behind`,
    sanitizeOps: true,
    sanitizeResources: true,
    async fn() {
      const upstream = startRawUpstream(async (connection) => {
        await send(connection, answer);
        await connection.read(new Uint8Array(1));
      });
      const url = `s3://${new URL(upstream.url).host}/charts`;
      const code = answer.includes(DENIED) ? ": AccessDenied" : "";
      await refused(
        ask(url, USER),
        "unauthorized",
        new RegExp(`^the upstream refuses the credential \\(403 Forbidden${code}\\)$`),
      );
      await upstream.close();
    },
  });
}
