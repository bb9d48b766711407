/** What happened before a recorded request. */

import type { Discrepancy } from "./compare.ts";
import { type Call, hasUnknown, type Recording, type SyncStep } from "./recording.ts";
import type { Stage } from "./stage.ts";

/** A file that is played, and what is known of it so far. */
export interface Sequence {
  stage: Stage;
  /** Ids of this run by the names of the recording. */
  ids: Map<string, string>;
  fill: (text: string) => string;
  /** Milliseconds between two objects that are made. */
  step: number;
  /** Repositories that kept their apps, where KubeSphere has lost them. */
  guarded: Set<string>;
  /** How often each repository was synced. */
  syncs: Map<string, number>;
  /** Whether it was recorded what the repository's server was asked. */
  withCalls: boolean;
}

export const MINUTE = 60_000;

/** Does what happened before a request, and finds what went otherwise. */
export async function prepare(
  sequence: Sequence,
  { before = [] }: Recording,
): Promise<Discrepancy[]> {
  const { stage, fill } = sequence;
  const found: Discrepancy[] = [];
  for (const step of before) {
    if (step.op === "serve") await stage.serve(step);
    else if (step.op === "clock") sequence.step = step.step.startsWith("0 ") ? 0 : MINUTE;
    else if (step.op === "createObject") {
      found.push({ at: "createObject", theirs: step.id, ours: undefined });
      stage.tick(sequence.step);
    } else if (hasUnknown(fill(step.repo))) {
      found.push({ at: "sync.repo", theirs: step.repo, ours: undefined });
    } else found.push(...await sync(sequence, step, fill(step.repo)));
  }
  return found;
}

async function sync(
  { stage, fill, syncs, guarded }: Sequence,
  { upstream, outcome }: SyncStep,
  repoId: string,
): Promise<Discrepancy[]> {
  stage.calls();
  await stage.sync(repoId);
  syncs.set(repoId, (syncs.get(repoId) ?? 0) + 1);
  const found = upstream ? compareCalls(upstream, stage.calls(), "sync.upstream", fill) : [];
  const { status, sync: { reason, message } } = await stage.look(`/repos/${repoId}`);
  // Without a state there was none: the controller crashed.
  const [, state, text] = /state=(\w+) message="(.*)" requeue/.exec(outcome) ?? [];
  if (state !== status) {
    const theirs = state && `${state} ${text}`.trim();
    found.push({ at: "sync.state", theirs, ours: [status, reason, message].join(" ").trim() });
  }
  if (state === "successful" && reason === "shrink") guarded.add(repoId);
  else guarded.delete(repoId);
  return found;
}

/** Whether the repository's server was asked the same, with the same credentials. */
export function compareCalls(
  theirs: readonly Call[],
  ours: readonly Call[],
  at: string,
  fill: (text: string) => string,
): Discrepancy[] {
  const line = ({ method, path, auth }: Call) => `${method} ${fill(path)}${auth ? ` ${auth}` : ""}`;
  const [a, b] = [theirs.map(line), ours.map(line)];
  return JSON.stringify(a) === JSON.stringify(b) ? [] : [{ at, theirs: a, ours: b }];
}
