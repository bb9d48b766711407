/** What people do with repositories in a browser: add, find, edit, sync, suspend and delete them. */

import assert from "node:assert/strict";
import { accessible, type Page } from "../support/browser.ts";
import { canary } from "../support/canary.ts";
import { type Console, signIn, withConsole } from "../support/console.ts";
import { holdBack, indexOf } from "../support/upstream.ts";

const TOKEN = canary("token");
const WITH_TOKEN = { environment: { CHARTROOM_ADMIN_TOKEN: TOKEN } };
const PASSWORD = canary("password");
const INDEX = indexOf({ one: ["1.0.0", "1.1.0"], two: ["1.0.0"] });

const hostOf = ({ upstream }: Console) => upstream.url.replace("http://", "");
const notice = (page: Page) => page.locator("main .notice").filter({ visible: true });
const errorOf = (page: Page, field: string) => page.locator(`#${field}-error`);
const row = (page: Page, name: string) => page.locator(".repos tbody tr", { hasText: name });
const save = (page: Page) => page.locator("form.repo-form button.main").click();
const validate = (page: Page) => page.locator("form.repo-form [name=validate]").click();

/** Does something of the menu of a row. */
async function act(page: Page, name: string, action: string) {
  await row(page, name).locator("summary").click();
  await row(page, name).getByText(action, { exact: true }).click();
}

function servePrivately({ upstream }: Console) {
  const wanted = `Basic ${btoa(`ada:${PASSWORD}`)}`;
  upstream.serve("/index.yaml", (request) => {
    const isLetIn = request.headers.get("authorization") === wanted;
    return isLetIn ? new Response(INDEX) : new Response("no", { status: 401 });
  });
}

async function reposOf({ chartroom: { call } }: Console) {
  return (await call("GET", "/v1/repos?orderBy=name")).body.items;
}

Deno.test("a repository is added from a pasted URL, tried out, and seen to become up to date", () =>
  withConsole(async (console) => {
    const { open, upstream } = console;
    upstream.serve("/charts/harbour/index.yaml", INDEX);
    const page = await open();
    await page.goto("/repos");
    await page.getByRole("link", { name: "Add a repository" }).first().click();
    await page.locator("#address:focus").waitFor();
    assert.ok(!await page.locator("#accessKeyID").isVisible());
    await page.locator("#address").fill(`http://ada:${PASSWORD}@${hostOf(console)}/charts/harbour`);
    assert.equal(await page.locator("#protocol").inputValue(), "http");
    assert.equal(await page.locator("#address").inputValue(), `${hostOf(console)}/charts/harbour`);
    assert.equal(await page.locator("#username").inputValue(), "ada");
    assert.equal(await page.locator("#name").inputValue(), "harbour");
    await validate(page);
    await notice(page).getByText("It works: 2 apps with 3 versions").waitFor();
    await accessible(page);
    // What nobody sends back is still there.
    assert.equal(await page.locator("#password").inputValue(), PASSWORD);
    const { asked, go } = holdBack({
      ...upstream,
      serve: (_path, answer) => upstream.serve("/charts/harbour/index.yaml", answer),
    }, INDEX);
    await save(page);
    await notice(page).getByText("The repository was added").waitFor();
    await asked;
    await page.goto("/repos");
    await row(page, "harbour").getByText("Syncing").waitFor();
    go();
    await row(page, "harbour").getByText("Up to date").waitFor();
    const [repo] = await reposOf(console);
    assert.deepEqual([repo.credential_set, repo.app_total], [true, 2]);
  }));

Deno.test("what is wrong with an upstream is told beside the URL, and what is typed stays", () =>
  withConsole(async (console) => {
    const { open, upstream } = console;
    servePrivately(console);
    upstream.serve("/page/index.yaml", "<!doctype html><html></html>");
    const page = await open({ width: 360, theme: "dark" });
    await page.goto("/repos/new");
    await page.locator("#name").fill("harbour");
    await page.locator("#username").fill("ada");
    await page.locator("#password").fill("wrong");
    const cases = [
      ["http://127.0.0.1:1", "cannot be reached"],
      ["http://192.168.0.1", "expected an address that Chartroom may call"],
      [`${upstream.url}/page`, "a web page, not an index"],
      [upstream.url, "wants other credentials"],
    ] as const;
    for (const [url, told] of cases) {
      await page.locator("#address").fill(url);
      await validate(page);
      await errorOf(page, "address").getByText(told).waitFor();
      assert.equal(await page.locator("#password").inputValue(), "wrong");
      assert.equal(await page.locator("#name").inputValue(), "harbour");
    }
    await accessible(page);
    await page.locator("#password").fill(PASSWORD);
    await validate(page);
    await notice(page).getByText("It works").waitFor();
    await save(page);
    await page.waitForURL(/\/repos\/repo-\w+$/);
  }));

Deno.test("a name that is taken is told while it is typed", () =>
  withConsole(async (console) => {
    const { open, chartroom, upstream } = console;
    upstream.serve("/index.yaml", INDEX);
    const id = await chartroom.register(upstream.url, { name: "harbour" });
    const page = await open();
    await page.goto("/repos/new");
    const taken = page.locator("#name-taken");
    await page.locator("#address").fill("charts.example.org/harbour");
    await taken.waitFor();
    await page.locator("#name").fill("quay");
    await taken.waitFor({ state: "hidden" });
    // A name that somebody typed stays when the URL changes.
    await page.locator("#address").fill(upstream.url);
    assert.equal(await page.locator("#name").inputValue(), "quay");
    await page.locator("#name").fill("harbour");
    await save(page);
    await errorOf(page, "name").getByText("There is a repository of this name already").waitFor();
    await page.goto(`/repos/${id}/edit`);
    await page.locator("#name").fill("harbours");
    await page.locator("#name").fill("harbour");
    await page.waitForResponse((response) => response.url().includes("conditions=name"));
    assert.ok(await taken.isHidden());
  }));

Deno.test("names come from what of a URL says something", () =>
  withConsole(async ({ open }) => {
    const page = await open();
    await page.goto("/repos/new");
    const cases = {
      "https://charts.bitnami.com/bitnami": "bitnami",
      "https://prometheus-community.github.io/helm-charts": "prometheus-community",
      "https://charts.jetstack.io": "jetstack",
      "https://kubernetes.github.io/ingress-nginx/index.yaml": "ingress-nginx",
      "http://localhost:8080/charts/": "localhost",
      "s3://s3.eu-west-1.amazonaws.com/bucket/team": "team",
    };
    for (const [url, name] of Object.entries(cases)) {
      await page.locator("#address").fill(url);
      assert.equal(await page.locator("#name").inputValue(), name);
    }
    assert.ok(await page.locator("#accessKeyID").isVisible());
    assert.ok(!await page.locator("#username").isVisible());
  }));

Deno.test("a session that ends while a form is filled in costs nothing that is typed", () =>
  withConsole(async (console) => {
    const { open, upstream, chartroom } = console;
    servePrivately(console);
    const page = await open();
    await signIn(page, TOKEN, "/repos/new");
    await page.locator("#address").fill(upstream.url);
    await page.locator("#name").fill("harbour");
    await page.locator("#username").fill("ada");
    await page.locator("#password").fill(PASSWORD);
    await page.evaluate(() => fetch("/v1/session", { method: "DELETE" }));
    await save(page);
    await notice(page).getByText("Your session has ended").waitFor();
    assert.equal(await page.locator("#password").inputValue(), PASSWORD);
    const other = await page.context().newPage();
    await signIn(other, TOKEN);
    await other.close();
    await save(page);
    await page.waitForURL(/\/repos\/repo-\w+$/);
    await chartroom.services.syncer.idle();
    const headers = { authorization: `Bearer ${TOKEN}` };
    const { body } = await chartroom.call("GET", "/v1/repos", undefined, headers);
    assert.equal(body.items[0].status, "successful");
  }, WITH_TOKEN));

Deno.test("a credential is replaced and removed, and said to go with another host", () =>
  withConsole(async (console) => {
    const { open, upstream, chartroom } = console;
    servePrivately(console);
    const credential = JSON.stringify({ username: "ada", password: PASSWORD });
    const id = await chartroom.register(upstream.url, { name: "harbour", credential });
    const page = await open();
    await page.goto(`/repos/${id}/edit`);
    assert.ok(!await page.locator("#password").isVisible());
    await page.locator("#address").fill("charts.example.org");
    await page.getByText("This is another host").waitFor();
    await page.locator("#address").fill(`${hostOf(console)}/`);
    await page.getByText("This is another host").waitFor({ state: "hidden" });
    await page.getByLabel("Replace it").first().check();
    await page.locator("#username").fill("ada");
    await page.locator("#password").fill("wrong");
    await save(page);
    await errorOf(page, "address").getByText("wants other credentials").waitFor();
    await page.locator("#password").fill(PASSWORD);
    await accessible(page);
    await save(page);
    await page.waitForURL(new RegExp(`/repos/${id}$`));
    upstream.serve("/index.yaml", INDEX);
    await page.goto(`/repos/${id}/edit`);
    await page.getByLabel("Remove it").first().check();
    await save(page);
    await page.waitForURL(new RegExp(`/repos/${id}$`));
    assert.equal((await reposOf(console))[0].credential_set, false);
  }));

Deno.test("a repository is suspended, resumed, synced and deleted from the list", () =>
  withConsole(async (console) => {
    const { open, upstream, chartroom } = console;
    upstream.serve("/index.yaml", INDEX);
    await chartroom.register(upstream.url, { name: "harbour" });
    await chartroom.register(upstream.url, { name: "quay" });
    const page = await open();
    await page.goto("/repos?sort=-name");
    await act(page, "harbour", "Suspend");
    await notice(page).getByText("Suspended: it is synced").waitFor();
    await row(page, "harbour").getByText("Suspended").waitFor();
    assert.match(page.url(), /\/repos\?sort=-name$/);
    await act(page, "harbour", "Resume");
    await row(page, "harbour").getByText("Up to date").waitFor();
    const before = upstream.requests.length;
    await act(page, "harbour", "Sync now");
    await notice(page).getByText("The sync has been asked for").waitFor();
    await chartroom.services.syncer.idle();
    assert.equal(upstream.requests.length, before + 1);
    await act(page, "harbour", "Delete");
    await page.getByLabel("Type the name of the repository").fill("quay");
    await page.getByRole("button", { name: "Delete this repository" }).click();
    await errorOf(page, "name").waitFor();
    await accessible(page);
    await page.getByLabel("Type the name of the repository").fill("harbour");
    await page.getByRole("button", { name: "Delete this repository" }).click();
    await notice(page).getByText("The repository is deleted").waitFor();
    assert.deepEqual((await reposOf(console)).map(({ name }: { name: string }) => name), ["quay"]);
  }));

Deno.test("a list is searched while somebody types, and its address says so", () =>
  withConsole(async ({ open, upstream, chartroom }) => {
    upstream.serve("/index.yaml", INDEX);
    for (const name of ["harbour", "quay", "wharf"]) {
      await chartroom.register(upstream.url, { name });
    }
    const page = await open();
    await page.goto("/repos");
    await page.keyboard.press("/");
    await page.keyboard.type("quay");
    await row(page, "harbour").waitFor({ state: "detached" });
    assert.match(page.url(), /q=quay/);
    await page.keyboard.press("ArrowDown");
    await page.locator("a:focus", { hasText: "quay" }).waitFor();
    await page.locator("#q").fill("nothing of that name");
    await page.getByText("No repository matches").waitFor();
    await page.getByRole("link", { name: "Show all repositories" }).click();
    await page.locator("#sort").selectOption("-name");
    await page.locator("tbody tr:first-child", { hasText: "wharf" }).waitFor();
    await page.getByRole("link", { name: "Repository", exact: true }).click();
    await page.locator("tbody tr:first-child", { hasText: "harbour" }).waitFor();
    assert.equal(await page.locator("#sort").inputValue(), "name");
  }));

Deno.test("without scripts a repository is added, tried out, found and deleted all the same", () =>
  withConsole(async (console) => {
    const { open, upstream } = console;
    servePrivately(console);
    const page = await open({ javaScript: false });
    await page.goto("/repos/new");
    assert.ok(await page.locator("#accessKeyID").isVisible());
    await page.locator("#address").fill(upstream.url);
    await page.locator("#name").fill("harbour");
    await page.locator("#username").fill("ada");
    await page.locator("#password").fill(PASSWORD);
    await validate(page);
    await page.getByText("It works: 2 apps with 3 versions").waitFor();
    await page.getByText("type them again").waitFor();
    assert.equal(await page.locator("#password").inputValue(), "");
    await accessible(page);
    await page.locator("#password").fill(PASSWORD);
    await save(page);
    await page.waitForURL(/\/repos\/repo-\w+\?done=created$/);
    await page.goto("/repos");
    await page.locator("#q").fill("har");
    await page.getByRole("button", { name: "Apply" }).click();
    await act(page, "harbour", "Delete");
    await page.getByLabel("Type the name of the repository").fill("harbour");
    await page.getByRole("button", { name: "Delete this repository" }).click();
    await page.getByText("No repositories yet").waitFor();
  }));

/** Goes on by the keyboard until a certain element has the focus. */
async function tabTo(page: Page, selector: string) {
  for (let i = 0; i < 60; i++) {
    if (await page.locator(`${selector}:focus`).count() > 0) return;
    await page.keyboard.press("Tab");
  }
  throw new Error(`nobody comes to ${selector} by the keyboard`);
}

Deno.test("by the keyboard alone a repository is added and suspended", () =>
  withConsole(async (console) => {
    const { open, upstream } = console;
    upstream.serve("/index.yaml", INDEX);
    const page = await open();
    await page.goto("/repos");
    await tabTo(page, "main a.button.main");
    await page.keyboard.press("Enter");
    await page.waitForURL(/\/repos\/new$/);
    await page.locator("#address:focus").waitFor();
    await page.keyboard.type(upstream.url);
    await tabTo(page, "#name");
    await page.keyboard.press("Control+A");
    await page.keyboard.type("harbour");
    await tabTo(page, "[name=validate]");
    await page.keyboard.press("Enter");
    await page.getByText("It works: 2 apps with 3 versions").waitFor();
    await tabTo(page, "#name");
    // The first button is the one that Enter means.
    await page.keyboard.press("Enter");
    await page.waitForURL(/\/repos\/repo-\w+$/);
    await page.goto("/repos");
    await tabTo(page, "tbody summary");
    await page.keyboard.press("Enter");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Escape");
    assert.ok(!await page.locator("tbody details").getAttribute("open"));
    await page.keyboard.press("Enter");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await row(page, "harbour").getByText("Suspended").waitFor();
  }));

Deno.test("in Chinese a repository is added and deleted", () =>
  withConsole(async (console) => {
    const { open, upstream } = console;
    upstream.serve("/index.yaml", INDEX);
    const page = await open({ language: "zh-CN" });
    await page.goto("/repos");
    await page.getByRole("link", { name: "添加应用仓库" }).first().click();
    await page.getByLabel("URL", { exact: true }).fill(`${upstream.url}/nothing`);
    await page.getByLabel("名称", { exact: true }).fill("harbour");
    await page.getByRole("button", { name: "验证" }).click();
    await errorOf(page, "address").waitFor();
    await page.getByLabel("URL", { exact: true }).fill(upstream.url);
    await page.getByRole("button", { name: "验证" }).click();
    await page.getByText("验证通过：2 个应用，共 3 个版本").waitFor();
    await page.getByRole("button", { name: "添加", exact: true }).click();
    await page.waitForURL(/\/repos\/repo-\w+$/);
    await page.goto("/repos");
    await row(page, "harbour").getByText("已同步").waitFor();
    await act(page, "harbour", "删除");
    await page.getByLabel("请输入应用仓库的名称").fill("harbour");
    await page.getByRole("button", { name: "删除此应用仓库" }).click();
    await page.getByText("应用仓库已删除").waitFor();
  }));
