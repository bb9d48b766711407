/** Keeps an index that was broken for a minute from wiping a catalogue. */

export interface Counts {
  apps: number;
  versions: number;
}

/** Fewer apps or versions than this may come and go as they like, but not all of them. */
const SMALL = 20;

/** Why a new index is not believed, with both counts; `undefined` if it is. */
export function shrinkObjection(before: Counts, after: Counts): string | undefined {
  const shrunk = (["apps", "versions"] as const).some((what) =>
    before[what] > 0 && after[what] === 0 ||
    before[what] >= SMALL && before[what] - after[what] > before[what] / 2
  );
  if (!shrunk) return undefined;
  return `the index would shrink from ${before.apps} apps with ${before.versions} versions to ` +
    `${after.apps} with ${after.versions}; \`{"action":"index","force":true}\` accepts it`;
}
