/** Repositories in a bucket of a server that speaks Amazon's S3. */

import { AwsV4Signer } from "aws4fetch";
import type { Place } from "./place.ts";
import type { S3Credential } from "./source.ts";

/** An object; its HTTP URL is `ENDPOINT/BUCKET/KEY`, which every S3 server understands. */
export interface S3Object {
  /** An origin, `http` or `https`. */
  endpoint: string;
  /** Signatures hold in this one alone. */
  region: string;
  bucket: string;
  /** Without escapes. */
  key: string;
}

/** A URL that names no object. The message says what was expected. */
export class S3UrlError extends Error {
  override readonly name = "S3UrlError";
}

/** Of servers that name none, and Amazon's own default. */
const DEFAULT_REGION = "us-east-1";
const REGION = /^[a-z0-9-]{1,64}$/;
/** What Amazon took for a name before 2018, and other servers still do. */
const BUCKET = /^[A-Za-z0-9._-]{3,255}$/;
const INDEX_NAME = /(?<=^|\/)index\.(yaml|yml|json)$/;
/** The SHA-256 of a body that is empty. */
const EMPTY_SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
/** Of an error; its code stands at the beginning. */
const MAX_ERROR_BYTES = 4_096;

const EXPECTED_URL = "an S3 URL without user name, query and `#`, such as " +
  "`s3://s3.eu-west-1.amazonaws.com/bucket/charts`";

/** The index of a repository at an `s3` URL. Throws an `S3UrlError` as {@link parseS3Url} does. */
export function s3Place(repoUrl: string, credential: S3Credential | undefined): Place {
  const object = parseS3Url(repoUrl, credential);
  return { url: urlOf(object), ...proofs(object, credential) };
}

/**
 * The place of an archive that the index in a bucket names by a URL, `s3`, `http` or `https`. Only
 * what is in that bucket is asked for with a signature. Throws an `S3UrlError`.
 */
export function s3ArchivePlace(
  repoUrl: string,
  credential: S3Credential | undefined,
  named: URL,
): Place {
  const own = parseS3Url(repoUrl, credential);
  const url = named.protocol === "s3:" ? s3ObjectUrl(named, credential) : named;
  const key = keyIn(own, url);
  if (key === undefined) return { url, isForeign: true };
  return { url: urlOf({ ...own, key }), ...proofs(own, credential) };
}

type Bucket = Omit<S3Object, "key">;

/** The key of an object of a bucket; `undefined` if a URL is elsewhere. Throws an `S3UrlError`. */
function keyIn({ endpoint, bucket }: Bucket, url: URL): string | undefined {
  const folder = `${endpoint}/${bucket}/`;
  // A URL with a query may be signed as it is, and must not be twice.
  if (!url.href.startsWith(folder) || url.search !== "") return undefined;
  return unescaped(url.href.slice(folder.length));
}

/** Whether a URL is that of an object in a bucket, written as {@link urlOf} does. */
function isIn(bucket: Bucket, url: URL): boolean {
  try {
    const key = keyIn(bucket, url);
    return key !== undefined && urlOf({ ...bucket, key }).href === url.href;
  } catch (error) {
    if (error instanceof S3UrlError) return false;
    throw error;
  }
}

/** The HTTP URL of an object at an `s3` URL, whose query counts for nothing. */
export function s3ObjectUrl({ host, pathname }: URL, credential?: S3Credential): URL {
  const { path, ...server } = locate(`s3://${host}${pathname}`, credential);
  return urlOf({ ...server, key: unescaped(path) });
}

/** The folder of a repository, as an `s3` URL. */
export function s3Folder(repoUrl: string): string {
  return `${repoUrl.replace(INDEX_NAME, "").replace(/\/+$/, "")}/`;
}

function proofs(bucket: Bucket, credential: S3Credential | undefined): Omit<Place, "url"> {
  const { region } = bucket;
  const { accessKeyID, secretAccessKey, sessionToken } = credential ?? {};
  return {
    ...(accessKeyID && secretAccessKey && {
      async authorize(url, headers) {
        // The same server has the buckets of others.
        if (!isIn(bucket, url)) return;
        const signer = new AwsV4Signer({
          url: url.href,
          headers: { "x-amz-content-sha256": EMPTY_SHA256 },
          accessKeyId: accessKeyID,
          secretAccessKey,
          ...(sessionToken && { sessionToken }),
          service: "s3",
          region,
        });
        for (const [name, value] of (await signer.sign()).headers) headers.set(name, value);
      },
    }),
    explain: (response) => explain(response, region),
  };
}

/**
 * The index that a repository's URL means: `s3://HOST[:PORT]/BUCKET/PREFIX` as in KubeSphere, or
 * `s3://BUCKET/PREFIX` at Amazon or at the credential's endpoint. An authority without a dot and a
 * port, and other than `localhost`, is a bucket. Throws an `S3UrlError`. The credential is one
 * without {@link s3CredentialObjection}.
 */
export function parseS3Url(repoUrl: string, credential: S3Credential = {}): S3Object {
  const { path, ...server } = locate(repoUrl, credential);
  return { ...server, key: indexKey(path) };
}

/** Server and bucket of an `s3` URL, and what is behind them, with escapes. */
function locate(
  url: string,
  credential: S3Credential = {},
): Omit<S3Object, "key"> & { path: string } {
  // By hand: to the URL parser, what follows an unknown scheme is no host.
  const [, authority, path = "/"] = /^s3:\/\/([^/?#@\\%\s]+)(\/[^?#]*)?$/i.exec(url) ?? [];
  if (authority === undefined) throw new S3UrlError(EXPECTED_URL);
  const server = serverOf(authority, credential);
  const [bucket, prefix] = server.namesBucket
    ? [authority, path.slice(1)]
    : cut(path.slice(1), "/");
  if (!BUCKET.test(bucket)) {
    const found = bucket === "" ? "none" : `\`${bucket}\``;
    throw new S3UrlError(
      `a bucket of 3 to 255 letters, digits, \`.\`, \`_\` and \`-\` in the S3 URL, not ${found}`,
    );
  }
  const region = credential.region || regionOf(server.url.hostname);
  return { endpoint: server.url.origin, region, bucket, path: prefix };
}

/** What was expected of a credential instead; `undefined` if there is nothing wrong with it. */
export function s3CredentialObjection(credential: S3Credential): string | undefined {
  const { accessKeyID, secretAccessKey, sessionToken, region, endpoint } = credential;
  if (!accessKeyID !== !secretAccessKey) {
    return "both of `accessKeyID` and `secretAccessKey`, or neither";
  }
  if (sessionToken && !accessKeyID) return "a `sessionToken` only beside keys";
  // These two stand in headers.
  for (const [name, text] of Object.entries({ accessKeyID, sessionToken })) {
    if (text && !/^[!-~]+$/.test(text)) return `ASCII without blanks as \`${name}\``;
  }
  if (region && !REGION.test(region)) return "a `region` such as `eu-west-1`";
  const isOrigin = /^https?:\/\/[^/?#@\\%\s]+\/?$/i.test(endpoint ?? "") && URL.canParse(endpoint!);
  if (endpoint && !isOrigin) {
    return "an `endpoint` that is an http or https URL without a path, such as " +
      "`https://minio.example.org:9000`";
  }
  return undefined;
}

/** The server that an authority means, and whether the authority is a bucket there. */
function serverOf(authority: string, credential: S3Credential): { url: URL; namesBucket: boolean } {
  if (credential.endpoint) {
    const url = new URL(credential.endpoint);
    return { url, namesBucket: URL.parse(`${url.protocol}//${authority}`)?.host !== url.host };
  }
  if (!/[.:]|^localhost$/i.test(authority)) {
    const region = credential.region || DEFAULT_REGION;
    const domain = region.startsWith("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
    return { url: new URL(`https://s3.${region}.${domain}`), namesBucket: true };
  }
  const url = URL.parse(`${/^s3\./i.test(authority) ? "https" : "http"}://${authority}`);
  if (url === null) throw new S3UrlError(EXPECTED_URL);
  return { url, namesBucket: false };
}

/** KubeSphere's rule, but for the two of Amazon's names to which it does not apply. */
function regionOf(host: string): string {
  const region = /^s3\.(?:dualstack\.)?([^.]+)/.exec(host)?.[1];
  return region === undefined || region === "amazonaws" ? DEFAULT_REGION : region;
}

/** The key of the index below a prefix, which may be escaped or name the index itself. */
function indexKey(escaped: string): string {
  const prefix = unescaped(escaped);
  if (INDEX_NAME.test(prefix)) return prefix;
  const folder = prefix.replace(/\/+$/, "");
  return folder === "" ? "index.yaml" : `${folder}/index.yaml`;
}

function unescaped(escaped: string): string {
  let prefix: string;
  try {
    prefix = decodeURIComponent(escaped);
    // Throws for half a letter, which no key holds.
    encodeURIComponent(prefix);
  } catch {
    throw new S3UrlError("an S3 URL with a path whose escapes are UTF-8");
  }
  // No URL over HTTP can name these: `..` and its escaped forms go up.
  if (/(^|\/)\.{1,2}(\/|$)/.test(prefix)) {
    throw new S3UrlError("an S3 URL without `.` and `..` in its path");
  }
  return prefix;
}

/** The address by path, with the escapes that are signed, for servers that take it literally. */
function urlOf({ endpoint, bucket, key }: S3Object): URL {
  const escaped = encodeURIComponent(key).replaceAll("%2F", "/").replace(
    /[!'()*]/g,
    (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return new URL(`${endpoint}/${bucket}/${escaped}`);
}

/** The error's code, and where the bucket is if not in the region that was asked. */
async function explain(response: Response, asked: string): Promise<string | undefined> {
  const text = await startOf(response.body);
  const code = /<Code>([A-Za-z]{1,64})<\/Code>/.exec(text)?.[1];
  const region = response.headers.get("x-amz-bucket-region") ??
    /<Region>([^<]*)<\/Region>/.exec(text)?.[1] ?? asked;
  const elsewhere = region !== asked && REGION.test(region);
  const said = [code, elsewhere && `the bucket is in the region ${region}`];
  return said.filter(Boolean).join(", ") || undefined;
}

/** The beginning of a body, as far as it comes. Ends the body, and never throws. */
async function startOf(body: ReadableStream<Uint8Array> | null): Promise<string> {
  if (body === null) return "";
  const decoder = new TextDecoder();
  const reader = body.getReader();
  let text = "", left = MAX_ERROR_BYTES;
  try {
    while (left > 0) {
      const { done, value } = await reader.read();
      if (done) break;
      text += decoder.decode(value.subarray(0, left), { stream: true });
      left -= value.length;
    }
    await reader.cancel();
  } catch {
    // What came is enough, or there is nothing to say.
  }
  reader.releaseLock();
  return text;
}

/** What is before and after the first separator. */
function cut(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}
