/**
 * S3 repositories on an S3 server that was written by others: OpenStack Swift. Needs Debian's
 * package python3-swift, and starts nothing but one process of its own, on loopback.
 */

import assert from "node:assert/strict";
import { AwsV4Signer } from "aws4fetch";
import { loadConfig } from "../src/config.ts";
import type { IndexError } from "../src/helm/index_error.ts";
import { createSource } from "../src/sources/download.ts";
import { createEgress } from "../src/sources/egress.ts";
import type { S3Credential } from "../src/sources/source.ts";
import { ask, download } from "../tests/support/download.ts";
import { indexOf } from "../tests/support/upstream.ts";

const SERVER = new URL("swift_server.py", import.meta.url).pathname;
/** Debian's own, which has its packages. */
const PYTHON = "/usr/bin/python3";
const REGION = "eu-west-1";
const USER: S3Credential = {
  accessKeyID: "test:tester",
  secretAccessKey: "test/ing+and=more",
  region: REGION,
};

const { allowUpstream } = loadConfig({ CHARTROOM_ALLOW_UPSTREAM: "127.0.0.1" });
const fetchIndex = createSource(createEgress(allowUpstream));

interface Swift {
  /** `127.0.0.1:<port>` */
  host: string;
  stop(): Promise<void>;
}

async function startSwift(): Promise<Swift> {
  const folder = await Deno.makeTempDir({ prefix: "chartroom_swift_" });
  const server = new Deno.Command(PYTHON, {
    args: ["-I", SERVER, folder, `${USER.accessKeyID}=${USER.secretAccessKey}`],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const stop = async () => {
    await server.stdin.close();
    await server.status;
    await Deno.remove(folder, { recursive: true });
  };
  let said = "";
  for await (const text of server.stdout.pipeThrough(new TextDecoderStream())) {
    said += text;
    if (said.endsWith("\n")) return { host: `127.0.0.1:${said.trim()}`, stop };
  }
  await stop();
  throw new Error("Swift does not start");
}

/** Makes a bucket, or an object if there is a text. */
async function put(url: string, text?: string): Promise<void> {
  const signer = new AwsV4Signer({
    method: "PUT",
    url,
    body: text ?? null,
    accessKeyId: USER.accessKeyID!,
    secretAccessKey: USER.secretAccessKey!,
    service: "s3",
    region: REGION,
  });
  const { headers } = await signer.sign();
  const response = await fetch(url, { method: "PUT", headers, body: text ?? null });
  assert.equal(response.status, 200, await response.text());
}

Deno.test("Swift takes signatures of the right secret, and refuses others", async (t) => {
  const { host, stop } = await startSwift();
  const url = `s3://${host}/charts/stable`;
  const index = indexOf({ good: ["1.0.0"] });
  try {
    await put(`http://${host}/charts`);
    await put(`http://${host}/charts/stable/index.yaml`, index);

    await t.step("an index, and that it is unchanged", async () => {
      const { text, validators } = await download(fetchIndex, ask(url, USER));
      assert.equal(text, index);
      assert.deepEqual(await fetchIndex(ask(url, USER, validators)), { kind: "unchanged" });
      const other = { ...validators, etag: '"0123456789abcdef0123456789abcdef"' };
      delete other.lastModified;
      assert.equal((await download(fetchIndex, ask(url, USER, other))).text, index);
    });

    await t.step("keys of any letters", async () => {
      const paths = ["a%20b", "a%2Bb", "100%2525", "gr%C3%B6%C3%9Fe", "%21%27%28%29%2A~", "%3F%23"];
      for (const path of paths) {
        await put(`http://${host}/charts/${path}/index.yaml`, path);
        assert.equal(
          (await download(fetchIndex, ask(`s3://${host}/charts/${path}`, USER))).text,
          path,
        );
      }
      for (
        const [path, same] of [["a+b", "a%2Bb"], ["a b", "a%20b"], ["größe", "gr%C3%B6%C3%9Fe"]]
      ) {
        assert.equal(
          (await download(fetchIndex, ask(`s3://${host}/charts/${path}`, USER))).text,
          same,
        );
      }
    });

    const refusals: [string, string, S3Credential, RegExp][] = [
      [
        "a wrong secret",
        url,
        { ...USER, secretAccessKey: "wrong" },
        /^unauthorized: .*\(403 Forbidden: SignatureDoesNotMatch\)$/,
      ],
      [
        // Swift does not say that it knows nobody of the name.
        "a wrong key",
        url,
        { ...USER, accessKeyID: "test:nobody" },
        /^unauthorized: .*\(403 Forbidden: SignatureDoesNotMatch\)$/,
      ],
      [
        "a wrong region",
        url,
        { ...USER, region: "us-east-1" },
        /AuthorizationHeaderMalformed, the bucket is in the region eu-west-1/,
      ],
      ["no object", `${url}/more`, USER, /^status: .*NoSuchKey$/],
      ["no bucket", `s3://${host}/nothing`, USER, /^status: .*NoSuchBucket$/],
    ];
    for (const [name, url, credential, pattern] of refusals) {
      await t.step(
        name,
        () =>
          assert.rejects(fetchIndex(ask(url, credential)), ({ reason, message }: IndexError) => {
            assert.match(`${reason}: ${message}`, pattern);
            return true;
          }),
      );
    }
  } finally {
    await stop();
  }
});
