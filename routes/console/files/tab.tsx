/** A tab of an app's page that shows what is in an archive, or says why it cannot. */

import type { Child } from "hono/jsx";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { ChartroomError } from "../../client.ts";
import { AppFrame, loadApp, type Opened, statusOf, type Tab } from "../app/frame.tsx";
import { show } from "../opened.tsx";
import type { ConsoleContext, Page } from "../page.ts";
import { Notice } from "../parts/parts.tsx";

export { shownName } from "../parts/shown_name.ts";

/** Answers with a tab. What the API refuses while it is drawn is told within the frame. */
export async function showTab(
  c: ConsoleContext,
  tab: Tab & ("values" | "schema" | "templates" | "diff"),
  draw: (opened: Opened) => Promise<Child>,
): Promise<Response> {
  const opened = await loadApp(c);
  const { page, app, version } = opened;
  let content: Child, status: ContentfulStatusCode = statusOf(opened);
  try {
    content = await draw(opened);
  } catch (error) {
    if (!(error instanceof ChartroomError) || error.status === 401) throw error;
    status = error.status as ContentfulStatusCode;
    content = <NoArchive page={page} error={error} />;
  }
  const { tabs } = page.words.app;
  const of = tab === "diff" ? app.name : `${app.name} ${version.version}`;
  const framed = <AppFrame opened={opened} tab={tab}>{content}</AppFrame>;
  return await show(c, `${tabs[tab]} · ${of}`, framed, status);
}

function NoArchive({ page, error }: { page: Page; error: ChartroomError }) {
  const { files } = page.words;
  return (
    <Notice tone="warn" title={files.noArchive}>
      <p>{files.noArchiveHint}</p>
      <p class="quiet">
        {error.message}
        {error.reason && (
          <>
            {" "}(<code>{error.reason}</code>)
          </>
        )}
      </p>
    </Notice>
  );
}

/** Where a file of a version is downloaded. `version`: its text. */
export function hrefOfDownload({ page, app }: Opened, version: string, file: string): string {
  const query = new URLSearchParams({ version, file });
  return `${page.base}/apps/${app.app_id}/download?${query}`;
}

/** Where a file of a version is shown. */
export function hrefOfFile({ page, app }: Opened, version: string, file: string): string {
  const query = new URLSearchParams({ version, file });
  return `${page.base}/apps/${app.app_id}/templates?${query}`;
}
