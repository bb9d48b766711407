import { setImmediate } from "node:timers";

/** How long work goes on, in milliseconds, before the event loop gets a turn. */
const TURN_MS = 8;

/** Gives the event loop a turn if one is due; for a loop to await. */
export type Turn = () => Promise<void> | undefined;

/** All that wait go on one after the other, each in a turn of the loop of its own. */
let queue = Promise.resolve();

/** Makes a {@link Turn}. A timer would wait for two milliseconds, which adds up. */
export function takeTurns(): Turn {
  let begun = performance.now();
  return () => {
    if (performance.now() - begun < TURN_MS) return undefined;
    queue = queue.then(() => new Promise((resolve) => setImmediate(resolve)));
    return queue.then(() => {
      begun = performance.now();
    });
  };
}
