/** Packages of versions, and the files in them. */

import type { Exchange } from "../replay.ts";
import { answered, type Difference, isPlain } from "./difference.ts";
import { partsOf } from "./request.ts";

export const PACKAGES: readonly Difference[] = [
  {
    name: "a package that cannot be had is 502",
    kubesphere: "500 for the package, 400 for its files, if the repository does not give it",
    chartroom: "502 `archive_unavailable`",
    why: "It is the upstream that failed, and not the request",
    covers: ({ at }, exchange) =>
      at === "status" && answered(exchange, [500, 400], 502, "archive_unavailable") &&
      exchange.theirs.text.startsWith("failed to fetch"),
  },
  {
    name: "a package is what its index says",
    kubesphere: "Whatever the first URL gives is the package",
    chartroom: "502 unless it has the digest that the index gives; an index may give none",
    why: "What was changed on the way is not passed on",
    covers: ({ at, ours }, exchange) =>
      (at === "status" || at === "upstream" && (ours as string[]).length === 0) &&
      answered(exchange, 200, 502, "archive_unavailable") &&
      /as its digest$|the index says sha256:/.test(exchange.ours.body.message),
  },
  {
    name: "a version without a URL has no package",
    kubesphere: "`invalid chart spec`: 500 for the package, 400 for its files",
    chartroom: "404",
    why: "There is nothing that could be had",
    covers: ({ at }, exchange) =>
      at === "status" && answered(exchange, [500, 400], 404, "no_archive") &&
      exchange.theirs.text.startsWith("invalid chart spec"),
  },
  {
    name: "addresses of packages are resolved as in a browser",
    kubesphere: "A URL without a scheme is put behind that of the repository, `/` or not",
    chartroom: "`/rooted/a.tgz` is at the root of the repository's server",
    why: "So Helm does it",
    covers: ({ at, theirs, ours }) =>
      at === "upstream" && /^GET .*\/\/rooted\//.test(String(theirs)) &&
      /^GET \/rooted\//.test(String(ours)),
  },
  {
    name: "files may be chosen",
    kubesphere: "`?files=` is read and ignored",
    chartroom: "Only these files",
    why: "That is what it asks for; a README need not come with all the rest",
    covers: ({ at, ours }, exchange) =>
      at.startsWith("body.files.") && ours === undefined && exchange.ours.status === 200 &&
      partsOf(exchange).query.get("files")?.split(",")
          .includes(at.slice("body.files.".length)) === false,
  },
  {
    name: "packages are there on the paths of workspaces",
    kubesphere: "`package` and `files` have no path with a workspace",
    chartroom: "They have",
    why: "As all others; who may see a workspace need not see what is global",
    covers: ({ at }, exchange) =>
      at === "status" && answered(exchange, 404, 200) && isPlain(exchange) &&
      exchange.target.includes("/workspaces/") && hasContent(exchange),
  },
];

/** Whether our answer is a package, or the files of one, in base64. */
function hasContent(exchange: Exchange): boolean {
  const { body } = exchange.ours;
  const texts = partsOf(exchange).path.endsWith("/package")
    ? [body.package]
    : Object.values(body.files ?? {});
  return texts.length > 0 && texts.every((text) => /^[\w+/]+=*$/.test(text));
}
