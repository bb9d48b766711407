/** From a request to a page of the console, and from a page to its answer. */

import type { Context, ErrorHandler } from "hono";
import { getCookie } from "hono/cookie";
import { createMiddleware } from "hono/factory";
import type { Child } from "hono/jsx";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { ChartroomError } from "../client.ts";
import { WORKSPACE } from "../../src/access/policy.ts";
import { chooseEncoding, compress, isWorthCompressing } from "../support/encoding.ts";
import { isForLoopback, refuseOtherSites } from "../support/own_site.ts";
import { forgetSession, hasSession } from "../support/session_cookie.ts";
import { apiOf, type Send } from "./api.ts";
import { ErrorPage } from "./error_page.tsx";
import { Layout } from "./layout.tsx";
import { type ConsoleContext, type ConsoleEnv, type Page, THEMES } from "./page.ts";
import { type Language, wordsOf } from "./words/words.ts";

/** Cookies of what somebody chose. */
export const CHOICES = { language: "language", theme: "theme" } as const;

/** Pages are for who looks. */
const NEVER_KEPT = "private, no-store";
/** Paths to go to are no longer: what a browser sends with the next request is limited, too. */
const MAX_PATH = 2_048;

/** A page runs its own script, shows pictures of its own host, and sends forms there alone. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** Finds out for a page who looks at it, and what they may choose from. */
export function opened(send: Send, clock: () => number) {
  return createMiddleware<ConsoleEnv>(async (c, next) => {
    // Whatever the API would say of it: no other site sends a form of ours.
    refuseOtherSites(c, hasSession(c.req.raw.headers) ? "shown" : "not denied");
    const page = blankPage(c, send, clock());
    c.set("page", page);
    if (workspaceIn(c.req.path) !== page.workspace) return await c.notFound();
    const who = await page.root.whoami.$get().then((answer) => answer.json(), unlessUnauthorized);
    if (who !== undefined) {
      const { items } = await (await page.root.workspaces.$get({ query: { limit: "-1" } })).json();
      page.who = who;
      // For what is refused here, and recorded.
      c.set("identity", who);
      page.workspaces = items;
      page.mayWrite = items.some(({ workspace, may_write }) =>
        workspace === page.workspace && may_write
      );
      page.isAdmin = who.role === "admin";
    }
    await next();
    const { headers } = c.res;
    if (!headers.has("cache-control")) headers.set("cache-control", NEVER_KEPT);
    return;
  });
}

/** Leads whoever has not signed in to where that is done. */
export const signedIn = createMiddleware<ConsoleEnv>(async (c, next) => {
  const { who } = c.get("page");
  if (who === undefined || who.kind === "anonymous") {
    if (isFromElsewhere(c)) return await comeAgain(c);
  }
  if (who !== undefined) return await next();
  return await askToSignIn(c);
});

/** Whether it is a link on another site, which comes without the cookie of the session. */
function isFromElsewhere({ req }: ConsoleContext): boolean {
  return isRead(req.method) && req.header("sec-fetch-site") === "cross-site" &&
    req.header("sec-fetch-dest") === "document" && !hasSession(req.raw.headers);
}

/** Has a browser ask once more: from here, it comes with it. */
async function comeAgain(c: ConsoleContext): Promise<Response> {
  return await send(c, '<!DOCTYPE html><meta http-equiv="refresh" content="0">', 200);
}

function isRead(method: string): boolean {
  return method === "GET" || method === "HEAD";
}

function unlessUnauthorized(error: unknown): undefined {
  if (!(error instanceof ChartroomError) || error.status !== 401) throw error;
}

/** What stands in a path for a workspace. Middleware on `/workspaces/*` knows no parameters. */
function workspaceIn(path: string): string {
  return /^\/workspaces\/([^/]*)/.exec(path)?.[1] ?? "";
}

function blankPage(c: ConsoleContext, send: Send, now: number): Page {
  const name = workspaceIn(c.req.path);
  const workspace = WORKSPACE.test(name) ? name : "";
  const base = workspace === "" ? "" : `/workspaces/${workspace}`;
  const language = c.get("language") as Language;
  const chosen = getCookie(c, CHOICES.theme);
  const url = addressOf(c), { origin } = url;
  const root = apiOf(c, send, { origin, base: "" });
  return {
    words: wordsOf(language),
    language,
    theme: THEMES.find((theme) => theme === chosen) ?? "auto",
    root,
    api: base === "" ? root : apiOf(c, send, { origin, base }),
    base,
    workspace,
    who: undefined,
    mayWrite: false,
    isAdmin: false,
    workspaces: [],
    url,
    now,
  };
}

/**
 * The address that a browser has for a page. TLS may end before us: browsers send `Sec-Fetch-Site`
 * where there is TLS, and to this machine, and nowhere else.
 */
function addressOf({ req }: ConsoleContext): URL {
  const url = new URL(req.url);
  const isSecure = req.header("sec-fetch-site") !== undefined && !isForLoopback(req.url);
  if (isSecure) url.protocol = "https:";
  return url;
}

/** Answers with a page. Nobody keeps it: it is for who looks. */
export async function show(
  c: ConsoleContext,
  title: string,
  content: Child,
  status: ContentfulStatusCode = 200,
): Promise<Response> {
  const page = c.get("page");
  const layout = <Layout page={page} title={title}>{content}</Layout>;
  return await send(c, `<!DOCTYPE html>${await layout.toString()}`, status);
}

async function send(c: Context, html: string, status: ContentfulStatusCode) {
  const text = new TextEncoder().encode(html);
  const wanted = chooseEncoding(c.req.header("accept-encoding") ?? null);
  const encoding = isWorthCompressing(text.length) ? wanted : "identity";
  return c.body(encoding === "identity" ? text : await compress(text, encoding), status, {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": POLICY,
    "Cache-Control": NEVER_KEPT,
    Vary: "Accept-Encoding",
    ...(encoding !== "identity" && { "Content-Encoding": encoding }),
  });
}

/** Visible ASCII, as the path of a URL has it; to browsers `//host` and `/\host` are other hosts. */
const SAFE_PATH = /^\/(?!\/)[!-[\]-~]*$/;

/** Where to go after signing in: a path of this host, whatever was sent. */
export function safePath(text: string | undefined): string {
  if (text === undefined || text.length > MAX_PATH || !SAFE_PATH.test(text)) return "/";
  // `/.//host` is a path, until somebody has made it shorter.
  return URL.parse(text, "http://localhost")?.pathname.startsWith("//") ? "/" : text;
}

async function askToSignIn(c: ConsoleContext): Promise<Response> {
  const { url } = c.get("page"), hasEnded = hasSession(c.req.raw.headers);
  if (hasEnded) forgetSession(c);
  if (isRead(c.req.method)) {
    const next = url.pathname + url.search;
    const query = new URLSearchParams({ next, ...(hasEnded && { ended: "1" }) });
    return c.redirect(`/sign-in?${query}`, 303);
  }
  const { common } = c.get("page").words;
  return await showError(c, 401, { code: "unauthorized", message: common.sessionEnded });
}

/** Answers what the API refused with a page that says so. */
export const showRefusal: ErrorHandler<ConsoleEnv> = async (error, c) => {
  if (!(error instanceof ChartroomError)) throw error;
  if (error.status === 401) return await askToSignIn(c);
  const { status, code = "", message, retryAfter } = error;
  if (retryAfter !== undefined) c.header("Retry-After", `${retryAfter}`);
  return await showError(c, status, { code, message });
};

/** Shows what went wrong, in the place of a page. */
async function showError(
  c: ConsoleContext,
  status: number,
  problem: { code: string; message: string },
): Promise<Response> {
  const page = c.get("page"), { errors } = page.words.common;
  const title = { 401: errors.unauthorized, 404: errors.notFound }[status] ?? errors.title;
  const shown = <ErrorPage page={page} status={status} {...problem} />;
  return await show(c, title, shown, status as ContentfulStatusCode);
}

/** A problem as a page, for who asked for one. `answer`: the problem. */
export async function showProblem(
  c: ConsoleContext,
  answer: Response,
  services: { send: Send; clock: () => number },
): Promise<Response> {
  const { status, headers } = answer;
  const { code, message } = await answer.json();
  c.set("page", blankPage(c, services.send, services.clock()));
  const response = await showError(c, status, { code, message });
  for (const name of ["retry-after", "ratelimit", "ratelimit-policy", "allow"]) {
    const value = headers.get(name);
    if (value !== null) response.headers.set(name, value);
  }
  return response;
}
