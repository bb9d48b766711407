/** Choosing a version: the newest ones that a constraint admits. */

import { isPrerelease } from "../../../src/helm/version.ts";
import { hrefOfApp, type Opened, type Picks, type Version } from "./load.ts";
import type { Page } from "../page.ts";
import { Icon } from "../parts/icon.tsx";
import { Badge, Day, hrefWith } from "../parts/parts.tsx";
import { described, Field } from "../parts/form.tsx";
import { shownName } from "../parts/shown_name.ts";

/** Characters of a constraint; the API takes no more. */
const MAX_CONSTRAINT = 512;

/** Shows the chosen version, and opens the others. */
export function VersionPicker({ opened }: { opened: Opened }) {
  const { page, version, picks } = opened;
  const { words: { app: words }, url } = page;
  const isAsked = url.searchParams.has("constraint") || url.searchParams.has("prerelease");
  return (
    <details class="menu version-picker" open={isAsked}>
      <summary>
        <span class="quiet">{words.version}</span>
        <strong>{shownName(version.version)}</strong>
        <Icon of="down" />
      </summary>
      <div>
        <ConstraintForm page={page} picks={picks} live="version-list" />
        <div id="version-list">
          <ConstraintError picks={picks} />
          {picks.items.length > 0 && (
            <ul aria-label={words.tabs.versions}>
              {picks.items.map((item) => <Pick opened={opened} item={item} />)}
            </ul>
          )}
          {picks.items.length === 0 && picks.error === undefined && (
            <p class="quiet">{words.noVersions}</p>
          )}
          {picks.total > picks.items.length && (
            <p>
              <a href={hrefOfApp(opened, "versions")}>{words.allVersions(picks.total)}</a>
            </p>
          )}
        </div>
      </div>
    </details>
  );
}

function Pick({ opened, item }: { opened: Opened; item: Version }) {
  const { page, version } = opened;
  const { words: { app: words }, url } = page;
  const href = hrefWith(url, { version: item.version, constraint: null, prerelease: null });
  return (
    <li>
      <a href={href} aria-current={item.version === version.version ? "true" : undefined}>
        <span>{shownName(item.version)}</span>
        {isPrerelease(item.version) && <Badge tone="warn">{words.prerelease}</Badge>}
        {item.deprecated && <Badge tone="bad">{words.deprecated}</Badge>}
        <span class="count">
          {item.app_version && `${shownName(item.app_version)} · `}
          <Day page={page} at={item.create_time} />
        </span>
      </a>
    </li>
  );
}

/** Narrows versions down. `live`: the id of what shows them. */
export function ConstraintForm(
  { page, picks, live }: { page: Page; picks: Picks; live: string },
) {
  const { words: { app: words, common }, url } = page;
  const { constraint, prerelease, error } = picks;
  const version = url.searchParams.get("version");
  return (
    <form class="constraint" method="get" action={url.pathname} data-live={live}>
      {version !== null && <input type="hidden" name="version" value={version} />}
      <Field page={page} name="constraint" label={words.constraint} hint={words.constraintHint}>
        <input
          type="text"
          value={constraint}
          maxlength={MAX_CONSTRAINT}
          autocomplete="off"
          {...described("constraint", { hint: true, error })}
        />
      </Field>
      <label class="check">
        <input type="checkbox" name="prerelease" value="true" checked={prerelease} />{" "}
        {words.prereleases}
      </label>
      <button type="submit" class="small unscripted">{common.apply}</button>
    </form>
  );
}

/** What is wrong with a constraint; within what is shown anew while somebody types. */
export function ConstraintError({ picks: { error } }: { picks: Picks }) {
  if (error === undefined) return null;
  return (
    <p class="error" id="constraint-error" role="alert">
      <Icon of="warning" />
      {error}
    </p>
  );
}
