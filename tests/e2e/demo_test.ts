import assert from "node:assert/strict";
import { start, withFolder } from "../support/process.ts";

Deno.test("the demo registers, syncs and lists its sample, goes on serving, and ends on Ctrl-C", () =>
  withFolder(async (folder) => {
    const demo = start("docs/demo/demo.ts", { PORT: "47100" }, "stdout", folder);
    await demo.saw(/^Ctrl-C ends it/);
    const text = demo.lines.join("\n");
    assert.match(text, /sync successful in \d+ ms, \d+ bytes, generation \d+/);
    assert.match(text, /^APP +VERSION +APP VERSION +VERSIONS +CATEGORY +DESCRIPTION$/m);
    assert.match(text, /^compass +14\.10\.0 +7\.2 +3 +Database +A small relational database/m);
    assert.match(text, /^figurehead \(deprecated\) +1\.0\.1 /m);
    assert.match(text, /^harbormaster +0\.8\.0 /m);
    assert.match(text, /^logbook +1\.10\.0 /m);
    const urls = text.match(/^ {2}http:\S+$/gm)!.map((url) => url.trim());
    assert.equal(urls.length, 6);
    for (const url of urls) {
      const response = await fetch(url);
      assert.equal(response.status, 200, url);
      await response.body?.cancel();
    }
    const index = await (await fetch(urls.at(-1)!)).text();
    const [, path, digest] = /digest: (\w+)\n(?:.*\n)*?.*urls:\n\s+- (\S+)/.exec(index)!
      .map((_, i, all) => [all[0], all[2], all[1]][i]);
    const archive = await (await fetch(new URL(path!, urls.at(-1)!))).bytes();
    const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", archive)).toHex();
    assert.equal(hash, digest);
    demo.kill("SIGINT");
    assert.equal((await demo.status).code, 0);
  }));
