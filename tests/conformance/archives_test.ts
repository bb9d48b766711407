/** Packages and files as a real KubeSphere gives them, of its recorded answers. */

import assert from "node:assert/strict";
import { withChartroom } from "../support/chartroom.ts";
import { digestOf } from "../support/chart_archive.ts";
import { registerChart } from "../support/charts.ts";
import { indexOf } from "../support/upstream.ts";
import { findCollections } from "./recording.ts";

const GOLDEN = new URL("../../../shared/golden/", import.meta.url);
/** The recordings need not lie beside the project. */
const ignore = (await findCollections()).every(({ root }) => root.href !== GOLDEN.href);

Deno.test(
  "recorded packages and files of KubeSphere are Chartroom's",
  { ignore },
  () =>
    withChartroom(async (chartroom, upstream) => {
      const recordings: { name: string; response: { body: string } }[] = JSON.parse(
        await Deno.readTextFile(new URL("version.json", GOLDEN)),
      );
      const recorded = (name: string) =>
        JSON.parse(recordings.find((recording) => recording.name === name)!.response.body);
      for (
        const [version, packaged, files] of [
          ["1.1.0", "package relative url", "files with filter is ignored"],
          ["1.0.0", "package absolute url", undefined],
        ] as const
      ) {
        const archive = await Deno.readFile(
          new URL(`fixtures/charts/alpha-${version}.tgz`, GOLDEN),
        );
        upstream.serve("/index.yaml", indexOf({ alpha: [{ version, digest: digestOf(archive) }] }));
        upstream.serve(`/alpha-${version}.tgz`, archive);
        const path = await registerChart(chartroom, upstream.url);
        const { body } = await chartroom.call("GET", `${path}/package`);
        assert.equal(body.package, recorded(packaged).package);
        if (files === undefined) continue;
        const all = (await chartroom.call("GET", `${path}/files`)).body;
        assert.deepEqual(all.files, recorded(files).files);
      }
    }),
);
