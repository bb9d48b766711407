/** Plays a sequence of recordings, and finds where Chartroom's answers differ. */

import type { Body } from "../support/chartroom.ts";
import type { RawAnswer } from "../support/raw_client.ts";
import { compareJson, type Discrepancy } from "./compare.ts";
import { type Here, isAbout, lookAround } from "./here.ts";
import { compareCalls, MINUTE, prepare, type Sequence } from "./prepare.ts";
import { type Call, readRecordings, type Recording, substitute } from "./recording.ts";
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
  /** What else there is. */
  here: Here;
  discrepancies: Discrepancy[];
}

/** Plays a file, from an empty Chartroom on. */
export async function* replay(root: URL, file: string): AsyncGenerator<Exchange> {
  const recordings = await readRecordings(root, file);
  const stage = await openStage(root);
  const ids = new Map<string, string>();
  const fill = (text: string) => substitute(text, ids, stage.charts);
  const sequence: Sequence = {
    stage,
    ids,
    fill,
    step: MINUTE,
    guarded: new Set(),
    syncs: new Map(),
    withCalls: recordings.some(({ upstream }) => upstream !== undefined),
  };
  try {
    for (const recording of recordings) yield await play(sequence, file, recording);
  } finally {
    await stage.close();
  }
}

async function play(sequence: Sequence, file: string, recording: Recording): Promise<Exchange> {
  const { stage, ids, fill } = sequence;
  const discrepancies = await prepare(sequence, recording);
  const target = fill(recording.request.path), sent = fill(recording.request.body ?? "");
  const ours = oursOf(await send(stage, recording.request, target, sent));
  if (sequence.withCalls) {
    const { upstream = [] } = recording;
    discrepancies.push(...compareCalls(upstream, stage.calls(), "upstream", fill));
  }
  const theirsMade = recording.bind !== undefined && recording.response.status === 200;
  const registered = recording.request.method === "POST" && !("repo_event_id" in Object(ours.body))
    ? ours.body?.repo_id as string | undefined
    : undefined;
  if (theirsMade && registered !== undefined) ids.set(recording.bind!, registered);
  const theirs = theirsOf(recording, fill);
  const found = compareAnswers(recording, theirs, ours);
  const exchange: Exchange = {
    file,
    recording,
    target,
    sent,
    theirs,
    ours,
    here: await lookAround(sequence, recording.request, target, ours.body, found),
    discrepancies,
    later: registered === undefined ? [] : await callsOf(stage, target, sent),
    guarded: [...sequence.guarded].some((id) => isAbout(target, id)),
    syncs: Math.max(0, ...[...sequence.syncs].map(([id, n]) => isAbout(target, id) ? n : 0)),
  };
  discrepancies.push(...found);
  discrepancies.push(...await compareStored(stage, exchange, ids));
  if (theirsMade) stage.tick(sequence.step);
  else if (registered !== undefined) exchange.made = await undo(stage, registered);
  return exchange;
}

async function send(
  stage: Stage,
  { method, user, contentType, headers, body }: Recording["request"],
  target: string,
  sent: string,
): Promise<RawAnswer> {
  stage.calls();
  const all = { ...(contentType !== undefined && { "content-type": contentType }), ...headers };
  return await stage.send({
    method,
    target,
    headers: all,
    ...(body !== undefined && { body: sent }),
  }, user);
}

/** What a download for a new repository asks, which comes after the answer. */
async function callsOf(stage: Stage, target: string, body: string): Promise<Call[]> {
  const headers = { "content-type": "application/json" };
  // The name is taken by now.
  const nameless = Object.entries(JSON.parse(body)).filter(([key]) => key.toLowerCase() !== "name");
  const check = {
    target: `${target}?validate=true`,
    body: JSON.stringify(Object.fromEntries(nameless)),
  };
  await stage.send({ method: "POST", headers, ...check });
  return stage.calls();
}

/** Takes back what KubeSphere did not do, so that the sequence goes on as it did there. */
async function undo(stage: Stage, repoId: string): Promise<Body> {
  await stage.sync(repoId);
  const made = await stage.look(`/repos/${repoId}`);
  await stage.remove(repoId);
  return made;
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

/** Answers with other statuses are not compared: what allows it says what ours has to be. */
function compareAnswers(
  recording: Recording,
  theirs: Exchange["theirs"],
  ours: Exchange["ours"],
): Discrepancy[] {
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
