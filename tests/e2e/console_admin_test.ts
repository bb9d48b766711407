/** Signing in, tokens and the audit log, as people use them in a browser. */

import assert from "node:assert/strict";
import { accessible, type Page } from "../support/browser.ts";
import { canary } from "../support/canary.ts";
import { type Console, signIn, withConsole as withOpenConsole } from "../support/console.ts";

const TOKEN = canary("token");
const VIEWS = [
  { theme: "light", width: 1440 },
  { theme: "dark", width: 1440 },
  { theme: "light", width: 360 },
  { theme: "dark", width: 360 },
] as const;

function withConsole(test: (console: Console) => Promise<void>) {
  return withOpenConsole(test, { environment: { CHARTROOM_ADMIN_TOKEN: TOKEN } });
}

async function assertFits(page: Page) {
  const tooWide = await page.evaluate("document.documentElement.scrollWidth > innerWidth");
  assert.equal(tooWide, false, `${page.url()} scrolls sideways`);
}

Deno.test("whoever signs in with what does not work tries again, and is where they wanted to be", () =>
  withConsole(async ({ open }) => {
    for (const javaScript of [true, false]) {
      const page = await open({ javaScript });
      await page.goto("/audit?action=token.create");
      const field = page.getByLabel("Token", { exact: true });
      assert.ok(await field.evaluate((element) => element.matches(":focus")));
      await field.fill("crt_wrong");
      await page.keyboard.press("Enter");
      await page.getByText("This token does not work").waitFor();
      await page.getByLabel("Token", { exact: true }).fill(TOKEN);
      await page.keyboard.press("Enter");
      await page.waitForURL((url) => url.pathname === "/audit");
      assert.match(page.url(), /\/audit\?action=token\.create$/);
      await page.getByText("Signed in as admin").first().waitFor({ state: "attached" });
    }
  }));

Deno.test("tokens are made, shown once, used and revoked, with scripts and without", () =>
  withConsole(async ({ chartroom, open }) => {
    for (const javaScript of [true, false]) {
      const page = await open({ javaScript });
      await signIn(page, TOKEN, "/tokens");
      await page.getByRole("link", { name: "Create a token" }).click();
      const day = page.getByLabel("Last day");
      assert.equal(await day.isVisible(), false);
      await page.getByLabel("Name", { exact: true }).fill(`ci <b>${javaScript}`);
      await page.getByLabel("Workspace", { exact: true }).fill("not / a workspace");
      await page.getByLabel("Expires").selectOption("day");
      await day.fill("2026-02-01");
      await page.getByRole("button", { name: "Create token" }).click();
      await page.getByText("Give the name of a workspace").waitFor();
      assert.equal(await day.inputValue(), "2026-02-01");
      await page.getByLabel("Workspace", { exact: true }).fill("team-a");
      await page.getByLabel("Editor").check();
      await page.getByRole("button", { name: "Create token" }).click();
      await page.getByRole("heading", { name: "The token is created" }).waitFor();
      const token = await page.locator(".snippet code").first().textContent() ?? "";
      assert.match(token, /^crt_\S{43}$/);
      assert.ok(!page.url().includes(token));
      const headers = { authorization: `Bearer ${token}` };
      const who = await chartroom.call("GET", "/v1/whoami", undefined, headers);
      assert.deepEqual([who.body.role, who.body.workspaces], ["editor", ["team-a"]]);
      await page.getByRole("link", { name: "To all tokens" }).click();
      assert.ok(!(await page.content()).includes(token));
      await page.getByRole("link", { name: `Revoke ci <b>${javaScript}` }).click();
      await page.getByRole("heading", { name: "Revoke this token?" }).waitFor();
      await page.getByRole("button", { name: "Revoke" }).click();
      await page.getByText("The token is revoked.").waitFor();
      const after = await chartroom.call("GET", "/v1/whoami", undefined, headers);
      assert.equal(after.status, 401);
    }
  }));

Deno.test("a session that has ended is told on a page, and on a form that keeps what was typed", () =>
  withConsole(async ({ chartroom, open }) => {
    const page = await open();
    await signIn(page, TOKEN, "/tokens");
    chartroom.clock.now += 13 * 3_600_000;
    await page.reload();
    await page.getByText("Your session has ended.").first().waitFor();
    await signIn(page, TOKEN, "/tokens/new");
    await page.getByLabel("Name", { exact: true }).fill("typed");
    await page.getByLabel("Workspace", { exact: true }).fill("team-a");
    chartroom.clock.now += 13 * 3_600_000;
    await page.getByRole("button", { name: "Create token" }).click();
    await page.getByText("sign in again in another tab").waitFor();
    assert.equal(await page.getByLabel("Name", { exact: true }).inputValue(), "typed");
    const other = await page.context().newPage();
    await signIn(other, TOKEN, "/tokens");
    await page.getByRole("button", { name: "Create token" }).click();
    await page.getByRole("heading", { name: "The token is created" }).waitFor();
  }));

Deno.test("a link on another site leads to the page, signed in", () =>
  withConsole(async ({ open, url }) => {
    const page = await open();
    await signIn(page, TOKEN, "/tokens");
    const link = `<!doctype html><title>Elsewhere</title><a href="${url}/audit">go</a>`;
    const server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {} },
      () => new Response(link, { headers: { "content-type": "text/html" } }),
    );
    try {
      // To a browser, localhost and 127.0.0.1 are two sites.
      await page.goto(`http://127.0.0.1:${server.addr.port}/`);
      await page.getByRole("link", { name: "go" }).click();
      await page.getByRole("heading", { name: "Audit log" }).waitFor();
      // And for who has no session, to where they get one, in the end.
      const stranger = await open();
      await stranger.goto(`http://127.0.0.1:${server.addr.port}/`);
      await stranger.getByRole("link", { name: "go" }).click();
      await stranger.getByRole("heading", { name: "Sign in" }).waitFor();
      assert.match(stranger.url(), /next=%2Faudit/);
    } finally {
      await server.shutdown();
    }
  }));

Deno.test("the audit log is narrowed down, opened and gone through", () =>
  withConsole(async ({ chartroom, open }) => {
    const admin = { authorization: `Bearer ${TOKEN}` };
    for (let i = 0; i < 60; i++) {
      chartroom.clock.now += 1;
      const token = { name: `t${i}`, workspace: "*", role: i % 30 ? "viewer" : "none" };
      await chartroom.call("POST", "/v1/tokens", token, admin);
    }
    chartroom.clock.now += 1;
    const page = await open();
    await signIn(page, TOKEN, "/audit");
    assert.equal(await page.locator("tbody tr").count(), 50);
    await page.getByRole("link", { name: "Older" }).click();
    await page.getByRole("link", { name: "Newest" }).waitFor();
    assert.equal(await page.locator("tbody tr").count(), 11);
    await page.getByLabel("Outcome").selectOption("refused");
    await page.getByRole("button", { name: "Show" }).click();
    await page.waitForURL(/outcome=refused/);
    assert.equal(await page.locator("tbody tr").count(), 2);
    await page.getByText("Details").first().click();
    await page.getByText("400 invalid_field").first().waitFor();
    const href = await page.getByRole("link", { name: "Export" }).getAttribute("href");
    assert.equal(href, "/v1/audit?format=jsonl&conditions=outcome%3Drefused");
    await page.getByRole("link", { name: "Clear" }).click();
    await page.waitForURL((url) => url.search === "");
  }));

Deno.test("a language and a theme that were chosen stay chosen", () =>
  withConsole(async ({ open }) => {
    for (const javaScript of [true, false]) {
      const page = await open({ javaScript });
      await signIn(page, TOKEN, "/audit?outcome=refused");
      await page.getByRole("button", { name: "中文" }).click();
      await page.getByRole("heading", { name: "审计日志" }).waitFor();
      assert.match(page.url(), /\/audit\?outcome=refused$/);
      await page.getByRole("button", { name: "深色" }).click();
      await page.locator('html[data-theme="dark"]').waitFor({ state: "attached" });
      await page.getByRole("link", { name: "令牌" }).click();
      await page.getByRole("heading", { name: "令牌", exact: true }).waitFor();
      assert.equal(await page.locator("html").getAttribute("data-theme"), "dark");
      await page.getByRole("button", { name: "English" }).click();
      await page.getByRole("heading", { name: "Tokens", exact: true }).waitFor();
    }
  }));

Deno.test("with keys alone somebody signs in, makes a token and signs out", () =>
  withConsole(async ({ open }) => {
    const page = await open();
    const press = (key: string) => page.keyboard.press(key);
    /** Goes on until something of this name has the focus. */
    const reach = async (name: string) => {
      for (let i = 0; i < 60; i++) {
        const text = await page.locator(":focus").evaluateAll(([element]) =>
          element?.ariaLabel ?? element?.closest("label")?.textContent ??
            element?.parentElement?.querySelector(`label[for="${element.id}"]`)?.textContent ??
            element?.textContent ?? ""
        );
        if (text.trim().startsWith(name)) return;
        await press("Tab");
      }
      assert.fail(`nothing leads to ${name}`);
    };
    await page.goto("/sign-in?next=/tokens");
    // A browser that is slow has not put it there yet.
    await page.locator("#token:focus").waitFor();
    await page.keyboard.type(TOKEN);
    await press("Enter");
    await page.getByRole("heading", { name: "Tokens", exact: true }).waitFor();
    await reach("Create a token");
    await press("Enter");
    await page.getByRole("heading", { name: "New token" }).waitFor();
    await reach("Name");
    await page.keyboard.type("keys");
    await reach("In one workspace");
    await press("ArrowDown");
    await reach("Viewer");
    await press("ArrowDown");
    await reach("Create token");
    await press("Enter");
    await page.getByRole("heading", { name: "The token is created" }).waitFor();
    await page.getByText("Everywhere").first().waitFor();
    await reach("Signed in as admin");
    await press("Enter");
    await reach("Sign out");
    await press("Enter");
    await page.getByText("You are signed out.").waitFor();
  }));

Deno.test("the pages are accessible, and fit, in both themes and widths", () =>
  withConsole(async ({ chartroom, open }) => {
    const admin = { authorization: `Bearer ${TOKEN}` };
    const long = { name: `a ${"long".repeat(20)} name`, workspace: "w".repeat(63), role: "editor" };
    const soon = new Date(chartroom.clock.now + 86_400_000).toISOString();
    for (const expire_time of [null, soon]) {
      await chartroom.call("POST", "/v1/tokens", { ...long, expire_time }, admin);
    }
    const { body } = await chartroom.call("GET", "/v1/tokens", undefined, admin);
    const revoke = `/tokens/${body.items[0].token_id}/revoke`;
    for (const view of VIEWS) {
      const page = await open({ ...view, language: view.theme === "dark" ? "zh-CN" : "en" });
      await page.goto("/sign-in?ended=1");
      await accessible(page);
      await assertFits(page);
      await signIn(page, TOKEN);
      for (const path of ["/tokens", "/tokens/new", revoke, "/audit", "/tokens/none/revoke"]) {
        await page.goto(path);
        if (path === "/audit") await page.locator("details.entry summary").first().click();
        await accessible(page);
        await assertFits(page);
      }
      await page.goto("/tokens/new");
      await page.locator("#name").fill(`made ${view.theme} ${view.width}`);
      await page.locator("#workspace").fill("team-a");
      await page.locator("main form button[type=submit]").click();
      await page.locator(".snippet").first().waitFor();
      await accessible(page);
      await assertFits(page);
    }
  }));
