/** Signing in with a token, signing out, and choosing a language and a theme. */

import { type Context, Hono } from "hono";
import { setCookie } from "hono/cookie";
import { ChartroomError } from "../../client.ts";
import { fieldsOf } from "../form_data.ts";
import { CHOICES, safePath, show } from "../opened.tsx";
import { type ConsoleContext, type ConsoleEnv, type Page, THEMES } from "../page.ts";
import { Icon, Mark } from "../parts/icon.tsx";
import { Notice } from "../parts/parts.tsx";
import { TextField } from "../parts/form.tsx";
import { durationText } from "../parts/text.ts";
import { isForLoopback } from "../../support/own_site.ts";
import { LANGUAGES } from "../words/words.ts";

const YEAR_S = 31_536_000;
/** Longer ones are none. */
const MAX_TOKEN = 8_192;

/** Mounted at the top, for whoever comes. */
export function account() {
  return new Hono<ConsoleEnv>()
    .get("/sign-in", (c) => showSignIn(c))
    .post("/sign-in", async (c) => {
      const page = c.get("page"), { words: { account } } = page;
      const { token = "" } = await fieldsOf(c);
      if (token.trim() === "") return await showSignIn(c, account.empty, 400);
      try {
        const json = { token: token.trim().slice(0, MAX_TOKEN) };
        passCookies(c, await page.root.session.$post({ json }));
        return c.redirect(nextOf(page), 303);
      } catch (error) {
        if (!(error instanceof ChartroomError)) throw error;
        const { status, retryAfter } = error;
        if (status === 401) return await showSignIn(c, account.wrong, status);
        if (status !== 429) throw error;
        c.header("Retry-After", `${retryAfter}`);
        const wait = account.wait(durationText(page, (retryAfter ?? 1) * 1_000));
        return await showSignIn(c, wait, status);
      }
    })
    .post("/sign-out", async (c) => {
      passCookies(c, await c.get("page").root.session.$delete());
      return c.redirect("/sign-in?done=signed-out", 303);
    })
    .post("/preferences", async (c) => {
      // Nothing of Chartroom's is changed.
      const draft = c.get("audit");
      if (draft !== undefined) draft.isElsewhere = true;
      const { url } = c.get("page");
      const { language = "", theme = "", next } = await fieldsOf(c);
      if (Object.hasOwn(LANGUAGES, language)) remember(c, CHOICES.language, language, url);
      if (THEMES.some((known) => known === theme)) remember(c, CHOICES.theme, theme, url);
      return c.redirect(safePath(next), 303);
    });
}

function passCookies(c: Context, response: { headers: Headers }) {
  for (const cookie of response.headers.getSetCookie()) {
    c.header("Set-Cookie", cookie, { append: true });
  }
}

function remember(c: Context, name: string, value: string, { protocol }: URL) {
  const secure = protocol === "https:";
  setCookie(c, name, value, {
    path: "/",
    httpOnly: true,
    sameSite: "Lax",
    secure,
    maxAge: YEAR_S,
  });
}

/** Where who signs in wants to go. */
function nextOf({ url }: Page): string {
  return safePath(url.searchParams.get("next") ?? undefined);
}

async function showSignIn(c: ConsoleContext, error?: string, status: 200 | 400 | 401 | 429 = 200) {
  const page = c.get("page");
  return await show(c, page.words.account.title, <SignIn page={page} error={error} />, status);
}

function SignIn({ page, error }: { page: Page; error: string | undefined }) {
  const { words: { account, common }, url, who } = page;
  const next = nextOf(page), isIn = who !== undefined && who.kind !== "open";
  return (
    <div class="sign-in card">
      <Mark />
      <h1>{who?.kind === "open" ? account.openTitle : account.title}</h1>
      {url.searchParams.has("ended") && <Notice tone="warn" live>{common.sessionEnded}</Notice>}
      {url.searchParams.get("done") === "signed-out" && (
        <Notice tone="good" live>{account.signedOut}</Notice>
      )}
      {who?.kind === "open"
        ? (
          <>
            <p>{account.open}</p>
            <a class="button main" href="/">{common.repositories}</a>
          </>
        )
        : (
          <form method="post" action={`/sign-in?${new URLSearchParams({ next })}`}>
            <p class="lede">{account.lede}</p>
            <TextField
              page={page}
              name="token"
              type="password"
              label={account.token}
              hint={account.tokenHint}
              error={error}
              more={{ autocomplete: "current-password", required: true, autofocus: true }}
            />
            {keepsNoSession(url) && <Notice tone="warn">{account.secureHint}</Notice>}
            <button type="submit" class="main">
              <Icon of="key" />
              {account.submit}
            </button>
            {isIn && (
              <p class="go-on">
                <a href={next}>
                  {who.kind === "anonymous" ? account.without : account.as(who.name)}
                </a>
              </p>
            )}
          </form>
        )}
    </div>
  );
}

/** Whether browsers take no `__Host-` cookie from here, which has to be secure. */
function keepsNoSession({ protocol, href }: URL): boolean {
  return protocol === "http:" && !isForLoopback(href);
}
