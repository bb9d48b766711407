/**
 * A copy of a text that was cut from a larger one. What is cut out keeps all of that in memory, which
 * is well for what goes soon, and is not for a name that stays.
 */
export function detach(text: string): string {
  return JSON.parse(JSON.stringify(text));
}
