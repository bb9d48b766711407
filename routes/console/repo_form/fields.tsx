/** How the form of a repository looks. */

import type { Child } from "hono/jsx";
import type { Page } from "../page.ts";
import { described, Field, TextField } from "../parts/form.tsx";
import { Icon } from "../parts/icon.tsx";
import { Head, Notice } from "../parts/parts.tsx";
import { bytesText, countText, durationText } from "../parts/text.ts";
import { type ApiField, isMoved, PROTOCOLS, SECRETS, UNITS, type Values } from "./input.ts";
import { Certificates, Credentials, PLAIN } from "./sealed.tsx";
import type { Repo } from "../api.ts";

/** Most characters, as the API has it. */
const MAX = { name: 128, url: 2_048, description: 512 } as const;

/** What trying out an index found. */
export interface Checked {
  apps: number;
  versions: number;
  problems: number;
  bytes: number;
  duration_ms: number;
  first_problems: readonly { chart: string; version?: string | undefined; reason: string }[];
}

export interface FormProps {
  page: Page;
  values: Values;
  /** As it is stored; absent: it is a new one. */
  repo?: Repo | undefined;
  /** What is wrong, by the API's name of the field. */
  errors?: Partial<Record<ApiField, Child>>;
  /** What is wrong with none of the fields. */
  failure?: string | undefined;
  checked?: Checked | undefined;
}

/** The page of the form: empty, filled in, or with what is wrong. */
export function RepoForm(props: FormProps) {
  const { page, repo, failure, checked, values } = props;
  const { words: { repoForm: words, common, repos }, base } = page;
  const path = repo === undefined ? `${base}/repos/new` : `${base}/repos/${repo.repo_id}/edit`;
  const title = repo === undefined ? words.newTitle : words.editTitle(repo.name);
  const back = repo === undefined ? `${base}/repos` : `${base}/repos/${repo.repo_id}`;
  const isAgain = SECRETS.some((name) => values[name] !== "");
  return (
    <div class="narrow">
      <Head
        page={page}
        title={title}
        crumbs={[
          { href: `${base}/repos`, text: repos.title },
          ...repo === undefined ? [] : [{ href: back, text: repo.name }],
        ]}
      >
        {repo === undefined && <p class="lede">{words.newLede}</p>}
      </Head>
      <form
        method="post"
        action={path}
        class="repo-form"
        data-swap
        data-repo-form={`/v1${base}/repos`}
        data-repo-id={repo?.repo_id}
        novalidate
      >
        {failure && <Notice tone="bad" title={words.failed} live>{failure}</Notice>}
        {isAgain && (
          <div class="unscripted">
            <Notice tone="warn">{words.retype}</Notice>
          </div>
        )}
        <Source {...props} />
        <Credentials {...props} />
        <Syncs {...props} />
        <Certificates {...props} />
        <div id="found">{checked && <Found page={page} checked={checked} />}</div>
        <p class="notice busy" data-while-busy hidden role="status">
          <Icon of="sync" spins />
          {words.validating}
        </p>
        <div class="actions">
          <button type="submit" class="main">
            {repo === undefined ? words.create : common.save}
          </button>
          <button type="submit" name="validate" value="true">
            <Icon of="check" />
            {words.validate}
          </button>
          <a class="button plain" href={back}>{common.cancel}</a>
        </div>
        <p class="hint">{words.validateHint}</p>
      </form>
    </div>
  );
}

function Source(props: FormProps) {
  const { page, values, errors = {} } = props;
  const { words: { repoForm: words } } = page;
  return (
    <section class="card">
      <h2>{words.source}</h2>
      <Address {...props} />
      <TextField
        page={page}
        name="name"
        label={words.name}
        hint={words.nameHint}
        error={errors.name}
        value={values.name}
        more={{ ...PLAIN, required: true, maxlength: MAX.name }}
      />
      <p class="error" id="name-taken" role="status" hidden>
        <Icon of="warning" />
        {words.taken}
      </p>
      <Field
        page={page}
        name="description"
        label={words.description}
        optional
        error={errors.description}
      >
        <textarea
          {...described("description", { error: errors.description })}
          maxlength={MAX.description}
          rows={3}
        >
          {values.description}
        </textarea>
        <span class="hint scripted" data-count-of="description"></span>
      </Field>
    </section>
  );
}

/** The URL, and what goes with the one that was there. */
function Address({ page, values, repo, errors = {} }: FormProps) {
  const { words: { repoForm: words } } = page;
  const keeps = repo !== undefined &&
    (repo.credential_set || repo.ca_bundle_set || repo.client_certificate_set);
  const hint = (
    <>
      <span class="for-web">{words.urlHint}</span>
      <span class="for-s3">{words.s3Hint}</span>
      {keeps && <span>{words.movesHint}</span>}
    </>
  );
  return (
    <>
      <Field page={page} name="address" label={words.url} hint={hint} error={errors.url}>
        <div class="address">
          <select id="protocol" name="protocol" aria-label={words.protocol}>
            {PROTOCOLS.map((protocol) => (
              <option value={protocol} selected={protocol === values.protocol}>
                {protocol}://
              </option>
            ))}
          </select>
          <input
            type="text"
            inputmode="url"
            value={values.address}
            {...described("address", { hint, error: errors.url })}
            {...PLAIN}
            required
            maxlength={MAX.url}
            placeholder="charts.example.org/stable"
            autofocus={repo === undefined && errors.url === undefined}
          />
        </div>
      </Field>
      {keeps && (
        <div
          id="moves"
          data-url={repo.url}
          hidden={!isMoved(values, repo)}
        >
          <Notice tone="warn" live>{words.moves}</Notice>
        </div>
      )}
    </>
  );
}

function Syncs({ page, values, errors = {} }: FormProps) {
  const { words: { repoForm: words } } = page;
  const error = errors.sync_period;
  return (
    <section class="card">
      <h2>{words.syncs}</h2>
      <Field
        page={page}
        name="period"
        label={words.period}
        hint={words.periodHint}
        error={error}
      >
        <div class="period">
          <input
            type="text"
            inputmode="numeric"
            value={values.period}
            maxlength={9}
            autocomplete="off"
            {...described("period", { hint: words.periodHint, error })}
          />
          <select id="unit" name="unit" aria-label={words.unit}>
            {UNITS.map((unit) => (
              <option value={unit} selected={unit === values.unit}>{words.units[unit]}</option>
            ))}
          </select>
        </div>
      </Field>
      <label class="check">
        <input
          type="checkbox"
          name="suspended"
          value="true"
          checked={values.suspended}
          aria-describedby="suspended-hint"
        />
        {words.suspended}
      </label>
      <p class="hint" id="suspended-hint">{words.suspendedHint}</p>
    </section>
  );
}

function Found({ page, checked }: { page: Page; checked: Checked }) {
  const { words: { repoForm: words } } = page;
  const { apps, versions, problems, bytes, duration_ms, first_problems } = checked;
  const count = (number: number) => countText(page, number);
  return (
    <Notice
      tone={problems > 0 ? "warn" : "good"}
      title={words.works(count(apps), count(versions))}
      live
    >
      <p>
        {problems === 0 ? words.noProblems : words.problems(count(problems), problems)}{" "}
        <span class="quiet">
          ({words.took(bytesText(page, bytes), durationText(page, duration_ms))})
        </span>
      </p>
      {first_problems.length > 0 && (
        <ul class="found">
          {first_problems.map(({ chart, version, reason }) => (
            <li>
              <code>{version === undefined ? chart : `${chart}@${version}`}</code>: {reason}
            </li>
          ))}
          {problems > first_problems.length && (
            <li>{words.andMore(count(problems - first_problems.length))}</li>
          )}
        </ul>
      )}
    </Notice>
  );
}
