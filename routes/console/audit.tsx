/** Not there yet. */

import { Hono } from "hono";
import type { ConsoleEnv } from "./page.ts";

export function audit() {
  return new Hono<ConsoleEnv>();
}
