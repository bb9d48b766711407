/** Repositories: what they are, and who sees and changes them. */

import type { Exchange } from "../replay.ts";
import { isAsked } from "./asked.ts";
import { answered, type Difference, fieldOf, isProblem, placeOf } from "./difference.ts";
import { bodyOf, condition, partsOf } from "./request.ts";

/** Bytes and characters of a description, and characters of a name. */
const MAX_DESCRIPTION = 512, MAX_NAME = 128;

export const REPOSITORIES: readonly Difference[] = [
  {
    name: "input is checked before a download",
    kubesphere: "The index is downloaded before name and conflicts are checked; so an index " +
      "that cannot be had hides what else is wrong",
    chartroom: "Everything is checked first, and nothing is called for a request that is refused",
    why: "An answer comes at once, and nobody can make Chartroom call others with requests that " +
      "lead nowhere",
    covers: ({ at, ours }, exchange) => {
      const refused = isProblem(exchange.ours) &&
        REFUSED[exchange.ours.body.code] === exchange.ours.status;
      if (!partsOf(exchange).path.startsWith("/repos")) return false;
      if (at === "upstream") return refused && (ours as string[]).length === 0;
      return at === "status" && refused && exchange.recording.request.method === "POST" &&
        partsOf(exchange).path === "/repos" && exchange.theirs.text.startsWith("failed to fetch");
    },
  },
  {
    name: "a name that is taken is told by a check",
    kubesphere: "`?validate=true` says `ok` whatever the name is",
    chartroom: "409 if the workspace has a repository of the name; nothing is downloaded",
    why: "A check that says `ok` must not be followed by a registration that fails",
    covers: ({ at }, exchange) =>
      at === "status" && answered(exchange, 200, 409, "name_taken") &&
      exchange.recording.request.method === "POST" && partsOf(exchange).path === "/repos" &&
      partsOf(exchange).query.get("validate") === "true",
  },
  {
    name: "a workspace sees its own and the global repositories",
    kubesphere: "Any workspace's path shows any repository, its apps and events, and changes it",
    chartroom: "404 for a repository of another workspace",
    why: "Access control looks at the path; a path that means nothing would open everything",
    covers: ({ at }, exchange) =>
      at === "status" && answered(exchange, 200, 404, "not_found") &&
      ["repo_id", "app_id"].includes(fieldOf(exchange)!) && workspaceOf(exchange) !== undefined &&
      !["", workspaceOf(exchange), undefined].includes(exchange.here.about?.workspace),
  },
  {
    name: "a global repository is changed on the global path",
    kubesphere: "`action` on a workspace's path answers 200 and does nothing",
    chartroom: "403",
    why: "What does nothing must not look like success",
    covers: ({ at }, exchange) =>
      at === "status" && answered(exchange, 200, 403, "forbidden") &&
      workspaceOf(exchange) !== undefined && exchange.here.about?.workspace === "",
  },
  {
    name: "a workspace is a label's value",
    kubesphere: "Any text in the path; Kubernetes refuses to store what is no label (500)",
    chartroom: "400 unless it is 1 to 63 letters, digits, `-`, `_`, `.`",
    why: "The same rule, said at once",
    covers: ({ at }, exchange) =>
      at === "status" && answered(exchange, [200, 400], 400, "invalid_field") &&
      fieldOf(exchange) === "workspace",
  },
  {
    name: "passwords are never shown",
    kubesphere: "`credential` has user name and password in clear",
    chartroom: '`credential` is always `"{}"`; `credential_set` says whether there is one',
    why: "Who may see a repository need not know its password",
    covers: (found, exchange) =>
      /^body\.(items\.)?credential$/.test(placeOf(found)) && found.ours === "{}" &&
      /username|password|accessKeyID/.test(String(found.theirs)) && exchange.ours.status === 200,
  },
  {
    name: "a credential is written as it is for S3",
    kubesphere: "`credential` counts for s3 URLs only; a repository over http takes user name " +
      "and password from its URL",
    chartroom: 'Also `{"username":"...","password":"..."}`, checked like every field',
    why: "A password need not be escaped for a URL, nor stand in one",
    covers: ({ at, ours }, exchange) => {
      if (!("credential" in bodyOf(exchange))) return false;
      const given = bodyOf(exchange).url;
      if (at === "upstream") {
        return exchange.ours.status === 200 && /^GET \S+ \S+:/.test(String(ours));
      }
      if (at !== "status" || given?.startsWith("s3")) return false;
      return answered(exchange, 400, 200) ||
        answered(exchange, 200, 400, "invalid_field") && fieldOf(exchange) === "credential";
    },
  },
  {
    name: "an S3 bucket may be public",
    kubesphere: "An s3 URL without `credential` is refused",
    chartroom: "It is read without signing",
    why: "There are public buckets",
    covers: ({ at }, exchange) =>
      at === "status" && answered(exchange, 400, 200) && bodyOf(exchange).url?.startsWith("s3:") &&
      fieldOf(exchange) === undefined &&
      bodyOf(exchange).credential === undefined && exchange.made?.credential_set === false,
  },
  {
    name: "a changed repository is tried out as it will be",
    kubesphere: "`PATCH` tries a new URL with the old credential, then stores the new one; a URL " +
      "without user name erases the credential, so the next sync fails",
    chartroom: "It tries what will be stored. The credential stays as long as the URL's origin " +
      "does, and goes with it",
    why: "What was tried works afterwards; a password is not lost by accident, and does not go " +
      "to a stranger",
    covers: (found, exchange) => {
      const { at, theirs, ours } = found;
      const patched = exchange.recording.request.method === "PATCH" && "url" in bodyOf(exchange);
      const plain = (calls: unknown) => (calls as string[]).map((it) => it.replace(/ [^ ]+$/, ""));
      if (at === "upstream" && patched) {
        return (ours as string[]).length > 0 &&
          sameTexts((theirs as string[]).map(withoutAuth), (ours as string[]).map(withoutAuth));
      }
      if (at === "sync.upstream") return sameTexts(theirs as string[], plain(ours));
      if (at === "status") {
        return patched && answered(exchange, 400, 200) && / : 401 /.test(exchange.theirs.text);
      }
      const unlocked = exchange.discrepancies.some(({ at }) => at === "sync.upstream");
      return at === "sync.state" && /^failed .* 401 /.test(String(theirs)) &&
          ours === "successful" ||
        at === "body.status" && theirs === "failed" && ours === "successful" && unlocked;
    },
  },
  {
    name: "the same URL is no change",
    kubesphere: "`PATCH` with the URL that a repository has downloads its index",
    chartroom: "Nothing is downloaded, and nothing changes",
    why: "A form that sends all its fields must not make a sync of each of them",
    covers: ({ at, ours }, exchange) =>
      at === "upstream" && exchange.recording.request.method === "PATCH" &&
      exchange.ours.status === 200 && (ours as string[]).length === 0 &&
      "url" in bodyOf(exchange),
  },
  {
    name: "names are one to 128 characters",
    kubesphere: 'Any name that is not empty; `"a "` and `"a"` are two, a name may be blank',
    chartroom: "Space around a name is dropped; 1 to 128 characters have to be left, none of " +
      "them a control character",
    why: "Names are for people, who cannot see the difference, and come into their terminals",
    covers: ({ at, theirs, ours }, exchange) => {
      const name = bodyOf(exchange).name ?? "";
      if (at === "stored.name" || /^body\.(items\.\d+\.)?name$/.test(at)) {
        return String(theirs).trim() === ours && partsOf(exchange).path.startsWith("/repos");
      }
      if (at !== "status") return false;
      return answered(exchange, 200, 400, "invalid_field") && fieldOf(exchange) === "name" &&
          (name !== "" && name.trim() === "" || [...name].length > MAX_NAME ||
            /\p{Cc}/u.test(name.trim())) ||
        answered(exchange, 200, 409, "name_taken") && name.trim() !== name;
    },
  },
  {
    name: "a description that is too long is refused",
    kubesphere: "It is cut after 512 bytes, within a character if need be",
    chartroom: "400 above 512 characters",
    why: "What was written is not lost without a word",
    covers: (found, exchange) => {
      const { at, theirs, ours } = found;
      if (at === "status") {
        return answered(exchange, 200, 400, "invalid_field") &&
          fieldOf(exchange) === "description" &&
          [...bodyOf(exchange).description].length > MAX_DESCRIPTION;
      }
      const isDescription = at === "stored.description" || placeOf(found).endsWith(".description");
      const bytes = new TextEncoder().encode(String(theirs)).length;
      return isDescription && bytes > MAX_DESCRIPTION - 4 && bytes <= MAX_DESCRIPTION + 6 &&
        partsOf(exchange).path.startsWith("/repos") && theirs !== ours;
    },
  },
  {
    name: "a URL keeps its text",
    kubesphere: "The scheme of a stored URL is in lower case",
    chartroom: "A URL is stored as it was written, without user name and password",
    why: "It is shown to who wrote it",
    covers: (found) =>
      (found.at === "stored.url" || /\.url$/.test(found.at)) &&
      String(found.ours).replace(/^HTTP:/, "http:") === found.theirs,
  },
  {
    name: "a URL is a URL",
    kubesphere: "A space in a URL is escaped",
    chartroom: "400 for spaces, `#`, `\\` and control characters",
    why: "They come from copying; `index.yaml` would be asked for in a place that nobody meant",
    covers: ({ at }, exchange) =>
      at === "status" && answered(exchange, 200, 400, "invalid_field") &&
      fieldOf(exchange) === "url" && /[\s#\\]/.test(bodyOf(exchange).url),
  },
  {
    name: "repositories that were refused are not there",
    kubesphere: "A list has what was made before, of other names and longer texts",
    chartroom: "A list has what was not refused",
    why: "Follows from the other differences of this table",
    covers: ({ at, theirs, ours }, exchange) => {
      if (!/^\/repos\/?$/.test(partsOf(exchange).path)) return false;
      if (at === "body.items.unknown") return isAsked(exchange);
      const unknown = exchange.discrepancies.find(({ at }) => at === "body.items.unknown");
      return at === "body.total_count" && unknown !== undefined &&
        Number(theirs) - Number(ours) === (unknown.theirs as unknown[]).length;
    },
  },
  {
    name: "an empty user name is none",
    kubesphere: "`http://@host` sends the credential `:`",
    chartroom: "None is sent",
    why: "There is nothing to send",
    covers: ({ at, theirs }, exchange) =>
      at === "upstream" && exchange.ours.status === 200 && /\/\/@/.test(bodyOf(exchange).url) &&
      exchange.later.map(({ method, path }) => `${method} ${path} :`).join() ===
        (theirs as string[]).join(),
  },
  {
    name: "a repository's status_time is its last sync",
    kubesphere: "`status_time` of a repository is always `0001-01-01T00:00:00.000Z`",
    chartroom: "When its last sync ended; the same zero before that",
    why: "That is what the name says",
    covers: (found, exchange) =>
      /^body\.(items\.)?status_time$/.test(placeOf(found)) &&
      partsOf(exchange).path.startsWith("/repos") && found.theirs === "0001-01-01T00:00:00.000Z" &&
      /^20\d\d-/.test(String(found.ours)),
  },
  {
    name: "an empty name or URL is refused",
    kubesphere: '`PATCH` ignores `"name":""` and `"url":""`',
    chartroom: "400",
    why: "Whoever empties a field of a form learns that it cannot be empty",
    covers: ({ at }, exchange) =>
      at === "status" && exchange.recording.request.method === "PATCH" &&
      answered(exchange, 200, 400, "invalid_field") &&
      bodyOf(exchange)[fieldOf(exchange) ?? ""] === "",
  },
  {
    name: "repositories are found by more than their name",
    kubesphere: "`keyword=` is the only condition; `repo_id`, `status`, `name`, and all with `~` " +
      "are read and ignored",
    chartroom: "They are followed. `status=active`, which the console sends, is every repository",
    why: "What is asked for is what is given",
    covers: (found, exchange) =>
      /^\/repos\/?$/.test(partsOf(exchange).path) && listed(found.at) && isAsked(exchange) &&
      FOLLOWED.some((key) => condition(exchange, key) !== undefined),
  },
];

/** The workspace in the path. */
function workspaceOf({ target }: Exchange): string | undefined {
  return /\/workspaces\/([^/]*)/.exec(target)?.[1];
}

/** What is wrong with a request by itself, or beside what there is. */
const REFUSED: Readonly<Record<string, number>> = {
  invalid_field: 400,
  unknown_field: 400,
  name_taken: 409,
  unsupported_media_type: 415,
};

const FOLLOWED = ["repo_id=", "status=", "name=", "name~", "keyword~", "description~"];

function listed(at: string): boolean {
  return /^body\.(items\.missing|total_count)$/.test(at);
}

function withoutAuth(call: string): string {
  return call.split(" ").slice(0, 2).join(" ");
}

function sameTexts(a: readonly string[], b: readonly string[]): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
