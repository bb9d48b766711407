/** An S3 server on loopback that hands out objects, and checks signatures by AWS's description. */

import { createHash, createHmac, timingSafeEqual } from "node:crypto";

/** A request as its signature sees it. */
export interface SignedRequest {
  method: string;
  /** Path and query as they are on the wire. */
  target: string;
  headers: Headers;
  body: Uint8Array;
}

/** What an `Authorization` header of Signature Version 4 says. */
export interface Authorization {
  keyId: string;
  /** `yyyymmdd` */
  date: string;
  region: string;
  service: string;
  signedHeaders: string[];
  signature: string;
}

export interface S3User {
  secret: string;
  /** Of a session; requests without it are refused. */
  token?: string;
}

export interface S3Bucket {
  isPublic?: boolean;
  /** Another one than the server's answers with a redirect without an address, as AWS does. */
  region?: string;
  /** Every request for an object is sent there. */
  redirect?: string;
}

export interface S3Server {
  /** `http://127.0.0.1:<port>` */
  url: string;
  /** `127.0.0.1:<port>` */
  host: string;
  /** What came, oldest first. */
  requests: { target: string; headers: Headers }[];
  /** The server's clock minus the true one, in milliseconds. */
  skew: number;
  buckets: Map<string, S3Bucket>;
  put(bucket: string, key: string, body: string | Uint8Array<ArrayBuffer>): void;
  close(): Promise<void>;
}

interface Failure {
  status: number;
  code: string;
  message: string;
  /** More elements of the error. */
  more?: Record<string, string>;
  headers?: HeadersInit;
}

const MAX_SKEW_MS = 15 * 60_000;
const ALGORITHM = "AWS4-HMAC-SHA256";

export function startS3Server(
  users: Record<string, S3User>,
  region = "us-east-1",
): S3Server {
  const objects = new Map<string, string | Uint8Array<ArrayBuffer>>();
  const answer = async (request: Request): Promise<Response> => {
    const target = request.url.slice(request.url.indexOf("/", "http://".length));
    const { method, headers } = request;
    result.requests.push({ target, headers: new Headers([...headers]) });
    const body = await request.bytes();
    const signed = { method, target, headers, body };
    const refusal = refusalOf(signed, users, region, Date.now() + result.skew);
    return refusal ? failureOf(refusal) : give(signed);
  };
  const give = ({ method, target, headers }: SignedRequest): Response => {
    const [, bucketName = "", key = ""] = /^\/([^/]*)\/?(.*)$/s.exec(decoded(target)) ?? [];
    const bucket = result.buckets.get(bucketName);
    if (bucket === undefined) {
      return failureOf({
        status: 404,
        code: "NoSuchBucket",
        message: "The specified bucket does not exist",
      });
    }
    if (!bucket.isPublic && !headers.has("authorization")) {
      return failureOf({ status: 403, code: "AccessDenied", message: "Access Denied" });
    }
    if (bucket.redirect !== undefined) {
      return failureOf({
        status: 307,
        code: "TemporaryRedirect",
        message: "Please re-send this request to the specified temporary endpoint",
        headers: { location: bucket.redirect },
      });
    }
    if (bucket.region !== undefined && bucket.region !== region) {
      return failureOf({
        status: 301,
        code: "PermanentRedirect",
        message: "The bucket you are attempting to access must be addressed elsewhere",
        headers: { "x-amz-bucket-region": bucket.region },
      });
    }
    const body = objects.get(`${bucketName}/${key}`);
    if (method !== "GET" || body === undefined) {
      return failureOf({
        status: 404,
        code: "NoSuchKey",
        message: "The specified key does not exist.",
        more: { Key: key },
      });
    }
    const etag = `"${createHash("md5").update(body).digest("hex")}"`;
    if (headers.get("if-none-match") === etag) {
      return new Response(null, { status: 304, headers: { etag } });
    }
    return new Response(body, { headers: { etag } });
  };
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, answer);
  const host = `127.0.0.1:${server.addr.port}`;
  const result: S3Server = {
    url: `http://${host}`,
    host,
    requests: [],
    skew: 0,
    buckets: new Map(),
    put(bucket, key, body) {
      if (!result.buckets.has(bucket)) result.buckets.set(bucket, {});
      objects.set(`${bucket}/${key}`, body);
    },
    close: () => server.shutdown(),
  };
  return result;
}

/** Why a request is refused before anybody looks what it wants; `undefined` for a good one. */
function refusalOf(
  request: SignedRequest,
  users: Record<string, S3User>,
  region: string,
  now: number,
): Failure | undefined {
  const { headers, body } = request;
  const given = headers.get("authorization");
  if (given === null) {
    return headers.has("x-amz-security-token")
      ? { status: 403, code: "AccessDenied", message: "A token without a signature" }
      : undefined;
  }
  const authorization = parseAuthorization(given);
  if (authorization === undefined || authorization.service !== "s3") {
    const message = "The authorization header is malformed";
    return { status: 400, code: "AuthorizationHeaderMalformed", message };
  }
  if (authorization.region !== region) {
    return {
      status: 400,
      code: "AuthorizationHeaderMalformed",
      message: `the region '${authorization.region}' is wrong; expecting '${region}'`,
      more: { Region: region },
    };
  }
  const user = users[authorization.keyId];
  if (user === undefined) {
    const message = "The AWS Access Key Id you provided does not exist in our records.";
    return { status: 403, code: "InvalidAccessKeyId", message };
  }
  if ((headers.get("x-amz-security-token") ?? undefined) !== user.token) {
    const message = "The provided token is malformed or otherwise invalid.";
    return { status: 400, code: "InvalidToken", message };
  }
  const sentAt = timeOf(headers.get("x-amz-date") ?? "");
  if (!(Math.abs(sentAt - now) <= MAX_SKEW_MS)) {
    const message = "The difference between the request time and the current time is too large.";
    return { status: 403, code: "RequestTimeTooSkewed", message };
  }
  const mustBeSigned = ["host", ...[...headers.keys()].filter((name) => name.startsWith("x-amz-"))];
  if (mustBeSigned.some((name) => !authorization.signedHeaders.includes(name))) {
    const message = "There were headers present in the request which were not signed";
    return { status: 403, code: "AccessDenied", message };
  }
  const hash = headers.get("x-amz-content-sha256");
  if (hash === null) {
    const message = "Missing required header for this request: x-amz-content-sha256";
    return { status: 400, code: "InvalidRequest", message };
  }
  if (hash !== "UNSIGNED-PAYLOAD" && hash !== sha256(body)) {
    const message = "The provided 'x-amz-content-sha256' header does not match what was computed.";
    return { status: 400, code: "XAmzContentSHA256Mismatch", message };
  }
  const expected = signatureOf(request, authorization, user.secret);
  const same = timingSafeEqual(
    createHash("sha256").update(authorization.signature).digest(),
    createHash("sha256").update(expected).digest(),
  );
  if (same) return undefined;
  return {
    status: 403,
    code: "SignatureDoesNotMatch",
    message: "The request signature we calculated does not match the signature you provided.",
    more: { AWSAccessKeyId: authorization.keyId, SignatureProvided: authorization.signature },
  };
}

/** Reads an `Authorization` header; `undefined` if it is no Signature Version 4. */
export function parseAuthorization(text: string): Authorization | undefined {
  const credential = "([^,]+)/(\\d{8})/([^/,]+)/([^/,]+)/aws4_request";
  const match = new RegExp(
    `^${ALGORITHM} Credential=${credential}, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$`,
  ).exec(text);
  if (match === null) return undefined;
  const [, keyId, date, region, service, signedHeaders, signature] = match as unknown as string[];
  return {
    keyId: keyId!,
    date: date!,
    region: region!,
    service: service!,
    signedHeaders: signedHeaders!.split(";"),
    signature: signature!,
  };
}

/**
 * The signature that a request should have, in hexadecimal digits, with paths escaped once, as S3
 * does. Source: "Create a signed AWS API request" of the IAM User Guide.
 */
export function signatureOf(
  { method, target, headers, body }: SignedRequest,
  { date, region, service, signedHeaders }: Authorization,
  secret: string,
): string {
  const [path = "", query = ""] = target.split(/\?(.*)/s);
  const parameters = query.split("&").filter((pair) => pair !== "").map((pair) => {
    const [name = "", value = ""] = pair.split(/=(.*)/s);
    return { name: encoded(decoded(name)), value: encoded(decoded(value)) };
  });
  // Escaped text is ASCII, so the order of its letters is the order of its bytes.
  const order = (a: string, b: string) => a < b ? -1 : a > b ? 1 : 0;
  parameters.sort((a, b) => order(a.name, b.name) || order(a.value, b.value));
  const canonical = [
    method,
    decoded(path).split("/").map(encoded).join("/"),
    parameters.map(({ name, value }) => `${name}=${value}`).join("&"),
    ...signedHeaders.map((name) => {
      const value = (headers.get(name) ?? "").trim().replaceAll(/ +/g, " ");
      return `${name}:${value}`;
    }),
    "",
    signedHeaders.join(";"),
    headers.get("x-amz-content-sha256") ?? sha256(body),
  ].join("\n");
  const scope = `${date}/${region}/${service}/aws4_request`;
  const toSign = [ALGORITHM, headers.get("x-amz-date") ?? "", scope, sha256(canonical)].join("\n");
  const hmac = (key: string | Uint8Array, text: string) =>
    createHmac("sha256", key).update(text).digest();
  const key = [date, region, service, "aws4_request"].reduce<string | Uint8Array>(
    hmac,
    `AWS4${secret}`,
  );
  return hmac(key, toSign).toString("hex");
}

function sha256(data: string | Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}

/** Escapes all bytes but RFC 3986's unreserved ones. */
function encoded(text: string): string {
  return [...new TextEncoder().encode(text)].map((byte) => {
    const letter = String.fromCharCode(byte);
    return /[A-Za-z0-9._~-]/.test(letter)
      ? letter
      : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }).join("");
}

/** Reads escapes; `+` is itself. */
function decoded(text: string): string {
  return decodeURIComponent(text);
}

/** Milliseconds of the epoch of a time such as `20130524T000000Z`. */
function timeOf(text: string): number {
  return Date.parse(text.replace(/^(....)(..)(..T..)(..)(..Z)$/, "$1-$2-$3:$4:$5"));
}

function failureOf({ status, code, message, more = {}, headers }: Failure): Response {
  const elements = Object.entries({
    Code: code,
    Message: message,
    ...more,
    RequestId: "4442587FB7D0",
  });
  const inside = elements.map(([name, text]) => `<${name}>${escapeXml(text)}</${name}>`).join("");
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n<Error>${inside}</Error>`;
  return new Response(body, {
    status,
    headers: { "content-type": "application/xml", ...Object.fromEntries(new Headers(headers)) },
  });
}

function escapeXml(text: string): string {
  return text.replaceAll(/[<>&]/g, (letter) => `&#${letter.charCodeAt(0)};`);
}
