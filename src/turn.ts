/** How long work goes on, in milliseconds, before the event loop gets a turn. */
const TURN_MS = 8;

/** Makes a function for a loop to await: it gives the event loop a turn when one is due. */
export function takeTurns(): () => Promise<void> | undefined {
  let begun = performance.now();
  return () => {
    if (performance.now() - begun < TURN_MS) return undefined;
    return new Promise((resolve) =>
      setTimeout(() => {
        begun = performance.now();
        resolve();
      })
    );
  };
}
