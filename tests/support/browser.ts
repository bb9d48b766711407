/**
 * A real browser for every test whose file imports this: started before its first test, ended after
 * its last one. A test fails at its end when one of its pages asked another host than loopback,
 * broke its own content security policy, threw an error that nothing caught, or told one to the
 * console.
 */

import assert from "node:assert/strict";
import axe from "axe-core";
import type {
  Browser,
  BrowserContext,
  BrowserContextOptions,
  Page,
  Request,
  Response as Answer,
} from "playwright-core";
import { launchChromium } from "./chromium.ts";
import { watchAnswer } from "./leaks.ts";

export type { Page } from "playwright-core";

const DEADLINE_MS = 15_000;
const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/;
const AXE: axe.RunOptions = {
  resultTypes: ["violations"],
  runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"],
};

/** The console is not told of all, as of an `eval` whose error is caught. */
const TELL_VIOLATIONS = `addEventListener("securitypolicyviolation", (event) =>
  console.error("Content Security Policy:", event.violatedDirective, event.blockedURI)
)`;

export interface View {
  /** What the paths that the page goes to are of. */
  baseUrl: string;
  /** `true` unless told. */
  javaScript?: boolean;
  /** `en` unless told. */
  language?: "en" | "zh-CN";
  /** `light` unless told. */
  theme?: "light" | "dark";
  /** CSS pixels, as is the height: 1280 by 720 unless told. */
  width?: number;
  height?: number;
  /** `false` unless told. */
  reducedMotion?: boolean;
}

let browser: Browser | undefined;
const contexts: BrowserContext[] = [];
const scriptless = new WeakSet<BrowserContext>();
const faults: string[] = [];
const searches: Promise<void>[] = [];

/** A page of somebody who has never been here: without cookies, and with nothing in the cache. */
export async function openPage(view: View): Promise<Page> {
  assert.ok(browser, "it is opened in a test");
  const { baseUrl, javaScript = true, language = "en", theme = "light", reducedMotion } = view;
  const options: BrowserContextOptions = {
    baseURL: baseUrl,
    javaScriptEnabled: javaScript,
    locale: language,
    colorScheme: theme,
    viewport: { width: view.width ?? 1280, height: view.height ?? 720 },
    reducedMotion: reducedMotion ? "reduce" : "no-preference",
  };
  const context = await browser.newContext(options);
  contexts.push(context);
  if (!javaScript) scriptless.add(context);
  context.setDefaultTimeout(DEADLINE_MS);
  watch(context);
  await context.addInitScript(TELL_VIOLATIONS);
  return await context.newPage();
}

/** What goes wrong in any page of a context, or in what it opens. */
function watch(context: BrowserContext) {
  const note = (place: string, text: string) => faults.push(`${place}: ${text}`);
  const noteOutside = (url: string) => {
    if (isOutside(url)) note("a request to another host", url);
  };
  context.on("request", (request) => noteOutside(request.url()));
  context.on("response", (answer) => searches.push(search(answer)));
  context.on("page", (page) => {
    page.on("websocket", (socket) => noteOutside(socket.url()));
    page.on("crash", () => note("a crash", page.url()));
  });
  context.on("weberror", (error) => note("an error that nothing caught", String(error.error())));
  context.on("console", (message) => {
    const text = message.text();
    if (text.includes("Content Security Policy")) note("the content security policy", text);
    // An answer that is an error may be what the test wants, or an icon that is not there.
    else if (message.type() === "error" && !text.startsWith("Failed to load resource")) {
      note("the console", text);
    }
  });
}

/** Searches what a page is told for secrets, as all that comes out of Chartroom is. */
async function search(answer: Answer): Promise<void> {
  try {
    const headers = (await answer.headersArray()).map(({ name, value }): [string, string] => [
      name,
      value,
    ]);
    const text = await answer.text(), { pathname } = new URL(answer.url());
    const head = { statusText: answer.statusText(), headers: new Headers(headers) };
    watchAnswer(head, text, `${answer.request().method()} ${pathname}`);
  } catch {
    // What leads elsewhere has no body to be had, nor has what the page did not wait for.
  }
}

function isOutside(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return /^(http|ws)s?:$/.test(protocol) && !LOOPBACK.test(hostname);
}

/** What has gone wrong since this was last asked. */
export async function takeFaults(): Promise<string[]> {
  // What a page has told before it answers has come when the answer has.
  const pages = contexts.flatMap((context) => context.pages());
  await Promise.all(pages.map((page) => page.evaluate("0").catch(() => {})));
  return faults.splice(0);
}

/** Serves on loopback while a test runs. All pages are closed first: a stream would keep it up. */
export async function withSite(
  handler: Deno.ServeHandler<Deno.NetAddr>,
  test: (baseUrl: string) => Promise<void>,
): Promise<void> {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, handler);
  try {
    await test(`http://localhost:${server.addr.port}`);
  } finally {
    await closePages();
    await server.shutdown();
  }
}

async function closePages(): Promise<void> {
  faults.push(...await takeFaults());
  await Promise.all(contexts.splice(0).map((context) => context.close()));
  await Promise.all(searches.splice(0));
}

/**
 * Asserts that axe finds nothing in the page as it is now, of WCAG 2.2 AA and of good practice.
 * It works under any content security policy, and where scripts are off: they are let run
 * meanwhile, which does not make up for those of the page that were not run.
 */
export async function accessible(page: Page): Promise<void> {
  const violations = await withScripts(page, async () => {
    await page.evaluate(axe.source);
    // deno-lint-ignore no-explicit-any -- what the line above has put there
    return await page.evaluate((options) => (globalThis as any).axe.run(options), AXE)
      .then((results: axe.AxeResults) => results.violations);
  });
  assert.ok(violations.length === 0, `${page.url()}\n${violations.map(describe).join("\n")}`);
}

/** Lets scripts run, which a page without them needs for whatever takes its time. */
async function withScripts<T>(page: Page, act: () => Promise<T>): Promise<T> {
  if (!scriptless.has(page.context())) return await act();
  // Not detached: with the session, what it has set would go.
  const session = await page.context().newCDPSession(page);
  const disable = (value: boolean) =>
    session.send("Emulation.setScriptExecutionDisabled", { value });
  // Of two sessions the last to change it is heard, and this one has to change it first.
  await disable(true);
  await disable(false);
  try {
    return await act();
  } finally {
    await disable(true);
  }
}

/** One rule, where it is broken, and what would mend it. */
function describe({ id, help, nodes }: axe.Result): string {
  const places = nodes.map(({ target, failureSummary = "" }) =>
    `  ${target.join(" ")}\n    ${failureSummary.replaceAll(/\n+\s*/g, "\n    ")}`
  );
  return [`${id}: ${help}`, ...places].join("\n");
}

/**
 * Bytes over the wire, with heads and compressed, of all that a page asks for until its `load`
 * event, with nothing in the cache; without the icons of charts, which are not the project's.
 */
export async function weightOf(page: Page, path: string): Promise<number> {
  const requests: Request[] = [];
  const note = (request: Request) => requests.push(request);
  page.on("request", note);
  await gotoCold(page, path);
  page.off("request", note);
  const weights = requests.filter(isWeighed).map(async (request) => {
    const { responseBodySize, responseHeadersSize } = await request.sizes();
    return responseBodySize + responseHeadersSize;
  });
  return (await Promise.all(weights)).reduce((sum, weight) => sum + weight, 0);
}

/** A stream has no end, and neither it nor what has failed has a weight. */
function isWeighed(request: Request): boolean {
  const { pathname } = new URL(request.url());
  return !pathname.endsWith("/icon") && request.resourceType() !== "eventsource" &&
    request.failure() === null;
}

/** Milliseconds until a page, with nothing in the cache, shows the first of its content. */
export async function firstContentfulPaint(page: Page, path: string): Promise<number> {
  await gotoCold(page, path);
  return await withScripts(page, async () => {
    const time = await page.waitForFunction(() =>
      performance.getEntriesByName("first-contentful-paint")[0]?.startTime
    );
    return await time.jsonValue() as number;
  });
}

/** Goes to a path as somebody does who has never been here. */
async function gotoCold(page: Page, path: string): Promise<void> {
  const session = await page.context().newCDPSession(page);
  await session.send("Network.enable");
  await session.send("Network.setCacheDisabled", { cacheDisabled: true });
  await page.goto(path, { waitUntil: "load" });
  await session.detach();
}

Deno.test.beforeAll(async () => {
  browser = await launchChromium();
});
Deno.test.afterEach(async () => {
  await closePages();
  const found = faults.splice(0);
  if (found.length > 0) throw new Error(`in the browser:\n${found.join("\n")}`);
});
Deno.test.afterAll(async () => {
  await browser?.close();
});
