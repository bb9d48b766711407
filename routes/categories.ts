/** Categories of apps, as charts name them: `/categories`. */

import { type Context, Hono } from "hono";
import {
  type Category,
  CATEGORY_ORDERS,
  countCategories,
  sortCategories,
} from "../src/catalog/categories.ts";
import { readPlaces } from "../src/catalog/places.ts";
import { contains } from "../src/catalog/text.ts";
import { categoryView } from "../src/catalog/views.ts";
import { Refused } from "../src/refused.ts";
import type { Services } from "../src/services.ts";
import type { Answers, Recipe } from "./support/answers.ts";
import { type Env, scopeOf } from "./support/authenticate.ts";
import {
  alternatives,
  CONDITIONS,
  isTrue,
  readConditions,
  readOrder,
} from "./support/conditions.ts";
import { parsePaging, slice } from "./support/paging.ts";
import { drawnFromAll } from "./support/recipe.ts";

export function categories(services: Services, answers: Answers) {
  return new Hono<Env>()
    .get("/", (c) => answers.give(c, () => listOfCategories(c, services)))
    .get("/:category", (c) =>
      answers.give(c, () => {
        const id = c.req.param("category");
        return drawn(c, services, id, (all) => {
          const category = all.find((category) => category.id === id);
          if (category === undefined) throw categoryNotFound(id);
          return categoryView(category);
        });
      }));
}

function listOfCategories(c: Context<Env>, services: Services): Promise<Recipe> {
  const filter = readFilter(c);
  const order = readOrder(c.req.query("orderBy"), CATEGORY_ORDERS);
  const reverse = isTrue(c.req.query("reverse"));
  const paging = parsePaging((name) => c.req.query(name));
  return drawn(c, services, [filter, order, reverse, paging], (all) => {
    const found = sortCategories(all.filter(matches(filter)), order, reverse);
    const items = slice(found, paging).map(categoryView);
    return { items, total_count: found.length };
  });
}

/** An answer about the categories of all apps that the caller sees on this path. */
async function drawn(
  c: Context<Env>,
  services: Services,
  query: unknown,
  view: (all: Category[]) => unknown,
): Promise<Recipe> {
  const scope = await scopeOf(c, services);
  return {
    ...drawnFromAll(c, scope),
    kind: "categories",
    query,
    async make() {
      const { places, current } = await readPlaces(services.hot, scope.sources, {});
      return { body: JSON.stringify(view(countCategories(places))), keep: current };
    },
  };
}

interface Filter {
  parts: string[];
  names: string[];
  ids: string[];
  /** All are `enabled`; KubeSphere's console asks for `active`. */
  none: boolean;
}

function readFilter(c: Context): Filter {
  const { exact, fuzzy } = readConditions(c.req.query("conditions"), CONDITIONS.categories);
  const states = alternatives(exact.get("status"));
  return {
    parts: [exact.get("keyword"), fuzzy.get("name")].filter((part) => part !== undefined),
    names: [...alternatives(exact.get("name"))].sort(),
    ids: [...alternatives(exact.get("category_id"))].sort(),
    none: states.size > 0 && !states.has("enabled") && !states.has("active"),
  };
}

function matches({ parts, names, ids, none }: Filter) {
  return ({ id, name }: Category) =>
    !none && parts.every((part) => contains(name, part)) &&
    (names.length === 0 || names.includes(name)) && (ids.length === 0 || ids.includes(id));
}

function categoryNotFound(id: string): Refused {
  return new Refused("not_found", `there is no category ${id.slice(0, 40)}`, "category_id");
}
