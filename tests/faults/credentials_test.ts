/** A repository's credential goes to its own origin, whatever redirects and indexes say. */

import assert from "node:assert/strict";
import { createFileSource } from "../../src/sources/archive.ts";
import { Dialler } from "../../src/sources/dialler.ts";
import { createSource } from "../../src/sources/download.ts";
import { createEgress } from "../../src/sources/egress.ts";
import { IndexError } from "../../src/helm/index_error.ts";
import { DOMAIN, type Internet, startInternet } from "../support/internet.ts";
import { startUpstream, type Upstream } from "../support/upstream.ts";

const OWN = `charts.${DOMAIN}`, OTHER = `other.${DOMAIN}`, SUB = `sub.${OWN}`;
const CREDENTIAL = { username: "ann", password: "secret" };
const PROOF = `Basic ${btoa("ann:secret")}`;
/** Hosts and ports that lead to upstreams, whose names are letters here. */
const PLACES: [host: string, address: string, port: number, name: string][] = [
  [OWN, "93.184.216.34", 80, "own"],
  [OWN, "93.184.216.34", 8_080, "own:8080"],
  [OTHER, "93.184.216.35", 80, "other"],
  [SUB, "93.184.216.36", 80, "sub"],
];

interface World {
  internet: Internet;
  upstreams: Record<string, Upstream>;
  /** Who was asked for what, and with which proof, oldest first. */
  asked: string[];
  sources: [ReturnType<typeof createSource>, ReturnType<typeof createFileSource>];
}

async function withWorld(test: (world: World) => Promise<void>) {
  const internet = await startInternet();
  const dialler = new Dialler(internet.network.dial);
  const egress = createEgress([], internet.network.resolve, dialler);
  const upstreams: World["upstreams"] = {};
  const asked: string[] = [];
  for (const [host, address, port, name] of PLACES) {
    internet.name(host, [`A ${address}`]);
    upstreams[name] = startUpstream();
    internet.route(address, upstreams[name], port);
  }
  try {
    const sources: World["sources"] = [createSource(egress), createFileSource(egress)];
    await test({ internet, upstreams, asked, sources });
  } finally {
    await dialler.close();
    await Promise.all([internet, ...Object.values(upstreams)].map((each) => each.close()));
  }
}

/** Has every upstream answer a path, and write down who asked. */
function answer({ upstreams, asked }: World, path: string, make: () => Response) {
  for (const [name, upstream] of Object.entries(upstreams)) {
    upstream.serve(path, ({ headers }) => {
      const proof = headers.get("authorization");
      asked.push(
        `${name}${path}${proof === null ? "" : proof === PROOF ? " proven" : ` ${proof}`}`,
      );
      return make();
    });
  }
}

function redirect(location: string) {
  return () => new Response(null, { status: 302, headers: { location } });
}

/** The repository's URL, what each redirect says, and who is asked with the credential or without. */
const CHAINS: Record<string, [string, string[], string[]]> = {
  "within the origin": [`http://${OWN}`, ["/1"], ["own/index.yaml proven", "own/1 proven"]],
  "by a relative path": [`http://${OWN}`, ["1"], ["own/index.yaml proven", "own/1 proven"]],
  "elsewhere": [`http://${OWN}`, [`http://${OTHER}/1`], ["own/index.yaml proven", "other/1"]],
  "elsewhere, and back": [
    `http://${OWN}`,
    [`http://${OTHER}/1`, `http://${OWN}/2`],
    ["own/index.yaml proven", "other/1", "own/2 proven"],
  ],
  "elsewhere, there, and back": [
    `http://${OWN}`,
    [`http://${OTHER}/1`, "/2", `http://${OWN}/3`],
    ["own/index.yaml proven", "other/1", "other/2", "own/3 proven"],
  ],
  "to another port": [
    `http://${OWN}`,
    [`http://${OWN}:8080/1`],
    ["own/index.yaml proven", "own:8080/1"],
  ],
  "from another port": [
    `http://${OWN}:8080`,
    [`http://${OWN}/1`],
    ["own:8080/index.yaml proven", "own/1"],
  ],
  "to the default port": [
    `http://${OWN}`,
    [`http://${OWN}:80/1`],
    ["own/index.yaml proven", "own/1 proven"],
  ],
  "to capital letters": [
    `http://${OWN}`,
    [`HTTP://${OWN.toUpperCase()}/1`],
    ["own/index.yaml proven", "own/1 proven"],
  ],
  "from capital letters": [
    `HTTP://${OWN.toUpperCase()}:80/`,
    [`http://${OWN}/1`],
    ["own/index.yaml proven", "own/1 proven"],
  ],
  "to a name below the own one": [
    `http://${OWN}`,
    [`http://${SUB}/1`],
    ["own/index.yaml proven", "sub/1"],
  ],
  "to the name above the own one": [
    `http://${SUB}`,
    [`http://${OWN}/1`],
    ["sub/index.yaml proven", "own/1"],
  ],
  "to the own name with a dot, which is another origin": [
    `http://${OWN}`,
    [`http://${OWN}./1`],
    ["own/index.yaml proven", "own/1"],
  ],
  "without a scheme": [`http://${OWN}`, [`//${OTHER}/1`], ["own/index.yaml proven", "other/1"]],
  "with backslashes": [
    `http://${OWN}`,
    [`\\\\${OTHER}\\1`],
    ["own/index.yaml proven", "other/1"],
  ],
  "with a slash and a backslash": [
    `http://${OWN}`,
    [`/\\${OTHER}/1`],
    ["own/index.yaml proven", "other/1"],
  ],
  "with a backslash before what looks like a host": [
    `http://${OWN}`,
    [`http://${OTHER}\\@${OWN}/1`],
    ["own/index.yaml proven", `other/@${OWN}/1`],
  ],
  "with the own name as a user's": [
    `http://${OWN}`,
    [`http://${OWN}@${OTHER}/1`],
    ["own/index.yaml proven", "other/1"],
  ],
  "with a credential of its own": [
    `http://${OWN}`,
    [`http://eve:evil@${OTHER}/1`, `http://eve:evil@${OWN}/2`],
    ["own/index.yaml proven", "other/1", "own/2 proven"],
  ],
};

for (const [name, [url, locations, expected]] of Object.entries(CHAINS)) {
  Deno.test(`a redirect ${name} shows the credential to the own origin alone`, () =>
    withWorld(async (world) => {
      const paths = ["/index.yaml", "/1", "/2", "/3", `/@${OWN}/1`];
      for (const path of paths) answer(world, path, () => new Response("end"));
      for (const [i, location] of locations.entries()) {
        answer(world, paths[i]!, redirect(location));
      }
      const found = await world.sources[0]({ url, credential: CREDENTIAL, maxBytes: 100 });
      if (found.kind === "index") {
        await Array.fromAsync(found.body);
        await found.leave();
      }
      assert.deepEqual(world.asked, expected);
    }));
}

Deno.test("a redirect to the own host over https is to another origin", () =>
  withWorld(async (world) => {
    const { upstreams, asked, sources } = world;
    answer(world, "/index.yaml", redirect(`https://${OWN}/1`));
    const request = { url: `http://${OWN}`, credential: CREDENTIAL, maxBytes: 100 };
    await assert.rejects(sources[0](request), { reason: "unreachable" });
    assert.deepEqual(asked, ["own/index.yaml proven"]);
    assert.equal(upstreams["own"]!.requests.length, 1);
  }));

/** How an index names an archive, and who is asked for it; a text alone is a message. */
const REFERENCES: Record<string, string[] | RegExp> = {
  "a.tgz": ["own/charts/a.tgz proven"],
  "/a.tgz": ["own/a.tgz proven"],
  "../a.tgz": ["own/a.tgz proven"],
  [`http://${OWN}/a.tgz`]: ["own/a.tgz proven"],
  [`http://${OWN}:80/a.tgz`]: ["own/a.tgz proven"],
  [`http://eve:evil@${OWN}/a.tgz`]: ["own/a.tgz proven"],
  [`http://${OWN}:8080/a.tgz`]: ["own:8080/a.tgz"],
  [`http://${OTHER}/a.tgz`]: ["other/a.tgz"],
  [`http://${SUB}/a.tgz`]: ["sub/a.tgz"],
  [`http://eve:evil@${OTHER}/a.tgz`]: ["other/a.tgz"],
  [`http://${OWN}@${OTHER}/a.tgz`]: ["other/a.tgz"],
  [`//${OTHER}/a.tgz`]: ["other/a.tgz"],
  [`\\\\${OTHER}\\a.tgz`]: ["other/a.tgz"],
  [`/\\${OTHER}/a.tgz`]: ["other/a.tgz"],
  "http://127.0.0.1/a.tgz": /127\.0\.0\.1 is not public/,
  "//169.254.169.254/a.tgz": /169\.254\.169\.254 is not public/,
  "\\\\localhost\\a.tgz": /localhost is private/,
  "file:///etc/passwd": /http, https or s3 URL/,
};

for (const [reference, expected] of Object.entries(REFERENCES)) {
  const name = reference.replaceAll(DOMAIN, "example");
  Deno.test(`an archive at ${name} is asked for with the credential at the own origin alone`, () =>
    withWorld(async (world) => {
      const paths = ["/a.tgz", "/charts/a.tgz"];
      for (const path of paths) answer(world, path, () => new Response("end"));
      const url = `http://${OWN}/charts`;
      const request = { url, credential: CREDENTIAL, reference, maxBytes: 100 };
      const fetched = world.sources[1]({ ...request, what: "archive" });
      if (Array.isArray(expected)) {
        await fetched;
        assert.deepEqual(world.asked, expected);
      } else {
        await assert.rejects(fetched, (error) => {
          assert.match((error as IndexError).message, expected);
          return true;
        });
        assert.deepEqual(world.asked, []);
      }
    }));
}

Deno.test("an archive elsewhere shows no credential when it leads back to the repository", () =>
  withWorld(async (world) => {
    answer(world, "/a.tgz", redirect(`http://${OWN}/b.tgz`));
    answer(world, "/b.tgz", () => new Response("end"));
    const reference = `http://${OTHER}/a.tgz`;
    await world.sources[1]({
      what: "archive",
      url: `http://${OWN}`,
      credential: CREDENTIAL,
      reference,
      maxBytes: 100,
    });
    assert.deepEqual(world.asked, ["other/a.tgz", "own/b.tgz"]);
  }));
