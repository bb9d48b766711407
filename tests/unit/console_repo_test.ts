/** Commands that pages of a repository show are what a shell takes. */

import assert from "node:assert/strict";
import { helmCommand } from "../../routes/console/repo/helm.ts";
import { commandOf, SENDERS } from "../../routes/console/repo/senders.ts";

/** Prints each of its arguments on a line of its own, in the place of a program. */
async function argumentsOf(command: string): Promise<string[]> {
  const [program] = command.split(" ");
  const script = `${program}() { printf '%s\\0' "$@"; }\n${command}`;
  const { stdout, success } = await new Deno.Command("sh", { args: ["-c", script] }).output();
  assert.ok(success, command);
  return new TextDecoder().decode(stdout).split("\0").slice(0, -1);
}

const NONE = { credential_set: false, ca_bundle_set: false, client_certificate_set: false };

Deno.test("the command for Helm has the name and the URL as they are, whatever stands in them", async () => {
  const url = "https://charts.example/a?token=$(id)&b='c'";
  for (const name of ["bitnami", "ada's charts", "$(id) `id` \\", "港口", '"; id; "']) {
    const given = await argumentsOf(helmCommand({ name, url, ...NONE }));
    assert.deepEqual(given, ["repo", "add", name, url]);
  }
  const odd = await argumentsOf(helmCommand({ name: "--a/b", url, ...NONE }));
  assert.deepEqual(odd, ["repo", "add", "a-b", url]);
});

Deno.test("nothing in a name is what a terminal acts on", () => {
  const url = "https://charts.example/\u202ea";
  const command = helmCommand({ name: "a\u001b[201~\u0003\n id\n\u202e", url, ...NONE });
  assert.equal(
    command,
    "helm repo add $'a\\033[201~\\003\\012 id\\012\\342\\200\\256' " +
      "$'https://charts.example/\\342\\200\\256a'",
  );
});

Deno.test("the command for Helm has placeholders for what is set", () => {
  const all = { credential_set: true, ca_bundle_set: true, client_certificate_set: true };
  assert.equal(
    helmCommand({ name: "one", url: "https://charts.example", ...all }).replaceAll(" \\\n ", ""),
    "helm repo add one https://charts.example --username USER --password PASSWORD " +
      "--ca-file ca.pem --cert-file client.pem --key-file client.key",
  );
  const s3 = helmCommand({ name: "one", url: "s3://bucket/charts", ...NONE, credential_set: true });
  assert.equal(s3, "helm repo add one s3://bucket/charts");
});

Deno.test("each sender's command has the address and the secret in one piece", async () => {
  const url = "https://chartroom.example/v1/webhooks/repo-1", secret = "a'b $c";
  for (const sender of SENDERS) {
    const given = (await argumentsOf(commandOf(sender, url, secret))).join("\n");
    assert.ok(given.includes(url) && given.includes(secret), given);
  }
});
