/** Syncs: when an index is read, what of it counts, and what is told of it. */

import type { Exchange } from "../replay.ts";
import { answered, type Difference, inList, itemOf, placeOf } from "./difference.ts";
import { bodyOf, partsOf } from "./request.ts";

export const SYNCING: readonly Difference[] = [
  {
    name: "a repository is registered at once",
    kubesphere: "`POST /repos` downloads and reads the whole index before it answers, and then " +
      "again; 400 if that fails",
    chartroom: "It answers with the id, and the first sync follows. One that fails shows as " +
      "`failed`, with a reason. `?validate=true` downloads first, and answers 400",
    why: "A large index takes longer than a client waits; a server that is down for a minute is " +
      "no reason to refuse",
    covers: ({ at, theirs, ours }, exchange) => {
      const { later, made } = exchange;
      if (at === "upstream") {
        const lines = later.map(({ method, path, auth }) =>
          `${method} ${path}${auth ? ` ${auth}` : ""}`
        );
        const same = JSON.stringify(lines) === JSON.stringify(theirs);
        return (ours as string[]).length === 0 && (same || made !== undefined);
      }
      return at === "status" && answered(exchange, 400, 200) && made?.status === "failed" &&
        typeof made.sync.reason === "string" && typeof made.sync.message === "string";
    },
  },
  {
    name: "the address of an index is put together with care",
    kubesphere: "`/index.yaml` is put behind the URL, whatever it is: " +
      "`/a/index.yaml/index.yaml`, `/a?x=1/index.yaml`, `/a/../b/index.yaml`",
    chartroom: "A URL whose path ends in `index.yaml` is the index; it is put behind the path, " +
      "and dot segments are resolved",
    why: "The URL of an index is what people copy (kubesphere/kubesphere#4951)",
    covers: ({ at, theirs }, exchange) => {
      if (at === "upstream" && exchange.ours.status === 200) {
        const [, path, query] = /^GET (.*)\?(.*)\/index\.yaml$/.exec(String(theirs)) ?? [];
        return path !== undefined && exchange.later[0]?.path === `${path}/index.yaml?${query}`;
      }
      return at === "status" && answered(exchange, 400, 200) &&
        exchange.made?.status === "successful" &&
        /index\.yaml$|\/\.\.\//.test(bodyOf(exchange).url);
    },
  },
  {
    name: "one bad entry costs that entry",
    kubesphere: "A number where a text should be, or a date that is none: the whole index " +
      "is refused",
    chartroom: "What can be understood is (`version: 1.10` is `1.10`); an entry that cannot is " +
      "left out and listed at `/repos/{repo}/problems`",
    why: "One mistake of one chart's author does not take away all others",
    covers: (found, exchange) => {
      const { at, theirs, ours } = found;
      if (at === "sync.state") {
        const [, message] = /^failed (.*)/s.exec(String(theirs)) ?? [];
        return UNREADABLE.test(message ?? "") && ours === "successful";
      }
      if (placeOf(found) === "body.items.status") {
        const { result } = itemOf(found, exchange).theirs;
        return theirs === "failed" && ours === "successful" && UNREADABLE.test(result);
      }
      if (placeOf(found) === "body.items.result") {
        return ours === undefined && UNREADABLE.test(String(theirs));
      }
      const read = exchange.made?.status === "successful" || exchange.ours.body?.ok === true ||
        exchange.recording.request.method === "PATCH";
      return at === "status" && answered(exchange, 400, 200) && read &&
        UNREADABLE.test(exchange.theirs.text);
    },
  },
  {
    name: "an index that crashes the controller is read",
    kubesphere: "Entries without metadata stop the controller: the repository stays `syncing`",
    chartroom: "They are left out, and the sync is successful",
    why: "As above, and one repository does not stop all others",
    covers: (found, exchange) => {
      const crashed = exchange.discrepancies.some(({ at, theirs }) =>
        at === "sync.state" && theirs === undefined
      );
      if (found.at === "sync.state") return crashed && found.ours === "successful";
      return crashed && (
        found.at === "body.status" && found.theirs === "syncing" && found.ours === "successful" ||
        found.at === "status" && answered(exchange, 500, 200) &&
          exchange.theirs.text.startsWith("load repo info failed")
      );
    },
  },
  {
    name: "a key that is there twice is an error",
    kubesphere: "The last one counts",
    chartroom: "The index is refused, with the place",
    why: "YAML forbids it, and so does Helm; which of the two was meant is anybody's guess",
    covers: (found, exchange) =>
      refusedIndex(found, exchange, /is there twice|duplicated mapping key/),
  },
  {
    name: "binary texts are not read",
    kubesphere: "`!!binary` is decoded",
    chartroom: "The index is refused, with the place",
    why: "It is no type of YAML's core schema, and nothing writes it",
    covers: (found, exchange) => refusedIndex(found, exchange, /unknown scalar tag .*:binary/),
  },
  {
    name: "an index is one document",
    kubesphere: "What stands behind `...` is not read, nor a second document",
    chartroom: "The index is refused",
    why: "A download that was put together wrongly looks like this",
    covers: (found, exchange) =>
      refusedIndex(
        found,
        exchange,
        /^the index seems cut off in line \d+ after the charts|holds \d+ documents/,
      ),
  },
  {
    name: "keys are written as they are named",
    kubesphere: "Keys of an index are read in any case: `APIVERSION`",
    chartroom: "The index is refused",
    why: "Nothing writes them so",
    covers: (found, exchange) =>
      /othercase/.test(exchange.recording.name) &&
      refusedIndex(found, exchange, /^the document has no `apiVersion`/),
  },
  {
    name: "an index that lost most of what it had is not believed",
    kubesphere: "An index that is suddenly empty empties the catalogue",
    chartroom: "The sync fails, and the apps from before stay. " +
      '`{"action":"index","force":true}` accepts it',
    why: "Mostly it was broken for a minute; what is used meanwhile stays there",
    covers: (found, exchange) => {
      if (found.at === "sync.state") {
        return found.theirs === "successful" && /^failed shrink/.test(String(found.ours));
      }
      if (placeOf(found) === "body.items.status") {
        return found.theirs === "successful" && itemOf(found, exchange).ours.reason === "shrink";
      }
      return exchange.guarded && /^\/apps/.test(partsOf(exchange).path) &&
        (inList(found) && exchange.ours.body.total_count > 0 ||
          found.at === "status" && answered(exchange, 500, 200));
    },
  },
  {
    name: "before the first sync there are no apps",
    kubesphere: "`load repo info failed` (500) for the apps of a repository that was not synced",
    chartroom: "200, an empty page, and `sync` says `syncing` or `failed`",
    why: "Nothing has failed",
    covers: ({ at }, exchange) =>
      at === "status" && answered(exchange, 500, 200) &&
      exchange.theirs.text.startsWith("load repo info failed") &&
      exchange.ours.body.total_count === 0 && typeof exchange.ours.body.sync === "string",
  },
  {
    name: "messages of failed syncs are Chartroom's",
    kubesphere: "`result` is the text of a Go library, cut after 512 bytes",
    chartroom: "A sentence that says what was expected, and `reason`, a word for programs",
    why: "It is read by who runs the repository",
    covers: (found, exchange) =>
      placeOf(found) === "body.items.result" && typeof found.theirs === "string" &&
      typeof found.ours === "string" && typeof itemOf(found, exchange).ours.reason === "string",
  },
  {
    name: "there are 100 events",
    kubesphere: "The last 10 are kept",
    chartroom: "The last 100",
    why: "A repository that fails every ten minutes fills ten of them in less than two hours",
    covers: (found, exchange) => {
      if (!partsOf(exchange).path.endsWith("/events") || exchange.theirs.body.total_count !== 10) {
        return false;
      }
      const total = exchange.ours.body.total_count;
      if (found.at === "body.total_count") return total > 10 && total <= 100;
      return found.at === "body.items.length" && Number(found.ours) > Number(found.theirs);
    },
  },
  {
    name: "events tell what was published again",
    kubesphere: "A version that is published again is not noticed",
    chartroom: "It has an event of the type `republished`, beside that of the sync",
    why: "The same version with another digest is an accident, or worse",
    covers: (found, exchange) =>
      partsOf(exchange).path.endsWith("/events") && exchange.syncs > 1 &&
      found.at === "body.total_count" && Number(found.theirs) < 10 &&
      Number(found.ours) > Number(found.theirs),
  },
  {
    name: "actions have names",
    kubesphere: "`POST .../action` takes any word for `index`",
    chartroom: "`index`, or nothing; 400 for any other",
    why: "A mistyped action does not look like success",
    covers: ({ at }, exchange) =>
      at === "status" && answered(exchange, 200, 400, "invalid_field") &&
      partsOf(exchange).path.endsWith("/action") && exchange.ours.body.field === "action" &&
      !["index", "", undefined].includes(bodyOf(exchange).action),
  },
  {
    name: "repositories are synced every hour",
    kubesphere: "Without `sync_period` never, but by hand",
    chartroom: 'Every hour; `"0"` and `""` are never',
    why: "What nobody looks after stays fresh",
    covers: ({ at, theirs, ours }, exchange) =>
      at === "stored.period" && theirs === 0 && ours === 3_600 &&
      (bodyOf(exchange).sync_period ?? null) === null,
  },
  {
    name: "a period is a duration that can be followed",
    kubesphere: "A negative one counts as never when a repository is made, and as three minutes " +
      "when it is changed; one of 290 years is kept; a shorter one than three minutes is echoed",
    chartroom: "400 for less than nothing and more than a year; less than three minutes counts " +
      "as these; `sync.period_seconds` says what counts. Space around it is dropped",
    why: "What is stored is what happens",
    covers: ({ at, theirs, ours }, exchange) => {
      const period = bodyOf(exchange).sync_period;
      if (at === "stored.period") {
        return exchange.recording.request.method === "PATCH" && ours === 180 &&
          Number(theirs) < 180;
      }
      if (at !== "status" || period === undefined) return false;
      return answered(exchange, 200, 400, "invalid_field") &&
          exchange.ours.body.field === "sync_period" &&
          (/^-/.test(period) || /\d{6,}h/.test(period)) ||
        answered(exchange, 400, 200) && period.trim() !== period;
    },
  },
];

/** How Go's libraries begin to say that they cannot read an index. */
const UNREADABLE = /^error (unmarshaling JSON|converting YAML to JSON)|^no API version specified/;

/** Whether KubeSphere reads an index that Chartroom refuses with such a message. */
function refusedIndex(
  found: Parameters<Difference["covers"]>[0],
  exchange: Exchange,
  message: RegExp,
): boolean {
  if (found.at === "status") {
    return answered(exchange, 200, 400, "index_unusable") &&
      message.test(exchange.ours.body.message);
  }
  const failed = exchange.discrepancies.find(({ at }) => at === "sync.state");
  const [, ours = ""] = /^failed \w+ (.*)/s.exec(String(failed?.ours)) ?? [];
  if (failed?.theirs !== "successful" || !message.test(ours)) return false;
  return found.at === "sync.state" || inList(found) && exchange.ours.body.total_count === 0;
}
