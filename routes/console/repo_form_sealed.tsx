/** The fields of a repository's form whose texts are kept sealed, and never shown again. */

import type { Child } from "hono/jsx";
import type { Page } from "./page.ts";
import { described, Field, TextField } from "./parts/form.tsx";
import { Icon } from "./parts/icon.tsx";
import { Badge } from "./parts/parts.tsx";
import type { FormProps } from "./repo_form_fields.tsx";
import { type Choice, CHOICES, type Values } from "./repo_form_input.ts";

/** Of fields that hold no prose. */
export const PLAIN = { autocomplete: "off", autocapitalize: "none", spellcheck: false } as const;

/** User name and password, or the keys of a bucket. */
export function Credentials({ page, values, repo, errors = {} }: FormProps) {
  const { words: { repoForm: words } } = page;
  const error = errors.credential;
  const text = (name: keyof Values & string, label: string, hint?: string, more = {}) => (
    <TextField
      page={page}
      name={name}
      label={label}
      hint={hint}
      value={`${values[name]}`}
      more={{ ...PLAIN, ...more }}
    />
  );
  /** What is typed is not sent back. */
  const secret = (name: keyof Values & string, label: string) => (
    <TextField
      page={page}
      name={name}
      label={label}
      type="password"
      more={{ ...PLAIN, autocomplete: "new-password" }}
    />
  );
  const wrong = error !== undefined &&
    { "aria-invalid": "true", "aria-describedby": "credential-error" };
  return (
    <fieldset class="card stored" aria-describedby="credentials-hint">
      <legend>{words.credentials}</legend>
      <p class="hint" id="credentials-hint">{words.credentialsHint}</p>
      {repo?.credential_set && (
        <StoredChoice
          page={page}
          name="credential_choice"
          of={words.credentials}
          value={values.credential_choice}
        />
      )}
      {error !== undefined && <FieldsError id="credential-error">{error}</FieldsError>}
      <div class="replacing">
        <div class="fields for-web">
          {text("username", words.username, undefined, values.protocol !== "s3" ? wrong || {} : {})}
          {secret("password", words.password)}
        </div>
        <div class="fields for-s3">
          {text(
            "accessKeyID",
            words.accessKeyID,
            undefined,
            values.protocol === "s3" ? wrong || {} : {},
          )}
          {secret("secretAccessKey", words.secretAccessKey)}
          {secret("sessionToken", words.sessionToken)}
          {text("region", words.region, words.regionHint)}
          {text("endpoint", words.endpoint, words.endpointHint)}
        </div>
      </div>
    </fieldset>
  );
}

/** What is wrong with a field, or some fields together. */
function FieldsError({ id, children }: { id: string; children: Child }) {
  return (
    <p class="error" id={id}>
      <Icon of="warning" />
      <span>{children}</span>
    </p>
  );
}

/** Authorities to trust, and what to show of oneself. */
export function Certificates({ page, values, repo, errors = {} }: FormProps) {
  const { words: { repoForm: words } } = page;
  const { ca_bundle: ca, client_certificate: certificate, client_key: key } = errors;
  const isUsed = repo?.ca_bundle_set || repo?.client_certificate_set || ca || certificate || key ||
    values.ca_bundle || values.client_certificate || values.client_key;
  const pem = (
    name: "ca_bundle" | "client_certificate" | "client_key",
    label: string,
    hint: string,
  ) => (
    <Field page={page} name={name} label={label} hint={hint} error={errors[name]}>
      <textarea
        class="code"
        rows={4}
        {...PLAIN}
        {...described(name, { hint, error: errors[name] })}
        data-secret={name === "client_key" || undefined}
        placeholder="-----BEGIN"
      >
        {name === "client_key" ? "" : values[name]}
      </textarea>
    </Field>
  );
  return (
    <details class="card certificates" open={Boolean(isUsed)}>
      <summary>
        <h2>{words.tls}</h2>
        {repo?.ca_bundle_set && <Badge tone="info">{words.ca}</Badge>}
        {repo?.client_certificate_set && <Badge tone="info">{words.client}</Badge>}
      </summary>
      <p class="hint">{words.tlsHint}</p>
      <fieldset class="stored">
        <legend>{words.ca}</legend>
        {repo?.ca_bundle_set && (
          <StoredChoice page={page} name="ca_choice" of={words.ca} value={values.ca_choice} />
        )}
        <div class="replacing">{pem("ca_bundle", words.ca, words.caHint)}</div>
      </fieldset>
      <fieldset class="stored">
        <legend>{words.client}</legend>
        {repo?.client_certificate_set && (
          <StoredChoice
            page={page}
            name="client_choice"
            of={words.client}
            value={values.client_choice}
          />
        )}
        <div class="replacing">
          {pem("client_certificate", words.certificate, words.certificateHint)}
          {pem("client_key", words.key, words.keyHint)}
        </div>
      </fieldset>
    </details>
  );
}

/** Whether what is stored is kept, which nobody is shown. */
function StoredChoice(
  { page, name, of, value }: { page: Page; name: string; of: string; value: Choice },
) {
  const { words: { repoForm: words } } = page;
  return (
    <div class="choices" role="radiogroup" aria-label={words.choiceOf(of)}>
      <Badge tone="info" icon="key">{words.set}</Badge>
      {CHOICES.map((choice) => (
        <label class="check">
          <input
            type="radio"
            name={name}
            id={`${name}-${choice}`}
            value={choice}
            checked={choice === value}
          />
          {words[choice]}
        </label>
      ))}
    </div>
  );
}
