/** A database whose answers a test counts and holds back, and generations in it. */

import { mergeChart } from "../../src/helm/merge.ts";
import { GenerationBuilder, type Pointer } from "../../src/store/generations.ts";
import { keys } from "../../src/store/keys.ts";
import { type Kv, openKv } from "../../src/store/kv.ts";
import { writeSegments } from "../../src/store/segments.ts";
import { parseWhole } from "./parse.ts";

type Read = "get" | "getMany" | "list";

export interface WatchedKv extends Kv {
  /** How often each was called. */
  readonly calls: Record<Read, number>;
  /** What an answer waits for when the database has given it, or fails with. */
  gate: (read: Read) => Promise<void> | void;
}

/** Gives a test a database in memory. */
export async function withWatchedKv(test: (kv: WatchedKv) => Promise<void>): Promise<void> {
  const kv = await openKv({ kind: "memory" });
  const watched: WatchedKv = {
    ...kv,
    calls: { get: 0, getMany: 0, list: 0 },
    gate() {},
    get: (...args) => pass("get", kv.get(...args)) as never,
    getMany: (...args) => pass("getMany", kv.getMany(...args)) as never,
    list: (...args) => pass("list", kv.list(...args)) as never,
  };
  async function pass(read: Read, answer: Promise<unknown>): Promise<unknown> {
    watched.calls[read]++;
    const given = await answer;
    await watched.gate(read);
    return given;
  }
  try {
    await test(watched);
  } finally {
    await kv.close();
  }
}

/** Holds back what is read from now on. `reached`: the first answer is held. */
export function holdBack(kv: WatchedKv, held: Read) {
  const reached = Promise.withResolvers<void>(), go = Promise.withResolvers<void>();
  kv.gate = (read) => {
    if (read !== held) return;
    reached.resolve();
    return go.promise;
  };
  return {
    reached: reached.promise,
    /** Lets go of what is held; what is asked from now on is not. */
    release() {
      kv.gate = () => {};
      go.resolve();
    },
  };
}

/** Stores an index as a generation, and makes it the current one. */
export async function storeGeneration(
  kv: Kv,
  repoId: string,
  generation: number,
  index: string,
): Promise<Pointer> {
  const builder = new GenerationBuilder(new Set());
  for (const chart of (await parseWhole(index)).charts) {
    await builder.add(mergeChart(chart, undefined, undefined, 0), () => undefined);
  }
  const pointer = { ...await builder.finish([], () => undefined), generation } as Pointer;
  await writeSegments(kv, repoId, builder.fresh);
  await kv.commit((op) => op.set(keys.index(repoId), pointer).set(keys.indexesChange, true));
  return pointer;
}
