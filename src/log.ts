/** Writes what happened, as one event with fields. Fields never hold a credential. */
export type Log = (event: string, fields?: Readonly<Record<string, unknown>>) => void;

/** A log of JSON lines on standard error. */
export const jsonLog: Log = (event, fields) => {
  const line = JSON.stringify({ time: new Date().toISOString(), event, ...fields });
  // deno-lint-ignore no-console -- the one place that writes the log
  console.error(line);
};

/** What an error is, for the log. */
export function describeError(error: unknown): { error: string } {
  return { error: error instanceof Error ? error.stack ?? String(error) : String(error) };
}
