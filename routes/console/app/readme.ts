/** A README, as the API renders it, made to fit into a page: its headings, tables and code. */

import { ChartroomError } from "../../client.ts";
import type { Page } from "../page.ts";
import type { App, Version } from "./load.ts";

/** Of the page, above which a README's headings stand. */
const PAGE_LEVEL = 1;
/** Characters of HTML, more of which are shown by themselves: a page is to be light. */
const MAX_CHARACTERS = 300_000;
/** Headings in the table of contents, and how deep they may be. */
const MAX_HEADINGS = 100, MAX_LEVEL = PAGE_LEVEL + 3;
/** A README that takes longer is shown when it has come, for which the page asks again. */
const WAIT_MS = 400;

export interface Heading {
  id: string;
  text: string;
  /** From 2. */
  level: number;
}

export type Readme =
  | { state: "there"; html: string; headings: readonly Heading[] }
  | { state: "loading" }
  | { state: "too_large" }
  | { state: "refused"; error: ChartroomError };

/** What a README's parts are called by who reads it aloud. */
export interface Labels {
  code: string;
  table: string;
  done: string;
  open: string;
}

/** Asks for a README, and does not wait for a slow upstream: the API goes on meanwhile. */
export async function loadReadme(page: Page, app: App, version: Version): Promise<Readme> {
  const param = { app: app.app_id, version: version.version_id };
  const asked = readReadme(page, param).catch((error): Readme => {
    if (error instanceof ChartroomError && error.status !== 401) return { state: "refused", error };
    throw error;
  });
  const { promise, resolve } = Promise.withResolvers<Readme>();
  const timer = setTimeout(() => resolve({ state: "loading" }), WAIT_MS);
  // Nobody looks at what comes too late, its errors neither.
  asked.then(resolve, () => resolve(asked));
  return await promise.finally(() => clearTimeout(timer));
}

async function readReadme(
  page: Page,
  param: { app: string; version: string },
): Promise<Readme> {
  const { readme } = page.api.apps[":app"].versions[":version"];
  const html = await (await readme.$get({ param, query: {} })).text();
  if (html.length > MAX_CHARACTERS) return { state: "too_large" };
  return { state: "there", ...fitIn(html, page.words.app.readme) };
}

/**
 * Makes a sanitised fragment fit into a page. Its headings go on where the page's end, without
 * leaving a level out; what may be too wide can be scrolled with keys; boxes and empty cells are
 * what they are to who does not see them. `sanitize-html` has written each tag in one way.
 */
export function fitIn(
  fragment: string,
  labels: Labels,
): { html: string; headings: Heading[] } {
  const { html, headings } = fitHeadings(fragment);
  const scrolls = (label: string) => `role="group" aria-label="${label}" tabindex="0"`;
  return {
    headings,
    html: html
      .replace(/<pre(?=[ >])/g, `<pre ${scrolls(labels.code)}`)
      .replace(/<table(?=[ >])/g, `<div class="wide" ${scrolls(labels.table)}>$&`)
      .replace(/<\/table>/g, "$&</div>")
      .replace(/<th(?: [^>]*)?><\/th>/g, "<td></td>")
      .replace(
        /<input type="checkbox"[^>]*?( checked)?[^>]*>/g,
        (box) => {
          const isDone = / checked\b/.test(box);
          const label = isDone ? labels.done : labels.open;
          return `<input type="checkbox" disabled${
            isDone ? " checked" : ""
          } aria-label="${label}">`;
        },
      ),
  };
}

/** Levels by how headings stand to one another, whatever numbers they have. */
function fitHeadings(fragment: string): { html: string; headings: Heading[] } {
  const headings: Heading[] = [];
  /** Numbers of the headings that what follows stands below. */
  const above: number[] = [];
  let html = "", at = 0;
  // From a heading to its own end, whatever it is within.
  for (const match of fragment.matchAll(/<h([1-6])( [^>]*)?>((?:(?!<h[1-6]).)*?)<\/h\1>/gs)) {
    const [whole, digit, attributes = "", content = ""] = match;
    html += fragment.slice(at, match.index);
    at = match.index + whole.length;
    const text = textOf(content);
    // Nobody finds anything at a heading without a text, but links may go there.
    if (text === "") {
      html += `<div${attributes}>${content}</div>`;
      continue;
    }
    while (above.length > 0 && above.at(-1)! >= Number(digit)) above.pop();
    above.push(Number(digit));
    const level = Math.min(6, PAGE_LEVEL + above.length);
    html += `<h${level}${attributes}>${content}</h${level}>`;
    const [, id] = / id="([^"]*)"/.exec(attributes) ?? [];
    if (id !== undefined && level <= MAX_LEVEL) headings.push({ id: decode(id), text, level });
  }
  return { html: html + fragment.slice(at), headings: headings.slice(0, MAX_HEADINGS) };
}

function textOf(html: string): string {
  return decode(html.replace(/<[^>]*>/g, "")).trim();
}

const CHARACTERS = { amp: "&", lt: "<", gt: ">", quot: '"' } as const;

function decode(text: string): string {
  return text.replace(
    /&(amp|lt|gt|quot);/g,
    (_, name: keyof typeof CHARACTERS) => CHARACTERS[name],
  );
}
