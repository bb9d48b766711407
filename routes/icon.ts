/** `/apps/{app}/icon`: the picture that the chart's newest version names. */

import type { Context } from "hono";
import { PICTURE_TYPES } from "../src/catalog/picture_type.ts";
import type { Services } from "../src/services.ts";
import type { Recipe } from "./support/answers.ts";
import { draftOfApp } from "./support/app_draft.ts";
import type { Env } from "./support/authenticate.ts";

/** Of a picture that is looked at by itself: an SVG is a document, whose scripts are dead so. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'";

export async function icon(c: Context<Env>, services: Services): Promise<Recipe> {
  const { appId, read, ...draft } = await draftOfApp(c, services);
  return {
    ...draft,
    kind: "icon",
    query: appId,
    async make() {
      const { app: { repo, entry }, current } = await read();
      return {
        keep: current,
        headers: { "Content-Security-Policy": POLICY },
        async open(signal) {
          const { bytes, type, sha256 } = await services.icons.get(
            { repo, chart: entry.latest.chart },
            signal,
          );
          return {
            name: sha256,
            body: bytes,
            headers: {
              // Nothing in it is read in another encoding than it was looked at.
              "Content-Type": PICTURE_TYPES[type] + (type === "svg" ? "; charset=utf-8" : ""),
              "Content-Disposition": `inline; filename="icon.${type}"`,
            },
          };
        },
      };
    },
  };
}
