/** Charts with archives, for tests of the pages of an app. */

import { archiveOf, digestOf } from "./chart_archive.ts";
import type { Chartroom } from "./chartroom.ts";
import { indexOf, type Upstream, type VersionSpec } from "./upstream.ts";

/** Serves an index, and archives of their READMEs by `chart-version`; gives the ids of its apps by name. */
export async function serveCharts(
  chartroom: Chartroom,
  upstream: Upstream,
  charts: Record<string, (string | VersionSpec)[]>,
  readmes: Record<string, string> = {},
  more: Record<string, unknown> = {},
): Promise<Record<string, string>> {
  const digests = new Map<string, string>();
  for (const [name, readme] of Object.entries(readmes)) {
    const chart = name.replace(/-[^-]*$/, "");
    const archive = await archiveOf([
      [`${chart}/Chart.yaml`, `name: ${chart}\n`],
      [`${chart}/README.md`, readme],
    ]);
    digests.set(name, digestOf(archive));
    upstream.serve(`/${name}.tgz`, archive);
  }
  const specs = Object.entries(charts).map(([name, versions]) => {
    const specs = versions.map((spec) => {
      const given = typeof spec === "string" ? { version: spec } : spec;
      const digest = digests.get(`${name}-${given.version}`);
      return { ...(digest && { digest }), ...given };
    });
    return [name, specs] as const;
  });
  upstream.serve("/index.yaml", indexOf(Object.fromEntries(specs)));
  const repoId = await chartroom.register(upstream.url, more);
  const workspace = more.workspace ? `/workspaces/${more.workspace}` : "";
  const path = `/v1${workspace}/apps?limit=-1&conditions=repo_id=${repoId}`;
  const { body } = await chartroom.call("GET", path);
  return Object.fromEntries(
    body.items.map(({ name, app_id }: Record<"name" | "app_id", string>) => [name, app_id]),
  );
}
