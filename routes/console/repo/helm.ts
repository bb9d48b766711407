/** The command line that adds a repository to a Helm client. */

import { quoted } from "../parts/shell.ts";
import type { Repo } from "../api.ts";

/** `helm repo add NAME URL`, with placeholders for what Chartroom does not show. */
export function helmCommand(
  { name, url, credential_set, ca_bundle_set, client_certificate_set }: Pick<
    Repo,
    "name" | "url" | "credential_set" | "ca_bundle_set" | "client_certificate_set"
  >,
): string {
  const isS3 = url.startsWith("s3:");
  return [
    `helm repo add ${quoted(aliasOf(name))} ${quoted(url)}`,
    ...credential_set && !isS3 ? ["--username USER --password PASSWORD"] : [],
    ...ca_bundle_set ? ["--ca-file ca.pem"] : [],
    ...client_certificate_set ? ["--cert-file client.pem --key-file client.key"] : [],
  ].join(" \\\n  ");
}

/** Helm takes no slash, and what begins with a dash is an option to it. */
function aliasOf(name: string): string {
  return name.replaceAll("/", "-").replace(/^-+/, "") || "repository";
}
