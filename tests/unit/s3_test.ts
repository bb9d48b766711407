/** URLs of S3 repositories, and signatures against the examples that AWS published. */

import assert from "node:assert/strict";
import { AwsV4Signer } from "aws4fetch";
import { parseS3Url, s3CredentialObjection, s3Place, S3UrlError } from "../../src/sources/s3.ts";
import type { S3Credential } from "../../src/sources/source.ts";
import { canary } from "../support/canary.ts";
import { parseAuthorization, signatureOf } from "../support/s3_server.ts";

const KEYS: S3Credential = { accessKeyID: "AKIDEXAMPLE", secretAccessKey: canary("hush") };

Deno.test("an S3 URL says region, endpoint, bucket and key", () => {
  const cases: [string, S3Credential, string, string, string, string][] = [
    // KubeSphere's, but for two of Amazon's names.
    [
      "s3://s3.us-west-2.amazonaws.com/bucket/p/q",
      {},
      "us-west-2",
      "https://s3.us-west-2.amazonaws.com",
      "bucket",
      "p/q/index.yaml",
    ],
    [
      "s3://minio.local:9000/bucket",
      {},
      "us-east-1",
      "http://minio.local:9000",
      "bucket",
      "index.yaml",
    ],
    [
      "s3://s3.amazonaws.com/b-1",
      {},
      "us-east-1",
      "https://s3.amazonaws.com",
      "b-1",
      "index.yaml",
    ],
    ["s3://bucket", {}, "us-east-1", "https://s3.us-east-1.amazonaws.com", "bucket", "index.yaml"],
    [
      "s3://s3.dualstack.eu-west-1.amazonaws.com/bucket/",
      {},
      "eu-west-1",
      "https://s3.dualstack.eu-west-1.amazonaws.com",
      "bucket",
      "index.yaml",
    ],
    [
      "S3://S3.EU-North-1.Example.org:8443/Bucket_1/A",
      {},
      "eu-north-1",
      "https://s3.eu-north-1.example.org:8443",
      "Bucket_1",
      "A/index.yaml",
    ],
    // Hosts without a dot.
    ["s3://localhost/bucket/p", {}, "us-east-1", "http://localhost", "bucket", "p/index.yaml"],
    ["s3://minio:9000/bucket/p", {}, "us-east-1", "http://minio:9000", "bucket", "p/index.yaml"],
    ["s3://[::1]:9000/bucket", {}, "us-east-1", "http://[::1]:9000", "bucket", "index.yaml"],
    ["s3://[::1]/bucket", {}, "us-east-1", "http://[::1]", "bucket", "index.yaml"],
    ["s3://minio.local:80/bucket", {}, "us-east-1", "http://minio.local", "bucket", "index.yaml"],
    // At Amazon.
    [
      "s3://Charts_1/a/b//",
      { region: "eu-west-1" },
      "eu-west-1",
      "https://s3.eu-west-1.amazonaws.com",
      "Charts_1",
      "a/b/index.yaml",
    ],
    [
      "s3://charts/a",
      { region: "cn-north-1" },
      "cn-north-1",
      "https://s3.cn-north-1.amazonaws.com.cn",
      "charts",
      "a/index.yaml",
    ],
    // The credential's word counts, unless it is empty.
    [
      "s3://s3.us-west-2.amazonaws.com/bucket",
      { region: "auto" },
      "auto",
      "https://s3.us-west-2.amazonaws.com",
      "bucket",
      "index.yaml",
    ],
    [
      "s3://bucket/p",
      { region: "", endpoint: "" },
      "us-east-1",
      "https://s3.us-east-1.amazonaws.com",
      "bucket",
      "p/index.yaml",
    ],
    [
      "s3://bucket/p",
      { endpoint: "https://minio.example.org:9000/" },
      "us-east-1",
      "https://minio.example.org:9000",
      "bucket",
      "p/index.yaml",
    ],
    [
      "s3://charts.example.org/p",
      { endpoint: "http://minio:9000" },
      "us-east-1",
      "http://minio:9000",
      "charts.example.org",
      "p/index.yaml",
    ],
    [
      "s3://charts.example.org/p",
      { endpoint: "http://charts.example.org:9000" },
      "us-east-1",
      "http://charts.example.org:9000",
      "charts.example.org",
      "p/index.yaml",
    ],
    [
      "s3://MINIO.example.org:9000/bucket/p",
      { endpoint: "https://minio.example.org:9000" },
      "us-east-1",
      "https://minio.example.org:9000",
      "bucket",
      "p/index.yaml",
    ],
    [
      "s3://minio.example.org/bucket/p",
      { endpoint: "https://minio.example.org:443" },
      "us-east-1",
      "https://minio.example.org",
      "bucket",
      "p/index.yaml",
    ],
    [
      "s3://bucket",
      { endpoint: "https://s3.eu-west-3.amazonaws.com" },
      "eu-west-3",
      "https://s3.eu-west-3.amazonaws.com",
      "bucket",
      "index.yaml",
    ],
  ];
  for (const [url, credential, region, endpoint, bucket, key] of cases) {
    assert.equal(s3CredentialObjection(credential), undefined);
    assert.deepEqual(parseS3Url(url, credential), { endpoint, region, bucket, key }, url);
  }
});

Deno.test("the key is the prefix as it is meant, and its address escapes it", () => {
  const cases: [string, string, string][] = [
    ["", "index.yaml", "index.yaml"],
    ["///", "index.yaml", "index.yaml"],
    ["a/index.yaml", "a/index.yaml", "a/index.yaml"],
    ["index.yml", "index.yml", "index.yml"],
    ["a/index.json", "a/index.json", "a/index.json"],
    ["a/index.yaml/", "a/index.yaml/index.yaml", "a/index.yaml/index.yaml"],
    ["my-index.yaml", "my-index.yaml/index.yaml", "my-index.yaml/index.yaml"],
    ["/a//b", "/a//b/index.yaml", "/a//b/index.yaml"],
    ["a b+c", "a b+c/index.yaml", "a%20b%2Bc/index.yaml"],
    ["a%20b%2Bc", "a b+c/index.yaml", "a%20b%2Bc/index.yaml"],
    ["100%25%2Fx", "100%/x/index.yaml", "100%25/x/index.yaml"],
    ["%252F%2525", "%2F%25/index.yaml", "%252F%2525/index.yaml"],
    ["größe/日本", "größe/日本/index.yaml", "gr%C3%B6%C3%9Fe/%E6%97%A5%E6%9C%AC/index.yaml"],
    ["%3Fa%23b=c&d;e", "?a#b=c&d;e/index.yaml", "%3Fa%23b%3Dc%26d%3Be/index.yaml"],
    ["!'()*~@:$,\\", "!'()*~@:$,\\/index.yaml", "%21%27%28%29%2A~%40%3A%24%2C%5C/index.yaml"],
    ["...", ".../index.yaml", ".../index.yaml"],
  ];
  for (const [prefix, key, path] of cases) {
    const url = `s3://minio:9000/bucket/${prefix}`;
    assert.equal(parseS3Url(url).key, key);
    assert.equal(s3Place(url, undefined).url.href, `http://minio:9000/bucket/${path}`);
  }
});

Deno.test("what is no S3 URL is refused with what was expected", () => {
  const cases: [string, S3Credential, RegExp][] = [
    ["http://h/b", {}, /^an S3 URL/],
    ["s3:bucket/p", {}, /^an S3 URL/],
    ["s3://", {}, /^an S3 URL/],
    ["s3:///bucket", {}, /^an S3 URL/],
    [`s3://user:${canary("pass")}@minio:9000/bucket`, {}, /without user name/],
    ["s3://minio:9000/bucket?versionId=1", {}, /without user name, query and `#`/],
    ["s3://minio:9000/bucket#x", {}, /^an S3 URL/],
    ["s3://minio:x/bucket", {}, /^an S3 URL/],
    ["s3://minio:99999/bucket", {}, /^an S3 URL/],
    ["s3://mi nio:80/bucket", {}, /^an S3 URL/],
    ["s3://%6dinio:80/bucket", {}, /^an S3 URL/],
    ["s3://minio.local\\bucket", {}, /^an S3 URL/],
    ["s3://minio.local", {}, /^a bucket of .*, not none$/],
    ["s3://minio.local/", {}, /not none$/],
    ["s3://minio.local//bucket", {}, /not none$/],
    ["s3://minio.local/ab", {}, /not `ab`$/],
    ["s3://minio.local/b%20cd", {}, /not `b%20cd`$/],
    ["s3://ab/cde", {}, /not `ab`$/],
    ["s3://bücher/cde", {}, /not `bücher`$/],
    [`s3://${"b".repeat(256)}`, {}, /^a bucket/],
    ["s3://minio:9000/bucket", { endpoint: "http://other:9000" }, /not `minio:9000`$/],
    ["s3://minio:9000", { endpoint: "http://minio:9000" }, /not none$/],
    ["s3://bucket/100%", {}, /escapes are UTF-8$/],
    ["s3://bucket/%FF", {}, /escapes are UTF-8$/],
    ["s3://bucket/\ud800", {}, /escapes are UTF-8$/],
    ["s3://bucket/a/../b", {}, /without `\.` and `\.\.`/],
    ["s3://bucket/%2e%2E/b", {}, /without `\.` and `\.\.`/],
    ["s3://bucket/.", {}, /without `\.` and `\.\.`/],
  ];
  for (const [url, credential, message] of cases) {
    assert.throws(() => parseS3Url(url, credential), (error) => {
      assert.ok(error instanceof S3UrlError);
      assert.match(error.message, message, url);
      return true;
    });
  }
});

Deno.test("a credential has both keys or none, and an endpoint that is an origin", () => {
  const good: S3Credential[] = [
    {},
    KEYS,
    { ...KEYS, sessionToken: canary("FwoGZXIvYXdzEB0a/+=="), region: "eu-west-1" },
    { region: "auto", endpoint: "http://minio:9000" },
    { endpoint: "HTTPS://[::1]:9000/" },
    { accessKeyID: "", secretAccessKey: "", sessionToken: "", region: "", endpoint: "" },
    { accessKeyID: "test:tester", secretAccessKey: canary("schlüssel / + =") },
  ];
  for (const credential of good) assert.equal(s3CredentialObjection(credential), undefined);
  const wrong: [S3Credential, RegExp][] = [
    [{ accessKeyID: "a" }, /^both of/],
    [{ secretAccessKey: canary("hush") }, /^both of/],
    [{ accessKeyID: "", secretAccessKey: canary("hush") }, /^both of/],
    [{ sessionToken: canary("t") }, /only beside keys/],
    [{ ...KEYS, accessKeyID: "a\nb" }, /as `accessKeyID`$/],
    [{ ...KEYS, sessionToken: "t ö" }, /as `sessionToken`$/],
    [{ region: "eu west" }, /^a `region`/],
    [{ region: "EU" }, /^a `region`/],
    [{ endpoint: "minio:9000" }, /^an `endpoint`/],
    [{ endpoint: "ftp://minio" }, /^an `endpoint`/],
    [{ endpoint: "http://minio/path" }, /^an `endpoint`/],
    [{ endpoint: "http://minio?x" }, /^an `endpoint`/],
    [{ endpoint: "http://minio/#x" }, /^an `endpoint`/],
    [{ endpoint: "http://user@minio" }, /^an `endpoint`/],
    [{ endpoint: "http://minio:99999" }, /^an `endpoint`/],
    [{ endpoint: "http://" }, /^an `endpoint`/],
  ];
  for (const [credential, message] of wrong) {
    const objection = s3CredentialObjection(credential) ?? "";
    assert.match(objection, message);
    assert.doesNotMatch(objection, /hush/);
  }
});

interface Example {
  service: string;
  keyId: string;
  secret: string;
  method?: string;
  url: string;
  headers: Record<string, string>;
  body?: string;
  signedHeaders: string;
  signature: string;
}

const SUITE = {
  service: "service",
  keyId: "AKIDEXAMPLE",
  secret: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
};
const SUITE_URL = "https://example.amazonaws.com";
const SUITE_DATE = { "x-amz-date": "20150830T123600Z" };
const UNRESERVED = "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const S3 = {
  service: "s3",
  keyId: "AKIAIOSFODNN7EXAMPLE",
  secret: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
};
const S3_URL = "https://examplebucket.s3.amazonaws.com";
const S3_HEADERS = { "x-amz-content-sha256": EMPTY, "x-amz-date": "20130524T000000Z" };

/** From AWS's Signature Version 4 test suite, and from the S3 API reference's examples. */
const EXAMPLES: Record<string, Example> = {
  "get-vanilla": {
    ...SUITE,
    url: `${SUITE_URL}/`,
    headers: SUITE_DATE,
    signedHeaders: "host;x-amz-date",
    signature: "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
  },
  "get-header-value-trim": {
    ...SUITE,
    url: `${SUITE_URL}/`,
    headers: { ...SUITE_DATE, "my-header1": " value1 ", "my-header2": ' "a   b   c" ' },
    signedHeaders: "host;my-header1;my-header2;x-amz-date",
    signature: "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736",
  },
  "get-unreserved": {
    ...SUITE,
    url: `${SUITE_URL}/${UNRESERVED}`,
    headers: SUITE_DATE,
    signedHeaders: "host;x-amz-date",
    signature: "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f",
  },
  "get-utf8": {
    ...SUITE,
    url: `${SUITE_URL}/%E1%88%B4`,
    headers: SUITE_DATE,
    signedHeaders: "host;x-amz-date",
    signature: "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85",
  },
  "get-vanilla-query-order-key-case": {
    ...SUITE,
    url: `${SUITE_URL}/?Param2=value2&Param1=value1`,
    headers: SUITE_DATE,
    signedHeaders: "host;x-amz-date",
    signature: "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
  },
  "get-vanilla-query-unreserved": {
    ...SUITE,
    url: `${SUITE_URL}/?${UNRESERVED}=${UNRESERVED}`,
    headers: SUITE_DATE,
    signedHeaders: "host;x-amz-date",
    signature: "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197",
  },
  "get-vanilla-utf8-query": {
    ...SUITE,
    url: `${SUITE_URL}/?%E1%88%B4=bar`,
    headers: SUITE_DATE,
    signedHeaders: "host;x-amz-date",
    signature: "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04",
  },
  "post-vanilla": {
    ...SUITE,
    method: "POST",
    url: `${SUITE_URL}/`,
    headers: SUITE_DATE,
    signedHeaders: "host;x-amz-date",
    signature: "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
  },
  "post-sts-header-before": {
    ...SUITE,
    method: "POST",
    url: `${SUITE_URL}/`,
    headers: {
      ...SUITE_DATE,
      "x-amz-security-token":
        "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA==",
    },
    signedHeaders: "host;x-amz-date;x-amz-security-token",
    signature: "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead",
  },
  "post-x-www-form-urlencoded": {
    ...SUITE,
    method: "POST",
    url: `${SUITE_URL}/`,
    headers: { ...SUITE_DATE, "content-type": "application/x-www-form-urlencoded" },
    body: "Param1=value1",
    signedHeaders: "content-type;host;x-amz-date",
    signature: "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
  },
  "S3: GET Object": {
    ...S3,
    url: `${S3_URL}/test.txt`,
    headers: { ...S3_HEADERS, range: "bytes=0-9" },
    signedHeaders: "host;range;x-amz-content-sha256;x-amz-date",
    signature: "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
  },
  "S3: PUT Object": {
    ...S3,
    method: "PUT",
    url: `${S3_URL}/test$file.text`,
    headers: {
      ...S3_HEADERS,
      date: "Fri, 24 May 2013 00:00:00 GMT",
      "x-amz-storage-class": "REDUCED_REDUNDANCY",
      "x-amz-content-sha256": "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072",
    },
    body: "Welcome to Amazon S3.",
    signedHeaders: "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
    signature: "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
  },
  "S3: GET Bucket Lifecycle": {
    ...S3,
    url: `${S3_URL}/?lifecycle`,
    headers: S3_HEADERS,
    signedHeaders: "host;x-amz-content-sha256;x-amz-date",
    signature: "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
  },
  "S3: List Objects": {
    ...S3,
    url: `${S3_URL}/?max-keys=2&prefix=J`,
    headers: S3_HEADERS,
    signedHeaders: "host;x-amz-content-sha256;x-amz-date",
    signature: "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
  },
};

Deno.test("AWS's examples have the same signature here as there", async (t) => {
  for (const [name, example] of Object.entries(EXAMPLES)) {
    const { service, keyId, secret, method = "GET", url, headers, body } = example;
    const date = headers["x-amz-date"]!;
    const published = `AWS4-HMAC-SHA256 ` +
      `Credential=${keyId}/${date.slice(0, 8)}/us-east-1/${service}/aws4_request, ` +
      `SignedHeaders=${example.signedHeaders}, Signature=${example.signature}`;
    await t.step(`${name}, by the test server's verifier`, () => {
      const { host, origin } = new URL(url);
      const request = {
        method,
        target: url.slice(origin.length),
        headers: new Headers({ host, ...headers }),
        body: new TextEncoder().encode(body),
      };
      const authorization = parseAuthorization(published)!;
      assert.equal(signatureOf(request, authorization, secret), example.signature);
    });
    await t.step(`${name}, by aws4fetch`, async () => {
      const signed = await new AwsV4Signer({
        method,
        url,
        headers,
        body: body ?? null,
        accessKeyId: keyId,
        secretAccessKey: secret,
        service,
        region: "us-east-1",
        datetime: date,
        allHeaders: true,
        // The suite escapes paths once; of S3's, aws4fetch knows it.
        singleEncode: service !== "s3",
      }).sign();
      assert.equal(signed.headers.get("authorization"), published);
    });
  }
});

Deno.test("a place signs its requests so that the verifier has the same signature", async () => {
  const credential = {
    accessKeyID: "key/with:odd=letters",
    secretAccessKey: canary("schlüssel / + ="),
    sessionToken: canary("FwoGZXIvYXdzEB0a/+=="),
    region: "eu-west-1",
  };
  for (const prefix of ["charts", "a b+c", "100%25/größe/日本", "!'()*~@:$,=&;%2Fx", "/a//b"]) {
    const place = s3Place(`s3://minio.local:9000/bucket/${prefix}`, credential);
    const headers = new Headers({
      "user-agent": "chartroom/0.1",
      accept: "*/*",
      "cache-control": "no-cache",
      "if-none-match": '"a  b"',
    });
    const before = [...headers];
    await place.authorize!(place.url, headers);
    for (const [name, value] of before) assert.equal(headers.get(name), value);
    const authorization = parseAuthorization(headers.get("authorization")!)!;
    assert.deepEqual({ ...authorization, signature: "", date: "" }, {
      keyId: credential.accessKeyID,
      date: "",
      region: "eu-west-1",
      service: "s3",
      signedHeaders: ["host", "x-amz-content-sha256", "x-amz-date", "x-amz-security-token"],
      signature: "",
    });
    headers.set("host", place.url.host);
    const target = place.url.pathname + place.url.search;
    const request = { method: "GET", target, headers, body: new Uint8Array() };
    assert.equal(
      authorization.signature,
      signatureOf(request, authorization, credential.secretAccessKey),
      prefix,
    );
  }
});

Deno.test("without keys nothing is signed", () => {
  for (const credential of [undefined, {}, { region: "eu-west-1" }, { accessKeyID: "" }]) {
    assert.equal(s3Place("s3://minio.local:9000/bucket", credential).authorize, undefined);
  }
});

Deno.test("an error is explained by its code and region, and by nothing else of it", async () => {
  const { explain } = s3Place("s3://minio.local:9000/bucket", KEYS);
  const error = (inside: string) => `<?xml version="1.0"?>\n<Error>${inside}</Error>`;
  const broken = new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode(error("<Code>SlowDown</Code>")));
    },
    pull(controller) {
      controller.error(new Error("gone"));
    },
  });
  const region = (name: string) => ({ "x-amz-bucket-region": name });
  const cases: [BodyInit | null, HeadersInit, string | undefined][] = [
    [
      error("<Code>SignatureDoesNotMatch</Code><Message>hush</Message>"),
      {},
      "SignatureDoesNotMatch",
    ],
    [
      error("<Code>PermanentRedirect</Code>"),
      region("eu-west-1"),
      "PermanentRedirect, the bucket is in the region eu-west-1",
    ],
    [
      error("<Code>AuthorizationHeaderMalformed</Code><Region>eu-west-1</Region>"),
      {},
      "AuthorizationHeaderMalformed, the bucket is in the region eu-west-1",
    ],
    [error("<Code>AccessDenied</Code>"), region("us-east-1"), "AccessDenied"],
    [error("<Code>AccessDenied</Code>"), region("<b>"), "AccessDenied"],
    [null, region("eu-west-1"), "the bucket is in the region eu-west-1"],
    [null, {}, undefined],
    ["", {}, undefined],
    ["<html>login</html>", {}, undefined],
    [error("<Code>hush me</Code>"), {}, undefined],
    [error(`<Code>${"A".repeat(65)}</Code>`), {}, undefined],
    [`${" ".repeat(4_079)}<Code>Last</Code>`, {}, "Last"],
    [`${" ".repeat(4_080)}<Code>Late</Code>`, {}, undefined],
    [broken, {}, "SlowDown"],
  ];
  for (const [body, headers, said] of cases) {
    assert.equal(await explain!(new Response(body, { headers })), said);
  }
});

Deno.test("an error that does not end is left after its beginning", async () => {
  let pieces = 0, cancelled = false;
  const endless = new ReadableStream({
    pull(controller) {
      pieces++;
      controller.enqueue(new Uint8Array(1_000).fill(32));
    },
    cancel() {
      cancelled = true;
    },
  });
  const response = new Response(endless);
  const { explain } = s3Place("s3://minio.local:9000/bucket", undefined);
  assert.equal(await explain!(response), undefined);
  assert.ok(cancelled);
  assert.ok(pieces < 10, String(pieces));
  await response.body!.cancel();
});
