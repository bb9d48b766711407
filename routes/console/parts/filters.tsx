/** What narrows a list down: fields of a form that is sent by GET. */

import { Icon } from "./icon.tsx";

/** A field for words, which `/` leads to. `placeholder`: instead of a label that is seen. */
export function SearchField(
  { label, value, placeholder, maxlength }: {
    label: string;
    value: string;
    placeholder?: string;
    maxlength?: number;
  },
) {
  return (
    <div class="search">
      <label for="q" class={placeholder === label ? "seen-by-none" : undefined}>{label}</label>
      <Icon of="search" />
      <input
        type="search"
        id="q"
        name="q"
        value={value}
        placeholder={placeholder}
        maxlength={maxlength}
        autocomplete="off"
        spellcheck={false}
        data-search
      />
    </div>
  );
}

/** One value of a few, by which a list is narrowed down or sorted. */
export function FilterSelect(
  { name, label, value, options }: {
    name: string;
    label: string;
    value: string;
    options: readonly { value: string; text: string }[];
  },
) {
  return (
    <div>
      <label for={name}>{label}</label>
      <select id={name} name={name} autocomplete="off">
        {options.map((option) => (
          <option value={option.value} selected={option.value === value}>{option.text}</option>
        ))}
      </select>
    </div>
  );
}
