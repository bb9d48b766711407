/** Lower case as KubeSphere's lists see it: Go's `strings.ToLower`, code point by code point. */
export function lowerCase(text: string): string {
  // deno-lint-ignore no-control-regex -- the whole of ASCII
  if (/^[\x00-\x7f]*$/.test(text)) return text.toLowerCase();
  // JavaScript lowers some letters to two, and sigma by its neighbours; Go does neither.
  return Array.from(text, (character) => Array.from(character.toLowerCase())[0]!).join("");
}

/** Whether `text` contains `part`, in any case. */
export function contains(text: string, part: string): boolean {
  return lowerCase(text).includes(lowerCase(part));
}

/** Texts by number, one behind the other, so that all are searched at once. */
export interface TextRows {
  /** A line feed stands behind each. */
  text: string;
  /** Where each begins; one more for where the last one ends. */
  starts: Uint32Array;
}

/** Puts texts together. */
export function textRows(texts: readonly string[]): TextRows {
  const starts = new Uint32Array(texts.length + 1);
  texts.forEach((text, i) => starts[i + 1] = starts[i]! + text.length + 1);
  return { text: texts.map((text) => `${text}\n`).join(""), starts };
}
