/** The table of differences as `docs/kubesphere-compat.md`. */

import { DIFFERENCES } from "./differences.ts";
import type { Difference } from "./differences/difference.ts";

/** Where the document is. */
export const DOCUMENT = new URL("../../docs/kubesphere-compat.md", import.meta.url);

const INTRODUCTION = `# Chartroom and KubeSphere

<!-- Written by \`deno task compat\`, from tests/conformance/differences. -->

Chartroom answers at \`/kapis/openpitrix.io/v1\` as KubeSphere 3.4.1 does for its Helm repositories:
the same routes, parameters and keys with the same values, so that a console, a script or a
generated client need not be changed. Answers may have keys beside those. What is different is
different on purpose, and stands below, with the reason. Whoever calls both should read "Errors and
status codes"; whoever registers repositories, "Repositories" and "Syncing".

The list is complete as far as it can be tested: requests with the recorded answers of a real
KubeSphere are sent to Chartroom, and an answer that differs in anything but ids and times fails the
build, unless the difference is in the table which this page is made from.

Not compared: the order of keys and white space in JSON, the texts of errors, and of what KubeSphere
keeps in its store all but name, URL, description and period of a repository, and of versions what
the API shows.
`;

/** Writes the document as \`deno fmt\` would. */
export function renderDocument(): string {
  const sections = Object.entries(DIFFERENCES)
    .filter(([, differences]) => differences.length > 0)
    .map(([title, differences]) => `\n## ${title}\n\n${table(differences)}`);
  return INTRODUCTION + sections.join("");
}

function table(differences: readonly Difference[]): string {
  const rows = [
    ["What", "KubeSphere", "Chartroom", "Why"],
    ...differences.map(({ name, kubesphere, chartroom, why }) => [
      capital(name),
      kubesphere,
      chartroom,
      why,
    ]),
  ].map((cells) => cells.map((cell) => cell.replaceAll("|", "\\|")));
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((cells) => cells[i]!.length)));
  const line = (cells: string[]) =>
    `| ${cells.map((it, i) => it.padEnd(widths[i]!)).join(" | ")} |\n`;
  const [head, ...body] = rows;
  return [head!, widths.map((width) => "-".repeat(width)), ...body].map(line).join("");
}

function capital(text: string): string {
  return text[0]!.toUpperCase() + text.slice(1);
}
