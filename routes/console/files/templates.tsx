/** All files of a version's archive, of which one is shown. */

import type { Opened } from "../app/frame.tsx";
import type { ConsoleContext, Page } from "../page.ts";
import { Empty } from "../parts/parts.tsx";
import { countText } from "../parts/text.ts";
import { openArchive, type VersionArchive } from "./archive.ts";
import { FileView } from "./code.tsx";
import { hrefOfFile, shownName, showTab } from "./tab.tsx";
import { type Folder, MAX_LISTED, treeOf } from "./tree.ts";

/** With fewer files there is nothing to filter. */
const MANY_FILES = 10;

/** Answers with the files of a version, and the one of `?file=`. */
export async function templates(c: ConsoleContext): Promise<Response> {
  return await showTab(c, "templates", async (opened) => {
    const { page, app, version } = opened;
    const archive = await openArchive(page, app.app_id, version.version_id);
    const asked = c.req.query("file");
    const name = asked ?? firstOf(archive);
    const content = (await archive.read([name])).get(name);
    const file = archive.files.get(name);
    return (
      <div class="browser">
        <Files opened={opened} archive={archive} current={name} />
        <div class="shown" id="file">
          {file && content
            ? <FileView opened={opened} file={file} content={content} />
            : <NoFile page={page} name={name} />}
        </div>
      </div>
    );
  });
}

/** What is shown where nobody has chosen. */
function firstOf({ files }: VersionArchive): string {
  const names = [...files.keys()];
  return names.find((name) => /^templates\/[^_].*\.ya?ml$/.test(name)) ?? names[0] ?? "Chart.yaml";
}

function NoFile({ page, name }: { page: Page; name: string }) {
  const { files } = page.words;
  return (
    <Empty icon="file" title={files.noFile(shownName(name.slice(0, 100)))}>
      <p>{files.chooseFile}</p>
    </Empty>
  );
}

function Files(
  { opened, archive: { files }, current }: {
    opened: Opened;
    archive: VersionArchive;
    current: string;
  },
) {
  const { page } = opened;
  const { words } = page;
  return (
    <nav class="tree" aria-label={words.files.files}>
      {files.size > MANY_FILES && (
        <input
          type="search"
          class="scripted"
          aria-label={words.files.filter}
          placeholder={words.files.filter}
          data-filter="files"
        />
      )}
      <div id="files">
        <Inside opened={opened} folder={treeOf([...files.keys()])} current={current} path="" />
      </div>
      {files.size > MAX_LISTED && (
        <p class="quiet">{words.files.more(countText(page, files.size - MAX_LISTED))}</p>
      )}
    </nav>
  );
}

interface InsideProps {
  opened: Opened;
  folder: Folder;
  current: string;
  /** Of the folder, with a slash at its end. */
  path: string;
}

function Inside({ opened, folder, current, path }: InsideProps) {
  const { version } = opened;
  return (
    <ul>
      {[...folder.folders].map(([label, inner]) => (
        <li>
          <details open={isOpen(`${path}${label}/`, current)}>
            <summary>
              <bdi>{shownName(label)}/</bdi>
            </summary>
            <Inside opened={opened} folder={inner} current={current} path={`${path}${label}/`} />
          </details>
        </li>
      ))}
      {folder.files.map(({ label, name }) => (
        <li>
          <a
            href={hrefOfFile(opened, version.version, name)}
            aria-current={name === current ? "true" : undefined}
            data-live="main"
          >
            <bdi>{shownName(label)}</bdi>
          </a>
        </li>
      ))}
    </ul>
  );
}

/** Folders of the chart itself are open; those of its subcharts where what is shown is in them. */
function isOpen(path: string, current: string): boolean {
  return current.startsWith(path) || !path.startsWith("charts/");
}
