/** From a request to a page of the console, and from a page to its answer. */

import type { Context, ErrorHandler } from "hono";
import { getCookie } from "hono/cookie";
import { createMiddleware } from "hono/factory";
import type { Child } from "hono/jsx";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { ChartroomError } from "../client.ts";
import { WORKSPACE } from "../../src/access/policy.ts";
import { chooseEncoding, compress, isWorthCompressing } from "../support/encoding.ts";
import { hasSession } from "../support/session_cookie.ts";
import { apiOf, type Send } from "./api.ts";
import { ErrorPage } from "./error_page.tsx";
import { Layout } from "./layout.tsx";
import { type ConsoleContext, type ConsoleEnv, type Page, THEMES } from "./page.ts";
import { type Language, wordsOf } from "./words/words.ts";

/** Cookies of what somebody chose. */
export const CHOICES = { language: "language", theme: "theme" } as const;

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
    // What a page changes is recorded where it asks for that.
    const draft = c.get("audit");
    if (draft !== undefined) draft.isElsewhere = true;
    const page = blankPage(c, send, clock());
    c.set("page", page);
    if (workspaceIn(c.req.path) !== page.workspace) return await c.notFound();
    const who = await page.root.whoami.$get().then((answer) => answer.json(), unlessUnauthorized);
    if (who !== undefined) {
      const { items } = await (await page.root.workspaces.$get()).json();
      page.who = who;
      page.workspaces = items;
      page.mayWrite = items.some(({ workspace, may_write }) =>
        workspace === page.workspace && may_write
      );
      page.isAdmin = who.role === "admin";
    }
    return await next();
  });
}

/** Leads whoever has not signed in to where that is done. */
export const signedIn = createMiddleware<ConsoleEnv>(async (c, next) => {
  if (c.get("page").who === undefined) return askToSignIn(c);
  return await next();
});

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
  const root = apiOf(c, send, "");
  return {
    words: wordsOf(language),
    language,
    theme: THEMES.find((theme) => theme === chosen) ?? "auto",
    root,
    api: base === "" ? root : apiOf(c, send, base),
    base,
    workspace,
    who: undefined,
    mayWrite: false,
    isAdmin: false,
    workspaces: [],
    url: new URL(c.req.url),
    now,
  };
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
    "Cache-Control": "private, no-store",
    Vary: "Accept-Encoding",
    ...(encoding !== "identity" && { "Content-Encoding": encoding }),
  });
}

/** Where to go after signing in: a path of this host, whatever was sent. */
export function safePath(text: string | undefined): string {
  return text !== undefined && /^\/(?![/\\])[^\\\s]*$/.test(text) ? text : "/";
}

async function askToSignIn(c: ConsoleContext): Promise<Response> {
  const { url } = c.get("page");
  const isRead = c.req.method === "GET" || c.req.method === "HEAD";
  // A link on another site comes without the cookie of the session; from here it comes with it.
  if (isRead && c.req.header("sec-fetch-site") === "cross-site") {
    return await send(c, '<!DOCTYPE html><meta http-equiv="refresh" content="0">', 200);
  }
  const next = isRead ? url.pathname + url.search : "/";
  const query = new URLSearchParams({ next, ...(hasSession(c.req.raw.headers) && { ended: "1" }) });
  if (isRead) return c.redirect(`/sign-in?${query}`, 303);
  const { words: { common } } = c.get("page");
  return await show(
    c,
    common.errors.unauthorized,
    <ErrorPage
      page={c.get("page")}
      status={401}
      code="unauthorized"
      message={common.sessionEnded}
    />,
    401,
  );
}

/** Answers what the API refused with a page that says so. */
export const showRefusal: ErrorHandler<ConsoleEnv> = async (error, c) => {
  if (!(error instanceof ChartroomError)) throw error;
  if (error.status === 401) return await askToSignIn(c);
  const status = error.status as ContentfulStatusCode;
  const page = c.get("page");
  const { code = "", message } = error;
  const shown = <ErrorPage page={page} status={status} code={code} message={message} />;
  return await show(c, titleOfError(page, status), shown, status);
};

function titleOfError({ words: { common: { errors } } }: Page, status: number): string {
  return status === 404 ? errors.notFound : errors.title;
}

/** A problem as a page, for who asked for one. `answer`: the problem. */
export async function showProblem(
  c: ConsoleContext,
  answer: Response,
  services: { send: Send; clock: () => number },
): Promise<Response> {
  const { status, headers } = answer;
  const { code, message } = await answer.json();
  const page = blankPage(c, services.send, services.clock());
  c.set("page", page);
  const shown = <ErrorPage page={page} status={status} code={code} message={message} />;
  const response = await show(
    c,
    titleOfError(page, status),
    shown,
    status as ContentfulStatusCode,
  );
  for (const name of ["retry-after", "ratelimit", "ratelimit-policy", "allow"]) {
    const value = headers.get(name);
    if (value !== null) response.headers.set(name, value);
  }
  return response;
}
