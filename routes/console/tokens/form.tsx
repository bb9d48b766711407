/** A token that is to be made, and one that was made. */

import type { Page } from "../page.ts";
import { described, Field, SelectField, TextField } from "../parts/form.tsx";
import { Icon } from "../parts/icon.tsx";
import { Head, Notice, Snippet } from "../parts/parts.tsx";
import { countText, DAY_MS, dayOf, dayText } from "../parts/text.ts";

const MAX_NAME = 100, MAX_WORKSPACE = 63;
const ROLES = ["viewer", "editor", "admin"] as const;
/** Lives of a token to choose from, in days. */
const LIVES = ["30", "90", "365"];

/** What was typed. */
export interface TokenForm {
  name: string;
  /** `*` is everywhere. */
  workspace: string;
  role: string;
  /** So many days, `day` or `never`. */
  expires: string;
  /** `2026-12-31`. */
  day: string;
}

/** What is wrong with a field. */
export interface Wrong {
  field: string;
  message: string;
}

interface FormProps {
  page: Page;
  form: TokenForm;
  wrong?: Wrong | undefined;
}

/** The page of the form: as it is at first, or with what is wrong. */
export function NewToken({ page, form, wrong }: FormProps) {
  const { words: { tokens, common } } = page;
  const errorOf = (field: string) => wrong?.field === field ? wrong.message : undefined;
  return (
    <>
      <Head
        page={page}
        title={tokens.makeTitle}
        crumbs={[{ href: "/tokens", text: tokens.title }]}
      />
      <form class="card narrow" method="post" action="/tokens" data-swap>
        <TextField
          page={page}
          name="name"
          label={tokens.name}
          hint={tokens.nameHint}
          error={errorOf("name")}
          value={form.name}
          more={{ required: true, maxlength: MAX_NAME, autocomplete: "off", autofocus: true }}
        />
        <Where page={page} form={form} wrong={wrong} />
        <Role page={page} form={form} wrong={wrong} />
        <Expires page={page} form={form} wrong={wrong} />
        <p class="actions">
          <button type="submit" class="main">
            <Icon of="key" />
            {tokens.create}
          </button>
          <a class="button plain" href="/tokens">{common.cancel}</a>
        </p>
      </form>
    </>
  );
}

/** One of one's own workspaces; or any, and all, for who administers all. */
function Where({ page, form: { workspace }, wrong }: FormProps) {
  const { words: { tokens }, who, workspaces } = page;
  const error = wrong?.field === "workspace" ? wrong.message : undefined;
  const own = who?.workspaces ?? [];
  if (own !== "*") {
    const options = own.map((name) => ({ value: name, text: name }));
    const more = { required: true };
    const label = tokens.workspace, value = workspace;
    return <SelectField page={page} name="workspace" {...{ label, error, value, options, more }} />;
  }
  const isAll = workspace === "*";
  return (
    <>
      <fieldset class="field token-choices where">
        <legend>{tokens.where}</legend>
        <label>
          <input type="radio" name="scope" value="one" checked={!isAll} />
          <span>{tokens.inOne}</span>
        </label>
        <label>
          <input type="radio" name="scope" value="all" checked={isAll} />
          <span>
            {tokens.everywhere} <span class="hint">{tokens.everywhereHint}</span>
          </span>
        </label>
      </fieldset>
      <div class="of-one">
        <TextField
          page={page}
          name="workspace"
          label={tokens.workspace}
          hint={tokens.workspaceHint}
          error={error}
          value={isAll ? "" : workspace}
          more={{ maxlength: MAX_WORKSPACE, autocomplete: "off", list: "workspaces" }}
        />
        <datalist id="workspaces">
          {workspaces.filter(({ workspace }) => workspace !== "").map(({ workspace }) => (
            <option value={workspace} />
          ))}
        </datalist>
      </div>
    </>
  );
}

function Role({ page: { words: { tokens } }, form, wrong }: FormProps) {
  const isWrong = wrong?.field === "role";
  return (
    <fieldset class="field token-choices" aria-describedby={isWrong ? "role-error" : undefined}>
      <legend>{tokens.role}</legend>
      {ROLES.map((role) => (
        <label>
          <input type="radio" name="role" value={role} checked={role === form.role} />
          <span>
            {tokens.roles[role]} <span class="hint">{tokens.rolesHint[role]}</span>
          </span>
        </label>
      ))}
      {isWrong && <p class="error" id="role-error">{wrong.message}</p>}
    </fieldset>
  );
}

function Expires({ page, form: { expires, day }, wrong }: FormProps) {
  const { words: { tokens }, now } = page;
  const error = wrong?.field === "expire_time" ? wrong.message : undefined;
  const isDay = expires === "day";
  const options = [
    ...LIVES.map((days) => ({ value: days, text: tokens.expiresDays(countText(page, +days)) })),
    { value: "day", text: tokens.expiresOn },
    { value: "never", text: tokens.expiresNever },
  ];
  const dayError = isDay ? error : undefined, hint = tokens.dayHint;
  const tomorrow = dayOf(now + DAY_MS);
  return (
    <div class="fields expires">
      <SelectField
        page={page}
        name="expires"
        label={tokens.expires}
        hint={<span class="of-never">{tokens.neverHint}</span>}
        error={isDay ? undefined : error}
        value={expires}
        options={options}
      />
      <div class="of-day">
        <Field page={page} name="day" label={tokens.day} hint={hint} error={dayError}>
          <input
            type="date"
            value={day}
            min={tomorrow}
            {...described("day", { hint, error: dayError })}
          />
        </Field>
      </div>
    </div>
  );
}

interface MadeProps {
  page: Page;
  name: string;
  workspace: string;
  role: string;
  token: string;
  expire_time: string | null;
}

/** The token, this once, and what can be done with it. */
export function Made({ page, name, workspace, role, token, expire_time }: MadeProps) {
  const { words: { tokens }, url: { origin } } = page;
  const ask = `curl -H "Authorization: Bearer $CHARTROOM_TOKEN"`;
  const base = `${origin}/v1${workspace === "*" ? "" : `/workspaces/${workspace}`}`;
  const read = `read -rs CHARTROOM_TOKEN && export CHARTROOM_TOKEN\n` +
    `${ask} ${origin}/v1/whoami\n${ask} ${base}/repos`;
  const sync = `${ask} -X POST \\\n  -H "Content-Type: application/json" -d '{"action":"index"}' ` +
    `\\\n  "${base}/repos/$REPO_ID/action"`;
  return (
    <>
      <Head
        page={page}
        title={tokens.madeTitle}
        crumbs={[{ href: "/tokens", text: tokens.title }]}
      />
      <Notice tone="warn" title={tokens.madeOnce} live>{tokens.madeHint}</Notice>
      <Snippet page={page} label={`${tokens.token}: ${name}`} text={token} />
      <dl class="facts card">
        <dt>{tokens.where}</dt>
        <dd>{workspace === "*" ? tokens.everywhere : workspace}</dd>
        <dt>{tokens.role}</dt>
        <dd>{tokens.roles[role as keyof typeof tokens.roles]}</dd>
        <dt>{tokens.expires}</dt>
        <dd>
          {expire_time === null ? tokens.expiresNever : dayText(page, expire_time)}
        </dd>
      </dl>
      <h2 class="try">{tokens.tryIt}</h2>
      <Snippet page={page} label={tokens.tryRead} text={read} />
      {role !== "viewer" && <Snippet page={page} label={tokens.trySync} text={sync} />}
      <p class="actions">
        <a class="button main" href="/tokens">{tokens.back}</a>
        <a class="button" href="/tokens/new">{tokens.another}</a>
      </p>
    </>
  );
}
