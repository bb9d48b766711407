/** The tabs of an app's page that show what is in a version's archive. */

import { Hono } from "hono";
import type { ConsoleContext, ConsoleEnv } from "../page.ts";
import { loadApp } from "../app/frame.tsx";
import { downloadFile } from "./archive.ts";
import { compare } from "./compare.tsx";
import { schema } from "./schema.tsx";
import { templates } from "./templates.tsx";
import { values } from "./values.tsx";

/** Mounted below `/apps`. */
export function files() {
  return new Hono<ConsoleEnv>()
    .get("/:app/values", values)
    .get("/:app/schema", schema)
    .get("/:app/templates", templates)
    .get("/:app/diff", compare)
    .get("/:app/download", download);
}

/** A file as it is, to be kept: never to be looked at as a page of this host. */
async function download(c: ConsoleContext): Promise<Response> {
  const { page, app, version } = await loadApp(c);
  const name = c.req.query("file") ?? "";
  const body = await downloadFile(page, app.app_id, version.version_id, name);
  const last = encodeURIComponent(name.split("/").at(-1)!.toWellFormed());
  const headers = {
    "Content-Type": "application/octet-stream",
    "Content-Disposition": `attachment; filename*=UTF-8''${last.replaceAll(/['()*]/g, "_")}`,
    "Content-Security-Policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "private, no-store",
  };
  if (c.req.raw.method !== "HEAD") return c.body(body, 200, headers);
  await body.cancel();
  return c.body(null, 200, headers);
}
