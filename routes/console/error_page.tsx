/** What is shown in the place of a page that is not to be had. */

import type { Page } from "./page.ts";
import { Icon, type IconName } from "./parts/icon.tsx";

const TEXTS = {
  401: ["unauthorized", undefined, "key"],
  403: ["forbidden", "forbiddenHint", "shield"],
  404: ["notFound", "notFoundHint", "search"],
  429: ["limited", "limitedHint", "clock"],
  500: ["internal", "internalHint", "warning"],
  503: ["unavailable", "unavailableHint", "clock"],
} as const;

/** `code` and `message` are those of the API's problem. */
export function ErrorPage(
  { page, status, code, message }: { page: Page; status: number; code: string; message: string },
) {
  const { errors, signIn } = page.words.common;
  const [title, hint, icon]: readonly [
    keyof typeof errors,
    keyof typeof errors | undefined,
    IconName,
  ] = TEXTS[status as keyof typeof TEXTS] ?? ["title", undefined, "warning"];
  return (
    <div class="empty">
      <Icon of={icon} />
      <h1>{errors[title]}</h1>
      {hint && <p>{errors[hint]}</p>}
      <p class="quiet">
        {message} {code && (
          <>
            ({errors.code}: <code>{code}</code>)
          </>
        )}
      </p>
      <p class="actions">
        {status === 401
          ? <a class="button main" href="/sign-in">{signIn}</a>
          : <a class="button" href={`${page.base}/`}>{errors.back}</a>}
      </p>
    </div>
  );
}
