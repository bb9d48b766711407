/** What can be done with a repository of a list. */

import type { Page } from "../page.ts";
import { Icon, type IconName } from "../parts/icon.tsx";
import { hrefWith } from "../parts/parts.tsx";
import type { Repo } from "../api.ts";
import { pathOf } from "../repo/data.ts";

/** A menu; what changes something leads back to the list. */
export function RepoActions({ page, repo }: { page: Page; repo: Repo }) {
  const { words: { repos, common }, url } = page;
  const path = pathOf(page, repo);
  const next = hrefWith(url, { done: null });
  const button = (action: string, icon: IconName, text: string, name?: string, value?: string) => (
    <li>
      <form method="post" action={`${path}/${action}`}>
        <input type="hidden" name="next" value={next} />
        {name && <input type="hidden" name={name} value={value} />}
        <button type="submit">
          <Icon of={icon} />
          {text}
        </button>
      </form>
    </li>
  );
  return (
    <details class="menu">
      <summary aria-label={repos.actionsOf(repo.name)}>
        <Icon of="more" />
      </summary>
      <ul>
        {button("sync", "sync", repos.sync)}
        {repo.sync.reason === "shrink" && button("sync", "check", repos.force, "force", "true")}
        {repo.suspended
          ? button("suspend", "play", repos.resume, "suspended", "false")
          : button("suspend", "pause", repos.suspend, "suspended", "true")}
        <li>
          <a href={`${path}/edit`}>
            <Icon of="edit" />
            {common.edit}
          </a>
        </li>
        <li>
          <a class="danger" href={`${path}/delete`}>
            <Icon of="trash" />
            {common.remove}
          </a>
        </li>
      </ul>
    </details>
  );
}
