/** The head of an app's pages: what it is called, where it is from, and what is to be known. */

import type { Child } from "hono/jsx";
import { isPrerelease } from "../../../src/helm/version.ts";
import type { Opened } from "./load.ts";
import { AppIcon, Badge, Head, hrefWith, Notice, Time } from "../parts/parts.tsx";
import { shownName } from "../parts/shown_name.ts";

/** `actions` stand beside the name. */
export function AppHead({ opened, actions }: { opened: Opened; actions: Child }) {
  const { page, app, version, repo } = opened;
  const { words: { app: words, common }, base } = page;
  const { version: newest } = app.latest_app_version;
  return (
    <>
      <div class="app-head">
        <AppIcon page={page} id={app.app_id} name={app.name} hasIcon={Boolean(app.icon)} />
        <Head
          page={page}
          title={shownName(app.name)}
          crumbs={[
            { href: `${base}/apps`, text: common.apps },
            { href: `${base}/repos/${repo.repo_id}`, text: shownName(repo.name) },
          ]}
          actions={actions}
        >
          <p class="lede">{version.description ?? app.description}</p>
          <p class="app-marks">
            {version.deprecated && <Badge tone="bad" icon="warning">{words.deprecated}</Badge>}
            {isPrerelease(version.version) && <Badge tone="warn">{words.prerelease}</Badge>}
            {version.type === "library" && <Badge tone="info">{words.library}</Badge>}
            {app.category && <Badge icon="tag">{app.category}</Badge>}
            <span>
              {words.version} <strong>{shownName(version.version)}</strong>
            </span>
            {version.app_version && (
              <span>
                {words.appVersion} <strong>{shownName(version.app_version)}</strong>
              </span>
            )}
            {newest !== undefined && newest !== version.version && (
              <a href={hrefWith(page.url, { version: null })}>{words.newest(shownName(newest))}</a>
            )}
            <span>
              {words.updated} <Time page={page} at={version.update_time} />
            </span>
          </p>
        </Head>
      </div>
      {version.deprecated && (
        <Notice tone="warn" title={words.deprecatedTitle}>{words.deprecatedHint}</Notice>
      )}
    </>
  );
}
