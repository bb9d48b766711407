/** How the syncs of a repository go: at a glance. */

import type { Page } from "../page.ts";
import type { Words } from "../words/words.ts";
import type { IconName } from "./icon.tsx";
import { Badge, type Tone } from "./parts.tsx";
import { durationText } from "./text.ts";

/** What of a repository its state is told from. */
export interface SyncedRepo {
  status: "successful" | "failed" | "syncing";
  suspended: boolean;
  sync: {
    state: "idle" | "queued" | "running";
    reason?: string | undefined;
    message?: string | undefined;
  };
}

type State = keyof Words["common"]["states"];

const LOOKS: Readonly<Record<State, { tone: Tone; icon: IconName }>> = {
  successful: { tone: "good", icon: "check" },
  failed: { tone: "bad", icon: "cross" },
  syncing: { tone: "busy", icon: "clock" },
  running: { tone: "busy", icon: "sync" },
  queued: { tone: "busy", icon: "clock" },
  suspended: { tone: "quiet", icon: "pause" },
};

/** Whether a sync goes on, or is about to. */
export function isBusy({ sync }: SyncedRepo): boolean {
  return sync.state !== "idle";
}

/** The states that a repository is in: what failed, what goes on, and how it is else. */
function statesOf({ status, suspended, sync: { state } }: SyncedRepo): State[] {
  const now: State[] = [
    ...status === "failed" ? ["failed" as const] : [],
    ...state === "idle" ? [] : [state],
    ...suspended ? ["suspended" as const] : [],
  ];
  return now.length === 0 ? [status] : now;
}

/** A repository's states as pictures and words; what went wrong is in the title. */
export function SyncState({ page, repo }: { page: Page; repo: SyncedRepo }) {
  const { states } = page.words.common;
  return (
    <span class="sync-state">
      {statesOf(repo).map((state) => (
        <Badge {...LOOKS[state]} title={state === "failed" ? repo.sync.message : undefined}>
          {states[state]}
        </Badge>
      ))}
    </span>
  );
}

/** A sync as a bar shows it. */
export interface EndedSync {
  status: "successful" | "failed";
  duration_ms: number;
}

const BAR = 5;
const STEP = 7;
const HEIGHT = 26;
const LEAST = 3;

/**
 * The last syncs as bars, as high as they took long; a failed one is a cross. `syncs`: newest first,
 * as the API has them; shown oldest first, at the right end of the place for `most`.
 */
export function Sparkline(
  { page, syncs, most }: { page: Page; syncs: readonly EndedSync[]; most: number },
) {
  const { words: { repos } } = page;
  if (syncs.length === 0) return <span class="quiet">{repos.noSyncs}</span>;
  const failed = syncs.filter(({ status }) => status === "failed").length;
  const longest = Math.max(1, ...syncs.map(({ duration_ms }) => duration_ms));
  const label = repos.lastSyncs(syncs.length, syncs.length - failed, failed);
  const left = (i: number) => (most - 1 - i) * STEP;
  // Long ones are often a thousand times as long as short ones.
  const height = ({ duration_ms }: EndedSync) =>
    Math.max(LEAST, Math.round(HEIGHT * Math.sqrt(duration_ms / longest)));
  const paths = { good: "", failed: "" };
  syncs.forEach((sync, i) => {
    const x = left(i);
    if (sync.status === "failed") {
      paths.failed += `M${x} ${HEIGHT - BAR}l${BAR} ${BAR}m0-${BAR}l-${BAR} ${BAR}`;
    } else paths.good += `M${x} ${HEIGHT}v-${height(sync)}h${BAR}v${height(sync)}z`;
  });
  const width = most * STEP - STEP + BAR;
  return (
    <svg
      class="sparkline"
      viewBox={`-1 -1 ${width + 2} ${HEIGHT + 2}`}
      width={width + 2}
      height={HEIGHT + 2}
      role="img"
      aria-label={label}
    >
      <title>{`${label} (${repos.longest(durationText(page, longest))})`}</title>
      {paths.good && <path class="good" d={paths.good} />}
      {paths.failed && <path class="failed" d={paths.failed} />}
    </svg>
  );
}
