/** Lists: conditions, orders and pages. */

import { hasUnknownCondition, hasUnknownOrder, isAsked } from "./asked.ts";
import { answered, type Difference, fieldOf, inList } from "./difference.ts";
import { condition, partsOf } from "./request.ts";

/** Conditions on apps that KubeSphere ignores. */
const FOLLOWED = ["name=", "name~", "keyword~", "description~", "category_id="];

export const LISTS: readonly Difference[] = [
  {
    name: "unknown conditions are refused",
    kubesphere: "Conditions that a list does not know are ignored, and all of it is listed",
    chartroom: "400 `invalid_conditions`, which names those that there are",
    why: "A script with a mistyped condition would work on everything",
    covers: ({ at }, exchange) =>
      at === "status" && answered(exchange, [200, 500], 400, "invalid_conditions") &&
      hasUnknownCondition(exchange),
  },
  {
    name: "unknown orders are refused",
    kubesphere: "`orderBy` is read and ignored",
    chartroom: "400 for an order that the list does not have",
    why: "As above",
    covers: ({ at }, exchange) =>
      at === "status" && answered(exchange, 200, 400, "invalid_field") &&
      fieldOf(exchange) === "orderBy" && hasUnknownOrder(exchange),
  },
  {
    name: "the order that is asked for is given",
    kubesphere: "Every list has one order",
    chartroom: "`create_time`, `update_time`, `name`, `status` for apps and repositories; " +
      "`sequence`, `create_time`, `stable_first` for versions",
    why: "What is asked for is what is given",
    covers: (found, exchange) => {
      const order = partsOf(exchange).query.get("orderBy");
      return /^body\.items\.(order|missing|extra)$/.test(found.at) && isAsked(exchange) &&
        ["name", "update_time", "status"].includes(order ?? "");
    },
  },
  {
    name: "conditions of apps are followed",
    kubesphere: "`name`, `category_id`, and all with `~` are read and ignored",
    chartroom: "They are followed; `~` is a part, in any case",
    why: "What is asked for is what is given",
    covers: (found, exchange) =>
      partsOf(exchange).path === "/apps" && inList(found) && isAsked(exchange) &&
      FOLLOWED.some((key) => condition(exchange, key) !== undefined),
  },
  {
    name: "several values stand with | between them",
    kubesphere: '`|` is "or" in `status` and `app_id` only',
    chartroom: "In every condition with `=`",
    why: "One rule for all",
    covers: (found, exchange) => {
      const several = ["repo_id=", "keyword="].some((key) =>
        condition(exchange, key)?.includes("|")
      );
      return several &&
        (inList(found) && isAsked(exchange) ||
          found.at === "status" && answered(exchange, 500, 200));
    },
  },
  {
    name: "the app store is empty",
    kubesphere: "`repo_id=repo-helm` is the app store",
    chartroom: "404: there is no such repository",
    why: "Chartroom has no app store",
    covers: ({ at }, exchange) =>
      at === "status" && answered(exchange, 200, 404, "not_found") &&
      condition(exchange, "repo_id=")?.includes("repo-helm") === true,
  },
  {
    name: "a semicolon is a letter like any other",
    kubesphere: "Go drops a parameter with a semicolon in it",
    chartroom: "It belongs to the value",
    why: "So it is in the URL standard",
    covers: ({ at }, exchange) =>
      at === "status" && exchange.target.includes(";") &&
      answered(exchange, 200, 404, "not_found") && fieldOf(exchange) === "repo_id",
  },
  {
    name: "numbers do not wrap around",
    kubesphere: "`page` times `limit` overflows 64 bits, and a page far behind the end is one at " +
      "its front",
    chartroom: "It is far behind the end",
    why: "That is what was asked for",
    covers: (found, exchange) =>
      inList(found) && isAsked(exchange) && /\d{17}/.test(exchange.target),
  },
];
