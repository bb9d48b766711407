/** What pages load beside themselves: one style sheet, one script, one picture. */

import { createHash } from "node:crypto";
import { Hono } from "hono";
import account from "./assets/account.css" with { type: "text" };
import app from "./assets/app.css" with { type: "text" };
import apps from "./assets/apps.css" with { type: "text" };
import base from "./assets/base.css" with { type: "text" };
import compare from "./assets/compare.css" with { type: "text" };
import files from "./assets/files.css" with { type: "text" };
import forms from "./assets/forms.css" with { type: "text" };
import icon from "./assets/icon.svg" with { type: "text" };
import news from "./assets/news.css" with { type: "text" };
import parts from "./assets/parts.css" with { type: "text" };
import repo from "./assets/repo.css" with { type: "text" };
import repos from "./assets/repos.css" with { type: "text" };
import script from "./assets/console.js" with { type: "text" };
import tables from "./assets/tables.css" with { type: "text" };
import { chooseEncoding, compress, type Encoding } from "../support/encoding.ts";

/** Another text has another address. */
const CACHE_CONTROL = "public, max-age=31536000, immutable";

interface Asset {
  /** Its address, which changes with what it is. */
  href: string;
  type: string;
  text: string;
}

function asset(name: string, type: string, text: string): Asset {
  const hash = createHash("sha256").update(text).digest("hex").slice(0, 12);
  return { href: `/assets/${hash}/${name}`, type, text };
}

export const ASSETS = {
  style: asset(
    "console.css",
    "text/css; charset=utf-8",
    [base, forms, parts, tables, repos, repo, apps, news, app, files, compare, account].join("\n"),
  ),
  script: asset("console.js", "text/javascript; charset=utf-8", script),
  icon: asset("icon.svg", "image/svg+xml", icon),
};

/** Answers them. They are compressed once. */
export function assets() {
  const routes = new Hono();
  for (const { href, type, text } of Object.values(ASSETS)) {
    const forms = new Map<Encoding, Promise<Uint8Array<ArrayBuffer>>>();
    routes.get(href, async (c) => {
      const encoding = chooseEncoding(c.req.header("accept-encoding") ?? null);
      let form = forms.get(encoding);
      if (form === undefined) forms.set(encoding, form = formOf(text, encoding));
      return c.body(await form, 200, {
        "Content-Type": type,
        "Cache-Control": CACHE_CONTROL,
        Vary: "Accept-Encoding",
        ...(encoding !== "identity" && { "Content-Encoding": encoding }),
      });
    });
  }
  return routes;
}

async function formOf(text: string, encoding: Encoding) {
  const bytes = new TextEncoder().encode(text);
  return encoding === "identity" ? bytes : await compress(bytes, encoding);
}
