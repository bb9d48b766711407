import assert from "node:assert/strict";
import { call, eventually, startProcess, withFolder } from "../support/process.ts";
import { indexOf, startUpstream } from "../support/upstream.ts";

const ROOT = new URL("../../", import.meta.url).pathname;

Deno.test("the README's TypeScript runs in a project that has no options of its own", async () => {
  const readme = await Deno.readTextFile(`${ROOT}README.md`);
  const [, example] = /client_test\.ts[^]*?```ts\n([^]*?)```/.exec(readme)!;
  const { version } = JSON.parse(await Deno.readTextFile(`${ROOT}deno.json`));
  const upstream = startUpstream();
  upstream.serve("/index.yaml", indexOf({ one: ["1.0.0"] }));
  const chartroom = await startProcess({
    CHARTROOM_KV: ":memory:",
    CHARTROOM_ALLOW_UPSTREAM: "127.0.0.1",
  });
  try {
    await call(chartroom, "POST", "/v1/repos", { name: "harbour", url: upstream.url });
    await eventually(
      () => call(chartroom, "GET", "/v1/repos"),
      ({ items: [repo] }) => repo.status === "successful",
    );
    await withFolder(async (folder) => {
      const imports = { "@chartroom/chartroom": `jsr:@chartroom/chartroom@${version}` };
      await Deno.writeTextFile(
        `${folder}/deno.json`,
        JSON.stringify({ links: [ROOT], imports }),
      );
      await Deno.writeTextFile(
        `${folder}/main.ts`,
        example!.replace("http://127.0.0.1:8000", chartroom.url),
      );
      const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args: ["run", "--check", "--no-lock", "--allow-net", "main.ts"],
        cwd: folder,
      }).output();
      assert.equal(code, 0, new TextDecoder().decode(stderr));
      assert.match(new TextDecoder().decode(stdout), /^harbour successful \d{4}-.*Z\n$/);
    });
  } finally {
    chartroom.kill("SIGTERM");
    await chartroom.status;
    await upstream.close();
  }
});
