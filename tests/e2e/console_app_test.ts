/** The pages of an app in a browser: reading, choosing a version, and copying how it is installed. */

import assert from "node:assert/strict";
import { serveCharts } from "../support/app_pages.ts";
import { accessible, type Page } from "../support/browser.ts";
import { type Console, withConsole } from "../support/console.ts";

const README = `# Redis

A store. [Use](#use) it.

### Install

| Name | Meaning of what this value is for, at some length | |
| ---- | ------- | - |
| \`replica.persistence.storageClass\` | ${"word ".repeat(20)} | 1 |

- [x] done

\`\`\`sh
helm install my-release bitnami/redis --set auth.password=secret --set master.persistence.size=8Gi
\`\`\`

> A quote.

${"A paragraph.\n\n".repeat(60)}

## Use

The end.
`;
const HOSTILE = `<script>document.title = "taken"</script><style>body{display:none}</style>
<form action="/sign-out" method="post"><button>Go</button></form>

<h1 id="main">First</h1>

<img src="https://203.0.113.1/pixel.png" onerror="alert(1)">

[click](javascript:alert(1)) <a id="constraint" name="version-list" href="#main">main</a>

##### Deep
`;

async function serve({ chartroom, upstream }: Console): Promise<Record<string, string>> {
  const versions = Array.from({ length: 40 }, (_, minor) => ({
    version: `1.${minor}.0`,
    appVersion: `7.${minor}`,
    ...(minor === 39 && {
      type: "application",
      kubeVersion: ">=1.25.0-0",
      home: "https://example.com/",
      keywords: ["cache", "database"],
      maintainers: [
        { name: "Ann", email: "ann@example.com" },
        { name: "Eve", url: "javascript:alert(1)" },
      ],
      dependencies: [{ name: "common", version: "2.x", condition: "common.enabled" }],
      annotations: { category: "Database", "artifacthub.io/license": "Apache-2.0" },
    }),
  }));
  const apps = await serveCharts(
    chartroom,
    upstream,
    {
      redis: [...versions, "2.0.0-rc.1"],
      hostile: ["1.0.0"],
      common: [{ version: "2.0.0", type: "library" }],
      old: [{ version: "1.0.0", deprecated: true }],
    },
    { "redis-1.39.0": README, "redis-1.5.0": "# Redis 1.5\n", "hostile-1.0.0": HOSTILE },
    {
      name: "Charts",
    },
  );
  // Those are there at once, however busy the machine is; where they are not, scripts are needed.
  const path = `/v1/apps/${apps.redis}/versions`;
  const { body } = await chartroom.call("GET", `${path}?constraint=1.39.0||1.5.0`);
  for (const { version_id } of body.items) {
    await chartroom.call("GET", `${path}/${version_id}/readme`);
  }
  return Object.fromEntries(Object.entries(apps).map(([name, id]) => [name, `/apps/${id}`]));
}

const textOf = async (page: Page, selector: string) => await page.locator(selector).innerText();
const picks = (page: Page) => page.locator("#version-list li a > span:first-child").allInnerTexts();

/** Waits for something that a script does; there is nothing else to wait for. */
async function until(what: () => Promise<boolean>) {
  for (const deadline = Date.now() + 10_000; !await what();) assert.ok(Date.now() < deadline);
}

Deno.test("a README is read by its contents, and a version is chosen by a constraint", () =>
  withConsole(async (console) => {
    const paths = await serve(console);
    const page = await console.open();
    await page.goto(paths.redis!);
    const contents = page.getByRole("navigation", { name: "Contents" });
    assert.deepEqual(await contents.getByRole("link").allInnerTexts(), ["Redis", "Install", "Use"]);
    await contents.getByRole("link", { name: "Use" }).click();
    const place = (await page.locator("#readme-use").boundingBox())!;
    assert.ok(place.y > 40 && place.y < 720, "what a link leads to is not below the head");
    await page.locator(".readme").getByRole("link", { name: "Use" }).waitFor();

    await page.locator(".version-picker > summary").click();
    assert.equal((await picks(page)).length, 30);
    const field = page.getByLabel("Constraint");
    await field.pressSequentially("~1.5");
    await until(async () => (await picks(page)).join() === "1.5.0");
    await field.fill("nonsense");
    await page.getByRole("alert").getByText("cannot be read").waitFor();
    assert.equal(await field.getAttribute("aria-invalid"), "true");
    await accessible(page);
    await field.fill(">=1.4 <1.7");
    await until(async () => (await picks(page)).join() === "1.6.0,1.5.0,1.4.0");
    assert.equal(await field.getAttribute("aria-invalid"), null);
    await field.fill("");
    await page.getByLabel("With pre-releases").check();
    await until(async () => (await textOf(page, "#version-list")).includes("All 41 versions"));
    await field.fill("1.5.0");
    await until(async () => (await picks(page)).length === 1);
    await page.locator("#version-list a").first().click();
    await page.waitForURL(/\?version=1\.5\.0$/);
    assert.match(await textOf(page, ".readme h2"), /Redis 1\.5/);
    assert.match(await textOf(page, ".install"), /--version 1\.5\.0/);
    await page.getByRole("link", { name: /^Versions/ }).click();
    await page.waitForURL(/\/versions\?version=1\.5\.0$/);
    await page.getByRole("row", { name: /^1\.4\.0/ }).getByRole("link", { name: /With 1\.5\.0/ })
      .click();
    await page.waitForURL(/\/diff\?version=1\.5\.0&from=1\.4\.0$/);
  }));

Deno.test("each way to install is copied as it stands there", () =>
  withConsole(async (console) => {
    const paths = await serve(console);
    const page = await console.open();
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    await page.goto(paths.redis!);
    const ways = ["Helm", "Flux", "Argo CD", "KubeSphere", "helm pull", "curl"];
    assert.deepEqual(await page.locator(".way > summary").allInnerTexts(), ways);
    for (const name of ways) {
      const way = page.locator(".way", { has: page.getByText(name, { exact: true }) });
      if (name !== "Helm") await way.locator("summary").click();
      await way.getByRole("button").click();
      await way.getByText("Copied").waitFor();
      const copied = await page.evaluate("navigator.clipboard.readText()");
      assert.equal(copied, await way.locator("pre").textContent(), name);
    }
    await page.getByRole("button", { name: "Copy the digest" }).click();
    await until(async () =>
      /^[0-9a-f]{64}$/.test(await page.evaluate("navigator.clipboard.readText()"))
    );
  }));

Deno.test("a hostile README changes nothing but its own place", () =>
  withConsole(async (console) => {
    const paths = await serve(console);
    const page = await console.open();
    await page.goto(paths.hostile!);
    assert.match(await page.title(), /^hostile 1\.0\.0/);
    assert.equal(await page.locator(".readme :is(script, style, form, button, img)").count(), 0);
    assert.equal(await page.locator("#main").count(), 1);
    assert.deepEqual(await page.locator(".readme :is(h1,h2,h3,h4,h5,h6)").allInnerTexts(), [
      "First",
      "Deep",
    ]);
    await accessible(page);
  }));

Deno.test("a README that comes slowly is shown when it has come", () =>
  withConsole(async (console) => {
    const paths = await serve(console);
    const { promise: go, resolve } = Promise.withResolvers<void>();
    console.upstream.serve("/old-1.0.0.tgz", async ({ signal }) => {
      signal.addEventListener("abort", () => resolve());
      await go;
      return new Response(null, { status: 404 });
    });
    const page = await console.open();
    await page.goto(paths.old!);
    await page.getByText("is being fetched").waitFor();
    await page.getByText("This version is deprecated.").waitFor();
    await accessible(page);
    resolve();
    await page.getByText("The README is not to be had.").waitFor();
    await accessible(page);
  }));

Deno.test("without scripts, a version is chosen and a README is read all the same", () =>
  withConsole(async (console) => {
    const paths = await serve(console);
    const page = await console.open({ javaScript: false });
    await page.goto(paths.redis!);
    await page.getByRole("heading", { name: "Install", exact: true }).first().waitFor();
    assert.equal(await page.getByRole("button", { name: /^Copy/ }).count(), 0);
    await page.locator(".version-picker > summary").click();
    await page.getByLabel("Constraint").fill("no constraint");
    await page.getByRole("button", { name: "Apply" }).click();
    await page.getByRole("alert").getByText("cannot be read").waitFor();
    assert.equal(await page.getByLabel("Constraint").getAttribute("aria-invalid"), "true");
    await page.getByLabel("Constraint").fill("1.5.x");
    await page.getByRole("button", { name: "Apply" }).click();
    await page.locator("#version-list").getByRole("link", { name: "1.5.0" }).click();
    assert.match(await textOf(page, ".readme h2"), /Redis 1\.5/);
    await page.locator(".way", { hasText: "Argo CD" }).locator("summary").click();
    await page.getByText("argoproj.io/v1alpha1").waitFor();
  }));

Deno.test("a version is chosen with the keyboard alone", () =>
  withConsole(async (console) => {
    const paths = await serve(console);
    const page = await console.open();
    await page.goto(paths.redis!);
    const { keyboard } = page;
    const focused = () => page.evaluate<string>("document.activeElement.innerText ?? ''");
    await page.getByRole("link", { name: "Charts", exact: true }).focus();
    await keyboard.press("Tab");
    assert.match(await focused(), /^Version/);
    await keyboard.press("Enter");
    await keyboard.press("Tab");
    await keyboard.type("1.5.0");
    await until(async () => (await picks(page)).join() === "1.5.0");
    await keyboard.press("Tab");
    await keyboard.press("Tab");
    assert.match(await focused(), /^1\.5\.0/);
    await keyboard.press("Escape");
    assert.match(await focused(), /^Version/);
    assert.equal(await page.locator(".version-picker[open]").count(), 0);
    await keyboard.press("Enter");
    for (let i = 0; i < 3; i++) await keyboard.press("Tab");
    await keyboard.press("Enter");
    await page.waitForURL(/version=1\.5\.0/);
    // What is too wide is scrolled with keys.
    await page.goto(paths.redis!);
    await page.getByRole("group", { name: "Code" }).focus();
    await keyboard.press("ArrowRight");
  }));

for (
  const view of [
    { theme: "light", width: 1_440, language: "en" },
    { theme: "dark", width: 1_440, language: "zh-CN" },
    { theme: "light", width: 360, language: "zh-CN" },
    { theme: "dark", width: 360, language: "en" },
  ] as const
) {
  const { theme, width, language } = view;
  Deno.test(`an app's pages are for everybody, ${theme}, ${width} pixels, ${language}`, () =>
    withConsole(async (console) => {
      const paths = await serve(console);
      const page = await console.open({ ...view, height: 900 });
      for (const path of [paths.redis, `${paths.redis}/versions`, paths.old, paths.common]) {
        await page.goto(path!);
        await accessible(page);
        const wide = await page.evaluate<number>("document.documentElement.scrollWidth");
        assert.ok(wide <= width, `${path} is ${wide} pixels wide`);
      }
      await page.goto(paths.redis!);
      await page.locator(".version-picker > summary").click();
      const menu = (await page.locator(".version-picker > div").boundingBox())!;
      assert.ok(menu.x >= 0 && menu.x + menu.width <= width);
      await accessible(page);
      if (language === "zh-CN") await page.getByText("包含预发布版本").waitFor();
    }));
}
