/** Lines of code as HTML: many thousands of pieces, for which components would take a second. */

import { raw } from "hono/html";
import type { Token } from "./tokens.ts";

const SPECIAL = /[&<>"']/, ALL_SPECIAL = /[&<>"']/g;
const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Lines in their colours. `idOf`: the id of a line, by its index, if it has one. */
export function linesHtml(
  lines: readonly (readonly Token[])[],
  idOf: (index: number) => string | undefined,
) {
  return raw(
    lines.map((tokens, index) => {
      const id = idOf(index);
      return `<span class="l"${id === undefined ? "" : ` id="${escape(id)}"`}>${
        tokens.map(pieceHtml).join("")
      }</span>\n`;
    }).join(""),
  );
}

function pieceHtml([kind, text]: Token): string {
  return kind === "" ? escape(text) : `<span class="${kind}">${escape(text)}</span>`;
}

function escape(text: string): string {
  return SPECIAL.test(text) ? text.replaceAll(ALL_SPECIAL, (one) => ESCAPES[one]!) : text;
}
