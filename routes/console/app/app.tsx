/** The pages of an app: `/apps/{app}`, and `/apps/{app}/versions`. */

import { Hono } from "hono";
import { raw } from "hono/html";
import { AppFrame, loadApp, type Opened, statusOf } from "./frame.tsx";
import { type Heading, loadReadme, type Readme } from "./readme.ts";
import { loadNeeded, Side } from "./side.tsx";
import { Versions, VERSIONS_PER_PAGE } from "./versions.tsx";
import { show } from "../opened.tsx";
import type { ConsoleEnv, Page } from "../page.ts";
import { Icon } from "../parts/icon.tsx";
import { hrefWith, Notice } from "../parts/parts.tsx";
import { shownName } from "../parts/shown_name.ts";

/** How soon a page asks again for a README that has not come. */
const POLL_MS = 1_000;

/** Mounted below `/apps`. */
export function app() {
  return new Hono<ConsoleEnv>()
    .get("/:app", async (c) => {
      const opened = await loadApp(c);
      const { page, app, version } = opened;
      const [readme, needed] = await Promise.all([
        loadReadme(page, app, version),
        loadNeeded(opened),
      ]);
      const content = (
        <AppFrame opened={opened} tab="readme">
          <div class="app-page">
            <ReadmeView opened={opened} readme={readme} />
            <Side opened={opened} needed={needed} />
          </div>
        </AppFrame>
      );
      return await show(c, shownName(`${app.name} ${version.version}`), content, statusOf(opened));
    })
    .get("/:app/versions", async (c) => {
      const opened = await loadApp(c, VERSIONS_PER_PAGE);
      const { page, app } = opened;
      const content = (
        <AppFrame opened={opened} tab="versions">
          <Versions opened={opened} />
        </AppFrame>
      );
      return await show(
        c,
        `${shownName(app.name)}: ${page.words.app.tabs.versions}`,
        content,
        statusOf(opened),
      );
    });
}

function ReadmeView({ opened, readme }: { opened: Opened; readme: Readme }) {
  const { page } = opened;
  const { words: { app: { readme: words } } } = page;
  if (readme.state === "there") {
    return (
      <div id="readme" class="readme-page">
        {readme.headings.length > 1 && <Contents page={page} headings={readme.headings} />}
        <article class="readme card" aria-label={words.label}>{raw(readme.html)}</article>
      </div>
    );
  }
  if (readme.state === "loading") {
    return (
      <div id="readme" class="card" data-poll={POLL_MS}>
        <p role="status">
          <Icon of="sync" spins /> {words.loading}
        </p>
        <p class="unscripted">
          <a href={hrefWith(page.url, {})}>{words.again}</a>
        </p>
      </div>
    );
  }
  return (
    <div id="readme">
      <Why opened={opened} readme={readme} />
    </div>
  );
}

/** Why there is no README to be seen. */
function Why(
  { opened: { page, app, version }, readme }: {
    opened: Opened;
    readme: Extract<Readme, { state: "refused" | "too_large" }>;
  },
) {
  const { words: { app: { readme: words } }, base } = page;
  if (readme.state === "too_large") {
    const path = `${base}/apps/${app.app_id}/versions/${version.version_id}/readme`;
    return (
      <Notice title={words.tooLarge}>
        <a href={`/v1${path}`}>{words.byItself}</a>
      </Notice>
    );
  }
  const { code, message, reason } = readme.error;
  if (code === "no_readme") return <Notice title={words.none}>{words.noneHint}</Notice>;
  const why = words.reasons[reason as "timeout"] ?? words.codes[code as "no_archive"];
  return (
    <Notice tone="warn" title={words.failed}>
      {why && <p>{why}</p>}
      <p class="quiet">{shownName(message)}</p>
      <p>
        <a href={hrefWith(page.url, {})}>{words.again}</a>
      </p>
    </Notice>
  );
}

function Contents({ page, headings }: { page: Page; headings: readonly Heading[] }) {
  return (
    <details class="toc" open>
      <summary>{page.words.app.readme.contents}</summary>
      <nav aria-label={page.words.app.readme.contents}>
        <ul>
          {headings.map(({ id, text, level }) => (
            <li class={`level-${level}`}>
              <a href={`#${encodeURIComponent(id)}`}>{text}</a>
            </li>
          ))}
        </ul>
      </nav>
    </details>
  );
}
