/** The contract of categories. */

import { OpenAPIHono, z } from "@hono/zod-openapi";
import { CATEGORY_ORDERS } from "../../src/catalog/categories.ts";
import { CONDITIONS } from "../support/conditions.ts";
import { json, operation } from "./operation.ts";
import { category, conditions, orderBy, paging, reverse } from "./parameters.ts";
import { Category, listOf } from "./schemas.ts";

const tags = ["Categories"];

const listCategories = operation({
  method: "get",
  path: "/categories",
  operationId: "listCategories",
  summary: "List categories",
  description: "Of the apps of all repositories that the caller sees on this path.",
  tags,
  request: {
    query: z.object({
      conditions: conditions(
        CONDITIONS.categories,
        "`keyword=` is part of the name.",
        "keyword=moor",
      ),
      orderBy: orderBy(CATEGORY_ORDERS, "; no category has a time, so that it is the name"),
      reverse,
      ...paging,
    }),
  },
  responses: { 200: json(listOf(Category).openapi("CategoryList"), "A page of them.") },
}, {
  access: "read",
  fails: [400],
  conditional: true,
  example: { query: { orderBy: "app_total", reverse: "true" } },
});

const readCategory = operation({
  method: "get",
  path: "/categories/{category}",
  operationId: "readCategory",
  summary: "Describe a category",
  tags,
  request: { params: z.object({ category }) },
  responses: { 200: json(Category, "The category.") },
}, { access: "read", fails: [404], conditional: true });

const never = (() => undefined) as never;

export const categories = new OpenAPIHono()
  .openapi(listCategories, never)
  .openapi(readCategory, never);
