/** What pages are put together from. */

import type { Child } from "hono/jsx";
import type { Page } from "../page.ts";
import { Icon, type IconName } from "./icon.tsx";
import { bytesText, countText, dayText, momentText, sinceText } from "./text.ts";

interface Of {
  page: Page;
}

/** A moment, relative to now; the exact one is in its title. `at`: RFC 3339, or null for never. */
export function Time({ page, at }: Of & { at: string | null | undefined }) {
  if (!at) return <span class="quiet">{page.words.common.never}</span>;
  return (
    <time datetime={at} title={momentText(page, at)} data-since>
      {sinceText(page, at)}
    </time>
  );
}

/** A day; the exact moment is in its title. `at`: RFC 3339. */
export function Day({ page, at }: Of & { at: string }) {
  return <time datetime={at} title={momentText(page, at)}>{dayText(page, at)}</time>;
}

/** A number with its unit left to who writes it. */
export function Count({ page, of }: Of & { of: number }) {
  return <>{countText(page, of)}</>;
}

/** A size. */
export function Bytes({ page, of }: Of & { of: number }) {
  return <span title={`${of} B`}>{bytesText(page, of)}</span>;
}

export type Tone = "good" | "bad" | "warn" | "busy" | "quiet" | "info";

/** A word or two in a frame. */
export function Badge(
  { tone = "quiet", icon, title, children }: {
    tone?: Tone;
    icon?: IconName;
    title?: string | undefined;
    children: Child;
  },
) {
  return (
    <span class={`badge ${tone}`} title={title}>
      {icon && <Icon of={icon} spins={tone === "busy" && icon === "sync"} />}
      {children}
    </span>
  );
}

/** Something that who looks should know. `live`: said to who does not see it, too. */
export function Notice(
  { tone = "info", title, live = false, children }: {
    tone?: Tone;
    title?: string;
    live?: boolean;
    children?: Child;
  },
) {
  const icon = ({ good: "check", bad: "cross", warn: "warning" } as const)[tone as "good"] ??
    "news";
  return (
    <div class={`notice ${tone}`} role={!live ? undefined : tone === "bad" ? "alert" : "status"}>
      <Icon of={icon} />
      <div>
        {title && <strong>{title}</strong>}
        {children}
      </div>
    </div>
  );
}

/** What stands where there is nothing to show. */
export function Empty(
  { icon, title, children }: { icon: IconName; title: string; children?: Child },
) {
  return (
    <div class="empty">
      <Icon of={icon} />
      <h2>{title}</h2>
      {children}
    </div>
  );
}

/** The head of a page: where it is, what it is called, and what can be done. */
export function Head(
  { page, title, crumbs = [], children, actions }: Of & {
    title: string;
    crumbs?: readonly { href: string; text: string }[];
    /** Below the title. */
    children?: Child;
    actions?: Child;
  },
) {
  return (
    <div class="head">
      {crumbs.length > 0 && (
        <nav class="crumbs" aria-label={page.words.common.breadcrumbs}>
          {crumbs.map(({ href, text }) => <a href={href}>{text}</a>)}
        </nav>
      )}
      <div class="head-row">
        <div>
          <h1>{title}</h1>
          {children}
        </div>
        {actions && <div class="actions">{actions}</div>}
      </div>
    </div>
  );
}

/** A button that copies a text; only where scripts run. */
export function CopyButton({ page, text, label }: Of & { text: string; label?: string }) {
  const { copy, copied } = page.words.common;
  return (
    <button
      type="button"
      class="small scripted"
      data-copy={text}
      data-copied={copied}
      aria-label={label}
    >
      <Icon of="copy" />
      <span aria-live="polite">{copy}</span>
    </button>
  );
}

/** A text to be taken as it is, with a button to copy it. `label`: what it is. */
export function Snippet({ page, label, text }: Of & { label: string; text: string }) {
  return (
    <figure class="snippet">
      <figcaption>
        {label}
        <CopyButton page={page} text={text} label={`${page.words.common.copy}: ${label}`} />
      </figcaption>
      <pre tabindex={0}><code>{text}</code></pre>
    </figure>
  );
}

/** Pages of one thing, of which one is shown. */
export function Tabs(
  { label, tabs }: {
    label: string;
    tabs: readonly { href: string; text: string; count?: number | undefined; current: boolean }[];
  },
) {
  return (
    <nav class="tabs" aria-label={label}>
      {tabs.map(({ href, text, count, current }) => (
        <a href={href} aria-current={current ? "page" : undefined}>
          {text}
          {count !== undefined && <span class="count">{count}</span>}
        </a>
      ))}
    </nav>
  );
}

/** A few ways, one of which is taken. `live`: what of the page a choice changes; absent: all of it. */
export function Choice(
  { label, isLabelled = false, live, links }: {
    label: string;
    isLabelled?: boolean;
    live?: string;
    links: readonly {
      href: string;
      text: string;
      icon?: IconName;
      count?: number;
      current: boolean;
    }[];
  },
) {
  return (
    <div class="choice" role="group" aria-label={label}>
      {isLabelled && <span class="quiet" aria-hidden="true">{label}</span>}
      {links.map(({ href, text, icon, count, current }) => (
        <a
          class="button small"
          href={href}
          data-live={live}
          id={`way-${text}`.replaceAll(" ", "-")}
          aria-current={current ? "true" : undefined}
        >
          {icon && <Icon of={icon} />}
          {text}
          {count !== undefined && <span class="count">{count}</span>}
        </a>
      ))}
    </div>
  );
}

/** Links to the pages of a list. `page` of the query is the number, from 1. */
export function Pager(
  { page, total, limit }: Of & { total: number; limit: number },
) {
  const { words, url } = page;
  const pages = Math.max(1, Math.ceil(total / limit));
  const current = pageNumber(url);
  if (pages === 1 && current === 1) return null;
  const hrefOf = (number: number) => hrefWith(url, { page: number === 1 ? null : `${number}` });
  const count = (number: number) => countText(page, number);
  return (
    <nav class="pager" aria-label={words.common.pages}>
      {current > 1
        ? <a class="button" rel="prev" href={hrefOf(current - 1)}>{words.common.previous}</a>
        : <span class="button" aria-disabled="true">{words.common.previous}</span>}
      <span>
        {words.common.pageOf(count(current), count(pages))}
      </span>
      {current < pages
        ? <a class="button" rel="next" href={hrefOf(current + 1)}>{words.common.next}</a>
        : <span class="button" aria-disabled="true">{words.common.next}</span>}
    </nav>
  );
}

/**
 * Links through a list of which nobody knows how long it is. `next`: the cursor of what follows;
 * `cursor` of the query is that of what is shown.
 */
export function CursorPager({ page, next }: Of & { next: string | undefined }) {
  const { words: { common }, url } = page;
  const isLater = Boolean(url.searchParams.get("cursor"));
  if (!isLater && next === undefined) return null;
  return (
    <nav class="pager" aria-label={common.pages}>
      {isLater && <a class="button" href={hrefWith(url, { cursor: null })}>{common.newest}</a>}
      {next !== undefined && (
        <a class="button" rel="next" href={hrefWith(url, { cursor: next })}>{common.older}</a>
      )}
    </nav>
  );
}

/** The number of the page that a URL asks for, from 1. */
export function pageNumber(url: URL): number {
  const text = url.searchParams.get("page") ?? "";
  return /^[1-9]\d{0,6}$/.test(text) ? Number(text) : 1;
}

/** The path and query of a URL with some parameters set, or taken away: `null`. */
export function hrefWith(url: URL, changes: Readonly<Record<string, string | null>>): string {
  const query = new URLSearchParams(url.search);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) query.delete(name);
    else query.set(name, value);
  }
  const text = query.toString();
  return text === "" ? url.pathname : `${url.pathname}?${text}`;
}

/** The picture of an app, if it names one, over its first letter for the time without. */
export function AppIcon(
  { page, id, name, hasIcon }: Of & { id: string; name: string; hasIcon: boolean },
) {
  return (
    <span class="app-icon" data-tint={tintOf(name)} aria-hidden="true">
      <span>{[...name][0]?.toUpperCase()}</span>
      {hasIcon && (
        <img
          src={`/v1${page.base}/apps/${id}/icon`}
          alt=""
          loading="lazy"
          decoding="async"
          width="40"
          height="40"
        />
      )}
    </span>
  );
}

const TINTS = 6;

/** The same name has the same colour everywhere. */
function tintOf(name: string): number {
  let sum = 0;
  for (const character of name) sum = (sum * 31 + character.codePointAt(0)!) % 9_973;
  return sum % TINTS;
}
