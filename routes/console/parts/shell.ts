/** Texts for command lines, whatever stands in them. */

/** What a shell takes as it is, and no program for an option. */
const PLAIN = /^[\w@%+=:,./][\w@%+=:,./-]*$/;

/** What a terminal acts on when it is pasted, or shows as something else than it is. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

/** A text as one word of a shell; with what is not seen in it as `$'\033'`, which is for bash and zsh. */
export function quoted(text: string): string {
  if (PLAIN.test(text)) return text;
  if (!UNSEEN.test(text)) return `'${text.replaceAll("'", `'\\''`)}'`;
  const escaped = Array.from(text, (character) => {
    if (UNSEEN.test(character)) return octal(character);
    return character.replace(/['\\]/, "\\$&");
  });
  return `$'${escaped.join("")}'`;
}

/** The bytes of a text in UTF-8, with three digits each, so that digits may follow. */
function octal(text: string): string {
  return Array.from(
    new TextEncoder().encode(text),
    (byte) => `\\${byte.toString(8).padStart(3, "0")}`,
  ).join("");
}
