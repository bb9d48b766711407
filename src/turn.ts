import { setImmediate } from "node:timers";

/** How long work goes on, in milliseconds, before the event loop gets a turn. */
const TURN_MS = 8;

/** Gives the event loop a turn if one is due; for a loop to await. */
export type Turn = () => Promise<void> | undefined;

/** Makes a {@link Turn}. A timer would wait for two milliseconds, which adds up. */
export function takeTurns(): Turn {
  let begun = performance.now();
  return () => {
    if (performance.now() - begun < TURN_MS) return undefined;
    return new Promise((resolve) =>
      setImmediate(() => {
        begun = performance.now();
        resolve();
      })
    );
  };
}
