/**
 * The web console: pages that are drawn on the server from what the API answers to who looks at
 * them. It can do no more than they: it asks with what their browser showed (docs/adr/0007).
 */

import { type Context, Hono } from "hono";
import { languageDetector } from "hono/language";
import type { Services } from "../../src/services.ts";
import type { Env } from "../support/authenticate.ts";
import { limitBody } from "../support/body.ts";
import { account } from "./account.tsx";
import { app } from "./app.tsx";
import { apps } from "./apps.tsx";
import { assets } from "./assets.ts";
import type { Send } from "./api.ts";
import { audit } from "./audit.tsx";
import { files } from "./files/files.tsx";
import { news } from "./news.tsx";
import { CHOICES, opened, showProblem, showRefusal, signedIn } from "./opened.tsx";
import type { ConsoleContext, ConsoleEnv } from "./page.ts";
import { repo } from "./repo.tsx";
import { repos } from "./repos.tsx";
import { tokens } from "./tokens.tsx";
import { LANGUAGES } from "./words/words.ts";

/** What a form of the console holds at most: three certificates, and what is around them. */
const MAX_FORM_BYTES = 262_144;
/** Paths of pages for whoever comes. */
const FOR_ALL = ["/sign-in", "/sign-out", "/preferences"];
/** Paths of pages for who may read something. */
const FOR_READERS = [
  "/",
  "/repos/*",
  "/apps/*",
  "/news",
  "/tokens/*",
  "/audit",
  // By its name, which a page is to know.
  "/workspaces/:workspace/*",
];
/** Paths that are not for people. */
const FOR_PROGRAMS = /^\/(v1|kapis|docs|openapi\.json|healthz|readyz|assets)(\/|$)/;

/** Whether a path is that of a page, or of a form on one. */
export function isConsolePath(path: string): boolean {
  return !FOR_PROGRAMS.test(path);
}

/** The console, mounted at the top. `send`: how the service answers a request. */
export function consolePages({ clock }: Pick<Services, "clock">, send: Send) {
  const detect = languageDetector({
    supportedLanguages: Object.keys(LANGUAGES),
    fallbackLanguage: "en",
    order: ["cookie", "header"],
    lookupCookie: CHOICES.language,
    caches: false,
  });
  const open = opened(send, clock);
  const pages = new Hono<ConsoleEnv>()
    .get("/", (c) => c.redirect(startOf(c), 302))
    .route("/repos", repos())
    .route("/repos", repo())
    .route("/apps", apps())
    .route("/apps", app())
    .route("/apps", files())
    .route("/news", news());
  const all = new Hono<ConsoleEnv>();
  for (const path of FOR_ALL) all.use(path, detect, limitBody(MAX_FORM_BYTES), open);
  for (const path of FOR_READERS) all.use(path, detect, limitBody(MAX_FORM_BYTES), open, signedIn);
  all.route("/", account())
    .route("/tokens", tokens())
    .route("/audit", audit())
    .route("/", pages)
    .route("/workspaces/:workspace", pages)
    .onError(showRefusal);
  return {
    routes: new Hono<Env>().route("/", assets()).route("/", all),
    /** A problem as a page, where a page was asked for. */
    async asPage(c: Context<Env>, answer: Response): Promise<Response> {
      const wantsPage = c.req.header("accept")?.includes("text/html") ?? false;
      const isProblem = answer.status >= 400 && wantsPage && isConsolePath(c.req.path);
      // Of a host that is none there is no address, nor a page.
      if (!isProblem || !URL.canParse(c.req.url)) return answer;
      const shown = c as unknown as ConsoleContext;
      await detect(shown, async () => {});
      return await showProblem(shown, answer, { send, clock });
    },
  };
}

/** Where who looks has something to do. */
function startOf(c: ConsoleContext): string {
  const { base, who } = c.get("page");
  const [own] = Array.isArray(who?.workspaces) ? who.workspaces : [];
  return `${base || (own === undefined ? "" : `/workspaces/${own}`)}/repos`;
}
