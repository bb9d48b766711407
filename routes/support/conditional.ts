/** Conditional requests: RFC 9110, section 13. */

/** What names the version of an answer that would be given. */
export interface Validators {
  /** Strong, in quotes. */
  etag: string;
  /** Milliseconds of the epoch, whole seconds. */
  lastModified?: number | undefined;
}

/** Whether a client that sent these headers has what it asks for. */
export function isNotModified(headers: Headers, { etag, lastModified }: Validators): boolean {
  const tags = headers.get("if-none-match");
  // It is all that counts where it is given.
  if (tags !== null) return tags.trim() === "*" || hasTag(tags, etag);
  const since = headers.get("if-modified-since");
  if (since === null || lastModified === undefined) return false;
  return timeOf(since) >= lastModified;
}

/** Milliseconds of the epoch of a date in one of HTTP's three forms (RFC 9110, section 5.6.7), or NaN. */
function timeOf(date: string): number {
  if (!/^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)/.test(date)) return NaN;
  return Date.parse(date.endsWith(" GMT") ? date : `${date} GMT`);
}

/** Compares weakly: `W/` says nothing against it. */
function hasTag(tags: string, etag: string): boolean {
  return (tags.match(/(?:W\/)?"[^"]*"/g) ?? []).some((tag) => tag.replace(/^W\//, "") === etag);
}
