/** How many requests two servers, or one in two ways, answer in the same time. */

import { requestBytes } from "./connection.ts";
import { inFreshProcess } from "./fresh_process.ts";
import { type Figures, type Load, loadInTurns } from "./load.ts";
import { median, round } from "./measure.ts";
import type { Ports } from "./server.ts";

/**
 * Two processes of one program differ by up to a quarter, as V8 happens to collect their garbage: so
 * rather many starts than much of one. Each side has more than five seconds over all of them.
 */
const STARTS = 7;
const LOAD = { connections: 32, slices: 3 };

/** A server, and the request that it answers. */
export interface Side extends Ports {
  path: string;
  headers?: Record<string, string>;
  status: number;
}

/** What two sides did, beside each other. */
export interface Comparison {
  /** Requests of the first in the time that the second takes for one. */
  ratio: number;
  /** The same at each start. */
  ratios: number[];
  /** What comes out of the CPU time that the servers use, for information. */
  cpuRatio: number;
  starts: Record<string, unknown>[];
}

/**
 * Lets `run` start servers and load two sides in turns, several times. What counts is the median of
 * the starts, and of each start that of its slices: totals follow the noise more.
 */
export async function compare(run: () => Promise<Record<string, Figures>>): Promise<Comparison> {
  const ratios: number[] = [], cpuRatios: number[] = [], starts: Record<string, unknown>[] = [];
  for (let i = 0; i < STARTS; i++) {
    const sides = await run();
    const [one, other] = Object.values(sides);
    ratios.push(median(one!.slices.map((count, i) => count / other!.slices[i]!)));
    cpuRatios.push(other!.serverCpu / one!.serverCpu);
    starts.push(...rowsOf(sides));
  }
  return {
    ratio: round(median(ratios)),
    ratios: ratios.map(round),
    cpuRatio: round(median(cpuRatios)),
    starts,
  };
}

/** Loads sides in turns, from a fresh process. */
export function loadFromOutside(sides: Record<string, Side>): Promise<Record<string, Figures>> {
  return inFreshProcess("compare.ts", "load", sides);
}

/** The same from this process. */
export function load(sides: Record<string, Side>): Promise<Record<string, Figures>> {
  const loads = Object.entries(sides).map(([name, side]): [string, Load] => {
    const request = requestBytes(side.path, side.headers);
    return [name, { ...side, next: () => request }];
  });
  return loadInTurns(Object.fromEntries(loads), LOAD);
}

/** What sides did, as rows of a table. */
export function rowsOf(sides: Record<string, Figures>): Record<string, unknown>[] {
  return Object.entries(sides).map(([side, { slices: _, ...figures }]) => ({ side, ...figures }));
}
