/** Runs the README's walk as it is written, against the demo. Needs bash and curl. */

import assert from "node:assert/strict";

const ROOT = new URL("../", import.meta.url).pathname;

Deno.test("the README's walk runs as written", async () => {
  const readme = await Deno.readTextFile(`${ROOT}README.md`);
  const [, walk] = /readme_test\.ts[^]*?```sh\n([^]*?)```/.exec(readme)!;
  const demo = new Deno.Command(Deno.execPath(), {
    args: ["task", "demo"],
    cwd: ROOT,
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const lines = demo.stdout.pipeThrough(new TextDecoderStream());
  let said = "";
  for await (const text of lines.values({ preventCancel: true })) {
    said += text;
    if (said.includes("Ctrl-C ends it")) break;
  }
  // Twice: it leaves nothing behind.
  const output = await new Deno.Command("bash", {
    args: ["-euo", "pipefail", "-c", `${walk}\n${walk}`],
  }).output();
  const text = new TextDecoder().decode(output.stdout);
  // deno-lint-ignore no-console -- what a reader of the README would see
  console.log(text);
  demo.kill("SIGINT");
  await lines.cancel();
  await demo.status;

  assert.equal(output.code, 0, new TextDecoder().decode(output.stderr));
  const answers = text.trim().split("\n").map((line) => JSON.parse(line));
  // How many times its progress is told depends on how fast it is.
  const told = (answer: { state?: string }) => answer.state !== undefined;
  const steps = answers.filter((answer) => !told(answer));
  const [made, repo, action, result, events, webhook, announced, apps, ...rest] = steps;
  const [versions, latest, files, search, deleted] = rest;
  assert.equal(steps.length, 26);
  assert.deepEqual(deleted, { message: "success" });
  assert.equal(result.repo_event_id, action.repo_event_id);
  assert.equal(result.status, "successful");
  assert.match(webhook.secret, /^crw_/);
  assert.equal(announced.message, "success");
  assert.match(made.repo_id, /^repo-/);
  assert.equal(repo.name, "harbour");
  assert.equal(action.message, "success");
  assert.ok(Array.isArray(events.items));
  assert.equal(apps.items.length, 2);
  assert.equal(apps.items[0].name, "anchor");
  assert.equal(versions.items[0].name, "1.1.0 [1.0.4]");
  assert.equal(latest.version, "1.1.0");
  assert.deepEqual(Object.keys(files.files), ["README.md"]);
  assert.match(atob(files.files["README.md"]), /^# anchor/);
  assert.equal(files.version_id, latest.version_id);
  assert.equal(search.items[0].name, "lighthouse");
});
