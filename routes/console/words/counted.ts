/** How many of something there are, in English. */

/** `1 app`, `2 apps`. `count`: as people write it; `one`: what one of them is called. */
export function counted(count: string, one: string): string {
  return `${count} ${one}${count === "1" ? "" : "s"}`;
}
