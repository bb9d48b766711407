/** Errors and status codes. */

import { answered, type Difference, isProblem } from "./difference.ts";
import { bodyOf, partsOf } from "./request.ts";

export const ERRORS: readonly Difference[] = [
  {
    name: "errors are problem+json",
    kubesphere: "Errors are `text/plain`, HTML-escaped",
    chartroom: "`application/problem+json` (RFC 9457) with a stable `code` and a `message`",
    why: "A client can tell errors apart without reading English",
    covers: ({ at, theirs }, { ours }) =>
      at === "type" && ours.status >= 400 && isProblem(ours) &&
      ["text/plain", ""].includes(String(theirs)),
  },
  {
    name: "not found is 404",
    kubesphere: "500 for an app, a version, a category or a repository that is not there",
    chartroom: "404",
    why: "Nothing has gone wrong in the server, and trying again does not help",
    covers: ({ at }, exchange) =>
      at === "status" && answered(exchange, 500, 404, "not_found") &&
      /not found\s*$|^load repo info failed/.test(exchange.theirs.text),
  },
  {
    name: "nothing to delete is 404",
    kubesphere: "`DELETE` of a repository that is not there answers 200",
    chartroom: "404",
    why: "A mistyped id does not look like success",
    covers: ({ at }, exchange) =>
      at === "status" && exchange.recording.request.method === "DELETE" &&
      /^\/repos\/repo-[^/]+$/.test(partsOf(exchange).path) &&
      answered(exchange, 200, 404, "not_found"),
  },
  {
    name: "versions of no app are 404",
    kubesphere: "An empty list of versions for an app that is not there",
    chartroom: "404",
    why: "An app always has versions: the id is wrong",
    covers: ({ at }, exchange) =>
      at === "status" && answered(exchange, 200, 404, "not_found") &&
      /^\/apps\/[^/]+\/versions$/.test(partsOf(exchange).path) &&
      exchange.theirs.body.total_count === 0,
  },
  {
    name: "a taken name is 409",
    kubesphere: "`repo exists` is 500 when a repository is made, 400 when it is renamed",
    chartroom: "409 `name_taken`",
    why: "It is the caller's mistake, and always the same one",
    covers: ({ at }, exchange) =>
      at === "status" && answered(exchange, [500, 400], 409, "name_taken") &&
      exchange.theirs.text.startsWith("repo exists"),
  },
  {
    name: "an unknown content type is 415",
    kubesphere: "400 for a missing or unknown `Content-Type`; one that contains " +
      "`application/json` anywhere is read, and XML",
    chartroom: "415; `application/json` and the two patch types are read, in any case and with " +
      "parameters",
    why: "That is what 415 is for",
    covers: ({ at }, exchange) => {
      const { contentType = "" } = exchange.recording.request;
      const unknown = /^\[ServiceError:400\]/.test(exchange.theirs.text);
      const plain = contentType.replace(/;.*/, "").toLowerCase() === "application/json";
      if (at !== "status") return false;
      if (answered(exchange, [400, 200], 415, "unsupported_media_type")) {
        return !plain && (unknown || /xml|.application\/json/.test(contentType));
      }
      return plain && unknown && answered(exchange, 400, 200);
    },
  },
  {
    name: "a body that is encoded is 415",
    kubesphere: "`Content-Encoding: gzip` and `deflate` of request bodies are undone",
    chartroom: "415",
    why: "Nothing that Chartroom takes is long enough to be worth it, and a small body cannot " +
      "become a large one",
    covers: ({ at }, exchange) =>
      at === "status" && answered(exchange, 400, 415, "unsupported_media_type") &&
      exchange.recording.request.headers?.["Content-Encoding"] !== undefined,
  },
  {
    name: "what is not there has no body to read",
    kubesphere: "A wrong body or condition is 400 even where the repository is not there",
    chartroom: "404",
    why: "Who may not see a repository learns nothing about it",
    covers: ({ at }, exchange) =>
      at === "status" && answered(exchange, 400, 404, "not_found") &&
      /EOF|invalid conditions/.test(exchange.theirs.text) &&
      exchange.ours.body.field === "repo_id",
  },
  {
    name: "a body is one JSON object",
    kubesphere: "`null` counts as `{}`, and what stands behind the first JSON text is not read",
    chartroom: "400 `invalid_field`",
    why: "Half of what was sent would be lost without a word",
    covers: ({ at }, exchange) =>
      at === "status" && answered(exchange, 200, 400, "invalid_field") &&
      exchange.ours.body.field === "body" && (exchange.sent === "null" || !isJson(exchange.sent)),
  },
  {
    name: "fields that say nothing may be of any type",
    kubesphere: "400 for a wrong type of a field that is not used, such as `workspace`, " +
      "`providers`, `type`",
    chartroom: "They are not looked at",
    why: "What has no effect is no reason to refuse",
    covers: ({ at }, exchange) =>
      at === "status" && answered(exchange, 400, 200) &&
      /cannot unmarshal .*Request\.(workspace|providers|type) of type/.test(exchange.theirs.text) &&
      !isProblem(exchange.ours),
  },
  {
    name: "unknown fields are refused",
    kubesphere: "Fields of a body that nobody knows are ignored",
    chartroom: "400 `unknown_field`, but for those that KubeSphere's console sends",
    why: "A mistyped field is found at once, and not when it was needed",
    covers: ({ at }, exchange) =>
      at === "status" && answered(exchange, 200, 400, "unknown_field") &&
      exchange.ours.body.field in lowered(bodyOf(exchange)),
  },
  {
    name: "nothing crashes",
    kubesphere: "The connection is closed without an answer: a null entry in an index, numbers " +
      "that overflow in paging, an s3 URL without credential",
    chartroom: "An answer like any other",
    why: "Input from outside cannot stop a handler, or the process",
    covers: ({ at }, exchange) =>
      at === "status" && exchange.recording.response.connectionClosed === true &&
      (answered(exchange, 0, 200) || answered(exchange, 0, 400, "invalid_field")),
  },
];

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function lowered(body: object): object {
  return Object.fromEntries(Object.entries(body).map(([key, value]) => [key.toLowerCase(), value]));
}
