/** What KubeSphere has and Chartroom has not. */

import type { Body } from "../../support/chartroom.ts";
import { hasUnknown } from "../recording.ts";
import { isAsked } from "./asked.ts";
import { answered, type Difference, inList } from "./difference.ts";
import { partsOf } from "./request.ts";

export const NOT_HERE: readonly Difference[] = [
  {
    name: "there is no app store",
    kubesphere: "Apps are uploaded, reviewed, published and suspended; repositories' apps are " +
      "immutable (403), or answer as if they had been changed",
    chartroom: "501",
    why: "Chartroom serves what repositories have",
    covers: ({ at }, exchange) =>
      at === "status" && exchange.ours.status === 501 &&
      answered(exchange, exchange.theirs.status, 501, "not_implemented") &&
      (exchange.recording.request.method === "GET"
        ? /^\/reviews$|^\/apps\/.*\/audits$/
        : /^\/(apps|reviews|attachments)(\/|$)/).test(partsOf(exchange).path),
  },
  {
    name: "categories are those that charts name",
    kubesphere: "Categories are made, renamed and deleted; `app_total` counts the store's apps",
    chartroom: "`GET /categories` has those that charts name in their annotations, and counts " +
      "their apps; 501 for changes, 404 for others",
    why: "A second list that somebody has to keep in step would go stale",
    covers: (found, exchange) => {
      const { path } = partsOf(exchange);
      if (!/^\/categories(\/|$)/.test(path)) return false;
      if (found.at === "status") {
        return exchange.recording.request.method === "GET"
          ? answered(exchange, 200, 404, "not_found") && hasUnknown(path)
          : answered(exchange, exchange.theirs.status, 501, "not_implemented");
      }
      return inList(found) && isAsked(exchange);
    },
  },
  {
    name: "there are no built-in repositories",
    kubesphere: "Objects named `builtin-...` in Kubernetes are repositories of the app store",
    chartroom: "Repositories are made over the API",
    why: "They can be registered like any other, in the workspace `system-workspace`",
    covers: (found, exchange) => {
      if (found.at === "createObject") return true;
      if (found.at === "status") {
        return exchange.target.includes("builtin-") && answered(exchange, 200, 404, "not_found");
      }
      const { items = [] } = exchange.theirs.body;
      return exchange.target.endsWith("/workspaces/system-workspace/repos") &&
        items.every(({ repo_id }: Body) => repo_id.startsWith("builtin-")) &&
        (found.at === "sync.repo" || inList(found) && isAsked(exchange));
    },
  },
];
