/** Deleting a repository, which wants its name to be typed. */

import { Hono } from "hono";
import { fieldsOf } from "../form_data.ts";
import { show } from "../opened.tsx";
import type { ConsoleEnv, Page } from "../page.ts";
import { TextField } from "../parts/form.tsx";
import { Icon } from "../parts/icon.tsx";
import { Head } from "../parts/parts.tsx";
import { countText } from "../parts/text.ts";
import { ownPath, pathOf, repoOf } from "../repo/data.ts";
import { requireWriter } from "../repo_form/repo_form.tsx";
import type { Repo } from "../api.ts";

/** Mounted below `/repos`. */
export function repoDelete() {
  return new Hono<ConsoleEnv>()
    .get("/:repo/delete", async (c) => {
      const page = c.get("page"), repo = await repoOf(c), elsewhere = ownPath(page, repo);
      if (elsewhere !== undefined) return c.redirect(elsewhere, 302);
      requireWriter(page);
      const { title } = page.words.repos.deletion;
      return await show(c, title(repo.name), <Deletion page={page} repo={repo} />);
    })
    .post("/:repo/delete", async (c) => {
      const page = c.get("page"), repo = await repoOf(c);
      const { name = "" } = await fieldsOf(c);
      if (name.trim() === repo.name) {
        await page.api.repos[":repo"].$delete({ param: { repo: repo.repo_id } });
        return c.redirect(`${page.base}/repos?done=deleted`, 303);
      }
      const { title } = page.words.repos.deletion;
      return await show(
        c,
        title(repo.name),
        <Deletion page={page} repo={repo} typed={name} />,
        400,
      );
    });
}

/** `typed`: what was not its name. */
function Deletion({ page, repo, typed }: { page: Page; repo: Repo; typed?: string }) {
  const { words: { repos: { title, deletion: words }, common }, base } = page;
  const path = pathOf(page, repo);
  const apps = countText(page, repo.app_total), versions = countText(page, repo.version_total);
  return (
    <div class="narrow">
      <Head
        page={page}
        title={words.title(repo.name)}
        crumbs={[{ href: `${base}/repos`, text: title }, { href: path, text: repo.name }]}
      />
      <form class="card" method="post" action={`${path}/delete`} data-swap>
        <p>
          <strong>{words.lede}</strong>
        </p>
        <ul>
          <li>{words.apps(apps, versions)}</li>
          <li>{words.history}</li>
          <li>{words.secrets}</li>
        </ul>
        <p>{words.clients}</p>
        <TextField
          page={page}
          name="name"
          label={words.name}
          hint={words.hint(repo.name)}
          error={typed === undefined ? undefined : words.wrong}
          value={typed}
          more={{
            autocomplete: "off",
            autocapitalize: "none",
            spellcheck: "false",
            required: true,
          }}
        />
        <div class="actions">
          <button type="submit" class="danger">
            <Icon of="trash" />
            {words.submit}
          </button>
          <a class="button plain" href={path}>{common.cancel}</a>
        </div>
      </form>
    </div>
  );
}
