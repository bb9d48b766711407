/** What a browser sends of a form. */

import type { Context } from "hono";

/** The fields of a form that are texts. */
export async function fieldsOf(c: Context): Promise<Record<string, string | undefined>> {
  const body = await c.req.parseBody().catch(() => ({}));
  return Object.fromEntries(
    Object.entries(body).filter(([, value]) => typeof value === "string"),
  ) as Record<string, string>;
}
