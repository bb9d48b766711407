/** The frame of every page. */

import type { Child } from "hono/jsx";
import { ASSETS } from "./assets.ts";
import { type Page, THEMES } from "./page.ts";
import { Icon, type IconName, Mark } from "./parts/icon.tsx";
import { LANGUAGES } from "./words/words.ts";

/** A page, whole. */
export function Layout(
  { page, title, children }: { page: Page; title: string; children: Child },
) {
  const { words, language, theme } = page;
  return (
    <html lang={language} data-theme={theme}>
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content={theme === "auto" ? "light dark" : theme} />
        <title>{`${title} · Chartroom`}</title>
        <link rel="stylesheet" href={ASSETS.style.href} />
        <link rel="icon" href={ASSETS.icon.href} type="image/svg+xml" />
        <script type="module" src={ASSETS.script.href}></script>
      </head>
      <body>
        <a class="skip" href="#main">{words.common.skip}</a>
        <Top page={page} />
        <main id="main" tabindex={-1}>{children}</main>
        <Foot page={page} />
        <template id="session-ended">
          <div class="notice warn" role="alert">
            <Icon of="key" />
            <div>
              <strong>{words.common.sessionEnded}</strong> {words.common.sessionEndedHint}{" "}
              <a href="/sign-in" target="_blank">{words.common.signIn}</a>
            </div>
          </div>
        </template>
        <template id="lost">
          <div class="notice warn" role="alert">
            <Icon of="warning" />
            <div>{words.common.lost}</div>
          </div>
        </template>
      </body>
    </html>
  );
}

function Top({ page }: { page: Page }) {
  const { words: { common }, base, url, isAdmin, who } = page;
  const isSignedOut = who === undefined;
  const links: { href: string; text: string; icon: IconName }[] = [
    { href: `${base}/repos`, text: common.repositories, icon: "repo" },
    { href: `${base}/apps`, text: common.apps, icon: "app" },
    { href: `${base}/news`, text: common.news, icon: "news" },
    ...isAdmin
      ? [
        { href: "/tokens", text: common.tokens, icon: "key" as const },
        { href: "/audit", text: common.audit, icon: "log" as const },
      ]
      : [],
  ];
  const isCurrent = (href: string) =>
    url.pathname === href || url.pathname.startsWith(`${href}/`) ? "page" : undefined;
  return (
    <header class="top">
      <a class="brand" href={`${base}/`}>
        <Mark />
        Chartroom
      </a>
      {!isSignedOut && (
        <>
          <Workspaces page={page} />
          <nav aria-label={common.menu}>
            {links.map(({ href, text, icon }) => (
              <a href={href} aria-current={isCurrent(href)}>
                <Icon of={icon} />
                {text}
              </a>
            ))}
          </nav>
        </>
      )}
      <Account page={page} />
    </header>
  );
}

function Workspaces({ page }: { page: Page }) {
  const { words: { common }, workspace, workspaces, url, base } = page;
  if (workspaces.length < 2 && workspace === "") return null;
  const [, section] = /^(?:\/workspaces\/[^/]+)?\/(repos|apps|news)\b/.exec(url.pathname) ?? [];
  const pathOf = (name: string) =>
    `${name === "" ? "" : `/workspaces/${name}`}/${section ?? "repos"}`;
  return (
    <details class="menu workspaces">
      <summary title={common.switchWorkspace}>
        <span class="quiet">{common.workspace}</span>
        <strong>{workspace || common.everywhere}</strong>
        <Icon of="down" />
      </summary>
      <ul>
        {workspaces.map(({ workspace: name, repositories }) => (
          <li>
            <a
              href={pathOf(name)}
              aria-current={(name === "" ? "" : `/workspaces/${name}`) === base
                ? "true"
                : undefined}
            >
              {name || common.everywhere}
              <span class="count">{repositories}</span>
            </a>
          </li>
        ))}
      </ul>
    </details>
  );
}

function Account({ page }: { page: Page }) {
  const { words: { common, tokens }, who, url } = page;
  const next = new URLSearchParams({ next: url.pathname + url.search });
  const isSession = who !== undefined && who.kind !== "open" && who.kind !== "anonymous";
  return (
    <div class="account">
      {who?.kind === "anonymous" && url.pathname !== "/sign-in" && (
        <a class="button small" href={`/sign-in?${next}`}>{common.signIn}</a>
      )}
      {isSession && (
        <details class="menu">
          <summary aria-label={common.signedInAs(who.name)}>
            <Icon of="person" />
            <span class="who">{who.name}</span>
            <Icon of="down" />
          </summary>
          <form method="post" action="/sign-out">
            <p class="quiet">{common.signedInAs(who.name)} ({tokens.roles[who.role]})</p>
            <button type="submit">
              <Icon of="out" />
              {common.signOut}
            </button>
          </form>
        </details>
      )}
    </div>
  );
}

function Foot({ page }: { page: Page }) {
  const { words: { common }, language, theme, url } = page;
  return (
    <footer class="foot">
      <form method="post" action="/preferences" class="preferences">
        <input type="hidden" name="next" value={url.pathname + url.search} />
        <fieldset class="choice">
          <legend>{common.language}</legend>
          {Object.entries(LANGUAGES).map(([value, name]) => (
            <button
              type="submit"
              class="small"
              name="language"
              value={value}
              lang={value}
              aria-pressed={value === language}
            >
              {name}
            </button>
          ))}
        </fieldset>
        <fieldset class="choice">
          <legend>{common.theme}</legend>
          {THEMES.map((value) => (
            <button
              type="submit"
              class="small"
              name="theme"
              value={value}
              aria-pressed={value === theme}
            >
              {common.themes[value]}
            </button>
          ))}
        </fieldset>
      </form>
      <p>
        {page.who?.kind === "open" && <span>{common.open}</span>}
        <a href="/docs">{common.reference}</a>
      </p>
    </footer>
  );
}
