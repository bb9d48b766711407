/** Many small repositories: a hundred charts each, half of whose names are found in others too. */

import { ChartHistory } from "./chart_history.ts";
import { Random } from "./random.ts";
import { CHART_NAMES } from "./vocabulary.ts";

/** Charts of each repository. */
export const CHARTS = 100;
/** So many of their names are the repository's own. */
export const OWN_CHARTS = 50;
const SUFFIXES = ["", "-agent", "-cluster", "-crds", "-exporter", "-ha", "-lite", "-operator"];
const OWN_SUFFIXES = ["-api", "-gateway", "-portal", "-server", "-web", "-worker"];
const SYLLABLES = "b d f g k l m n r s t v z ch st pl".split(" ")
  .flatMap((consonant) => ["a", "e", "i", "o"].map((vowel) => consonant + vowel));
/** Has no divisor in common with 64, so that words which follow each other do not look alike. */
const STRIDE = 104_729;

/** Names that a chart of several repositories may have. */
export const SHARED_NAMES: readonly string[] = [
  ...new Set(CHART_NAMES.flatMap((name) => SUFFIXES.map((suffix) => name + suffix))),
];

/** The name of a repository's own chart, which no other repository has. */
export function ownName(repository: number, chart: number): string {
  const count = SYLLABLES.length;
  const number = (repository * OWN_CHARTS + chart) * STRIDE;
  const word = [number, number / count, number / count ** 2]
    .map((part) => SYLLABLES[Math.floor(part) % count]).join("");
  return word + OWN_SUFFIXES[number % OWN_SUFFIXES.length];
}

/** The index of one of the repositories. */
export function fleetIndexText(repository: number): string {
  const random = new Random(`fleet ${repository}`);
  const shared = random.sample(SHARED_NAMES, CHARTS - OWN_CHARTS);
  const own = Array.from({ length: OWN_CHARTS }, (_, i) => ownName(repository, i));
  const charts = [...shared, ...own].sort().map((name) => {
    const length = 1 + random.below(2);
    const history = new ChartHistory(name, length, `${repository} ${name}`);
    const newestFirst = Array.from({ length }, () => history.next()).reverse();
    return `  ${name}:\n${newestFirst.join("")}`;
  });
  return `apiVersion: v1\nentries:\n${charts.join("")}generated: "2026-01-01T00:00:00.1Z"\n`;
}
