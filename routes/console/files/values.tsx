/** `values.yaml` of a version: what can be set, and to what it is set. */

import type { ConsoleContext } from "../page.ts";
import { Empty } from "../parts/parts.tsx";
import { openArchive } from "./archive.ts";
import { FileView } from "./code.tsx";
import { showTab } from "./tab.tsx";

const NAME = "values.yaml";

/** Answers with `values.yaml` of a version. */
export async function values(c: ConsoleContext): Promise<Response> {
  return await showTab(c, "values", async (opened) => {
    const { page, app, version } = opened;
    const { files, read } = await openArchive(page, app.app_id, version.version_id);
    const file = files.get(NAME), content = (await read([NAME])).get(NAME);
    if (file === undefined || content === undefined) {
      return (
        <Empty icon="file" title={page.words.files.noValues}>
          <p>{page.words.files.noValuesHint}</p>
        </Empty>
      );
    }
    return <FileView opened={opened} file={file} content={content} outlined />;
  });
}
