/** What people look for among the apps of the fleet. */

import { OWN_CHARTS, ownName, SHARED_NAMES } from "./fleet.ts";
import { Random } from "./random.ts";
import { KEYWORDS, OPENINGS, SENTENCES } from "./vocabulary.ts";

const WORDS = [...KEYWORDS, ...[...OPENINGS, ...SENTENCES].join(" ").match(/[a-z]{4,}/g)!];
const LETTERS = "abcdefghijklmnopqrstuvwxyz";

/**
 * Names, beginnings of names as they are typed, mistyped names, and pairs of words, each as often as
 * the others; no two texts are the same. `repositories`: how many the fleet has.
 */
export function* queries(seed: string, repositories: number): Generator<string, never> {
  const random = new Random(seed);
  const word = () => random.pick(WORDS);
  const name = () =>
    random.chance(0.5)
      ? random.pick(SHARED_NAMES)
      : ownName(random.below(repositories), random.below(OWN_CHARTS));
  const kinds = [
    name,
    () => beginning(random, name()),
    () => mistype(random, name()),
    () => `${word()} ${beginning(random, word())}`,
    () => `${word()} ${name()}`,
    () => `${mistype(random, word())} ${beginning(random, name())}`,
  ];
  const seen = new Set<string>();
  for (;;) {
    const text = random.pick(kinds)();
    if (seen.has(text)) continue;
    seen.add(text);
    yield text;
  }
}

function beginning(random: Random, text: string): string {
  return text.slice(0, 1 + random.below(text.length));
}

/** With a letter too many, too few, or another one, or with two of them turned round. */
function mistype(random: Random, text: string): string {
  const at = random.below(text.length - 1), letter = random.pick([...LETTERS]);
  const [before, here, after] = [text.slice(0, at), text[at]!, text.slice(at + 1)];
  return random.pick([
    before + letter + here + after,
    before + after,
    before + letter + after,
    before + after[0]! + here + after.slice(1),
  ]);
}
