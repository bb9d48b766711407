/** Values, schema, files and comparison of a chart in a real browser. */

import assert from "node:assert/strict";
import { accessible, type Page, weightOf } from "../support/browser.ts";
import { type Console, withConsole } from "../support/console.ts";
import {
  type ChartFiles,
  largeValues,
  SCHEMA,
  serveCharts,
  TEMPLATES,
  VALUES,
} from "../support/files_of_charts.ts";

const FILES: ChartFiles = { "values.yaml": VALUES, "values.schema.json": SCHEMA, ...TEMPLATES };
const OLD = { ...FILES, "values.yaml": VALUES.replace("replicaCount: 2", "replicaCount: 1") };
/** Bytes of a page with all that it asks for. */
const MAX_WEIGHT = 100_000;

function withFiles(test: (console: Console, base: string) => Promise<void>): Promise<void> {
  return withConsole(async (console) => {
    const { chartroom, upstream } = console;
    const large = { ...FILES, "values.yaml": largeValues() };
    const versions = { "1.0.0": OLD, "1.1.0": FILES, "0.9.0": large };
    await test(console, `/apps/${await serveCharts(chartroom, upstream, versions)}`);
  }, { environment: { CHARTROOM_RATE_LIMIT: "off" } });
}

/** What the output beside the search says. */
const foundOf = (page: Page) => page.locator(".find output").textContent();

Deno.test("values are searched, copied and gone through by their keys", () =>
  withFiles(async ({ open }, base) => {
    const page = await open();
    await page.goto(`${base}/values`);
    await page.keyboard.press("/");
    await page.keyboard.type("ENABLED");
    assert.equal(await foundOf(page), "1 / 2");
    await page.keyboard.press("Enter");
    assert.equal(await foundOf(page), "2 / 2");
    await page.keyboard.press("Enter");
    await page.keyboard.press("Shift+Enter");
    assert.equal(await foundOf(page), "2 / 2");
    const marked = await page.evaluate(() =>
      // deno-lint-ignore no-explicit-any -- what the browser has
      [...(globalThis as any).CSS.highlights.get("found")].map(String)
    );
    assert.deepEqual(marked, ["enabled", "enabled"]);
    // A text that is in several pieces of different colours.
    await page.getByLabel("Search in this text").fill("replicaCount: 2");
    assert.equal(await foundOf(page), "1 / 1");
    await page.getByLabel("Search in this text").fill("nowhere");
    assert.equal(await foundOf(page), "No matches");
    assert.ok(await page.getByLabel("Next match").isDisabled());

    await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    await page.getByRole("button", { name: "Copy" }).click();
    await page.getByText("Copied").waitFor();
    // deno-lint-ignore no-explicit-any -- what the browser has
    const copied = await page.evaluate(() => (navigator as any).clipboard.readText());
    assert.equal(copied, VALUES);

    await page.getByRole("navigation", { name: "Top-level keys" }).getByRole("link").last().click();
    assert.equal(new URL(page.url()).hash, "#L17");
    const download = page.waitForEvent("download");
    await page.getByRole("link", { name: "Download" }).click();
    assert.equal((await download).suggestedFilename(), "values.yaml");
  }));

Deno.test("what is selected has neither numbers nor more lines than there are", () =>
  withFiles(async ({ open }, base) => {
    const page = await open();
    await page.goto(`${base}/values`);
    const selected = await page.evaluate(() => {
      // deno-lint-ignore no-explicit-any -- what the browser has
      const { document, getSelection } = globalThis as any;
      getSelection().selectAllChildren(document.getElementById("code"));
      return getSelection().toString();
    });
    assert.equal(selected.trimEnd(), VALUES.trimEnd());
  }));

Deno.test("a schema is unfolded, and opened where something is found", () =>
  withFiles(async ({ open }, base) => {
    const page = await open();
    await page.goto(`${base}/schema`);
    const inner = page.getByText("pullPolicy");
    assert.ok(!await inner.isVisible());
    await page.getByLabel("Search in this text").fill("pullpolicy");
    await inner.waitFor();
    await page.getByRole("button", { name: "Collapse all" }).click();
    assert.ok(!await inner.isVisible());
    await page.getByRole("button", { name: "Expand all" }).click();
    assert.ok(await inner.isVisible());
    assert.ok(await page.getByText("Exactly one of these").isVisible());
  }));

Deno.test("files are filtered, chosen, and found again by their address", () =>
  withFiles(async ({ open }, base) => {
    const page = await open();
    await page.goto(`${base}/templates?version=1.0.0`);
    const tree = page.getByRole("navigation", { name: "Files of the archive" });
    await tree.getByRole("link", { name: "NOTES.txt" }).click();
    await page.getByText("Welcome to the harbour.").waitFor();
    assert.match(page.url(), /version=1\.0\.0&file=templates%2FNOTES\.txt/);
    assert.equal(await tree.locator("[aria-current]").textContent(), "NOTES.txt");
    await tree.getByText("beacon/").waitFor({ state: "hidden" });
    await page.getByLabel("Filter files").fill("lamp");
    await tree.getByRole("link", { name: "lamp.yaml" }).click();
    await page.getByText("Lamp", { exact: true }).waitFor();
    await page.goBack();
    await page.getByText("Welcome to the harbour.").waitFor();
  }));

Deno.test("two versions are compared by the keyboard alone", () =>
  withFiles(async ({ open }, base) => {
    const page = await open();
    await page.goto(`${base}/diff?from=1.1.0&to=1.1.0`);
    await page.getByText("These are the same version").waitFor();
    await page.getByLabel("From").focus();
    await page.keyboard.type("1.0.0");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.locator("ins").first().waitFor();
    assert.equal(await page.locator("pre del").textContent(), "-replicaCount: 1");
    assert.equal(await page.locator("pre ins").textContent(), "+replicaCount: 2");
    const fold = page.getByText("lines without changes");
    await fold.focus();
    await page.keyboard.press("Enter");
    assert.ok(await page.getByText("port: 8080").isVisible());
    await page.getByRole("link", { name: "Swap" }).press("Enter");
    await page.getByText("+replicaCount: 1").waitFor();
    await page.getByRole("link", { name: "Chart.yaml" }).press("Enter");
    await page.getByText("+version: 1.0.0").waitFor();
  }));

Deno.test("without scripts all of it is there to be read", () =>
  withFiles(async ({ open }, base) => {
    const page = await open({ javaScript: false });
    await page.goto(`${base}/values`);
    await page.getByText("IfNotPresent").waitFor();
    assert.ok(!await page.getByLabel("Search in this text").isVisible());
    assert.ok(!await page.getByRole("button", { name: "Copy" }).isVisible());
    await page.goto(`${base}/schema`);
    await page.getByText("image", { exact: true }).click();
    assert.ok(await page.getByText("pullPolicy").isVisible());
    await page.goto(`${base}/templates`);
    await page.getByRole("link", { name: "service.yaml" }).click();
    await page.getByText("Service", { exact: true }).waitFor();
    await page.goto(`${base}/diff`);
    await page.getByLabel("To", { exact: true }).selectOption("0.9.0");
    await page.getByRole("button", { name: "Compare" }).click();
    await page.getByRole("heading", { name: "Changed files" }).waitFor();
    assert.match(page.url(), /to=0\.9\.0/);
  }));

Deno.test("pages are in Chinese for who asks for it", () =>
  withFiles(async ({ open }, base) => {
    const page = await open({ language: "zh-CN" });
    for (
      const [path, text] of [
        ["/values", "顶层键"],
        ["/schema", "全部展开"],
        ["/templates", "deployment.yaml"],
        ["/diff", "有变化的文件"],
      ] as const
    ) {
      await page.goto(base + path);
      await page.getByText(text).first().waitFor();
    }
  }));

Deno.test("pages can be used by all, in both themes and on small screens", () =>
  withFiles(async ({ open }, base) => {
    for (const theme of ["light", "dark"] as const) {
      for (const width of [1440, 360]) {
        const page = await open({ theme, width, reducedMotion: true });
        for (const path of ["/values", "/schema", "/templates", "/diff"]) {
          await page.goto(base + path);
          if (path === "/schema") await page.getByRole("button", { name: "Expand all" }).click();
          await accessible(page);
          const over = await page.evaluate("document.documentElement.scrollWidth - innerWidth");
          assert.ok(Number(over) <= 0, `${path} at ${width}`);
        }
        await page.close();
      }
    }
  }));

Deno.test("pages are light, those of large charts too", () =>
  withFiles(async ({ open }, base) => {
    const page = await open();
    for (const path of ["/values?version=0.9.0", "/schema", "/templates", "/diff?to=0.9.0"]) {
      const weight = await weightOf(page, base + path);
      assert.ok(weight < MAX_WEIGHT, `${path}: ${weight}`);
    }
  }));
