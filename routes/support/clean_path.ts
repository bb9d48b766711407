/** Paths with empty and dot segments, which come from joining a base address and a path. */

/**
 * The path, with its parameters, that a request's URL means where it has `//`, `/./` or `/../`;
 * `undefined` if it has none.
 */
export function cleanPath(url: string): string | undefined {
  const [, path, query] = /^[a-z]+:\/\/[^/?]*([^?]*)(.*)$/is.exec(url) ?? [];
  if (path === undefined || !/\/\/|\/\.{1,2}(\/|$)/.test(path)) return undefined;
  // The path alone: what comes after `//` must not become a host.
  return new URL(path.replace(/\/{2,}/g, "/"), "http://host").pathname + query;
}
