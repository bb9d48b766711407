/** Pages of the console as they are sent, without a browser. */

import { createApp } from "../../routes/app.ts";
import { type Chartroom, type Options, withChartroom } from "./chartroom.ts";
import type { Upstream } from "./upstream.ts";

/** A page that was answered. */
export interface Sent {
  status: number;
  /** Where it leads instead. */
  location: string | null;
  html: string;
  /** What of it people read. */
  text: string;
}

export interface Pages extends Chartroom {
  upstream: Upstream;
  /** Looks at a page. */
  show(path: string, headers?: Record<string, string>): Promise<Sent>;
  /** Sends a form, as a browser does from a page of here. */
  send(
    path: string,
    fields?: Record<string, string>,
    headers?: Record<string, string>,
  ): Promise<Sent>;
}

/** Runs a test with the console's pages, and ends what they need. */
export async function withPages(
  test: (pages: Pages) => Promise<void>,
  options: Options = {},
): Promise<void> {
  await withChartroom(async (chartroom, upstream) => {
    const app = createApp(chartroom.services);
    const show = async (path: string, init: RequestInit): Promise<Sent> => {
      const { status, headers, ...answer } = await read(await app.request(path, init));
      return { status, location: headers.get("location"), ...answer };
    };
    const accept = "text/html";
    await test({
      ...chartroom,
      upstream,
      show: (path, headers) => show(path, { headers: { accept, ...headers } }),
      send: (path, fields = {}, headers = {}) =>
        show(path, {
          method: "POST",
          headers: { accept, "sec-fetch-site": "same-origin", ...headers },
          body: new URLSearchParams(fields),
        }),
    });
  }, options);
}

async function read(answer: Response) {
  const html = await answer.text();
  const text = html.replaceAll(/<(title|template)[ >].*?<\/\1>/gs, "")
    .replaceAll(/<[^>]*>/g, " ").replaceAll(/\s+/g, " ");
  return { status: answer.status, headers: answer.headers, html, text };
}

/** The attributes of the first element of a page that has a certain one. */
export function elementWith(html: string, attribute: string): string | undefined {
  return html.match(/<[a-z][^>]*>/g)?.find((tag) => tag.includes(` ${attribute}`));
}
