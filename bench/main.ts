/** `deno task bench [--json] [P1 ...]`: measures Chartroom against the numbers it is to reach. */

import { inFreshProcess } from "./fresh_process.ts";
import type { Delays } from "./loop_delay.ts";
import type { Input, Result } from "./result.ts";
import { details, summary } from "./table.ts";

/** Each with the file that measures it. */
const BENCHMARKS: Readonly<Record<string, string>> = {
  P1: "parse.ts",
  P2: "first_sync.ts",
  P3: "resync.ts",
  P4: "hot_list.ts",
  P5: "many_loaded.ts",
  P6: "cold_start.ts",
  P7: "loop_delay.ts",
  P8: "memory.ts",
  P9: "search.ts",
  P10: "unchanged.ts",
  P11: "not_modified.ts",
  P12: "footprint.ts",
};
const INFO_SIZES = [2_880, 14_400, 40_000];

const asJson = Deno.args.includes("--json");
const asked = Deno.args.filter((arg) => arg !== "--json").map((arg) => arg.toUpperCase());
const unknown = asked.find((name) => !Object.hasOwn(BENCHMARKS, name));
if (unknown !== undefined) {
  await write(Deno.stderr, `no benchmark is named ${unknown}; known: ${Object.keys(BENCHMARKS)}\n`);
  Deno.exit(2);
}

const folder = await Deno.makeTempDir({ prefix: "chartroom-bench-" });
try {
  const all = asked.length === 0;
  const results = await measureAll(all ? Object.keys(BENCHMARKS) : asked);
  const info = all ? await measureInfo({ folder }) : undefined;
  const output = { ...results, ...(info && { info }) };
  if (asJson) {
    await write(Deno.stdout, `${JSON.stringify(output)}\n`);
  } else {
    await write(Deno.stdout, `${details(output)}\n${summary(results)}`);
  }
} finally {
  await Deno.remove(folder, { recursive: true });
}

/** One after the other, each in a process of its own. */
async function measureAll(names: string[]): Promise<Record<string, Result>> {
  const results: Record<string, Result> = {};
  for (const name of Object.keys(BENCHMARKS).filter((name) => names.includes(name))) {
    await tell(name);
    results[name] = await inFreshProcess<Result>(BENCHMARKS[name]!, "measure", { folder });
  }
  return results;
}

/** What no number is asked of. */
async function measureInfo(input: Input) {
  const stages: unknown[] = [];
  for (const versions of INFO_SIZES) {
    await tell(`stages of ${versions} versions`);
    stages.push(await inFreshProcess("stages.ts", "measure", { ...input, versions }));
  }
  const loopDelay: unknown[] = [];
  for (const versions of INFO_SIZES) {
    await tell(`loop delay with ${versions} versions`);
    const settings = { ...input, versions, rounds: 2 };
    const found = await inFreshProcess<Delays[]>("loop_delay.ts", "delays", settings);
    const [cold, warm] = found;
    loopDelay.push({ versions, cold: cold!.max, warm: warm!.max, warmP99: warm!.p99 });
  }
  return { stages, loopDelay };
}

/** Says on standard error what is under way. */
async function tell(what: string): Promise<void> {
  await write(Deno.stderr, `measuring ${what} ...\n`);
}

async function write(stream: typeof Deno.stdout | typeof Deno.stderr, text: string): Promise<void> {
  await new Blob([text]).stream().pipeTo(stream.writable, { preventClose: true });
}
