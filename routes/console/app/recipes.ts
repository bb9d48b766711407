/** How a version is installed, in the words of the tools that do it. */

import { quoted } from "../parts/shell.ts";
import type { Opened } from "./load.ts";

/** Characters of the name of a release, and of a resource of Kubernetes. */
const MAX_RELEASE = 53, MAX_RESOURCE = 63;

/** Texts to be copied. Those of a repository that Helm does not reach by itself are absent. */
export interface Recipes {
  helm?: string;
  pull?: string;
  flux?: string;
  argo?: string;
  /** For the `Chart.yaml` of a chart that needs this one. */
  dependency?: string;
  /** The archive, through Chartroom. */
  curl: string;
}

/** Writes them for a version. */
export function recipesOf({ page, app, version, repo }: Opened): Recipes {
  const name = app.name, text = version.version;
  const path = `/v1${page.base}/apps/${app.app_id}/versions/${version.version_id}/package`;
  const archive = quoted(`${name}-${text}.tgz`.replaceAll("/", "-").replace(/^-/, "_"));
  const needsToken = page.who?.kind !== "open" && page.who?.kind !== "anonymous";
  const curl = [
    `curl -fsS ${quoted(page.url.origin + path)}`,
    ...(needsToken ? ['-H "Authorization: Bearer $CHARTROOM_TOKEN"'] : []),
    `| jq -r .package | base64 -d > ${archive}`,
  ].join(" \\\n  ");
  if (!/^https?:/i.test(repo.url)) return { curl };
  const release = slug(name, MAX_RELEASE), source = slug(repo.name, MAX_RESOURCE);
  const access = [
    ...(repo.credential_set ? ['--username "$HELM_USERNAME" --password "$HELM_PASSWORD"'] : []),
    ...(repo.ca_bundle_set ? ["--ca-file ca.pem"] : []),
    ...(repo.client_certificate_set ? ["--cert-file client.pem --key-file client-key.pem"] : []),
  ];
  const chosen = `--version ${quoted(text)}`;
  const dependency = lines([
    "dependencies:",
    `  - name: ${yaml(name)}`,
    `    version: ${yaml(text)}`,
    `    repository: ${yaml(repo.url)}`,
  ]);
  const pull = [
    "helm pull",
    `--repo ${quoted(repo.url)} ${chosen}`,
    ...access,
    // Whatever it begins with, it is no option.
    `-- ${quoted(name)}`,
  ].join(" \\\n  ");
  if (version.type === "library") return { curl, dependency, pull };
  return {
    curl,
    pull,
    helm: lines([
      [`helm repo add ${source} ${quoted(repo.url)}`, ...access].join(" \\\n  "),
      `helm repo update ${source}`,
      `helm install ${release} ${quoted(`${source}/${name}`)} ${chosen}`,
    ]),
    flux: fluxOf({ name, text, release, source, repo }),
    argo: lines([
      "apiVersion: argoproj.io/v1alpha1",
      "kind: Application",
      "metadata:",
      `  name: ${yaml(release)}`,
      "  namespace: argocd",
      "spec:",
      "  project: default",
      "  source:",
      `    repoURL: ${yaml(repo.url)}`,
      `    chart: ${yaml(name)}`,
      `    targetRevision: ${yaml(text)}`,
      "  destination:",
      "    server: https://kubernetes.default.svc",
      "    namespace: default",
    ]),
  };
}

function fluxOf(
  { name, text, release, source, repo }: {
    name: string;
    text: string;
    release: string;
    source: string;
    repo: Opened["repo"];
  },
): string {
  const secret = (field: string, suffix: string) => [
    `  ${field}:`,
    `    name: ${yaml(`${source}-${suffix}`)}`,
  ];
  return lines([
    "apiVersion: source.toolkit.fluxcd.io/v1",
    "kind: HelmRepository",
    "metadata:",
    `  name: ${yaml(source)}`,
    "  namespace: default",
    "spec:",
    "  interval: 1h",
    `  url: ${yaml(repo.url)}`,
    ...(repo.credential_set ? secret("secretRef", "credentials") : []),
    ...(repo.ca_bundle_set || repo.client_certificate_set ? secret("certSecretRef", "tls") : []),
    "---",
    "apiVersion: helm.toolkit.fluxcd.io/v2",
    "kind: HelmRelease",
    "metadata:",
    `  name: ${yaml(release)}`,
    "  namespace: default",
    "spec:",
    "  interval: 10m",
    "  chart:",
    "    spec:",
    `      chart: ${yaml(name)}`,
    `      version: ${yaml(text)}`,
    "      sourceRef:",
    "        kind: HelmRepository",
    `        name: ${yaml(source)}`,
  ]);
}

const lines = (texts: readonly string[]) => texts.join("\n");

/** A text as a scalar of YAML that is a text whatever it looks like, and seen as what it is. */
export function yaml(text: string): string {
  const isPlain = /^[A-Za-z][\w./-]*$/.test(text) &&
    !/^(true|false|null|yes|no|on|off|y|n)$/i.test(text);
  if (isPlain) return text;
  return JSON.stringify(text).replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (character) => `\\U${character.codePointAt(0)!.toString(16).padStart(8, "0")}`,
  );
}

/** A name that Kubernetes takes, made of one that it may not take. */
export function slug(text: string, max: number): string {
  const name = text.toLowerCase().replace(/[^a-z0-9]+/g, "-").slice(0, max).replace(/^-+|-+$/g, "");
  return name || "chart";
}
