/** All versions of an app, as a list that is narrowed down by a constraint. */

import { isPrerelease } from "../../../src/helm/version.ts";
import { hrefOfApp, type Opened, type Version } from "./load.ts";
import { ConstraintError, ConstraintForm } from "./picker.tsx";
import { shortDigest } from "./side.tsx";
import { Badge, Day, Empty, Pager } from "../parts/parts.tsx";
import { shownName } from "../parts/shown_name.ts";
import { countText } from "../parts/text.ts";

export const VERSIONS_PER_PAGE = 50;

/** The versions that a constraint admits, in pages. */
export function Versions({ opened }: { opened: Opened }) {
  const { page, picks } = opened;
  const { words: { app: words } } = page;
  const { columns } = words;
  return (
    <>
      <ConstraintForm page={page} picks={picks} live="versions" />
      <div id="versions">
        <ConstraintError picks={picks} />
        {picks.error === undefined && (
          <p class="quiet" role="status">
            {words.versionsFound(countText(page, picks.total), picks.total)}
          </p>
        )}
        {picks.items.length === 0 && picks.error === undefined && (
          <Empty icon="tag" title={words.noVersions}>
            <p>{words.noVersionsHint}</p>
          </Empty>
        )}
        {picks.items.length > 0 && (
          <table class="table versions">
            <thead>
              <tr>
                <th scope="col">{columns.version}</th>
                <th scope="col">{columns.appVersion}</th>
                <th scope="col">{columns.created}</th>
                <th scope="col">{columns.digest}</th>
                <th scope="col">{columns.compare}</th>
              </tr>
            </thead>
            <tbody>{picks.items.map((item) => <Row opened={opened} item={item} />)}</tbody>
          </table>
        )}
        <Pager page={page} total={picks.total} limit={VERSIONS_PER_PAGE} />
      </div>
    </>
  );
}

function Row({ opened, item }: { opened: Opened; item: Version }) {
  const { page, version: chosen } = opened;
  const { words: { app: words } } = page;
  const { columns } = words;
  const isChosen = item.version === chosen.version;
  const diff = hrefOfApp(opened, "diff", chosen.version);
  return (
    <tr>
      <th scope="row">
        <a
          href={hrefOfApp(opened, "readme", item.version)}
          aria-current={isChosen ? "true" : undefined}
          data-item
        >
          {shownName(item.version)}
        </a>{" "}
        {isPrerelease(item.version) && <Badge tone="warn">{words.prerelease}</Badge>}
        {item.deprecated && <Badge tone="bad" icon="warning">{words.deprecated}</Badge>}
      </th>
      <td data-label={columns.appVersion}>
        {item.app_version === undefined ? "–" : shownName(item.app_version)}
      </td>
      <td data-label={columns.created}>
        <Day page={page} at={item.create_time} />
      </td>
      <td data-label={columns.digest}>
        {item.digest ? <code title={item.digest}>{shortDigest(item.digest)}</code> : "–"}
      </td>
      <td>
        {isChosen
          ? <span class="quiet">{words.chosen}</span>
          : (
            <a href={`${diff}&${new URLSearchParams({ from: item.version })}`}>
              {words.compareWith(shownName(chosen.version))}
              <span class="seen-by-none">: {shownName(item.version)}</span>
            </a>
          )}
      </td>
    </tr>
  );
}
