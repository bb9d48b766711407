/** Apps and what is new, as people use them: typing, choosing, going back, by keyboard, in Chinese. */

import assert from "node:assert/strict";
import { accessible, type Page } from "../support/browser.ts";
import { type Console, withConsole } from "../support/console.ts";
import { indexOf, type VersionSpec } from "../support/upstream.ts";

const HOSTILE = `<img src=x onerror=alert(origin)> ${"wide".repeat(60)}`;

function chart(number: number): VersionSpec {
  return {
    version: `1.${number}.0`,
    created: `2025-${number < 30 ? "11" : "12"}-01T00:00:${10 + number}Z`,
    annotations: { category: number % 2 === 0 ? "Database" : "Network" },
    keywords: [`word${String.fromCharCode(97 + number % 24)}`],
  };
}

/** 40 apps in one repository, two in another, of which one has the name of one of them. */
async function withApps(test: (console: Console, ids: string[]) => Promise<void>) {
  await withConsole(async (console) => {
    const { chartroom, upstream } = console;
    const names = Array.from({ length: 40 }, (_, i) => `app-${10 + i}`);
    upstream.serve(
      "/many/index.yaml",
      indexOf(Object.fromEntries(names.map((name, i) => [name, [chart(i)]]))),
    );
    upstream.serve(
      "/few/index.yaml",
      indexOf({
        "app-10": [{ version: "9.0.0-rc.1", created: "2025-12-30T00:00:00Z" }],
        [`evil-${"x".repeat(90)}`]: [{
          version: `1.0.0-${"a".repeat(90)}`,
          created: "2025-12-31T00:00:00Z",
          description: HOSTILE,
          appVersion: HOSTILE,
          type: "library",
          deprecated: true,
          annotations: { category: HOSTILE },
        }],
      }),
    );
    const many = await chartroom.register(`${upstream.url}/many`, { name: "many" });
    const few = await chartroom.register(`${upstream.url}/few`, { name: HOSTILE.slice(0, 128) });
    await test(console, [many, few]);
  }, { environment: { CHARTROOM_RATE_LIMIT: "off" } });
}

/** Waits until the page says how many apps there are. */
async function counts(page: Page, text: string | RegExp) {
  await page.locator("#count", { hasText: text }).waitFor();
}

const queryOf = (page: Page) => new URL(page.url()).search;
const names = (page: Page) => page.locator("#results [data-item]").allTextContents();
const isFocused = (page: Page, selector: string) =>
  page.locator(selector).first().evaluate((element) => element.matches(":focus"));

Deno.test("a search shows what it finds while somebody types, and going back undoes it", () =>
  withApps(async ({ open }) => {
    const page = await open();
    await page.goto("/apps");
    await counts(page, "42 apps");
    await page.keyboard.press("/");
    await page.keyboard.type("app-1");
    await counts(page, "11 apps");
    await page.keyboard.type("5");
    await counts(page, "1 app for");
    assert.equal(queryOf(page), "?q=app-15");
    assert.ok(await isFocused(page, "#q"));
    assert.deepEqual(await names(page), ["app-15"]);
    assert.match(await page.title(), /^app-15 · Apps/);
    // Whoever does not see it is told.
    assert.equal(await page.locator("[data-says]").textContent(), "1 app for “app-15”");
    // What was typed at a time is one step.
    await page.goBack();
    await counts(page, "42 apps");
    assert.equal(await page.locator("#q").inputValue(), "");
    await page.goForward();
    await counts(page, "1 app for");
    assert.equal(await page.locator("#q").inputValue(), "app-15");
  }));

Deno.test("an answer that comes late does not take the place of a later one", () =>
  withApps(async ({ open }) => {
    const page = await open();
    await page.goto("/apps");
    const asked = Promise.withResolvers<void>(), held = Promise.withResolvers<void>();
    const ended = Promise.withResolvers<void>();
    await page.route(/[?&]q=app-11$/, async (route) => {
      asked.resolve();
      await held.promise;
      await route.continue().catch(() => {});
    });
    for (const event of ["requestfinished", "requestfailed"] as const) {
      page.on(event as "requestfinished", (request) => {
        if (request.url().endsWith("q=app-11")) ended.resolve();
      });
    }
    await page.fill("#q", "app-11");
    await asked.promise;
    await page.fill("#q", "app-13");
    await counts(page, "1 app for “app-13”");
    held.resolve();
    await ended.promise;
    // Whatever is done with that answer is done before one that is asked for now.
    await page.evaluate(`fetch("/healthz").then((answer) => answer.text())`);
    assert.equal(queryOf(page), "?q=app-13");
    assert.deepEqual(await names(page), ["app-13"]);
  }));

Deno.test("facets narrow the list down, chips take that back, and both are in the address", () =>
  withApps(async ({ open }, [many]) => {
    const page = await open({ width: 1_440, height: 900 });
    await page.goto("/apps?q=app");
    await counts(page, "41 apps");
    await page.getByLabel(/^many/).check();
    await counts(page, "40 apps");
    const database = page.getByLabel(/^Database/);
    await database.check();
    await counts(page, "20 apps");
    assert.ok(await isFocused(page, "[name=category]:checked"), "the focus stays");
    // Other values of the facet are still counted; those of others are counted within it.
    assert.equal(
      await page.locator("label", { hasText: /^Network/ }).locator(".count")
        .textContent(),
      "20",
    );
    await page.getByText("Show 5 more").click();
    // What is chosen moves up, so that the first one is another then.
    await page.locator("#more-keyword input").first().click();
    await counts(page, /^\d apps/);
    assert.match(queryOf(page), new RegExp(`repo=${many}`));
    // What was opened stays open.
    assert.ok(await page.locator("#more-keyword").evaluate((more) => more.hasAttribute("open")));
    await page.getByRole("link", { name: /^Remove the filter Keyword: / }).click();
    await counts(page, "20 apps");
    assert.ok(await database.isChecked());
    await page.goBack();
    await counts(page, /^\d apps/);
    await page.getByRole("link", { name: "Remove all filters" }).click();
    await counts(page, "41 apps");
    assert.equal(queryOf(page), "?q=app");
    assert.ok(!await database.isChecked());
  }));

Deno.test("fields beside the facets narrow the list down, and are emptied with them", () =>
  withApps(async ({ open }) => {
    const page = await open({ width: 1_440, height: 900 });
    await page.goto("/apps");
    await page.selectOption("#since", "30");
    await counts(page, "2 apps");
    await page.fill("#kube", "1.x");
    await page.getByText("This cannot be searched for").locator("visible=true").first().waitFor();
    assert.ok(await page.locator("#kube-error").isVisible());
    assert.equal(await page.locator("#kube").inputValue(), "1.x");
    await page.fill("#kube", "1.31");
    await counts(page, "2 apps");
    assert.ok(!await page.locator("#kube-error").isVisible());
    await page.getByRole("link", { name: "Remove all filters" }).click();
    await counts(page, "42 apps");
    assert.deepEqual(
      [await page.locator("#kube").inputValue(), await page.locator("#since").inputValue()],
      ["", ""],
    );
  }));

Deno.test("apps are sorted, shown as a list, grouped and paged, and a search keeps that", () =>
  withApps(async ({ open }) => {
    const page = await open();
    await page.goto("/apps");
    const [first] = await names(page);
    assert.match(first!, /^evil/);
    await page.getByRole("link", { name: "Name", exact: true }).click();
    await page.waitForURL("**/apps?sort=name");
    await page.locator("a[aria-current=true]", { hasText: "Name" }).waitFor();
    await page.getByRole("link", { name: "List" }).click();
    await page.locator("table").waitFor();
    await page.getByRole("link", { name: "Group by name" }).click();
    await counts(page, "41 names");
    await page.fill("#q", "app");
    await counts(page, "40 names");
    assert.deepEqual(
      [...new URL(page.url()).searchParams].toSorted(),
      [["group", "name"], ["q", "app"], ["sort", "name"], ["view", "list"]],
    );
    await page.getByRole("link", { name: "Next" }).click();
    await page.getByText("Page 2 of 2").waitFor();
    assert.equal((await names(page)).length, 16);
    await page.goto("/apps?group=name&sort=name");
    const group = page.locator(".app-card").first();
    assert.match(await group.innerText(), /app-10\s+In 2 repositories/);
    assert.equal(await group.locator("a").count(), 2);
  }));

Deno.test("a page is used by keyboard alone", () =>
  withApps(async ({ open }) => {
    const page = await open({ width: 1_440, height: 900 });
    await page.goto("/apps?sort=name");
    await page.keyboard.press("/");
    await page.keyboard.press("ArrowDown");
    const focused = () => page.locator(":focus").textContent();
    assert.equal(await focused(), "app-10");
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowRight");
    assert.equal(await focused(), "app-11");
    await page.keyboard.press("ArrowDown");
    assert.equal(await focused(), "app-14");
    await page.keyboard.press("Home");
    await page.keyboard.press("End");
    assert.equal(await focused(), "app-32");
    await page.keyboard.press("Enter");
    await page.waitForURL(/\/apps\/app-/);
  }));

Deno.test("all of it works without scripts", () =>
  withApps(async ({ open }) => {
    const page = await open({ javaScript: false, width: 1_440, height: 900 });
    await page.goto("/apps?view=list");
    await page.fill("#q", "app-1");
    await page.getByRole("button", { name: "Search" }).click();
    await counts(page, "11 apps");
    await page.getByLabel(/^Database/).check();
    await page.getByRole("button", { name: "Apply" }).click();
    await counts(page, "5 apps");
    assert.match(queryOf(page), /^\?q=app-1&view=list&category=ctg-\w+&/);
    await page.getByRole("link", { name: /^Remove the filter Category/ }).click();
    await counts(page, "11 apps");
    await page.goto("/news");
    await page.selectOption("#category", { label: "Database" });
    await page.getByRole("button", { name: "Search" }).click();
    await page.waitForURL(/category=/);
    assert.equal(await page.locator(".news-row").count(), 20);
  }));

Deno.test("what is new is filtered as one chooses, goes on to older ones, and has a feed", () =>
  withApps(async ({ open, url }, [many]) => {
    const page = await open();
    await page.goto("/news");
    await page.getByRole("heading", { name: /^Yesterday/ }).waitFor();
    await page.selectOption("#repo", many!);
    await page.waitForURL(`**/news?repo=${many}`);
    await page.fill("#q", "app-1");
    await page.locator("[data-says]", { hasText: "10 versions" }).waitFor({ state: "attached" });
    const feed = await page.getByRole("link", { name: "Atom feed" }).getAttribute("href");
    const text = await (await fetch(url + feed)).text();
    assert.equal(text.match(/<entry>/g)?.length, 10);
    await page.goto("/news");
    await page.getByRole("link", { name: "Older" }).click();
    await page.getByRole("link", { name: "Back to the newest" }).waitFor();
    assert.equal(await page.locator(".news-row").count(), 2);
  }));

for (
  const view of [
    { theme: "light", width: 1_440, height: 900, language: "en" },
    { theme: "dark", width: 360, height: 740, language: "zh-CN" },
  ] as const
) {
  Deno.test(`nothing is cut off, run or out of reach, ${view.theme}, ${view.width} wide`, () =>
    withApps(async ({ open }) => {
      const page = await open(view);
      for (
        const path of [
          "/apps",
          "/apps?view=list&type=library",
          "/apps?group=name&q=app-10",
          "/news?q=evil",
          "/apps?kube=x",
        ]
      ) {
        await page.goto(path);
        const filters = page.locator(".browse-facets > summary");
        if (await filters.isVisible()) await filters.click();
        await accessible(page);
        const wide = await page.evaluate<number>("document.documentElement.scrollWidth");
        assert.ok(wide <= view.width, `${path} is ${wide} pixels wide`);
      }
    }));
}

Deno.test("in Chinese, the same is found", () =>
  withApps(async ({ open }) => {
    const page = await open({ language: "zh-CN" });
    await page.goto("/apps");
    await page.fill("#q", "app-15");
    await counts(page, "“app-15”：1 个应用");
    await page.getByRole("link", { name: "按名称分组" }).click();
    await counts(page, "1 个名称");
  }));
