/** HTTP itself. */

import { answered, type Difference, isPlain } from "./difference.ts";

export const TRANSPORT: readonly Difference[] = [
  {
    name: "the console is at the top",
    kubesphere: "`GET /` is 404",
    chartroom: "302 to the console's first page",
    why: "People open the host's name in a browser",
    covers: ({ at }, { target, theirs, ours }) =>
      target === "/" && theirs.status === 404 && ours.status === 302 &&
      ["status", "type", "body"].includes(at),
  },
  {
    name: "an escaped slash is no slash",
    kubesphere: "`/repos%2F` is `/repos/`",
    chartroom: "404",
    why: "RFC 3986 keeps them apart, and so can a rule for access",
    covers: ({ at }, exchange) =>
      at === "status" && answered(exchange, 200, 404, "not_found") && /%2f/i.test(exchange.target),
  },
  {
    name: "any Accept is answered with JSON",
    kubesphere: "406 unless `Accept` admits `application/json`, in these letters",
    chartroom: "JSON",
    why: "There is nothing else, and a browser's address line is a client too",
    covers: ({ at }, exchange) =>
      at === "status" && exchange.theirs.status === 406 && isPlain(exchange) &&
      exchange.recording.request.headers?.["Accept"] !== undefined,
  },
  {
    name: "a redirect has no page",
    kubesphere: "301 with a link in HTML where a path has `//` or dot segments, for all methods",
    chartroom: "301 to the same place, without a page; 308 for `POST`, `PATCH` and `DELETE`. " +
      "Only where nothing is at the path as it was sent: `/workspaces/../repos` is the " +
      "workspace `..`, and 400",
    why: "Programs follow it; after 308 with method and body",
    covers: ({ at }, { theirs, ours }) =>
      theirs.status === 301 && ours.status === 301 && ["type", "body"].includes(at),
  },
  {
    name: "HEAD is answered",
    kubesphere: "405",
    chartroom: "As GET, without the body; `Allow` names it",
    why: "RFC 9110 wants it where there is GET",
    covers: ({ at, theirs, ours }, exchange) => {
      if (at === "header.allow") {
        const methods = (text: unknown) => String(text).split(", ").filter((it) => it !== "HEAD");
        return String(ours).includes("HEAD") &&
          methods(theirs).sort().join() === methods(ours).sort().join();
      }
      return at === "status" && exchange.recording.request.method === "HEAD" &&
        answered(exchange, 405, 200);
    },
  },
];
