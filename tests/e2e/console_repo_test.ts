/** The pages of a repository in a browser: what people do there. */

import assert from "node:assert/strict";
import { accessible, type Page } from "../support/browser.ts";
import { withConsole } from "../support/console.ts";
import { holdHalf, indexOf } from "../support/upstream.ts";

const ONE = indexOf({ one: ["1.0.0"] });
const MORE = indexOf({ one: ["1.0.0", "1.1.0"], two: ["2.0.0"] });
const charts = (count: number) =>
  indexOf(Object.fromEntries(Array.from({ length: count }, (_, i) => [`chart-${i}`, ["1.0.0"]])));

/** More than there are things to focus on a page. */
const MAX_TABS = 60;

/** Waits for a text to be seen. */
const sees = (page: Page, text: string | RegExp) => page.getByText(text).first().waitFor();
const press = (page: Page, name: string | RegExp) =>
  page.getByRole("button", { name }).first().click();
const isFocused = (place: ReturnType<Page["locator"]>) =>
  place.evaluate((element) => element.matches(":focus"));
const valueOfBar = (page: Page) => page.locator("progress").getAttribute("value");

Deno.test("a sync is followed as it goes, and its changes are there without loading again", async () => {
  await withConsole(async ({ chartroom, upstream, open }) => {
    upstream.serve("/index.yaml", ONE);
    const id = await chartroom.register(upstream.url, { name: "harbour" });
    const page = await open();
    await page.goto(`/repos/${id}`);
    const held = holdHalf(upstream, MORE);
    chartroom.clock.now += 1_000;
    await press(page, "Sync now");
    await held.asked;
    await sees(page, "A sync is under way");
    await sees(page, "Downloading the index");
    await page.locator("progress[value]").waitFor();
    assert.ok(Math.abs(Number(await valueOfBar(page)) - 0.5) < 0.05);
    assert.ok(await page.getByRole("button", { name: "Sync now" }).isDisabled());
    assert.ok(!page.url().includes("done"));
    await accessible(page);
    await page.getByRole("link", { name: "Overview" }).focus();
    await page.evaluate("globalThis.mark = 'not loaded again'");
    held.release();
    await sees(page, "+1 app");
    await sees(page, "+2 versions");
    assert.equal(await page.locator("progress").count(), 0);
    const focused = await page.evaluate("document.activeElement.textContent");
    assert.equal(focused, "Overview", "the focus stays");
    assert.equal(await page.evaluate("globalThis.mark"), "not loaded again");
    await page.locator(".repo-changes summary").click();
    await sees(page, "one@1.1.0");
  });
});

Deno.test("what somebody types on the webhook's tab stays when a sync ends", async () => {
  await withConsole(async ({ chartroom, upstream, open }) => {
    upstream.serve("/index.yaml", ONE);
    const id = await chartroom.register(upstream.url);
    const held = holdHalf(upstream, MORE);
    await chartroom.call("POST", `/v1/repos/${id}/action`, { action: "index" });
    await held.asked;
    const page = await open();
    await page.goto(`/repos/${id}?tab=webhook`);
    await page.getByLabel("Branches").fill("main");
    await sees(page, "Downloading the index");
    held.release();
    await sees(page, "Up to date");
    assert.equal(await page.getByLabel("Branches").inputValue(), "main");
    assert.equal(await page.locator("progress").count(), 0);
  });
});

Deno.test("without scripts a sync runs, and a link shows how far it is", async () => {
  await withConsole(async ({ chartroom, upstream, open }) => {
    upstream.serve("/index.yaml", ONE);
    const id = await chartroom.register(upstream.url);
    const page = await open({ javaScript: false, width: 360 });
    await page.goto(`/repos/${id}`);
    const held = holdHalf(upstream, MORE);
    chartroom.clock.now += 1_000;
    await press(page, "Sync now");
    await held.asked;
    await page.getByRole("link", { name: "Load again" }).click();
    await sees(page, "A sync is under way");
    held.release();
    await chartroom.services.syncer.idle();
    await page.getByRole("link", { name: "Load again" }).click();
    await sees(page, "+1 app");
    await press(page, "Suspend");
    await sees(page, "It is suspended");
    await press(page, "Resume");
    await page.getByText("It is suspended").waitFor({ state: "detached" });
    await chartroom.services.syncer.idle();
  });
});

Deno.test("a sync fails, says why, and is well again", async () => {
  await withConsole(async ({ chartroom, upstream, open }) => {
    upstream.serve("/index.yaml", "<html></html>");
    const id = await chartroom.register(upstream.url);
    const page = await open();
    await page.goto(`/repos/${id}`);
    await sees(page, "There is a web page, not an index");
    await sees(page, "Nothing of this repository could be read so far");
    await accessible(page);
    upstream.serve("/index.yaml", ONE);
    chartroom.clock.now += 1_000;
    await press(page, "Sync now");
    await sees(page, "Everything is up to date");
    await page.getByRole("link", { name: "History" }).click();
    await page.getByRole("link", { name: /^Failed/ }).click();
    assert.equal(await page.locator(".timeline .event").count(), 1);
    await page.getByRole("link", { name: /^With changes/ }).click();
    await sees(page, "Synced, with changes");
    await page.goBack();
    await sees(page, "There is a web page, not an index");
    await accessible(page);
  });
});

Deno.test("a smaller index is accepted by the keyboard alone, after somebody has ticked it", async () => {
  await withConsole(async ({ chartroom, upstream, open }) => {
    upstream.serve("/index.yaml", charts(40));
    const id = await chartroom.register(upstream.url);
    upstream.serve("/index.yaml", charts(2));
    await chartroom.sync(id);
    const page = await open();
    await page.goto(`/repos/${id}`);
    await sees(page, "The index lost most of what it had");
    await accessible(page);
    const box = page.getByLabel("I have checked that the smaller index is right");
    for (let i = 0; i < MAX_TABS && !await isFocused(box); i++) await page.keyboard.press("Tab");
    await page.keyboard.press("Tab");
    chartroom.clock.now += 1_000;
    await page.keyboard.press("Enter");
    // Nothing was sent: it is not ticked.
    assert.ok(await isFocused(box));
    await page.keyboard.press("Space");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await sees(page, "Everything is up to date");
    await sees(page, "−38 apps");
  });
});

Deno.test("a webhook is made, used as its command says, made anew and removed", async () => {
  await withConsole(async ({ chartroom, upstream, open, url }) => {
    upstream.serve("/index.yaml", ONE);
    const id = await chartroom.register(upstream.url);
    chartroom.clock.now += 60_000;
    const page = await open({ width: 360 });
    await page.goto(`/repos/${id}?tab=webhook`);
    await accessible(page);
    await page.getByLabel("Branches").fill("refs/heads/main");
    await press(page, "Create the webhook");
    await sees(page, /without `refs\/heads\/`/);
    assert.equal(await page.getByLabel("Branches").inputValue(), "refs/heads/main");
    await page.getByLabel("Branches").fill("main");
    await press(page, "Create the webhook");
    await sees(page, "Copy the secret now");
    assert.equal(page.url(), `${url}/repos/${id}?tab=webhook`);
    await accessible(page);

    const deliver = async () => {
      const command = await page.locator("#sender-curl code").textContent() ?? "";
      const [, to, header, value] =
        /^curl -X POST (\S+) \\\n {2}-H '(\w+): (Bearer \S+)'$/.exec(command) ??
          assert.fail(command);
      const answer = await fetch(to!, { method: "POST", headers: { [header!]: value! } });
      await answer.body?.cancel();
      return answer.status;
    };
    assert.equal(await deliver(), 202);
    const old = await page.locator("figure code").first().textContent();
    await chartroom.services.syncer.idle();

    await page.reload();
    assert.equal(await page.getByText(old!).count(), 0);
    assert.equal(await page.getByLabel("Branches").inputValue(), "main");
    chartroom.clock.now += 60_000;
    await page.getByLabel("I will give the new secret to all senders").check();
    await press(page, "Make a new secret");
    await sees(page, "Copy the secret now");
    assert.notEqual(await page.locator("figure code").first().textContent(), old);
    assert.equal(await deliver(), 202);
    await chartroom.services.syncer.idle();

    await page.getByLabel("Nobody needs this webhook any more").check();
    await press(page, "Delete the webhook");
    await sees(page, "The webhook was deleted");
    await sees(page, "There is no webhook yet");
  });
});

Deno.test("problems are searched while somebody types", async () => {
  await withConsole(async ({ chartroom, upstream, open }) => {
    const bad = Array.from({ length: 70 }, (_, i): [string, string[]] => [`bad-${i}`, [""]]);
    upstream.serve("/index.yaml", indexOf({ one: ["1.0.0"], ...Object.fromEntries(bad) }));
    const id = await chartroom.register(upstream.url);
    const page = await open({ theme: "dark" });
    await page.goto(`/repos/${id}?tab=problems&page=2`);
    await accessible(page);
    await page.keyboard.press("/");
    await page.keyboard.type("bad-42");
    await page.getByText("1 found").waitFor();
    assert.equal(await page.locator("tbody tr").count(), 1);
    assert.match(page.url(), /q=bad-42/);
    assert.doesNotMatch(page.url(), /page=/);
  });
});

Deno.test("every tab is accessible in Chinese and in the dark, on a narrow screen", async () => {
  await withConsole(async ({ chartroom, upstream, open }) => {
    upstream.serve("/index.yaml", indexOf({ one: ["1.0.0", ""] }));
    const id = await chartroom.register(upstream.url, { name: "港口" });
    await chartroom.call("POST", `/v1/repos/${id}/webhook`);
    upstream.serve("/index.yaml", indexOf({ one: [{ version: "1.0.0", digest: "1".repeat(64) }] }));
    await chartroom.sync(id);
    const page = await open({ language: "zh-CN", theme: "dark", width: 360 });
    const texts = { overview: "一切正常", history: "有版本被重新发布", webhook: "接收地址" };
    for (const [tab, text] of Object.entries(texts)) {
      await page.goto(`/repos/${id}?tab=${tab}`);
      await sees(page, text);
      await accessible(page);
      const excess = await page.evaluate("document.documentElement.scrollWidth - innerWidth");
      assert.ok(Number(excess) <= 0, `${tab} is ${excess} px too wide`);
    }
  });
});
