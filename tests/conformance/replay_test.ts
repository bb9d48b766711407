/**
 * Recorded answers of a real KubeSphere, held against Chartroom's: every key that KubeSphere sends
 * must be there with the same value, or the difference must be one of the table. Where the
 * recordings do not lie beside the project, its own few are played alone.
 */

import assert from "node:assert/strict";
import { ALL } from "./differences.ts";
import { type Collection, findCollections } from "./recording.ts";
import { type Exchange, replay } from "./replay.ts";

/** How many differences of one file are shown. */
const SHOWN = 20;

interface Tally {
  recordings: number;
  equal: number;
  /** What is not in the table, for people. */
  wrong: string[];
}

/** How many recordings a difference occurs in. */
const occurred = new Map(ALL.map(({ name }) => [name, 0]));
const collections = await findCollections();

for (const collection of collections) {
  Deno.test(`${collection.name} recordings are answered so, or differ by a name`, async (t) => {
    const all: Tally = { recordings: 0, equal: 0, wrong: [] };
    for (const file of collection.files) {
      const tally = await play(collection, file);
      all.recordings += tally.recordings;
      all.equal += tally.equal;
      all.wrong.push(...tally.wrong);
      await t.step(`${file}: ${inWords(tally)}`, () => {
        const shown = tally.wrong.slice(0, SHOWN).join("\n");
        assert.equal(tally.wrong.length, 0, `not in the table of differences:\n${shown}`);
      });
    }
    await t.step(`all: ${inWords(all)}`, () => assert.ok(all.recordings > 0));
  });
}

Deno.test("no difference of the table is stale", async (t) => {
  for (const [name, count] of occurred) {
    await t.step(`${name}: ${count} recordings`, () => assert.ok(count > 0, "it never occurs"));
  }
});

Deno.test("differences have names of their own", () => {
  assert.equal(occurred.size, ALL.length);
});

async function play({ root }: Collection, file: string): Promise<Tally> {
  const tally: Tally = { recordings: 0, equal: 0, wrong: [] };
  for await (const exchange of replay(root, file)) {
    tally.recordings++;
    if (exchange.discrepancies.length === 0) tally.equal++;
    const names = new Set<string>(), unnamed: string[] = [];
    for (const found of exchange.discrepancies) {
      const difference = ALL.find(({ covers }) => covers(found, exchange));
      if (difference !== undefined) names.add(difference.name);
      else unnamed.push(`  ${found.at}: ${short(found.theirs)}, ours ${short(found.ours)}`);
    }
    for (const name of names) occurred.set(name, occurred.get(name)! + 1);
    if (unnamed.length > 0) tally.wrong.push([headOf(exchange), ...unnamed].join("\n"));
  }
  return tally;
}

function headOf({ recording, theirs, ours, target }: Exchange): string {
  const { name, request } = recording;
  const answers = `${theirs.status} ${short(theirs.body)}, ours ${ours.status} ${short(ours.body)}`;
  return `${name}: ${request.method} ${target.slice(0, 200)}\n  answer: ${answers}`;
}

function short(value: unknown): string {
  return (JSON.stringify(value) ?? "nothing").slice(0, 200);
}

function inWords({ recordings, equal, wrong }: Tally): string {
  const words = `${recordings} recordings, ${equal} equal`;
  const named = `${words}, ${recordings - equal - wrong.length} named`;
  return wrong.length === 0 ? named : `${named}, ${wrong.length} wrong`;
}
