/** Texts for command lines, whatever stands in them. */

/** What a shell takes as it is, and no program for an option. */
const PLAIN = /^[\w@%+=:,./][\w@%+=:,./-]*$/;

/** A text as one word of a shell. */
export function quoted(text: string): string {
  return PLAIN.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
