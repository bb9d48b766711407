/** Requests as nobody should send them, drawn by fast-check, to every route that there is. */

import fc from "fast-check";

/** A request in which `{name}` stands for what a test puts there. */
export interface Drawn {
  method: string;
  /** Path and query. */
  target: string;
  headers: [name: string, value: string][];
  body: string | Uint8Array<ArrayBuffer> | undefined;
}

const METHODS = ["GET", "HEAD", "POST", "PATCH", "DELETE", "PUT", "OPTIONS", "QUERY", "x"];
const FIELDS = [
  "name",
  "url",
  "credential",
  "description",
  "sync_period",
  "suspended",
  "ca_bundle",
  "client_certificate",
  "client_key",
  "branches",
  "paths",
  "action",
  "force",
  "workspace",
  "role",
  "expire_time",
  "token",
  "ref",
  "commits",
  "type",
  "__proto__",
  "constructor",
  "toString",
];
const FORM_FIELDS = [
  ...FIELDS,
  ...["scope", "expires", "day", "next", "language", "theme", "done", "tab", "suspend", "validate"],
];
const PARAMETERS = [
  "conditions",
  "orderBy",
  "reverse",
  "limit",
  "page",
  "paging",
  "start",
  "cursor",
  "q",
  "group",
  "facets",
  "files",
  "constraint",
  "prerelease",
  "stable_first",
  "validate",
  "sync",
  "since",
  "until",
  "format",
  "__proto__",
];
const DEEP = 20_000;

const nasty = fc.constantFrom(
  "",
  " ",
  "\u0000",
  "\ud800",
  "\u202e\u0000\uffff",
  "İıſ\u212a",
  "../../../../etc/passwd",
  "..%2f..%2f",
  "%",
  "%zz",
  "%ff%fe",
  "'\"`;--",
  "<script>alert(1)</script>",
  "${7*7}{{7*7}}",
  "__proto__",
  "constructor",
  "NaN",
  "-1",
  "0",
  "1e999",
  "9223372036854775808",
  "-9223372036854775809",
  "99999999999999999999999999",
  "true",
  "null",
  "[]",
  "{}",
  "*",
  "=,~|&",
  "a".repeat(5_000),
  "|".repeat(3_000),
  "é".repeat(1_000),
  "2026-01-01T00:00:00Z",
  "-9999-99-99",
  ">=1.2, <2 || ^1 - x",
  "((((((((((a+)+)+)+",
);
const text = fc.oneof(nasty, fc.string({ maxLength: 40 }), fc.string({ unit: "binary" }));
const address = fc.constantFrom(
  "{upstream}",
  "{upstream}/",
  "{upstream}/broken",
  "{upstream}/moved",
  "{upstream}/index.yaml?token=x#y",
  "http://user:p%40ss@10.0.0.1/x",
  "http://[::1]/",
  "http://[::ffff:127.0.0.1]:1/",
  "https://169.254.169.254/latest",
  "http://localhost:22/",
  "http://0x7f.1/",
  "http://127.0.0.1:99999/",
  "http://%/",
  "s3://bucket/prefix",
  "s3://127.0.0.1:1/bucket",
  "file:///etc/passwd",
  "gopher://127.0.0.1/",
  "data:text/yaml,apiVersion: v1",
  "oci://127.0.0.1/x",
  "http:\\\\127.0.0.1\\",
  "//127.0.0.1",
);
const meant = fc.constantFrom(
  "{repo}",
  "{app}",
  "{version}",
  "{event}",
  "{token_id}",
  "{category}",
  "{cursor}",
  "repo_id={repo}",
  "app_id={app},status=active",
  "keyword=one,name~o",
  "limit=10,page=2",
  "ws1",
  "latest",
  "viewer",
  "admin",
  "index",
  "10m",
  '{"username":"a","password":"b"}',
  '{"accessKeyID":"a","secretAccessKey":"b"}',
  "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----",
);
const value = fc.oneof({ weight: 3, arbitrary: text }, { weight: 2, arbitrary: meant }, address);
const member = fc.oneof(
  { weight: 4, arbitrary: value },
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom<unknown>(null, true, 0, -0, 1e308, [], {}, [[[[]]]], ["*"], "x".repeat(60_000)),
);

const body = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.dictionary(fc.constantFrom(...FIELDS), member).map((body) =>
      JSON.stringify(body)
    ),
  },
  {
    weight: 2,
    arbitrary: fc.record({ name: text, url: address, workspace: fc.constantFrom("ws1", "*") })
      .map((body) => JSON.stringify(body)),
  },
  // As a browser sends a form.
  {
    weight: 2,
    arbitrary: fc.array(fc.tuple(fc.constantFrom(...FORM_FIELDS), value), { maxLength: 12 }).map(
      (fields) => fields.map(([name, value]) => `${encode(name)}=${encode(value)}`).join("&"),
    ),
  },
  fc.jsonValue().map((body) => JSON.stringify(body)),
  fc.string({ unit: "binary" }),
  fc.uint8Array({ maxLength: 200 }).map((bytes) => Uint8Array.from(bytes)),
  fc.constantFrom(
    "",
    "{",
    '{"name":}',
    '{"name":"a","name":"b"}',
    "\ufeff{}",
    '{"a":1}{"b":2}',
    "[".repeat(DEEP),
    `${"[".repeat(DEEP)}${"]".repeat(DEEP)}`,
    `{"name":${'{"a":'.repeat(5_000)}1${"}".repeat(5_000)}}`,
    `{"url":"${"a".repeat(70_000)}"}`,
    '{"__proto__":{"role":"admin"},"constructor":{"prototype":{"role":"admin"}}}',
    "payload=%7B%7D",
    "1".repeat(60_000),
    '{"name":"\\ud800","url":"\\u0000"}',
  ),
);

/** Latin-1 without what ends a header: the platform takes no other. */
const headerValue = fc.oneof(
  fc.constantFrom(
    "",
    "*",
    '"x"',
    'W/"x", "y"',
    ",",
    "a".repeat(4_000),
    "gzip;q=abc, br;q=2, *;q=-1",
    "identity;q=0, *;q=0",
    "application/json; charset=utf-16",
    "text/plain",
    "application/merge-patch+json",
    "multipart/form-data; boundary=",
    "bytes=0-0,-1",
    "Sun, 06 Nov 1994 08:49:37 GMT",
    "Thu, 99 Foo 0000 99:99:99",
    "127.0.0.1",
    "https://elsewhere.example.org",
    "null",
    "-1",
    "9".repeat(30),
    "chunked",
    "sha256=00",
    "__Host-chartroom=crs_x; __Host-chartroom=",
    "push",
    "\u00ff\u0080",
  ),
  fc.string({ maxLength: 40 }).map((text) => text.replace(/[^\x20-\x7e]/g, "")),
);
const headerName = fc.constantFrom(
  "accept",
  "accept-encoding",
  "accept-language",
  "content-type",
  "content-encoding",
  "content-length",
  "cookie",
  "host",
  "origin",
  "sec-fetch-site",
  "referer",
  "user-agent",
  "range",
  "if-none-match",
  "if-match",
  "if-modified-since",
  "last-event-id",
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-proto",
  "x-http-method-override",
  "x-original-url",
  "x-hub-signature-256",
  "x-gitea-signature",
  "x-gitlab-token",
  "x-github-event",
  "x-github-delivery",
  "webhook-id",
  "webhook-signature",
  "idempotency-key",
  "access-control-request-method",
  "upgrade",
  "expect",
  "te",
);
const bearer = fc.constantFrom(
  "bearer  {viewer}",
  "Bearer {bearer}",
  "Bearer {secret}",
  "Bearer crt_",
  `Bearer crt_${"A".repeat(43)}`,
  "Bearer a.b.c",
  "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.",
  "Basic YTpi",
  "Digest x",
  "",
);
const header = fc.oneof(
  fc.tuple(headerName, headerValue),
  fc.tuple(
    fc.constant("content-type"),
    fc.constantFrom("application/json", "application/x-www-form-urlencoded"),
  ),
  fc.tuple(fc.constant("accept"), fc.constant("text/html")),
  fc.tuple(fc.constant("sec-fetch-site"), fc.constantFrom("same-origin", "cross-site", "none")),
);

const trick = fc.oneof(
  { weight: 8, arbitrary: fc.constant("") },
  fc.constantFrom(
    "/",
    "//",
    "/.",
    "/..",
    "/%2e%2e/%2e%2e",
    ";a=b",
    "%00",
    "%",
    "%ff",
    "\\..\\",
    "%5c",
    "%2f",
    "%252f",
    "/x/y/z",
    ".json",
    "~",
    "\u00e9",
    `/${"a/".repeat(300)}`,
    "a".repeat(9_000),
  ),
);

const query = fc.array(
  fc.tuple(
    fc.oneof({ weight: 6, arbitrary: fc.constantFrom(...PARAMETERS) }, text),
    value,
    fc.constantFrom("&", "&", "&", "&&", ";", "?", "#"),
  ),
  { maxLength: 4 },
).map((parameters) =>
  parameters.map(([name, value, end]) => `${encode(name)}=${encode(value)}${end}`).join("")
);

/** What is to be put somewhere stays as it is. */
function encode(text: string): string {
  return text.split(/(\{\w+\})/).map((part, i) =>
    i % 2 === 1 ? part : encodeURIComponent(part.toWellFormed())
  ).join("");
}

/** Requests to routes, given as their methods and patterns. */
export function requestsTo(routes: readonly { method: string; path: string }[]) {
  const parameter = fc.oneof(
    { weight: 5, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: meant.map(encode) },
    { weight: 1, arbitrary: text.map(encode) },
  );
  return fc.record({
    route: fc.constantFrom(...routes),
    method: fc.oneof(
      { weight: 5, arbitrary: fc.constant(undefined) },
      { weight: 1, arbitrary: fc.constantFrom(...METHODS) },
    ),
    parameters: fc.array(parameter, { minLength: 4, maxLength: 4 }),
    trick,
    query,
    bearer: fc.option(
      fc.oneof({ weight: 5, arbitrary: fc.constant("Bearer {bearer}") }, bearer),
      { freq: 12 },
    ),
    headers: fc.array(header, { maxLength: 4 }),
    body,
  }).map(({ route, method = route.method, parameters, trick, query, bearer, headers, body }) => {
    let at = 0;
    const path = route.path.replace(/:(\w+)/g, (_, name) => parameters[at++] ?? `{${name}}`);
    const all = bearer === null ? headers : [["authorization", bearer], ...headers];
    const isRead = method === "GET" || method === "HEAD";
    return {
      method,
      target: path + trick + (query && `?${query}`),
      headers: all,
      body: isRead ? undefined : body,
    } as Drawn;
  });
}
