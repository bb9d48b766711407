/** `/cache`: what reads find in memory, for the administrator, who sets how much there may be. */

import { Hono } from "hono";
import type { Services } from "../src/services.ts";
import type { Answers } from "./support/answers.ts";
import { authorize, type Env } from "./support/authenticate.ts";

export function cache({ hot, archives, icons }: Services, answers: Answers) {
  return new Hono<Env>().get("/", (c) => {
    authorize(c, "read", { kind: "service", workspace: "*" });
    return c.json({
      catalogs: hot.counts(),
      answers: answers.counts(),
      archives: archives.counts(),
      icons: icons.counts(),
    });
  });
}
