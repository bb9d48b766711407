/** The webhook of a repository: how it is made, given to senders, filtered, and taken away. */

import type { Child } from "hono/jsx";
import { described, Field } from "./parts/form.tsx";
import { Icon } from "./parts/icon.tsx";
import { Notice, Snippet, Time } from "./parts/parts.tsx";
import { pathOf, type Shown, type Webhook } from "./repo_data.ts";
import { commandOf, PROGRAMS, SENDERS } from "./repo_senders.ts";
import type { Told } from "./repo_webhook_change.ts";

/** Stands for the secret where it is not known. */
const PLACEHOLDER = "SECRET";
/** Most of what a field of patterns takes: 20 of them, of 128 characters, and their lines' ends. */
const MAX_PATTERNS = 20 * 130;

interface Hooked extends Shown {
  told: Told;
}

/** `webhook`: `undefined` if there is none. */
export function WebhookTab(
  { webhook, ...shown }: Hooked & { webhook: Webhook | undefined },
) {
  const { page, told } = shown;
  const { words: { repo: words } } = page;
  return (
    <div class="repo-webhook">
      <p class="lede">{words.hookLede}</p>
      {told.isStale && <Notice tone="warn" live>{words.hookStale}</Notice>}
      {webhook === undefined ? <Make {...shown} /> : <Made {...shown} webhook={webhook} />}
    </div>
  );
}

function Make(shown: Hooked) {
  const { words: { repo: words } } = shown.page;
  return (
    <section class="card" aria-labelledby="hook">
      <h2 id="hook">{words.hookNone}</h2>
      <Form {...shown} act="make" made="">
        <Patterns {...shown} webhook={undefined} />
        <button type="submit" class="main">
          <Icon of="webhook" />
          {words.hookCreate}
        </button>
      </Form>
    </section>
  );
}

function Made({ webhook, ...shown }: Hooked & { webhook: Webhook }) {
  const { page, told: { secret } } = shown;
  const { words: { repo: words } } = page;
  return (
    <>
      <section class="card" aria-labelledby="hook">
        <h2 id="hook">{words.webhook}</h2>
        {secret && (
          <>
            <Notice tone="good" title={words.secretTitle} live>{words.secretText}</Notice>
            <Snippet page={page} label={words.secret} text={secret} />
          </>
        )}
        <Snippet page={page} label={words.hookUrl} text={webhook.url} />
        <p class="quiet">
          {words.hookMade}: <Time page={page} at={webhook.create_time} />
        </p>
      </section>
      <Senders page={page} url={webhook.url} secret={secret} />
      <section class="card" aria-labelledby="pushes">
        <h2 id="pushes">{words.hookFilters}</h2>
        <Form {...shown} act="filter" made={webhook.create_time}>
          <Patterns {...shown} webhook={webhook} />
          <button type="submit">{words.hookSave}</button>
        </Form>
      </section>
      <section class="card repo-danger" aria-labelledby="hook-danger">
        <h2 id="hook-danger">{words.danger}</h2>
        <Sure
          {...shown}
          webhook={webhook}
          act="rotate"
          hint={words.hookRotateHint}
          tick={words.confirmRotate}
          button={words.hookRotate}
        />
        <Sure
          {...shown}
          webhook={webhook}
          act="remove"
          hint={words.hookRemoveHint}
          tick={words.confirmRemove}
          button={words.hookRemove}
        />
      </section>
    </>
  );
}

function Senders(
  { page, url, secret }: Pick<Shown, "page"> & { url: string; secret: string | undefined },
) {
  const { words: { repo: words } } = page;
  return (
    <section class="card" aria-labelledby="senders">
      <h2 id="senders">{words.senders}</h2>
      <p class="quiet">{secret ? words.sendersHint : words.sendersNoSecret}</p>
      {SENDERS.map((sender, i) => (
        <details class="sender" name="sender" id={`sender-${sender}`} open={i === 0}>
          <summary>{words.senderNames[sender]}</summary>
          <ol>{words.steps[sender].map((step) => <li>{step}</li>)}</ol>
          <Snippet
            page={page}
            label={sender === "curl"
              ? words.senderNames.curl
              : words.byCommand(`${words.senderNames[sender]}, ${PROGRAMS[sender]}`)}
            text={commandOf(sender, url, secret ?? PLACEHOLDER)}
          />
        </details>
      ))}
    </section>
  );
}

/** A form of the webhook. `made`: when the webhook was, as whoever sends it knows it. */
function Form(
  { page, repo, act, made, children }: Hooked & { act: string; made: string; children: Child },
) {
  return (
    <form method="post" action={pathOf(page, repo, "/webhook")} data-swap>
      <input type="hidden" name="act" value={act} />
      <input type="hidden" name="made" value={made} />
      {children}
    </form>
  );
}

function Patterns({ page, told, webhook }: Hooked & { webhook: Webhook | undefined }) {
  const { words: { repo: words } } = page;
  const fields = [
    { name: "branches", label: words.branches, hint: words.branchesHint },
    { name: "paths", label: words.paths, hint: words.pathsHint },
  ] as const;
  return (
    <div class="fields">
      {fields.map(({ name, label, hint }) => {
        const error = told.errors?.[name];
        return (
          <Field page={page} name={name} label={label} hint={hint} error={error} optional>
            <textarea
              class="code"
              rows={3}
              maxlength={MAX_PATTERNS}
              spellcheck={false}
              {...described(name, { hint, error })}
            >
              {told.typed?.[name] ?? webhook?.[name].join("\n")}
            </textarea>
          </Field>
        );
      })}
    </div>
  );
}

/** What is done only by somebody who has ticked that they mean it. */
function Sure(
  { webhook, act, hint, tick, button, ...shown }: Hooked & {
    webhook: Webhook;
    act: "rotate" | "remove";
    hint: string;
    tick: string;
    button: string;
  },
) {
  const error = shown.told.errors?.[act];
  return (
    <Form {...shown} act={act} made={webhook.create_time}>
      <div>
        <p>{hint}</p>
        <label class="tick">
          <input
            type="checkbox"
            value="true"
            required
            {...described(act, { error })}
            name="confirmed"
          />
          {tick}
        </label>
        {error !== undefined && (
          <p class="error" id={`${act}-error`}>
            <Icon of="warning" />
            {error}
          </p>
        )}
      </div>
      <button type="submit" class="danger">{button}</button>
    </Form>
  );
}
