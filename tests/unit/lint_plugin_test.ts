import assert from "node:assert/strict";
import plugin from "../../.ci/lint_plugin.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const lint = (place: string, source: string) =>
  Deno.lint.runPlugin(plugin, ROOT + place, source).map(({ message }) => message);

Deno.test("imports run one way", () => {
  const imports = (target: string) => `import { x } from "${target}"; export { x };`;
  const allowed: [string, string][] = [
    ["main.ts", "./routes/app.ts"],
    ["routes/repos.ts", "../src/sync/repositories.ts"],
    ["src/sync/tick.ts", "../store/due.ts"],
    ["src/sync/tick.ts", "../access/secrets.ts"],
    ["src/store/kv.ts", "../helm/chart.ts"],
    ["src/helm/merge.ts", "js-yaml"],
  ];
  const refused: [string, string][] = [
    ["routes/repos.ts", "../main.ts"],
    ["src/sync/tick.ts", "../../routes/app.ts"],
    ["src/store/kv.ts", "../sync/syncer.ts"],
    ["src/helm/merge.ts", "../store/kv.ts"],
    ["src/catalog/query.ts", "../services.ts"],
    ["src/sync/tick.ts", "../../tests/support/upstream.ts"],
  ];
  for (const [place, target] of allowed) assert.deepEqual(lint(place, imports(target)), []);
  for (const [place, target] of refused) {
    assert.equal(lint(place, imports(target)).length, 1, `${place} imports ${target}`);
    assert.equal(lint(place, `export * from "${target}";`).length, 1);
    assert.equal(lint(place, `await import("${target}");`).length, 1);
  }
});

Deno.test("what is not the project's own is named in deno.json alone", () => {
  for (const place of ["src/helm/yaml.ts", "tests/unit/x_test.ts", "bench/main.ts", ".ci/x.ts"]) {
    for (const target of ["npm:js-yaml@5.5.0", "jsr:@std/yaml", "https://example.org/x.ts"]) {
      assert.equal(lint(place, `import x from "${target}"; export { x };`).length, 1);
      assert.equal(lint(place, `await import("${target}");`).length, 1);
    }
    assert.deepEqual(lint(place, `import x from "js-yaml"; import y from "node:fs";`), []);
  }
});

Deno.test("what one place alone may use is refused elsewhere", () => {
  const cases: [string, string, number][] = [
    ["src/sources/http.ts", "await fetch(x);", 0],
    ["src/sync/sync_repo.ts", "await fetch(x);", 1],
    ["src/sync/sync_repo.ts", "await globalThis.fetch(x);", 1],
    ["src/sync/sync_repo.ts", "await source.fetch(x);", 0],
    ["src/store/kv.ts", "await Deno.openKv();", 0],
    ["src/services.ts", "await Deno.openKv();", 1],
    ["src/store/repos.ts", "kv.get(key);", 0],
    ["routes/repos.ts", "kv.get(key);", 1],
    ["routes/repos.ts", "services.kv.commit(f);", 1],
    ["src/services.ts", "kv.close();", 0],
    ["src/config.ts", "Deno.env.toObject();", 0],
    ["src/services.ts", "Deno.env.get(x);", 1],
    ["src/helm/merge.ts", "new Date(now);", 0],
    ["src/helm/merge.ts", "Date.now();", 1],
    ["src/helm/merge.ts", "Math.random();", 1],
    ["tests/unit/x_test.ts", "await fetch(x); kv.get(key); Deno.env.get(x);", 0],
  ];
  for (const [place, source, count] of cases) {
    assert.equal(lint(place, source).length, count, `${place}: ${source}`);
  }
});
