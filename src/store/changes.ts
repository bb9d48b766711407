/** Whether anything that reads are answered from has changed, in one small read. */

import { keys } from "./keys.ts";
import type { Kv } from "./kv.ts";

/** Other values than before after a change: of any repository, or of any repository's pointer. */
export interface Changes {
  repos: string | null;
  indexes: string | null;
}

/** Reads what changes with every change. It may be a little behind. */
export async function readChanges(kv: Kv): Promise<Changes> {
  const [repos, indexes] = await kv.getMany<[true, true]>(
    [keys.reposChange, keys.indexesChange],
    "eventual",
  );
  return { repos: repos.versionstamp, indexes: indexes.versionstamp };
}
