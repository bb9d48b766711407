/** Paths with empty and dot segments, which come from joining a base address and a path. */

/**
 * The path, with its parameters, that a request's URL means where it has `//`, `/./` or `/../`;
 * `undefined` if it has none.
 */
export function cleanPath(url: string): string | undefined {
  const [, path, query] = /^[a-z]+:\/\/[^/?]*([^?]*)(.*)$/is.exec(url) ?? [];
  if (path === undefined || !/\/\/|\/\.{1,2}(\/|$)/.test(path)) return undefined;
  // To the URL parser a backslash is a slash, and after two slashes comes a host.
  const single = (path: string) => path.replace(/\/{2,}/g, "/");
  const parsed = URL.parse(single(path.replaceAll("\\", "%5C")), "http://host");
  return parsed === null ? undefined : single(parsed.pathname) + query;
}
