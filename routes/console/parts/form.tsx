/** Fields of forms, with what is wrong with them beside them. */

import type { Child } from "hono/jsx";
import type { Page } from "../page.ts";
import { Icon } from "./icon.tsx";

interface FieldProps {
  page: Page;
  /** Of the field, and of its id. */
  name: string;
  label: string;
  hint?: Child;
  /** What is wrong with what was sent. */
  error?: Child | undefined;
  /** Whether it may be left empty, which is said. */
  optional?: boolean;
  children: Child;
}

/** A label, a field, a hint, and what is wrong. The field has the attributes of {@link described}. */
export function Field({ page, name, label, hint, error, optional, children }: FieldProps) {
  return (
    <div class={error === undefined ? "field" : "field wrong"}>
      <label for={name}>
        {label}
        {optional && <span class="quiet">({page.words.common.optional})</span>}
      </label>
      {children}
      {hint && <p class="hint" id={`${name}-hint`}>{hint}</p>}
      {error !== undefined && (
        <p class="error" id={`${name}-error`}>
          <Icon of="warning" />
          {error}
        </p>
      )}
    </div>
  );
}

/** The id of a field, and of what tells about it. */
export function described(name: string, has: { hint?: unknown; error?: unknown }) {
  const ids = [has.hint && `${name}-hint`, has.error !== undefined && `${name}-error`]
    .filter(Boolean).join(" ");
  return {
    id: name,
    name,
    ...(ids && { "aria-describedby": ids }),
    ...(has.error !== undefined && { "aria-invalid": "true" as const }),
  };
}

/** A field of one line. `more`: further attributes of the input. */
export function TextField(
  { page, name, label, hint, error, optional, value, type = "text", more }:
    & Omit<FieldProps, "children">
    & { value?: string | undefined; type?: string; more?: Record<string, unknown> },
) {
  return (
    <Field
      page={page}
      name={name}
      label={label}
      hint={hint}
      error={error}
      optional={optional ?? false}
    >
      <input type={type} value={value} {...described(name, { hint, error })} {...more} />
    </Field>
  );
}

/** A choice of a few. */
export function SelectField(
  { page, name, label, hint, error, value, options, more }:
    & Omit<FieldProps, "children" | "optional">
    & {
      value: string;
      options: readonly { value: string; text: string }[];
      more?: Record<string, unknown>;
    },
) {
  return (
    <Field page={page} name={name} label={label} hint={hint} error={error}>
      <select {...described(name, { hint, error })} {...more}>
        {options.map((option) => (
          <option value={option.value} selected={option.value === value}>{option.text}</option>
        ))}
      </select>
    </Field>
  );
}
