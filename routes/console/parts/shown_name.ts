/** Names of strangers, as people see them. */

/** Characters that have no shape of their own, or turn the direction of text, made visible. */
export function shownName(name: string): string {
  return name.replaceAll(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`,
  );
}
