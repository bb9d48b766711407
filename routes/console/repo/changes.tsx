/** What a sync changed: counts, and the first names behind each. */

import type { Page } from "../page.ts";
import { Badge, type Tone } from "../parts/parts.tsx";
import { countText } from "../parts/text.ts";
import { type Kind, KINDS, type SyncEvent } from "./data.ts";

type ChangeSet = NonNullable<SyncEvent["changes"]>;

/** Names of one kind that are shown; an event has at most 50. */
const MAX_NAMES = 12;
const TONES: Readonly<Record<Kind, Tone>> = {
  apps_added: "good",
  apps_removed: "bad",
  versions_added: "good",
  versions_removed: "bad",
  versions_republished: "warn",
};

/** What changed in numbers, with the names folded in. */
export function Changes({ page, changes }: { page: Page; changes: ChangeSet }) {
  const { words: { repo: words } } = page;
  const kinds = KINDS.filter((kind) => changes[kind].count > 0);
  return (
    <details class="repo-changes">
      <summary>
        {kinds.map((kind) => (
          <Badge tone={TONES[kind]}>
            {words.short[kind](countText(page, changes[kind].count))}
          </Badge>
        ))}
      </summary>
      <dl>
        {kinds.map((kind) => (
          <>
            <dt>{words.changes[kind]}</dt>
            <dd>
              <Names page={page} of={changes[kind]} />
            </dd>
          </>
        ))}
      </dl>
    </details>
  );
}

function Names({ page, of: { count, names } }: { page: Page; of: ChangeSet[Kind] }) {
  const shown = names.slice(0, MAX_NAMES);
  return (
    <ul>
      {shown.map((name) => (
        <li>
          <code>{name}</code>
        </li>
      ))}
      {count > shown.length && (
        <li class="quiet">
          {page.words.repo.andMore(countText(page, count - shown.length))}
        </li>
      )}
    </ul>
  );
}
