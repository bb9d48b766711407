/** Not there yet. */

import { Hono } from "hono";
import type { ConsoleEnv } from "./page.ts";

export function repos() {
  return new Hono<ConsoleEnv>();
}
