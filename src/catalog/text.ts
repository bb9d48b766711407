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
