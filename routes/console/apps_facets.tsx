/** By what apps are narrowed down: values of facets with counts, and two fields. */

import { type Facet, FACETS } from "../../src/catalog/filter.ts";
import type { Found, Refusal, Value } from "./apps.tsx";
import { type Asked, SINCE } from "./apps_query.ts";
import type { Page } from "./page.ts";
import { described } from "./parts/form.tsx";
import { countText } from "./parts/text.ts";

/** Values of a facet that are shown at once, beside those that were chosen. */
const SHOWN = 7;
/** Values that the API tells of a facet. */
const MAX_TOLD = 100;

/** Facets with the values that apps have, and what else the address says of the list. */
export function Facets({ page, found }: { page: Page; found: Found }) {
  const { url: { searchParams } } = page;
  return (
    <div id="facets">
      {["sort", "view", "group", "name"].map((name) => {
        const value = searchParams.get(name);
        return value && <input type="hidden" name={name} value={value} />;
      })}
      {FACETS.map((facet) => (
        <FacetValues
          page={page}
          facet={facet}
          values={found.facets[facet]}
        />
      ))}
    </div>
  );
}

function FacetValues(
  { page, facet, values }: { page: Page; facet: Facet; values: readonly Value[] },
) {
  const { words: { apps } } = page;
  // There is nothing to choose from one.
  if (values.length < 2 && !values.some(({ isChosen }) => isChosen)) return null;
  const isFirst = (value: Value, at: number) => at < SHOWN || value.isChosen;
  const first = values.filter(isFirst);
  const more = values.filter((value, at) => !isFirst(value, at));
  return (
    <fieldset class="facet">
      <legend>{apps.facets[facet]}</legend>
      <Values page={page} facet={facet} values={first} />
      {more.length > 0 && (
        <details
          id={`more-${facet}`}
          class="more"
          open={more.some(({ isChosen }) => isChosen)}
        >
          <summary>{apps.moreValues(countText(page, more.length))}</summary>
          <Values page={page} facet={facet} values={more} />
          {values.length >= MAX_TOLD && <p class="hint">{apps.topValues}</p>}
        </details>
      )}
    </fieldset>
  );
}

function Values(
  { page, facet, values }: { page: Page; facet: Facet; values: readonly Value[] },
) {
  return (
    <ul>
      {values.map(({ value, label, count, isChosen }) => (
        <li>
          <label>
            <input
              type="checkbox"
              id={`${facet}-${encodeURIComponent(value)}`}
              name={facet}
              value={value}
              checked={isChosen}
              autocomplete="off"
            />
            <span dir="auto">{label}</span>
            <span class="count">{countText(page, count)}</span>
          </label>
        </li>
      ))}
    </ul>
  );
}

interface FieldOf {
  page: Page;
  asked: Asked;
}

/** A version of Kubernetes that charts have to admit. */
export function KubeVersion({ page, asked, refused }: FieldOf & { refused: Refusal | undefined }) {
  const { kube, kubeHint: hint } = page.words.apps;
  const error = refused?.field === "kube_version" ? refused.message : undefined;
  return (
    <div class="facet">
      <label for="kube">{kube}</label>
      <input
        {...described("kube", { hint, error })}
        value={asked.kube}
        inputmode="decimal"
        size={8}
        autocomplete="off"
      />
      <p class="hint" id="kube-hint">{hint}</p>
      <p class="error" id="kube-error" hidden={error === undefined}>{error}</p>
    </div>
  );
}

/** Since when an app has got a version. */
export function Since({ page: { words: { apps } }, asked }: FieldOf) {
  return (
    <div class="facet">
      <label for="since">{apps.since}</label>
      <select id="since" name="since" autocomplete="off">
        {SINCE.map((days) => (
          <option value={days} selected={days === asked.since}>{apps.sinceValues[days]}</option>
        ))}
      </select>
    </div>
  );
}
