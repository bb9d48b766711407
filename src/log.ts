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
  const text = error instanceof Error ? error.stack ?? String(error) : String(error);
  return { error: withoutUrlSecrets(text) };
}

/** A text whose URLs have lost userinfo and query: Deno's errors quote what was called. */
export function withoutUrlSecrets(text: string): string {
  return text.replace(/(\w:\/\/)(?:[^\s/?#'"()]*@)?([^\s?'"()]*)(?:\?[^\s'"()]*)?/g, "$1$2");
}
