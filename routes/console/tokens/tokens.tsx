/** Who is let in: tokens, listed, made and revoked. */

import { Hono } from "hono";
import { ChartroomError } from "../../client.ts";
import { fieldsOf } from "../form_data.ts";
import { show } from "../opened.tsx";
import type { ConsoleContext, ConsoleEnv, Page } from "../page.ts";
import { Icon } from "../parts/icon.tsx";
import { Badge, Empty, Head, Notice, pageNumber, Pager, Time } from "../parts/parts.tsx";
import { DAY_MS, dayText } from "../parts/text.ts";
import { Made, NewToken, type TokenForm } from "./form.tsx";

/** Tokens of a page. */
const LIMIT = 50;
/** From when on it is said that a token will expire. */
const SOON_MS = 14 * DAY_MS;

/** Mounted below `/tokens`. */
export function tokens() {
  return new Hono<ConsoleEnv>()
    .get("/", async (c) => {
      const page = c.get("page"), number = pageNumber(page.url);
      const query = { limit: `${LIMIT}`, page: `${number}` };
      const list = await (await page.root.tokens.$get({ query })).json();
      return await show(c, page.words.tokens.title, <List page={page} {...list} />);
    })
    .post("/", async (c) => {
      const page = c.get("page"), form = formOf(await fieldsOf(c));
      const json = { ...form, expire_time: expiryOf(form, page.now) };
      const { name, workspace, role, expire_time } = json;
      const sent = { name, workspace, role: role as "viewer", expire_time };
      try {
        const made = await (await page.root.tokens.$post({ json: sent })).json();
        const content = (
          <Made page={page} name={name} workspace={workspace} role={role} {...made} />
        );
        return await show(c, page.words.tokens.madeTitle, content);
      } catch (error) {
        const isField = error instanceof ChartroomError &&
          (error.status === 400 || error.code === "quota_exceeded");
        if (!isField) throw error;
        return await showForm(c, form, error);
      }
    })
    .get("/new", async (c) => {
      // Whoever may make none hears it now, and not when the form is filled in.
      await c.get("page").root.tokens.$get({ query: { limit: "1" } });
      return await showForm(c, formOf({}));
    })
    .get("/:token/revoke", async (c) => {
      const page = c.get("page"), token = await tokenOf(c);
      return await show(c, page.words.tokens.revokeTitle, <Revoke page={page} token={token} />);
    })
    .post("/:token/revoke", async (c) => {
      await c.get("page").root.tokens[":token"].$delete({ param: { token: c.req.param("token") } });
      return c.redirect("/tokens?done=revoked", 303);
    });
}

type Listed = Awaited<ReturnType<typeof tokenOf>>;

/** The token of a path, as the list has it. */
async function tokenOf(c: ConsoleContext) {
  const { root } = c.get("page"), id = c.req.param("token");
  const { items } = await (await root.tokens.$get({ query: { limit: "-1" } })).json();
  const found = items.find(({ token_id }) => token_id === id);
  if (found === undefined) throw new ChartroomError(404, "there is no such token", "not_found");
  return found;
}

/** What was typed, or what stands there at first. */
function formOf(fields: Record<string, string | undefined>): TokenForm {
  const { name = "", scope = "one", role = "viewer", expires = "90", day = "" } = fields;
  const workspace = scope === "all" ? "*" : fields.workspace?.trim() ?? "";
  return { name: name.trim(), workspace, role, expires, day };
}

/** The end of a token in RFC 3339; `""` for a day that is none. */
function expiryOf({ expires, day }: TokenForm, now: number): string | null {
  if (expires === "never") return null;
  if (expires === "day") return /^\d{4}-\d\d-\d\d$/.test(day) ? `${day}T23:59:59Z` : "";
  return /^\d{1,4}$/.test(expires) ? new Date(now + Number(expires) * DAY_MS).toISOString() : "";
}

async function showForm(c: ConsoleContext, form: TokenForm, error?: ChartroomError) {
  const page = c.get("page"), { words: { tokens } } = page;
  const field = error?.field as keyof typeof tokens.wrong | undefined;
  // Of a workspace with too many tokens the message says so, and of a name that is none, the words.
  const ours = error?.status === 400 && field !== undefined ? tokens.wrong[field] : undefined;
  const wrong = error && { field: field ?? "name", message: ours ?? error.message };
  return await show(
    c,
    tokens.makeTitle,
    <NewToken page={page} form={form} wrong={wrong} />,
    error?.status as 400 | undefined ?? 200,
  );
}

function List({ page, items, total_count }: { page: Page; items: Listed[]; total_count: number }) {
  const { words: { tokens }, url } = page;
  const make = (
    <a class="button main" href="/tokens/new">
      <Icon of="add" />
      {tokens.make}
    </a>
  );
  return (
    <>
      <Head page={page} title={tokens.title} actions={make}>
        <p class="lede">{tokens.lede}</p>
      </Head>
      {url.searchParams.get("done") === "revoked" && (
        <Notice tone="good" live>{tokens.revoked}</Notice>
      )}
      {items.length === 0
        ? (
          <Empty icon="key" title={tokens.none}>
            <p>{tokens.noneHint}</p>
          </Empty>
        )
        : <Table page={page} items={items} />}
      {total_count > LIMIT && (
        <p class="quiet total">
          {tokens.count(`${total_count}`)}
        </p>
      )}
      <Pager page={page} total={total_count} limit={LIMIT} />
    </>
  );
}

function Table({ page, items }: { page: Page; items: Listed[] }) {
  const { words: { tokens, common } } = page;
  return (
    <table class="table tokens">
      <thead>
        <tr>
          <th scope="col">{tokens.name}</th>
          <th scope="col">{tokens.workspace}</th>
          <th scope="col">{tokens.role}</th>
          <th scope="col">{tokens.created}</th>
          <th scope="col">{tokens.expires}</th>
          <th scope="col">
            <span class="seen-by-none">{common.more}</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {items.map((token) => (
          <tr>
            <th scope="row">{token.name}</th>
            <td data-label={tokens.workspace}>
              <Place page={page} workspace={token.workspace} />
            </td>
            <td data-label={tokens.role}>{tokens.roles[token.role]}</td>
            <td data-label={tokens.created}>
              <Time page={page} at={token.create_time} />
              {token.creator && <span class="quiet by">{token.creator}</span>}
            </td>
            <td data-label={tokens.expires}>
              <Expiry page={page} at={token.expire_time} />
            </td>
            <td class="number">
              <a
                class="button small danger"
                href={`/tokens/${token.token_id}/revoke`}
                aria-label={tokens.revokeNamed(token.name)}
              >
                {tokens.revoke}
              </a>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Where a token counts. */
export function Place({ page, workspace }: { page: Page; workspace: string }) {
  return workspace === "*"
    ? <Badge tone="info">{page.words.tokens.everywhere}</Badge>
    : <>{workspace}</>;
}

/** Until when a token works. */
function Expiry({ page, at }: { page: Page; at: string | null }) {
  const { words: { tokens }, now } = page;
  if (at === null) return <span class="quiet">{tokens.expiresNever}</span>;
  const leftMs = Date.parse(at) - now;
  if (leftMs <= 0) return <Badge tone="bad">{tokens.expired}</Badge>;
  return (
    <>
      <Time page={page} at={at} />
      {leftMs < SOON_MS && (
        <Badge tone="warn" icon="clock" title={tokens.soonTitle(dayText(page, at))}>
          {tokens.soon}
        </Badge>
      )}
    </>
  );
}

function Revoke({ page, token }: { page: Page; token: Listed }) {
  const { words: { tokens, common }, who } = page;
  const isOwn = who?.kind === "token" && who.name === token.name;
  return (
    <>
      <Head
        page={page}
        title={tokens.revokeTitle}
        crumbs={[{ href: "/tokens", text: tokens.title }]}
      />
      <form class="card narrow" method="post" action={`/tokens/${token.token_id}/revoke`} data-swap>
        <dl class="facts">
          <dt>{tokens.name}</dt>
          <dd>{token.name}</dd>
          <dt>{tokens.where}</dt>
          <dd>
            <Place page={page} workspace={token.workspace} />
          </dd>
          <dt>{tokens.role}</dt>
          <dd>{tokens.roles[token.role]}</dd>
          <dt>{tokens.created}</dt>
          <dd>
            <Time page={page} at={token.create_time} /> {token.creator}
          </dd>
          <dt>{tokens.expires}</dt>
          <dd>
            <Expiry page={page} at={token.expire_time} />
          </dd>
        </dl>
        <p>{tokens.revokeText}</p>
        {isOwn && <Notice tone="warn">{tokens.revokeOwn}</Notice>}
        <p class="actions">
          <button type="submit" class="danger">
            <Icon of="trash" />
            {tokens.revoke}
          </button>
          <a class="button plain" href="/tokens">{common.cancel}</a>
        </p>
      </form>
    </>
  );
}
