/** Charts with files in them, in several versions, as an upstream serves them. */

import { archiveOf, digestOf, type Packed } from "./chart_archive.ts";
import type { Chartroom } from "./chartroom.ts";
import { indexOf, type Upstream, type VersionSpec } from "./upstream.ts";

/** Contents by name, without the chart's folder. */
export type ChartFiles = Readonly<Record<string, string | Uint8Array<ArrayBuffer>>>;

/**
 * Serves a chart whose versions have these files, and registers its repository.
 *
 * @param more What the index says of each version beside.
 * @returns The id of the app.
 */
export async function serveCharts(
  { register, call }: Chartroom,
  upstream: Upstream,
  versions: Readonly<Record<string, ChartFiles>>,
  more: Readonly<Record<string, Partial<VersionSpec>>> = {},
): Promise<string> {
  const specs: VersionSpec[] = [];
  for (const [version, files] of Object.entries(versions)) {
    const packed = Object.entries(files).map(([name, text]): Packed => [`harbour/${name}`, text]);
    const archive = await archiveOf([["harbour/Chart.yaml", chartYaml(version)], ...packed]);
    upstream.serve(`/harbour-${version}.tgz`, archive);
    specs.push({ version, digest: digestOf(archive), ...more[version] });
  }
  upstream.serve("/index.yaml", indexOf({ harbour: specs }));
  const repo = await register(upstream.url);
  const { items } = (await call("GET", `/v1/apps?conditions=repo_id=${repo}`)).body;
  return items[0].app_id;
}

function chartYaml(version: string): string {
  return `apiVersion: v2\nname: harbour\nversion: ${version}\n`;
}

export const VALUES = `# Settings of a harbour
## @param replicaCount How many piers there are
replicaCount: 2
image: &image
  repository: registry.example.org/harbour
  tag: "1.4.0" # as of today
  pullPolicy: IfNotPresent
copy: *image
lights:
  - name: north
    enabled: true
    range: 12.5
  - {name: south, enabled: false, range: null}
config: |
  # no comment, but a part of the text
  depth: 9
service:
  type: ClusterIP
  port: 8080
`;

export const SCHEMA = JSON.stringify({
  $schema: "http://json-schema.org/draft-07/schema#",
  title: "Values of a harbour",
  type: "object",
  required: ["replicaCount"],
  additionalProperties: false,
  properties: {
    replicaCount: { type: "integer", minimum: 1, maximum: 9, default: 2, description: "Piers" },
    image: {
      type: "object",
      required: ["repository"],
      properties: {
        repository: { type: "string", pattern: "^[a-z./-]+$" },
        pullPolicy: { enum: ["Always", "IfNotPresent", "Never"], default: "IfNotPresent" },
      },
    },
    lights: { type: "array", items: { $ref: "#/definitions/light" }, uniqueItems: true },
    service: {
      oneOf: [
        { type: "object", properties: { port: { type: "integer", format: "int32" } } },
        { type: ["string", "null"], deprecated: true },
      ],
    },
    labels: { type: "object", additionalProperties: { type: "string", maxLength: 63 } },
    extra: { type: "object", patternProperties: { "^x-": { type: "string" } } },
  },
  definitions: {
    light: {
      type: "object",
      properties: {
        name: { type: "string", minLength: 1 },
        beside: { $ref: "#/definitions/light" },
      },
    },
  },
});

/** Values of about 200 KB, with comments and nesting as those of large charts. */
export function largeValues(): string {
  let text = "";
  for (let i = 0; i < 65; i++) {
    text +=
      `## Configuration of component ${i}, see https://example.org/docs/components/${i}\n##\n`;
    text += `component${i}:\n  enabled: ${i % 3 === 0}\n  image:\n    registry: quay.io\n`;
    text += `    repository: prometheus/component-${i}\n    tag: v0.${i}.${i % 7}\n    sha: ""\n`;
    for (let j = 0; j < 8; j++) {
      text +=
        `  ## Option ${j} of component ${i}. Sets what is scraped, when, and by which of them\n`;
      text += `  # option${j}:\n  #   interval: ${j * 15 + 5}s\n  option${j}:\n    enabled: true\n`;
      text += `    interval: "${(i * 7 + j) % 90}s"\n    labels: {team: team-${(i * j) % 23}}\n`;
      text += `    resources:\n      limits:\n        memory: ${(i + j) % 64}Mi\n`;
    }
  }
  return text;
}

export const TEMPLATES: ChartFiles = {
  "templates/_helpers.tpl": `{{- define "harbour.name" -}}\n{{ .Chart.Name }}\n{{- end }}\n`,
  "templates/deployment.yaml": `{{- /* of the piers */ -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "harbour.name" . }}-pier
spec:
  replicas: {{ .Values.replicaCount }}
  {{- if .Values.lights }}
  lights: "{{ len .Values.lights }} of them"
  {{- end }}
`,
  "templates/service.yaml": "kind: Service\napiVersion: v1\n",
  "templates/NOTES.txt": "Welcome to the harbour.\n",
  "crds/pier.yaml": "kind: CustomResourceDefinition\n",
  "charts/beacon/Chart.yaml": "name: beacon\n",
  "charts/beacon/templates/lamp.yaml": "kind: Lamp\n",
  "README.md": "# Harbour\n",
  "files/logo.bin": new Uint8Array([0, 1, 2, 255]),
};
