/** Plays a sequence of recordings, and finds where Chartroom's answers differ. */

import type { Body } from "../support/chartroom.ts";
import type { RawAnswer } from "../support/raw_client.ts";
import { compareJson, type Discrepancy } from "./compare.ts";
import { type Call, hasUnknown, readRecordings, type Recording, substitute } from "./recording.ts";
import { compareIndex, compareRepo } from "./saved.ts";
import { openStage, type Stage } from "./stage.ts";

/** A recording as it was played. */
export interface Exchange {
  file: string;
  recording: Recording;
  /** What was sent, with this run's ids. */
  target: string;
  sent: string;
  theirs: { status: number; type: string; text: string; body: Body };
  ours: { status: number; type: string; headers: Headers; body: Body };
  /** A repository that only Chartroom has made, as it is after its sync. */
  made?: Body;
  /** What Chartroom asks of the repository's server for what it has registered. */
  later: Call[];
  /** Whether this is about a repository that kept its apps, where KubeSphere has lost them. */
  guarded: boolean;
  /** How often the repository that this is about was synced. */
  syncs: number;
  discrepancies: Discrepancy[];
}

interface Sequence {
  stage: Stage;
  ids: Map<string, string>;
  /** Milliseconds between two objects that are made. */
  step: number;
  fill: (text: string) => string;
  guarded: Set<string>;
  syncs: Map<string, number>;
  /** Whether it was recorded what the repository's server was asked. */
  withCalls: boolean;
}

const MINUTE = 60_000;

/** Plays a file, from an empty Chartroom on. */
export async function* replay(root: URL, file: string): AsyncGenerator<Exchange> {
  const recordings = await readRecordings(root, file);
  const stage = await openStage(root);
  const ids = new Map<string, string>();
  const fill = (text: string) => substitute(text, ids, stage.charts);
  const withCalls = recordings.some(({ upstream }) => upstream !== undefined);
  const sequence: Sequence = {
    stage,
    ids,
    step: MINUTE,
    fill,
    guarded: new Set(),
    syncs: new Map(),
    withCalls,
  };
  try {
    for (const recording of recordings) yield await play(sequence, file, recording);
  } finally {
    await stage.close();
  }
}

async function play(
  sequence: Sequence,
  file: string,
  recording: Recording,
): Promise<Exchange> {
  const { stage, ids, fill } = sequence;
  const discrepancies = await prepare(sequence, recording);
  const { method, path, contentType, headers, body } = recording.request;
  const target = fill(path), sent = fill(body ?? "");
  stage.calls();
  const answer = await stage.send({
    method,
    target,
    headers: { ...(contentType !== undefined && { "content-type": contentType }), ...headers },
    ...(body !== undefined && { body: sent }),
  });
  const ours = oursOf(answer);
  const theirsMade = recording.bind !== undefined && recording.response.status === 200;
  const id: string | undefined = ours.body?.repo_id ?? ours.body?.category_id;
  if (theirsMade && id !== undefined) ids.set(recording.bind!, id);
  const calls = stage.calls();
  if (sequence.withCalls) {
    discrepancies.push(...compareCalls(recording.upstream ?? [], calls, "upstream", fill));
  }
  const registers = method === "POST" && ours.body?.repo_id !== undefined &&
    !("repo_event_id" in ours.body);
  const theirs = theirsOf(recording, fill);
  const exchange: Exchange = {
    file,
    recording,
    target,
    sent,
    theirs,
    ours,
    discrepancies,
    later: registers ? await callsOf(stage, target, sent) : [],
    guarded: [...sequence.guarded].some((id) => isAbout(target, id)),
    syncs: Math.max(0, ...[...sequence.syncs].map(([id, n]) => isAbout(target, id) ? n : 0)),
  };
  discrepancies.push(...compareAnswers(exchange));
  discrepancies.push(...await compareStored(stage, exchange, ids));
  if (theirsMade) stage.tick(sequence.step);
  return registers && !theirsMade
    ? { ...exchange, made: await undo(stage, ours.body.repo_id) }
    : exchange;
}

/** Whether a request names a repository, or an app of it, whose id has the repository's in it. */
function isAbout(target: string, repoId: string): boolean {
  return target.includes(repoId.slice("repo-".length));
}

/** What a download for a new repository asks, which comes after the answer. */
async function callsOf(stage: Stage, target: string, body: string): Promise<Call[]> {
  const headers = { "content-type": "application/json" };
  await stage.send({ method: "POST", target: `${target}?validate=true`, headers, body });
  return stage.calls();
}

/** Takes back what KubeSphere did not do, so that the sequence goes on as it did there. */
async function undo(stage: Stage, repoId: string): Promise<Body> {
  await stage.sync(repoId);
  const made = await stage.look(`/repos/${repoId}`);
  await stage.remove(repoId);
  return made;
}

/** Does what happened before the request. */
async function prepare(
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
    } else if (!hasUnknown(fill(step.repo))) {
      const repo = fill(step.repo);
      stage.calls();
      await stage.sync(repo);
      sequence.syncs.set(repo, (sequence.syncs.get(repo) ?? 0) + 1);
      const { upstream, outcome } = step;
      if (upstream) found.push(...compareCalls(upstream, stage.calls(), "sync.upstream", fill));
      const [, state, text] = /state=(\w+) message=(".*") requeue/.exec(outcome) ?? [];
      const { status, sync } = await stage.look(`/repos/${repo}`);
      if (state !== status) {
        const theirs = state && [state, text!.slice(1, -1)].join(" ").trim();
        found.push({
          at: "sync.state",
          theirs,
          ours: [status, sync.reason, sync.message].join(" ").trim(),
        });
      }
      if (state === "successful" && sync.reason === "shrink") sequence.guarded.add(repo);
      else sequence.guarded.delete(repo);
    } else found.push({ at: "sync.repo", theirs: step.repo, ours: undefined });
  }
  return found;
}

function oursOf({ status, headers, text }: RawAnswer): Exchange["ours"] {
  const type = headers.get("content-type")?.replace(/;.*/s, "") ?? "";
  return { status, type, headers, body: type.endsWith("json") && text ? JSON.parse(text) : text };
}

function theirsOf({ response }: Recording, fill: (text: string) => string): Exchange["theirs"] {
  const type = response.contentType?.replace(/;.*/s, "") ?? "";
  const text = fill(response.body);
  const isJson = type === "application/json" && text !== "";
  return { status: response.status, type, text, body: isJson ? JSON.parse(text) : text };
}

function compareAnswers({ theirs, ours, recording }: Exchange): Discrepancy[] {
  if (theirs.status !== ours.status) {
    return [{ at: "status", theirs: theirs.status, ours: ours.status }];
  }
  const found: Discrepancy[] = [];
  if (theirs.type !== ours.type) found.push({ at: "type", theirs: theirs.type, ours: ours.type });
  for (const [name, value] of Object.entries(recording.response.headers ?? {})) {
    const given = ours.headers.get(name);
    const list = (text: string | null) => text?.split(", ").sort().join(", ");
    if (list(value) !== list(given)) {
      found.push({ at: `header.${name.toLowerCase()}`, theirs: value, ours: given });
    }
  }
  if (theirs.status >= 400 && theirs.type !== ours.type) return found;
  found.push(...compareJson(theirs.body, ours.body, recording.unstable !== undefined));
  return found;
}

function compareCalls(
  theirs: readonly Call[],
  ours: readonly Call[],
  at: string,
  fill: (text: string) => string,
): Discrepancy[] {
  const line = ({ method, path, auth }: Call) => `${method} ${fill(path)}${auth ? ` ${auth}` : ""}`;
  const [a, b] = [theirs.map(line), ours.map(line)];
  return JSON.stringify(a) === JSON.stringify(b) ? [] : [{ at, theirs: a, ours: b }];
}

/** What of KubeSphere's stored object can be seen from outside. */
async function compareStored(
  stage: Stage,
  { recording, target, theirs, ours, discrepancies }: Exchange,
  ids: ReadonlyMap<string, string>,
): Promise<Discrepancy[]> {
  // What only one of them did leaves different things behind, and differs in its status already.
  if (theirs.status < 400 !== ours.status < 400) return [];
  const { stored, bind } = recording;
  const fill = (text: string) => substitute(text, ids, stage.charts);
  const id = bind === undefined ? /repos\/(repo-[^/?]+)/.exec(target)?.[1] : ids.get(bind);
  const found: Discrepancy[] = [];
  if (stored?.spec && id !== undefined) {
    found.push(...await compareRepo(stage, id, stored.spec, fill));
  }
  // Where other apps are listed, there are others.
  const listed = discrepancies.every(({ at }) => !/^body\.items\.\w+$|^sync\./.test(at));
  if (stored?.savedIndex && listed) {
    found.push(...await compareIndex(stage, stored.savedIndex, fill));
  }
  return found;
}
