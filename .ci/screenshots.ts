/**
 * Pictures of every page of the console, to be looked at: in both themes and widths, in
 * `screenshots/`. Arguments: parts of the names of those wanted; `zh` for Chinese ones; `docs` writes
 * those that the README shows.
 */

import type { Browser, Page } from "playwright-core";
import { createApp } from "../routes/app.ts";
import { loadConfig } from "../src/config.ts";
import { createServices } from "../src/services.ts";
import { launchChromium } from "../tests/support/chromium.ts";
import { fillConsole, startUpstreams } from "../tests/support/console_pages.ts";

const TOKEN = "the-administrator-of-the-screenshots";
const WIDTHS = [1_440, 360], THEMES = ["light", "dark"] as const;
const FOLDER = "screenshots", DOCS = "docs/images";
/** Of the README: the page, and how it looks there. */
const GOOD: Readonly<Record<string, typeof THEMES[number]>> = {
  repos: "light",
  repo: "dark",
  apps: "light",
  app: "light",
};

const isForDocs = Deno.args.includes("docs"), language = Deno.args.includes("zh") ? "zh-CN" : "en";
const wanted = Deno.args.filter((arg) => arg !== "docs" && arg !== "zh");

const clock = { now: Date.now() };
const upstreams = await startUpstreams();
const services = await createServices(
  loadConfig({
    CHARTROOM_KV: ":memory:",
    CHARTROOM_ALLOW_UPSTREAM: "127.0.0.1",
    CHARTROOM_ADMIN_TOKEN: TOKEN,
    CHARTROOM_RATE_LIMIT: "off",
  }),
  { log: () => {}, clock: () => clock.now++ },
);
const server = Deno.serve(
  { hostname: "127.0.0.1", port: 0, onListen() {} },
  createApp(services).fetch,
);
const url = `http://localhost:${server.addr.port}`;
const pages = await fillConsole({ call, clock, idle: () => services.syncer.idle() }, upstreams);
const browser = await launchChromium({ moreFonts: true });
try {
  await Deno.mkdir(isForDocs ? DOCS : FOLDER, { recursive: true });
  for (const theme of THEMES) {
    for (const width of isForDocs ? [1_440] : WIDTHS) await takeAll(browser, theme, width);
  }
} finally {
  await browser.close();
  await services.close();
  await Promise.all([server.shutdown(), upstreams.close()]);
}

async function takeAll(browser: Browser, theme: typeof THEMES[number], width: number) {
  const context = await browser.newContext({
    baseURL: url,
    colorScheme: theme,
    locale: language,
    viewport: { width, height: width > 1_000 ? 900 : 740 },
    reducedMotion: "reduce",
  });
  const page = await context.newPage();
  for (const [name, path] of Object.entries(pages)) {
    if (wanted.length > 0 && !wanted.some((part) => name.includes(part))) continue;
    if (isForDocs && GOOD[name] !== theme) continue;
    if (name !== "sign-in") await signIn(page);
    await page.goto(path, { waitUntil: "networkidle" });
    // Those further down come when somebody scrolls there.
    await page.evaluate(`Promise.all([...document.images].map((image) => {
      image.loading = "eager";
      return image.decode().catch(() => {});
    }))`);
    const file = isForDocs ? `${DOCS}/${name}.png` : `${FOLDER}/${name}-${theme}-${width}.png`;
    await page.screenshot({ path: file, fullPage: !isForDocs });
  }
  await context.close();
}

async function signIn(page: Page) {
  const cookies = await page.context().cookies();
  if (cookies.some(({ name }) => name.endsWith("chartroom"))) return;
  await page.goto("/sign-in");
  await page.locator("input[name=token]").fill(TOKEN);
  await page.locator("main form button[type=submit]").click();
  await page.waitForURL("**/repos");
}

async function call(method: string, path: string, body?: unknown) {
  const response = await fetch(url + path, {
    method,
    headers: { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(`${method} ${path}: ${answer.message}`);
  return { body: answer };
}
