/** Chartroom with its console, looked at with a browser. */

import { createApp } from "../../routes/app.ts";
import { openPage, type Page, type View, withSite } from "./browser.ts";
import { type Chartroom, type Options, withChartroom } from "./chartroom.ts";
import type { Upstream } from "./upstream.ts";

export interface Console {
  chartroom: Chartroom;
  upstream: Upstream;
  /** `http://localhost:<port>` */
  url: string;
  /** Opens the browser for somebody who has never been here, at no page yet. */
  open(view?: Omit<View, "baseUrl">): Promise<Page>;
}

/** Runs a test with a Chartroom that listens, and an upstream; and ends both. */
export async function withConsole(
  test: (console: Console) => Promise<void>,
  options: Options = {},
): Promise<void> {
  await withChartroom(async (chartroom, upstream) => {
    const { fetch } = createApp(chartroom.services);
    await withSite(fetch, async (url) => {
      await test({ chartroom, upstream, url, open: (view) => openPage({ ...view, baseUrl: url }) });
    });
  }, options);
}

/** Signs in, and is led to where `next` says. */
export async function signIn(page: Page, token: string, next = "/"): Promise<void> {
  await page.goto(`/sign-in?${new URLSearchParams({ next })}`);
  await page.getByLabel(/^(Token|令牌)/).fill(token);
  await page.locator("main form button[type=submit]").click();
  await page.waitForURL((url) => !url.pathname.startsWith("/sign-in"));
}
