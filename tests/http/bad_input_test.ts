import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { canary } from "../support/canary.ts";
import { withChartroom } from "../support/chartroom.ts";
import { pem } from "../support/tls_upstream.ts";
import { indexOf } from "../support/upstream.ts";

const URL_EXPECTED =
  "url: expected an http, https or s3 URL without spaces or `#`, such as `https://charts.example.org/stable`";

Deno.test("POST /repos refuses wrong fields by name, before any network call", () =>
  withChartroom(async ({ call }, upstream) => {
    const url = upstream.url;
    const cases: [unknown, string, string][] = [
      [{ url }, "name", "name: expected a value"],
      [{ name: "  ", url }, "name", "name: expected 1 to 128 characters"],
      [{ name: "é".repeat(129), url }, "name", "name: expected 1 to 128 characters"],
      [{ name: 5, url }, "name", "name: expected a string"],
      [{ name: "a" }, "url", "url: expected a value"],
      ...[
        "",
        "foo",
        "/x",
        "http:foo",
        "http:///x",
        "http://[::1",
        "http://a b/",
        " http://a/",
        "http://127.0.0.1:99999/x",
        "http://h/x%zz",
        "http://h/x#y",
        "http://h/\u0001",
        "ftp://127.0.0.1/x",
        "oci://foo/bar",
        "file:///etc",
        `http://h/${"x".repeat(2_048)}`,
      ].map((wrong): [unknown, string, string] => [{ name: "a", url: wrong }, "url", URL_EXPECTED]),
      [
        { name: "a", url: "http://%ff@h/x" },
        "url",
        "url: expected a user name and password in UTF-8",
      ],
      [
        { name: "a", url: "http://10.0.0.1/x" },
        "url",
        "url: expected an address that Chartroom may call, but the address 10.0.0.1 is not public; " +
        "CHARTROOM_ALLOW_UPSTREAM can let it through",
      ],
      [
        { name: "a", url: "http://localhost/x" },
        "url",
        "url: expected an address that Chartroom may call, but the host localhost is private; " +
        "CHARTROOM_ALLOW_UPSTREAM can let it through",
      ],
      [
        { name: "a", url, description: "d".repeat(513) },
        "description",
        "description: expected at most 512 characters",
      ],
      ...["5", "abc", "1d", "1h 2m", "h", "-5s"].map((wrong): [unknown, string, string] => [
        { name: "a", url, sync_period: wrong },
        "sync_period",
        "sync_period: expected a duration such as `10m`, `1h30m` or `0`",
      ]),
      [
        { name: "a", url, sync_period: `${"1".repeat(60_000)}h` },
        "sync_period",
        "sync_period: expected a duration such as `10m`, `1h30m` or `0`",
      ],
      [
        { name: "a", url, sync_period: "9999h" },
        "sync_period",
        "sync_period: expected a duration of a year at most",
      ],
      [{ name: "a", url, sync_period: 300 }, "sync_period", "sync_period: expected a string"],
      [
        { name: "a", url, nmae: "b" },
        "nmae",
        "nmae: unknown, expected one of name, url, credential, description, " +
        "sync_period, ca_bundle, client_certificate, client_key, suspended",
      ],
      ...[HUSH, "5", "null", '{"username":""}', `{"username":"a","password":"${HUSH}","token":"c"}`]
        .map(
          (wrong): [unknown, string, string] => [
            { name: "a", url, credential: wrong },
            "credential",
            'credential: expected a JSON text such as {"username":"...","password":"..."}, or for an ' +
            's3 URL {"accessKeyID":"...","secretAccessKey":"..."}',
          ],
        ),
      ["{", "body", ""],
      ["", "body", ""],
      ["[]", "body", "body: expected a JSON object"],
      ["null", "body", "body: expected a JSON object"],
    ];
    for (const [body, field, message] of cases) {
      const answer = await call("POST", "/v1/repos", body);
      const name = JSON.stringify(body).slice(0, 80);
      assert.equal(answer.status, 400, name);
      assert.equal(answer.headers.get("content-type"), "application/problem+json");
      assert.equal(answer.body.field, field, name);
      assert.equal(answer.body.status, 400);
      assert.equal(answer.body.detail, answer.body.message);
      if (message !== "") assert.equal(answer.body.message, message, name);
    }
    assert.equal(upstream.requests.length, 0);
    assert.equal((await call("GET", "/v1/repos")).body.total_count, 0);
  }));

Deno.test("what KubeSphere's console sends beside is taken without a word", () =>
  withChartroom(async ({ call }, upstream) => {
    upstream.serve("/index.yaml", indexOf({}));
    const { status } = await call("POST", "/v1/workspaces/ws1/repos", {
      app_default_status: "active",
      category_id: "ctg-x",
      credential: "{}",
      description: "d",
      name: "console",
      providers: ["kubernetes"],
      repoType: "Helm",
      sync_period: "0s",
      type: "http",
      url: upstream.url,
      visibility: "public",
      workspace: "other",
    });
    assert.equal(status, 200);
  }));

Deno.test("lists refuse conditions and orders that they do not know", () =>
  withChartroom(async ({ call }) => {
    const refused: [string, string][] = [
      ["/v1/apps?conditions=a+b=c", "conditions"],
      ["/v1/apps?conditions=keywords=x", "keywords"],
      ["/v1/apps?conditions=status~x", "status"],
      ["/v1/apps?conditions=(x)=1", "conditions"],
      ["/v1/apps?orderBy=size", "orderBy"],
      ["/v1/repos?conditions=app_id=x", "app_id"],
      ["/v1/repos?orderBy=sequence", "orderBy"],
      ["/v1/workspaces/a%20b/repos", "workspace"],
    ];
    for (const [path, field] of refused) {
      const { status, body } = await call("GET", path);
      assert.equal(status, 400, path);
      assert.equal(body.field, field, path);
    }
    for (const path of ["/v1/apps?conditions=", "/v1/apps?conditions=,=,&limit=x&paging=y"]) {
      assert.equal((await call("GET", path)).status, 200, path);
    }
  }));

Deno.test("a mistyped `validate` registers nothing", () =>
  withChartroom(async ({ call }, upstream) => {
    for (const value of ["yes", "", "tRue"]) {
      const repo = { name: "a", url: upstream.url };
      const { status, body } = await call("POST", `/v1/repos?validate=${value}`, repo);
      assert.deepEqual([status, body.field], [400, "validate"]);
    }
    assert.equal((await call("GET", "/v1/repos")).body.total_count, 0);
  }));

Deno.test("an action is `index` or none", () =>
  withChartroom(async ({ call, register }, upstream) => {
    upstream.serve("/index.yaml", indexOf({}));
    const id = await register(upstream.url);
    const wrong: [unknown, string][] = [
      [{ action: "sync" }, "action"],
      [{ action: "index", force: "yes" }, "force"],
      [{ action: "index", forced: true }, "forced"],
    ];
    for (const [body, field] of wrong) {
      const answer = await call("POST", `/v1/repos/${id}/action`, body);
      assert.equal(answer.status, 400);
      assert.equal(answer.body.field, field);
    }
  }));

Deno.test("wrong methods, paths, content types and sizes get their own answers", () =>
  withChartroom(async ({ call }) => {
    const method = await call("PUT", "/v1/repos/repo-x", {});
    assert.equal(method.status, 405);
    assert.equal(method.body.code, "method_not_allowed");
    assert.equal(method.headers.get("allow"), "GET, HEAD, PATCH, DELETE");
    for (const path of ["/nothing", "/v1", "/v1/nothing", "/v2/repos"]) {
      const missing = await call("GET", path);
      assert.equal(missing.status, 404, path);
      assert.equal(missing.body.code, "not_found", path);
    }
    const type = await call("POST", "/v1/repos", "{}", { "content-type": "text/plain" });
    assert.equal(type.status, 415);
    assert.equal(type.body.field, "content-type");
    const charset = await call("POST", "/v1/repos", "{}", {
      "content-type": "Application/JSON; charset=utf-8",
    });
    assert.equal(charset.body.field, "name");
    const large = await call("POST", "/v1/repos", { name: "x".repeat(70_000) });
    assert.equal(large.status, 413);
    assert.equal(large.body.code, "body_too_large");
  }));

const S3_URL_EXPECTED = "an S3 URL without user name, query and `#`, such as " +
  "`s3://s3.eu-west-1.amazonaws.com/bucket/charts`";
const CREDENTIAL_EXPECTED =
  'a JSON text such as {"username":"...","password":"..."}, or for an s3 URL ' +
  '{"accessKeyID":"...","secretAccessKey":"..."}';
const S3_KIND = '{"accessKeyID":"...","secretAccessKey":"..."} for an s3 URL';
const BASIC_KIND = '{"username":"...","password":"..."} for an http or https URL';
const ENDPOINT_EXPECTED = "an `endpoint` that is an http or https URL without a path, such as " +
  "`https://minio.example.org:9000`";
const MALFORMED_PEM = "PEM: lines from `-----BEGIN ...-----` to `-----END ...-----`";
const CERTIFICATES_EXPECTED = "one or more certificates in PEM, and nothing else";
const KEYLESS = "certificates without a private key, which belongs in client_key";
const ONE_KEY = "one private key in PEM (PKCS#8, PKCS#1 or SEC1), and nothing else";
const NO_PASSPHRASE = "a key that no passphrase protects";
const MISMATCH = "the key of the first certificate in client_certificate";
const USABLE_KEY =
  "an RSA key of 2048 to 8192 bits, an ECDSA key on P-256, P-384 or P-521, or an Ed25519 key";

const EC = pem("client_ec.pem"), EC_KEY = pem("client_ec.key");
const AUTHORITY = pem("authority.pem");
const HUSH = canary("hush");
const KEYS = { accessKeyID: "AKIA", secretAccessKey: HUSH };
const BASIC = { username: "bob", password: HUSH };

/** What is sent, the field that is wrong there, and what is expected of it. */
type Case = [sent: Record<string, unknown>, field: string, expected: string];

function isPrivate(what: string): string {
  return `an address that Chartroom may call, but ${what}; ` +
    "CHARTROOM_ALLOW_UPSTREAM can let it through";
}

function bucketExpected(found: string): string {
  return "a bucket of 3 to 255 letters, digits, `.`, `_` and `-` in the S3 URL, " +
    `not ${found}`;
}

/** A PEM block of some bytes that mean nothing. */
function block(label: string, bytes: number): string {
  return `-----BEGIN ${label}-----\n${new Uint8Array(bytes).toBase64()}\n-----END ${label}-----\n`;
}

function s3Urls(host: string): Case[] {
  const dots = "an S3 URL without `.` and `..` in its path";
  const wrong: [string, string][] = [
    [`s3://${host}`, bucketExpected("none")],
    [`s3://${host}/`, bucketExpected("none")],
    [`s3://${host}//charts`, bucketExpected("none")],
    [`s3://${host}/ab`, bucketExpected("`ab`")],
    [`s3://${host}/buck!et/p`, bucketExpected("`buck!et`")],
    [`s3://${host}/b%20cket/p`, bucketExpected("`b%20cket`")],
    [`s3://${host}/${"b".repeat(256)}`, bucketExpected(`\`${"b".repeat(256)}\``)],
    ["s3://ab/charts", bucketExpected("`ab`")],
    [`s3://${host}/bucket?list-type=2`, S3_URL_EXPECTED],
    [`s3://${host}/bucket/p?`, S3_URL_EXPECTED],
    [`s3://AKIA:${HUSH}@${host}/bucket`, S3_URL_EXPECTED],
    [`s3://AKIA@${host}/bucket`, S3_URL_EXPECTED],
    [`s3://${host}/bucket/../p`, dots],
    [`s3://${host}/bucket/%2e%2E/p`, dots],
    [`s3://${host}/bucket/.`, dots],
    [`s3://${host}/bucket/%ff`, "an S3 URL with a path whose escapes are UTF-8"],
    ["s3://10.0.0.1:9000/bucket", isPrivate("the address 10.0.0.1 is not public")],
    [
      "s3://s3.10.0.0.1.nip.internal/b-1",
      isPrivate("the host s3.10.0.0.1.nip.internal is private"),
    ],
    ["s3://localhost/bucket", isPrivate("the host localhost is private")],
    ["s3://[::1]:9000/bucket", isPrivate("the address ::1 is not public")],
    ...[
      `s3://${host}/bucket#p`,
      `s3://${host}/bucket/%zz`,
      `s3://${host}/bucket/a b`,
      `s3://${host}\\bucket`,
      `s3://${host}/${"b".repeat(2_048)}`,
      "s3:bucket/charts",
      "s3:///bucket",
      "s3://127.0.0.1:99999/bucket",
      "s3://[::1/bucket",
      `s3a://${host}/bucket`,
      `oci://${host}/bucket`,
    ].map((url): [string, string] => [url, URL_EXPECTED.slice("url: expected ".length)]),
  ];
  return wrong.map(([url, expected]) => [{ url }, "url", expected]);
}

function credentials(host: string): Case[] {
  const s3 = `s3://${host}/bucket/p`, http = `http://${host}/p`;
  const wrong: [string, unknown, string][] = [
    // Of the other kind.
    [s3, BASIC, S3_KIND],
    [http, KEYS, BASIC_KIND],
    [http, { region: "eu-west-1" }, BASIC_KIND],
    [s3, { ...KEYS, ...BASIC }, CREDENTIAL_EXPECTED],
    // Half of one.
    ...[
      { accessKeyID: "AKIA" },
      { secretAccessKey: HUSH },
      { ...KEYS, secretAccessKey: "" },
      { ...KEYS, accessKeyID: "" },
    ].map((half): [string, unknown, string] => [
      s3,
      half,
      "both of `accessKeyID` and `secretAccessKey`, or neither",
    ]),
    [s3, { sessionToken: canary("t") }, "a `sessionToken` only beside keys"],
    [
      s3,
      { accessKeyID: "", secretAccessKey: "", sessionToken: canary("t") },
      "a `sessionToken` only beside keys",
    ],
    [http, { username: "bob" }, CREDENTIAL_EXPECTED],
    [http, { password: HUSH }, CREDENTIAL_EXPECTED],
    [http, { username: "", password: HUSH }, CREDENTIAL_EXPECTED],
    // Members that would break a header.
    [s3, { ...KEYS, accessKeyID: "AK IA" }, "ASCII without blanks as `accessKeyID`"],
    [s3, { ...KEYS, accessKeyID: "AKI\u00c4" }, "ASCII without blanks as `accessKeyID`"],
    [s3, { ...KEYS, sessionToken: `${HUSH}\r\nhost: x` }, "ASCII without blanks as `sessionToken`"],
    ...[
      `http://${host}/path`,
      `http://bob:${HUSH}@${host}`,
      `http://${host}?x`,
      `http://${host}#x`,
      `http://${host}//`,
      "http://127.0.0.1:99999",
      "ftp://127.0.0.1",
      "s3://127.0.0.1",
      "https://",
      host,
    ].map((endpoint): [string, unknown, string] => [
      s3,
      { ...KEYS, endpoint },
      ENDPOINT_EXPECTED,
    ]),
    ...["EU-WEST-1", "eu west", "eu/west", "a".repeat(65), "eu-w\u00e9st"].map((
      region,
    ): [string, unknown, string] => [
      s3,
      { ...KEYS, region },
      "a `region` such as `eu-west-1`",
    ]),
    // No object of texts.
    ...[
      { accessKeyID: 1, secretAccessKey: HUSH },
      { ...KEYS, sessionToken: null },
      { ...KEYS, region: ["eu-west-1"] },
      { ...KEYS, secretaccesskey: HUSH },
      { ...BASIC, password: 5 },
      { ...BASIC, password: { [HUSH]: true } },
      [],
      [KEYS],
      ["bob", HUSH],
      "bob",
      true,
      null,
    ].flatMap((value): [string, unknown, string][] => [
      [s3, value, CREDENTIAL_EXPECTED],
      [http, value, CREDENTIAL_EXPECTED],
    ]),
    [s3, { ...KEYS, secretAccessKey: HUSH.padEnd(4_097, "x") }, CREDENTIAL_EXPECTED],
    [http, { ...BASIC, password: HUSH.padEnd(4_097, "x") }, CREDENTIAL_EXPECTED],
  ];
  return [
    ...wrong.map(([url, value, expected]): Case => [
      { url, credential: JSON.stringify(value) },
      "credential",
      expected,
    ]),
    ...[5, true, {}, KEYS, [], ["{}"]].map((credential): Case => [
      { url: s3, credential },
      "credential",
      "a string",
    ]),
    [
      { url: `http://bob:${HUSH}@${host}/p`, credential: JSON.stringify(BASIC) },
      "credential",
      "nothing, since the url holds a credential already",
    ],
    // The URL is what leads to the endpoint.
    ...[
      ["http://10.0.0.1:9000", "the address 10.0.0.1 is not public"],
      ["http://169.254.169.254", "the address 169.254.169.254 is not public"],
      ["https://[::ffff:192.168.0.1]", "the address 192.168.0.1 is not public"],
      ["https://minio.local", "the host minio.local is private"],
      ["http://2130706434:9000", "the address 127.0.0.2 is not public"],
    ].map(([endpoint, what]): Case => [
      { url: "s3://bucket/p", credential: JSON.stringify({ ...KEYS, endpoint }) },
      "url",
      isPrivate(what!),
    ]),
  ];
}

function pemFields(host: string): Case[] {
  const url = `https://${host}/p`;
  const pair = { client_certificate: EC, client_key: EC_KEY };
  const weak = generateKeyPairSync("rsa", {
    modulusLength: 1_024,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  }).privateKey;
  const unreadable = (number: number) =>
    `certificates in PEM that can be read, unlike number ${number}`;
  const cases: Case[] = [
    [{ client_certificate: EC }, "client_key", "the key of client_certificate"],
    [{ client_key: EC_KEY }, "client_certificate", "the certificate of client_key"],
    [{ ...pair, client_key: " \n" }, "client_key", "the key of client_certificate"],
    [{ ...pair, client_certificate: "" }, "client_certificate", "the certificate of client_key"],
    [{ ...pair, client_key: pem("stranger.key") }, "client_key", MISMATCH],
    [{ ...pair, client_key: pem("client_rsa.key") }, "client_key", MISMATCH],
    [{ ...pair, client_certificate: AUTHORITY + EC }, "client_key", MISMATCH],
    [
      { ...pair, client_certificate: pem("client_v1.pem") },
      "client_certificate",
      "an X.509 v3 certificate first, which a client can show",
    ],
    [{ ...pair, client_key: pem("client_encrypted.key") }, "client_key", NO_PASSPHRASE],
    [{ ...pair, client_key: pem("client_encrypted_pkcs1.key") }, "client_key", NO_PASSPHRASE],
    [{ ...pair, client_key: HUSH }, "client_key", ONE_KEY],
    [{ ...pair, client_key: EC }, "client_key", ONE_KEY],
    [{ ...pair, client_key: EC_KEY + EC_KEY }, "client_key", ONE_KEY],
    [{ ...pair, client_key: EC_KEY + EC }, "client_key", ONE_KEY],
    [{ ...pair, client_key: EC_KEY.slice(0, -20) }, "client_key", MALFORMED_PEM],
    [
      { ...pair, client_key: block("PRIVATE KEY", 99) },
      "client_key",
      "a private key in PEM that can be read",
    ],
    [{ ...pair, client_key: block("PRIVATE KEY", 6_200) }, "client_key", "at most 8 KiB"],
    [{ ...pair, client_key: weak }, "client_key", USABLE_KEY],
  ];
  for (const [field, kib] of [["ca_bundle", 20], ["client_certificate", 12]] as const) {
    const withField = (text: unknown) => ({ ...pair, [field]: text });
    const long = EC.repeat(Math.ceil((kib * 1_024 + 1) / EC.length));
    cases.push(
      [withField("hush"), field, CERTIFICATES_EXPECTED],
      [withField("{}"), field, CERTIFICATES_EXPECTED],
      [withField(pem("server.pem").replaceAll("\n", "\\n")), field, MALFORMED_PEM],
      [withField(EC.slice(0, -20)), field, MALFORMED_PEM],
      [withField(EC_KEY), field, KEYLESS],
      [withField(EC + EC_KEY), field, KEYLESS],
      [withField(EC + pem("client_encrypted.key")), field, KEYLESS],
      [withField(block("X509 CRL", 99)), field, CERTIFICATES_EXPECTED],
      [withField(block("CERTIFICATE", 99)), field, unreadable(1)],
      [withField(EC + block("CERTIFICATE", 99)), field, unreadable(2)],
      [withField(long), field, `at most ${kib} KiB`],
    );
  }
  for (const field of ["ca_bundle", "client_certificate", "client_key"]) {
    for (const value of [5, true, {}, [EC]]) {
      cases.push([{ ...pair, [field]: value }, field, "a string"]);
    }
  }
  return cases.map(([sent, field, expected]) => [{ url, ...sent }, field, expected]);
}

function suspensions(host: string): Case[] {
  return ["true", "", 1, 0, [], {}, [true]].map((suspended) => [
    { url: `http://${host}/p`, suspended },
    "suspended",
    "true or false",
  ]);
}

const TABLES = { s3Urls, credentials, pemFields, suspensions };

for (const [name, casesOf] of Object.entries(TABLES)) {
  Deno.test(`POST and PATCH refuse by name, before any network call: ${name}`, () =>
    withChartroom(async ({ call, register, services }, upstream) => {
      upstream.serve("/index.yaml", indexOf({}));
      const id = await register(upstream.url);
      // But for the audit log, which has what was refused.
      const rows = async () =>
        (await services.kv.list({ prefix: [] })).filter(({ key }) => key[0] !== "audit");
      const before = await rows();
      const asked = upstream.requests.length;
      const cases = casesOf(upstream.url.slice("http://".length));
      assert.ok(cases.length > 5);
      for (const [sent, field, expected] of cases) {
        for (
          const [method, path] of [
            ["POST", "/v1/repos"],
            ["POST", "/v1/repos?validate=true"],
            ["PATCH", `/v1/repos/${id}`],
          ] as const
        ) {
          const what = `${method} ${path} ${JSON.stringify(sent).slice(0, 300)}`;
          const { status, body } = await call(method, path, { name: "a", ...sent });
          assert.deepEqual([status, body.code, body.field], [400, "invalid_field", field], what);
          assert.equal(body.message, `${field}: expected ${expected}`, what);
        }
      }
      assert.equal(upstream.requests.length, asked);
      assert.deepEqual(await rows(), before);
    }));
}

Deno.test("a credential is measured in bytes", () =>
  withChartroom(async ({ call, register }, upstream) => {
    upstream.serve("/index.yaml", indexOf({}));
    const sent = (letter: string, bytes: number) => {
      const empty = JSON.stringify({ ...BASIC, password: "" }).length;
      const count = (bytes - empty) / new TextEncoder().encode(letter).length;
      return { credential: JSON.stringify({ ...BASIC, password: letter.repeat(count) }) };
    };
    const id = await register(upstream.url, sent("x", 4_096));
    assert.equal((await call("GET", `/v1/repos/${id}`)).body.credential_set, true);
    for (const letter of ["x", "\u20ac"]) {
      const { status, body } = await call("PATCH", `/v1/repos/${id}`, sent(letter, 4_099));
      assert.deepEqual([status, body.field], [400, "credential"], letter);
      assert.equal(body.message, `credential: expected ${CREDENTIAL_EXPECTED}`);
    }
  }));

Deno.test('`credential: "{}"` and `null` say nothing, and blanks are none', () =>
  withChartroom(async ({ call, register, services }, upstream) => {
    upstream.serve("/index.yaml", indexOf({}));
    const blank = { ca_bundle: " \n", client_certificate: "", client_key: "\t", credential: " " };
    const none = { suspended: null, credential: null, ca_bundle: null, client_key: null };
    const setOf = async (id: string) => {
      const { body } = await call("GET", `/v1/repos/${id}`);
      assert.equal(body.suspended, false);
      return [body.credential_set, body.ca_bundle_set, body.client_certificate_set];
    };
    for (const fields of [{ credential: "{}" }, { credential: " { } " }, blank, none]) {
      assert.deepEqual(await setOf(await register(upstream.url, fields)), [false, false, false]);
    }
    const url = upstream.url.replace("//", `//bob:${HUSH}@`);
    assert.deepEqual(
      await setOf(await register(url, { credential: "{}" })),
      [true, false, false],
    );
    const all = { credential: JSON.stringify(BASIC), ca_bundle: AUTHORITY };
    const id = await register(upstream.url, {
      ...all,
      client_certificate: EC,
      client_key: EC_KEY,
    });
    const before = await services.kv.get<object>(["repo", id]);
    assert.ok(before.value);
    const asked = upstream.requests.length;
    for (const fields of [{ credential: "{}" }, { credential: "{ }" }, none]) {
      assert.equal((await call("PATCH", `/v1/repos/${id}`, fields)).status, 200);
      const { value } = await services.kv.get<object>(["repo", id]);
      assert.deepEqual(value, before.value);
      assert.deepEqual(await setOf(id), [true, true, true]);
    }
    // Nothing was said, so nothing was tried out.
    assert.equal(upstream.requests.length, asked);
    assert.equal((await call("PATCH", `/v1/repos/${id}`, blank)).status, 200);
    assert.deepEqual(await setOf(id), [false, false, false]);
    await services.syncer.idle();
    assert.equal(upstream.requests.at(-1)!.headers.has("authorization"), false);
  }));
