/** Apps, their versions, and what is shown of them. */

import type { Body } from "../../support/chartroom.ts";
import type { Discrepancy } from "../compare.ts";
import type { Exchange } from "../replay.ts";
import { START } from "../stage.ts";
import { isAsked } from "./asked.ts";
import {
  answered,
  type Difference,
  has,
  inList,
  isOfOneApp,
  itemOf,
  placeOf,
} from "./difference.ts";
import { condition, partsOf } from "./request.ts";

const NO_TIME = "0001-01-01T00:00:00.000Z";

export const APPS: readonly Difference[] = [
  {
    name: "an app's update_time is that of its newest version",
    kubesphere: "`update_time` of an app is its `create_time`",
    chartroom: "`create_time` of its newest version",
    why: "That is what the name says, and what `orderBy=update_time` needs",
    covers: (found, exchange) =>
      isUpdateOfApp(found, exchange) && isAboutApps(exchange) &&
      found.ours === timesOf(itemOf(found, exchange).ours, exchange).at(-1),
  },
  {
    name: "the latest version is the highest stable one",
    kubesphere: "`latest_app_version`, and with it description and icon, are of the highest " +
      "version, pre-releases included",
    chartroom: "Of the highest stable one; of a pre-release only where there is no other",
    why: "Helm takes no pre-release by itself",
    covers: (found, exchange) => {
      const { theirs, ours } = itemOf(found, exchange);
      return /latest_app_version\.|\.(description|icon)$/.test(found.at) &&
        isPrerelease(theirs.latest_app_version?.name) &&
        !isPrerelease(ours.latest_app_version?.name) && saysItsLatest(ours);
    },
  },
  {
    name: "an app says what its latest version says",
    kubesphere: "`description` and `icon` of an app, and all of a version, stay as they were at " +
      "its first import",
    chartroom: "They are refreshed at every sync, as are digest and dates of a version that was " +
      "published again",
    why: "What is shown is what is there; republished versions are told in events",
    covers: (found, exchange) =>
      exchange.syncs > 1 && isAboutApps(exchange) && !isTwice(found, exchange) &&
      !isUpdateOfApp(found, exchange) && saysItsLatest(itemOf(found, exchange).ours) &&
      typeof found.ours === "string" && typeof found.theirs === "string" &&
      REFRESHED.test(found.at),
  },
  {
    name: "a version is listed once",
    kubesphere: "Versions that an index has twice are two; at later syncs they push others out " +
      "of the list",
    chartroom: "One: the newest of them",
    why: "A version is what Helm installs under that number",
    covers: (found, exchange) => exchange.ours.status === 200 && isTwice(found, exchange),
  },
  {
    name: "what has no date is new when it is first seen",
    kubesphere: "A version without `created` is of the year 1, and so is its app; it comes first",
    chartroom: "It has the time of the sync that saw it first",
    why: "So it shows among what is new, and keeps its place",
    covers: (found, exchange) => {
      if (!isAboutApps(exchange)) return false;
      if (found.at === "body.items.order") return sameButUndated(found, exchange);
      return /\.(create|status|update)_time$/.test(found.at) && found.theirs === NO_TIME &&
        !isUpdateOfApp(found, exchange) &&
        (Date.parse(String(found.ours)) >= START ||
          found.ours === timesOf(itemOf(found, exchange).ours, exchange)[0]);
    },
  },
  {
    name: "a chart that comes back is the one that it was",
    kubesphere: "A chart or version that leaves an index and comes back gets new ids",
    chartroom: "Ids follow from repository, chart and version",
    why: "Links and bookmarks stay valid",
    covers: (found, exchange) =>
      inList(found) && /^\/apps\/[^/]+\/versions$/.test(partsOf(exchange).path) &&
      isOfOneApp(exchange) &&
      exchange.theirs.body.total_count === 0 &&
      /#\d|\{\{app\./.test(exchange.recording.request.path),
  },
  {
    name: "apps have the category that their chart names",
    kubesphere: "`category_set` is filled for built-in repositories only",
    chartroom: "For all charts with the annotation `app.kubesphere.io/category` or `category`",
    why: "So that they can be found by category",
    covers: (found, exchange) =>
      /category_set\.extra$/.test(found.at) && isAboutApps(exchange) &&
      hasItsCategory(itemOf(found, exchange).ours),
  },
  {
    name: "names keep their text",
    kubesphere: "Of a chart `1.10:` the name is `1.1`, of `yes:` it is `true`",
    chartroom: "As they are written",
    why: "Whoever wrote them meant these letters",
    covers: ({ at }, exchange) =>
      /^body\.items\.(missing|extra)$/.test(at) && partsOf(exchange).path === "/apps" &&
      isAsked(exchange) && exchange.theirs.body.total_count === exchange.ours.body.total_count &&
      exchange.theirs.body.items.some(({ name }: Body) =>
        /^(true|false|null|[\d.e+]+)$/.test(name)
      ),
  },
  {
    name: "what Helm cannot install is not listed",
    kubesphere: "Entries without a name or a version are listed",
    chartroom: "They are left out, as by Helm, and listed at `/repos/{repo}/problems`",
    why: "They cannot be installed",
    covers: ({ at, theirs, ours }, exchange) =>
      /(name|version)-(missing|empty)/.test(exchange.recording.name) &&
      (at === "body.items.missing" ||
        at === "body.total_count" && Number(theirs) === Number(ours) + 1),
  },
  {
    name: "an app of the store is the app",
    kubesphere: "An app's id with `-store` behind it finds its versions, but not the app",
    chartroom: "Both",
    why: "One rule for both",
    covers: ({ at }, exchange) =>
      at === "status" && answered(exchange, 500, 200) && /-store$/.test(partsOf(exchange).path),
  },
  {
    name: "versions belong to their app",
    kubesphere: "The app in the path of a version is not looked at",
    chartroom: "404 where the version is not of that app",
    why: "Access is decided by the app's repository",
    covers: ({ at }, exchange) => {
      const [, app] = /^\/apps\/([^/]+)\/versions\/appv?-/.exec(partsOf(exchange).path) ?? [];
      return at === "status" && answered(exchange, 200, 404, "not_found") && app !== undefined &&
        !app.startsWith("app-");
    },
  },
  {
    name: "all apps are listed without repo_id",
    kubesphere: "`GET /apps` without `repo_id` lists uploaded apps, and none without an object " +
      "store",
    chartroom: "All apps that the caller may see on the path",
    why: "There is no other question that it could answer",
    covers: (found, exchange) =>
      partsOf(exchange).path === "/apps" && condition(exchange, "repo_id=") === undefined &&
      inList(found) && isAsked(exchange) && exchange.theirs.body.total_count === 0,
  },
];

/** What changes where a version is published again. */
const REFRESHED =
  /\.(description|icon|(create|status|update)_time|home|sources|maintainers|name|digest)$/;

/** Whether an answer is made of apps or versions. */
function isAboutApps(exchange: Exchange): boolean {
  return /^\/apps($|\/)/.test(partsOf(exchange).path) && exchange.ours.status === 200;
}

/** Only its newest version says what the update_time of an app is. */
function isUpdateOfApp(found: Discrepancy, exchange: Exchange): boolean {
  return /^body\.(items\.)?update_time$/.test(placeOf(found)) &&
    "latest_app_version" in itemOf(found, exchange).ours;
}

/** When an app's versions were made, the oldest first. */
function timesOf(app: Body, { here }: Exchange): string[] {
  const times: string[] = here.versions.get(app.app_id)?.map((it) => it.create_time) ?? [];
  return times.sort((a, b) => Date.parse(a) - Date.parse(b));
}

/** Whether an app's own texts are those of its latest version, if it has one. */
function saysItsLatest({ description, icon, latest_app_version: latest }: Body): boolean {
  return latest?.version_id === undefined ||
    description === latest.description && icon === latest.icon;
}

function hasItsCategory({ category, category_set: [first, ...others] }: Body): boolean {
  return category !== undefined && first.name === category && others.length === 0;
}

/** Whether a list has the order of theirs, but for what has no date. */
function sameButUndated(found: Discrepancy, { theirs }: Exchange): boolean {
  const undated = new Set(
    theirs.body.items.filter((item: Body) => item.create_time === NO_TIME)
      .map((item: Body) => item.version_id ?? item.app_id),
  );
  const dated = (ids: unknown) => (ids as string[]).filter((id) => !undated.has(id)).join();
  return dated(found.theirs) === dated(found.ours);
}

function isPrerelease(name = ""): boolean {
  return /^v?\d+(\.\d+)*-/.test(name);
}

/** Whether theirs has a version twice, in the list or in the app that it is drawn from. */
function isTwice(found: Discrepancy, exchange: Exchange): boolean {
  if (/^(body\.items|saved)\.twice$/.test(found.at)) return true;
  if (found.at === "saved.extra") {
    return exchange.discrepancies.some(({ at }) => at === "saved.twice");
  }
  if (found.at === "body.total_count") return has(exchange, "twice");
  const { theirs } = itemOf(found, exchange);
  const name: string = theirs.package_name ?? theirs.name ?? "";
  // Charts of which some version is there twice are named so in the fixtures.
  if (!isAboutApps(exchange) || !/^(dup|twice)/.test(name)) {
    return found.at === "body.items.extra" && /\.twice\}\}/.test(exchange.recording.request.path);
  }
  return /\.(latest_app_version\.\w+|description|(create|status|update)_time)$/.test(found.at) &&
    !isUpdateOfApp(found, exchange);
}
