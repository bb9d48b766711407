/** The page of an app: `/apps/{app}`. */

import { Hono } from "hono";
import { AppFrame, loadApp } from "./app_frame.tsx";
import { show } from "./opened.tsx";
import type { ConsoleEnv } from "./page.ts";

export function app() {
  return new Hono<ConsoleEnv>()
    .get("/:app", async (c) => {
      const opened = await loadApp(c);
      const { app, picks } = opened;
      const content = <AppFrame opened={opened} tab="readme">README</AppFrame>;
      return await show(c, app.name, content, picks.error === undefined ? 200 : 400);
    });
}
