/** A chart repository on loopback: an index, real archives and icons, all made when it starts. */

import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { dump } from "js-yaml";
import { packTar } from "modern-tar";
import { filesOf } from "./sample_files.ts";

interface SampleChart {
  name: string;
  description: string;
  keywords: string[];
  /** Oldest first: chart version, packaged version, date. */
  versions: [version: string, appVersion: string, date: string][];
  category?: string;
  deprecated?: boolean;
  /** Other charts of the repository. */
  dependsOn?: string[];
}

/** Made up for this demonstration: services of a harbour. */
const CHARTS: SampleChart[] = [
  {
    name: "anchor",
    description: "Keeps stateful workloads where they are while nodes drain",
    keywords: ["storage", "scheduling"],
    versions: [["0.9.0", "0.9.2", "2024-02-11"], ["1.0.0", "1.0.0", "2024-07-30"], [
      "1.1.0",
      "1.0.4",
      "2025-01-15",
    ]],
  },
  {
    name: "beacon",
    description: "Announces services to clients outside of the cluster",
    keywords: ["network", "discovery"],
    versions: [["2.0.0", "2.0.0", "2024-03-05"], ["2.1.0", "2.1.1", "2024-09-18"]],
  },
  {
    name: "bosun",
    description: "Runs maintenance jobs on a schedule, one crew at a time",
    keywords: ["jobs", "cron"],
    versions: [["0.1.0", "0.1.0", "2023-11-02"], ["0.2.0", "0.2.0", "2024-05-21"], [
      "0.3.0",
      "0.3.1",
      "2025-03-09",
    ]],
  },
  {
    name: "cartographer",
    description: "Draws a map of which workload talks to which",
    keywords: ["observability", "network"],
    versions: [["3.4.0", "3.4.0", "2024-04-01"], ["3.5.0", "3.5.2", "2025-02-20"]],
  },
  {
    name: "compass",
    description: "A small relational database with replicas",
    keywords: ["database", "sql"],
    versions: [["14.0.0", "7.1", "2024-01-10"], ["14.9.0", "7.1", "2024-08-08"], [
      "14.10.0",
      "7.2",
      "2025-04-12",
    ]],
    category: "Database",
  },
  {
    name: "crowsnest",
    description: "Watches from above: metrics, dashboards and alerts",
    keywords: ["observability", "metrics"],
    versions: [["1.2.0", "10.4", "2024-06-06"], ["1.3.0", "11.0", "2025-05-01"]],
  },
  {
    name: "ferry",
    description: "Moves backups between object stores",
    keywords: ["backup", "storage"],
    versions: [["0.5.0", "0.5.0", "2024-02-02"], ["0.5.1", "0.5.1", "2024-02-16"], [
      "0.6.0",
      "0.6.0",
      "2024-12-24",
    ]],
  },
  {
    name: "figurehead",
    description: "A landing page for the services of a team",
    keywords: ["web"],
    versions: [["1.0.0", "1.0", "2023-10-10"], ["1.0.1", "1.0", "2023-12-01"]],
    deprecated: true,
  },
  {
    name: "galley",
    description: "Cooks container images from sources, cached by layer",
    keywords: ["build", "images"],
    versions: [["4.0.0", "4.0.0", "2024-09-09"], ["4.1.0", "4.1.3", "2025-01-31"]],
  },
  {
    name: "harbormaster",
    description: "Admits, queues and places batch workloads",
    keywords: ["scheduling", "batch"],
    dependsOn: ["semaphore", "compass"],
    versions: [["0.8.0", "0.8.0", "2024-10-10"], ["0.9.0-rc.1", "0.9.0-rc.1", "2025-05-05"]],
  },
  {
    name: "lighthouse",
    description: "Single sign-on for everything on the coast",
    keywords: ["identity", "oidc"],
    dependsOn: ["compass"],
    versions: [["5.0.0", "2.9", "2024-03-30"], ["5.1.0", "2.10", "2024-11-11"], [
      "6.0.0",
      "3.0",
      "2025-06-01",
    ]],
  },
  {
    name: "logbook",
    description: "Stores logs cheaply and finds them again",
    keywords: ["observability", "logs"],
    versions: [["1.10.0", "1.10", "2024-07-07"], ["1.9.0", "1.9", "2024-05-05"]],
  },
  {
    name: "pilot",
    description: "Guides traffic in: gateway and certificates",
    keywords: ["network", "gateway"],
    versions: [["2.3.0", "2.3.1", "2024-08-28"], ["2.4.0", "2.4.0", "2025-02-02"]],
  },
  {
    name: "semaphore",
    description: "A message broker with durable queues",
    keywords: ["messaging", "queue"],
    versions: [["0.4.0", "0.4", "2024-01-20"], ["0.5.0", "0.5", "2024-06-20"], [
      "0.6.0",
      "0.6",
      "2025-03-20",
    ]],
  },
];

export interface SampleRepository {
  /** `http://127.0.0.1:<port>` */
  url: string;
  charts: number;
  archives: number;
  close(): Promise<void>;
}

/** Builds the archives and serves them, on the given port or else on any that is free. */
export async function startSampleRepository(port: number): Promise<SampleRepository> {
  const files = new Map<string, { type: string; body: BodyInit }>();
  let archives = 0;
  const answer = (request: Request) => {
    const file = files.get(new URL(request.url).pathname);
    if (file === undefined) return new Response("Not found\n", { status: 404 });
    return new Response(file.body, { headers: { "content-type": file.type } });
  };
  const server = serveOnLoopback(port, answer);
  const url = `http://127.0.0.1:${server.addr.port}`;
  const entries: Record<string, unknown[]> = {};
  for (const chart of CHARTS) {
    files.set(`/icons/${chart.name}.svg`, { type: "image/svg+xml", body: drawIcon(chart.name) });
    for (const [version, appVersion, date] of chart.versions) {
      const metadata = describe(chart, url, version, appVersion);
      const archive = await packChart(chart, metadata, new Date(date));
      const path = `charts/${chart.name}-${version}.tgz`;
      files.set(`/${path}`, { type: "application/gzip", body: archive });
      archives++;
      (entries[chart.name] ??= []).unshift({
        ...metadata,
        created: `${date}T09:30:00Z`,
        digest: createHash("sha256").update(archive).digest("hex"),
        urls: [path],
      });
    }
  }
  const index = dump({ apiVersion: "v1", entries, generated: "2025-06-01T09:30:00Z" });
  files.set("/index.yaml", { type: "application/yaml", body: index });
  return { url, charts: CHARTS.length, archives, close: () => server.shutdown() };
}

/** Serves on 127.0.0.1, on the given port or else on any that is free. */
export function serveOnLoopback(
  port: number,
  answer: (request: Request) => Response | Promise<Response>,
): Deno.HttpServer<Deno.NetAddr> {
  const listen = (port: number) =>
    Deno.serve({ hostname: "127.0.0.1", port, onListen() {} }, answer);
  try {
    return listen(port);
  } catch (error) {
    const free = error instanceof Deno.errors.AddrInUse || error instanceof RangeError;
    if (!free) throw error;
    return listen(0);
  }
}

function describe(chart: SampleChart, url: string, version: string, appVersion: string) {
  return {
    apiVersion: "v2",
    name: chart.name,
    version,
    appVersion,
    description: chart.description,
    type: "application",
    keywords: chart.keywords,
    kubeVersion: ">=1.27.0-0",
    home: `${url}/`,
    sources: [`https://example.org/harbour/${chart.name}`],
    icon: `${url}/icons/${chart.name}.svg`,
    maintainers: [{ name: "Harbour Works", email: "harbour@example.org" }],
    annotations: {
      "artifacthub.io/license": "Apache-2.0",
      ...(chart.category && { "app.kubesphere.io/category": chart.category }),
    },
    ...(chart.dependsOn && {
      dependencies: chart.dependsOn.map((name) => ({
        name,
        version: ">=0.1.0",
        repository: url,
        condition: `${name}.enabled`,
      })),
    }),
    ...(chart.deprecated && { deprecated: true }),
  };
}

async function packChart(
  { name, description, versions }: SampleChart,
  metadata: ReturnType<typeof describe>,
  mtime: Date,
): Promise<Uint8Array<ArrayBuffer>> {
  const { version, appVersion } = metadata;
  const texts: Record<string, string> = {
    "Chart.yaml": dump(metadata),
    ...filesOf({ name, description, version, appVersion }, version === versions.at(-1)![0]),
  };
  const tar = await packTar(
    Object.entries(texts).map(([path, text]) => {
      const body = new TextEncoder().encode(text);
      return { header: { name: `${name}/${path}`, size: body.length, type: "file", mtime }, body };
    }),
  );
  return Uint8Array.from(gzipSync(tar));
}

/** A disc with the chart's initial, in a colour that follows from its name. */
function drawIcon(name: string): string {
  const hue = createHash("sha256").update(name).digest()[0]! * 360 >> 8;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64">` +
    `<circle cx="32" cy="32" r="30" fill="hsl(${hue} 55% 40%)"/>` +
    `<text x="32" y="43" font-family="sans-serif" font-size="32" text-anchor="middle" ` +
    `fill="#fff">${name[0]!.toUpperCase()}</text></svg>`;
}
