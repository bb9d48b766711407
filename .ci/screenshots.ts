/**
 * Pictures of every page of the console, to be looked at: in both themes and widths, in
 * `screenshots/`. Arguments: parts of the names of those wanted; `zh` for Chinese ones; `docs` writes
 * those that the README shows.
 */

import type { Browser, Page } from "playwright-core";
import { startSampleRepository } from "../docs/demo/sample_repository.ts";
import { createApp } from "../routes/app.ts";
import { loadConfig } from "../src/config.ts";
import { createServices } from "../src/services.ts";
import { launchChromium } from "../tests/support/chromium.ts";

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

/** Requests for the index that gets smaller. */
let asked = 0;
const isForDocs = Deno.args.includes("docs"), language = Deno.args.includes("zh") ? "zh-CN" : "en";
const wanted = Deno.args.filter((arg) => arg !== "docs" && arg !== "zh");

const sample = await startSampleRepository(8_001);
const faulty = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, answerFaulty);
const services = await createServices(
  loadConfig({
    CHARTROOM_KV: ":memory:",
    CHARTROOM_ALLOW_UPSTREAM: "127.0.0.1",
    CHARTROOM_ADMIN_TOKEN: TOKEN,
    CHARTROOM_RATE_LIMIT: "off",
  }),
  { log: () => {} },
);
const server = Deno.serve(
  { hostname: "127.0.0.1", port: 0, onListen() {} },
  createApp(services).fetch,
);
const url = `http://localhost:${server.addr.port}`;
const pages = await fill();
const browser = await launchChromium();
try {
  await Deno.mkdir(isForDocs ? DOCS : FOLDER, { recursive: true });
  for (const theme of THEMES) {
    for (const width of isForDocs ? [1_440] : WIDTHS) await takeAll(browser, theme, width);
  }
} finally {
  await browser.close();
  await services.close();
  await Promise.all([server.shutdown(), faulty.shutdown(), sample.close()]);
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

/** Repositories in all states, in two workspaces; answers the paths of the pages, by name. */
async function fill(): Promise<Record<string, string>> {
  const broken = `http://127.0.0.1:${faulty.addr.port}`;
  const add = async (name: string, url: string, more = {}, base = "") => {
    const json = { name, url, ...more };
    return (await call("POST", `${base}/repos`, json)).repo_id as string;
  };
  const repo = await add("harbour", sample.url, {
    description: "Services of the harbour, kept by the platform team",
    sync_period: "10m",
  });
  const failed = await add("drydock", `${broken}/html`, { description: "Answers with a page" });
  await add("lagoon", `${broken}/moved`, { description: "Wants a password" });
  const shrunk = await add("shoals", `${broken}/shrinking`, { sync_period: "1h" });
  await add("wharf", sample.url, { suspended: true, sync_period: "24h" });
  await add("breakwater", `${broken}/mixed`, { sync_period: "6h", description: "Has odd entries" });
  await add("quay", sample.url, { description: "Only for the team" }, "/workspaces/team-a");
  await services.syncer.idle();
  for (let i = 0; i < 6; i++) {
    for (const id of [repo, failed, shrunk]) {
      await call("POST", `/repos/${id}/action`, { action: "index" });
    }
    await services.syncer.idle();
  }
  await add("tideway", `${broken}/slow`, { description: "Comes slowly" });
  for (const [name, workspace, role] of [["ci", "team-a", "editor"], ["portal", "*", "viewer"]]) {
    await call("POST", "/tokens", { name, workspace, role });
  }
  const { items } = await call("GET", "/apps?conditions=name=lighthouse");
  const app = items[0].app_id as string;
  return {
    "sign-in": "/sign-in",
    repos: "/repos",
    "repos-empty": "/repos?q=nothing-is-called-so",
    "repo-form": "/repos/new",
    "repo-edit": `/repos/${repo}/edit`,
    "repo-delete": `/repos/${repo}/delete`,
    repo: `/repos/${repo}`,
    "repo-history": `/repos/${repo}?tab=history`,
    "repo-problems": `/repos/${repo}?tab=problems`,
    "repo-webhook": `/repos/${repo}?tab=webhook`,
    "repo-failed": `/repos/${failed}`,
    "repo-shrink": `/repos/${shrunk}`,
    apps: "/apps",
    "apps-list": "/apps?view=list",
    "apps-search": "/apps?q=data",
    "apps-none": "/apps?q=nothing-is-called-so",
    app: `/apps/${app}`,
    "app-versions": `/apps/${app}/versions`,
    "app-values": `/apps/${app}/values`,
    "app-schema": `/apps/${app}/schema`,
    "app-templates": `/apps/${app}/templates`,
    "app-diff": `/apps/${app}/diff`,
    news: "/news",
    tokens: "/tokens",
    audit: "/audit",
    "not-found": "/apps/app-00000000000000-0000000000",
  };
}

async function call(method: string, path: string, body?: unknown) {
  const response = await fetch(`${url}/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(`${method} ${path}: ${answer.message}`);
  return answer;
}

/** Indexes that are not as they should be. */
function answerFaulty(request: Request): Response {
  const { pathname } = new URL(request.url);
  const entry = (name: string, version: string) =>
    `  ${name}:\n  - {apiVersion: v2, name: ${name}, version: ${version}, urls: [${name}.tgz]}\n`;
  const index = (count: number) =>
    "apiVersion: v1\nentries:\n" +
    Array.from({ length: count }, (_, i) => entry(`mast-${i}`, "1.0.0")).join("");
  if (pathname.startsWith("/html")) {
    return new Response("<!DOCTYPE html><title>Sign in</title>", {
      headers: { "content-type": "text/html" },
    });
  }
  if (pathname.startsWith("/moved")) return new Response("no", { status: 401 });
  if (pathname.startsWith("/shrinking")) return new Response(index(asked++ === 0 ? 40 : 3));
  if (pathname.startsWith("/slow")) {
    const { readable, writable } = new TransformStream();
    writable.getWriter().write(new TextEncoder().encode(index(400))).catch(() => {});
    return new Response(readable, { headers: { "content-length": "60000" } });
  }
  const odd = "  spare:\n  - {name: spare, version: not a version}\n  - {version: 1.0.0}\n";
  return new Response(index(12) + odd);
}
