/** An app in a list: as a card, as a row of a table, or with those of its name. */

import { isPrerelease } from "../../../src/helm/version.ts";
import type { App, Entry } from "./apps.tsx";
import type { Page } from "../page.ts";
import { Icon } from "../parts/icon.tsx";
import { AppIcon, Badge, hrefWith, Time } from "../parts/parts.tsx";
import { clip, countText, isUndated } from "../parts/text.ts";

/** Characters of a description that are shown: two lines have fewer. */
const MAX_ABOUT = 240;

interface Names {
  page: Page;
  /** By id. */
  repoNames: ReadonlyMap<string, string>;
}

interface OfEntry extends Names {
  entry: Entry;
}

/** The address of an app's icon, if it names one. */
export function iconOf(page: Page, { app_id, icon }: Pick<App, "app_id" | "icon">) {
  return icon === undefined ? undefined : `/v1${page.base}/apps/${app_id}/icon`;
}

/** A card of an app. */
export function AppCard({ page, entry, repoNames }: OfEntry) {
  const [app] = entry.apps;
  if (app === undefined) return null;
  const { words: { apps } } = page;
  return (
    <li class="app-card">
      <div class="app-title">
        <AppIcon name={app.name} href={iconOf(page, app)} />
        <div>
          <h3>
            <a href={`${page.base}/apps/${app.app_id}`} data-item dir="auto">{app.name}</a>
          </h3>
          <p class="app-repo" title={apps.columns.repo}>
            <Icon of="repo" />
            <span dir="auto">{repoNames.get(app.repo_id) ?? app.repo_id}</span>
          </p>
        </div>
      </div>
      <About app={app} />
      <Badges page={page} app={app} hasCategory />
      <p class="app-foot">
        <Version page={page} app={app} />
        <Updated page={page} app={app} />
      </p>
    </li>
  );
}

/** A card of all apps of a name. */
export function GroupCard({ page, entry, repoNames }: OfEntry) {
  const [app] = entry.apps;
  if (app === undefined) return null;
  const { words: { apps } } = page;
  const rest = entry.count - entry.apps.length;
  return (
    <li class="app-card group">
      <div class="app-title">
        <AppIcon name={app.name} href={iconOf(page, app)} />
        <div>
          <h3 dir="auto">{entry.name}</h3>
          <p class="app-repo">{apps.inRepos(entry.count, countText(page, entry.count))}</p>
        </div>
      </div>
      <About app={app} />
      <ul class="app-repos">
        {entry.apps.map((one) => (
          <li>
            <a href={`${page.base}/apps/${one.app_id}`} data-item>
              <span dir="auto">{repoNames.get(one.repo_id) ?? one.repo_id}</span>
            </a>
            <span class="app-version">{one.latest_app_version.version}</span>
            {one.deprecated && <Badge tone="warn">{apps.deprecated}</Badge>}
          </li>
        ))}
        {rest > 0 && (
          <li>
            <a href={hrefOfName(page, entry.name)}>{apps.moreRepos(countText(page, rest))}</a>
          </li>
        )}
      </ul>
    </li>
  );
}

/** The same search, for all apps of a name. */
function hrefOfName({ url }: Page, name: string): string {
  return hrefWith(url, { group: null, name, page: null });
}

/** A table of apps; of groups, each with its first app. */
export function AppTable(
  { page, entries, repoNames }: Names & { entries: readonly Entry[] },
) {
  const { words: { apps: { columns } } } = page;
  return (
    <table class="table app-table">
      <thead>
        <tr>
          {Object.values(columns).map((text) => <th scope="col">{text}</th>)}
        </tr>
      </thead>
      <tbody>
        {entries.map((entry) => <AppRow page={page} entry={entry} repoNames={repoNames} />)}
      </tbody>
    </table>
  );
}

function AppRow({ page, entry, repoNames }: OfEntry) {
  const [app] = entry.apps;
  if (app === undefined) return null;
  const { words: { apps } } = page;
  const { columns } = apps;
  const { version, app_version } = app.latest_app_version;
  return (
    <tr>
      <th scope="row">
        <div class="app-title">
          <AppIcon name={app.name} href={iconOf(page, app)} />
          <div>
            <a href={`${page.base}/apps/${app.app_id}`} data-item dir="auto">{app.name}</a>
            <About app={app} />
            <Badges page={page} app={app} />
          </div>
        </div>
      </th>
      <td data-label={columns.repo}>
        <span dir="auto">{repoNames.get(app.repo_id) ?? app.repo_id}</span>
        {entry.count > 1 && (
          <>
            {" "}
            <a class="quiet" href={hrefOfName(page, entry.name)}>
              {apps.moreRepos(countText(page, entry.count - 1))}
            </a>
          </>
        )}
      </td>
      <td data-label={columns.version} class="app-version">{version ?? apps.noVersion}</td>
      <td data-label={columns.appVersion} class="app-version">{app_version ?? "–"}</td>
      <td data-label={columns.category} dir="auto">{app.category ?? "–"}</td>
      <td data-label={columns.updated}>
        <Updated page={page} app={app} />
      </td>
    </tr>
  );
}

function About({ app: { description = "" } }: { app: App }) {
  return <p class="app-about" dir="auto">{clip(description, MAX_ABOUT)}</p>;
}

function Badges(
  { page: { words: { apps } }, app, hasCategory = false }: {
    page: Page;
    app: App;
    hasCategory?: boolean;
  },
) {
  const { version, type } = app.latest_app_version;
  const badges = [
    app.deprecated && <Badge tone="warn" icon="warning">{apps.deprecated}</Badge>,
    version && isPrerelease(version) && <Badge tone="info">{apps.prerelease}</Badge>,
    type === "library" && <Badge tone="busy">{apps.library}</Badge>,
    hasCategory && app.category && <Badge>{clip(app.category, 40)}</Badge>,
  ].filter(Boolean);
  return badges.length === 0 ? null : <p class="badges">{badges as never}</p>;
}

function Version({ page: { words: { apps } }, app: { latest_app_version } }: {
  page: Page;
  app: App;
}) {
  const { version, app_version } = latest_app_version;
  if (version === undefined) return <span class="quiet">{apps.noVersion}</span>;
  return (
    <span class="app-versions">
      <span class="app-version" title={apps.columns.version}>{version}</span>
      {app_version && <span class="quiet">{apps.packages(clip(app_version, 40))}</span>}
    </span>
  );
}

/** When it was updated. */
function Updated({ page, app: { update_time } }: { page: Page; app: App }) {
  if (isUndated(update_time)) return <span class="quiet">–</span>;
  return <Time page={page} at={update_time} />;
}
