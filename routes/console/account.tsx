/** Signing in with a token, signing out, and choosing a language and a theme. */

import { type Context, Hono } from "hono";
import { setCookie } from "hono/cookie";
import { ChartroomError } from "../client.ts";
import { CHOICES, safePath, show } from "./opened.tsx";
import { type ConsoleContext, type ConsoleEnv, type Page, THEMES } from "./page.ts";
import { Icon, Mark } from "./parts/icon.tsx";
import { Notice } from "./parts/parts.tsx";
import { TextField } from "./parts/form.tsx";
import { LANGUAGES } from "./words/words.ts";

const YEAR_S = 31_536_000;
/** Longer ones are none. */
const MAX_TOKEN = 8_192;

export function account() {
  return new Hono<ConsoleEnv>()
    .get("/sign-in", (c) => {
      const { url } = c.get("page");
      return showSignIn(c, { next: safePath(url.searchParams.get("next") ?? undefined) });
    })
    .post("/sign-in", async (c) => {
      const { token, next } = await fieldsOf(c);
      const form = { next: safePath(next) };
      const { words: { account }, root } = c.get("page");
      if (!token?.trim()) return await showSignIn(c, { ...form, error: account.empty }, 400);
      try {
        const json = { token: token.trim().slice(0, MAX_TOKEN) };
        passCookies(c, await root.session.$post({ json }));
        return c.redirect(form.next, 303);
      } catch (error) {
        if (!(error instanceof ChartroomError) || ![400, 401, 429].includes(error.status)) {
          throw error;
        }
        const message = error.status === 401 ? account.wrong : error.message;
        return await showSignIn(c, { ...form, error: message }, error.status as 401);
      }
    })
    .post("/sign-out", async (c) => {
      passCookies(c, await c.get("page").root.session.$delete());
      return c.redirect("/sign-in?done=signed-out", 303);
    })
    .post("/preferences", async (c) => {
      const { language = "", theme = "", next } = await fieldsOf(c);
      if (Object.hasOwn(LANGUAGES, language)) remember(c, CHOICES.language, language);
      if (THEMES.some((known) => known === theme)) remember(c, CHOICES.theme, theme);
      return c.redirect(safePath(next), 303);
    });
}

/** The fields of a form that are texts. */
export async function fieldsOf(c: Context): Promise<Record<string, string | undefined>> {
  const body = await c.req.parseBody().catch(() => ({}));
  return Object.fromEntries(
    Object.entries(body).filter(([, value]) => typeof value === "string"),
  ) as Record<string, string>;
}

function passCookies(c: Context, response: { headers: Headers }) {
  for (const cookie of response.headers.getSetCookie()) {
    c.header("Set-Cookie", cookie, { append: true });
  }
}

function remember(c: Context, name: string, value: string) {
  const secure = c.req.url.startsWith("https:");
  setCookie(c, name, value, {
    path: "/",
    httpOnly: true,
    sameSite: "Lax",
    secure,
    maxAge: YEAR_S,
  });
}

interface SignInForm {
  next: string;
  error?: string;
}

async function showSignIn(
  c: ConsoleContext,
  form: SignInForm,
  status: 200 | 400 | 401 | 429 = 200,
) {
  const page = c.get("page");
  return await show(c, page.words.account.title, <SignIn page={page} {...form} />, status);
}

function SignIn({ page, next, error }: SignInForm & { page: Page }) {
  const { words: { account, common }, url, who } = page;
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
          <form method="post" action="/sign-in">
            <p class="lede">{account.lede}</p>
            <input type="hidden" name="next" value={next} />
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
          </form>
        )}
    </div>
  );
}

/** Whether browsers take no `__Host-` cookie from here, which has to be secure. */
function keepsNoSession({ protocol, hostname }: URL): boolean {
  return protocol === "http:" && !/^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname);
}
