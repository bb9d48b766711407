/** P1: reading an index, against js-yaml. */

import { basename } from "node:path";
import { load } from "js-yaml";
import { parseIndex } from "../src/helm/index_parser.ts";
import { generatedIndex, inPieces, realIndexes } from "./indexes.ts";
import { geometricMean, inTurns, round } from "./measure.ts";
import { both, condition, type Input, type Result } from "./result.ts";

/** Smaller files say little: they count as information. */
const MIN_BYTES = 500_000;
/**
 * A file is read so often in a row that this many bytes are read. So a reader pays for most of its
 * own garbage, and for little of another's.
 */
const BYTES_PER_TIMING = 8_000_000;
/** Medians of all of them are compared. */
const ROUNDS = 9;

interface Row {
  file: string;
  bytes: number;
  /** Whether the row counts, or informs. */
  counts: boolean;
  /** How many times as quick as js-yaml. */
  ratio: number;
  /** These are in MB/s. */
  ours: number;
  /** With the digest of each chart, as a sync reads an index. */
  oursWithDigests: number;
  jsYaml: number;
  /** What `JSON.parse` makes of the same data as JSON, by the bytes of that. */
  nativeJsonParse: number;
}

/** Measures every index that is there. */
export async function measure({ folder }: Input): Promise<Result> {
  const real = await realIndexes();
  const generated = [
    await generatedIndex(folder, { versions: 2_880 }),
    await generatedIndex(folder, { versions: 14_400 }),
  ];
  const files: Row[] = [];
  for (const path of [...real, ...generated]) {
    const bytes = await Deno.readFile(path);
    const counts = bytes.length > MIN_BYTES && (real.length === 0 || real.includes(path));
    files.push({ file: basename(path), bytes: bytes.length, counts, ...await compare(bytes) });
  }
  const ratios = files.filter(({ counts }) => counts).map(({ ratio }) => ratio);
  return both(
    condition(
      "reading against js-yaml, geometric mean",
      round(geometricMean(ratios)),
      "times",
      "at least",
      7,
    ),
    condition("the lowest of them", Math.min(...ratios), "times", "at least", 5),
    { files },
  );
}

async function compare(
  bytes: Uint8Array<ArrayBuffer>,
): Promise<Omit<Row, "file" | "bytes" | "counts">> {
  const text = new TextDecoder().decode(bytes);
  const json = JSON.stringify(load(text));
  const repeat = Math.ceil(BYTES_PER_TIMING / bytes.length);
  const many = (run: () => unknown) => async () => {
    for (let i = 0; i < repeat; i++) await run();
  };
  const take = () => {};
  const ms = await inTurns({ rounds: ROUNDS, warmUps: 2 }, {
    ours: many(() => parseIndex(inPieces(bytes), { take })),
    oursWithDigests: many(() => parseIndex(inPieces(bytes), { take, isKnown: () => false })),
    jsYaml: many(() => load(new TextDecoder().decode(bytes))),
    nativeJsonParse: many(() => JSON.parse(json)),
  });
  const speed = (length: number, ms: number) => round(length * repeat / ms / 1_000);
  return {
    ratio: round(ms.jsYaml / ms.ours),
    ours: speed(bytes.length, ms.ours),
    oursWithDigests: speed(bytes.length, ms.oursWithDigests),
    jsYaml: speed(bytes.length, ms.jsYaml),
    nativeJsonParse: speed(json.length, ms.nativeJsonParse),
  };
}
